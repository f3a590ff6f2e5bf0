"""Where PocketSphinx may be believed: sets the limits of `perception/sphinx.py` on German, measures them on English that had no part in it.

    CUECHAIN_DATA=… python benchmarks/sphinx.py [--german 60] [--write benchmarks/pocketsphinx.md]

In German every word is wrong, so a share of German words that stays is a rate of inventions that needs no transcript. Half of the German
speakers set the limits, the other half tests them; no English recording is used for it. Then: English recordings with transcripts (each
kept word right or wrong, by alignment), and what must not be told at all: German, English backwards, babble, tones, noise.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import os
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.speech import speech_stretches
from cuechain.agents.perception.sphinx import MADE_OUT, SURE, Word, decoders, heard_enough, scored
from cuechain.agents.perception.transcript import STRETCH

Utterance = list[tuple[Word, float]]

_SPELT = {"42": "forty two", "1455": "fourteen fifty five", "i.e.": "i e"}


@dataclass
class Recording:
    """One recording, decoded."""

    name: str
    speaker: str
    utterances: list[Utterance]
    reference: list[str]

    @property
    def words(self) -> list[tuple[Word, float]]:
        return [w for u in self.utterances for w in u]

    def right(self) -> list[bool]:
        """Whether each word is in the reference, in order."""
        said = [w.text for w, _ in self.words]
        flags = [False] * len(said)
        for block in difflib.SequenceMatcher(None, said, self.reference, autojunk=False).get_matching_blocks():
            flags[block.a : block.a + block.size] = [True] * block.size
        return flags

    def told(self) -> list[bool]:
        """Whether each word is shown: sure, in an utterance that was heard, in a clip that was made out."""
        sure = sum(score >= SURE for _, score in self.words)
        clip = sure >= max(2.0, MADE_OUT * len(self.words))
        return [clip and score >= SURE and heard(u) for u in self.utterances for _, score in u]


def heard(utterance: Utterance) -> bool:
    return heard_enough(sum(score >= SURE for _, score in utterance), len(utterance))


def sound_of(path: Path) -> np.ndarray:
    with opened(path) as clip:
        return np.array(clip.sound)


def recognised(name: str, speaker: str, sound: np.ndarray, passes: tuple, reference: str = "") -> Recording:
    utterances = [
        words
        for s in speech_stretches(sound, silence=STRETCH)
        if (words := scored(sound[round(s.start * RATE) : round(s.end * RATE)], passes))
    ]
    text = reference.lower().replace("-", " ")
    for written, spelt in _SPELT.items():
        text = text.replace(written, spelt)
    return Recording(name, speaker, utterances, re.findall(r"[a-z']+", text))


def nothing(speech: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Sounds in which no word can be made out."""
    rng = np.random.default_rng(0)
    length = RATE * 8
    babble = sum(np.resize(s, length) for s in speech[:6]) / 3
    t = np.arange(length) / RATE
    chords = sum(0.1 * np.sin(2 * np.pi * f * 2 ** (np.floor(t) % 4 / 12) * t) for f in (220.0, 277.2, 329.6, 440.0))
    noise = rng.standard_normal(length) * 0.1
    vowels = np.sign(np.sin(2 * np.pi * 140 * t)) * (np.sin(2 * np.pi * 3 * t) > 0) * 0.2
    made = {"babble of six": babble, "chords": chords, "noise": noise, "buzz in syllables": vowels}
    made |= {f"English backwards {i + 1}": s[::-1] for i, s in enumerate(speech[:8])}
    return {name: np.ascontiguousarray(s, dtype=np.float32) for name, s in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--german", type=int, default=60, help="recordings of each half of the German speakers")
    parser.add_argument("--write", type=Path, help="write the table here")
    asked = parser.parse_args()
    data = Path(os.environ["CUECHAIN_DATA"])
    passes = decoders()
    with (data / "train/emodb_flac/labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    random.Random(0).shuffle(rows)
    speakers = sorted({r["speaker"] for r in rows})
    halves = [
        [
            recognised(r["file"], r["speaker"], sound_of(data / "train/emodb_flac" / r["file"]), passes)
            for r in [r for r in rows if r["speaker"] in half][: asked.german]
        ]
        for half in (speakers[::2], speakers[1::2])
    ]
    with (data / "media/speech/manifest.csv").open() as file:
        listed = list(csv.DictReader(file))
    begin, seconds = time.process_time(), 0.0
    english, sounds = [], []
    for row in listed:
        sound = sound_of(data / "media/speech" / row["file"])
        sounds.append(sound)
        seconds += len(sound) / RATE
        english.append(recognised(row["file"], re.split(r"[-_.0-9]", row["file"])[0], sound, passes, row["transcript"]))
    cost = (time.process_time() - begin) / seconds
    silent = [recognised(name, "", sound, passes) for name, sound in nothing(sounds).items()]

    lines = ["# PocketSphinx: which words are kept", ""]
    guessed = np.array([score for r in halves[0] for _, score in r.words])
    lines += [
        f"Limits from {len(halves[0])} German recordings (speakers {', '.join(speakers[::2])}): {np.mean(guessed >= SURE):.0%} of the "
        f"German words reach {SURE}; one in eight reaches {np.quantile(guessed, 7 / 8):.2f}.",
        "",
        "| sound | words guessed | words told | clips told |",
        "|---|---|---|---|",
    ]
    for name, group in (
        ("German, same speakers", halves[0]),
        ("German, other speakers", halves[1]),
        ("backwards, babble, chords, noise", silent),
    ):
        told = [r for r in group if any(r.told())]
        lines.append(
            f"| {name} | {sum(len(r.words) for r in group)} | {sum(sum(r.told()) for r in group)} | {len(told)} of {len(group)} |"
        )
    lines += [
        "",
        "English with transcripts, none of it used for the limits:",
        "",
        "| speaker | words | guessed right | told | told right |",
    ]
    lines.append("|---|---|---|---|---|")
    known = [r for r in english if r.reference]
    groups = {s: [r for r in known if r.speaker == s] for s in dict.fromkeys(r.speaker for r in known)}
    for name, group in {**groups, "all": known, "all but LJ": [r for r in known if r.speaker != "LJ"]}.items():
        right = [y for r in group for y in r.right()]
        told = [y for r in group for y in r.told()]
        good = sum(y and t for y, t in zip(right, told, strict=True))
        precision = f"{good / sum(told):.0%}" if any(told) else "-"
        lines.append(
            f"| {name} | {sum(len(r.reference) for r in group)} | {np.mean(right):.0%} | {sum(told)} | {precision} |"
        )
    silenced = [r.name for r in known if not any(r.told())]
    lines += [
        "",
        f"English clips that became a gap: {', '.join(silenced) or 'none'}. CPU time: {cost:.2f} of real time.",
        "",
    ]
    text = "\n".join(lines)
    print(text)
    if asked.write:
        asked.write.write_text(text)


if __name__ == "__main__":
    main()
