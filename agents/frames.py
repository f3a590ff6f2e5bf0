"""Pictures as senses get them: upright, small enough, and only as many as there is something new to see."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from cuechain.agents.probe import container_of, image_of, page_seconds, shown, streams_of
from cuechain.agents.values import Media, Span

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

MAX_SIDE = 1280
"""Longest side of a frame that senses get, in pixels: enough for small print, a quarter of 4K."""

THREADS = 4
"""Decoder threads: each holds frames of its own, so a machine of 64 cores would hold a gigabyte of 4K."""

SMALL = (96, 54)
"""Width and height of Frame.small."""

STILL = 0.012
"""Mean absolute difference of thumbnails (0-1) in the part of a picture that changed most, an 8 by 9 of it, under which it counts as
unchanged: a mouth that talks stirs its own part alone. Codec noise lies below it."""

STILL_SECONDS = 0.5
"""An unchanged picture is still handed out this often, so that no stretch goes unseen."""

CUT = 0.08
"""Thumbnail difference from one decoded picture to the next that makes a new shot, when it is also twice the motion around it. Titles
that pop up stay below; walking past the lens and fast pans reach 0.12, but over many pictures."""

CUT_SECONDS = 0.2
"""Pictures closer than this are compared as one movement; what comes and goes within half of it is a flash, not a shot."""


def _nothing() -> np.ndarray:
    import numpy as np

    return np.empty(0, np.uint8)


@dataclass(slots=True)
class Frame:
    """One picture of a clip."""

    time: float
    """Seconds from the beginning."""
    image: np.ndarray
    """uint8 (height, width, 3) RGB as shown; longest side at most MAX_SIDE. All senses look at this one, so it cannot be written to."""
    index: int
    """Number among the sampled frames."""
    shot: int
    """Number of the shot, from 0."""
    motion: float
    """Mean absolute difference to the sampled frame before, 0 to 1, on 64×36 grey thumbnails; 0 at a cut."""
    hold: float
    """Seconds that this frame stands for, until the next one; 0 for a still image."""
    size: tuple[int, int]
    """Width and height of the original in pixels, as shown."""
    small: np.ndarray = field(default_factory=_nothing)
    """uint8 (54, 96, 3): `image` squeezed to that size by averaging, for who asks about light, colour and change alone."""

    def __post_init__(self) -> None:
        """A frame that was not decoded from a video is squeezed here."""
        import cv2

        if not self.small.size:
            self.small = cv2.resize(self.image, SMALL, interpolation=cv2.INTER_AREA)


@dataclass(slots=True)
class Picture:
    """One decoded picture before it is known whether anybody wants to see it."""

    time: float
    """Seconds from the beginning."""
    until: float
    """When it ends, as far as the file says; `time` for a still image."""
    image: Callable[[], np.ndarray]
    """Converts it to an upright RGB array: costs as much as decoding, so only sampled pictures are."""
    small: Callable[[], np.ndarray]
    """See Frame.small; empty where that is to be made from the image."""
    thumb: np.ndarray
    """uint8 (36, 64) grey."""
    size: tuple[int, int]
    """Width and height of the original in pixels, as shown."""


@dataclass(slots=True)
class Reading:
    """How far one stream could be decoded."""

    declared: float
    """Seconds that the stream says it has; 0 where it says nothing."""
    end: float | None = None
    """Where what was decoded ends; None when nothing was."""
    broken: int = 0
    """Damaged pieces that were passed over."""


def of_video(media: Media, reading: Reading, stretch: Span | None = None) -> Iterator[Picture]:
    """The pictures of a video as they are decoded; how far that went is noted in `reading`. Damaged packets are skipped.

    Of a stretch, only its pictures (and those back to the key frame before it) are decoded; its beginning is second 0.
    """
    import av
    from av.video.reformatter import VideoReformatter

    with container_of(str(media.path)) as container:
        video = streams_of(container)[0]
        video.thread_type = "AUTO"
        video.codec_context.thread_count = min(THREADS, os.cpu_count() or 1)
        reading.declared = declared(video)
        scalers = (
            VideoReformatter(),
            VideoReformatter(),
            VideoReformatter(),
        )  # each keeps its tables as long as the sizes stay
        # Some recordings begin at the hour of the day: the first packet is second 0.
        begin = (container.start_time or 0) / av.time_base + (stretch.start if stretch else 0.0)
        if stretch:
            sought(container, video, begin)
        for _, frame in decoded(container, [video], reading):
            time = frame.time - begin if frame.time is not None else reading.end or 0.0
            if stretch and time < 0:  # on the way from the key frame
                continue
            if stretch and time >= stretch.length:
                return
            time = max(0.0, time)
            picture = _of_frame(frame, video, time, scalers)
            reading.end = max(reading.end or 0.0, picture.until, time)
            yield picture


def sought(container: Any, stream: Any, seconds: float) -> None:
    """Go on decoding at the last place before a time from which that is possible; from the beginning where a file cannot be sought in."""
    from av.error import FFmpegError

    with suppress(FFmpegError):
        container.seek(max(0, int(seconds / stream.time_base)), stream=stream)


def declared(stream: Any) -> float:
    """Seconds that a stream says it has; 0 where it says nothing."""
    return float(stream.duration * stream.time_base) if stream.duration else 0.0


def decoded(container: Any, wanted: list[Any], reading: Reading) -> Iterator[tuple[Any, Any]]:
    """Packets of the streams that are wanted, each with one thing that was in it; damage is counted in `reading`."""
    from av.error import FFmpegError

    packets = container.demux(wanted)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            items: list[Any] = list(packet.decode())
        except FFmpegError:  # after an error between packets the file has no more of them
            reading.broken += 1
            continue
        yield from ((packet, item) for item in items)


def _of_frame(frame: Any, video: Any, time: float, scalers: tuple[Any, Any, Any]) -> Picture:
    """A decoded frame as a picture. Turning and scaling wait until somebody wants it."""
    import numpy as np

    width, height, turns = shown(video, frame)
    scale = min(1.0, MAX_SIDE / max(width, height))
    small = max(1, round(width * scale)), max(1, round(height * scale))

    def upright(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.rot90(array, turns)) if turns else array

    def image() -> np.ndarray:
        return upright(scalers[0].reformat(frame, *small, "rgb24", threads=1).to_ndarray())

    def squeezed() -> np.ndarray:
        sides = SMALL[::-1] if turns % 2 else SMALL
        return upright(scalers[2].reformat(frame, *sides, "rgb24", interpolation="AREA", threads=1).to_ndarray())

    rate = video.average_rate or 25
    length = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else float(1 / rate)
    thumb = scalers[1].reformat(frame, 64, 36, "gray", threads=1).to_ndarray()
    return Picture(time, time + length, image, squeezed, thumb, (height, width) if turns % 2 else (width, height))


def of_image(media: Media) -> Iterator[Picture]:
    """The pictures of an image file: one, or those of an animation; of a document of several pages the first.

    Raises:
        MediaError: The file is damaged.
    """
    import numpy as np

    time = 0.0
    with image_of(str(media.path)) as source:
        for index in range(getattr(source, "n_frames", 1) if media.duration else 1):
            hold = page_seconds(source, index) if media.duration else 0.0
            picture = _rgb(source, alone=media.duration is None)
            array = np.asarray(picture)
            thumb = np.asarray(picture.convert("L").resize((64, 36)))
            yield Picture(time, time + hold, lambda array=array: array, _nothing, thumb, media.size or picture.size)
            time += hold


def _rgb(image: Image.Image, *, alone: bool) -> Image.Image:
    """Upright, at most MAX_SIDE, RGB, on white where it is transparent. `alone`: no later frame builds on this one."""
    import numpy as np
    from PIL import Image, ImageOps

    # Scaled down before all else, where that is possible: a picture of 170 megapixels is half a gigabyte in RGB.
    if alone and image.mode in ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"):
        image.thumbnail((MAX_SIDE, MAX_SIDE))
    if image.mode.startswith(("I", "F")):  # 16 and 32 bits: Pillow would clip them to white
        step = max(1, max(image.size) // (2 * MAX_SIDE))
        values = np.nan_to_num(np.asarray(image)[::step, ::step].astype(np.float32))
        top = next((t for t in (1.0, 255.0, 65_535.0) if values.max(initial=0) <= t), float(values.max(initial=0)))
        image = Image.fromarray((np.clip(values / top, 0, 1) * 255).astype(np.uint8))
    picture = image.convert("RGBA" if "transparency" in image.info or "A" in image.mode else "RGB")
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    if alone:
        ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode == "RGBA":  # words on a transparent ground are dark more often than light
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture


def _kept(image: np.ndarray) -> np.ndarray:
    """A view that nobody can write to."""
    view = image.view()
    view.flags.writeable = False
    return view


def _difference(a: Picture, b: Picture) -> float:
    """Mean absolute difference of two thumbnails, 0 to 1."""
    import cv2

    return cv2.norm(a.thumb, b.thumb, cv2.NORM_L1) / (255 * a.thumb.size)


def _cuts(pictures: Iterator[Picture]) -> Iterator[tuple[Picture, bool]]:
    """Each picture, and whether a shot begins with it: a jump that neither the two steps before nor the two after it come near."""
    row: deque[tuple[Picture, float] | None] = deque([None] * 5, maxlen=5)  # each with its step from the picture before
    latest = -1.0
    for picture in chain(pictures, (None, None)):
        before = row[-1][0] if row[-1] else None
        row.append((picture, _difference(before, picture) if before else 0.0) if picture else None)
        if not (here := row[2]):
            continue
        cut = False
        if here[1] > CUT and row[1] and here[0].time - latest > CUT_SECONDS / 2:
            near = [s[1] if s and abs(s[0].time - here[0].time) < CUT_SECONDS else 0.0 for s in row]
            usual = sum(sorted(near[:2] + near[3:])[1:3]) / 2  # median of the four
            close = [s[0] if s and abs(s[0].time - here[0].time) < CUT_SECONDS / 2 else None for s in row]
            after = close[4] or close[3] or here[0]
            cut = here[1] > 2 * usual and all(_difference(p, after) > CUT for p in (close[0], row[1][0]) if p)
        latest = here[0].time if cut else latest
        yield here[0], cut


def _stir(a: Picture, b: Picture) -> float:
    """Mean absolute difference of two thumbnails in the part that changed most, 0 to 1."""
    import cv2

    parts = cv2.resize(cv2.absdiff(a.thumb, b.thumb).astype("float32"), (8, 4), interpolation=cv2.INTER_AREA)
    return float(parts.max()) / 255


def sampled(pictures: Iterator[Picture], fps: float) -> Iterator[Frame]:
    """Keep what a sense needs to see: at most `fps` a second where something moves, less where nothing does, every shot."""
    step = 1.0 / fps
    waiting: Frame | None = None  # a frame goes out when it is known how long it stands
    kept: Picture | None = None
    due, end, cut = -1e9, 0.0, False
    for picture, begins in _cuts(pictures):
        end, cut = max(end, picture.until), cut or begins
        if picture.time + 1e-6 < due:
            continue
        motion = _difference(kept, picture) if kept else 0.0
        rests = kept is not None and _stir(kept, picture) < STILL
        if waiting and rests and not cut and picture.time - waiting.time < STILL_SECONDS:
            continue
        if waiting:
            waiting.hold = picture.time - waiting.time
            yield waiting
        waiting = Frame(
            time=picture.time,
            image=_kept(picture.image()),
            index=waiting.index + 1 if waiting else 0,
            shot=(waiting.shot if waiting else 0) + cut,
            motion=0.0 if cut else motion,
            hold=0.0,
            size=picture.size,
            small=picture.small(),
        )
        kept, due, cut = picture, picture.time + step * 0.999, False
    if waiting:
        waiting.hold = max(0.0, end - waiting.time)
        yield waiting
