"""`cuechain finetune prefer`: preference tuning by TRL: DPO and its losses on pairs, KTO on thumbs, GRPO with rewards that can be checked.

Rows without a bad answer get some first, where `pairs` says which. The reference is the model as it starts: the base, or the base
with the adapter that `adapter` names. Runs as `accelerate launch -m cuechain.finetune.prefer --config FILE` too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import Field, field_validator, model_validator

from cuechain.agents.errors import ConfigError, MissingExtraError
from cuechain.finetune.config import read
from cuechain.finetune.tuning.base import Base, is_first, load
from cuechain.finetune.tuning.card import spec
from cuechain.finetune.tuning.online import PairsConfig
from cuechain.finetune.tuning.preferences import balance, dataset, paired
from cuechain.finetune.tuning.rewards import REWARDS, WEIGHTS
from cuechain.finetune.tuning.rewards import checked as weights_of
from cuechain.finetune.tuning.training import TrainConfig, arguments, checked, run

LOSSES: dict[str, tuple[str, ...]] = {
    "dpo": (
        "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired", "apo_zero",
        "apo_down", "discopop", "sft", "sigmoid_norm",
    ),
    "kto": ("kto", "apo_zero_unpaired"),
    "grpo": ("dapo", "grpo", "dr_grpo", "bnpo"),
}  # fmt: skip
"""TRL's names; the first one of each is what is taken where none is named."""
_OWN = {"dpo": {"smoothing"}, "kto": set[str](), "grpo": {"rewards", "samples", "reply", "temperature"}}
"""Keys of one trainer alone."""
_KEPT = ("rewards/", "logps/", "reward", "kl", "loss", "eval_", "completions/", "frac_reward_zero_std")
"""What of a trainer's log goes into the report."""


class PreferConfig(TrainConfig):
    """`cuechain finetune prefer`: pairs, thumbs or prompts to an adapter, or to weights."""

    trainer: Literal["dpo", "kto", "grpo"] = "dpo"
    """dpo: on pairs (Rafailov et al. 2023); kto: on thumbs, or pairs taken apart (Ethayarajh et al. 2024); grpo: on answers that the
    model writes while it trains, by their rewards (Shao et al. 2024)."""
    pairs: PairsConfig | None = None
    """Pairs to make beside those of `data`; kept in `out`. None where there are enough pairs or thumbs."""
    loss: dict[str, float] = Field(default_factory=dict[str, float])
    """TRL's name of the loss, to its weight; dpo may have several ({sigmoid: 1, sft: 0.2}). Empty for the usual one."""
    beta: float | None = Field(default=None, ge=0)
    """How much leaving the reference costs (ipo: its tau); None for TRL's own, 0.1 for dpo and kto, and 0 for grpo."""
    smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """Share of pairs that may be the wrong way round; for the losses robust and exo_pair."""
    rewards: dict[str, float] = Field(default_factory=lambda: dict(WEIGHTS))
    """Reward to its weight: label, valid, cites, decisive, holds, abstains, length."""
    samples: int = Field(default=8, ge=2)
    """Answers to each prompt that are compared with each other; `batch` times `accumulate` must be a multiple of it."""
    reply: int = Field(default=400, ge=8)
    """Tokens that an answer may have while training; `max_length` counts them too."""
    temperature: float = Field(default=1.0, gt=0)
    """At which answers are drawn."""

    @property
    def learns_at_once(self) -> bool:
        """Answers that are all equally good or bad teach nothing, which is no fault."""
        return self.trainer != "grpo"

    @field_validator("rewards")
    @classmethod
    def _known(cls, value: dict[str, float]) -> dict[str, float]:
        try:
            return weights_of(value)
        except ConfigError as error:
            raise ValueError(f"{error.message}; {error.hint}") from error

    @model_validator(mode="after")
    def _fit(self) -> PreferConfig:
        others = {key for name, keys in _OWN.items() if name != self.trainer for key in keys} & self.model_fields_set
        if others:
            raise ValueError(f"{', '.join(sorted(others))}: not a key of {self.trainer}")
        if bad := [name for name in self.loss if name not in LOSSES[self.trainer]]:
            raise ValueError(f"{self.trainer} has no loss '{bad[0]}'; it has {', '.join(LOSSES[self.trainer])}")
        if len(self.loss) > 1 and self.trainer != "dpo":
            raise ValueError(f"{self.trainer} takes one loss")
        if "exo_pair" in self.loss and not self.smoothing:
            raise ValueError("the loss exo_pair wants `smoothing`, such as 0.001")
        if self.trainer == "kto" and (self.batch < 2 or self.stream):
            raise ValueError(
                "kto compares replies within a batch: `batch` of 2 or more, and no `stream`, for they are shuffled"
            )
        if self.trainer == "grpo" and (self.batch * self.accumulate) % self.samples:
            raise ValueError(f"batch times accumulate is {self.batch * self.accumulate}, no multiple of `samples`")
        if self.trainer == "grpo" and self.reply >= self.max_length:
            raise ValueError("`max_length` leaves no room for a prompt beside `reply`")
        if self.trainer == "grpo" and (self.pairs or self.patience):
            raise ValueError(
                "grpo draws its own answers, and its loss does not tell when to stop: no `pairs`, no `patience`"
            )
        return self


