"""What the page shows, as HTML in which every text is escaped: the clips, the turns, work in progress, the senses, the conversations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cuechain.agents import registry
from cuechain.agents.explain import clock, facts
from cuechain.agents.llm.weighted import kin
from cuechain.agents.ui.clips import address
from cuechain.agents.ui.icons import icons
from cuechain.agents.values import Plan

if TYPE_CHECKING:
    from jinja2 import Environment

    from cuechain.agents.sessions import Feedback, Session
    from cuechain.agents.values import Case, Cue
    from cuechain.agents.weigh import Weighing

WHY, CHANGE = "Why?", "What would change your mind?"
"""Questions that are offered under the last answer."""

_CITED = re.compile(r"\[((?:[A-Z]+\d+)(?:, *[A-Z]+\d+)*)\]")
MOST_TEXT = 4_000
"""Characters of a text clip that are shown beside the conversation."""


@dataclass
class Sense:
    """One sense at work."""

    name: str
    done: bool = False
    found: int = 0


@dataclass
class Live:
    """The answer that is being made."""

    question: str = ""
    how: str = ""
    now: str = "Opening the clip …"
    senses: list[Sense] = field(default_factory=list[Sense])
    said: str = ""
    error: str = ""
    hint: str = ""

    @property
    def done(self) -> int:
        """Senses that are ready."""
        return sum(s.done for s in self.senses)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "static"), autoescape=True, undefined=StrictUndefined
    )


def _html(name: str, **values: Any) -> str:
    return _templates().get_template(f"{name}.html.jinja").render(icons=icons(), **values)


def stage(session: Session | None, most: int, front: int = 0) -> str:
    """The clips, and where to add one.

    Args:
        session: Whose clips.
        most: Bytes of one clip.
        front: Place of the clip that is seen first; -1 for the last one.
    """
    clips = [_clip(session, n, f) for n, f in enumerate(session.files, 1)] if session else []
    return _html(
        "stage",
        session=session.id if session else "",
        clips=clips,
        front=clips[front]["id"] if clips else "",
        most=most,
        most_mb=most // 2**20,
    )


def _clip(session: Session, number: int, file: Path) -> dict[str, str]:
    from cuechain.agents.errors import CueChainError
    from cuechain.agents.probe import probe

    shown = {"id": f"m{number}", "name": file.name, "src": address(session, file), "text": "", "kind": "text"}
    try:
        media = probe(file)
    except CueChainError as error:
        return {**shown, "text": error.message.replace(str(file), file.name)}
    return {**shown, "kind": media.kind, "text": (media.text or "")[:MOST_TEXT]}


def turns(cases: Sequence[Case], feedback: Sequence[Feedback]) -> str:
    """The conversation so far."""
    said = {f.turn: f for f in feedback}
    shown = [_turn(n, case, said.get(n)) for n, case in enumerate(cases, 1)]
    other = _second(cases[-1]) if cases else ""
    follow = (WHY, *([f"Why not {other}?"] if other else []), CHANGE)
    return _html("turns", turns=shown, follow=follow)


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


def how_of(task: str, labels: Sequence[str], without: Sequence[str]) -> str:
    """In which way a question was asked, where not in the usual one."""
    parts = [task.replace("_", " ")] if task != "ask" else []
    parts += [", ".join(labels)] if labels else []
    parts += ["without " + " and ".join(without)] if without else []
    return " · ".join(parts)


def _turn(number: int, case: Case, said: Feedback | None) -> dict[str, Any]:
    question = case.question
    without = _without(case)
    turn: dict[str, Any] = {
        "number": number,
        "question": question.text,
        "how": how_of(question.task, question.labels, without),
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
    several = len(case.sheet.media) > 1
    verdict = case.verdict.problems if case.verdict else ()
    return {
        **turn,
        "label": None if answer.abstain else label,
        "confidence": None if answer.abstain else sure,
        "sure": case.explanation.sure,
        "abstain": answer.abstain,
        "claims": [{"stance": c.stance, "parts": _parts(c.text or "", c.cites)} for c in answer.claims],
        "cues": {id: _cue(cue, several) for id, cue in case.sheet.cues.items()},
        "facts": [*facts(answer), ("model", case.model), ("time", f"{sum(case.timings.values()):.1f} s of work")],
        "missing": case.explanation.missing,
        "problems": [p.text for p in verdict],
        "rating": said.rating if said else None,
        "edited": split(said.text) if said and said.text else None,
        "relabel": said.label if said else None,
        "text": said.text if said and said.text else case.explanation.text,
        "labels": question.labels if len(question.labels) > 1 else registry.get("tasks", question.task).labels,
    }


def _without(case: Case) -> tuple[str, ...]:
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


def live(state: Live | None) -> str:
    """What is going on."""
    return _html("live", live=state)


def senses(names: Sequence[str], off: Sequence[str], weighing: Weighing | None, costs: int, model: str) -> str:
    """A switch for each sense, and how much it mattered.

    Args:
        names: Senses that have cues.
        off: Those that are left out.
        weighing: How much each mattered for the last answer; None where that is not known.
        costs: Questions that weighing would take, where the user has to ask for it; 0 where nobody has to.
        model: Who would be asked.
    """
    found = weighing.by_answer.senses if weighing and weighing.by_answer else {}
    told = dict(zip(weighing.senses, weighing.counterfactuals, strict=False)) if weighing else {}
    rows = [_row(name, name in off, found[name].score if name in found else None, told.get(name, "")) for name in names]
    intro = "Switch a sense off to ask the last question again without it." if len(names) > 1 else ""
    if any(row["score"] is not None for row in rows):
        intro = "How much each sense helps to reach the answer, from asking with every set of senses. " + intro
    change = weighing.change if weighing else ""
    return _html("senses", rows=rows, change=change, intro=intro, costs=costs, model=model)


def _row(name: str, off: bool, score: float | None, without: str) -> dict[str, Any]:
    return {
        "name": name,
        "off": off,
        "score": score,
        "width": round(100 * abs(score)) if score is not None else 0,
        "shown": f"{score:+.2f}".replace("+0.00", "0").replace("-0.00", "0") if score is not None else "",
        "told": f"importance {score:+.2f} on a scale from -1 to 1" if score is not None else "",
        "without": without,
    }


def bar(session: Session | None, talks: Sequence[Session]) -> str:
    """The head of the page, with the list of conversations."""
    rows = [
        {
            "id": talk.id,
            "title": talk.title or "untitled",
            "when": talk.created[:16].replace("T", " "),
            "clips": f"{len(talk.files)} clip{'s' * (len(talk.files) != 1)}",
        }
        for talk in talks
    ]
    return _html("bar", talks=rows, session=session.id if session else "", title=session.title if session else "")
