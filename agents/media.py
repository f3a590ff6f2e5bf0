"""Open and decode media in bounded memory, each stream once.

Frames are handed out as they come. The sound goes to a temporary file that is mapped into memory, together with the embedded
subtitles and without the pictures: that takes a hundredth of their time, so who listens can work while pictures are decoded. Nothing
here grows with the length of the clip but that temporary file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from cuechain.agents.beside import beside
from cuechain.agents.errors import MediaError, RunError
from cuechain.agents.frames import Frame, Reading, declared, decoded, of_image, of_video, sampled, sought
from cuechain.agents.probe import container_of, probe, spoken, streams_of, typed
from cuechain.agents.subtitles import Subtitle, said
from cuechain.agents.values import Gap, Media, Span, Turn

if TYPE_CHECKING:
    import numpy as np

__all__ = ["RATE", "Clip", "Frame", "Subtitle", "opened", "probe"]

T = TypeVar("T")

RATE = 16_000
"""Samples per second of every waveform."""

PASS = 3
"""Raised whenever the pass would hand out other pictures or other sound: part of every cache key."""

PRIMING = 0.5
"""Seconds before a stretch at which its sound is decoded from: the first frames after a jump are not whole yet."""

MAX_HOLE = 3600 * RATE
"""Longest silence, in samples, that is put where a sound track has a hole; a longer one is a broken clock."""


class Clip:
    """One opened medium. Made by `opened`. Several threads may ask it at once."""

    def __init__(
        self,
        media: Media,
        sidecar: tuple[Subtitle, ...] = (),
        notes: tuple[Gap, ...] = (),
        stretch: Span | None = None,
    ) -> None:
        self.media = media
        self._stretch = stretch
        self.readings: dict[str, Reading] = {}
        """How far the `picture` and the `sound` could be decoded, as far as that was tried to the end."""
        self._notes = notes
        self._sidecar = sidecar
        self._track: list[Subtitle] = []
        self._sound_file: Any = None
        self._mapped: np.ndarray | None = None
        self._samples = 0
        self._heard = not {"audio", "subtitles"} & set(media.streams) or media.kind in ("image", "text")
        self._hearing = Lock()
        self._shared: dict[str, Any] = {}
        self._sharing = Lock()

    @property
    def text(self) -> str | None:
        """The text itself, for a text."""
        return self.media.text

    @property
    def digest(self) -> str:
        """Names all that was given: the file's digest, and the sidecar's when there is one."""
        beside = hashlib.sha256(repr(self._sidecar).encode()).hexdigest()[:16] if self._sidecar else ""
        part = f"@{self._stretch.start:.3f}-{self._stretch.end:.3f}" if self._stretch else ""
        return self.media.sha256 + beside + part

    @property
    def has_subtitles(self) -> bool:
        """True when a sidecar or an embedded track can be read."""
        return bool(self._sidecar) or "subtitles" in self.media.streams

    @property
    def sound(self) -> np.ndarray | None:
        """Mono float32 waveform at RATE in [-1, 1], mapped from disk; None without sound. Decodes when that has not happened yet.

        Raises:
            MediaError: Nothing could be decoded.
        """
        import numpy as np

        if "audio" not in self.media.streams:
            return None
        self._hear()
        if not self._samples:
            return None
        if self._mapped is None:  # one for all: each map of the file counts as memory of its own, and an hour is 230 MB
            self._mapped = np.memmap(self._sound_file, dtype=np.float32, mode="r", shape=(self._samples,))
        return self._mapped

    @property
    def subtitles(self) -> tuple[Subtitle, ...]:
        """Lines of a sidecar file, else of the embedded track, in order of time."""
        if not self._sidecar and "subtitles" in self.media.streams:
            self._hear()
        lines = [*(self._sidecar or self._track)]
        if part := self._stretch:  # a line belongs to the stretch in which it begins
            lines = [line.since(part.start) for line in lines if part.start <= line.span.start < part.end]
        return tuple(sorted(lines, key=lambda s: (s.span.start, s.span.end)))

    def frames(self, fps: float) -> Iterator[Frame]:
        """Sampled pictures in order of time: at most `fps` a second, about two a second while nothing moves, each cut seen.

        A still image gives one frame, an animated one several, audio and text give none.

        Raises:
            MediaError: Nothing could be decoded.
        """
        if self.media.kind == "image":
            yield from sampled(of_image(self.media), fps)
        elif self.media.kind == "video":
            reading = Reading(0.0)
            yield from sampled(of_video(self.media, reading, self._stretch), fps)
            if reading.end is None and self.sound is None:
                raise _nothing(self.media)
            self.readings["picture"] = reading

    def once(self, what: str, make: Callable[[], T]) -> T:
        """What `make` makes, once for all senses that ask for `what`; it is kept as long as the clip, and must not ask itself."""
        with self._sharing:
            if what not in self._shared:
                self._shared[what] = make()
            return self._shared[what]

    @property
    def notes(self) -> list[Gap]:
        """What is wrong with the file itself, as gaps of the sense `media`; complete when all that is wanted was decoded."""
        return [*self._notes, *(Gap(sense="media", reason=reason) for reason in self._damage())]

    def close(self) -> None:
        """Let go of the temporary sound."""
        self._mapped = None
        if self._sound_file is not None:
            with suppress(OSError):  # what did not fit on the disk is not wanted any more
                self._sound_file.close()

    def _damage(self) -> list[str]:
        """What ends before the file says it does, else damage on the way."""
        read = [(what, self.readings[what]) for what in ("picture", "sound") if what in self.readings]
        whole = self.media.duration or 0.0
        told: list[str] = []
        for what, reading in read:
            # A stream that does not tell its length is held to that of the file when it is alone.
            own = reading.declared or (whole if len({"video", "audio"} & set(self.media.streams)) == 1 else 0.0)
            expected = min(own, whole or own)
            if reading.end is None:
                told.append(f"nothing of the {what} in this file could be decoded")
            elif expected - reading.end > max(1.0, 0.1 * expected):
                told.append(
                    f"the file is cut off: of its {what}, {reading.end:.1f} of {expected:.1f} s could be decoded"
                )
        longest = max((reading.end or 0.0 for _, reading in read), default=0.0)
        if not told and len(read) > 1 and whole - longest > max(1.0, 0.1 * whole):
            told.append(f"the file is cut off: {longest:.1f} of {whole:.1f} s could be decoded")
        broken = sum(reading.broken for _, reading in read)
        if broken and not told:
            told.append(f"the file is damaged: {broken} pieces of it could not be decoded")
        return told

    def _hear(self) -> None:
        """Decode the sound and the embedded subtitles, once: fast beside the pictures, so that those who listen need not wait."""
        import av

        with self._hearing:
            if self._heard:
                return
            with container_of(str(self.media.path)) as container:
                _, audio, subtitle = streams_of(container)
                self._sound_file, self._samples, self._track = _sound_file(), 0, []
                reading = Reading(declared(audio) if audio is not None else 0.0)
                resampler = _resampler()
                # Some recordings begin at the hour of the day: the first packet is second 0.
                begin = (container.start_time or 0) / av.time_base
                start = self._stretch.start if self._stretch else 0.0
                if self._stretch:
                    sought(container, audio or subtitle, begin + start - PRIMING)
                for packet, item in decoded(container, [s for s in (audio, subtitle) if s is not None], reading):
                    if packet.stream is subtitle:
                        line = _line(item, packet, begin)
                        self._track.extend([line] if line else [])
                        continue
                    time = item.time - begin - start if item.time is not None else reading.end or 0.0
                    if self._stretch and time + item.samples / item.sample_rate <= 0:
                        continue
                    if self._stretch and time >= self._stretch.length:
                        break
                    time = time if self._stretch else max(0.0, time)
                    try:
                        sound = resampler.resample(item)
                    except ValueError:  # the track changed its rate or channels midway
                        resampler = _resampler()
                        sound = resampler.resample(item)
                    self._keep(sound, time)
                    reading.end = self._samples / RATE
                if self._samples:
                    self._keep(resampler.resample(None), 0.0)
                    if self._stretch:
                        self._samples = min(self._samples, round(self._stretch.length * RATE))
                    self._sound_file.flush()
            if audio is not None:
                if reading.end is None and self.media.kind == "audio":
                    raise _nothing(self.media)
                self.readings["sound"] = reading
            self._heard = True

    def _keep(self, frames: list[Any], time: float) -> None:
        """Append resampled sound; a track that starts late, or has holes, keeps its times: silence fills them."""
        import numpy as np

        hole = round(time * RATE) - self._samples
        early = -hole if time < 0 and not self._samples else 0  # what of its first piece lies before a stretch
        try:
            if frames and RATE // 5 < hole <= MAX_HOLE:
                self._samples += hole
                self._sound_file.truncate(4 * self._samples)
                self._sound_file.seek(0, os.SEEK_END)
            for frame in frames:
                part = np.clip(np.nan_to_num(frame.to_ndarray().reshape(-1)), -1.0, 1.0)
                part, early = part[early:], max(0, early - part.size)
                self._sound_file.write(part.tobytes())
                self._samples += part.size
        except OSError as error:
            raise _no_room(error) from error


@contextmanager
def opened(
    path: str | Path | None = None,
    *,
    text: str | None = None,
    turns: Sequence[Turn] = (),
    id: str = "m1",
    stretch: Span | None = None,
) -> Generator[Clip]:
    """Open one medium: a file of any kind, a typed text, or the turns of a conversation.

    A subtitle file of the same name beside a video or sound (`talk.mp4`, `talk.srt`) is read with it. Of a `stretch` of a film or sound
    nothing else is decoded, and all times are counted from its beginning; a medium without times is opened whole.

    Raises:
        MediaError: Missing, empty, unreadable, not a medium, or too large to decode safely.
    """
    if turns:
        clip = Clip(spoken(turns, id=id))
    elif text is not None:
        clip = Clip(typed(text, id=id))
    else:
        source = Path(str(path))
        media = probe(source, id=id)
        if stretch and media.kind in ("video", "audio"):
            media = media.model_copy(update={"duration": stretch.length})
        else:
            stretch = None
        clip = Clip(media, *beside(source, media), stretch)
    try:
        yield clip
    finally:
        clip.close()


def _nothing(media: Media) -> MediaError:
    return MediaError(f"nothing in {media.path} could be decoded", "is the file complete?")


def _resampler() -> Any:
    import av

    return av.AudioResampler(format="flt", layout="mono", rate=RATE)


def _sound_file() -> Any:
    """A temporary file without a name: whatever ends the process, nothing stays behind."""
    try:
        return tempfile.TemporaryFile(prefix="cuechain-")
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> RunError:
    where = os.environ.get("TMPDIR", "the temporary folder")
    return RunError(
        f"the sound cannot be kept in {where}: {error.strerror or error}", "set TMPDIR to a folder with room"
    )


def _line(item: Any, packet: Any, begin: float) -> Subtitle | None:
    """One line of an embedded subtitle track."""
    if packet.pts is None:
        return None
    start = float(packet.pts * packet.time_base) - begin
    raw = getattr(item, "dialogue", b"") or getattr(item, "text", b"")
    return said(raw.decode("utf-8", "replace"), start, start + float((packet.duration or 0) * packet.time_base))