def trainer(config: PreferConfig, tell: Callable[[str], None] = print) -> tuple[Any, Base]:
    """TRL's trainer for a configuration, and the base that it trains.

    Args:
        config: What to do.
        tell: Gets a line for each kind of pair that is made.

    Raises:
        ConfigError: Keys or data that cannot be trained on.
        MissingExtraError: The extra finetune is not installed.
        ModelError: The base, the adapter or the model behind `pairs` does not load.
    """
    try:
        import trl
    except ImportError as error:
        raise MissingExtraError("trl", "finetune") from error
    checked(config)
    if config.trainer == "grpo" and config.method == "qlora" and config.on == "cpu":
        raise ConfigError(
            "on a CPU, weights in 4 bit stop learning once they have written a reply", "use `method: lora`, or a GPU"
        )
    files: dict[str, Path] = {name: path for name in ("data", "dev") if (path := getattr(config, name))}
    if config.pairs is not None:
        files["data"] = paired(config.data, config.out, config.pairs, config.seed, tell, cpu=config.on == "cpu")
    base = load(config)
    if config.trainer == "grpo":  # prompts are screened, and the reply comes on top
        base.config = config.model_copy(update={"max_length": config.max_length - config.reply})
    parts = {
        name: dataset(base, path, config.trainer, seed=config.seed, stream=config.stream and name == "data")
        for name, path in files.items()
    }
    how: dict[str, Any] = arguments(config)
    if config.beta is not None:
        how["beta"] = config.beta
    shared: dict[str, Any] = {
        "model": base.model,
        "train_dataset": parts["data"],
        "eval_dataset": parts.get("dev"),
        "processing_class": base.processing,
        "peft_config": base.peft_config,
    }
    names = list(config.loss) or [LOSSES[config.trainer][0]]
    if config.trainer == "dpo":
        how |= {"loss_type": names, "label_smoothing": config.smoothing}
        how |= {"loss_weights": list(config.loss.values())} if len(names) > 1 else {}
        return trl.DPOTrainer(args=trl.DPOConfig(**how), **shared), base
    if config.trainer == "kto":
        how |= {"loss_type": names[0]} | balance(parts["data"]["label"])
        return trl.KTOTrainer(args=trl.KTOConfig(**how), **shared), base
    del how["max_length"]
    # The loss of GRPO says nothing about how good the answers are: no state is the best by it.
    how = {
        k: v
        for k, v in how.items()
        if k not in ("load_best_model_at_end", "metric_for_best_model", "greater_is_better")
    }
    how |= {
        "loss_type": names[0],
        "num_generations": config.samples,
        "max_completion_length": config.reply,
        "temperature": config.temperature,
        "reward_weights": list(config.rewards.values()),
    }
    functions = [REWARDS[name] for name in config.rewards]
    return trl.GRPOTrainer(args=trl.GRPOConfig(**how), reward_funcs=functions, **shared), base


def prefer(config: PreferConfig, tell: Callable[[str], None] = print) -> Path:
    """Train and write report.json; the folder of the adapter or of the weights. Errors as in `trainer` and `training.run`."""
    made, base = trainer(config, tell)
    done = run(made, config, base, "prefer")
    if made.is_world_process_zero():
        shutil.rmtree(
            done / "ref", ignore_errors=True
        )  # the adapter that it started from, kept by TRL as the reference
        text = json.dumps(report(made.state.log_history, config), indent=1)
        (config.out / "report.json").write_text(text + "\n", encoding="utf-8")
    return done


def report(log: Iterable[dict[str, Any]], config: PreferConfig) -> dict[str, Any]:
    """Margins, accuracies and rewards over the run: each step that was logged, the first and the last."""
    kept = [{k: v for k, v in entry.items() if k == "step" or k.startswith(_KEPT)} for entry in log if "step" in entry]
    steps = [entry for entry in kept if any(k.startswith(("rewards/", "reward")) for k in entry)]
    measured = [entry for entry in kept if any(k.startswith("eval_") for k in entry)]
    ends = {"first": steps[0], "last": steps[-1]} if steps else {}
    more = {"dev_first": measured[0], "dev_last": measured[-1]} if measured else {}
    loss = config.loss or {LOSSES[config.trainer][0]: 1.0}
    return {"trainer": config.trainer, "loss": loss, **ends, **more, "steps": steps, "dev": measured}


def main(config: Annotated[Path, typer.Option(help="YAML file of a PreferConfig.")]) -> None:
    """Tune a language model on preferences; a run that was stopped goes on."""
    told = read(PreferConfig, config)
    folder = prefer(told, lambda line: typer.echo(line, err=True))
    if is_first():
        typer.echo(spec(told, folder))


if __name__ == "__main__":
    typer.run(main)
