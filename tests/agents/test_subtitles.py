"""Subtitle texts, good and bad, into timed lines."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cuechain.agents.media import opened
from cuechain.agents.subtitles import Subtitle, decode_text, parse


def srt(*entries: tuple[str, str]) -> str:
    return "".join(f"{i}\n{times}\n{text}\n\n" for i, (times, text) in enumerate(entries, 1))


def rows(lines: list[Subtitle]) -> list[tuple[float, float, str]]:
    return [(round(s.span.start, 3), round(s.span.end, 3), s.text) for s in lines]


def test_srt():
    text = srt(
        ("00:00:01,000 --> 00:00:02,500", "<i>Hello</i>\n{\\an8}there"), ("01:00:03,000 --> 01:00:04,000", "bye")
    )
    assert rows(parse(text, ".srt")) == [(1, 2.5, "Hello there"), (3603, 3604, "bye")]
    assert rows(parse(text.replace("\n", "\r\n"), ".SRT")) == rows(parse(text, ".srt"))


def test_vtt_with_voices_notes_and_settings():
    text = (
        "WEBVTT - a title\n\nNOTE not said\n\nid1\n00:01.000 --> 00:02.000 align:start\n<v Anna Berg>I'm fine.</v>\n\n"
        "00:00:02.500 --> 00:00:03.000\n<c.yellow>Really</c> &amp; truly?\n"
    )
    first, second = parse(text, ".vtt")
    assert (first.speaker, first.text, first.span.start) == ("Anna Berg", "I'm fine.", 1)
    assert (second.speaker, second.text) == (None, "Really & truly?")
    assert rows(parse(text.split("\n\n", 1)[1], ".vtt")) == rows([first, second])  # the header is often forgotten


@pytest.mark.parametrize(
    ("said", "speaker", "words"),
    [
        ("ANNA: no", "Anna", "no"),
        ("- Anna: no", "Anna", "no"),
        ("Dr. Berg: no", "Dr. Berg", "no"),
        ("at 10:30 we go", None, "at 10:30 we go"),
        ("He said: no", None, "He said: no"),
        ("Anna:", None, "Anna:"),
    ],
)
def test_speakers(said: str, speaker: str | None, words: str):
    (line,) = parse(srt(("00:00:00,000 --> 00:00:01,000", said)), ".srt")
    assert (line.speaker, line.text) == (speaker, words)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str):
    (tmp_path / "a.srt").write_bytes(srt(("00:00:00,000 --> 00:00:01,000", "Schöne Grüße – é")).encode(encoding))
    with opened(tmp_path / "a.srt") as clip:
        assert clip.media.streams == ("subtitles",) and clip.media.duration == 1
        assert [s.text for s in clip.subtitles] == ["Schöne Grüße – é"]


def test_one_spoilt_byte_does_not_garble_the_rest():
    data = "你好 äöü ".encode() * 20
    assert decode_text(data[:50] + b"\xff" + data[50:]).count("你好") >= 19
    assert decode_text(b"") == "" and decode_text(b"\x93quoted\x94 \x81") == "“quoted” \ufffd"


def test_damaged_entries_are_left_out():
    text = (
        srt(("00:00:01,000 --> 00:00:02,000", "one"))
        + "7\nnot a time --> at all\nlost\n\n"
        + "8\n00:00:03,000 -> 00:00:04,000\nno arrow\n\n\n\n"
        + "x\n00:00:05,000 --> 00:00:06,000\ntwo\x00\n"
    )
    found = [s.text for s in parse(text, ".srt")]
    assert found[0].startswith("one") and "two" in found[-1]


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "\x00\x01\x02" * 50, "1\n2\n3\n", "WEBVTT\n\n", "-->\n-->\n"])
@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
def test_nothing_to_read(text: str, suffix: str):
    assert parse(text, suffix) == []


def test_overlapping_unsorted_and_backward_times(tmp_path: Path):
    text = srt(
        ("00:00:05,000 --> 00:00:07,000", "third"),
        ("00:00:01,000 --> 00:00:04,000", "first"),
        ("00:00:02,000 --> 00:00:03,000", "second"),
        ("00:00:09,000 --> 00:00:08,000", "backwards"),
        ("00:00:10,000 --> 00:00:10,000", "no time"),
    )
    (tmp_path / "a.srt").write_text(text, encoding="utf-8")
    with opened(tmp_path / "a.srt") as clip:
        found = clip.subtitles
    assert [s.text for s in found][:3] == ["first", "second", "third"]
    assert all(0 <= s.span.start <= s.span.end < 20 for s in found)
    assert {"backwards", "no time"} <= {s.text for s in found} or len(found) == 3


def test_many_lines_are_read_quickly():
    def clock(i: int) -> str:
        return f"{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02},000"

    text = srt(*((f"{clock(i)} --> {clock(i + 1)}", f"line {i}") for i in range(20_000)))
    begin = time.perf_counter()
    lines = parse(text, ".srt")
    assert len(lines) == 20_000 and lines[-1].span.end == 20_000
    assert time.perf_counter() - begin < 10


def test_words_that_look_like_an_event_stay():
    (line,) = parse(srt(("00:00:00,000 --> 00:00:01,000", "1, 2, 3, 4, 5, 6, 7, 8, 9, and I love you <3")), ".srt")
    assert line.text == "1, 2, 3, 4, 5, 6, 7, 8, 9, and I love you <3"
