"""Acted speech whose file names are the labels: RAVDESS (Livingstone & Russo 2018), CREMA-D (Cao et al. 2014)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.media import SOUND, VIDEO
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

RAVDESS_CODES = dict(
    zip("12345678", ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"), strict=True)
)
CREMAD_CODES = {
    "ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad",
}  # fmt: skip
CREMAD_LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "", "X": ""}
"""`X` stands for `XX` in one published name."""


def _clips(folder: Path) -> Iterator[Path]:
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SOUND + VIDEO and not p.name.startswith("."))
    if not found:
        raise ConfigError(f"{folder} holds no sound and no video", "give the folder as the dataset is unpacked")
    yield from found


def _sample(path: Path, actor: str, label: str, level: str) -> Sample | Fault:
    if not path.stat().st_size:
        return Fault(path.stem, "empty", f"{path.name} has no content")
    target = Target(labels=(label,), fields={"intensity": level} if level else {})
    return Sample(id=path.stem, group=actor, files=(str(path),), target=target)


def read_ravdess(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Clips of the speech or the song part, by modality, channel, emotion, intensity, statement, repetition, actor.

    Raises:
        ConfigError: No clips.
    """
    for path in _clips(folder):
        parts = path.stem.split("-")
        if len(parts) != 7 or not all(re.fullmatch(r"\d\d", part) for part in parts):
            yield Fault(path.stem, "broken", "the name has no seven numbers of two digits")
            continue
        modality, channel, emotion, intensity, statement, repetition, actor = map(int, parts)
        folder_actor = re.fullmatch(r"Actor_(\d\d)", path.parent.name)
        if str(emotion) not in RAVDESS_CODES:
            yield Fault(path.stem, "label_outside", f"{emotion} is none of 1 to 8")
        elif modality not in (1, 2, 3) or {channel, intensity, statement, repetition} - {1, 2} or not 1 <= actor <= 24:
            yield Fault(path.stem, "broken", "a number that the publication does not have")
        elif folder_actor and int(folder_actor[1]) != actor:
            yield Fault(path.stem, "misaligned", f"actor {actor} lies in {path.parent.name}")
        elif channel == (1 if split == "speech" else 2):
            level = ("normal", "strong")[intensity - 1]
            yield _sample(path, f"Actor_{actor:02}", RAVDESS_CODES[str(emotion)], level)


def read_cremad(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """All clips, by actor, sentence, emotion, level; the label is the feeling that was to be acted.

    Raises:
        ConfigError: No clips.
    """
    for path in _clips(folder):
        parts = path.stem.split("_")
        if len(parts) != 4 or not re.fullmatch(r"1\d{3}", parts[0]) or parts[3] not in CREMAD_LEVELS:
            yield Fault(path.stem, "broken", "the name is no actor, sentence, emotion and level")
        elif parts[2] not in CREMAD_CODES:
            yield Fault(path.stem, "label_outside", f"'{parts[2]}' is none of {', '.join(CREMAD_CODES)}")
        else:
            yield _sample(path, parts[0], CREMAD_CODES[parts[2]], CREMAD_LEVELS[parts[3]])


RAVDESS = Dataset(
    "ravdess",
    "RAVDESS, acted speech and song (Livingstone & Russo 2018); format from publications",
    ("emotion",),
    ("speech", "song"),
    read_ravdess,
    labels="ravdess",
    verified=False,
)
CREMAD = Dataset(
    "cremad",
    "CREMA-D, acted speech (Cao et al. 2014); format from publications",
    ("emotion",),
    ("all",),
    read_cremad,
    labels="cremad",
    verified=False,
)
