"""What a chat model is told for each task, word for word. A change of a prompt shows here, and changes what answers can be compared.

`SNAPSHOTS=write pytest tests/agents/tasks/test_snapshots.py` writes the files anew.
"""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from cuechain.agents import registry
from cuechain.agents.reason import turns
from cuechain.agents.tasks import Task
from cuechain.agents.values import Question

from .conversations import sheet

FOLDER = Path(__file__).parent / "snapshots"
TASKS = sorted(p.name for p in entry_points(group="cuechain.tasks") if p.value.startswith("cuechain."))


def told(name: str) -> str:
    """Every turn of the chain and of the direct question; what is asked is the task's own question about turn 2."""
    task: Task = registry.get("tasks", name)
    question = Question(text=task.question, task=name, turn=2)
    parts = [*turns(sheet(), question, task), *turns(sheet(), question, task, direct=True)]
    return "\n\n".join(f"### {step}\n\n{text}" for step, text in parts) + "\n"


@pytest.mark.parametrize("name", TASKS)
def test_prompts_are_as_they_were(name: str):
    path = FOLDER / f"{name}.txt"
    now = told(name)
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(now, "utf-8")
    assert path.is_file(), "a new task: look at its prompts, and write its snapshot with SNAPSHOTS=write"
    assert now == path.read_text("utf-8")


def test_no_snapshot_of_a_task_that_is_gone():
    assert {p.stem for p in FOLDER.glob("*.txt")} <= set(TASKS)
