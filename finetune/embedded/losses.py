"""What a batch costs: the loss of each slot, over label sets that change from batch to batch.

Corpora say neutral too often: their label priors are added to the logits while training (logit adjustment, Menon et al. 2021), so that they
are gone at run time.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from cuechain.agents.llm.labels import meaning, synonyms
from cuechain.agents.llm.serialise import RELATIONS, SENTIMENTS, Row, batch, label_row, row
from cuechain.agents.values import EKMAN
from cuechain.finetune.embedded.examples import Example

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TEXTS = frozenset({"goemotions", "brighter"})
"""Authors whose sheets hold one text alone, chosen because it shows a feeling."""
BARE = TEXTS | {"topical"}
"""Authors whose sheets hold one text alone: "single" would teach that a text by itself is never sarcastic."""
SHARE = {
    "emotion": 1.0,
    "fine": 0.5,
    "relation": 0.7,
    "sentiment": 0.4,
    "abstain": 0.5,
    "weight": 0.5,
    "intensity": 0.3,
}
"""Weight of each slot in the loss: ours."""


def core(label: str) -> str:
    """Ekman group of a label; neutral where the table has none."""
    return meaning(label)[0] or "neutral"


def mass(example: Example) -> dict[str, float]:
    """Ekman label to share. A text's labels count alike; a sheet's best label has three quarters beside the accepted ones."""
    assert example.emotion is not None
    if example.author in TEXTS:
        shares = dict.fromkeys((example.emotion, *example.also), 1.0)
    else:
        shares = {example.emotion: 1.0} | {label: 1 / (3 * len(example.also)) for label in example.also}
    found: Counter[str] = Counter()
    for label, share in shares.items():
        found[core(label)] += share
    total = sum(found.values())
    return {label: share / total for label, share in found.items()}


class Priors:
    """Log shares of labels in the text corpora: fine and Ekman."""

    def __init__(self, texts: list[Example]) -> None:
        fine: Counter[str] = Counter()
        coarse: Counter[str] = Counter()
        for example in texts:
            for label in (example.emotion, *example.also) if example.author == "goemotions" else ():
                fine[str(label)] += 1 / (1 + len(example.also))
            for label, share in mass(example).items():
                coarse[label] += share
        self.fine = {k: math.log(v / fine.total()) for k, v in sorted(fine.items())}
        self.core = {k: math.log((coarse[k] + 1) / (coarse.total() + 7)) for k in EKMAN}


def run(net: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The network\'s outputs for a batch, in bfloat16 inside."""
    import torch

    with torch.autocast("cpu", torch.bfloat16):
        return net(**{name: torch.from_numpy(value) for name, value in arrays.items()})


def _bucketed(net: Any, rows: list[Row]) -> list[Any]:
    """Outputs for rows, run in groups of like length: half of a mixed batch would be padding."""
    import torch
    from torch.nn import functional as F

    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    groups = [order[i : i + 8] for i in range(0, len(order), 8)]
    parts = [run(net, batch([rows[i] for i in group])) for group in groups]
    widest = max(part[-1].shape[1] for part in parts)
    parts = [(*part[:-1], F.pad(part[-1], (0, widest - part[-1].shape[1]))) for part in parts]
    back = torch.tensor(order).argsort()
    return [torch.cat(outputs)[back] for outputs in zip(*parts, strict=True)]


def losses(
    net: Any, examples: list[Example], chance: random.Random, tokenizer: Tokenizer, priors: Priors | None
) -> dict[str, Any]:
    """Loss of each slot that somebody judged in these examples, before SHARE weighs them."""
    import torch
    from torch.nn import functional as F

    rows = [row(tokenizer, x.sheet, x.question, x.person) for x in examples]
    mask_id = tokenizer.token_to_id("[MASK]")
    for r in rows:  # a word may be missing: nothing may hang on a single one
        for i in range(1, len(r.ids)):
            if chance.random() < 0.03:
                r.ids[i] = mask_id
    sheet, _, relation, sentiment, abstain, intensity, weight = _bucketed(net, rows)
    words = [chance.choice(synonyms(name)) if chance.random() < 0.25 else name for name in EKMAN]
    fine = list(priors.fine) if priors else []
    _, label, *_ = run(net, batch([label_row(tokenizer, name) for name in (*words, *fine)]))
    scores = sheet.float() @ label.float().T
    lost: dict[str, Any] = {}

    told = [i for i, x in enumerate(examples) if x.emotion is not None]
    goal = torch.zeros(len(told), len(EKMAN))
    tilt = torch.zeros(len(told), len(EKMAN))
    for n, i in enumerate(told):
        for name, share in mass(examples[i]).items():
            goal[n, EKMAN.index(name)] = share
        if priors and examples[i].author in TEXTS:
            tilt[n] = torch.tensor([priors.core[name] for name in EKMAN])
    lost["emotion"] = F.cross_entropy(scores[told][:, : len(EKMAN)] + tilt, goal)
    finely = [i for i in told if examples[i].author == "goemotions"]
    if finely and fine:
        goal = torch.zeros(len(finely), len(fine))
        for n, i in enumerate(finely):
            for name in (examples[i].emotion, *examples[i].also):
                goal[n, fine.index(str(name))] = 1 / (1 + len(examples[i].also))
        lost["fine"] = F.cross_entropy(scores[finely][:, len(EKMAN) :] + torch.tensor(list(priors.fine.values())), goal)  # type: ignore[union-attr]
    for name, logits, values in (("relation", relation, RELATIONS), ("sentiment", sentiment, SENTIMENTS)):
        judged = [
            i
            for i, x in enumerate(examples)
            if getattr(x, name) is not None and not (name == "relation" and x.author in BARE)
        ]
        if judged:
            right = torch.tensor([values.index(getattr(examples[i], name)) for i in judged])
            lost[name] = F.cross_entropy(logits[judged], right)
    lost["abstain"] = F.binary_cross_entropy_with_logits(abstain, torch.tensor([float(x.abstain) for x in examples]))
    strong = [i for i, x in enumerate(examples) if x.intensity is not None]
    if strong:
        right = torch.tensor([float(examples[i].intensity or 0) for i in strong])
        lost["intensity"] = F.binary_cross_entropy_with_logits(intensity[strong], right)
    places = [
        (i, c, float(key in (x.decisive or ())))
        for i, x in enumerate(examples)
        if x.decisive is not None
        for c, key in enumerate(rows[i].cues)
    ]
    if places:
        i, c, right = zip(*places, strict=True)
        lost["weight"] = F.binary_cross_entropy_with_logits(weight[list(i), list(c)], torch.tensor(right))
    return lost
