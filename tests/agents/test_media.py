"""Good files through probe, the decode pass and its leavings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuechain.agents import media as media_module
from cuechain.agents.errors import MediaError, RunError
from cuechain.agents.frames import MAX_SIDE, Picture, sampled
from cuechain.agents.media import RATE, opened, probe

from .decoding import Make, notes, seen


def test_film_gives_frames_and_sound_in_one_pass(tmp_path: Path, film: Make, tone: Make):
    path = film(tmp_path / "a.mp4", seconds=2, sound=tone(2))
    with opened(path) as clip:
        assert (clip.media.kind, clip.media.streams, clip.media.size) == ("video", ("video", "audio"), (320, 180))
        assert clip.media.duration == pytest.approx(2, abs=0.1)
        frames = list(clip.frames(12.5))
        sound = clip.sound
        assert len(frames) == 25
        assert [f.index for f in frames] == list(range(25))
        assert frames[0].image.shape == (180, 320, 3) and frames[0].image.dtype == np.uint8
        assert sum(f.hold for f in frames) == pytest.approx(2, abs=0.05)
        assert all(b.time - a.time == pytest.approx(a.hold) for a, b in pairwise(frames))
        assert sound is not None and sound.dtype == np.float32 and not sound.flags.writeable
        assert len(sound) / RATE == pytest.approx(2, abs=0.15)
        assert 0.2 < np.abs(sound).max() <= 1
        assert clip.notes == []


def test_fewer_frames_where_nothing_moves_and_their_holds_add_up(tmp_path: Path, film: Make):
    frames = seen(film(tmp_path / "a.mp4", seconds=6, still=True))
    assert len(frames) <= 13
    assert sum(f.hold for f in frames) == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("shots", [1, 3, 5])
def test_cuts_are_counted(tmp_path: Path, film: Make, shots: int):
    frames = seen(film(tmp_path / "a.mp4", seconds=5, shots=shots))
    assert frames[-1].shot == shots - 1
    first = [next(f for f in frames if f.shot == s).time for s in range(shots)]
    assert first == pytest.approx([5 * s / shots for s in range(shots)], abs=0.13)


def _steps(path: Path, levels: list[int], fps: int = 25) -> int:
    """Shots in a film whose pictures are evenly grey, each with its own level."""
    import av

    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", fps, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        for i, level in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(np.full((72, 128, 3), level, np.uint8), "rgb24")
            frame.pts = i
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return seen(path)[-1].shot + 1


def test_a_flash_a_fade_and_a_black_frame(tmp_path: Path):
    assert _steps(tmp_path / "flash.mp4", [60] * 20 + [250] + [60] * 20) == 1
    assert _steps(tmp_path / "fade.mp4", [60] * 10 + list(range(60, 240, 26)) + [240] * 10) == 1
    assert _steps(tmp_path / "black.mp4", [200] * 20 + [10] + [100] * 20) == 2
    assert _steps(tmp_path / "cut.mp4", [60] * 20 + [100] * 20) == 2
    assert _steps(tmp_path / "slides.mp4", [60, 200] * 3, fps=1) == 6


def test_cuts_of_a_real_film(data: Path):
    """Found by eye: twelve photographs, then eight cuts; between them fast pans and a man who walks past the lens."""
    cuts = [1.4, 2.04, 2.64, 3.27, 3.94, 4.54, 5.17, 5.81, 6.41, 7.04, 7.64, 8.24]
    cuts += [10.54, 15.25, 18.85, 21.15, 24.52, 26.49, 28.16, 32.5]
    frames = seen(data / "media" / "videos" / "googlework_short.mp4")
    found = [next(f.time for f in frames if f.shot == s) for s in range(1, frames[-1].shot + 1)]
    assert found == pytest.approx(cuts, abs=0.1)


def test_the_pass_may_be_run_twice_or_left_midway(tmp_path: Path, film: Make, tone: Make):
    path = film(tmp_path / "a.mp4", seconds=2, sound=tone(2))
    with opened(path) as clip:
        for _ in clip.frames(12.5):
            break  # a caller that saw enough must not cost the sound
        assert clip.sound is not None and len(clip.sound) / RATE == pytest.approx(2, abs=0.15)
        assert len(list(clip.frames(12.5))) == len(list(clip.frames(12.5))) == 25


def test_what_two_threads_ask_for_is_made_once():
    made: list[float] = []

    def slow() -> float:
        time.sleep(0.05)
        made.append(time.monotonic())
        return made[-1]

    with opened(text="words") as clip:
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda _: clip.once("slow", slow), range(4)))
        assert told == made * 4 and len(made) == 1
        assert clip.once("other", lambda: 2.0) == 2.0


def test_sound_alone_needs_no_frames(tmp_path: Path, film: Make, tone: Make):
    with opened(film(tmp_path / "a.mp4", seconds=1, sound=tone(1))) as clip:
        assert clip.sound is not None and clip.notes == []


def test_video_without_audio(tmp_path: Path, film: Make):
    with opened(film(tmp_path / "a.mp4", seconds=1)) as clip:
        assert clip.media.streams == ("video",)
        assert len(list(clip.frames(5))) == 5
        assert clip.sound is None and clip.subtitles == () and clip.notes == []


def test_audio_alone_and_silence(tmp_path: Path, wav: Make, tone: Make):
    path = wav(tmp_path / "a.wav", tone(1.5, level=0))
    with opened(path) as clip:
        assert (clip.media.kind, clip.media.streams, clip.media.size) == ("audio", ("audio",), None)
        assert list(clip.frames(5)) == []
        assert clip.sound is not None and len(clip.sound) == 1.5 * RATE and not np.any(clip.sound)


def test_sound_stays_within_bounds(tmp_path: Path):
    import soundfile

    loud = np.array([0, 3, -7, np.nan, np.inf, 0.5] * 4000, np.float32)
    soundfile.write(tmp_path / "a.wav", loud, RATE, subtype="FLOAT")
    with opened(tmp_path / "a.wav") as clip:
        assert clip.sound is not None and np.isfinite(clip.sound).all()
        assert np.abs(clip.sound).max() == 1


def test_cover_art_is_not_a_video(tmp_path: Path, tone: Make):
    import av

    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as out:
        audio = out.add_stream("mp3", RATE, layout="mono")
        cover = out.add_stream("mjpeg", 1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), "rgb24").reformat(format="yuvj420p")
        packets = cover.encode(picture) + cover.encode(None)
        frame = av.AudioFrame.from_ndarray(tone(1)[None], "fltp", "mono")
        frame.sample_rate = RATE
        packets += audio.encode(frame) + audio.encode(None)
        for packet in packets:
            out.mux(packet)
    with opened(path) as clip:
        assert (clip.media.kind, clip.media.streams) == ("audio", ("audio",))
        assert clip.sound is not None and list(clip.frames(5)) == []


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotated_video_is_shown_upright(tmp_path: Path, film: Make, rotation: int):
    plain = seen(film(tmp_path / "a.mp4", seconds=0.4), 5)[0].image
    path = film(tmp_path / "b.mp4", seconds=0.4, rotation=rotation)
    frame = seen(path, 5)[0]
    upright = np.rot90(plain, rotation // 90)
    assert frame.image.shape == upright.shape
    assert np.abs(frame.image.astype(int) - upright).mean() < 3
    assert frame.size == probe(path).size == (upright.shape[1], upright.shape[0])
    means = np.asarray(Image.fromarray(np.ascontiguousarray(upright)).resize((96, 54), Image.Resampling.BOX))
    assert frame.small.shape == (54, 96, 3) and np.abs(frame.small.astype(int) - means).mean() < 4


def test_variable_frame_rate_keeps_its_times(tmp_path: Path, film: Make):
    times = [0, 0.04, 0.08, 0.5, 1.7, 1.74, 1.78, 3.0, 4.5]
    frames = seen(film(tmp_path / "a.mp4", times=times))
    assert [f.time for f in frames] == pytest.approx([0, 0.08, 0.5, 1.7, 1.78, 3.0, 4.5], abs=0.01)
    assert frames[3].hold == pytest.approx(0.08, abs=0.01) and frames[2].hold == pytest.approx(1.2, abs=0.01)


def test_oblong_pixels_are_stretched(tmp_path: Path):
    import av

    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        video = out.add_stream("libx264", 25)
        video.width, video.height, video.pix_fmt = 180, 180, "yuv420p"
        video.codec_context.sample_aspect_ratio = 2
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((180, 180, 3), 90, np.uint8), "rgb24")
            frame.pts = i
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    frame = seen(tmp_path / "a.mkv", 5)[0]
    assert frame.size == (360, 180) and frame.image.shape == (180, 360, 3)


def test_large_frames_are_scaled(tmp_path: Path, film: Make):
    frame = seen(film(tmp_path / "a.mp4", seconds=0.2, size=(1920, 1080)), 5)[0]
    assert frame.image.shape == (720, MAX_SIDE, 3) and frame.size == (1920, 1080)


@pytest.mark.parametrize(("picture", "sound"), [(4, 1.5), (1.5, 4)])
def test_sound_longer_or_shorter_than_the_picture_is_no_damage(
    tmp_path: Path, film: Make, tone: Make, picture: float, sound: float
):
    path = film(tmp_path / "a.mp4", seconds=picture, sound=tone(sound))
    with opened(path) as clip:
        frames = list(clip.frames(12.5))
        assert frames[-1].time + frames[-1].hold == pytest.approx(picture, abs=0.1)
        assert clip.sound is not None and len(clip.sound) / RATE == pytest.approx(sound, abs=0.15)
        assert clip.notes == []


@pytest.mark.parametrize("start", [3.0, 100_000.0])
def test_a_clock_that_does_not_begin_at_zero(tmp_path: Path, film: Make, tone: Make, start: float):
    """A recorder's MPEG-TS may begin at the hour of the day; no day of silence is put before it."""
    import av

    source = film(tmp_path / "a.mp4", seconds=2, sound=tone(2))
    with av.open(str(source)) as inp, av.open(str(tmp_path / "b.mkv"), "w") as out:
        streams = {s.index: out.add_stream_from_template(s) for s in inp.streams}
        for packet in inp.demux():
            if packet.dts is None:
                continue
            shift = round(start / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    with opened(tmp_path / "b.mkv") as clip:
        frames = list(clip.frames(12.5))
        assert frames[0].time < 0.1 and frames[-1].time < 2.1
        assert clip.sound is not None and len(clip.sound) / RATE == pytest.approx(2, abs=0.2)


def test_embedded_subtitles(tmp_path: Path, film: Make):
    path = film(tmp_path / "a.mp4", seconds=3, subtitles=((0.5, 1.2, "ANNA: I am fine."), (1.5, 2.5, "Grüße, 你好")))
    with opened(path) as clip:
        assert clip.has_subtitles and "subtitles" in clip.media.streams
        first, second = clip.subtitles
        assert (first.text, first.speaker) == ("I am fine.", "Anna") and second.text == "Grüße, 你好"
        assert (first.span.start, first.span.end) == pytest.approx((0.5, 1.2), abs=0.02)


def test_sidecar_is_read_and_names_the_clip(tmp_path: Path, wav: Make, tone: Make):
    path = wav(tmp_path / "talk.wav", tone(1))
    with opened(path) as clip:
        alone = clip.digest
        assert not clip.has_subtitles
    (tmp_path / "talk.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n", encoding="utf-8")
    with opened(path) as clip:
        assert [s.text for s in clip.subtitles] == ["hello"] and clip.digest != alone
    (tmp_path / "talk.srt").write_bytes(b"\x01\x02 no subtitles here")
    with opened(path) as clip:
        assert clip.subtitles == () and "talk.srt" in clip.notes[0].reason


def test_huge_sidecar_is_cut_at_a_line_and_told(tmp_path: Path, wav: Make, tone: Make):
    path = wav(tmp_path / "talk.wav", tone(0.5))
    entry = "{}\n00:00:0{},000 --> 00:00:0{},500\nü wie übermäßig, zum {}. Mal {}\n\n"
    text = "".join(entry.format(i, i % 9, i % 9, i, "ö" * 400) for i in range(3000))
    (tmp_path / "talk.srt").write_text(text, encoding="utf-8")
    with opened(path) as clip:
        assert len(clip.subtitles) > 1000 and all(s.text.startswith("ü wie übermäßig") for s in clip.subtitles)
        assert "over 2 MB" in clip.notes[0].reason


@pytest.mark.parametrize("name", ["ein Clip – ümlaut 你好 🙂.mp4", "data:x.mp4", "%03d.mp4", "-a.mp4"])
def test_odd_names(tmp_path: Path, film: Make, name: str, monkeypatch: pytest.MonkeyPatch):
    film(tmp_path / "a.mp4", seconds=0.4).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(seen(Path(name), 5)) == 2


def test_typed_text():
    with opened(text="I am fine.") as clip:
        assert (clip.text, clip.media.kind, clip.sound, list(clip.frames(5))) == ("I am fine.", "text", None, [])
    with pytest.raises(MediaError, match="no words"), opened(text=" \n"):
        pass


def test_text_file_in_any_encoding(tmp_path: Path):
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"):
        (tmp_path / "a.txt").write_bytes("Größe ist schön, sagt sie.".encode(encoding))
        assert probe(tmp_path / "a.txt").text == "Größe ist schön, sagt sie.", encoding


# ---- what stays behind


def test_no_room_for_the_sound(tmp_path: Path, wav: Make, tone: Make, monkeypatch: pytest.MonkeyPatch):
    path = wav(tmp_path / "a.wav", tone(0.5))
    monkeypatch.setattr(media_module.tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(RunError, match="cannot be kept"), opened(path) as clip:
        _ = clip.sound


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_stopping_in_the_middle_leaves_no_file(tmp_path: Path, film: Make, tone: Make, ending: signal.Signals):
    path = film(tmp_path / "a.mp4", seconds=4, sound=tone(4))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    code = textwrap.dedent(f"""
        import time
        from cuechain.agents.media import opened
        with opened({str(path)!r}) as clip:
            for frame in clip.frames(12.5):
                print(frame.index, flush=True)
                time.sleep(0.2)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as process:
        assert process.stdout
        for _ in range(4):
            assert process.stdout.readline()
        process.send_signal(ending)
        process.wait(10)
    time.sleep(0.05)
    assert process.returncode != 0
    assert list(temporary.iterdir()) == []


def test_real_clips_decode_whole(data: Path):
    for path in sorted((data / "media" / "videos").glob("*.m*4")):
        assert notes(path) == "", path


def test_a_mouth_that_moves_in_a_still_picture_is_seen_at_full_rate() -> None:
    """Its share of the whole is below what codecs change everywhere, which must not count as movement."""
    noise = np.random.default_rng(0)

    def pictures(stirs: int) -> list[Picture]:
        made: list[Picture] = []
        for i in range(50):
            thumb = np.full((36, 64), 120, np.uint8) + noise.integers(0, 3, (36, 64), dtype=np.uint8)
            thumb[20:24, 30:34] += np.uint8(stirs * (i // 2 % 2))
            image = np.zeros((9, 16, 3), np.uint8)
            made.append(Picture(i / 25, (i + 1) / 25, lambda: image, lambda: image, thumb, (16, 9)))  # noqa: B023
        return made

    # Two seconds at 12.5 a second, or two a second where nothing moves.
    assert len(list(sampled(iter(pictures(60)), 12.5))) >= 20
    assert len(list(sampled(iter(pictures(0)), 12.5))) <= 5
