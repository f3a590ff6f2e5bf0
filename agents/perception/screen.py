"""Words that stand in the picture: captions, subtitles, signs, pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.perception.reader import Line, blocks, lines
from cuechain.agents.perception.sense import Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Clip, Frame

EVERY = 2.0
"""Seconds between two readings while the picture keeps changing; subtitles stand about that long."""

CHANGED = 0.006
"""Mean difference of 96×54 grey thumbnails (0-1) to the picture that was read last, above which there may be new words."""

PATCH = 0.06
"""The same in the 12×9 patch that changed most: a subtitle changes little of the whole picture, but all of its place."""

STANDS = 0.05
"""Change of a text's own place in the thumbnail up to which it still stands there, whatever moves around it."""

MOST_BLOCKS = 12
"""Blocks of one frame that become cues: the tallest."""

MOST = 80
"""Texts that are kept for a clip, the longest-standing ones; a scrolling screen has no end of them."""

LONGEST = 400
"""Characters of one cue."""


@dataclass
class Text:
    """Words that stood at one place for a while."""

    words: str
    """As read in the frame in which it was read best."""
    place: str
    """top, centre, bottom."""
    start: float
    end: float
    score: float
    height: float
    """Height of a line as a share of the picture."""
    seen: float
    """Frame in which it was read last; -1 once its place has changed."""
    where: tuple[slice, slice]
    """Its place in the thumbnail."""


class Screen(Sense):
    """Reads words in keyframes with PP-OCR models that come with rapidocr; no download."""

    name: ClassVar[str] = "screen"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "Words in the picture: captions, burnt-in subtitles, signs, pages."
    streams: ClassVar[frozenset[str]] = frozenset({"video", "image"})

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._texts: list[Text] = []
        self._thumb: np.ndarray | None = None
        self._shot = -1
        self._read_at = -1e9
        self._end = 0.0
        self._read = 0

    def watch(self, frame: Frame) -> None:
        """Read a frame when it is a new picture; else let what stands there stand longer."""
        import cv2

        grey = cv2.cvtColor(cv2.resize(frame.image, (96, 54), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        self._end = frame.time + frame.hold
        new_shot = frame.shot != self._shot
        waited = frame.time - self._read_at >= EVERY
        changed = self._thumb is None or _changed(grey, self._thumb)
        # Within a quick row of cuts there is no time to read either, so a cut alone must wait a little too.
        if changed and (waited or (new_shot and frame.time - self._read_at >= 0.5) or not self._read):
            self._thumb, self._shot, self._read_at = grey, frame.shot, frame.time
            self._read += 1
            self._merge(frame.time, lines(frame.image))
        elif self._thumb is not None:
            for text in self._texts[-MOST_BLOCKS:]:
                if text.seen != self._read_at:
                    continue
                if not new_shot and _away(grey[text.where], self._thumb[text.where]).mean() < STANDS:
                    text.end = self._end
                else:
                    text.seen = -1.0  # gone: what comes back later is read anew
        if len(self._texts) > 3 * MOST:
            self._texts = _longest(self._texts, frame.time)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        """One cue for each text, with the stretch in which it stood."""
        still = clip.media.kind == "image" and not clip.media.duration
        texts = _longest(self._texts, float("inf"))
        for text in sorted(texts, key=lambda t: (t.start, t.where[0].start, t.where[1].start)):  # as it is read
            words = text.words if len(text.words) <= LONGEST else text.words[: LONGEST - 1].rsplit(" ", 1)[0] + " …"
            quoted = words.replace('"', "'")
            size = min(1.0, text.height / 0.08)
            yield Cue(
                sense=self.name,
                text=f'the screen shows the words "{quoted}" at the {text.place}',
                span=None if still else Span(start=round(text.start, 2), end=round(max(text.start, text.end), 2)),
                confidence=round(min(1.0, text.score), 2),
                reliability=0.9,
                salience=round(0.35 + 0.35 * size, 2),
                measures={
                    "height_share": round(text.height, 3),
                    "words": float(len(words.split())),
                    "place": text.place,
                },
                source=self.source(),
            )
        if self._read and not texts:
            yield Gap(sense=self.name, reason="no words were read in the picture")

    def _merge(self, time: float, found: list[Line]) -> None:
        """Add what one frame shows; texts that were there before stand longer."""
        for block in sorted(blocks(found), key=lambda b: b.top - b.bottom)[:MOST_BLOCKS]:
            words, score, height = (
                block.words,
                block.score,
                max(b.bottom - b.top for b in found if b.words in block.words),
            )
            middle = (block.top + block.bottom) / 2
            place = "top" if middle < 1 / 3 else "bottom" if middle > 2 / 3 else "centre"
            before = next((t for t in reversed(self._texts[-40:]) if _lasts(t, words, time)), None)
            if before is None:
                self._texts.append(Text(words, place, time, self._end, score, height, time, _where(block)))
                continue
            before.end, before.seen, before.where = self._end, time, _where(block)
            if score > before.score and len(words) >= len(before.words):
                before.words, before.score = words, score


def _lasts(text: Text, words: str, time: float) -> bool:
    """Whether a text that was read before is the same that stands there now."""
    if time - text.end > 2 * EVERY:
        return False
    return SequenceMatcher(None, _bare(text.words), _bare(words)).ratio() > 0.85


def _bare(words: str) -> str:
    return re.sub(r"\W", "", words).lower()


def _longest(texts: list[Text], now: float) -> list[Text]:
    """The MOST texts that stood longest, and those that may still stand."""
    ranked = sorted(texts, key=lambda t: (now - t.end <= 2 * EVERY, t.end - t.start), reverse=True)
    return sorted(ranked[:MOST], key=lambda t: t.start)


def _where(block: Line) -> tuple[slice, slice]:
    top, left = int(block.top * 54), int(block.left * 96)
    return slice(top, max(top + 1, round(block.bottom * 54))), slice(left, max(left + 1, round(block.right * 96)))


def _away(grey: np.ndarray, before: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.abs(grey.astype(np.int16) - before) / 255


def _changed(grey: np.ndarray, before: np.ndarray) -> bool:
    """Whether two 54×96 thumbnails differ as a whole or in one place."""
    away = _away(grey, before)
    patches = away.reshape(6, 9, 8, 12).mean(axis=(1, 3))
    return bool(away.mean() > CHANGED or patches.max() > PATCH)
