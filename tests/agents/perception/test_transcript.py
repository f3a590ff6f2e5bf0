from __future__ import annotations

import os
import wave
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import pytest

from cuechain.agents.errors import ConfigError, ToolError
from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.speech import decoders, sphinx
from cuechain.agents.perception.speech.asr import find_whisper
from cuechain.agents.perception.speech.sphinx import is_clear, recognised
from cuechain.agents.perception.transcript import Transcript, quoted
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap, Span

DATA = Path(os.environ["CUECHAIN_DATA"]) if os.environ.get("CUECHAIN_DATA") else None
needs_data = pytest.mark.skipif(DATA is None, reason="CUECHAIN_DATA is not set")


@pytest.fixture(autouse=True)
def _empty_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights of this machine's user, so that the outcome is the same everywhere."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def heard(path: Path | None = None, text: str | None = None, **settings: object) -> list[Cue | Gap]:
    with opened(path, text=text) as clip:
        return list(Transcript(load(cache=None, **settings)).perceive(clip, ()))


def cues(found: list[Cue | Gap]) -> list[Cue]:
    assert all(isinstance(f, Cue) for f in found), found
    return [f for f in found if isinstance(f, Cue)]


def test_typed_text_is_one_cue_without_time() -> None:
    (cue,) = cues(heard(text='I said "no".\nThen I left.'))
    assert cue.text == "the text says \"I said 'no'. Then I left.\""
    assert cue.span is None and cue.measures == {
        "words": 6,
        "asr": "text",
        "kept_share": 1.0,
        "language": "en",
        "line": 1,
    }
    assert cue.source == "transcript@3"


def test_message_thread_gives_one_cue_per_message() -> None:
    found = cues(
        heard(text="Anna: hi there\n[12:03] Ben: hello\n3/4/24, 12:05 - Anna: how are you?\nI am fine\nby the way")
    )
    assert [(c.person, quoted(c)) for c in found] == [
        ("Anna", "hi there"),
        ("Ben", "hello"),
        ("Anna", "how are you? I am fine by the way"),
    ]


def test_a_colon_alone_makes_no_thread() -> None:
    (cue,) = cues(heard(text="Note: this is it.\nPS: I love you."))
    assert cue.person is None


def test_prose_is_grouped_to_about_thirty_words() -> None:
    sentence = "Mr. Smith went to the market and bought five apples for his aunt. "
    found = cues(heard(text=sentence * 20))
    assert len(found) == 10
    assert all(c.measures["words"] <= 30 for c in found)  # type: ignore[operator]
    endless = cues(heard(text="word " * 1000))
    assert sum(int(c.measures["words"]) for c in endless) == 1000


def test_sidecar_subtitles_come_before_recognition(tmp_path: Path) -> None:
    clip = write(tmp_path / "talk.wav", 0.1 * np.random.default_rng(0).standard_normal(RATE * 4))
    (tmp_path / "talk.srt").write_text(
        "1\n00:00:00,500 --> 00:00:01,500\nAnna: I was never\n\n2\n00:00:01,500 --> 00:00:02,000\nso happy.\n\n"
        "3\n00:00:01,800 --> 00:00:03,000\nBen: Me too!\n\n4\n00:00:03,000 --> 00:00:03,500\n[laughter]\n"
    )
    found = cues(heard(clip))
    assert [(c.person, c.text) for c in found] == [
        ("Anna", 'the speaker says "I was never so happy."'),
        ("Ben", 'the speaker says "Me too!"'),
        (None, 'the subtitles note "[laughter]"'),
    ]
    assert found[0].span is not None and (found[0].span.start, found[0].span.end) == (0.5, 2.0)
    assert found[0].measures["asr"] == "subtitles" and found[2].measures["words"] == 0


def test_german_overlapping_and_empty_subtitles(tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:04,000\nIch freue mich!\n\n2\n00:00:02,000 --> 00:00:03,000\nIch auch.\n\n"
        "3\n00:00:05,000 --> 00:00:05,000\nDann los!\n",
        encoding="utf-8",
    )
    assert [quoted(c) for c in cues(heard(path))][:2] == ["Ich freue mich!", "Ich auch."]


