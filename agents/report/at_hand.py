"""The files that a case was made from, as far as they are still there and unchanged: players, pictures, frames of cited moments."""

from __future__ import annotations

import base64
import hashlib
import io
import mimetypes
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cuechain.agents.errors import ConfigError, CueChainError
from cuechain.agents.fetch import is_address
from cuechain.agents.media import opened
from cuechain.agents.probe import container_of, shown, streams_of
from cuechain.agents.report.timeline import cues_of, name_of
from cuechain.agents.values import Case, Cue, Media

if TYPE_CHECKING:
    from PIL import Image

MOST_EMBEDDED = 50_000_000
"""Bytes of media that a page may hold: browsers keep it in memory, a third larger, more than once."""

PICTURE_SIDE = 960
"""Longest side of a still image, in pixels."""

FRAME_SIDE = 480
"""Longest side of a frame of a video, in pixels."""

MOST_FRAMES = 12
"""Frames on a page."""

NEAR = 0.5
"""Seconds within which two moments share a frame."""

MOST_DECODED = 600
"""Pictures that are decoded to come from a keyframe to a moment: ten seconds at sixty a second."""


@dataclass(frozen=True)
class File:
    """One medium of a case."""

    media: Media
    """As the case has it."""
    name: str
    """Of the file, without its folder."""
    path: Path | None = None
    """Where it lies; None where it is not at hand."""
    note: str = ""
    """Why it is not at hand."""


@dataclass(frozen=True)
class Still:
    """A frame of a video."""

    media: str
    """Id of the video."""
    time: float
    """Seconds."""
    cues: tuple[str, ...]
    """Ids of the cues that are cited at this moment."""
    picture: str
    """A JPEG as a data URI."""


def found(media: Media, beside: Path | None) -> File:
    """The file of a medium, if it is the one that was perceived.

    Args:
        media: As the case has it; a path that leads nowhere is tried in `beside` and its `media/`, too.
        beside: Folder of the stored case, or of the session.
    """
    name = name_of(media)
    if media.path is None:
        return File(media, name)
    if is_address(media.path):
        return File(media, name, note="it came from an address, and a page asks the network for nothing")
    told = Path(media.path)
    for path in (told, *((beside / told, beside / told.name, beside / "media" / told.name) if beside else ())):
        try:
            if not path.is_file():
                continue
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):  # a name that no file can have
            continue
        if media.sha256 and digest != media.sha256:
            return File(media, name, note="the file has changed since")
        return File(media, name, path)
    return File(media, name, note="the file is not where it was")


def address(file: File, page: Path, *, embed: bool) -> str | None:
    """What a player of the page plays: the bytes themselves, or a path that leads from the page to the file; None where it is not at hand.

    Raises:
        ConfigError: It is larger than a page can hold.
    """
    if file.path is None:
        return None
    if not embed:
        try:
            way = os.path.relpath(file.path.resolve(), page.resolve().parent)
        except ValueError:  # another drive
            return file.path.resolve().as_uri()
        return quote(Path(way).as_posix())
    size = file.path.stat().st_size
    if size > MOST_EMBEDDED:
        raise ConfigError(
            f"{file.name} has {size / 1e6:.0f} MB, a page can hold {MOST_EMBEDDED / 1e6:.0f} MB",
            "leave --embed-media out: the page then plays the file from where it lies",
        )
    kind = mimetypes.guess_type(file.name)[0] or f"{file.media.kind}/mp4"
    # Chromium refuses QuickTime by its name, though not by its contents.
    return _uri("video/mp4" if kind == "video/quicktime" else kind, file.path.read_bytes())


def picture(file: File) -> str | None:
    """A still image as a small JPEG; None where it cannot be shown."""
    if file.path is None or file.media.kind != "image":
        return None
    from PIL import Image

    try:
        with opened(file.path) as clip:
            frame = next(iter(clip.frames(1.0)), None)
        return _jpeg(Image.fromarray(frame.image), PICTURE_SIDE) if frame else None
    except (CueChainError, OSError):
        return None


def stills(cases: Sequence[Case], files: Iterable[File]) -> list[Still]:
    """Frames of the moments that answers cite, in order of time: those that are cited first, up to MOST_FRAMES."""
    videos = {f.media.id: f.path for f in files if f.path is not None and f.media.kind == "video"}
    moments: dict[tuple[str, float], list[str]] = {}
    for case in cases:
        cues = cues_of(case.sheet)
        for id in (i for claim in (case.answer.claims if case.answer else ()) for i in claim.cites):
            cue = cues.get(id)
            if cue is None or cue.span is None or cue.media is None or cue.media not in videos:
                continue
            media, time = cue.media, _moment(cue)
            near = next((m for m in moments if m[0] == media and abs(m[1] - time) < NEAR), None)
            if near is not None:
                moments[near].append(id)
            elif len(moments) < MOST_FRAMES:
                moments[media, time] = [id]
    made: list[Still] = []
    for media, path in videos.items():
        wanted = sorted(time for one, time in moments if one == media)
        for time, frame in _frames(path, wanted):
            cues = tuple(dict.fromkeys(moments[media, time]))
            made.append(Still(media, time, cues, _jpeg(frame, FRAME_SIDE)))
    return made


def _moment(cue: Cue) -> float:
    """When a cue is best seen: at its peak, where it has one."""
    assert cue.span is not None
    peak = cue.measures.get("peak_s")
    if isinstance(peak, int | float) and cue.span.start <= peak <= cue.span.end:
        return float(peak)
    return (cue.span.start + cue.span.end) / 2


def _frames(path: Path, times: Sequence[float]) -> Iterable[tuple[float, Image.Image]]:
    """The frames at these times, each with its time; what cannot be decoded is left out."""
    import av
    from av.error import FFmpegError

    if not times:
        return
    try:
        with container_of(path) as container:
            video = streams_of(container)[0]
            begin = (container.start_time or 0) / av.time_base
            for time in times:
                try:
                    frame = _frame(container, video, begin + time)
                except FFmpegError:
                    continue
                if frame is not None:
                    yield time, frame
    except (FFmpegError, OSError, CueChainError):
        return


def _frame(container: Any, video: Any, time: float) -> Image.Image | None:
    """The last picture that has begun at a time in seconds of the container's own clock."""
    import av

    container.seek(int(time * av.time_base))
    last = None
    for number, frame in enumerate(container.decode(video)):
        if last is not None and (frame.time is None or frame.time > time):
            break
        last = frame
        if number > MOST_DECODED:
            break
    if last is None:
        return None
    width, height, turns = shown(video, last)
    upright = last.to_image().resize((width, height))
    return upright.rotate(90 * turns, expand=True) if turns else upright


def _jpeg(image: Image.Image, side: int) -> str:
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return _uri("image/jpeg", buffer.getvalue())


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
