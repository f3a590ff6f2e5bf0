"""The answers as the page shows them, and what the timeline marks of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cuechain.agents import registry
from cuechain.agents.explain import clock, facts
from cuechain.agents.llm.weighted import kin
from cuechain.agents.report.timeline import cues_of
from cuechain.agents.ui.views import html
from cuechain.agents.values import Focus, Plan

if TYPE_CHECKING:
    from cuechain.agents.sessions import Feedback
    from cuechain.agents.values import Case, Cue, CueSheet

WHY, CHANGE = "Why?", "What would change your mind?"
"""Questions that are offered under the last answer."""

_CITED = re.compile(r"\[((?:[A-Z]+\d+)(?:, *[A-Z]+\d+)*)\]")


def turns(cases: Sequence[Case], feedback: Sequence[Feedback]) -> str:
    """The conversation so far."""
    said = {f.turn: f for f in feedback}
    shown = [_turn(n, case, said.get(n)) for n, case in enumerate(cases, 1)]
    other = _second(cases[-1]) if cases else ""
    follow = (WHY, *([f"Why not {other}?"] if other else []), CHANGE)
    return html("turns", turns=shown, follow=follow)


def _second(case: Case) -> str:
    """The feeling that came second in what a planner decided; empty where nobody planned."""
    plan = next((step.output for step in case.steps if step.name == "plan"), None)
    try:
        ranked = Plan.model_validate_json(plan or "").labels
    except ValidationError:
        return ""
    given = case.answer.emotion.label if case.answer and case.answer.emotion else ""
    others = sorted((label for label in ranked if label not in (given, "neutral")), key=lambda label: -ranked[label])
    return others[0].replace("_", " ") if others else ""


def how_of(task: str, labels: Sequence[str], off: Sequence[str]) -> str:
    """In which way a question was asked, where not in the usual one."""
    parts = [task.replace("_", " ")] if task != "ask" else []
    parts += [", ".join(labels)] if labels else []
    parts += ["without " + " and ".join(off)] if off else []
    return " · ".join(parts)


def _turn(number: int, case: Case, said: Feedback | None) -> dict[str, Any]:
    question = case.question
    turn: dict[str, Any] = {
        "number": number,
        "question": question.text,
        "how": how_of(question.task, question.labels, without(case)),
        "error": case.error or "The model gave none." if case.answer is None or case.explanation is None else "",
    }
    if case.answer is None or case.explanation is None:
        return turn
    answer = case.answer
    felt = answer.emotion
    label: str | None = getattr(answer, "label", None) or (felt.label if felt else None)
    sure: float | None = getattr(answer, "confidence", None)
    if sure is None and felt:
        sure = felt.confidence
    plain = _no_feeling(case)
    relabel = said.label if said and said.label != label else None
    edited = split(said.text) if said and said.text else None
    several = len(case.sheet.media) > 1
    verdict = case.verdict.problems if case.verdict else ()
    return {
        **turn,
        "label": relabel or (None if answer.abstain or plain else label),
        "confidence": None if answer.abstain or plain or relabel else sure,
        "sure": "" if plain or relabel else case.explanation.sure,
        "abstain": answer.abstain and not plain,
        "claims": [{"stance": c.stance, "parts": _parts(c.text or "", c.cites)} for c in answer.claims],
        "cues": {id: _cue(cue, several) for id, cue in case.sheet.cues.items()},
        "facts": [*facts(answer), ("model", case.model), ("time", f"{sum(case.timings.values()):.1f} s of work")],
        "missing": case.explanation.missing,
        "problems": [p.text for p in verdict],
        "rating": said.rating if said else None,
        "edited": edited,
        "unknown": [i for part in edited or () if isinstance(part, list) for i in part if i not in case.sheet.cues],
        "relabel": relabel,
        "original": "no clear answer" if answer.abstain else label,
        "text": said.text if said and said.text else case.explanation.text,
        "labels": question.labels if len(question.labels) > 1 else registry.get("tasks", question.task).labels,
    }


def _no_feeling(case: Case) -> bool:
    """Whether the question is none about a feeling, so that a feeling in large letters would be no answer to it."""
    told = next((step.output for step in case.steps if step.name == "focus"), None)
    try:
        return case.question.task == "ask" and told is not None and Focus.model_validate_json(told).kind == "other"
    except ValidationError:
        return False


def without(case: Case) -> tuple[str, ...]:
    """Senses that a question was asked without."""
    return tuple(g.sense for g in case.sheet.gaps if g.reason == LEFT_OUT)


LEFT_OUT = "left out for this question"


def _cue(cue: Cue, several: bool) -> dict[str, Any]:
    return {
        "kin": kin(cue.sense),
        "sense": cue.sense,
        "text": cue.text,
        "start": cue.span.start if cue.span else None,
        "end": cue.span.end if cue.span else None,
        "clock": clock(cue.span),
        "media": (cue.media or "m1") if several else "m1",
    }


def _parts(text: str, cites: tuple[str, ...]) -> list[str | list[str]]:
    """A sentence, and its citations behind it."""
    return [f"{text} ", list(cites)] if cites else [text]


def split(text: str) -> list[str | list[str]]:
    """Prose with citations in brackets as texts and lists of ids: `Flat [V2].` gives `Flat `, `[V2]`, `.`"""
    pieces = _CITED.split(text)
    return [[i.strip() for i in piece.split(",")] if n % 2 else piece for n, piece in enumerate(pieces) if piece]


def marking(cases: Sequence[Case], sheet: CueSheet) -> list[Case]:
    """The last answer about each clip, reduced to what it cites of that clip, over all that was perceived."""
    media = {id: cue.media for id, cue in cues_of(sheet).items()}
    last = {media[i]: n for n, case in enumerate(cases) for i in _cites(case) if i in media}
    kept: list[Case] = []
    for n, case in enumerate(cases):
        if case.answer is None or n not in last.values():
            continue
        claims = tuple(
            claim.model_copy(update={"cites": tuple(i for i in claim.cites if i in media and last[media[i]] == n)})
            for claim in case.answer.claims
        )
        kept.append(
            case.model_copy(update={"sheet": sheet, "answer": case.answer.model_copy(update={"claims": claims})})
        )
    return kept


def _cites(case: Case) -> list[str]:
    return [i for claim in (case.answer.claims if case.answer else ()) for i in claim.cites]
