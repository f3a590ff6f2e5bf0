"""Weights of transformers with their tokenizer and adapter: found, checked and loaded once."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from cuechain.agents.errors import ConfigError, MissingExtraError, ModelError
from cuechain.agents.llm.grammar import vocabulary_of
from cuechain.agents.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Checkpoint:
    """A loaded model of transformers."""

    name: str
    """What messages call it: ID_OR_PATH[+ADAPTER]."""
    model: Any
    """A causal language model or a vision-language model, in eval mode."""
    tokenizer: Any
    """Its tokenizer."""
    processor: Any
    """Tokenizer and image processor of a model that sees; None for one that reads only."""
    positions: int
    """Tokens of prompt and reply together that it was made for."""
    ends: frozenset[int]
    """Ids of tokens that end its turn."""
    lock: Any = field(default_factory=Lock, repr=False)
    """Held while it writes: one request at a time."""

    @cached_property
    def vocabulary(self) -> Any:
        """The tokenizer for grammars."""
        return vocabulary_of(self.tokenizer, int(self.model.config.get_text_config().vocab_size))

    @cached_property
    def controls(self) -> tuple[str, ...]:
        """Texts that the tokenizer reads as control tokens (ends of turns, roles, image slots), longest first."""
        special = {str(t) for t in self.tokenizer.added_tokens_decoder.values() if t.special}
        special |= {*self.tokenizer.all_special_tokens, getattr(self.processor, "image_token", "")}
        return tuple(sorted((t for t in special if len(t) > 1), key=len, reverse=True))

    @property
    def pad(self) -> int:
        """Id of the token that fills up; an end where the tokenizer names none."""
        return self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else min(self.ends, default=0)


_shared: WeakValueDictionary[tuple[str, bool, str], Checkpoint] = WeakValueDictionary()
_lock = Lock()


def checkpoint(rest: str, settings: Settings) -> Checkpoint:
    """Load `ID_OR_PATH[+ADAPTER]`, or share it with those in this process who still hold it.

    Raises:
        ConfigError: No name, or a device that is not there.
        MissingExtraError: The extra hf is not installed.
        ModelError: Not found, not a chat model, not fit for 4 bit here, or an adapter of another base.
    """
    if not rest:
        raise ConfigError("hf: names no model", "write hf:ID_OR_PATH, or hf:ID_OR_PATH+ADAPTER")
    try:
        import torch

        import_module("transformers")
    except ImportError as error:
        raise MissingExtraError("transformers", "hf") from error
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("there is no CUDA device here", "set CUECHAIN_DEVICE to cpu or auto")
    device = "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"
    key = (rest, settings.four_bit, device)
    with _lock:
        found = _shared.get(key)
        if found is None:
            found = _shared[key] = _load(rest, four_bit=settings.four_bit, device=device)
        return found


def _load(rest: str, *, four_bit: bool, device: str) -> Checkpoint:
    # A folder may have a plus in its name; ids of the hub have none.
    base, adapter = (rest, "") if Path(rest).expanduser().exists() else _split(rest)
    for place in (base, adapter):
        if place.startswith(("/", ".", "~")) and not Path(place).expanduser().is_dir():
            raise ModelError(f"{place} is not a folder", "check the path after hf:")
    base, adapter = (str(Path(p).expanduser()) if p.startswith("~") else p for p in (base, adapter))
    if (Path(base) / "adapter_config.json").is_file() and not (Path(base) / "config.json").is_file():
        raise ModelError(f"{base} is an adapter", "write hf:BASE+ADAPTER, with the model that it was trained on")
    adapter = _folder(adapter) if adapter else ""
    kept = _cached(base)
    if kept == base and not Path(base).is_dir():
        _reach(base)
    try:
        try:
            parts = _parts(kept, adapter, four_bit, device)
        except (OSError, ModelError):
            if kept == base:
                raise
            parts = _parts(base, adapter, four_bit, device)  # the cache holds a part only
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError) as error:
        raise _told(error, base) from error
    model, tokenizer, processor = parts
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None) or tokenizer.model_max_length
    named = model.generation_config.eos_token_id
    ends = {*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id} - {None}
    model = adapted(model, base, adapter) if adapter else model
    return Checkpoint(rest, model.eval(), tokenizer, processor, int(limit), frozenset(ends))


def _parts(base: str, adapter: str, four_bit: bool, device: str) -> tuple[Any, Any, Any]:
    """Model, tokenizer and, for one that sees, processor."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    # Without a plain no, transformers would ask on the terminal whether to run a repository's code.
    safe: dict[str, Any] = {"trust_remote_code": False}
    config = AutoConfig.from_pretrained(base, **safe)
    sees = hasattr(config, "vision_config")
    # A fine-tuned adapter may bring the chat template and tokens that it was trained with.
    brought = Path(adapter) / ("processor_config.json" if sees else "tokenizer_config.json")
    words = adapter if adapter and brought.is_file() else base
    processor = AutoProcessor.from_pretrained(words, **safe) if sees else None
    tokenizer = processor.tokenizer if processor else AutoTokenizer.from_pretrained(words, **safe)
    if not (getattr(processor, "chat_template", None) or tokenizer.chat_template):
        raise ModelError(
            f"{base} has no chat template", "take its chat or instruct version, or add chat_template.jinja"
        )
    model = (AutoModelForImageTextToText if sees else AutoModelForCausalLM).from_pretrained(
        base,
        dtype=dtype,
        device_map="auto" if device == "cuda" else {"": "cpu"},
        quantization_config=_four_bit(config, base, adapter, dtype, device) if four_bit else None,
        **safe,
    )
    return model, tokenizer, processor


