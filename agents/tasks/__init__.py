"""Tasks: what may be asked. Each is one file that says its labels, its answer type and its steps."""

from __future__ import annotations

from dataclasses import dataclass

from cuechain.agents.values import Answer


@dataclass(frozen=True)
class Task:
    """One affective task."""

    name: str
    """Registered name."""
    about: str
    """One line for `cuechain list tasks`."""
    answer: type[Answer]
    """What a model returns."""
    labels: tuple[str, ...]
    """The labels a planner chooses from when the user names none."""
    steps: tuple[tuple[str, str], ...]
    """(step name, template) in order; the last one asks for the answer as JSON."""
    direct: str = "ask/direct"
    """Template that asks for the answer at once."""
    open_vocabulary: bool = False
    """True when a chat model may use any emotion word unless the user names labels."""
