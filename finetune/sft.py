"""`cuechain finetune sft`: instruction tuning of a language model or a LLaVA-like model on rows, by TRL's SFTTrainer.

The loss falls on each row's reply alone. Runs as `accelerate launch -m cuechain.finetune.sft --config FILE` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cuechain.agents.errors import ConfigError, MissingExtraError
from cuechain.finetune.config import read
from cuechain.finetune.tuning.base import Base, is_first, load
from cuechain.finetune.tuning.card import spec
from cuechain.finetune.tuning.training import TrainConfig, arguments, checked, run


class SFTConfig(TrainConfig):
    """`cuechain finetune sft`: rows to an adapter, or to weights."""

    packing: bool = False
    """Join short rows to sequences of `max_length`, each row blind to the others; text only, for attention by sdpa or flash."""


def trainer(config: SFTConfig) -> tuple[Any, Base]:
    """TRL's trainer for a configuration, and the base that it trains.

    Raises:
        ConfigError: Keys or data that cannot be trained on.
        MissingExtraError: The extra finetune is not installed.
        ModelError: The base or the adapter does not load.
    """
    try:
        import trl
    except ImportError as error:
        raise MissingExtraError("trl", "finetune") from error
    checked(config)
    base = load(config)
    if config.packing:
        _packs(base)
    dev = base.dataset(config.dev) if config.dev is not None else None
    data = base.dataset(config.data, stream=config.stream)
    how = arguments(config) | {"completion_only_loss": True}
    if config.packing:
        how |= {"packing": True, "eval_packing": False, "max_length": config.max_length}
    made = trl.SFTTrainer(
        model=base.model,
        args=trl.SFTConfig(**how),
        train_dataset=data,
        eval_dataset=dev,
        processing_class=base.processing,
        peft_config=base.peft_config,
    )
    if not (config.packing or config.stream or base.is_vision):
        lengths = [len(ids) for ids in made.train_dataset["input_ids"]]
        grouped = _grouped(lengths, config.batch * config.accumulate, config.seed)
        made._get_train_sampler = lambda *_: grouped
    return made, base


def _grouped(lengths: list[int], size: int, seed: int) -> Any:
    """Rows of like length together, or half of a batch would be padding.

    The sampler of transformers draws from the global state: a run that goes on would see another order, and two processes two orders.
    """
    import torch
    from transformers.trainer_pt_utils import LengthGroupedSampler

    class Grouped(LengthGroupedSampler):
        def set_epoch(self, epoch: int) -> None:
            self.generator = torch.Generator().manual_seed(seed + epoch)

    return Grouped(size, lengths=lengths, generator=torch.Generator().manual_seed(seed))


def _packs(base: Base) -> None:
    """Rows that are packed must not see each other: images have no place there, and some attention knows no borders."""
    if base.is_vision:
        raise ConfigError("packing is for models that read only", "leave out `packing`")
    kind = base.model.config._attn_implementation
    if kind != "sdpa" and "flash" not in kind:
        raise ConfigError(f"packed rows would see each other in {kind} attention", "leave out `packing`")


def sft(config: SFTConfig) -> Path:
    """Train; the folder of the adapter or of the weights. Errors as in `trainer` and `run`."""
    made, base = trainer(config)
    return run(made, config, base, "sft")


def main(config: Annotated[Path, typer.Option(help="YAML file of an SFTConfig.")]) -> None:
    """Tune a language model on rows; a run that was stopped goes on."""
    told = read(SFTConfig, config)
    folder = sft(told)
    if is_first():
        typer.echo(spec(told, folder))


if __name__ == "__main__":
    typer.run(main)
