"""A run of the words model to what ships: calibrated on the development part, in int8.

Quantisation is dynamic (onnxruntime): weights of products and of the word table are kept in 8 bits.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cuechain.agents.errors import MissingExtraError
from cuechain.agents.perception.texts.reading import OUTPUTS, REACTIONS, Calibration, batch
from cuechain.finetune.config import WordsConfig
from cuechain.finetune.embedded.encoder import encoder_folder
from cuechain.finetune.senses.words_data import comments, events, held_out, shares, told

DRAWS = 400
"""Bootstrap samples over which a threshold's F1 is averaged: rare feelings have a dozen comments in the development part."""


def export(config: WordsConfig, run: Path) -> dict[str, float]:
    """Write words.onnx, tokenizer.json and words.json; macro-F1 on the development part, float and int8, as fitted there.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    import torch
    from tokenizers import Tokenizer

    from cuechain.finetune.senses.words import build

    source = encoder_folder(config.encoder)
    net = build(source, 0)
    net.load_state_dict(torch.load(run, map_location="cpu", weights_only=True))
    net.eval()
    config.weights.mkdir(parents=True, exist_ok=True)
    whole, small = to_onnx(net, config.out / "words.float.onnx"), config.weights / "words.onnx"
    quantised(whole, small)
    shutil.copyfile(source / "tokenizer.json", config.weights / "tokenizer.json")
    tokenizer: Any = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    train = config.source / "train"
    dev = comments(train / "goemotions", "dev")
    right = np.array([t.target for t in dev])
    chance = random.Random(1)
    everything = events(train / "atomic")
    unseen = sorted(held_out(iter(everything)))
    reacted = np.array([shares(everything[event]) for event in unseen])
    lines = [told(event, chance) for event in unseen]
    figures: dict[str, float] = {}
    for name, path in (("float", whole), ("int8", small)):
        found = outputs(path, tokenizer, [t.text for t in dev])[0]
        reactions = outputs(path, tokenizer, lines)[3]
        fitted = calibrated(found, right, reactions, reacted)
        figures[f"dev macro-F1, {name}"] = float(f1(found, right, fitted).mean())
        half = np.arange(len(dev)) % 2 == 0  # what fitting on the same comments flatters
        crossed = [calibrated(found[a], right[a], reactions, reacted) for a in (half, ~half)]
        told_ = np.zeros_like(right, bool)
        for part, how in ((~half, crossed[0]), (half, crossed[1])):
            told_[part] = _p(found[part], how) >= np.array(how.threshold)
        figures[f"dev macro-F1, {name}, cross-fitted"] = float(_f1(told_, right).mean())
        best = reactions.argmax(1)
        figures[f"events, first guess named by somebody, {name}"] = float(
            (reacted[np.arange(len(best)), best] > 0).mean()
        )
    (config.weights / "words.json").write_text(json.dumps(_rounded(fitted.model_dump()), indent=1) + "\n", "utf-8")
    top = int(reacted.sum(0).argmax())
    figures[f"events, always {REACTIONS[top]}"] = float((reacted[:, top] > 0).mean())
    return figures


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {k: _rounded(v) for k, v in found.items()}
    return [_rounded(v) for v in found] if isinstance(found, list | tuple) else round(float(found), 4)


def to_onnx(net: Any, path: Path) -> Path:
    """Write the float network; batch and length of any size."""
    try:
        import onnx  # noqa: F401 - torch's exporter needs it
        import torch
    except ImportError as error:
        raise MissingExtraError("the export", "finetune") from error
    arrays = batch([[1, 2, 3], [1, 2]])
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        net,
        tuple(torch.from_numpy(v) for v in arrays.values()),
        str(path),
        input_names=list(arrays),
        output_names=list(OUTPUTS),
        dynamic_axes={name: {0: "b", 1: "t"} for name in arrays},
        opset_version=17,
        dynamo=False,  # the tracer keeps axes of any length where the exporter of torch 2.13 fixes some
    )
    return path


def quantised(whole: Path, small: Path) -> None:
    """Write a float network in int8."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        whole, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )


