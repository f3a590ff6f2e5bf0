"""A copy of a clip in a form that every browser shows: H.264 and AAC in MP4, a picture as PNG."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import MediaError
from cuechain.agents.media import opened
from cuechain.agents.probe import container_of, shown, streams_of

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

WIDEST = 960
"""Pixels of the longer side: enough beside a conversation, and quick to make."""
LONGEST = 1800.0
"""Seconds; copies of longer films would take minutes to make."""
FPS = 25


def playable(source: Path, target: Path, check: Callable[[], None]) -> None:
    """Write a copy that plays in a browser; times stay as they are.

    Args:
        source: A film or a sound that FFmpeg reads.
        target: An MP4 file; it is there when all of it is.
        check: Called for every frame; raises when the work is to end.

    Raises:
        MediaError: It is too long, or cannot be decoded.
    """
    import av
    from av.error import FFmpegError

    coming = target.with_suffix(".coming")
    try:
        with (
            container_of(source) as given,
            av.open(str(coming), "w", format="mp4", options={"movflags": "faststart"}) as made,
        ):
            if (given.duration or 0) / av.time_base > LONGEST:
                raise MediaError(f"{source.name} is too long for a copy", "open it in a player of its own")
            _copied(given, made, check)
        coming.replace(target)
    except (FFmpegError, ValueError) as error:
        raise MediaError(f"{source.name} cannot be copied: {error}", "open it in a player of its own") from error
    finally:
        coming.unlink(missing_ok=True)


def viewable(source: Path, target: Path, check: Callable[[], None]) -> None:
    """Write a picture as a PNG.

    Args:
        source: A picture.
        target: A PNG file; it is there when all of it is.
        check: Called once; raises when the work is to end.

    Raises:
        MediaError: It cannot be decoded.
    """
    from PIL import Image

    coming = target.with_suffix(".coming")
    with opened(source) as clip:
        frame = next(iter(clip.frames(1.0)), None)
    check()
    if frame is None:
        raise MediaError(f"{source.name} cannot be decoded", "open it in a program of its own")
    picture = Image.fromarray(frame.image)
    picture.thumbnail((2 * WIDEST, 2 * WIDEST))
    try:
        picture.save(coming, "PNG")
        coming.replace(target)
    finally:
        coming.unlink(missing_ok=True)


def _copied(given: InputContainer, made: OutputContainer, check: Callable[[], None]) -> None:
    import av

    video, audio, _ = streams_of(given)
    picture: Any = None
    sound: Any = made.add_stream("aac", 44_100, layout="stereo") if audio else None
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=44_100)
    size = (0, 0)
    last = -1
    for frame in given.decode([s for s in (video, audio) if s]):
        check()
        if isinstance(frame, av.AudioFrame):
            frame.pts = None if frame.time is None else round(frame.time * frame.sample_rate)
            for part in resampler.resample(frame):
                made.mux(sound.encode(part))
            continue
        if not isinstance(frame, av.VideoFrame):
            continue
        if picture is None:
            width, height, _ = shown(video, frame)
            scale = min(1.0, WIDEST / max(width, height))
            size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
            picture = made.add_stream("libx264", FPS, options={"preset": "ultrafast", "crf": "26"})
            picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
            picture.codec_context.time_base = Fraction(1, FPS)
            if frame.rotation:
                picture.set_display_rotation(frame.rotation)
        number = round((frame.time or 0.0) * FPS)
        if number > last:
            last = number
            small = frame.reformat(*size, format="yuv420p")
            small.pts, small.time_base = number, Fraction(1, FPS)
            made.mux(picture.encode(small))
    for stream in (picture, sound):
        if stream is not None:
            made.mux(stream.encode(None))
