"""Runs: a task for every item of a dataset, into a folder that can be left, gone on with, scored, searched and exported.

Names are resolved when they are first used: `cuechain --help` lists the verb of this room and loads no array library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cuechain.agents.runs.batching import Progress, batch
    from cuechain.agents.runs.folder import Run
    from cuechain.agents.runs.work import Work, known, question_of, sheet_of

__all__ = ["Progress", "Run", "Work", "batch", "known", "question_of", "sheet_of"]

_HOMES = {"Progress": "batching", "batch": "batching", "Run": "folder"}


def __getattr__(name: str) -> Any:
    """Resolve a name of this room."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'work')}"), name)
    globals()[name] = value
    return value
