"""The two PP-OCR models that come with rapidocr (Apache-2.0), run by themselves: one finds print, one reads a line of it.

rapidocr's own classes around them read 90 kB of settings when they are imported: over a second, as much as several looks at a film.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

INK, SCORE = 0.3, 0.5
"""Probability above which a pixel is print, and least mean probability of a box (rapidocr's settings)."""

GROWTH = 1.6
"""The detector marks the core of a line. Its box grows on all sides by this, times its area over its perimeter (Liao et al. 2020,
"Real-time Scene Text Detection with Differentiable Binarization")."""

TALL, WIDE = 48, 320
"""Height to which a line is scaled for the recogniser, and its least width, in pixels; short lines are padded."""

SPACE_GAIN = 20.0
"""Factor on the recogniser's probability of a space. The model is trained on text that often has none and swallows spaces between tight
capitals ("DEBUGONFRIDAY"); its second guess there is nearly always the space. Words break apart only from a factor of 1000 on."""


@cache
def _session(task: str) -> Any:
    """One model, loaded when it is first wanted (some 0.1 s and 70 MB each).

    Raises:
        FileNotFoundError: rapidocr came without it.
    """
    from importlib.util import find_spec
    from pathlib import Path

    import onnxruntime as ort

    spec = find_spec("rapidocr")
    folder = Path(spec.origin if spec and spec.origin else "rapidocr").parent / "models"
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if not found:
        raise FileNotFoundError(f"no model in {folder} that can {task}")
    options = ort.SessionOptions()
    # One thread: it reads beside the decoder and the other senses, and idle threads would spin.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # each size of picture would keep memory of its own
    return ort.InferenceSession(str(found[-1]), options, providers=["CPUExecutionProvider"])


@cache
def _letters() -> list[str]:
    """What each class of the recogniser stands for; the first is the blank of CTC, the last a space."""
    return ["", *_session("rec").get_modelmeta().custom_metadata_map["character"].splitlines(), " "]


def _run(task: str, picture: np.ndarray) -> np.ndarray:
    """Output of a model for one uint8 RGB picture; the models were trained on BGR from -1 to 1."""
    import numpy as np

    batch = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1), np.float32)[None] / 127.5 - 1
    session = _session(task)
    return session.run(None, {session.get_inputs()[0].name: batch})[0][0]


def boxes(picture: np.ndarray) -> list[np.ndarray]:
    """Where print is: float32 (4, 2), corners in pixels, clockwise from the upper left.

    Args:
        picture: uint8 (height, width, 3) RGB; both sides multiples of 32.
    """
    import cv2
    import numpy as np

    print_ = _run("det", picture)[0]
    marked = cv2.dilate((print_ > INK).astype(np.uint8), np.ones((2, 2), np.uint8))
    found: list[np.ndarray] = []
    for contour in cv2.findContours(marked, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
        middle, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < 3:
            continue
        x, y, across, down = cv2.boundingRect(contour)
        core = np.zeros((down, across), np.uint8)
        cv2.fillPoly(core, [cv2.boxPoints((middle, (width, height), angle)).astype(np.int32) - (x, y)], 1)
        if cv2.mean(print_[y : y + down, x : x + across], core)[0] < SCORE:
            continue
        growth = 2 * GROWTH * width * height / (2 * (width + height))
        corners = cv2.boxPoints((middle, (width + growth, height + growth), angle))
        corners = np.clip(corners, 0, (picture.shape[1] - 1, picture.shape[0] - 1)).astype(np.float32)
        left, right = np.split(corners[np.argsort(corners[:, 0], kind="stable")], 2)
        left, right = (side[np.argsort(side[:, 1], kind="stable")] for side in (left, right))
        found.append(np.stack([left[0], right[0], right[1], left[1]]))
    return found


def read(picture: np.ndarray, box: np.ndarray) -> tuple[str, float]:
    """The words in a box and the mean probability of their letters; what stands upright is turned."""
    import cv2
    import numpy as np

    across = max(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[2] - box[3]))
    down = max(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[1] - box[2]))
    width, height = max(1, int(across)), max(1, int(down))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    line = cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(box.astype(np.float32), target),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if height >= 1.5 * width:
        line = np.rot90(line)
    size = math.ceil(TALL * line.shape[1] / line.shape[0])
    padded = np.full((TALL, max(WIDE, size), 3), 127.5, np.float32)  # 0 for the model
    padded[:, :size] = cv2.resize(line, (size, TALL))
    scores = _run("rec", padded).copy()
    best = scores.max(axis=-1)
    # A space that wins only by the factor counts as sure as what it outdid. It may outdo a blank (class 0 of CTC) alone: within a
    # letter it would cut one in two ("T THE").
    wins = (scores[:, -1] * SPACE_GAIN > best) & (scores.argmax(axis=-1) == 0)
    scores[wins, -1] = best[wins] + 1e-6
    classes = scores.argmax(axis=-1)
    told = (classes != 0) & np.append(True, np.diff(classes) != 0)
    return "".join(_letters()[c] for c in classes[told]), float(scores.max(axis=-1)[told].mean()) if told.any() else 0.0
