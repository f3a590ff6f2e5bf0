"""Trains the tone head of the voice sense: acted speech through many rooms and microphones to a map from timbre to seven tones.

    cuechain finetune tone finetune/configs/tone.yaml

Each speaker's recordings are one session, as in a clip: heard clean, and some of them again through channels drawn for the whole session.
Every figure in the report is of speakers that were held out, from the map and also from the choice of its shrinkage and temperature.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cuechain.agents.media import opened
from cuechain.agents.perception.acoustics.tone import Head
from cuechain.agents.perception.acoustics.tone import heard as timbre_of
from cuechain.finetune.senses import channels

JOY = {"happiness": "joy"}
"""Names that the corpus gives otherwise than this project does."""


class Recording(NamedTuple):
    """One labelled utterance."""

    speaker: str
    tone: str
    sound: np.ndarray
    """Waveform at RATE."""


def recordings(folder: Path) -> list[Recording]:
    """What `labels.csv` (file, speaker, emotion) of a folder names, in its order."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    found: list[Recording] = []
    for r in rows:
        with opened(folder / r["file"]) as clip:  # as the senses hear it: EmoDB's copies are at 22,050 Hz
            if clip.sound is not None:
                found.append(Recording(r["speaker"], JOY.get(r["emotion"], r["emotion"]), np.array(clip.sound)))
    return found


def elsewhere(sounds: Sequence[np.ndarray], name: str) -> list[np.ndarray]:
    """A session through a channel drawn by its name: another speed, colour, room, noise, clipping, telephone or codec."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    speed, gains, tilt = rng.uniform(0.9, 1.1), rng.normal(0, 4, 9) * (rng.random() < 0.8), rng.uniform(-6, 6)
    tilt *= rng.random() < 0.5
    tail = channels.room(rng.uniform(0.2, 0.9), rng.uniform(-2, 10), rng) if rng.random() < 0.4 else None
    kind, ratio = rng.choice(["", "steady", "babble", "music"], p=[0.4, 0.25, 0.2, 0.15]), rng.uniform(6, 30)
    exponent, cut = rng.uniform(0, 2), rng.uniform(0.01, 0.1) * (rng.random() < 0.15)
    line = rng.choice(["", "telephone", "libmp3lame", "libopus"], p=[0.5, 0.25, 0.125, 0.125])
    bits = int(rng.choice([10_000, 16_000, 24_000]))
    # Babble is the speaker's own voice, backwards and at other speeds, so that no voice of another fold is in it.
    others = [channels.faster(s[::-1], rng.uniform(0.8, 1.25)) for s in sounds[:20]] if kind == "babble" else []
    found: list[np.ndarray] = []
    for original in sounds:
        sound = channels.coloured(channels.faster(original, speed), gains)
        sound = channels.tilted(sound, tilt) if tilt else sound
        sound = channels.reverberant(sound, tail) if tail is not None else sound
        if kind:
            noise = {
                "steady": lambda n: channels.noise(n, exponent, rng),
                "babble": lambda n: channels.babble(others, n, rng),
                "music": lambda n: channels.music(n, rng),
            }[str(kind)](len(sound))
            sound = channels.mixed(sound, noise, ratio)
        sound = channels.clipped(sound, cut) if cut else sound
        if line == "telephone":
            sound = channels.telephone(sound)
        elif line:
            sound = channels.coded(sound, str(line), max(bits, 16_000) if line == "libmp3lame" else bits)
        found.append(sound)
    return found


class Session(NamedTuple):
    """One speaker's utterances through one channel; `n` utterances, `d` measures."""

    speaker: str
    name: str
    """`clean`, or the copy that names its channel."""
    items: np.ndarray
    """(n,): places of the recordings."""
    rows: np.ndarray
    """(n, d)."""


def session(recorded: Sequence[Recording], speaker: str, name: str, picked: int) -> tuple[Session, list[str]]:
    """A speaker's session as recorded (`clean`), or `picked` utterances of it through the channel of that name; and what is measured."""
    items = [i for i, r in enumerate(recorded) if r.speaker == speaker]
    sounds = [recorded[i].sound for i in items]
    if name != "clean":
        rng = np.random.default_rng(zlib.crc32(f"pick-{speaker}-{name}".encode()))
        items = sorted(rng.permutation(items)[:picked].tolist())
        sounds = elsewhere([recorded[i].sound for i in items], f"{speaker}-{name[3:]}")
    return as_session(speaker, name, items, sounds)


def as_session(
    speaker: str, name: str, items: Sequence[int], sounds: Sequence[np.ndarray]
) -> tuple[Session, list[str]]:
    """Sounds of one speaker as a session, and the names of the measures."""
    found = [(i, said) for i, said in zip(items, map(timbre_of, sounds), strict=True) if said is not None]
    rows = np.array([list(said.values()) for _, said in found])
    return Session(speaker, name, np.array([i for i, _ in found]), rows), list(found[0][1])


def sessions(recorded: Sequence[Recording], copies: int, picked: int, kept: Path) -> tuple[list[Session], list[str]]:
    """All sessions, from the file that keeps them or measured anew: minutes."""
    speakers = sorted({r.speaker for r in recorded})
    wanted = [(s, n) for n in ("clean", *(f"aug{k}" for k in range(copies))) for s in speakers]
    have: dict[str, np.ndarray] = dict(np.load(kept)) if kept.is_file() else {}
    for speaker, name in wanted:
        if f"{name}/{speaker}/rows" not in have:
            one, names = session(recorded, speaker, name, picked)
            have |= {f"{name}/{speaker}/rows": one.rows, f"{name}/{speaker}/items": one.items, "names": np.array(names)}
            print(f"measured {speaker} {name}: {len(one.items)} utterances", flush=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, **have)
    found = [Session(s, n, have[f"{n}/{s}/items"], have[f"{n}/{s}/rows"]) for s, n in wanted]
    return found, have["names"].tolist()


def main(config: Path) -> None:
    """Measure, judge on held-out speakers, train on all, write weights and report.

    Raises:
        ConfigError: The configuration or the corpus is not there.
    """
    from cuechain.finetune.config import ToneConfig, read
    from cuechain.finetune.senses.tone_fit import chosen, held_out, judged

    told = read(ToneConfig, config)
    recorded = recordings(told.source / "train/emodb_flac")
    heard, names = sessions(recorded, told.copies, told.picked, told.out / "sessions.npz")
    tone = np.array([r.tone for r in recorded])
    report = judged(held_out(heard, names, tone), heard, tone)
    write(chosen(heard, names, tone), report, told.weights)
    for line, value in report.items():
        print(f"{line}: {value}")


def write(head: Head, report: dict[str, float | int], folder: Path) -> None:
    """The head as `tone.json`, numbers to five digits."""

    def rounded(values: list[Any]) -> list[Any]:
        return [rounded(v) if isinstance(v, list) else float(f"{v:.5g}") for v in values]

    told = head._asdict()
    arrays = {k: rounded(v.tolist()) for k, v in told.items() if isinstance(v, np.ndarray)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tone.json").write_text(json.dumps(told | arrays | {"report": report}) + "\n", encoding="utf-8")
