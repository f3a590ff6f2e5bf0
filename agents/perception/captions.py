"""Captions of keyframes by a vision model that the user configures (`--captioner hf:…` or `openai:…`); none by default."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from cuechain import prompts
from cuechain.agents.errors import ConfigError
from cuechain.agents.settings import Settings

if TYPE_CHECKING:
    import numpy as np

SIDE = 672
"""Longest side of a keyframe in pixels: that of LLaVA-1.6's larger tiles."""


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
        found.append(" ".join(reply.text.split()).strip('"“” ').replace('"', "'"))
    return found
