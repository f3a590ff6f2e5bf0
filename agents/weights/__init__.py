"""Small weights that ship, each with a model card and the command that made it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

_GRAPH, _INITIALIZER, _KIND, _RAW = 7, 5, 2, 9
"""Field numbers of onnx.proto: ModelProto.graph, GraphProto.initializer, TensorProto.data_type and TensorProto.raw_data."""

_FLOAT = 1
"""TensorProto.DataType of 32-bit floats."""


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


def without_denormals(model: bytes) -> bytes:
    """An ONNX file whose float weights nearer to 0 than 2**-126 are 0.

    A processor multiplies such numbers in microcode, some hundred times slower; in a sum beside usual numbers they are lost anyway.
    """
    import numpy as np

    data = bytearray(model)
    for _, begin, end in _fields(model, 0, len(model), _GRAPH):
        for _, first, last in _fields(model, begin, end, _INITIALIZER):
            parts = {number: (a, b) for number, a, b in _fields(model, first, last, _KIND, _RAW)}
            if _KIND in parts and _RAW in parts and model[parts[_KIND][0]] == _FLOAT:
                a, b = parts[_RAW]
                weights = np.frombuffer(data, "<f4", (b - a) // 4, a)
                weights[np.abs(weights) < np.finfo(np.float32).tiny] = 0
    return bytes(data)


def _fields(data: bytes, begin: int, end: int, *wanted: int) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of the wanted fields of a message in protobuf's wire format."""
    while begin < end:
        key, begin = _varint(data, begin)
        kind = key & 7
        if kind == 2:
            size, begin = _varint(data, begin)
        elif kind == 0:
            size = _varint(data, begin)[1] - begin
        else:
            size = 8 if kind == 1 else 4
        if key >> 3 in wanted:
            yield key >> 3, begin, begin + size
        begin += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and the place after it."""
    number = shift = 0
    while True:
        byte = data[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return number, at
