"""What an MCP client is told of a job that is done: short lines instead of the whole case."""

from __future__ import annotations

from typing import Any

from cuechain.agents.serve.job import Job
from cuechain.agents.values import Value


class Told(Value):
    """An answer."""

    session: str
    """Ask on about the same clips with it."""
    turn: int
    """The answer's number in its session, from 1."""
    answer: str
    """Sentences, each ending in its citations."""
    emotion: str | None = None
    """What is felt; None where the evidence does not allow an answer."""
    sure: str = ""
    """How sure, in words with the number."""
    cited: list[str]
    """The cues that the answer cites."""
    conflicts: list[str]
    """What speaks against it."""
    missing: list[str]
    """Senses that had nothing to say, and why."""
    problems: list[str]
    """What the mechanical check of the citations found; empty where all hold."""


class Seen(Value):
    """What was perceived."""

    session: str
    """Ask about the same clips with it."""
    cues: list[str]
    """Numbered, timed sentences."""
    missing: list[str]
    """Senses that had nothing to say, and why."""


def told(job: Job) -> Told:
    """The answer of a job that asked."""
    assert job.result is not None
    case = job.result["case"]
    answer, explained = case["answer"], case["explanation"]
    cited = {one for claim in answer.get("claims", ()) for one in claim.get("cites", ())}
    cues = case["sheet"]["cues"]
    return Told(
        session=job.order.session,
        turn=job.result["turn"],
        answer=explained["text"],
        emotion=(answer.get("emotion") or {}).get("label"),
        sure=explained.get("sure", ""),
        cited=[_line(id, cue) for id, cue in cues.items() if id in cited],
        conflicts=list(explained.get("conflicts", ())),
        missing=list(explained.get("missing", ())),
        problems=[problem["text"] for problem in (case.get("verdict") or {}).get("problems", ())],
    )


def seen(job: Job, sense: str = "") -> Seen:
    """What a job perceived, of one sense or of all."""
    assert job.result is not None
    sheet = job.result["sheet"]
    cues = [_line(id, cue) for id, cue in sheet["cues"].items() if sense in ("", cue["sense"])]
    gaps = [f"{g['sense']}: {g['reason']}" for g in sheet["gaps"] if sense in ("", g["sense"], "media")]
    return Seen(session=job.order.session, cues=cues, missing=gaps)


def _line(id: str, cue: dict[str, Any]) -> str:
    when = f"{cue['span']['start']:.1f}-{cue['span']['end']:.1f} s " if "span" in cue else ""
    return f"{id} {when}{cue.get('person', '')}{' ' if 'person' in cue else ''}{cue['text']}"
