"""What all training of language models shares: its keys, and a run that goes on where it was stopped. TRL's trainers do the training."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import Field, model_validator

from cuechain.agents.errors import ConfigError, ModelError, RunError
from cuechain.finetune.tuning.base import Base, BaseConfig
from cuechain.finetune.tuning.card import begun, write_card

_FULL = (
    "No space left",
    "File too large",
    "Disk quota",
    "iostream error",
    "PytorchStreamWriter",
    "Read-only file system",
)
"""How the libraries that write checkpoints tell that the disk is full."""


class TrainConfig(BaseConfig):
    """Keys of every verb that trains a language model."""

    data: Path
    """Rows to train on (JSON lines)."""
    dev: Path | None = None
    """Rows that are only measured on, before the first step and each `save_every`; the best state is kept."""
    out: Path
    """Folder of the run: checkpoints, and in the end `adapter` or `model`. A run that was stopped goes on from its last checkpoint."""
    stream: bool = False
    """Read the rows anew in each pass instead of keeping them in memory; wants `steps`."""
    epochs: float = Field(default=1.0, gt=0)
    """Passes over the rows; `steps` goes before it."""
    steps: int | None = Field(default=None, ge=1)
    """Updates of the weights."""
    batch: int = Field(default=4, ge=1)
    """Rows at a time on each device."""
    accumulate: int = Field(default=4, ge=1)
    """Batches for each update."""
    rate: float = Field(default=1e-4, gt=0)
    """Highest learning rate; warm-up, then along a cosine to 0."""
    warmup: float = Field(default=0.03, ge=0, lt=1)
    """Share of the updates for the warm-up."""
    save_every: int = Field(default=100, ge=1)
    """Updates between checkpoints, and between measurements of `dev`."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after so many measurements of `dev` without a better one; None goes to the end."""
    log_every: int = Field(default=10, ge=1)
    """Updates between reports of the loss."""
    seed: int = 1
    """Of everything random."""

    @property
    def learns_at_once(self) -> bool:
        """Whether each of the first steps must have a gradient."""
        return True

    @model_validator(mode="after")
    def _together(self) -> TrainConfig:
        if self.stream and self.steps is None:
            raise ValueError("a stream has no known length: set `steps`")
        if self.patience is not None and self.dev is None:
            raise ValueError("`patience` needs `dev`")
        return self


def checked(config: TrainConfig) -> None:
    """Refuse what would train badly without a word, before anything is loaded.

    Raises:
        ConfigError: 4 bit on a CPU with a dev file: measuring packs the weights for use, and from then on gradients are wrong.
    """
    if config.method == "qlora" and config.on == "cpu" and config.dev is not None:
        raise ConfigError(
            "on a CPU, weights in 4 bit stop learning well once they were measured on `dev`",
            "leave out `dev` and compare afterwards, use `method: lora`, or a GPU",
        )


def arguments(config: TrainConfig) -> dict[str, Any]:
    """Arguments that SFTConfig, DPOConfig and their kin share; rows were screened, so that none is cut (GRPOConfig has no `max_length`)."""
    measured: dict[str, Any] = {}
    if config.dev is not None:
        measured = {
            "eval_strategy": "steps",
            "eval_steps": config.save_every,
            "eval_on_start": True,
            "load_best_model_at_end": True,
            "metric_for_best_model": "eval_loss",
            "greater_is_better": False,
        }
    return measured | {
        "output_dir": str(config.out / "checkpoints"),
        "num_train_epochs": config.epochs,
        "max_steps": config.steps or -1,
        "per_device_train_batch_size": config.batch,
        "per_device_eval_batch_size": config.batch,
        "gradient_accumulation_steps": config.accumulate,
        "learning_rate": config.rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": config.warmup,  # below 1 it is a share
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "save_total_limit": 2,
        "logging_steps": config.log_every,
        "logging_first_step": True,
        "seed": config.seed,
        "bf16": config.bf16,
        "use_cpu": config.on == "cpu",
        "gradient_checkpointing": config.checkpointing,
        "dataloader_pin_memory": config.on == "cuda",
        "report_to": "none",
        "max_length": None,
    }


