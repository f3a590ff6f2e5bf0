"""What a file is, before it is decoded: kind, streams, duration, size and digest; what cannot be used is refused here.

A file comes from anywhere, so only formats that hold their own data are opened: playlists (HLS, concat) name other files and
addresses, and PostScript is a program.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.conversation import CONVERSATION_SUFFIXES, as_text, checked, turns_of
from cuechain.agents.errors import MediaError
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES, decode_text, parse
from cuechain.agents.values import Kind, Media, Turn

if TYPE_CHECKING:
    import av.container
    from PIL import Image

MAX_PIXELS = 178_956_970
"""Pictures above this are refused unread; the limit at which Pillow calls a picture a decompression bomb."""

MAX_TEXT = 2_000_000
"""Bytes of a text that are read: the subtitles of some twenty hours."""

TEXT_SUFFIXES = (".txt", ".md", ".text")

CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,ivf,mjpeg,flv,asf,rm,mxf,dv,nut,"
    "wav,w64,aiff,au,caf,ogg,mp3,aac,ac3,eac3,dts,flac,amr,ape,wv,tta"
)
"""FFmpeg demuxers that are let in."""

PICTURES = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "ICO")
"""Pillow formats that are let in (MPO comes with JPEG)."""

_FILMS = ("GIF", "WEBP", "PNG", "AVIF")
"""Pillow formats whose several frames are a film. A TIFF of several pages is a document."""

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError)
"""What Pillow raises for damaged files."""


def probe(path: str | Path, *, id: str = "m1") -> Media:
    """What a file is. Decodes at most one frame, to see how it is turned.

    Raises:
        MediaError: Missing, empty, unreadable, not a medium, or too large to decode safely.
    """
    path = Path(path)
    digest = _checked(path)
    if path.suffix.lower() in (*TEXT_SUFFIXES, *SUBTITLE_SUFFIXES, *CONVERSATION_SUFFIXES):
        return _text_file(path, id, digest)
    return _picture(path, id, digest) or _container(path, id, digest)


def typed(text: str, *, id: str = "m1") -> Media:
    """A text that was typed, as a medium.

    Raises:
        MediaError: Nothing is written in it.
    """
    return _text(text, id, None, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def spoken(turns: Sequence[Turn], *, id: str = "m1") -> Media:
    """A conversation, as a medium.

    Raises:
        MediaError: It cannot be looked at: no words, too many turns.
    """
    digest = hashlib.sha256(
        "\n".join(turn.model_dump_json() for turn in turns).encode("utf-8", "surrogatepass")
    ).hexdigest()
    return _conversation(checked(turns), id, None, digest)


@contextmanager
def container_of(path: str | Path) -> Generator[av.container.InputContainer]:
    """The file in FFmpeg, closed afterwards."""
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    # An absolute path: FFmpeg would take `data:x.mp4` for a protocol.
    with av.open(str(Path(path).absolute()), "r", metadata_errors="ignore", container_options=options) as container:
        yield container


def streams_of(container: av.container.InputContainer) -> tuple[Any, Any, Any]:
    """First real video, audio and text-subtitle stream. Cover art of a song is not a video; picture subtitles are not text."""
    import av.stream

    cover = av.stream.Disposition.attached_pic
    video = next((s for s in container.streams.video if not s.disposition & cover), None)
    audio = next(iter(container.streams.audio), None)
    readable = {"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"}
    subtitle = next((s for s in container.streams.subtitles if s.codec_context.name in readable), None)
    return video, audio, subtitle


@contextmanager
def image_of(path: str | Path) -> Generator[Image.Image]:
    """The file in Pillow, closed afterwards.

    Raises:
        MediaError: The picture is damaged or too large.
        PIL.UnidentifiedImageError: It is no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=PICTURES) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                yield image
    except UnidentifiedImageError:
        raise
    except Image.DecompressionBombError as error:
        limit = f"{path} is a picture of over {MAX_PIXELS // 1_000_000} megapixels"
        raise MediaError(limit, "scale it down before asking about it") from error
    except _DAMAGED as error:
        raise MediaError(f"{path} is a damaged picture: {error}", "open it elsewhere and save it again") from error


def page_seconds(image: Image.Image, index: int) -> float:
    """Seconds that one frame of an animation is shown; browsers show none shorter than 20 ms."""
    image.seek(index)
    if image.format in ("WEBP", "AVIF"):  # these know it only when it is decoded
        image.load()
    return max(0.02, float(image.info.get("duration") or 100) / 1000)