def test_hostile_text_stays_one_quoted_line() -> None:
    (cue,) = cues(heard(text='he said "\u202eevil\x00\x1b[31m"\tand\u200b left'))
    assert cue.text.count('"') == 2 and "\x1b" not in cue.text and "\u202e" not in cue.text


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(RATE * 3),
        np.zeros(1),
        np.full(RATE * 2, 0.5),
        0.2 * np.sin(2 * np.pi * 220 * np.arange(RATE * 4) / RATE),
        0.2 * np.random.default_rng(1).standard_normal(RATE * 5),
        np.sign(np.sin(2 * np.pi * 150 * np.arange(RATE * 3) / RATE)),
    ],
    ids=["silence", "one sample", "constant", "tone", "noise", "clipped"],
)
def test_sound_without_speech_is_a_gap(tmp_path: Path, samples: np.ndarray) -> None:
    (gap,) = heard(write(tmp_path / "x.wav", samples))
    assert isinstance(gap, Gap) and ("no speech" in gap.reason or "no sound" in gap.reason or "made out" in gap.reason)


def test_whisper_is_looked_for_without_a_network(tmp_path: Path) -> None:
    assert find_whisper("small") is None
    with pytest.raises(ConfigError):
        find_whisper("smal")
    with pytest.raises(ConfigError):
        find_whisper(str(tmp_path))


def test_weights_that_arrive_make_the_cache_stale(tmp_path: Path) -> None:
    before = Transcript.fingerprint(load(cache=None))
    (tmp_path / "model.bin").touch()
    assert Transcript.fingerprint(load(cache=None, whisper=str(tmp_path))) != before
    assert Transcript.fingerprint(load(cache=None, whisper="/nowhere"))


def test_what_lies_over_speech_keeps_its_level_from_falling() -> None:
    """Syllables that stop at once, the same in a room where sound dies away in a second, and under noise."""
    rng = np.random.default_rng(0)
    t = np.arange(3 * RATE) / RATE
    speech = 0.3 * np.sign(np.sin(2 * np.pi * 130 * t)) * ((t * 4) % 1 < 0.6) + 1e-3 * rng.standard_normal(len(t))
    echo = rng.standard_normal(RATE) * 10 ** (-3 * np.arange(RATE) / RATE)
    assert is_clear(speech.astype(np.float32))
    assert not is_clear((0.02 * np.convolve(speech, echo)[: len(t)]).astype(np.float32))
    assert not is_clear((speech + 0.08 * rng.standard_normal(len(t))).astype(np.float32))
    assert not is_clear(np.zeros(0, np.float32)) and not is_clear(np.full(RATE, np.nan, np.float32))


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Popen[bytes]]]:
    """Those that are started; none waits from before."""
    started: list[Popen[bytes]] = []
    decoders.end_idle()

    def start(*args: Any, **options: Any) -> Popen[bytes]:
        started.append(Popen(*args, **options))
        return started[-1]

    monkeypatch.setattr(decoders, "Popen", start)
    yield started
    decoders.end_idle()


NOISE = (0.1 * np.random.default_rng(0).standard_normal(3 * RATE)).astype(np.float32)
SECONDS = [Span(start=s, end=s + 1) for s in range(3)]


def test_a_recogniser_that_dies_is_an_error(processes: list[Popen[bytes]]) -> None:
    words = recognised(NOISE, SECONDS)
    next(words)
    processes[0].kill()
    with pytest.raises(ToolError, match="PocketSphinx ended"):
        list(words)
    assert all(p.returncode is not None for p in processes), "left running, or as a zombie"


def test_a_recogniser_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    decoders.end_idle()
    with pytest.raises(ToolError, match="cannot be started"):
        list(recognised(NOISE, SECONDS))


def test_a_recogniser_that_has_answered_serves_the_next_clip(processes: list[Popen[bytes]]) -> None:
    first = list(recognised(NOISE, SECONDS))
    assert list(recognised(NOISE, SECONDS)) == first
    assert [p.poll() for p in processes] == [None]
    decoders.end_idle()
    assert all(p.returncode is not None for p in processes), "left running, or as a zombie"


