"""`cuechain finetune meaning`: a sentence encoder as it was published, in int8, for searching by meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cuechain.agents.errors import MissingExtraError
from cuechain.agents.perception.texts.reading import batch
from cuechain.finetune.embedded.encoder import encoder_folder
from cuechain.finetune.senses.words_export import quantised


def export(encoder: str, out: Path) -> Path:
    """Write meaning.onnx: token ids and mask (B, T) to vectors of length 1 (B, D), the mean of the last layer.

    Args:
        encoder: A folder with a config.json, or an installed package that carries a `model` folder.
        out: Folder; made where it is not there.

    Raises:
        ConfigError: There is no such encoder.
        MissingExtraError: torch, transformers or onnx are not installed.
    """
    try:
        import onnx  # noqa: F401 - torch's exporter needs it
        import torch
        from torch import nn
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtraError("the export", "finetune") from error

    class Meaning(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert: Any = AutoModel.from_pretrained(str(encoder_folder(encoder)), attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            mask = attention_mask.unsqueeze(-1).float()
            hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)

    arrays = batch([[1, 2, 3], [1, 2]])
    out.mkdir(parents=True, exist_ok=True)
    whole, small = out / "meaning.float.onnx", out / "meaning.onnx"
    torch.onnx.export(
        Meaning().eval(),
        tuple(torch.from_numpy(v) for v in arrays.values()),
        str(whole),
        input_names=list(arrays),
        output_names=["meaning"],
        dynamic_axes={name: {0: "b", 1: "t"} for name in arrays},
        opset_version=17,
        dynamo=False,  # the tracer keeps axes of any length
    )
    quantised(whole, small)
    whole.unlink()
    return small
