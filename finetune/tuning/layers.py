"""Which layers of a model are trained: those of the language model, never the vision tower, the projector as a whole or not at all."""

from __future__ import annotations

import re
from typing import Any

from cuechain.agents.errors import ConfigError

PROJECTORS = ("multi_modal_projector",)
"""Names of the part between the vision tower and the language model, in the LLaVA family."""
_TOWERS = re.compile(r"(^|\.)(vision_tower|vision_model|visual|image_newline)(\.|$)")
_OFF = re.compile(rf"{_TOWERS.pattern}|{'|'.join(PROJECTORS)}|(^|\.)(gate|router)$")


def targets(model: Any, wanted: str | None) -> str:
    """The regular expression of the layers that get an adapter.

    Raises:
        ConfigError: It fits no layer, or fits the head or layers of the vision tower.
    """
    head = model.get_output_embeddings()
    off = {n for n, m in model.named_modules() if m is head or _OFF.search(n)}
    linear = [n for n, m in model.named_modules() if type(m).__name__ in ("Linear", "Linear4bit", "Conv1D")]
    if wanted is None:
        inside = r".*language_model.*\." if any("language_model" in n for n in linear) else r".*\."
        names = {n.rsplit(".", 1)[-1] for n in linear if re.match(inside, n) and n not in off}
        return f"{inside}({'|'.join(sorted(names))})"
    try:
        hit = [n for n, _ in model.named_modules() if re.fullmatch(wanted, n)]
    except re.error as error:
        raise ConfigError(f"targets is no regular expression: {error}") from error
    if not hit:
        raise ConfigError("targets fits no layer of the model", f"layers are named like {linear[len(linear) // 2]}")
    if bad := [n for n in hit if n in off]:
        raise ConfigError(
            f"targets fits {bad[0]}", "leave out the vision tower and the head; LLaVA needs language_model in it"
        )
    return wanted


def deep_head(model: Any) -> str | None:
    """The name of a head that does more than multiply (BERT's and RoBERTa's), None for an ordinary one.

    TRL computes the loss from hidden states and the matrix of the head: whatever else such a head does is left out of training.
    """
    head = model.get_output_embeddings()
    name = next((n for n, m in model.named_modules() if m is head), "")
    return name if "." in name else None


def projectors(model: Any) -> list[str]:
    """Names of the projectors that it has."""
    return [p for p in PROJECTORS if any(n.rsplit(".", 1)[-1] == p for n, _ in model.named_modules())]


def frozen(name: str, projector: str) -> bool:
    """Whether a weight of this name is left as it is: of the vision tower, or of a projector that is not to be tuned."""
    return bool(_TOWERS.search(name)) or (projector == "frozen" and any(p in name for p in PROJECTORS))


def fits(model: Any, *, on: str) -> None:
    """Refuse, on a CPU, layers whose inputs are no multiple of 64: they end in an error deep in bitsandbytes, in the middle of training.

    Raises:
        ConfigError: There is such a layer.
    """
    if on == "cpu":
        for name, module in model.named_modules():
            if type(module).__name__ == "Linear4bit" and module.in_features % 64:
                raise ConfigError(
                    f"{name} has {module.in_features} inputs, no multiple of 64: no fit for 4 bit on a CPU",
                    "use `method: lora`, or a GPU",
                )
