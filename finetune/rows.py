"""Training rows: JSON lines in TRL's conversational prompt–completion form, with what a reward or a comparison needs beside it.

A conversation of several replies becomes a row for each reply, with the true turns before it as its prompt: the loss then falls on
one reply alone, whatever the chat template of the base.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cuechain.agents.errors import ConfigError
from cuechain.agents.values import CueSheet

Step: TypeAlias = str
"""Which reply of a conversation a row teaches: a step of its task (observe, infer, conclude; targets …), or direct: the answer at once;
senses: the polarity of each sense and of all together; verify: whether a claim holds; plan: slots of a planner."""


class Message(BaseModel):
    """One turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    """Who speaks."""
    content: str = Field(min_length=1)
    """What is said. Images stand before it; TRL puts their tokens there."""


class Gold(BaseModel):
    """What a reply is judged by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = ()
    """The label that is right, then those that are right as well; empty where none is known, or where it should abstain."""
    allowed: tuple[str, ...] = ()
    """The closed label set that was asked for; empty where any word may be used."""
    abstain: bool | None = None
    """Whether no answer is possible; None where nobody judged."""
    relation: str | None = None
    """How the senses relate."""
    decisive: tuple[str, ...] = ()
    """Ids of the cues that decide; empty where nobody chose them."""
    target: str = ""
    """All that people said, a Target as JSON, where that is more than labels: a string for the reason that `Row.sheet` is one."""


class Row(BaseModel):
    """One row. `prompt` and `completion` are what is trained on, `rejected` makes it a preference pair."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Unique in its file."""
    group: str
    """Speaker, dialogue, author or clip: a split never runs through a group."""
    origin: str
    """Where it comes from: written, cases, feedback, generated, or the name of a corpus."""
    step: Step
    """Which reply it teaches."""
    task: str = "ask"
    """Registered name of the task."""
    prompt: tuple[Message, ...] = Field(min_length=1)
    """All turns before the reply."""
    completion: tuple[Message, ...] = Field(min_length=1, max_length=1)
    """The reply: one assistant turn."""
    rejected: tuple[Message, ...] = ()
    """A worse reply; empty in rows for instruction tuning."""
    thumb: Literal["up", "down"] | None = None
    """What a person thought of the completion; only such rows tell without a pair which reply is good (KTO)."""
    flaw: str = ""
    """What is wrong with `rejected`: wrong_cite, blind, one_sense, other_reading, unsupported, edited, lost …"""
    images: tuple[str, ...] = ()
    """Paths of images that the first user turn shows, relative to the file."""
    sheet: str = ""
    """The CueSheet as JSON: a string, because each sheet has other keys and a table wants the same columns in every row."""
    gold: Gold = Gold()
    """What a reply is judged by."""

    @property
    def perceived(self) -> CueSheet:
        """The sheet; an empty one where the row has none."""
        return CueSheet.model_validate_json(self.sheet) if self.sheet else CueSheet()


_ASKED = re.compile(r'^Question: (".*")(?:\s+It is asked about turn (\d+)\.)?$', re.M)
"""The line of question.jinja; what a cue says stands in quotes and cannot begin a line."""


def asked(row: Row) -> tuple[str, int | None] | None:
    """The words of the question and the turn that it is about, as the prompt tells them; None where it is written in another way."""
    found = _ASKED.search("\n".join(turn.content for turn in row.prompt if turn.role == "user"))
    try:
        return (str(json.loads(found[1])), int(found[2]) if found[2] else None) if found else None
    except ValueError:
        return None


def write(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as JSON lines, one at a time; how many.

    Raises:
        OSError: The disk is full, or the folder cannot be written to; the file that was there is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside, count = path.with_suffix(path.suffix + ".part"), 0
    with beside.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(row.model_dump_json() + "\n")
            count += 1
    beside.replace(path)
    return count


def read(path: Path) -> Iterator[Row]:
    """Rows of a file, one at a time; a file of other tools is taken too, where its lines hold `messages` (see `of_messages`).

    Raises:
        ConfigError: The file is not there, or a line is broken; the message has its number.
    """
    try:
        lines = path.open(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", "run `cuechain finetune data` first") from error
    with lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found: dict[str, Any] = json.loads(line)
                if "messages" in found:
                    yield from of_messages(found, f"{path.stem}-{number}")
                else:
                    yield Row.model_validate(found)
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigError(f"{path.name}, line {number}: {_first(error)}") from error


def of_messages(found: dict[str, Any], name: str) -> Iterator[Row]:
    """A conversation in the form of chat data sets (`messages`, perhaps `images`) as rows, one for each reply.

    Raises:
        ValueError: No assistant turn, or a turn that is not valid.
    """
    turns = [Message.model_validate(m) for m in found["messages"]]
    ends = [i for i, turn in enumerate(turns) if turn.role == "assistant" and i]
    if not ends:
        raise ValueError("no assistant turn after a prompt")
    for i in ends:
        yield Row(
            id=f"{found.get('id', name)}/{i}",
            group=str(found.get("group", found.get("id", name))),
            origin=str(found.get("origin", "messages")),
            step="conclude" if i == ends[-1] else "observe",
            prompt=tuple(turns[:i]),
            completion=(turns[i],),
            images=tuple(found.get("images", ())),
        )


def _first(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, ValidationError):
        one = error.errors()[0]
        return f"{'.'.join(str(p) for p in one['loc']) or 'the row'}: {one['msg']}"
    return str(error) or type(error).__name__
