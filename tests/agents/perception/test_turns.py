"""Voices told apart by sound: made of a buzz in a vocal tract, and real ones where the data is at hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.acoustics.pitch import track
from cuechain.agents.perception.speech.turns import speakers
from cuechain.agents.perception.transcript import Transcript
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Span

VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))
"""Formants of a man's vowels (Peterson & Barney 1952)."""


def spoken(hertz: float, tract: float, seed: int, seconds: float = 2.0) -> np.ndarray:
    """Vowels of a voice: a pulse train at about `hertz` through formants that lie `tract` times as high as a man's."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(round(seconds / 0.25)):
        n = RATE // 4
        pitch = hertz * 2 ** (rng.uniform(-3, 3) / 12)
        phase = np.cumsum(np.full(n, pitch / RATE))
        spectrum = np.fft.rfft(np.diff(np.floor(phase), prepend=0.0))
        at = np.fft.rfftfreq(n, 1 / RATE)
        gain = sum(1 / (1 + ((at - f * tract) / (60 + 0.05 * f)) ** 2) for f in VOWELS[rng.integers(4)]) + 0.003
        parts.append(np.fft.irfft(spectrum * gain, n))
    sound = np.concatenate(parts)
    return (0.3 * sound / np.abs(sound).max() + 0.001 * rng.standard_normal(len(sound))).astype(np.float32)


def talk(pieces: list[np.ndarray]) -> tuple[np.ndarray, list[Span]]:
    """Pieces one after the other, with a fifth of a second between them."""
    sound: list[np.ndarray] = []
    spans: list[Span] = []
    at = 0.0
    for piece in pieces:
        spans.append(Span(start=at, end=at + len(piece) / RATE))
        sound += [piece, np.zeros(RATE // 5, np.float32)]
        at = spans[-1].end + 0.2
    return np.concatenate(sound), spans


def test_a_man_and_a_woman_in_order_of_appearance() -> None:
    turn = [spoken(210, 1.2, s) if who == "A" else spoken(110, 1.0, s) for s, who in enumerate("AABABBAB")]
    sound, spans = talk(turn)
    assert speakers(sound, spans) == list("AABABBAB")
    backwards = speakers(sound, spans[::-1])  # the order of the spans is not the order of time
    assert backwards == list("AABABBAB")[::-1]
    late = [*spans, Span(start=spans[-1].end + 0.1, end=spans[-1].end + 9)]  # there is less sound than that
    assert speakers(sound[:-100], late, track(sound[:-100]).semitones) == [*"AABABBAB", None]


def test_one_voice_has_no_letter() -> None:
    sound, spans = talk([spoken(110 * 2 ** (s % 5 / 12), 1.0, s) for s in range(8)])
    assert speakers(sound, spans) == [None] * 8


def test_too_short_a_span_has_no_letter() -> None:
    turn = [spoken(210, 1.2, s) if who == "A" else spoken(110, 1.0, s) for s, who in enumerate("ABAABB")]
    sound, spans = talk([*turn, spoken(110, 1.0, 9, 0.25), np.zeros(RATE, np.float32)])
    assert speakers(sound, spans) == [*"ABAABB", None, None]


@pytest.mark.parametrize("samples", [0, 1, RATE * 4], ids=["empty", "one sample", "broken"])
def test_bad_sound_is_nobody(samples: int) -> None:
    spans = [Span(start=i / 2, end=i / 2 + 0.5) for i in range(8)] + [Span(start=50, end=60), Span(start=1, end=1)]
    assert speakers(np.full(samples, np.nan, np.float32), spans) == [None] * 10
    assert speakers(np.zeros(RATE, np.float32), []) == []


def emodb(data: Path, speaker: str, emotions: str, most: int) -> list[np.ndarray]:
    folder = data / "train/emodb_flac"
    with (folder / "labels.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["speaker"] == speaker and r["emotion"] in emotions]
    sounds = []
    for row in rows[:most]:
        with opened(folder / row["file"]) as clip:
            sounds.append(np.array(clip.sound))
    return sounds


def test_real_voices(data: Path) -> None:
    man, woman = emodb(data, "10", "neutral anger", 6), emodb(data, "09", "neutral anger", 6)
    told = speakers(*talk([*man, *woman]))
    assert set(told[:6]) <= {"A", None} and set(told[6:]) <= {"B", None} and told.count(None) <= 3
    assert speakers(*talk(man)) == [None] * 6


def test_a_reader_stays_one_voice(data: Path) -> None:
    sounds = []
    for path in sorted((data / "media/speech").glob("LJ001-000*.wav")):
        with opened(path) as clip:
            sound = np.array(clip.sound)
        sounds += [sound[i : i + 2 * RATE] for i in range(0, len(sound) - 2 * RATE, 2 * RATE)]
    assert set(speakers(*talk(sounds))) == {None}


def test_transcript_cues_without_a_name_carry_the_voice(tmp_path: Path, wav: Callable[..., Path]) -> None:
    turn = [spoken(210, 1.2, s) if who == "A" else spoken(110, 1.0, s) for s, who in enumerate("AABBAB")]
    sound, spans = talk([*turn, spoken(110, 1.0, 9)])
    lines = [
        "I was there.",
        "You saw me.",
        "I did not.",
        "You never look.",
        "That is so.",
        "Well then.",
        "Ben: Good night.",
    ]
    stamp = "00:00:{:06.3f}".format
    (tmp_path / "talk.srt").write_text(
        "\n\n".join(
            f"{i}\n{stamp(s.start)} --> {stamp(s.end)}\n{line}".replace(".", ",", 2)
            for i, (s, line) in enumerate(zip(spans, lines, strict=True), 1)
        )
    )
    with opened(wav(tmp_path / "talk.wav", sound)) as clip:
        cues = [c for c in Transcript(load(cache=None)).perceive(clip, ()) if isinstance(c, Cue)]
    assert [c.measures.get("speaker") for c in cues] == [*"AABBAB", None]
    assert [c.person for c in cues] == [None] * 6 + ["Ben"]
