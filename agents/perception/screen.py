"""Words that stand in the picture: captions, subtitles, signs, pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from cuechain.agents.errors import ToolError
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

SURE = 0.7
"""Mean probability of the letters of a line below which it is dropped: texture that looks like letters scores lower."""

SPACE_GAIN = 20.0
"""Factor on the recogniser's probability of a space. The model is trained on text that often has none and swallows spaces between tight
capitals ("DEBUGONFRIDAY"); its second guess there is nearly always the space. On 60 captions drawn in a narrow bold face, word errors
fall from 10.5 to 4.4 %, of which spelling makes 3; words begin to break apart only from a factor of 1000 on."""

MOST_LINES = 60
"""Lines of one frame that are taken: a full page."""

MOST_BLOCKS = 12
"""Blocks of one frame that become cues: the tallest."""

MOST = 80
"""Texts that are kept for a clip, the longest-standing ones; a scrolling screen has no end of them."""

LONGEST = 400
"""Characters of one cue."""


@dataclass
class Line:
    """A line of one picture; edges as shares of width and height."""

    words: str
    score: float
    left: float
    top: float
    right: float
    bottom: float


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
    """Frame in which it was read last."""


class Screen(Sense):
    """Reads words in keyframes with PP-OCR models that come with rapidocr; no download."""

    name: ClassVar[str] = "screen"
    version: ClassVar[str] = "1"
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
            self._merge(frame.time, _lines(frame.image))
        elif not changed:
            for text in self._texts:
                if text.seen == self._read_at:
                    text.end = self._end
        if len(self._texts) > 3 * MOST:
            self._texts = _longest(self._texts, frame.time)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        """One cue for each text, with the stretch in which it stood."""
        still = clip.media.kind == "image" and not clip.media.duration
        texts = _longest(self._texts, float("inf"))
        for text in sorted(texts, key=lambda t: t.start):
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

    def _merge(self, time: float, lines: list[Line]) -> None:
        """Add what one frame shows; texts that were there before stand longer."""
        for block in sorted(_blocks(lines), key=lambda b: b.top - b.bottom)[:MOST_BLOCKS]:
            words, score, height = (
                block.words,
                block.score,
                max(b.bottom - b.top for b in lines if b.words in block.words),
            )
            middle = (block.top + block.bottom) / 2
            place = "top" if middle < 1 / 3 else "bottom" if middle > 2 / 3 else "centre"
            before = next((t for t in reversed(self._texts[-40:]) if _lasts(t, words, time)), None)
            if before is None:
                self._texts.append(Text(words, place, time, self._end, score, height, time))
                continue
            before.end, before.seen = self._end, time
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


def _changed(grey: np.ndarray, before: np.ndarray) -> bool:
    """Whether two 54×96 thumbnails differ as a whole or in one place."""
    import numpy as np

    away = np.abs(grey.astype(np.int16) - before) / 255
    patches = away.reshape(6, 9, 8, 12).mean(axis=(1, 3))
    return bool(away.mean() > CHANGED or patches.max() > PATCH)


@cache
def _reader() -> Any:
    """The OCR engine, one a process: 0.4 s and some 150 MB."""
    import logging

    from rapidocr import RapidOCR

    engine: Any = RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    recogniser = getattr(engine, "_load_rec_model", lambda: engine.text_rec)()
    decode = recogniser.postprocess_op
    space = decode.character.index(" ")

    def decode_with_spaces(preds: Any, *args: Any, **kwargs: Any) -> Any:
        preds, best = preds.copy(), preds.max(axis=-1)
        # A space that wins only by the factor counts as sure as what it outdid.
        wins = preds[..., space] * SPACE_GAIN > best
        preds[wins, space] = best[wins] + 1e-6
        return decode(preds, *args, **kwargs)

    recogniser.postprocess_op = decode_with_spaces
    return engine


def _lines(image: np.ndarray) -> list[Line]:
    """Lines of one picture in reading order.

    Raises:
        ToolError: The engine failed.
    """
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    if min(height, width) < 16:
        return []
    # Small pictures are read at twice their size: print of ten pixels is below what the detector was made for.
    scale = 2 if max(height, width) < 480 else 1
    picture = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else image
    try:
        result = _reader()(np.ascontiguousarray(picture[..., ::-1]))
    except Exception as error:  # any of onnxruntime's and OpenCV's own
        raise ToolError(f"the text reader failed: {error}") from error
    if result.boxes is None or result.txts is None or result.scores is None:
        return []
    found: list[Line] = []
    for box, read, score in zip(result.boxes, result.txts, result.scores, strict=True):
        left, top = box.min(axis=0) / (width * scale, height * scale)
        right, bottom = box.max(axis=0) / (width * scale, height * scale)
        words = " ".join(read.split())
        # Without any box the engine reads the whole picture as one line.
        if score >= SURE and bottom - top < 0.7 and len(re.findall(r"\w", words)) > 1:
            found.append(Line(words, float(score), float(left), float(top), float(right), float(bottom)))
    return found[:MOST_LINES]


def _blocks(lines: list[Line]) -> list[Line]:
    """Lines that follow each other closely, one under or beside the other, joined in reading order."""
    blocks: list[tuple[Line, Line]] = []  # what is joined so far, and its last line
    for line in lines:
        for i, (block, last) in enumerate(blocks):
            height = min(line.bottom - line.top, last.bottom - last.top)
            shared = min(line.right, last.right) - max(line.left, last.left)
            under = shared > 0 and -2.0 * height < line.top - last.bottom < 0.8 * height
            beside = abs(line.top - last.top) < 0.5 * height and -shared < 1.5 * height
            if under or beside:
                joined = Line(
                    f"{block.words} {line.words}",
                    min(block.score, line.score),
                    min(block.left, line.left),
                    min(block.top, line.top),
                    max(block.right, line.right),
                    max(block.bottom, line.bottom),
                )
                blocks[i] = (joined, line)
                break
        else:
            blocks.append((line, line))
    return [block for block, _ in blocks]
