"""LangChain messages as the token ids of a chat template, and their image blocks as pixels."""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from PIL import Image, UnidentifiedImageError

from cuechain.agents.errors import ModelError
from cuechain.agents.llm.checkpoint import Checkpoint

_ROLES = {"system": "system", "human": "user", "ai": "assistant", "tool": "tool"}


def tokenized(held: Checkpoint, messages: list[BaseMessage]) -> dict[str, Any]:
    """The prompt as `generate()` takes it: input_ids (1, length) and what else the model wants, on the model's device.

    Raises:
        ModelError: An image for a model that does not see, one that cannot be read, or a template that refuses the messages.
    """
    from jinja2 import TemplateError

    said = [(_ROLES.get(m.type, "user"), _blocks(m, held.controls)) for m in messages]
    if held.processor is None and any(b["type"] == "image" for _, blocks in said for b in blocks):
        raise ModelError(f"{held.name} cannot see images", "take a vision model, or leave out --look")
    try:
        try:
            batch = _apply(held, said)
        except TemplateError:  # some templates know no system turn
            batch = _apply(held, _merged(said))
    except TemplateError as error:
        raise ModelError(f"the chat template of {held.name} refuses the messages: {error}") from error
    device, dtype = held.model.device, held.model.dtype
    return {k: v.to(device, dtype) if v.is_floating_point() else v.to(device) for k, v in batch.items()}


def _apply(held: Checkpoint, said: list[tuple[str, list[dict[str, Any]]]]) -> dict[str, Any]:
    """Templates of models that see want lists of blocks, those of others want text."""
    turns = [
        {"role": role, "content": blocks if held.processor else "\n".join(b["text"] for b in blocks)}
        for role, blocks in said
    ]
    template: Any = held.processor or held.tokenizer
    return dict(
        template.apply_chat_template(
            turns, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
    )


def _merged(said: list[tuple[str, list[dict[str, Any]]]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """System turns in front of the first user turn."""
    system = [b for role, blocks in said if role == "system" for b in blocks]
    rest = [(role, blocks) for role, blocks in said if role != "system"]
    return [("user", system + rest[0][1]), *rest[1:]] if rest and rest[0][0] == "user" else [("user", system), *rest]


def _blocks(message: BaseMessage, controls: tuple[str, ...]) -> list[dict[str, Any]]:
    """Text and images of a message, in order. Words from a clip must not end a turn or open another, so control tokens are split."""
    content: Any = message.content
    found: list[dict[str, Any]] = []
    for block in [content] if isinstance(content, str) else content:
        if isinstance(block, str) or block.get("type") == "text":
            text = block if isinstance(block, str) else str(block["text"])
            for control in controls:
                text = text.replace(control, f"{control[0]} {control[1:]}")
            found.append({"type": "text", "text": text})
        elif block.get("type") in ("image", "image_url"):
            found.append({"type": "image", "image": _image(block)})
    return found


def _image(block: dict[str, Any]) -> Image.Image:
    """The picture of a block: a PIL image, a path, base64 data or a data URL; nothing is fetched."""
    url: Any = block.get("image_url", block.get("url"))
    url = url.get("url") if isinstance(url, dict) else url
    given: Any = block.get("image") or block.get("path") or block.get("base64") or block.get("data") or url
    if isinstance(given, Image.Image):
        return given.convert("RGB")
    try:
        if isinstance(given, str) and given.startswith("data:"):
            given = given.partition(",")[2]
        elif isinstance(given, str) and given.startswith(("http://", "https://")):
            raise ModelError(f"an image is not fetched from {given[:80]}", "give its data or its path")
        elif isinstance(given, Path) or "image" in block or "path" in block:
            return Image.open(given).convert("RGB")
        return Image.open(io.BytesIO(base64.b64decode(given, validate=True))).convert("RGB")
    except (OSError, UnidentifiedImageError, binascii.Error, TypeError, ValueError) as error:
        raise ModelError(f"an image of the prompt cannot be read: {error}"[:300]) from error
