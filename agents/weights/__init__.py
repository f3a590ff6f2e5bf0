"""Small weights that ship, each with a model card and the command that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def session(path: Path) -> Any:
    """An ONNX network on one CPU thread: several run beside each other, and small ones gain nothing from more.

    Raises:
        Exception: The file cannot be read; onnxruntime raises classes of its own, without a common public root.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
