"""`cuechain finetune export` for language models: an adapter merged into its base or kept, int8 for CTranslate2, and the spec string."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import yaml
from pydantic import model_validator

from cuechain.agents.errors import ConfigError, MissingExtraError, ModelError, RunError
from cuechain.finetune.config import Config, read
from cuechain.finetune.tuning.base import BaseConfig, load
from cuechain.finetune.tuning.training import disk

TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1}
"""How far merging may move a logit, as a share of the largest: rounding to 8 bits adds up; a wrong merge moves it by about 1."""
_PROBE = "The voice shakes and the smile is small. What does she feel, and which cues speak for it?"


class MergeConfig(Config):
    """`cuechain finetune export`: an adapter (or a model) to what is served."""

    adapter: Path | None = None
    """What `sft` or `prefer` wrote; None for a model that was trained as a whole."""
    model: str | None = None
    """Its base; None takes the one that the adapter names."""
    out: Path | None = None
    """Folder for the merged model and, with `int8`, its folder `int8`; must not be there yet. None keeps the adapter beside its base."""
    int8: bool = False
    """Convert for CTranslate2, in 8 bit; text models only."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """What is merged in and saved; auto: bfloat16 on a GPU, float32 on a CPU."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where it is merged."""
    push: str | None = None
    """Repository of a hub (OWNER/NAME) that the result is uploaded to, as a private one; None stays here."""

    @model_validator(mode="after")
    def _together(self) -> MergeConfig:
        if self.adapter is None and self.model is None:
            raise ValueError("name an `adapter`, or a `model`")
        if self.int8 and self.out is None:
            raise ValueError("`int8` needs `out`")
        if self.adapter is None and not (self.int8 or self.push):
            raise ValueError("there is nothing to do with a `model` alone: set `int8` or `push`")
        return self


def keys(config: Path) -> frozenset[str]:
    """Keys of a YAML file; none where it cannot be read (its reader tells why)."""
    try:
        found = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return frozenset()
    return frozenset(map(str, found)) if isinstance(found, dict) else frozenset()


def export(config: MergeConfig) -> str:
    """Merge, convert and upload as told; the spec string that `cuechain ask --model` takes.

    Raises:
        ConfigError: The adapter is not there, `out` is, or CTranslate2 or the hub cannot take it.
        MissingExtraError: The extra finetune is not installed.
        ModelError: The base does not load, the adapter was made for another one, or merging changed its outputs.
        RunError: The disk is full.
    """
    base = config.model or _base(config.adapter)
    hub = _hub(config.push) if config.push else None
    if config.out is not None and config.out.exists() and any(config.out.iterdir()):
        raise ConfigError(f"{config.out} is there already", "choose another `out`, or remove it")
    made: Path | str = base
    if config.out is not None:
        part = config.out.with_name(config.out.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            if config.adapter is not None:
                merge(BaseConfig(model=base, adapter=config.adapter, dtype=config.dtype, device=config.device), part)
            if config.int8:
                int8(part if config.adapter is not None else Path(base), part / "int8")
            part.replace(config.out)
        except Exception as error:
            if not disk(error):
                raise
            raise RunError(f"cannot write {config.out}: {error}", "make room, and run it again") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        made = config.out if config.adapter is not None else base
    if hub is not None:
        hub.create_repo(config.push, private=True, exist_ok=True)
        hub.upload_folder(repo_id=config.push, folder_path=config.out or config.adapter or base)
    return f"hf:{made}" if config.adapter is None or config.out is not None else f"hf:{base}+{config.adapter}"


def merge(config: BaseConfig, out: Path) -> float:
    """Write base and adapter as one model; how far its logits moved, as a share of the largest.

    Raises:
        ModelError: They moved further than rounding explains.
    """
    import torch

    base = load(config)
    model = base.model.eval()
    ids = base.tokenizer(_PROBE, return_tensors="pt")["input_ids"].to(model.device)

    def logits() -> Any:
        with torch.inference_mode():
            return model(input_ids=ids).logits.float()

    before = logits()
    model = model.merge_and_unload(safe_merge=True)
    moved = float((logits() - before).abs().max() / before.abs().max())
    limit = TOLERANCE["bfloat16" if config.bf16 else "float32"]
    if not moved <= limit:
        raise ModelError(f"merging moved the logits by {moved:.1e}, more than {limit:.0e}", "set `dtype: float32`")
    model.save_pretrained(out)
    base.processing.save_pretrained(out)
    for name in ("card.json", "README.md"):
        if config.adapter is not None and (kept := config.adapter / name).is_file():
            shutil.copyfile(kept, out / name)
    return moved


def int8(folder: Path, out: Path) -> None:
    """Convert a text model for CTranslate2, weights in 8 bit.

    Raises:
        ConfigError: CTranslate2 knows no such architecture.
    """
    from ctranslate2.converters import TransformersConverter

    if not (folder / "config.json").is_file():
        raise ConfigError(f"{folder} holds no model", "download it first, and name its folder")
    files = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
    copied = [name for name in files if (folder / name).is_file()]
    try:
        TransformersConverter(str(folder), copy_files=copied).convert(str(out), quantization="int8")
    except (ValueError, NotImplementedError, AttributeError) as error:
        raise ConfigError(f"CTranslate2 does not take {folder}: {' '.join(str(error).split())[:200]}") from error


def _base(adapter: Path | None) -> str:
    """The base that an adapter names."""
    try:
        from peft import PeftConfig
    except ImportError as error:
        raise MissingExtraError("peft", "finetune") from error
    if adapter is None or not (adapter / "adapter_config.json").is_file():
        raise ConfigError(f"{adapter} holds no adapter", "check `adapter`")
    named = PeftConfig.from_pretrained(str(adapter)).base_model_name_or_path
    if not named:
        raise ConfigError(f"{adapter} does not name its base", "set `model`")
    return str(named)


def _hub(name: str) -> Any:
    """The hub's interface, for a valid name and a user who is logged in."""
    from huggingface_hub import HfApi, constants, get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ConfigError(f"push: {error}", "write OWNER/NAME") from error
    if "/" not in name:
        raise ConfigError(f"push: {name} has no owner", "write OWNER/NAME")
    if constants.HF_HUB_OFFLINE:
        raise ConfigError("push: HF_HUB_OFFLINE is set", "unset it, or leave out `push`")
    if not get_token():
        raise ConfigError("push: nobody is logged in", "hf auth login, or set HF_TOKEN")
    return HfApi()


def main(config: Annotated[Path, typer.Option(help="YAML file of a MergeConfig.")]) -> None:
    """Merge an adapter, or make it ready to serve."""
    typer.echo(export(read(MergeConfig, config)))


if __name__ == "__main__":
    typer.run(main)