def run(trainer: Any, config: TrainConfig, base: Base, verb: str) -> Path:
    """Train from the last checkpoint, or from the start, and save what was learnt with its card; the folder.

    The first Ctrl-C (or SIGTERM) ends the step, saves a checkpoint and stops; the second one stops at once.

    Raises:
        ConfigError: `out` holds a run with other keys or other data.
        KeyboardInterrupt: It was stopped; the same command goes on.
        ModelError: Nothing is learnt, the loss is no number, or memory ran out.
        RunError: A checkpoint could not be written; the one before is kept.
    """
    digests = begun(config, verb)
    trainer.add_callback(_learning(config))
    if config.patience is not None:
        from transformers import EarlyStoppingCallback

        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=config.patience))
    done = config.out / ("model" if config.method == "full" else "adapter")
    # Trainers print their losses on stdout, which is for results.
    with contextlib.redirect_stdout(sys.stderr), _stoppable(trainer) as stopped, _saved(config):
        trainer.train(resume_from_checkpoint=last(config.out / "checkpoints"))
        if config.stream:
            base.tell(config.data.name)
        if stopped.is_set():
            raise KeyboardInterrupt
        trainer.save_model(str(done))
        if trainer.is_world_process_zero():
            (done / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nobody should load
            base.processing.save_pretrained(done)
            write_card(done, config, verb, digests, trainer.state, base.skipped)
    return done


def last(folder: Path) -> str | None:
    """The last checkpoint that is whole, None for none; what a kill in the middle of writing left is removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda p: int(p.name.rpartition("-")[2]))
    for one in reversed(found):
        try:
            json.loads((one / "trainer_state.json").read_text(encoding="utf-8"))  # written last
        except (OSError, ValueError):
            shutil.rmtree(one, ignore_errors=True)
            continue
        return str(one)
    return None


def disk(error: Exception) -> bool:
    """Whether it tells that something could not be written."""
    return isinstance(error, OSError) or any(sign in str(error) for sign in _FULL)


@contextlib.contextmanager
def _saved(config: TrainConfig) -> Iterator[None]:
    """Errors of the disk and of memory, told in the words of this project."""
    try:
        yield
    except Exception as error:
        said = str(error)
        if type(error).__name__ == "OutOfMemoryError":
            hint = "lower `batch` (and raise `accumulate`), set `checkpointing: true`, or use `method: qlora`"
            raise ModelError("the GPU ran out of memory", hint) from error
        if not disk(error):
            raise
        kept = last(config.out / "checkpoints")
        where = f"{Path(kept).name} is kept" if kept else "there is no checkpoint yet"
        hint = "make room and run the same command again"
        raise RunError(f"cannot write to {config.out}: {' '.join(said.split())[:200]}; {where}", hint) from error


@contextlib.contextmanager
def _stoppable(trainer: Any) -> Iterator[threading.Event]:
    """An event that is set by the first signal; several processes would not stop at the same step, so they keep the default."""
    from transformers import TrainerCallback

    stopped = threading.Event()
    if trainer.args.world_size > 1 or threading.current_thread() is not threading.main_thread():
        yield stopped
        return

    class Stop(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if stopped.is_set():
                control.should_save = control.should_training_stop = True

    def handle(*_: Any) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        typer.echo("stopping after this step; once more stops at once", err=True)

    trainer.add_callback(Stop)
    before = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _learning(config: TrainConfig) -> Any:
    """Looks at the gradients of the first steps, and whether weights in 4 bit were packed, which spoils gradients without an error."""
    from transformers import TrainerCallback

    class Learning(TrainerCallback):
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            if config.method == "qlora" and config.on == "cpu" and any(map(_packed, model.modules())):
                raise ModelError(
                    f"at step {state.global_step} the weights in 4 bit are packed for use: their gradients are wrong",
                    "on a CPU, never evaluate or generate in the middle of training; use `method: lora`, or a GPU",
                )
            if state.global_step >= 3:
                return
            grads = [p.grad for p in model.parameters() if p.requires_grad and p.grad is not None]
            size = sum(float(g.abs().sum()) for g in grads)
            if size == 0 and grads and config.learns_at_once:
                raise ModelError(
                    f"nothing is learnt: all gradients are 0 at step {state.global_step}", "check the adapter"
                )
            if size != size:  # NaN
                raise ModelError(
                    f"the gradients are no numbers at step {state.global_step}", "lower `rate`, or use float32"
                )

    return Learning


def _packed(module: Any) -> bool:
    """bitsandbytes 0.50: a forward pass in eval mode packs a layer for AVX512-BF16, and the packed product has no gradient."""
    held = getattr(getattr(module, "weight", None), "quant_state", None)
    return bool(getattr(held, "packing_format_for_cpu", False))
