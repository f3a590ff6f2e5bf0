"""The model that training starts from: a causal language model or a LLaVA-like model, with the adapter that is to be trained."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import typer
from pydantic import Field

from cuechain.agents.errors import ConfigError, MissingExtraError, ModelError
from cuechain.finetune.config import Config
from cuechain.finetune.rows import Row, read
from cuechain.finetune.tuning.columns import Screen, completion, features
from cuechain.finetune.tuning.layers import PROJECTORS, deep_head, fits, frozen, projectors, targets

_TEMPLATES = Path(__file__).parents[1] / "configs"


class BaseConfig(Config):
    """What is trained, and how it is held; the verbs add what they need."""

    model: str
    """Base: a folder, or the id of a hub."""
    adapter: Path | None = None
    """LoRA adapter of this base to go on from; it brings its own rank, alpha, dropout, targets and projector."""
    method: Literal["lora", "qlora", "full"] = "lora"
    """lora: an adapter (Hu et al. 2022); qlora: the same on a base in 4 bit (Dettmers et al. 2023); full: the whole language model."""
    rank: int = Field(default=16, ge=1)
    """Of the adapter."""
    alpha: int = Field(default=32, ge=1)
    """Its weight: the update is scaled by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Share of its inputs that is dropped in training."""
    targets: str | None = None
    """Regular expression for whole names of layers; None takes every linear layer of the language model but the head."""
    projector: Literal["frozen", "tuned"] = "frozen"
    """Whether the part between vision tower and language model is trained, as a whole. The vision tower never is."""
    template: str | None = None
    """Chat template instead of the base's: `plain` (turn after turn, for bases without one), or a Jinja file."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """What is computed in; auto: bfloat16 on a GPU, float32 on a CPU."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where; auto takes a GPU that is there."""
    checkpointing: bool = False
    """Compute activations twice instead of keeping them: less memory, about a third slower."""
    max_length: int = Field(default=2048, ge=16)
    """Tokens of prompt and reply with its images; a longer row is left out and counted, never cut."""

    @property
    def on(self) -> Literal["cpu", "cuda"]:
        """The device that it comes to.

        Raises:
            ConfigError: There is no GPU.
            MissingExtraError: The extra finetune is not installed.
        """
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("torch", "finetune") from error
        if self.device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("there is no CUDA device here", "set device to cpu or auto")
        return "cuda" if self.device != "cpu" and torch.cuda.is_available() else "cpu"

    @property
    def bf16(self) -> bool:
        """Whether it computes in bfloat16."""
        return self.dtype == "bfloat16" or (self.dtype == "auto" and self.on == "cuda")


@dataclass
class Base:
    """A model ready for TRL."""

    config: BaseConfig
    """What it was loaded by."""
    model: Any
    """The model; with an adapter to go on from it is a PeftModel already."""
    tokenizer: Any
    """Its tokenizer, with a chat template."""
    processor: Any
    """Tokenizer and image processor of a model that sees; None for one that reads only."""
    peft_config: Any
    """A LoraConfig for TRL; None for full training, and where `model` has its adapter already."""
    skipped: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Ids of rows that `dataset` left out, by the file's name and the reason; of the last pass where it streams."""

    @property
    def is_vision(self) -> bool:
        """Whether it sees."""
        return self.processor is not None

    @property
    def processing(self) -> Any:
        """What TRL calls `processing_class`."""
        return self.processor or self.tokenizer

    def dataset(
        self,
        rows: Path | Iterable[Row],
        columns: Callable[[Row], dict[str, Any]] = completion,
        *,
        sift: Callable[[Iterable[Row], dict[str, list[str]]], Iterable[Row]] = lambda rows, _: rows,
        folder: Path = Path(),
        stream: bool = False,
    ) -> Any:
        """Rows as a dataset of TRL, without those that cannot be trained on (`skipped` has them); images are opened when they are used.

        Args:
            rows: A file of rows, or rows.
            columns: A row's columns: `completion` (prompt, completion), `pair` (prompt, chosen, rejected), or another function.
            sift: Rows before they become columns; what it leaves out it notes by reason, with ids.
            folder: What paths of images are relative to; a file's own folder by default.
            stream: Read the file anew in each pass and keep none of it in memory.

        Raises:
            ConfigError: The file is missing or broken, no row is left, or rows show images to a model that cannot see.
        """
        from datasets import Dataset, IterableDataset

        file = rows if isinstance(rows, Path) else None
        name, place = (file.name, file.parent) if file else ("the rows", folder)

        def found() -> Iterator[dict[str, Any]]:
            screen = Screen(self.tokenizer, self.processor, self.config.max_length, place, columns)
            self.skipped[name] = screen.skipped
            yield from screen(sift(read(file) if file else rows, screen.skipped))

        if stream and file is None:
            raise ConfigError("only a file can be streamed", "write the rows to a file first")
        some = list(islice(found(), 1 if stream else None))
        if not some:
            why = "; ".join(f"{len(ids)} {reason}, such as {ids[0]}" for reason, ids in self.skipped[name].items())
            raise ConfigError(f"no row of {name} can be trained on: {why or 'there is none'}")
        if stream:
            return IterableDataset.from_generator(found, features=features(some[0]))
        self.tell(name)
        if self.is_vision and not any(row["images"] for row in some):
            some = [{k: v for k, v in row.items() if k != "images"} for row in some]
        return Dataset.from_list(some, features=features(some[0]))

    def tell(self, name: str) -> None:
        """Say on stderr what was left out of a file."""
        for why, ids in self.skipped[name].items():
            some = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
            if is_first():
                typer.echo(f"{name}: {len(ids)} rows {why} left out ({some})", err=True)


