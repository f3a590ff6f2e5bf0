"""What every export tells of a case: where it comes from, and its answer in flat columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuechain.agents.exports.gate import precision, votes
from cuechain.agents.judged import agrees, confidence, gold_of, labels_said
from cuechain.agents.justify import supported
from cuechain.agents.values import Case, Media, Span, Turn

Cell = str | float | int | bool | list[str] | None


@dataclass(frozen=True)
class Origin:
    """The run that cases come from."""

    folder: Path
    """The run folder."""
    dataset: str = ""
    """What its manifest calls its dataset."""

    def of(self, case: Case) -> dict[str, str]:
        """Provenance of a case: enough to find it again and to say what made it."""
        sample = case.sample
        return {
            "run": str(self.folder.absolute()),
            "id": sample.id if sample else "",
            "group": sample.group if sample else "",
            "dataset": (sample.dataset if sample else "") or self.dataset,
            "split": sample.split if sample else "",
            "task": case.question.task,
            "model": case.model,
            "template_hash": case.template_hash,
            "tools": " ".join(sorted({c.source for c in case.sheet.cues.values()})),
        }


COLUMNS: dict[str, type] = {
    **dict.fromkeys(("run", "id", "group", "dataset", "split", "task", "model", "template_hash", "tools"), str),
    "status": str, "error": str, "question": str, "asked": list, "files": list, "text": str, "turn": int, "speaker": str,
    "start_s": float, "end_s": float, "abstain": bool, "label": str, "labels": list, "confidence": float, "intensity": float,
    "sentiment": str, "relation": str, "person": str, "valence": float, "arousal": float, "dominance": float, "rationale": str,
    "cites": list, "answer": str, "verified": bool, "problems": list, "precision": float, "votes": float, "repaired": int,
    "gold": str, "golds": list, "agrees": bool, "supported": bool, "cues": int, "gaps": list, "calls": int,
    "input_tokens": int, "output_tokens": int, "seconds": float,
}  # fmt: skip
"""Columns of the table of cases and what their cells are; all but lists may be empty. `supported` stands where a label was told."""


def flat(case: Case, origin: Origin) -> dict[str, Cell]:
    """A case as one row of COLUMNS."""
    answer, verdict, sample = case.answer, case.verdict, case.sample
    span, labels, gold = stretch(case), labels_said(case), gold_of(case)
    turn = turn_of(case)
    row: dict[str, Cell] = dict(origin.of(case))
    row |= {
        "status": case.status,
        "error": case.error or None,
        "question": case.question.text,
        "asked": list(case.question.labels),
        "files": [m.path for m in case.sheet.media if m.path] or list(sample.files if sample else ()),
        "text": turn.text if turn else sample.text if sample else None,
        "turn": case.question.turn,
        "speaker": turn.speaker if turn else None,
        "start_s": span.start if span else None,
        "end_s": span.end if span else None,
        "label": labels[0] if labels else None,
        "labels": list(labels),
        "confidence": confidence(answer),
        "cites": [],
        "problems": [],
        "votes": votes(case),
        "gold": gold[0] if gold else None,
        "golds": list(gold),
        "agrees": agrees(case) if answer else None,
        "supported": supported(case),
        "cues": len(case.sheet.cues),
        "gaps": [g.sense for g in case.sheet.gaps],
        "calls": case.usage.calls,
        "input_tokens": case.usage.input_tokens,
        "output_tokens": case.usage.output_tokens,
        "seconds": round(sum(case.timings.values()), 4),
    }
    if answer is not None:
        row |= {
            "abstain": answer.abstain,
            "intensity": answer.emotion.intensity if answer.emotion else None,
            "sentiment": answer.sentiment,
            "relation": answer.relation,
            "person": answer.person,
            **{name: getattr(answer, name, None) for name in ("valence", "arousal", "dominance")},
            "rationale": rationale(case),
            "cites": list(dict.fromkeys(i for c in answer.claims for i in c.cites)),
            "answer": answer.model_dump_json(exclude_defaults=True),
            "precision": precision(answer, verdict),
        }
    if verdict is not None:
        row |= {"verified": verdict.ok, "problems": [p.code for p in verdict.problems], "repaired": verdict.repaired}
    return {name: row.get(name) for name in COLUMNS}


def rationale(case: Case) -> str:
    """The answer in prose with its citations; empty without one."""
    return case.explanation.text if case.explanation else ""


def turn_of(case: Case) -> Turn | None:
    """The turn that is judged; None for an item that is no conversation."""
    sample = case.sample
    return sample.turns[sample.turn - 1] if sample and sample.turn and sample.turn <= len(sample.turns) else None


def asked_about(case: Case) -> Span | None:
    """The stretch of its file that an item is; None for all of it, or where it has no times."""
    sample, turn = case.sample, turn_of(case)
    return (sample.span if sample else None) or (turn.span if turn else None)


def stretch(case: Case) -> Span | None:
    """The stretch of the file that a case is about, as far as its answer tells or its item is one; None for all of it."""
    return (case.answer.span if case.answer else None) or asked_about(case)


def as_json(value: Any) -> str:
    """Compact JSON that keeps letters of any script readable."""
    return json.dumps(value, ensure_ascii=False)


def kind_of(case: Case) -> Media | None:
    """The medium that a case is shown by: its first video, sound or picture, else its text; None for a case without any."""
    media = case.sheet.media
    return next((m for m in media if m.kind != "text"), media[0] if media else None)