def _cached(name: str, wanted: list[str] | None = None) -> str:
    """The folder of a hub id in the cache, where it is; else the name. Without network, asking the hub for each file takes minutes."""
    from huggingface_hub import snapshot_download

    if Path(name).is_dir():
        return name
    try:
        found = Path(snapshot_download(name, allow_patterns=wanted, local_files_only=True))
    except (OSError, ValueError):
        return name
    return str(found) if any(found.glob("*.safetensors")) or any(found.glob("*.bin")) else name


def _reach(base: str) -> None:
    """Say at once that the hub cannot be found; its own library tries for half a minute and fills the screen."""
    import socket
    from urllib.parse import urlsplit

    from huggingface_hub import constants

    host = urlsplit(constants.ENDPOINT).hostname or ""
    if constants.HF_HUB_OFFLINE:
        return
    try:
        socket.getaddrinfo(host, 443)
    except OSError as error:
        hint = "give the path of a folder, or fetch the model where there is a network"
        raise ModelError(f"{base} is not on this machine, and {host} cannot be reached", hint) from error


def _folder(adapter: str) -> str:
    """The folder of an adapter; one of the hub is fetched unless the cache holds it."""
    from huggingface_hub import snapshot_download

    wanted = ["adapter_*", "*.json", "*.jinja", "tokenizer*"]
    found = _cached(adapter, wanted)
    if Path(found).is_dir():
        return found
    try:
        return snapshot_download(adapter, allow_patterns=wanted)
    except (OSError, ValueError) as error:
        raise _told(error, adapter) from error


def _split(rest: str) -> tuple[str, str]:
    base, plus, adapter = rest.partition("+")
    if plus and not (base and adapter):
        raise ConfigError(f"'{rest}' lacks a part", "write hf:ID_OR_PATH+ADAPTER")
    return base, adapter


def _four_bit(config: Any, base: str, adapter: str, dtype: Any, device: str) -> Any:
    """NF4 with double quantisation (Dettmers et al. 2023, QLoRA, arXiv:2305.14314)."""
    from importlib.util import find_spec

    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "hf")
    parts = (config.get_text_config(), getattr(config, "vision_config", None))
    widths = [getattr(p, n, None) or 64 for p in parts for n in ("hidden_size", "intermediate_size")]
    if device == "cpu" and any(w % 64 for w in widths):
        raise ModelError(
            f"{base} does not fit 4 bit on a CPU: widths {widths} are no multiples of 64",
            "leave out --four-bit, or use a GPU",
        )
    # What an adapter replaces as a whole (the projector of a vision model, say) must stay as it is.
    made = Path(adapter) / "adapter_config.json"
    whole: list[str] = (
        (json.loads(made.read_text("utf-8")).get("modules_to_save") or []) if adapter and made.is_file() else []
    )
    return BitsAndBytesConfig(
        llm_int8_skip_modules=[
            "lm_head",
            *(f".*{w}" for w in whole),
        ],  # counts for 4 bit too; patterns match from the start
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def adapted(model: Any, base: str, adapter: str) -> Any:
    """The model with its adapter, which must be made for it: peft by itself leaves out silently what does not fit."""
    try:
        from peft import PeftConfig, PeftModel
        from peft.utils import get_peft_model_state_dict, load_peft_weights
    except ImportError as error:
        raise MissingExtraError("peft", "hf") from error
    try:
        made_for = PeftConfig.from_pretrained(adapter).base_model_name_or_path or ""
        saved = set(load_peft_weights(adapter, device="cpu"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{adapter} holds no adapter: {_short(error)}", "check the part after the plus") from error
    other = f"{adapter} is an adapter of another base ({made_for or 'not named'}) and does not fit {base}"
    hint = "use the base model that it was trained on"
    try:
        made: Any = PeftModel.from_pretrained(model, adapter)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(f"{other}: {_short(error)}", hint) from error
    wanted = set(get_peft_model_state_dict(made, save_embedding_layers=False))
    if wanted - saved or any("lora" in k for k in saved - wanted):
        raise ModelError(f"{other}: {len(wanted ^ saved)} weights have no place", hint)
    if made_for and Path(made_for).name != Path(base).name:
        _log.warning("%s was trained on %s; it fits %s in shape, and perhaps not in meaning", adapter, made_for, base)
    return made


def _told(error: Exception, base: str) -> ModelError:
    said = _short(error)
    if isinstance(error, OSError) and not Path(base).exists():
        return ModelError(
            f"{base} cannot be loaded: {said}", "check the id and the network, or give the path of a folder"
        )
    if "trust_remote_code" in said:
        return ModelError(f"{base} needs code from its repository", "take a model that transformers knows by itself")
    return ModelError(f"{base} cannot be loaded: {said}", "hf: takes causal language models and LLaVA-like models")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