def is_first() -> bool:
    """Whether this is the process that speaks, of those that `accelerate launch` started."""
    return os.environ.get("RANK", "0") == "0"


def load(config: BaseConfig) -> Base:
    """Load the base, its tokenizer or processor, and the adapter or what makes one.

    Raises:
        ConfigError: Keys that do not go together, no chat template, layers that are not there, or no fit for 4 bit on this device.
        MissingExtraError: The extra finetune is not installed.
        ModelError: The base or the adapter is not there, does not load, or the adapter was made for another base.
    """
    _checked(config)
    try:
        from peft import LoraConfig
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
    except ImportError as error:
        raise MissingExtraError("transformers or peft", "finetune") from error
    import torch

    if (Path(config.model) / "adapter_config.json").is_file() and not (Path(config.model) / "config.json").is_file():
        raise ConfigError(f"{config.model} is an adapter", "name its base under `model`, and itself under `adapter`")
    # Training all weights in bfloat16 would round small steps away: they stay in float32, and autocast computes.
    half = config.bf16 and config.method != "full"
    try:
        found = AutoConfig.from_pretrained(config.model, trust_remote_code=False)
        sees = hasattr(found, "vision_config")
        tokenizer, processor = _words(config, sees)
        model = (AutoModelForImageTextToText if sees else AutoModelForCausalLM).from_pretrained(
            config.model,
            dtype=torch.bfloat16 if half else torch.float32,
            trust_remote_code=False,
            **(four_bit(config) if config.method == "qlora" else {}),
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError) as error:
        said = " ".join(str(error).split())[:300]
        raise ModelError(
            f"{config.model} cannot be loaded: {said}", "check the id, or give the path of a folder"
        ) from error
    if (head := deep_head(model)) and is_first():
        typer.echo(f"note: TRL trains with the matrix of {head} alone, without the layers before it", err=True)
    for name, weight in model.named_parameters():
        if frozen(name, config.projector):
            weight.requires_grad_(False)
    if config.projector == "tuned" and not projectors(model):
        raise ConfigError(f"{config.model} has no projector ({', '.join(PROJECTORS)})", "leave `projector` out")
    if config.method == "qlora":
        fits(model, on=config.on)
    if config.adapter is not None:
        from cuechain.agents.llm.checkpoint import adapted

        if not (config.adapter / "adapter_config.json").is_file():
            raise ConfigError(f"{config.adapter} holds no adapter", "check `adapter`, or leave it out")
        begun = adapted(model, config.model, str(config.adapter))
        begun.set_adapter("default")  # loaded for use; training wants its gradients
        return Base(config, begun, tokenizer, processor, None)
    if config.method == "full":
        return Base(config, model, tokenizer, processor, None)
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        task_type="CAUSAL_LM",
        target_modules=targets(model, config.targets),
        modules_to_save=projectors(model) if config.projector == "tuned" else None,
    )
    return Base(config, model, tokenizer, processor, lora)


def _checked(config: BaseConfig) -> None:
    """Keys that do not go together."""
    brought = config.model_fields_set & {"rank", "alpha", "dropout", "targets", "projector"}
    if config.adapter is not None and brought:
        raise ConfigError(f"the adapter brings its own {', '.join(sorted(brought))}", "leave these out, or the adapter")
    if config.method == "full" and config.adapter is not None:
        raise ConfigError("full training has no place for an adapter", "merge it first: `cuechain finetune export`")
    sharded = [n for n in ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED") if os.environ.get(n) == "true"]
    if config.method == "qlora" and sharded:
        raise ConfigError("weights in 4 bit are not split over devices", "use lora with FSDP or DeepSpeed, or one GPU")


def _words(config: BaseConfig, sees: bool) -> tuple[Any, Any]:
    """Tokenizer and processor; an adapter or a template of the configuration may bring another chat template."""
    from transformers import AutoProcessor, AutoTokenizer

    kept = config.adapter and config.adapter / ("processor_config.json" if sees else "tokenizer_config.json")
    source = str(config.adapter) if kept and kept.is_file() else config.model
    processor = AutoProcessor.from_pretrained(source, trust_remote_code=False) if sees else None
    tokenizer = processor.tokenizer if processor else AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    if config.template is not None:
        built_in = _TEMPLATES / f"{config.template}.jinja"
        path = built_in if built_in.is_file() else Path(config.template)
        if not path.is_file():
            raise ConfigError(f"no chat template {config.template}", "plain, or the path of a Jinja file")
        text = path.read_text(encoding="utf-8")
        tokenizer.chat_template = text
        if processor is not None:
            processor.chat_template = text
    if not (getattr(processor, "chat_template", None) or tokenizer.chat_template):
        raise ConfigError(f"{config.model} has no chat template", "take its chat version, or set `template: plain`")
    if tokenizer.pad_token is None and tokenizer.eos_token is None:
        raise ConfigError(f"the tokenizer of {config.model} has no token that ends a turn", "take another base")
    return tokenizer, processor


def four_bit(config: BaseConfig) -> dict[str, Any]:
    """NF4 with double quantisation (Dettmers et al. 2023, arXiv:2305.14314). What sees stays whole: it is small, and never trained."""
    from importlib.util import find_spec

    import torch
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "finetune")
    four = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if config.bf16 else torch.float32,
        llm_int8_skip_modules=["lm_head", ".*vision_tower", *(f".*{p}" for p in PROJECTORS)],
    )
    place = int(os.environ.get("LOCAL_RANK", "0")) if config.on == "cuda" else "cpu"
    return {"quantization_config": four, "device_map": {"": place}}
