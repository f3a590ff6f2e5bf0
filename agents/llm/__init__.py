"""Models behind a spec string: chat models and planners."""

from __future__ import annotations

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.model import Model, Planner
from cuechain.agents.settings import Settings

__all__ = ["Model", "Planner", "check", "load"]


def load(spec: str, settings: Settings) -> Model:
    """Load a model by its spec string: `scheme` or `scheme:rest`.

    Raises:
        ConfigError: Unknown scheme, or a rest that the scheme cannot read.
        MissingExtraError: A part that is not installed.
        ModelError: The model could not be loaded.
    """
    check(spec)
    scheme, _, rest = spec.partition(":")
    if scheme in registry.names("models"):
        return registry.get("models", scheme)(rest, settings)
    from cuechain.agents.llm.remote import load_any

    return load_any(spec, settings)


def check(spec: str) -> None:
    """Look at a spec string without loading anything.

    Raises:
        ConfigError: Unknown scheme.
    """
    scheme, _, rest = spec.partition(":")
    if scheme not in registry.names("models") and not rest:
        raise ConfigError(f"unknown model '{spec}'", registry.did_you_mean(scheme, registry.names("models")))