def _checked(path: Path) -> str:
    """Refuse what is not a readable, non-empty regular file; return its digest."""
    try:
        if path.is_dir():
            raise MediaError(f"{path} is a folder", "give a file; `cuechain perceive FOLDER/*` takes several")
        if not path.exists():
            raise MediaError(f"{path} does not exist", "check the path")
        if not path.is_file():
            raise MediaError(f"{path} is not a regular file", "copy the stream to a file first")
        state = path.stat()
        if not state.st_size:
            raise MediaError(f"{path} is empty (0 bytes)", "was the download complete?")
        return _digest(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}", "check its permissions") from error


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed: int) -> str:
    """SHA-256 of a file, read once as long as its size and its time of change stay: stretches of one film are opened again and again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text(text: str, id: str, path: Path | None, digest: str) -> Media:
    if not text.strip():
        raise MediaError(f"{path or 'the text'} holds no words", "give some text")
    return Media(id=id, kind="text", path=str(path) if path else None, text=text, streams=("text",), sha256=digest)


def _text_file(path: Path, id: str, digest: str) -> Media:
    if path.stat().st_size > MAX_TEXT:
        raise MediaError(f"{path} is a text of over {MAX_TEXT // 1_000_000} MB", "split it")
    text = decode_text(path.read_bytes())
    if "\x00" in text:
        raise MediaError(f"{path} is not a text", "its name says text, its bytes do not")
    if path.suffix.lower() in CONVERSATION_SUFFIXES:
        return _conversation(turns_of(text, path.suffix.lower(), str(path)), id, path, digest)
    media = _text(text, id, path, digest)
    if path.suffix.lower() not in SUBTITLE_SUFFIXES:
        return media
    lines = parse(text, path.suffix)
    if not lines:
        raise MediaError(f"{path} holds no subtitle that can be read", "is it a valid .srt or .vtt file?")
    return media.model_copy(update={"streams": ("subtitles",), "duration": max(s.span.end for s in lines)})


def _conversation(turns: tuple[Turn, ...], id: str, path: Path | None, digest: str) -> Media:
    if path is not None:  # files of turns are named from where the conversation lies
        turns = tuple(t.model_copy(update={"file": str(path.parent / t.file)}) if t.file else t for t in turns)
    media = _text(as_text(turns), id, path, digest)
    end = max((turn.span.end for turn in turns if turn.span), default=None)
    return media.model_copy(update={"turns": turns, "duration": end})


def _picture(path: Path, id: str, digest: str) -> Media | None:
    from PIL import UnidentifiedImageError

    try:
        with image_of(path) as image:
            width, height = image.size
            if image.getexif().get(0x0112) in (5, 6, 7, 8):  # EXIF orientations that swap the sides
                width, height = height, width
            frames = getattr(image, "n_frames", 1) if image.format in _FILMS else 1
            duration = sum(page_seconds(image, i) for i in range(frames)) if frames > 1 else None
    except UnidentifiedImageError:
        return None
    return Media(
        id=id, kind="image", path=str(path), duration=duration, streams=("image",), size=(width, height), sha256=digest
    )


def _container(path: Path, id: str, digest: str) -> Media:
    import av
    from av.error import ArgumentError, FFmpegError

    try:
        with container_of(path) as container:
            found = streams_of(container)
            names = tuple(n for n, s in zip(("video", "audio", "subtitles"), found, strict=True) if s is not None)
            if found[0] is None and found[1] is None:
                raise MediaError(f"{path} holds neither picture nor sound", "is it a media file?")
            duration = max(0.0, float(container.duration / av.time_base)) if container.duration else None
            size = None if found[0] is None else _size(path, container, found[0])
    except FFmpegError as error:
        if isinstance(error, ArgumentError):  # how FFmpeg says that the format is not among CONTAINERS
            raise MediaError(
                f"{path} cannot be decoded: it is a playlist or a rare format", "give the media file"
            ) from error
        table = path.suffix.lower() in (".csv", ".tsv", ".parquet")
        hint = "a table is for `cuechain batch`" if table else "not a media file, or cut off before its index"
        raise MediaError(f"{path} cannot be decoded: {error.strerror}", hint) from error
    kind: Kind = "audio" if found[0] is None else "video"
    return Media(id=id, kind=kind, path=str(path), duration=duration, streams=names, size=size, sha256=digest)


def shown(video: Any, frame: Any) -> tuple[int, int, int]:
    """Width and height of a frame in square pixels before it is turned, and the quarter turns that bring it upright."""
    aspect = float(video.sample_aspect_ratio or 1)
    width = frame.width * aspect if 0.25 < aspect < 4 else frame.width
    return max(1, round(width)), frame.height, round((frame.rotation or 0) / 90) % 4


def _size(path: Path, container: av.container.InputContainer, video: Any) -> tuple[int, int]:
    """Size as shown. PyAV tells how a picture is turned only with the frame, so one frame is decoded."""
    from av.error import FFmpegError

    context = video.codec_context
    if not context.width or not context.height:
        raise MediaError(f"{path} has a video stream without a picture size", "is the file complete?")
    if context.width * context.height > MAX_PIXELS:
        raise MediaError(f"{path} is {context.width}x{context.height} pixels large", "scale it down")
    try:
        width, height, turns = shown(video, next(container.decode(video)))
    except (FFmpegError, StopIteration):
        return context.width, context.height
    return (height, width) if turns % 2 else (width, height)
