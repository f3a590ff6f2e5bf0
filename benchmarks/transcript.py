"""What is heard: PocketSphinx on clear, spoilt, foreign, sung and mixed speech, and voices told apart.

    CUECHAIN_DATA=folder python benchmarks/transcript.py

A word is right when it aligns with the transcript. What must not be told at all (German, sung or mixed speech, music) has a row of its
own. Voices are told apart in talks made of EmoDB clips, with a model that has heard neither of the two speakers, and in English
recordings, which had no part in it; in these each speaker has a microphone of his own, which makes it easier.
"""

from __future__ import annotations

import csv
import difflib
import itertools
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from figures import Figure

from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.acoustics.activity import speech_stretches
from cuechain.agents.perception.speech.sphinx import recognised, sphinx
from cuechain.agents.perception.speech.turns import Model, told_apart, voices
from cuechain.agents.perception.transcript import STRETCH
from cuechain.finetune.senses import channels
from cuechain.finetune.senses.turns import fitted

Sound = np.ndarray

_SPELT = {"42": "forty two", "1455": "fourteen fifty five", "i.e.": "i e"}
_MEN = ("03", "10", "11", "12", "15")


def sound_of(path: Path) -> Sound:
    with opened(path) as clip:
        return np.array(clip.sound)


def english(data: Path) -> dict[str, tuple[Sound, list[str]]]:
    """Recordings with their words, none for those without a transcript."""
    found: dict[str, tuple[Sound, list[str]]] = {}
    with (data / "media/speech/manifest.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            text = row["transcript"].lower().replace("-", " ")
            for written, spelt in _SPELT.items():
                text = text.replace(written, spelt)
            found[row["file"]] = (sound_of(data / "media/speech" / row["file"]), re.findall(r"[a-z']+", text))
    return found


def rows(data: Path) -> list[dict[str, str]]:
    with (data / "train/emodb_flac/labels.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sung(sound: Sound, rng: np.random.Generator) -> Sound:
    """The same words on a tune: the spectral envelope of the speech (cepstrum under 2 ms) over a buzz that holds the notes of a scale."""
    notes = np.repeat(220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 12], len(sound) // 6400 + 1) / 12), 6400)[: len(sound)]
    buzz = np.diff(np.floor(np.cumsum(notes / RATE)), prepend=0.0) + 0.02 * rng.standard_normal(len(sound))
    out, window = np.zeros(len(sound) + 512), np.hanning(512)
    for at in range(0, len(sound) - 512, 128):
        spectra = [np.fft.rfft(part[at : at + 512] * window) for part in (sound, buzz)]
        smooth = []
        for spectrum in spectra:
            cepstrum = np.fft.irfft(np.log(np.abs(spectrum) + 1e-6))
            cepstrum[32:-32] = 0
            smooth.append(np.exp(np.fft.rfft(cepstrum).real))
        out[at : at + 512] += np.fft.irfft(spectra[1] / smooth[1] * smooth[0]) * window
    return (0.5 * out[: len(sound)] / max(1e-9, float(np.abs(out).max()))).astype(np.float32)


def right(said: Sequence[str], reference: Sequence[str]) -> int:
    """How many words align."""
    return sum(b.size for b in difflib.SequenceMatcher(None, said, reference, autojunk=False).get_matching_blocks())


def interval(good: int, n: int) -> str:
    """Share with its 95 % interval (Wilson 1927)."""
    if not n:
        return "-"
    p, z = good / n, 1.96
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return f"{p:.0%} ({low:.0%}-{high:.0%})"


class Count(NamedTuple):
    """One clip: words of the reference, guessed, guessed right, told, told right."""

    said: int
    guessed: int
    guessed_right: int
    told: int
    told_right: int


def counted(sound: Sound, reference: Sequence[str], *, guesses: bool = False) -> Count:
    stretches = speech_stretches(sound, silence=STRETCH)
    guess = [w.text for _, found in recognised(sound, stretches) for w, _ in found] if guesses else []
    told = re.findall(r"[a-z']+", " ".join(u.text for u in sphinx(sound, stretches).utterances).lower())
    return Count(len(reference), len(guess), right(guess, reference), len(told), right(told, reference))


def words(what: str, clips: Sequence[Count], source: str) -> Figure:
    """One condition: words told, and how many of them are right, against all that the recogniser guesses."""
    said, guessed, guessed_right, told, told_right = (sum(column) for column in zip(*clips, strict=True))
    share = f", {told / said:.0%} of what is said" if said else ""
    value = f"{interval(told_right, told)} of {told} told{share}; {sum(not c.told for c in clips)} of {len(clips)} clips a gap"
    baseline = f"all guesses: {interval(guessed_right, guessed)} of {guessed}" if guessed else "-"
    return Figure("transcript", f"PocketSphinx, words right, {what}", value, baseline, len(clips), source)


def heard(data: Path) -> Iterator[Figure]:
    """PocketSphinx under all conditions."""
    rng = np.random.default_rng(0)
    clips = english(data)
    known = {name: clip for name, clip in clips.items() if clip[1]}
    others = [sound for sound, reference in clips.values() if not reference]
    source = "media/speech, English"
    clear = {name: counted(*clip, guesses=True) for name, clip in known.items()}
    yield words("clear", list(clear.values()), source)
    yield words("clear, without LJ", [c for n, c in clear.items() if not n.startswith("LJ")], source)
    few = [c for n, c in known.items() if not n.startswith("LJ") or n[7:9] in ("07", "24")]
    spoilt: dict[str, Callable[[Sound], Sound]] = {
        "babble 10 dB": lambda s: channels.mixed(s, channels.babble(others, len(s), rng), 10),
        "music 10 dB": lambda s: channels.mixed(s, channels.music(len(s), rng), 10),
        "telephone": channels.telephone,
        "room, 0.5 s": lambda s: channels.reverberant(s, channels.room(0.5, 4, rng)),
        "sung": lambda s: sung(s, rng),
    }
    for what, spoil in spoilt.items():
        yield words(what, [counted(spoil(sound), reference) for sound, reference in few], source)
    pairs = [(a, b) for a, b in zip(few[::2], few[1::2], strict=False)]
    mixed = [(channels.mixed(a[0], np.resize(b[0], len(a[0])), 0), a[1] + b[1]) for a, b in pairs]
    yield words("two voices at 0 dB", [counted(*clip) for clip in mixed], source)
    drawn = random.Random(1).sample(rows(data), 60)
    foreign = [counted(sound_of(data / "train/emodb_flac" / row["file"]), ()) for row in drawn]
    yield words("German", foreign, "EmoDB")
    nothing = [channels.music(8 * RATE, rng) * 0.1, channels.babble(others, 8 * RATE, rng) * 0.1]
    nothing += [np.ascontiguousarray(sound[::-1]) for sound, _ in few]
    yield words("music, babble, backwards", [counted(s.astype(np.float32), ()) for s in nothing], source)


def cost(data: Path) -> Figure:
    """CPU time of the recogniser."""
    sounds = [sound for sound, reference in english(data).values() if reference]
    begin = sum(os.times()[:4])  # its own and that of the decoders, which are processes
    for sound in sounds:
        sphinx(sound, speech_stretches(sound, silence=STRETCH))
    used = (sum(os.times()[:4]) - begin) / sum(len(s) / RATE for s in sounds)
    return Figure(
        "transcript", "PocketSphinx, CPU time in real time", f"{used:.2f}", "-", len(sounds), "media/speech, English"
    )


def talks(data: Path) -> Iterator[Figure]:
    """Talks of EmoDB clips: one actor in all emotions must stay one voice, two actors should become two."""
    listed = rows(data)
    described = list(voices(sound_of(data / "train/emodb_flac" / r["file"]) for r in listed))
    clips = [(r["speaker"], *found) for r, found in zip(listed, described, strict=True) if found]
    by = {s: [i for i, c in enumerate(clips) if c[0] == s] for s in sorted({c[0] for c in clips})}
    rng = np.random.default_rng(0)
    single: list[bool] = []
    double: dict[str, list[tuple[bool, int, int]]] = {"a man and a woman": [], "of the same sex": []}
    for pair in itertools.combinations(by, 2):
        seen = [c for c in clips if c[0] not in pair]
        numbers = fitted(np.stack([c[1] for c in seen]), [c[0] for c in seen])
        model = Model(*(np.asarray(numbers[name]) for name in Model._fields))

        def told(drawn: Sequence[int], model: Model = model) -> list[int | None]:
            return told_apart([clips[i][1] for i in drawn], [clips[i][2] for i in drawn], model)

        for who in pair * 2:
            single.append(any(n is not None for n in told(rng.choice(by[who], rng.integers(6, 20), replace=False))))
        for _ in range(3):
            drawn = [i for who in pair for i in rng.choice(by[who], rng.integers(4, 11), replace=False)]
            whose, truth = told(drawn), [clips[i][0] for i in drawn]
            named = [(w, t) for w, t in zip(whose, truth, strict=True) if w is not None]
            groups = sorted({w for w, _ in named}, key=lambda g: -sum(w == g for w, _ in named))[:2]
            best = max(
                (sum((w, t) in zip(order, pair, strict=False) for w, t in named) for order in (groups, groups[::-1])),
                default=0,
            )
            kind = "a man and a woman" if (pair[0] in _MEN) != (pair[1] in _MEN) else "of the same sex"
            double[kind].append((bool(named), best, len(named)))
    source = "EmoDB, German, neither speaker trained on"
    value = interval(sum(single), len(single))
    yield Figure("transcript", "one voice in 7 emotions split wrongly", value, "never split: 0%", len(single), source)
    for kind, found in double.items():
        value = (
            f"{interval(sum(f for f, _, _ in found), len(found))} of talks; "
            f"turns right {interval(sum(b for _, b, _ in found), sum(n for _, _, n in found))}"
        )
        yield Figure(
            "transcript", f"two voices told apart, {kind}", value, "one voice: 50% of turns", len(found), source
        )


def recordings(data: Path) -> Iterator[Figure]:
    """English recordings cut into pieces of about 2.5 s."""
    from cuechain.agents.perception.speech.turns import learned

    pieces: dict[str, list[tuple[Sound, float]]] = {}
    for name, (sound, _) in english(data).items():
        spans = speech_stretches(sound, silence=0.3)
        edges = [np.linspace(s.start, s.end, max(1, round(s.length / 2.5)) + 1) for s in spans]
        cut = [sound[round(a * RATE) : round(b * RATE)] for e in edges for a, b in itertools.pairwise(e)]
        speaker = "LJ" if name.startswith("LJ") else re.split(r"[._-]0|\.", name)[0]
        pieces.setdefault(speaker, []).extend(found for found in voices(cut) if found)
    many = {s: p for s, p in pieces.items() if len(p) >= 4}

    def told(found: list[tuple[Sound, float]]) -> list[int | None]:
        return told_apart([v for v, _ in found], [s for _, s in found], learned())

    split = [s for s, p in many.items() if any(w is not None for w in told(p))]
    wrong = f"{len(split)} of {len(many)}"
    yield Figure("transcript", "one voice split wrongly", wrong, "never split: 0", len(many), "media/speech, English")
    found = []
    for one, other in itertools.combinations(many, 2):
        a, b = many[one][:10], many[other][:10]
        whose = told(a + b)
        first, second = set(whose[: len(a)]) - {None}, set(whose[len(a) :]) - {None}
        found.append(len(first) == len(second) == 1 and first != second)
    value = f"{sum(found)} of {len(found)} pairs without a fault"
    yield Figure(
        "transcript",
        "two voices told apart",
        value,
        "one voice: 0",
        len(found),
        "media/speech, English, microphones differ",
    )


def figures(data: Path) -> Iterator[Figure]:
    """All rows of the transcript."""
    yield from heard(data)
    yield cost(data)
    yield from talks(data)
    yield from recordings(data)


if __name__ == "__main__":
    for figure in figures(Path(os.environ["CUECHAIN_DATA"])):
        print(f"| {figure.what} | {figure.value} | {figure.baseline} | {figure.n} | {figure.data} |", flush=True)
