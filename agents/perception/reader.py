"""Lines of words in one picture, by the PP-OCR models that come with rapidocr."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ToolError

if TYPE_CHECKING:
    import numpy as np

SURE = 0.7
"""Mean probability of the letters of a line below which it is dropped: texture that looks like letters scores lower."""

SPACE_GAIN = 20.0
"""Factor on the recogniser's probability of a space. The model is trained on text that often has none and swallows spaces between tight
capitals ("DEBUGONFRIDAY"); its second guess there is nearly always the space. On 60 captions drawn in a narrow bold face, word errors
fall from 10.5 to 4.4 %, of which spelling makes 3 (benchmarks/media_visual.md); words break apart only from a factor of 1000 on."""

MOST_LINES = 60
"""Lines of one frame that are taken: a full page."""


@dataclass
class Line:
    """A line of one picture; edges as shares of width and height."""

    words: str
    score: float
    left: float
    top: float
    right: float
    bottom: float


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
        # A space that wins only by the factor counts as sure as what it outdid. It may outdo a blank (class 0 of CTC) alone: within a
        # letter it would cut one in two ("T THE").
        wins = (preds[..., space] * SPACE_GAIN > best) & (preds.argmax(axis=-1) == 0)
        preds[wins, space] = best[wins] + 1e-6
        return decode(preds, *args, **kwargs)

    recogniser.postprocess_op = decode_with_spaces
    return engine


def lines(image: np.ndarray) -> list[Line]:
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
        letters = len(re.findall(r"\w", words))
        # Two letters are as easily a fold of cloth; one is not a word.
        if score >= (SURE if letters > 2 else 0.98) and bottom - top < 0.7 and letters > 1:
            found.append(Line(words, float(score), float(left), float(top), float(right), float(bottom)))
    return found[:MOST_LINES]


def blocks(lines: list[Line]) -> list[Line]:
    """Lines that follow each other closely, one under or beside the other, joined in reading order."""
    joined: list[tuple[Line, Line]] = []  # what is joined so far, and its last line
    for line in lines:
        for i, (block, last) in enumerate(joined):
            height = min(line.bottom - line.top, last.bottom - last.top)
            shared = min(line.right, last.right) - max(line.left, last.left)
            under = shared > 0 and -2.0 * height < line.top - last.bottom < 0.8 * height
            beside = abs(line.top - last.top) < 0.5 * height and -shared < 1.5 * height
            if under or beside:
                both = Line(
                    f"{block.words} {line.words}",
                    min(block.score, line.score),
                    min(block.left, line.left),
                    min(block.top, line.top),
                    max(block.right, line.right),
                    max(block.bottom, line.bottom),
                )
                joined[i] = (both, line)
                break
        else:
            joined.append((line, line))
    return [block for block, _ in joined]
