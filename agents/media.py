"""Open, probe and decode media in bounded memory, in one pass.

A file is decoded once: frames are handed out as they come, the sound goes to a temporary file that is mapped into memory, embedded
subtitles are collected on the way. Nothing here grows with the length of the clip but that temporary file.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cuechain.agents.errors import MediaError
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES, Subtitle, decode_text, parse, said
from cuechain.agents.values import Gap, Kind, Media

if TYPE_CHECKING:
    import av.container
    import numpy as np
    from PIL import Image

RATE = 16_000
"""Samples per second of every waveform."""

MAX_SIDE = 1280
"""Longest side of a frame that senses get, in pixels: enough for small print, a quarter of 4K."""

MAX_PIXELS = 178_956_970
"""Pictures above this are refused unread; the limit at which Pillow calls a picture a decompression bomb."""

MAX_TEXT = 2_000_000
"""Bytes of a text file that are read; a longer text is refused."""

STILL = 0.004
"""Mean absolute difference of thumbnails (0-1) under which a picture counts as unchanged; codec noise lies below it."""

STILL_SECONDS = 0.5
"""An unchanged picture is still handed out this often, so that no stretch goes unseen."""

CUT = 0.14
"""Thumbnail difference that makes a new shot, when it also stands out threefold from the motion before it."""

TEXT_SUFFIXES = (".txt", ".md", ".text")


@dataclass(slots=True)
class Frame:
    """One picture of a clip."""

    time: float
    """Seconds from the beginning."""
    image: np.ndarray
    """uint8 (height, width, 3) RGB as shown; longest side at most MAX_SIDE."""
    index: int
    """Number among the sampled frames."""
    shot: int
    """Number of the shot, from 0."""
    motion: float
    """Mean absolute difference to the sampled frame before, 0 to 1, on 64×36 grey thumbnails; 0 at a cut."""
    hold: float
    """Seconds that this frame stands for at the sampling rate; 0 for a still image."""
    size: tuple[int, int]
    """Width and height of the original in pixels, as shown."""


_Picture: TypeAlias = "tuple[float, Callable[[], np.ndarray], np.ndarray, tuple[int, int]]"
"""Time, a function that converts the RGB image, the thumbnail, the shown size: only sampled pictures are converted."""


class Clip:
    """One opened medium. Made by `opened`."""

    def __init__(self, media: Media, sidecar: tuple[Subtitle, ...] = ()) -> None:
        self.media = media
        self.notes: list[Gap] = []
        """What was wrong with the file itself, as gaps of the sense `media`."""
        self._subtitles: list[Subtitle] = list(sidecar)
        self._track: list[Subtitle] = []
        self._sound_file: Any = None
        self._samples = 0
        self._passed = media.kind in ("image", "text")

    @property
    def text(self) -> str | None:
        """The text itself, for a text."""
        return self.media.text

    @property
    def sound(self) -> np.ndarray | None:
        """Mono float32 waveform at RATE in [-1, 1], mapped from disk; None without sound. Decodes when that has not happened yet."""
        import numpy as np

        if "audio" not in self.media.streams:
            return None
        self._finish()
        if not self._samples:
            return None
        self._sound_file.flush()
        return np.memmap(self._sound_file.name, dtype=np.float32, mode="r", shape=(self._samples,))

    @property
    def subtitles(self) -> tuple[Subtitle, ...]:
        """Lines of a sidecar file, else of the embedded track, in order of time."""
        if not self._subtitles and "subtitles" in self.media.streams:
            self._finish()
        return tuple(sorted(self._subtitles or self._track, key=lambda s: (s.span.start, s.span.end)))

    def frames(self, fps: float) -> Iterator[Frame]:
        """Sampled pictures in order of time: at most `fps` a second, about two a second while nothing moves, each cut seen.

        Runs the one decode pass, so it can be run through once; sound and subtitles are there afterwards. A still image gives one
        frame, an animated one several, audio and text give none.

        Raises:
            MediaError: Nothing could be decoded.
        """
        if self.media.kind == "image":
            yield from _sampled(_image_frames(self.media), fps, self.media.duration)
        elif not self._passed:
            self._passed = True
            yield from _sampled(self._decode(pictures=True), fps, self.media.duration)

    def close(self) -> None:
        """Remove the temporary sound."""
        if self._sound_file is not None:
            self._sound_file.close()

    def _finish(self) -> None:
        """Decode the sound and subtitles alone, when no frames were asked for."""
        if not self._passed:
            self._passed = True
            for _ in self._decode(pictures=False):
                pass

    def _decode(self, *, pictures: bool) -> Iterator[_Picture]:
        """One pass over all streams. Damaged packets are skipped and told."""
        import av

        if self._sound_file is None:
            self._sound_file = tempfile.NamedTemporaryFile(prefix="cuechain-", suffix=".f32")  # noqa: SIM115
        broken, last = 0, 0.0
        with av.open(str(self.media.path), metadata_errors="ignore") as container:
            video, audio, subtitle = _streams(container)
            if video is not None:
                video.thread_type = "AUTO"
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            wanted = [s for s in (video if pictures else None, audio, subtitle) if s is not None]
            packets = container.demux(wanted)
            while wanted:
                try:
                    packet = next(packets)
                    decoded = packet.decode()
                except StopIteration:
                    break
                except av.error.FFmpegError as error:
                    broken += 1
                    # An endless row of errors (a file cut in the middle) ends the pass; single damaged packets do not.
                    if isinstance(error, av.error.EOFError) or broken > 500:
                        break
                    continue
                for item in decoded:
                    if isinstance(item, av.VideoFrame):
                        if item.time is None:
                            continue
                        last = max(last, item.time)
                        yield _picture(item)
                    elif isinstance(item, av.AudioFrame):
                        self._store(item, resampler)
                    elif packet.stream is subtitle:
                        line = _subtitle(item, packet)
                        self._track.extend([line] if line else [])
            for item in resampler.resample(None) if self._samples else ():
                self._write(item)
        last = max(last, self._samples / RATE)
        if not last and ("video" in self.media.streams or "audio" in self.media.streams):
            raise MediaError(f"nothing in {self.media.path} could be decoded", "is the file complete?")
        expected = self.media.duration or 0.0
        # Without the pictures a pass over a clip whose sound is shorter says nothing about damage.
        if pictures and expected - last > max(1.0, 0.1 * expected):
            self.notes.append(
                Gap(sense="media", reason=f"the file ends early: {last:.1f} of {expected:.1f} s could be decoded")
            )
        elif broken:
            self.notes.append(Gap(sense="media", reason=f"{broken} damaged packets were skipped"))

    def _store(self, frame: Any, resampler: Any) -> None:
        for item in resampler.resample(frame):
            # A track that starts late, or with holes, keeps its times: silence fills them.
            hole = round((frame.time or 0.0) * RATE) - self._samples
            if hole > RATE // 5:
                import numpy as np

                for begin in range(0, hole, RATE * 60):
                    self._sound_file.write(np.zeros(min(RATE * 60, hole - begin), np.float32).tobytes())
                self._samples += hole
            self._write(item)

    def _write(self, item: Any) -> None:
        data = item.to_ndarray().reshape(-1)
        self._sound_file.write(data.tobytes())
        self._samples += data.size


@contextmanager
def opened(path: str | Path | None = None, *, text: str | None = None, id: str = "m1") -> Iterator[Clip]:
    """Open one medium: a file of any kind, or a typed text.

    A subtitle file of the same name beside a video or sound (`talk.mp4`, `talk.srt`) is read with it.

    Raises:
        MediaError: Missing, empty, unreadable, not a medium, or too large to decode safely.
    """
    if text is not None:
        clip = Clip(_text_media(text, id, None))
    else:
        source = Path(str(path))
        media = probe(source, id=id)
        clip = Clip(media, _sidecar(source, media))
    try:
        yield clip
    finally:
        clip.close()


def probe(path: str | Path, *, id: str = "m1") -> Media:
    """What a file is: kind, streams, duration, size and digest. Decodes nothing.

    Raises:
        MediaError: See `opened`.
    """
    path = Path(path)
    digest = _checked(path)
    if path.suffix.lower() in (*TEXT_SUFFIXES, *SUBTITLE_SUFFIXES):
        return _text_file(path, id, digest)
    image = _probe_image(path, id, digest)
    return image or _probe_container(path, id, digest)


def _checked(path: Path) -> str:
    """Refuse what is not a readable, non-empty regular file; return its digest."""
    try:
        if path.is_dir():
            raise MediaError(f"{path} is a folder", "give a file; `cuechain perceive FOLDER/*` takes several")
        if not path.exists():
            raise MediaError(f"{path} does not exist", "check the path")
        if not path.is_file():
            raise MediaError(f"{path} is not a regular file", "copy the stream to a file first")
        if not path.stat().st_size:
            raise MediaError(f"{path} is empty (0 bytes)", "was the download complete?")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}", "check its permissions") from error


def _text_media(text: str, id: str, path: Path | None, digest: str = "") -> Media:
    if not text.strip():
        raise MediaError(f"{path or 'the text'} holds no words", "give some text")
    digest = digest or hashlib.sha256(text.encode()).hexdigest()
    return Media(id=id, kind="text", path=str(path) if path else None, text=text, streams=("text",), sha256=digest)


def _text_file(path: Path, id: str, digest: str) -> Media:
    if path.stat().st_size > MAX_TEXT:
        raise MediaError(f"{path} is a text of over {MAX_TEXT // 1_000_000} MB", "split it")
    data = path.read_bytes()
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise MediaError(f"{path} is not a text", "its name says text, its bytes do not")
    text = decode_text(data)
    if path.suffix.lower() not in SUBTITLE_SUFFIXES:
        return _text_media(text, id, path, digest)
    lines = parse(text, path.suffix)
    if not lines:
        raise MediaError(f"{path} holds no subtitle that can be read", "is it a valid .srt or .vtt file?")
    media = _text_media(text, id, path, digest)
    return media.model_copy(update={"streams": ("subtitles",), "duration": max(s.span.end for s in lines)})


def _sidecar(path: Path, media: Media) -> tuple[Subtitle, ...]:
    if media.streams == ("subtitles",):
        return tuple(parse(media.text or "", path.suffix))
    if media.kind not in ("video", "audio"):
        return ()
    for suffix in SUBTITLE_SUFFIXES:
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return tuple(parse(decode_text(beside.read_bytes()[:MAX_TEXT]), suffix))
    return ()


def _probe_image(path: Path, id: str, digest: str) -> Media | None:
    from PIL import Image, UnidentifiedImageError

    too_large = MediaError(
        f"{path} is a picture of over {MAX_PIXELS // 1_000_000} megapixels", "scale it down before asking about it"
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise too_large
                if image.getexif().get(0x0112) in (5, 6, 7, 8):  # EXIF orientations that swap the sides
                    width, height = height, width
                frames = getattr(image, "n_frames", 1)
                # A TIFF of several pages is a document, not a film.
                animated = frames > 1 and image.format in ("GIF", "WEBP", "PNG")
                duration = sum(_frame_seconds(image, i) for i in range(min(frames, 2000))) if animated else None
    except Image.DecompressionBombError as error:
        raise too_large from error
    except UnidentifiedImageError:
        return None
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{path} is a damaged picture: {error}", "open it elsewhere and save it again") from error
    return Media(
        id=id, kind="image", path=str(path), duration=duration, streams=("image",), size=(width, height), sha256=digest
    )


def _frame_seconds(image: Image.Image, index: int) -> float:
    image.seek(index)
    return max(0.02, float(image.info.get("duration", 100)) / 1000)


def _probe_container(path: Path, id: str, digest: str) -> Media:
    import av

    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            video, audio, subtitle = _streams(container)
            streams = tuple(
                name
                for name, stream in (("video", video), ("audio", audio), ("subtitles", subtitle))
                if stream is not None
            )
            if video is None and audio is None:
                raise MediaError(f"{path} holds neither picture nor sound", "is it a media file?")
            duration = float(container.duration / av.time_base) if container.duration else None
            size = None
            if video is not None:
                context = video.codec_context
                if not context.width or not context.height:
                    raise MediaError(f"{path} has a video stream without a picture size", "is the file complete?")
                if context.width * context.height > MAX_PIXELS:
                    raise MediaError(f"{path} is {context.width}x{context.height} pixels large", "scale it down")
                size = (context.width, context.height)
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{path} cannot be decoded: {error.strerror}", "not a media file, or cut off before its index"
        ) from error
    kind: Kind = "video" if video is not None else "audio"
    return Media(id=id, kind=kind, path=str(path), duration=duration, streams=streams, size=size, sha256=digest)


def _streams(container: av.container.InputContainer) -> tuple[Any, Any, Any]:
    """First real video, audio and text-subtitle stream. Cover art of a song is not a video; picture subtitles are not text."""
    import av.stream

    cover = av.stream.Disposition.attached_pic
    video = next((s for s in container.streams.video if not s.disposition & cover), None)
    audio = next((s for s in container.streams.audio if s.codec_context is not None), None)
    readable = {"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"}
    subtitle = next((s for s in container.streams.subtitles if s.codec_context.name in readable), None)
    return video, audio, subtitle


def _subtitle(item: Any, packet: Any) -> Subtitle | None:
    if packet.pts is None or not packet.duration:
        return None
    start = float(packet.pts * packet.time_base)
    raw = getattr(item, "dialogue", b"") or getattr(item, "text", b"")
    return said(raw.decode("utf-8", "replace"), start, start + float(packet.duration * packet.time_base))


def _picture(frame: Any) -> _Picture:
    """Time, RGB image, thumbnail and shown size of a decoded frame, upright."""
    import numpy as np

    width, height = frame.width, frame.height
    scale = min(1.0, MAX_SIDE / max(width, height))
    thumb = frame.reformat(64, 36, "gray").to_ndarray()

    turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4

    def image() -> np.ndarray:
        small = frame.reformat(max(1, round(width * scale)), max(1, round(height * scale)), "rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(small, turns)) if turns else small

    return frame.time, image, thumb, (height, width) if turns % 2 else (width, height)


def _image_frames(media: Media) -> Iterator[_Picture]:
    import numpy as np
    from PIL import Image, ImageOps

    path = str(media.path)
    time = 0.0
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            count = getattr(image, "n_frames", 1) if media.duration else 1
            for index in range(count):
                hold = _frame_seconds(image, index) if media.duration else 0.0
                image.draft("RGB", (MAX_SIDE * 2, MAX_SIDE * 2))  # a JPEG is decoded near the size that is needed
                picture = image if count > 1 else ImageOps.exif_transpose(image)
                picture = picture.convert("RGBA" if "transparency" in image.info or "A" in image.mode else "RGB")
                if picture.mode == "RGBA":  # words on a transparent ground are dark more often than light
                    ground = Image.new("RGBA", picture.size, "white")
                    picture = Image.alpha_composite(ground, picture).convert("RGB")
                picture.thumbnail((MAX_SIDE, MAX_SIDE))
                array = np.asarray(picture)
                thumb = np.asarray(picture.convert("L").resize((64, 36)))
                size = media.size or (picture.width, picture.height)
                yield time, lambda array=array: array, thumb, size
                time += hold
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{path} is a damaged picture: {error}", "open it elsewhere and save it again") from error


def _sampled(pictures: Iterator[_Picture], fps: float, duration: float | None) -> Iterator[Frame]:
    """Keep what a sense needs to see: the rate that was asked for where something moves, less where nothing does, every cut."""
    import numpy as np

    step = 1.0 / fps
    before: Any = None
    kept, due, index, shot, usual = -1e9, -1e9, 0, 0, 0.02
    for time, image, thumb, size in pictures:
        if time + 1e-6 < due:
            continue
        grey = thumb.astype(np.int16)
        motion = float(np.abs(grey - before).mean()) / 255 if before is not None else 0.0
        cut = before is not None and motion > CUT and motion > 3 * usual
        if before is not None and not cut and motion < STILL and time - kept < STILL_SECONDS:
            continue
        usual = 0.9 * usual + 0.1 * motion if not cut else 0.02
        shot += cut
        yield Frame(
            time=max(0.0, time),
            image=image(),
            index=index,
            shot=shot,
            motion=0.0 if cut else motion,
            hold=step if duration else 0.0,
            size=size,
        )
        before, kept, due, index = grey, time, time + step * 0.999, index + 1
