from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.acoustics.pitch import breaks, runs, syllables, track
from cuechain.agents.perception.voice import Voice
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap, Span

DATA = Path(os.environ["CUECHAIN_DATA"]) if os.environ.get("CUECHAIN_DATA") else None
needs_data = pytest.mark.skipif(DATA is None, reason="CUECHAIN_DATA is not set")


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype("<i2").tobytes())
    return path


def spoken(name: str) -> np.ndarray:
    assert DATA
    with opened(DATA / "media/speech" / name) as clip:
        assert clip.sound is not None
        return np.array(clip.sound)


def voice(path: Path, heard: list[Cue] | None = None) -> list[Cue | Gap]:
    with opened(path) as clip:
        return list(Voice(load(cache=None)).perceive(clip, heard or []))


def line(start: float, end: float, person: str | None = "P1", words: int = 8) -> Cue:
    return Cue(
        sense="transcript",
        text='the speaker says "…"',
        span=Span(start=start, end=end),
        person=person,
        measures={"words": words, "asr": "subtitles", "kept_share": 1.0},
        source="transcript@1",
    )


def vowel(hertz: float, seconds: float) -> np.ndarray:
    """A buzz with formants near those of "ah"."""
    t = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, int(3500 / hertz)))
    return (0.2 * tones).astype(np.float32)


def test_pitch_of_a_known_tone() -> None:
    found = track(vowel(200, 1.0))
    assert np.nanmedian(found.semitones) == pytest.approx(12, abs=0.2)  # 200 Hz is an octave above 100 Hz
    assert found.voiced > 0.7 and len(found.semitones) == len(found.loudness) == len(found.sharpness)


def test_louder_and_sharper_sound_measures_so() -> None:
    tone = vowel(150, 1.0)
    dark = np.convolve(tone, np.full(8, 1 / 8), mode="same").astype(np.float32)
    usual, quiet, dull = track(tone), track(tone * 0.1), track(dark)
    assert np.median(usual.loudness) - np.median(quiet.loudness) == pytest.approx(20, abs=0.5)
    assert (
        abs(np.median(usual.sharpness) - np.median(quiet.sharpness))
        < 0.5
        < np.median(usual.sharpness) - np.median(dull.sharpness)
    )


