"""Conversations as input: a JSON file of turns, each with who speaks, the words, and perhaps a file, a time and what it answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from cuechain.agents.errors import MediaError
from cuechain.agents.values import Turn

CONVERSATION_SUFFIXES = (".json", ".jsonl")

MOST_TURNS = 2_000
"""A conversation that is longer is refused rather than cut."""


def turns_of(text: str, suffix: str, name: str) -> tuple[Turn, ...]:
    """The turns of a file: a JSON list of turns, an object with `turns`, or a turn on each line.

    Args:
        text: What the file holds.
        suffix: .json or .jsonl.
        name: How to call it in errors.

    Raises:
        MediaError: It is no such file, a turn is not valid, or there are too many.
    """
    try:
        found: Any = (
            [json.loads(line) for line in text.splitlines() if line.strip()] if suffix == ".jsonl" else json.loads(text)
        )
        found = found["turns"] if isinstance(found, dict) else found
        turns = tuple(Turn.model_validate_json(json.dumps(turn)) for turn in found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "a turn"
        raise MediaError(f"{name} is no conversation: {where}: {first['msg']}", HINT) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MediaError(f"{name} is no conversation", HINT) from error
    return checked(turns, name)


def checked(turns: Sequence[Turn], name: str = "the conversation") -> tuple[Turn, ...]:
    """The same turns, if they can be looked at.

    Raises:
        MediaError: None, too many, or one that answers a turn which does not come before it.
    """
    if not any(turn.text.strip() or turn.file for turn in turns):
        raise MediaError(f"{name} holds no words", "each turn wants a text or a file")
    if len(turns) > MOST_TURNS:
        raise MediaError(f"{name} has {len(turns):,} turns, the limit is {MOST_TURNS:,}", "split it")
    for number, turn in enumerate(turns, 1):
        if turn.reply is not None and turn.reply >= number:
            raise MediaError(f"{name}: turn {number} answers turn {turn.reply}, which does not come before it")
    return tuple(turns)


def as_text(turns: Sequence[Turn]) -> str:
    """A conversation as lines of `speaker: words`."""
    return "\n".join(f"{turn.speaker or 'somebody'}: {' '.join(turn.text.split())}" for turn in turns)


HINT = 'turns look like {"turns": [{"speaker": "Ann", "text": "Great."}, …]}'
