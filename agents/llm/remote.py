"""Models behind an address: `openai:NAME` for OpenAI-compatible servers, and any other `provider:name` that LangChain knows."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic import SecretStr, ValidationError

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, MissingExtraError, ModelError
from cuechain.agents.llm import Model
from cuechain.agents.settings import Settings


def load(rest: str, settings: Settings) -> Model:
    """Load `openai:NAME` from OpenAI, vLLM, Ollama, llama.cpp or another compatible server. Nothing is sent yet.

    The address is the setting base_url, else OPENAI_BASE_URL, else OpenAI's; the key is the setting api_key, else OPENAI_API_KEY.

    Raises:
        ConfigError: No name, or no key where OpenAI itself is asked.
        MissingExtraError: langchain-openai is not installed.
    """
    if not rest:
        raise ConfigError("openai: names no model", "write openai:NAME")
    try:
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise MissingExtraError("langchain-openai", "remote") from error
    address = settings.base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    key = settings.api_key or SecretStr(os.environ.get("OPENAI_API_KEY", ""))
    if address and not address.startswith(("http://", "https://")):
        raise ConfigError(f"'{address}' is no address", "begin --base-url with http:// or https://")
    if not key.get_secret_value() and not address:
        raise ConfigError("OpenAI wants a key", "set OPENAI_API_KEY, or --base-url for a server of your own")
    # ChatOpenAI sends max_completion_tokens, which older compatible servers ignore without a word.
    limit: dict[str, Any] = (
        {"extra_body": {"max_tokens": settings.max_tokens}, "use_responses_api": False}
        if address and "api.openai.com" not in address
        else {"max_completion_tokens": settings.max_tokens}
    )
    chat = ChatOpenAI(
        model=rest,
        base_url=address,
        api_key=key
        if key.get_secret_value()
        else SecretStr("none"),  # the client insists on one, servers without keys do not look
        timeout=settings.timeout,
        max_retries=0,  # reply.py tries again
        temperature=settings.warmth,
        stream_usage=True,
        **limit,
    )
    return Model(spec=f"openai:{rest}", chat=chat, constrains=True, vision=settings.look, tools=True)


def load_any(spec: str, settings: Settings) -> Model:
    """Load any `provider:name` that LangChain's `init_chat_model` knows. The provider's own environment variables hold its key.

    Raises:
        ConfigError: No such provider, or it does not take the settings.
        MissingExtraError: The provider's package is not installed; the hint installs it.
        ModelError: The provider's class could not be made, for want of a key for example.
    """
    from langchain.chat_models import init_chat_model
    from langchain_core.language_models import BaseChatModel

    provider, _, name = spec.partition(":")
    common: dict[str, Any] = {"temperature": settings.warmth, "max_tokens": settings.max_tokens}
    if settings.base_url:
        common["base_url"] = settings.base_url
    if settings.api_key:
        common["api_key"] = settings.api_key.get_secret_value()
    try:
        try:
            chat = init_chat_model(name, model_provider=provider, timeout=settings.timeout, max_retries=0, **common)
        except (ValidationError, TypeError):  # not every provider knows a time-out and tries; reply.py sees to both
            chat = init_chat_model(name, model_provider=provider, **common)
    except ImportError as error:
        package = re.search(r"pip install ([\w.-]*\w)", str(error))
        missing = MissingExtraError(package[1] if package else f"the package of {provider}", "remote")
        missing.hint = f"pip install {package[1] if package else f'langchain-{provider}'}"
        raise missing from error
    except Exception as error:
        if isinstance(error, ValueError) and "Unsupported" in str(error):
            raise ConfigError(f"unknown model '{spec}'", _known(provider, str(error))) from error
        said = " ".join(str(error).split())[:300]
        raise ModelError(
            f"{spec} cannot be loaded: {said}", f"check the settings and variables of {provider}"
        ) from error
    calls = type(chat).bind_tools is not BaseChatModel.bind_tools
    return Model(spec=spec, chat=chat, vision=settings.look, tools=calls)


def _known(provider: str, said: str) -> str:
    """A hint for a misspelt scheme: ours first, then the providers that LangChain's message lists."""
    ours = registry.names("models")
    near = registry.did_you_mean(provider, ours + tuple(re.findall(r"\w+", said.partition("are:")[2])))
    return near if near.startswith("did") else f"{registry.did_you_mean(provider, ours)}; or a provider of LangChain"
