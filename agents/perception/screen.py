"""Words that stand in the picture: captions, subtitles, signs, pages."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.perception.pictures.reader import Line, blocks, lines
from cuechain.agents.perception.pictures.strokes import RISE, SAME, alike, clearer, density, place, strokes
from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Clip, Frame

SOON = 0.3
"""Seconds between two readings where many strokes turned up at once, as words do: twice as many after each one that found nothing,
up to eight times."""

EVERY = 1.5
"""The same where few did."""

ANYWAY = 10.0
"""Seconds after which a film is looked at again whatever the strokes say: words may be too faint for them."""

BACK = 3.0
"""Seconds of strokes that are kept, to find since when words have stood that are read now."""

AGAIN = 1.0
"""Seconds within which the same words at their return are still the same text: a flash, or a picture between two readings."""

MOST_BLOCKS = 12
"""Blocks of one frame that become cues: the tallest."""

LONGEST = 400
"""Characters of one cue."""

MOST = 80
"""Texts that are kept for a clip, the longest-standing ones; a scrolling screen has no end of them."""


@dataclass
class Text:
    """Words that stood at one place for a while."""

    words: str
    """As read in the frame in which it was read best."""
    last: str
    """As read last: what rolls or grows says other words each time."""
    edge: str
    """top, centre, bottom."""
    start: float
    end: float
    score: float
    height: float
    """Height of a line as a share of the picture."""
    box: tuple[float, float, float, float]
    """Left, top, right and bottom as shares, when it was read last."""
    lines: list[Line]
    """As they stood when it was read last."""
    where: tuple[slice, slice]
    """Its place among the strokes of the picture."""
    seen: np.ndarray
    """The strokes there when it was read last."""
    stands: bool = True
    clear: bool = True
    """False once its strokes have become so much clearer that it is to be read again."""


class Screen(Sense):
    """Reads words in keyframes with PP-OCR models that come with rapidocr; no download.

    Films are read only when there is something new to read: a cheap map of thin strokes tells when words may have come, and whether those
    that were read still stand.
    """

    name: ClassVar[str] = "screen"
    version: ClassVar[str] = "5"
    about: ClassVar[str] = "Words in the picture: captions, burnt-in subtitles, signs, pages."
    streams: ClassVar[frozenset[str]] = frozenset({"video", "image"})
    reliabilities: ClassVar[tuple[Reliability, ...]] = (
        Reliability(
            "words",
            0.97,
            "words right in 54 memes drawn over templates that nothing was tuned on (benchmarks/screen.py); faint subtitles of films less",
        ),
    )

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._texts: list[Text] = []
        self._past: deque[tuple[float, np.ndarray]] = deque()
        self._known: np.ndarray | None = None
        """Density of strokes that was there when it was read, in this shot."""
        self._shot = -1
        self._read_at = -1e9
        self._empty = 0
        """Readings since the last one that found words."""
        self._end = 0.0
        self._read = 0

    def watch(self, frame: Frame) -> None:
        """Read a frame when there may be new words; else let what stands there stand longer."""
        import numpy as np

        drawn = strokes(frame.image)
        dense = density(drawn)
        self._end = frame.time + frame.hold
        if self._past and self._past[-1][1].shape != drawn.shape:  # the picture changed its shape midway
            self._past.clear()
            self._known = None
        known = self._known if self._known is not None and frame.shot == self._shot else np.zeros_like(dense)
        self._known, self._shot = known, frame.shot
        self._follow(drawn, known)
        waited, rise = frame.time - self._read_at, float((dense - known).max())
        wait = SOON * 2 ** min(self._empty, 3) if rise > 2 * RISE else EVERY
        if (waited >= wait and rise > RISE) or not self._read or waited >= ANYWAY:
            self._read_at, self._known = frame.time, np.maximum(dense, known)
            self._read += 1
            standing = [line for t in self._latest() if t.stands and t.clear for line in t.lines]
            # A still picture is read with all care; of a film there will be another frame.
            found = lines(frame.image, glance=frame.hold > 0, known=standing)
            self._empty = 0 if found else self._empty + 1
            self._merge(frame.time, found, drawn)
        self._past.append((frame.time, drawn))
        while self._past[0][0] < frame.time - BACK:
            self._past.popleft()
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
                text=f'the screen shows the words "{quoted}" at the {text.edge}',
                span=None if still else Span(start=round(text.start, 2), end=round(max(text.start, text.end), 2)),
                confidence=round(min(1.0, text.score), 2),
                reliability=self.reliabilities[0].value,
                salience=round(0.35 + 0.35 * size, 2),
                measures={
                    "height_share": round(text.height, 3),
                    "words": float(len(words.split())),
                    "place": text.edge,
                },
                source=self.source(),
            )
        if self._read and not texts:
            yield Gap(sense=self.name, reason="no words were read in the picture")

    def _latest(self) -> list[Text]:
        return self._texts[-4 * MOST_BLOCKS :]

    def _follow(self, drawn: np.ndarray, known: np.ndarray) -> None:
        """Whether each text still stands. Where one is gone or has become clearer, the strokes that are there now count as new."""
        for text in self._latest():
            if not text.stands:
                continue
            now = drawn[text.where]
            text.stands = now.shape == text.seen.shape and alike(text.seen, now) >= SAME
            if text.stands:
                text.end = self._end
            if not text.stands or clearer(text.seen, now):
                text.clear, text.seen = False, now
                known[place(text.box, known.shape)] = 0

    def _merge(self, time: float, found: list[Line], drawn: np.ndarray) -> None:
        """Add what one frame shows; texts that were there before stand longer."""
        for block, parts in sorted(blocks(found), key=lambda b: b[0].top - b[0].bottom)[:MOST_BLOCKS]:
            box = block.left, block.top, block.right, block.bottom
            where = place(box, drawn.shape)
            start = self._since(drawn[where], where, time)
            text = next((t for t in reversed(self._latest()) if _goes_on(t, block, start)), None)
            if text is None:
                height, middle = max(p.bottom - p.top for p in parts), (block.top + block.bottom) / 2
                edge = "top" if middle < 1 / 3 else "bottom" if middle > 2 / 3 else "centre"
                text = Text(
                    block.words,
                    block.words,
                    edge,
                    start,
                    self._end,
                    block.score,
                    height,
                    box,
                    parts,
                    where,
                    drawn[where],
                )
                self._texts.append(text)
            elif longer := _joined(text.last, block.words):
                if len(text.words) < LONGEST and not _bare(text.words).endswith(_bare(longer)):
                    text.words += longer
            elif (not text.clear or block.score > text.score) and len(block.words) >= len(text.words):
                text.words, text.score = block.words, block.score
            text.last, text.box, text.lines, text.where, text.seen = block.words, box, parts, where, drawn[where]
            text.end, text.stands, text.clear = self._end, True, True

    def _since(self, seen: np.ndarray, where: tuple[slice, slice], time: float) -> float:
        """When words that are read now came: their strokes are followed back."""
        for before, drawn in reversed(self._past):
            if alike(seen, drawn[where]) < SAME:
                break
            time = before
        return time


def _goes_on(text: Text, block: Line, start: float) -> bool:
    """Whether words that stand since `start` are a text that was read before, or what it has rolled or grown into."""
    if text.stands and not text.clear:  # its strokes are still there, only clearer
        left, top, right, bottom = text.box
        if min(right, block.right) > max(left, block.left) and min(bottom, block.bottom) > max(top, block.top):
            return True
    before, now, pause = _bare(text.last), _bare(block.words), start - text.end
    alike = SequenceMatcher(None, before, now).ratio() > 0.85 or (len(now) > 0.5 * len(before) and now in before)
    return (alike and pause <= AGAIN) or (pause <= 2 * EVERY and bool(_joined(text.last, block.words)))


def _joined(before: str, now: str) -> str:
    """What is new at the end of words that begin with the end of what was read before; empty where they don't."""
    old, new = [_bare(w) for w in before.split()], [_bare(w) for w in now.split()]
    for size in range(min(len(old), len(new) - 1), 0, -1):
        overlap = "".join(new[:size])
        if (
            (size > 2 or size == len(old))
            and len(overlap) > 5
            and SequenceMatcher(None, "".join(old[-size:]), overlap).ratio() > 0.9
        ):
            return " " + " ".join(now.split()[size:])
    return ""


def _bare(words: str) -> str:
    return re.sub(r"\W", "", words).lower()


def _longest(texts: list[Text], now: float) -> list[Text]:
    """The MOST texts that stood longest, and those that may still stand."""
    ranked = sorted(texts, key=lambda t: (now - t.end <= 2 * EVERY, t.end - t.start), reverse=True)
    return sorted(ranked[:MOST], key=lambda t: t.start)
