"""Name → object, through Python's own entry points: a plugin is an installed package with one line more; or `add`, for this process.

Five kinds: `perception` (Sense classes), `tasks` (Task values), `datasets` (Dataset values), `models` (loaders of a spec's scheme),
`commands` (Typer apps).
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from cuechain.agents.errors import ConfigError, PluginError

RegistryKind = Literal["perception", "tasks", "datasets", "models", "commands"]

_SINGULAR = {
    "perception": "perception tool",
    "tasks": "task",
    "datasets": "dataset",
    "models": "model",
    "commands": "command",
}


_added: dict[tuple[str, str], Any] = {}


@cache
def _entries(kind: RegistryKind) -> dict[str, EntryPoint]:
    return {e.name: e for e in sorted(entry_points(group=f"cuechain.{kind}"), key=lambda e: e.name)}


def names(kind: RegistryKind) -> tuple[str, ...]:
    """Registered names of a kind, sorted."""
    return tuple(sorted({*_entries(kind), *(name for of, name in _added if of == kind)}))


def add(kind: RegistryKind, name: str, thing: Any) -> None:
    """Register an object for this process alone, as from a notebook; adding it again replaces it. Workers of a batch do not know it.

    Raises:
        ConfigError: An installed package has that name.
    """
    if name in _entries(kind):
        raise ConfigError(f"there is a {_SINGULAR[kind]} '{name}' already", "take another name")
    _added[kind, name] = thing


def target(kind: RegistryKind, name: str) -> str:
    """The `module:attr` that a name stands for, without importing it."""
    _check(kind, name)
    if (kind, name) in _added:
        thing = _added[kind, name]
        return f"{getattr(thing, '__module__', __name__)}:{getattr(thing, '__qualname__', name)}"
    return _entries(kind)[name].value


def get(kind: RegistryKind, name: str) -> Any:
    """The object behind a name.

    Raises:
        ConfigError: No such name; the hint offers the nearest ones.
        PluginError: The name is registered but cannot be imported.
    """
    _check(kind, name)
    if (kind, name) in _added:
        return _added[kind, name]
    try:
        return _entries(kind)[name].load()
    except Exception as error:  # whatever a stranger's module does when it is imported
        raise PluginError(f"{_SINGULAR[kind]} '{name}' cannot be loaded: {error}") from error


def _check(kind: RegistryKind, name: str) -> None:
    if name not in _entries(kind) and (kind, name) not in _added:
        raise ConfigError(f"unknown {_SINGULAR[kind]} '{name}'", did_you_mean(name, names(kind)))


def did_you_mean(name: str, known: tuple[str, ...] | list[str]) -> str:
    """A hint for a misspelt name: the nearest known ones, else all of them."""
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
