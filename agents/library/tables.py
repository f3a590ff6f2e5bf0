"""What a run's tables hold, and a Case as their rows.

A record is read as plain values: one that an older version wrote, or that somebody broke, costs itself and not the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[Any, ...]

TABLES: dict[str, dict[str, str]] = {
    "cases": {
        "item": "VARCHAR", "dataset": "VARCHAR", "split": "VARCHAR", "item_group": "VARCHAR", "task": "VARCHAR",
        "question": "VARCHAR", "turn": "INTEGER", "file": "VARCHAR", "start_s": "DOUBLE", "end_s": "DOUBLE",
        "duration_s": "DOUBLE", "status": "VARCHAR", "error": "VARCHAR", "model": "VARCHAR", "person": "VARCHAR",
        "label": "VARCHAR", "confidence": "DOUBLE", "intensity": "DOUBLE", "sentiment": "VARCHAR",
        "relation": "VARCHAR", "abstain": "BOOLEAN", "gold": "VARCHAR", "agrees": "BOOLEAN", "problems": "INTEGER",
        "rationale": "VARCHAR", "seconds": "DOUBLE", "tokens": "BIGINT", "place": "BIGINT",
    },
    "cues": {
        "item": "VARCHAR", "cue": "VARCHAR", "sense": "VARCHAR", "text": "VARCHAR", "person": "VARCHAR",
        "start_s": "DOUBLE", "end_s": "DOUBLE", "line": "INTEGER", "confidence": "DOUBLE", "reliability": "DOUBLE",
        "salience": "DOUBLE", "file": "VARCHAR", "kind": "VARCHAR", "source": "VARCHAR", "cited": "BOOLEAN", "text_id": "UBIGINT",
    },
    "gaps": {
        "item": "VARCHAR", "sense": "VARCHAR", "reason": "VARCHAR", "hint": "VARCHAR", "start_s": "DOUBLE",
        "end_s": "DOUBLE",
    },
    "claims": {
        "item": "VARCHAR", "number": "INTEGER", "text": "VARCHAR", "stance": "VARCHAR", "points": "VARCHAR",
        "cites": "VARCHAR[]",
    },
    "measures": {
        "item": "VARCHAR", "cue": "VARCHAR", "sense": "VARCHAR", "name": "VARCHAR", "value": "DOUBLE",
        "word": "VARCHAR",
    },
}  # fmt: skip
"""Table to its columns and their types. `place` is the byte of cases.jsonl where the case's line begins, `text_id` stands for what
`cuechain search` reads of a cue."""

ABOUT: dict[str, str] = {
    "cases": "one row for each item",
    "cues": "one row for each cue of an item's sheet",
    "gaps": "one row for each sense that had nothing to say",
    "claims": "one row for each sentence of an answer",
    "measures": "one row for each raw measure of a cue, a number in `value`, else in `word`",
}
"""Table to what a row is."""


def rows(raw: Any, place: int) -> dict[str, list[Row]]:
    """The rows of a stored case, by table.

    Args:
        raw: A line of cases.jsonl as plain values.
        place: Byte where it begins.

    Raises:
        ValueError: It is no Case.
    """
    try:
        return _rows(raw, place)
    except (AttributeError, KeyError, TypeError, IndexError, ValueError, OverflowError) as error:
        raise ValueError(f"the record at byte {place} is not a Case") from error


def _rows(raw: Mapping[str, Any], place: int) -> dict[str, list[Row]]:
    from cuechain.agents.library.meaning import key, plain  # the command line's help needs the tables alone

    sample, question, sheet = raw.get("sample") or {}, raw["question"], raw["sheet"]
    answer, media = raw.get("answer") or {}, sheet.get("media") or []
    claims = answer.get("claims") or []
    item = _word(sample.get("id", ""))
    label, confidence, intensity = _said(answer)
    gold = (sample.get("target") or {}).get("labels")
    cited = {id for claim in claims for id in claim.get("cites") or ()}
    first = next((m["path"] for m in media if m.get("path")), next(iter(sample.get("files") or ()), None))
    turns = sample.get("turns") or ()
    usage, done = raw.get("usage") or {}, raw.get("status", "done") == "done"
    case = (
        item, _word(sample.get("dataset")), _word(sample.get("split")), _word(sample.get("group")),
        _word(question.get("task", "ask")), _word(question["text"]), question.get("turn"), _word(first),
        *_span(sample.get("span")), _number(max((m.get("duration") or 0.0 for m in media), default=0.0) or None),
        _word(raw.get("status", "done")), _word(raw.get("error")), _word(raw.get("model")),
        _word(answer.get("person")), _word(label), _number(confidence), _number(intensity),
        _word(answer.get("sentiment")), _word(answer.get("relation")),
        bool(answer.get("abstain")) if done else None, _word(gold[0]) if gold else None,
        label in gold if gold and label is not None else None,
        len((raw.get("verdict") or {}).get("problems") or ()) if done else None,
        _word((raw.get("explanation") or {}).get("text")), sum(map(float, (raw.get("timings") or {}).values())),
        int(usage.get("input_tokens", 0)) + int(usage.get("output_tokens", 0)), place,
    )  # fmt: skip
    cues: list[Row] = []
    measures: list[Row] = []
    for id, cue in (sheet.get("cues") or {}).items():
        found = cue.get("measures") or {}
        line = int(found["line"]) if isinstance(found.get("line"), int | float) else None
        own = turns[line - 1].get("file") if line and line <= len(turns) else None
        medium = next((m for m in media if m["id"] == cue.get("media")), media[0] if len(media) == 1 else {})
        file = medium.get("path") or own
        cues.append((
            item, _word(id), _word(cue["sense"]), _word(cue["text"]), _word(cue.get("person")),
            *_span(cue.get("span")), line,
            _number(cue.get("confidence")), _number(cue.get("reliability")), _number(cue.get("salience", 0.5)),
            _word(file), _word(medium.get("kind")), _word(cue.get("source")), id in cited, key(plain(cue["sense"], cue["text"])),
        ))  # fmt: skip
        for name, value in found.items():
            number = isinstance(value, int | float)
            measures.append(
                (item, _word(id), _word(cue["sense"]), _word(name), float(value) if number else None,
                 None if number else _word(value))
            )  # fmt: skip
    return {
        "cases": [case],
        "cues": cues,
        "measures": measures,
        "gaps": [
            (item, _word(g["sense"]), _word(g["reason"]), _word(g.get("hint")), *_span(g.get("span")))
            for g in sheet.get("gaps") or ()
        ],
        "claims": [
            (item, number, _word(c.get("text")), _word(c.get("stance", "supports")), _word(c.get("points")),
             [_word(id) for id in c.get("cites") or ()])
            for number, c in enumerate(claims, 1)
        ],
    }  # fmt: skip


def _said(answer: Mapping[str, Any]) -> tuple[str | None, float | None, float | None]:
    """Leading label of an answer with its confidence and intensity: a label of its own, else a feeling."""
    if answer.get("label") is not None:
        return answer["label"], answer.get("confidence"), None
    feeling = answer.get("emotion") or next(iter(answer.get("emotions") or ()), None) or {}
    return feeling.get("label"), feeling.get("confidence"), feeling.get("intensity")


def _span(span: Mapping[str, Any] | None) -> tuple[float | None, float | None]:
    return (float(span["start"]), float(span["end"])) if span else (None, None)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _word(value: Any) -> str | None:
    """As text that any table takes: half of a character pair is replaced."""
    return None if value is None else str(value).encode("utf-8", "replace").decode()