def test_syllables_are_peaks_of_loudness() -> None:
    train = np.concatenate([np.concatenate([vowel(140, 0.15), np.zeros(RATE // 10, np.float32)]) for _ in range(7)])
    assert syllables(track(train)) == 7
    assert syllables(track(np.zeros(RATE, np.float32))) == 0


def test_a_jump_of_pitch_is_a_break() -> None:
    steady = track(vowel(200, 1.0))
    assert breaks(steady) == 0
    jumped = steady.at(np.arange(len(steady.loudness)))
    jumped.semitones[20:] += 7
    assert breaks(jumped) == 1


def test_runs() -> None:
    assert runs(np.array([1, 1, 0, 1], dtype=bool)) == [(0, 2), (3, 4)] and runs(np.zeros(3, dtype=bool)) == []


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(RATE * 3),
        np.zeros(1),
        np.full(RATE * 2, 0.5),
        0.2 * np.random.default_rng(1).standard_normal(RATE * 5),
        np.convolve(np.random.default_rng(2).standard_normal(RATE * 5), np.ones(30) / 30),
        np.sign(np.random.default_rng(3).standard_normal(RATE * 3)),
        sum(0.1 * np.sin(2 * np.pi * f * np.arange(RATE * 6) / RATE) for f in (262, 330, 392)),
    ],
    ids=["silence", "one sample", "constant", "white noise", "brown noise", "clipped noise", "chord"],
)
def test_sound_without_a_voice_is_a_gap(tmp_path: Path, samples: np.ndarray) -> None:
    (gap,) = voice(write(tmp_path / "x.wav", np.asarray(samples)))
    assert isinstance(gap, Gap)


def test_infinite_and_missing_samples_are_survived() -> None:
    tone = vowel(150, 1.0)
    tone[100:200], tone[300:400] = np.nan, np.inf
    assert np.isfinite(track(tone).loudness).all()
    assert len(track(np.zeros(0, np.float32)).loudness) == 0


@needs_data
def test_a_changed_utterance_stands_out_against_the_speakers_usual(tmp_path: Path) -> None:
    """The same sentence thrice; the fourth time played faster, so higher, and 12 dB louder."""
    plain = 0.2 * spoken("librivox_0930.wav")
    fast = np.interp(np.arange(0, len(plain) - 1, 1.35), np.arange(len(plain)), plain) * 4
    pause = np.zeros(RATE)
    sound = np.concatenate([plain, pause, plain, pause, plain, pause, fast])
    one = len(plain) / RATE
    spans = [(i * (one + 1), i * (one + 1) + one) for i in range(3)] + [(3 * (one + 1), len(sound) / RATE)]
    found = [c for c in voice(write(tmp_path / "x.wav", sound), [line(a, b) for a, b in spans]) if isinstance(c, Cue)]
    first = next(c for c in found if "arousal" not in c.measures)
    assert first.span is not None and first.span.start == pytest.approx(spans[3][0])
    assert "than this speaker's usual" in first.text and "louder" in first.text and "+12 dB" in first.text
    assert first.measures["f0_rel_st"] == pytest.approx(12 * np.log2(1.35), abs=0.7)
    assert first.measures["loudness_rel_db"] == pytest.approx(12, abs=1)
    assert first.measures["rate_rel"] == pytest.approx(1.35, abs=0.2)
    assert first.measures["reference"] == "speaker" and first.person == "P1"
    tones = [c for c in found if "arousal" in c.measures]
    assert (
        len(tones) == 4
    )  # a tone is measured of each, and said to be of this speaker only where the utterances differ
    for c in tones:
        assert c.reliability is not None
        if "arousal_rel" not in c.measures:
            assert c.reliability <= 0.2 and c.salience <= 0.1 and "beside acted German" in c.text


@needs_data
def test_an_even_speaker_gives_one_quiet_cue(tmp_path: Path) -> None:
    plain = spoken("librivox_0930.wav")
    sound = np.concatenate([plain, np.zeros(RATE), plain, np.zeros(RATE), plain])
    step = len(plain) / RATE + 1
    found = voice(write(tmp_path / "x.wav", sound), [line(i * step, i * step + step - 1) for i in range(3)])
    (cue,) = (c for c in found if isinstance(c, Cue) and "arousal" not in c.measures)
    assert cue.text == "the voice stays within this speaker's usual range" and cue.salience <= 0.2


@needs_data
def test_one_utterance_has_the_general_reference_and_no_relative_measures() -> None:
    assert DATA
    found = voice(DATA / "media/speech/librivox_0930.wav")
    (cue,) = (c for c in found if isinstance(c, Cue) and "arousal" not in c.measures)
    assert cue.measures["reference"] == "general" and "usual" not in cue.text
    assert not {"f0_rel_st", "loudness_rel_db", "rate_rel"} & set(cue.measures)


@needs_data
def test_man_and_woman_without_names_are_not_one_speaker(tmp_path: Path) -> None:
    low, high = spoken("librivox_0890.wav"), spoken("LJ001-0016.wav")
    sound = np.concatenate([np.concatenate([s, np.zeros(RATE)]) for s in (low, high, low, high)])
    assert all(
        c.measures.get("reference") == "general" for c in voice(write(tmp_path / "x.wav", sound)) if isinstance(c, Cue)
    )


@needs_data
def test_telephone_sound_and_odd_transcript_spans(tmp_path: Path) -> None:
    plain = spoken("librivox_0890.wav")[::2]
    path = write(tmp_path / "x.wav", plain, RATE // 2)
    heard = [line(0, 2), line(1, 3, "P2"), line(2, 2), line(3, 900), line(800, 900)]
    assert all(isinstance(c, Cue) for c in voice(path, heard))
