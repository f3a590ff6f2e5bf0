"""Everything a language model is told: Jinja2 templates, and nothing else. A missing variable is an error, not an empty string."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound

from cuechain.agents.errors import ConfigError
from cuechain.agents.registry import did_you_mean


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cuechain.prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        autoescape=False,  # the reader is a language model; quoting is done by the `quoted` filter
    )
    environment.filters["quoted"] = quoted
    return environment


def quoted(value: object) -> str:
    """Untrusted text as one JSON string: it can neither end its line nor its quotes, so it stays data."""
    return json.dumps(str(value), ensure_ascii=False)


def render(name: str, **variables: Any) -> str:
    """Render one template.

    Args:
        name: Path under templates/ without suffix, such as `ask/observe`.
        **variables: All that the template names.

    Raises:
        ConfigError: No such template.
        jinja2.UndefinedError: The template names a variable that was not given.
    """
    try:
        return _environment().get_template(f"{name}.jinja").render(**variables).strip()
    except TemplateNotFound as error:
        raise ConfigError(f"unknown prompt '{name}'", did_you_mean(name, names())) from error


@cache
def names() -> tuple[str, ...]:
    """All templates, without suffix, sorted."""
    return tuple(sorted(t.removesuffix(".jinja") for t in _environment().list_templates()))


@cache
def source(name: str) -> str:
    """The text of a template as it is written."""
    if name not in names():
        raise ConfigError(f"unknown prompt '{name}'", did_you_mean(name, names()))
    return files("cuechain.prompts").joinpath("templates", f"{name}.jinja").read_text("utf-8")


@cache
def template_hash() -> str:
    """Digest of all templates: a Case keeps it, so that answers are compared under the same prompts."""
    digest = hashlib.sha256()
    for name in names():
        digest.update(name.encode() + b"\0" + source(name).encode() + b"\0")
    return digest.hexdigest()[:16]
