"""Files that are broken, or not what they say."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.media import RATE, opened

from .decoding import Make, notes, refused, seen


def test_missing_folder_and_empty(tmp_path: Path):
    refused(tmp_path / "none.mp4", "does not exist")
    refused(tmp_path, "is a folder")
    (tmp_path / "a.mp4").touch()
    refused(tmp_path / "a.mp4", "empty")
    refused(tmp_path / ("x" * 300), "cannot be read")


def test_not_a_regular_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.mp4")
    refused(tmp_path / "pipe.mp4", "not a regular file")  # and does not wait for a writer
    refused(Path("/dev/zero"), "not a regular file")


def test_unreadable_file(wav: Make, tone: Make):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        Path(folder).chmod(0o755)
        path = wav(Path(folder) / "a.wav", tone(0.1))
        path.chmod(0)
        user = os.geteuid()
        try:
            if user == 0:
                os.seteuid(65534)  # permissions do not bind root
            refused(path, "Permission denied")
        finally:
            os.seteuid(user)


def test_cut_off_with_its_index_in_front(tmp_path: Path, film: Make, tone: Make):
    path = film(tmp_path / "a.mp4", seconds=8, sound=tone(8), options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 55 // 100])
    with opened(path) as clip:
        frames = list(clip.frames(12.5))
        assert 1 < frames[-1].time < 7
        assert clip.sound is not None and 1 < len(clip.sound) / RATE < 7
        assert any("cut off" in g.reason and "8.0 s" in g.reason for g in clip.notes)
    with opened(path) as clip:  # the same is told when nobody looks
        assert clip.sound is not None
        assert any("of its sound" in g.reason for g in clip.notes)


def test_cut_off_before_its_index(tmp_path: Path, film: Make):
    path = film(tmp_path / "a.mp4", seconds=4)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    refused(path, "cannot be decoded")


def test_cut_off_matroska(tmp_path: Path, film: Make, tone: Make):
    path = film(tmp_path / "a.mkv", seconds=8, sound=tone(8))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "cut off" in notes(path)


def test_damage_in_the_middle_is_passed_over(tmp_path: Path, film: Make, tone: Make):
    path = film(tmp_path / "a.mp4", seconds=6, sound=tone(6), options={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(np.random.default_rng(1).integers(0, 255, 4000, np.uint8))
    path.write_bytes(data)
    frames = seen(path)
    assert frames[-1].time > 5


@pytest.mark.parametrize("content", ["Dear diary, today\n" * 200, "1\n00:00:00,000 --> 00:00:01,000\nhi\n", "x"])
def test_text_that_calls_itself_a_film(tmp_path: Path, content: str):
    (tmp_path / "a.mp4").write_text(content, encoding="utf-8")
    refused(tmp_path / "a.mp4", "cannot be decoded|neither picture nor sound")


def test_a_playlist_opens_no_other_file(tmp_path: Path, wav: Make, tone: Make):
    wav(tmp_path / "secret.wav", tone(0.5))
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile secret.wav\n", encoding="utf-8")
    refused(tmp_path / "a.mp4", "playlist or a rare format")
    lines = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n"
    (tmp_path / "a.m3u8").write_text(lines, encoding="utf-8")
    refused(tmp_path / "a.m3u8", "cannot be decoded")
    (tmp_path / "a.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", encoding="utf-8")
    refused(tmp_path / "a.eps", "cannot be decoded")


def test_film_that_calls_itself_text(tmp_path: Path, film: Make):
    film(tmp_path / "a.mp4", seconds=0.4).rename(tmp_path / "a.txt")
    refused(tmp_path / "a.txt", "not a text")
    (tmp_path / "b.txt").write_bytes(b"word " * 500_000)
    refused(tmp_path / "b.txt", "over 2 MB")


def test_sound_of_no_length(tmp_path: Path, wav: Make, tone: Make):
    refused(wav(tmp_path / "a.wav", tone(0)), "decoded")


def test_picture_size_bomb(tmp_path: Path, film: Make, monkeypatch: pytest.MonkeyPatch):
    from cuechain.agents import probe as probe_module

    path = film(tmp_path / "a.mp4", seconds=0.2)
    monkeypatch.setattr(probe_module, "MAX_PIXELS", 1000)
    refused(path, "pixels large")


def test_sound_that_changes_its_rate(tmp_path: Path, tone: Make):
    """Two streams joined byte by byte, as radio stations and phone recorders do."""
    import av

    data = b""
    for rate in (16_000, 44_100):
        with av.open(str(tmp_path / "part.aac"), "w", format="adts") as out:
            audio = out.add_stream("aac", rate, layout="mono")
            for begin in range(0, 2 * rate, 1024):
                frame = av.AudioFrame.from_ndarray(tone(1)[None, :1024].copy(), "fltp", "mono")
                frame.sample_rate, frame.pts = rate, begin
                out.mux(audio.encode(frame))
            out.mux(audio.encode(None))
        data += (tmp_path / "part.aac").read_bytes()
    (tmp_path / "a.aac").write_bytes(data)
    with opened(tmp_path / "a.aac") as clip:
        assert clip.sound is not None and len(clip.sound) / RATE > 3.5
