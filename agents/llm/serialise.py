"""A focused sheet as one row of tokens: what the embedded planner reads, in training and at run time alike.

The person who is asked about is always called P1 here, the others P2, P3 …: who is who is looked up by code, never learned. Times
and ids are left out for the same reason; the order of the cues stays. Cue texts are data: whatever they say, they are only tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from cuechain.agents.values import Cue, CueSheet, Relation, Sentiment

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LIMIT = 384
"""Tokens of one row. The encoder has 512 positions; the written sheets have 75 to 190."""
CUE_LIMIT = 80
"""Tokens of one cue; a longer quotation is cut at its end."""
QUESTION_LIMIT = 40
"""Tokens of the question."""
SETTING = frozenset({"scene", "screen", "sound"})
"""Senses that tell of the surroundings, whoever is asked about: alone they decide nothing about how somebody feels."""

RELATIONS: tuple[Relation, ...] = get_args(Relation)
SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)
OUTPUTS = ("sheet", "label", "relation", "sentiment", "abstain", "intensity", "weight")
"""Names of the network's outputs, in order."""

Role = Literal["self", "unknown", "setting", "other"]

_PREFIX: dict[Role, str] = {"self": "", "unknown": "unknown ", "setting": "", "other": "other person's "}


@dataclass(frozen=True)
class Row:
    """One sheet in tokens; the batch axis is added by `batch`."""

    ids: list[int]
    """Token ids, [CLS] first and [SEP] last."""
    types: list[int]
    """0, or 1 for cues of other persons."""
    cues: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Cue id to its half-open range of positions; cues that did not fit are absent."""


def asked(sheet: CueSheet, person: str | None) -> str | None:
    """The person a question is about: the one named, else the only one there is."""
    people = sheet.people
    return person if person is not None or len(people) != 1 else people[0]


def role(cue: Cue, person: str | None) -> Role:
    """What a cue is to the person who is asked about. With nobody named, every person's cues count."""
    if cue.person is not None:
        return "self" if person in (None, cue.person) else "other"
    if cue.sense in SETTING:
        return "setting"
    return "self" if person is None else "unknown"


def row(tokenizer: Tokenizer, sheet: CueSheet, question: str, person: str | None, limit: int = LIMIT) -> Row:
    """Tokens of a sheet, cues in the sheet's order; the least salient ones are left out when the row is full.

    Of other persons only what they say is kept, as what the person may answer to: a face that is not there cannot be mistaken.

    Args:
        tokenizer: WordPiece of the encoder, without padding or truncation.
        sheet: The focused sheet.
        question: The user's words; may be empty.
        person: Whom the question is about.
        limit: Most tokens of the row.
    """
    person = asked(sheet, person)
    names = _names(sheet, person)
    start, end = _special(tokenizer)
    head = _pieces(tokenizer, _renamed(question, names))[:QUESTION_LIMIT]
    missing = ", ".join(sorted({gap.sense for gap in sheet.gaps}))
    tail = _pieces(tokenizer, f"missing: {missing}")[:16] if missing else []
    parts = {
        key: _pieces(tokenizer, f"{_PREFIX[role(cue, person)]}{cue.sense}: {_renamed(cue.text, names)}")[:CUE_LIMIT]
        for key, cue in sheet.cues.items()
        if role(cue, person) != "other" or cue.sense == "transcript"
    }
    kept = _fitting(sheet, parts, person, limit - len(head) - len(tail) - 4)
    ids = [start, *head, end]
    types = [0] * len(ids)
    places: dict[str, tuple[int, int]] = {}
    for key in kept:
        tokens = [*parts[key], end]
        places[key] = (len(ids), len(ids) + len(parts[key]))
        ids += tokens
        types += [int(role(sheet.cues[key], person) == "other")] * len(tokens)
    ids += [*tail, end] if tail else []
    types += [0] * (len(ids) - len(types))
    return Row(ids, types, places)


def told(sheet: CueSheet, question: str, person: str | None) -> list[str]:
    """What `row` puts into tokens, as lines of text: for planners that bring their own tokenizer."""
    person = asked(sheet, person)
    names = _names(sheet, person)
    lines = [
        f"{_PREFIX[role(cue, person)]}{cue.sense}: {_renamed(cue.text, names)[:300]}"
        for cue in sheet.cues.values()
        if role(cue, person) != "other" or cue.sense == "transcript"
    ]
    missing = ", ".join(sorted({gap.sense for gap in sheet.gaps}))
    return [_renamed(question, names)[:200], *lines, *([f"missing: {missing}"] if missing else [])]


def label_row(tokenizer: Tokenizer, label: str) -> Row:
    """Tokens of a label, which the same encoder turns into the vector that sheets are scored against."""
    tokens = _pieces(tokenizer, label.replace("_", " ").replace("-", " "))[:16]
    start, end = _special(tokenizer)
    ids = [start, *tokens, end]
    return Row(ids, [0] * len(ids))


def batch(rows: Sequence[Row], pad: int = 0) -> dict[str, np.ndarray]:
    """Arrays of a batch: ids, mask and types (B, T) int64; pool (B, C, T) float32, whose rows average a cue's tokens."""
    length = max(len(r.ids) for r in rows)
    cues = max(1, *(len(r.cues) for r in rows))
    ids = np.full((len(rows), length), pad, np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    pool = np.zeros((len(rows), cues, length), np.float32)
    for b, row in enumerate(rows):
        ids[b, : len(row.ids)] = row.ids
        mask[b, : len(row.ids)] = 1
        types[b, : len(row.types)] = row.types
        for c, (start, end) in enumerate(row.cues.values()):
            pool[b, c, start:end] = 1 / max(1, end - start)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "pool": pool}


def _special(tokenizer: Tokenizer) -> tuple[int, int]:
    """Ids of [CLS] and [SEP]."""
    return tokenizer.token_to_id("[CLS]") or 0, tokenizer.token_to_id("[SEP]") or 0


def _pieces(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text[:2000], add_special_tokens=False).ids


def _names(sheet: CueSheet, person: str | None) -> dict[str, str]:
    order = ([person] if person else []) + [p for p in sheet.people if p != person]
    return {name: f"P{i + 1}" for i, name in enumerate(order)}


def _renamed(text: str, names: dict[str, str]) -> str:
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"\b(?:{pattern})\b", lambda found: names[found[0]], text) if names else text


def _fitting(sheet: CueSheet, parts: dict[str, list[int]], person: str | None, room: int) -> list[str]:
    """Ids that fit, in sheet order: own cues before the others', salient ones before dull ones."""
    rank: dict[Role, int] = {"self": 0, "unknown": 1, "setting": 2, "other": 3}
    best = sorted(parts, key=lambda key: (rank[role(sheet.cues[key], person)], -sheet.cues[key].salience))
    kept: set[str] = set()
    for key in best:
        if len(parts[key]) + 1 <= room and parts[key]:
            kept.add(key)
            room -= len(parts[key]) + 1
    return [key for key in parts if key in kept]