def test_a_recogniser_that_still_decodes_ends_with_who_asked(processes: list[Popen[bytes]]) -> None:
    with pytest.raises(KeyboardInterrupt), decoders.decoder(sphinx.USUAL) as one:
        one.send(NOISE)
        raise KeyboardInterrupt
    assert all(p.returncode is not None for p in processes)


def test_a_recogniser_that_died_while_it_waited_is_replaced(processes: list[Popen[bytes]]) -> None:
    first = list(recognised(NOISE, SECONDS))
    processes[0].kill()
    processes[0].wait()
    assert list(recognised(NOISE, SECONDS)) == first and len(processes) == 2


@needs_data
def test_a_clip_is_heard_as_if_it_were_the_first(processes: list[Popen[bytes]]) -> None:
    """The decoder follows the mean spectrum of what it hears, which changes its words."""
    assert DATA
    with opened(DATA / "media/speech/librivox_0870.wav") as clip:
        sound = np.array(clip.sound)[: 4 * RATE]
    spans = [Span(start=0.0, end=2.0), Span(start=2.0, end=4.0)]
    alone = list(recognised(sound, spans))
    assert list(recognised(0.1 * sound[::-1], spans)) != alone
    assert list(recognised(sound, spans)) == alone


@needs_data
def test_words_are_those_that_pocketsphinx_finds(processes: list[Popen[bytes]]) -> None:
    from pocketsphinx import Decoder

    assert DATA
    with opened(DATA / "media/speech/librivox_0870.wav") as clip:
        sound = np.array(clip.sound)[: 4 * RATE]
    ((_, found),) = recognised(sound, [Span(start=0.0, end=len(sound) / RATE)])
    passes: list[list[tuple[str, int, int]]] = []
    for options in (sphinx.USUAL, sphinx.DOUBTING):
        decoder = Decoder(**options)
        decoder.start_utt()
        decoder.process_raw((sound * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        passes.append([(s.word, s.start_frame, s.end_frame) for s in decoder.seg() if s.word[0] not in "<["])
    words = [(text.split("(")[0], start, end) for text, start, end in passes[0]]
    assert len(words) > 5 and [(w.text, w.start, w.end) for w, _ in found] == words
    assert {w.text for w, score in found if score} <= {text.split("(")[0] for text, _, _ in passes[1]}
    assert len(processes) == 2


@needs_data
def test_speech_under_music_is_a_gap(tmp_path: Path) -> None:
    assert DATA
    with opened(DATA / "media/speech/watson_speech.wav") as clip:
        sound = np.array(clip.sound)
    t = np.arange(len(sound)) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * t) for hertz in (220.0, 277.2, 329.6))
    loud = 0.4 * np.sqrt((sound**2).mean() / (chord**2).mean())
    (gap,) = heard(write(tmp_path / "x.wav", sound + loud * chord))
    assert isinstance(gap, Gap) and "under noise, music or an echo" in gap.reason


@needs_data
def test_other_language_than_the_recogniser_knows_is_a_gap() -> None:
    assert DATA
    (gap,) = heard(DATA / "media/speech/jfk.wav", language="de")
    assert isinstance(gap, Gap) and "English only" in gap.reason and ".srt" in gap.hint


@needs_data
def test_pocketsphinx_tells_what_is_clear_and_nothing_of_german() -> None:
    assert DATA
    found = heard(DATA / "media/speech/watson_speech.wav")
    first = found[0]
    assert isinstance(first, Cue) and first.measures["asr"] == "pocketsphinx"
    kept = quoted(first).replace("…", "").split()
    said = "thunderstorms could produce large hail isolated tornadoes and heavy rain"
    assert len(kept) >= 6 and all(word in said.split() for word in kept)
    assert first.measures["kept_share"] < 1 and "…" in first.text  # type: ignore[operator]
    (gap,) = heard(DATA / "train/emodb_flac/03a01Wa.flac")
    assert isinstance(gap, Gap) and "could be made out" in gap.reason and "download_model" in gap.hint
    assert "1 stretches" not in gap.reason
