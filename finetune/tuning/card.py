"""What a run was told and what it came to: run.json while it trains, card.json and README.md beside the weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cuechain.agents.errors import ConfigError
from cuechain.finetune.tuning.base import BaseConfig

_FREE = frozenset({"epochs", "steps", "patience", "save_every", "log_every", "device", "checkpointing"})
"""Keys that may change when a run goes on."""


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        ConfigError: It is not there.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def begun(config: BaseConfig, verb: str) -> dict[str, str]:
    """Note in `out` what the run is told, unless an earlier start has; digests of its data files.

    Raises:
        ConfigError: `out` holds a run of another verb, with other keys or other data.
    """
    told = config.model_dump(mode="json")
    out = Path(told["out"])
    files = {name: digest(Path(told[name])) for name in ("data", "dev") if told.get(name)}
    kept = {"verb": verb, **{k: v for k, v in told.items() if k not in _FREE}, "sha256": files}
    path = out / "run.json"
    if path.is_file():
        before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if other := [k for k in kept if kept[k] != before.get(k)]:
            raise ConfigError(
                f"{out} holds a run with another {', '.join(other)}", "choose another `out`, or remove it"
            )
        return files
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return files


def write_card(
    folder: Path,
    config: BaseConfig,
    verb: str,
    digests: dict[str, str],
    state: Any,
    skipped: dict[str, dict[str, list[str]]],
) -> None:
    """Write card.json and README.md.

    Args:
        folder: Of the weights.
        config: What the run was told.
        verb: sft, or the like.
        digests: SHA-256 of its data files.
        state: TrainerState of transformers: steps and losses.
        skipped: Ids of rows that were left out, by file and reason.
    """
    logged: list[dict[str, Any]] = state.log_history
    losses = [x["loss"] for x in logged if "loss" in x]
    dev = [x["eval_loss"] for x in logged if "eval_loss" in x]
    card: dict[str, Any] = {
        "verb": verb,
        "base": config.model,
        "spec": spec(config, folder),
        "config": config.model_dump(mode="json"),
        "sha256": digests,
        "left_out": {name: {why: len(ids) for why, ids in one.items()} for name, one in skipped.items()},
        "steps": state.global_step,
        "seconds": next((x["train_runtime"] for x in reversed(logged) if "train_runtime" in x), None),
        "loss": {"first": losses[0], "last": losses[-1]} if losses else {},
        "dev_loss": {"before": dev[0], "best": min(dev), "last": dev[-1]} if dev else {},
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    numbers = [
        f"- {name}: " + ", ".join(f"{k} {v:.4f}" for k, v in card[name].items()) for name in ("loss", "dev_loss")
    ]
    lines = [
        *(
            "---",
            f"base_model: {config.model}",
            "library_name: " + ("peft" if config.method != "full" else "transformers"),
        ),
        *("tags: [cuechain]", "---", "", f"# {folder.resolve().parent.name}", ""),
        f"Made by `cuechain finetune {verb}` ({config.method}) from {config.model}, in {state.global_step} steps.",
        f"Try it: `cuechain ask CLIP --model {card['spec']}`",
        "",
        *(line for line in numbers if not line.endswith(": ")),
        *(f"- {name}: sha256 {value}" for name, value in digests.items()),
        "",
        "All keys are in card.json. The losses say how well replies are copied, not how right answers are: `cuechain finetune compare`.",
    ]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def spec(config: BaseConfig, folder: Path) -> str:
    """What `cuechain ask --model` takes."""
    return f"hf:{folder}" if config.method == "full" else f"hf:{config.model}+{folder}"