def outputs(path: Path, tokenizer: Any, texts: Sequence[str]) -> list[np.ndarray]:
    """Raw outputs of an exported network for texts, in their order: (N, 28), (N, 1), (N, 5), (N, 14)."""
    import onnxruntime as ort

    from cuechain.agents.perception.texts.reading import LIMIT

    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ids = [tokenizer.encode(text[:2000]).ids[:LIMIT] for text in texts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    parts = [order[i : i + 64] for i in range(0, len(order), 64)]
    made = [session.run(list(OUTPUTS), batch([ids[i] for i in part])) for part in parts]
    place = np.argsort(np.array(order))
    return [np.concatenate([np.asarray(run[k]) for run in made])[place] for k in range(len(OUTPUTS))]


def calibrated(found: np.ndarray, right: np.ndarray, reactions: np.ndarray, reacted: np.ndarray) -> Calibration:
    """Fit scales, biases and thresholds of feelings (N, 28), and the temperature of reactions (M, 14)."""
    scale, bias = np.ones(right.shape[1]), np.zeros(right.shape[1])
    for k in range(right.shape[1]):
        scale[k], bias[k] = _platt(found[:, k], right[:, k])
    p = 1 / (1 + np.exp(-(scale * found + bias)))
    threshold = np.array([_threshold(p[:, k], right[:, k]) for k in range(right.shape[1])])
    told_ = p >= threshold
    # Two more of each, so that a dozen comments do not make a feeling certain.
    precision = ((told_ * right).sum(0) + 1) / (told_.sum(0) + 2)
    return Calibration(
        scale=tuple(scale.tolist()),
        bias=tuple(bias.tolist()),
        threshold=tuple(threshold.tolist()),
        precision=tuple(precision.tolist()),
        reaction=_temperature(reactions, reacted),
    )


def _platt(logit: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Logistic regression on one logit, held by L2 to leaving it as it is (Platt 1999)."""
    from scipy.optimize import minimize

    def loss(x: np.ndarray) -> float:
        z = x[0] * logit + x[1]
        return float((np.logaddexp(0, z) - right * z).sum() + 2 * ((x[0] - 1) ** 2 + x[1] ** 2))

    found: Any = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.2, 3), (-4, 4)])
    return float(found.x[0]), float(found.x[1])


def _threshold(p: np.ndarray, right: np.ndarray) -> float:
    """The probability from which telling gives the best F1, averaged over bootstrap samples."""
    levels = np.unique(np.quantile(p[p > 0.02], np.linspace(0, 1, 200))) if (p > 0.02).any() else np.array([0.5])
    told_ = (p[None, :] >= levels[:, None]).astype(np.float32)  # a product of floats is a hundred times faster
    draws = np.random.default_rng(1).multinomial(len(p), np.full(len(p), 1 / len(p)), DRAWS).astype(np.float32)
    hits, all_told, all_right = told_ @ (draws * right).T, told_ @ draws.T, draws @ right.astype(np.float32)
    return float(levels[(2 * hits / np.maximum(all_told + all_right, 1)).mean(1).argmax()])


def _temperature(logits: np.ndarray, target: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    def loss(x: float) -> float:
        z = x * (logits - logits.max(1, keepdims=True))
        return float(-(target * (z - np.log(np.exp(z).sum(1, keepdims=True)))).sum(1).mean())

    found: Any = minimize_scalar(loss, bounds=(0.2, 3.0), method="bounded")
    return float(found.x)


def _p(found: np.ndarray, how: Calibration) -> np.ndarray:
    return 1 / (1 + np.exp(-(np.array(how.scale) * found + np.array(how.bias))))


def f1(found: np.ndarray, right: np.ndarray, how: Calibration) -> np.ndarray:
    """F1 of each feeling (28,) at its threshold."""
    return _f1(_p(found, how) >= np.array(how.threshold), right)


def _f1(told_: np.ndarray, right: np.ndarray) -> np.ndarray:
    return 2 * (told_ * right).sum(0) / np.maximum(told_.sum(0) + right.sum(0), 1)
