"""Captions of keyframes by a vision model that the user configures (`--captioner hf:…` or `openai:…`); none by default.

A model that chats (LLaVA and its like, a server's) is asked; one that was made for captions alone (BLIP, GIT) just writes.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from cuechain import prompts
from cuechain.agents.errors import ConfigError, ModelError
from cuechain.agents.settings import Settings

if TYPE_CHECKING:
    import numpy as np

SIDE = 672
"""Longest side of a keyframe in pixels: that of LLaVA-1.6's larger tiles."""

WRITERS = frozenset({"blip", "blip-2", "git"})
"""Model types of transformers that caption without being asked."""

WORDS = 40
"""Tokens of a writer's caption."""


def keyframe(image: np.ndarray) -> bytes:
    """A frame as a small JPEG."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def captions(keyframes: list[bytes], settings: Settings) -> list[str]:
    """One sentence for each keyframe.

    Raises:
        ConfigError: settings.captioner names a model that cannot see.
        ModelError: The model could not be loaded or did not answer.
    """
    from langchain_core.messages import HumanMessage

    from cuechain.agents import llm
    from cuechain.agents.llm.reply import ask

    scheme, _, name = str(settings.captioner).partition(":")
    if scheme == "hf" and _writes(name):
        return _written(keyframes, name, settings)
    seeing = settings.model_copy(update={"look": True, "max_tokens": 60, "temperature": 0.0})
    model = llm.load(str(settings.captioner), seeing)
    if model.chat is None or not model.vision:
        raise ConfigError(
            f"'{settings.captioner}' cannot see pictures", "name a LLaVA-family model or a vision model of a server"
        )
    found: list[str] = []
    for frame in keyframes:
        url = f"data:image/jpeg;base64,{base64.b64encode(frame).decode()}"
        blocks: list[str | dict[Any, Any]] = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": prompts.render("caption")},
        ]
        reply = ask(model, [HumanMessage(blocks)], settings=seeing)
        found.append(_tidy(reply.text))
    return found


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip('"“” ').replace('"', "'")


def _writes(name: str) -> bool:
    """Whether a checkpoint is one that captions without being asked; no for one that cannot be looked at."""
    try:
        from transformers import AutoConfig

        return AutoConfig.from_pretrained(name, trust_remote_code=False).model_type in WRITERS
    except (ImportError, OSError, ValueError, KeyError):  # told by who loads it
        return False


def _written(keyframes: list[bytes], name: str, settings: Settings) -> list[str]:
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    device = "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"
    found: list[str] = []
    try:
        processor: Any = AutoProcessor.from_pretrained(name, trust_remote_code=False)
        loaded: Any = AutoModelForImageTextToText.from_pretrained(name, trust_remote_code=False)
        model = loaded.to(device).eval()
        for frame in keyframes:
            # No pipeline: it wants words beside the picture, and what these models write goes on from them.
            seen = processor(images=Image.open(io.BytesIO(frame)), return_tensors="pt").to(device)
            with torch.inference_mode():
                written = model.generate(pixel_values=seen["pixel_values"], max_new_tokens=WORDS)
            found.append(_tidy(processor.batch_decode(written, skip_special_tokens=True)[0]))
    except Exception as error:  # any of torch's and transformers' own
        raise ModelError(f"hf:{name} could not caption: {(str(error).splitlines() or [''])[0][:200]}") from error
    return found
