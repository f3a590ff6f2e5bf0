"""`cuechain finetune export`: a checkpoint to int8 ONNX, with tokenizer and calibration: what the package ships.

Dynamic quantisation (onnxruntime): weights of products and of the word table are stored in 8 bits. Its cost is told by `drift`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from cuechain.agents.errors import ConfigError, MissingExtraError
from cuechain.agents.llm.fusion import Calibration
from cuechain.agents.llm.serialise import OUTPUTS, Row, batch, label_row, row
from cuechain.agents.values import EKMAN
from cuechain.finetune.config import CORPUS, ExportConfig, read
from cuechain.finetune.embedded.calibrate import calibration, predictions
from cuechain.finetune.embedded.encoder import build, encoder_folder
from cuechain.finetune.embedded.examples import Example, read_examples, written
from cuechain.finetune.embedded.planner import UNSEEN, predict

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCHED = {"input_ids": ("b", "t"), "attention_mask": ("b", "t"), "token_type_ids": ("b", "t"), "pool": ("b", "c", "t")}
"""Inputs and the names of their axes, all of any length."""


def to_onnx(net: Any, folder: Path, quantised: bool = True) -> Path:
    """Write planner.onnx (int8 with `quantised`).

    Raises:
        MissingExtraError: onnx is not installed.
    """
    try:
        import onnx
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise MissingExtraError("the export", "finetune") from error
    folder.mkdir(parents=True, exist_ok=True)
    whole, small = folder / "planner.float.onnx", folder / "planner.onnx"
    arrays = batch(
        [Row([1, 2, 3], [0, 0, 0], {"a": (1, 2)}), Row([1, 2, 3, 2], [0, 0, 1, 1], {"a": (1, 2), "b": (2, 3)})]
    )
    net.eval()
    torch.onnx.export(
        net,
        tuple(torch.from_numpy(arrays[name]) for name in BATCHED),
        str(whole),
        input_names=list(BATCHED),
        output_names=list(OUTPUTS),
        dynamic_axes={name: dict(enumerate(axes)) for name, axes in BATCHED.items()},
        opset_version=17,
        dynamo=False,  # the tracer keeps axes of any length where the exporter of torch 2.13 fixes some
    )
    onnx.checker.check_model(str(whole))
    if not quantised:
        return whole.replace(small)
    quantize_dynamic(
        whole, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )
    whole.unlink()
    return small


def drift(net: Any, folder: Path, tokenizer: Any, examples: Sequence[Example]) -> dict[str, float]:
    """What quantisation changed on some sheets: distance of their vectors, and the share with another best emotion or relation."""
    import onnxruntime as ort
    import torch

    session = ort.InferenceSession(str(folder / "planner.onnx"), providers=["CPUExecutionProvider"])

    def both(rows: list[Row]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        arrays = batch(rows)
        with torch.inference_mode():
            exact = net(**{k: torch.from_numpy(v) for k, v in arrays.items()})
        return [output.numpy() for output in exact], list(session.run(list(OUTPUTS), arrays))

    label_exact, label_small = (outputs[1] for outputs in both([label_row(tokenizer, name) for name in EKMAN]))
    apart: list[float] = []
    emotions = relations = 0
    for example in examples:
        exact, small = both([row(tokenizer, example.sheet, example.question, example.person)])
        one, two = exact[0][0], small[0][0]
        apart.append(1 - float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two))))
        emotions += int((label_exact @ one).argmax() != (label_small @ two).argmax())
        relations += int(exact[2][0].argmax() != small[2][0].argmax())
    return {
        "cosine_distance_mean": float(np.mean(apart)),
        "cosine_distance_max": max(apart),
        "emotion_flips": emotions / len(apart),
        "relation_flips": relations / len(apart),
    }


def export(config: ExportConfig) -> dict[str, float]:
    """Write the three files; what quantisation changed.

    Raises:
        ConfigError: The checkpoint is not there.
    """
    source = encoder_folder(config.encoder)
    net = build(source)
    import torch
    from tokenizers import Tokenizer

    if not config.checkpoint.is_file():
        raise ConfigError(f"no checkpoint at {config.checkpoint}", "run `cuechain finetune planner` first")
    net.load_state_dict(torch.load(config.checkpoint, map_location="cpu", weights_only=True))
    to_onnx(net, config.out)
    shutil.copyfile(source / "tokenizer.json", config.out / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    examples = read_examples(config.data / "written.jsonl")
    fitted = _fitted(config, net, tokenizer, examples)
    (config.out / "planner.json").write_text(json.dumps(fitted.model_dump(), indent=1) + "\n", encoding="utf-8")
    return drift(net, config.out, tokenizer, examples[:: max(1, len(examples) // 200)])


def _fitted(config: ExportConfig, net: Any, tokenizer: Tokenizer, sheets: Sequence[Example]) -> Calibration:
    """How sure the network itself is of a feeling, on sheets and texts that it never saw; the rest from the folds, if there are any.

    The folds' networks learnt from less and are right less often: their factors would make this one too modest. But they met
    enough sheets without an answer, and enough of each relation, of which corpus/dev has a few each.
    """
    texts = read_examples(config.data / "texts_dev.jsonl")
    unseen = [x for path in sorted((CORPUS / "dev").glob("*.jsonl")) for x in written(path)] + texts[:UNSEEN]
    own = config.checkpoint.with_name("unseen.jsonl")
    predict(net, tokenizer, unseen, own)
    fitted = calibration(unseen, predictions([own]))
    if not config.folds:
        return fitted
    folded = calibration([*sheets, *texts], predictions(config.folds))
    return folded.model_copy(update={"emotion": fitted.emotion, "texts": fitted.texts})


def main(config: Annotated[Path, typer.Option(help="YAML file of an ExportConfig.")]) -> None:
    """Write weights for the product."""
    for name, value in export(read(ExportConfig, config)).items():
        typer.echo(f"{name}: {value:.5f}")


if __name__ == "__main__":
    typer.run(main)
