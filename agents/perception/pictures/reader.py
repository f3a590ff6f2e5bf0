"""Lines of words in one picture, by the PP-OCR models that come with rapidocr: a detector finds print, a recogniser reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ToolError
from cuechain.agents.weights import without_denormals

if TYPE_CHECKING:
    import numpy as np

SIDE = 736
"""Longest side of the picture in which the detector looks for print; small pictures are enlarged, twice at most. Detection costs as
much as there are pixels: rapidocr's own 736 for the *shorter* side costs 1.6 to 2.9 times as much and reads no more letters right."""

GLANCE = 320
"""The same for a glance at a film: a fifth of the cost, and captions are read as well from what it finds."""

SMALL_PRINT = 9
"""Median height of what a glance finds, in its pixels, below which it is worth a closer look at the rows where that stands."""

SURE = 0.7
"""Mean probability of the letters of a line below which it is dropped: texture that looks like letters scores lower."""

SPACE_GAIN = 20.0
"""Factor on the recogniser's probability of a space. The model is trained on text that often has none and swallows spaces between tight
capitals ("DEBUGONFRIDAY"); its second guess there is nearly always the space. Words break apart only from a factor of 1000 on."""

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
def _engine() -> Any:
    """The OCR engine, one a process; each model is loaded when it is first wanted (some 0.1 s and 70 MB each)."""
    import logging

    from rapidocr import RapidOCR

    engine: Any = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # print that stands on its head
            "Global.max_side_len": 4000,  # pictures arrive in the size in which they are to be looked at
            "Det.limit_side_len": 32,
            # One thread: it reads beside the decoder and the other senses, and idle threads would spin.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return engine


@cache
def _detector() -> Any:
    """The engine, its detector without the weights that a processor cannot multiply at full speed."""
    from pathlib import Path

    import onnxruntime as ort

    engine = _engine()
    held = engine._load_det_model().session
    model: Any = held.session
    # 256,000 of its weights are denormal, most in two layers, which then take two thirds of its time. What it finds is the same.
    data = without_denormals(Path(model._model_path).read_bytes())
    held.session = ort.InferenceSession(data, model.get_session_options(), providers=model.get_providers())
    return engine


@cache
def _recogniser() -> Any:
    """The engine, its recogniser made to keep spaces."""
    engine = _engine()
    recogniser = engine._load_rec_model()
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


def lines(image: np.ndarray, *, glance: bool = False, known: Sequence[Line] = ()) -> list[Line]:
    """Lines of one picture in reading order.

    Args:
        image: uint8 (height, width, 3) RGB.
        glance: Look for print in a smaller picture, and closer only where that print is small.
        known: Lines that are known to stand in the picture; they are not read again.

    Raises:
        ToolError: The engine failed.
    """
    import numpy as np

    height, width = image.shape[:2]
    if min(height, width) < 16:
        return []
    try:
        near, far = (min(2.0, side / max(height, width)) for side in (SIDE, GLANCE))
        boxes = _boxes(image, far if glance else near)
        if glance and boxes and far * np.median([np.ptp(b[:, 1]) for b in boxes]) < SMALL_PRINT:
            room = 0.05 * height
            top = max(0, int(min(b[:, 1].min() for b in boxes) - room))
            bottom = int(max(b[:, 1].max() for b in boxes) + room)
            boxes = [b + np.array((0, top), np.float32) for b in _boxes(image[top:bottom], near)]
        found = [_read(image, box, known) for box in _ordered(boxes)[:MOST_LINES]]
    except Exception as error:  # any of onnxruntime's and OpenCV's own
        raise ToolError(f"the text reader failed: {error}") from error
    return [line for line in found if line]


def _boxes(image: np.ndarray, scale: float) -> list[np.ndarray]:
    """Where print is: float32 (4, 2), corners in pixels of the picture, clockwise from the upper left."""
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    size = [max(32, round(side * scale / 32) * 32) for side in (width, height)]  # the detector halves five times
    shrinks = size[0] < width
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    found = _detector()(np.ascontiguousarray(picture[..., ::-1]), use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None:
        return []
    shape = np.array((width / size[0], height / size[1]), np.float32)
    return [np.asarray(box, np.float32) * shape for box in found.boxes]


def _ordered(boxes: list[np.ndarray]) -> list[np.ndarray]:
    """Row by row, each from left to right; boxes whose middles lie within half a line's height are one row."""
    rows: list[tuple[float, float, list[np.ndarray]]] = []
    for box in sorted(boxes, key=lambda b: float(b[:, 1].mean())):
        middle, height = float(box[:, 1].mean()), float(box[:, 1].max() - box[:, 1].min())
        if rows and middle - rows[-1][0] < 0.5 * min(rows[-1][1], height):
            rows[-1][2].append(box)
        else:
            rows.append((middle, height, [box]))
    return [box for *_, row in rows for box in sorted(row, key=lambda b: float(b[:, 0].min()))]


def _read(image: np.ndarray, box: np.ndarray, known: Sequence[Line]) -> Line | None:
    """What stands in a box; None for nothing, or nothing that is surely print."""
    import numpy as np
    from rapidocr.utils.process_img import get_rotate_crop_image

    height, width = image.shape[:2]
    (left, top), (right, bottom) = box.min(axis=0) / (width, height), box.max(axis=0) / (width, height)
    line = Line("", 0.0, float(left), float(top), float(right), float(bottom))
    for before in known:
        if _shared(before, line) > 0.7:
            return before
    if bottom - top > 0.7 or right <= left or bottom <= top:
        return None
    crop = get_rotate_crop_image(image, box.copy())
    read = _recogniser()(np.ascontiguousarray(crop[..., ::-1]), use_det=False, use_cls=False, use_rec=True)
    if not read.txts:
        return None
    line.words, line.score = " ".join(read.txts[0].split()), float(read.scores[0])
    letters = len(re.findall(r"\w", line.words))
    # Two letters are as easily a fold of cloth; one is not a word.
    return line if letters > 1 and line.score >= (SURE if letters > 2 else 0.98) else None


def _shared(a: Line, b: Line) -> float:
    """Intersection over union of two places."""
    across = max(0.0, min(a.right, b.right) - max(a.left, b.left))
    down = max(0.0, min(a.bottom, b.bottom) - max(a.top, b.top))
    both = (a.right - a.left) * (a.bottom - a.top) + (b.right - b.left) * (b.bottom - b.top)
    return across * down / max(1e-9, both - across * down)


def blocks(lines: list[Line]) -> list[tuple[Line, list[Line]]]:
    """Lines that follow each other closely, one under or beside the other, joined in reading order; each with its lines."""
    joined: list[tuple[Line, list[Line]]] = []
    for line in lines:
        for i, (block, parts) in enumerate(joined):
            last = parts[-1]
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
                joined[i] = (both, [*parts, line])
                break
        else:
            joined.append((line, [line]))
    return joined
