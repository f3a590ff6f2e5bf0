"""What the page shows, as HTML in which every text is escaped: the clips, work in progress, the senses, the conversations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.ui.clips import address
from cuechain.agents.ui.icons import icons

if TYPE_CHECKING:
    from jinja2 import Environment

    from cuechain.agents.sessions import Session
    from cuechain.agents.weigh import Weighing

SCALE = "From asking with every set of senses: +1 if the answer needs this sense, 0 if it does not matter, −1 if it speaks against."
"""What the numbers beside the senses mean."""
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

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "static"), autoescape=True, undefined=StrictUndefined
    )
    made.filters["glossed"] = _glossed
    return made


def _glossed(text: str) -> Any:
    """A text with what its codes of movements are, escaped."""
    from markupsafe import Markup, escape

    told = r'<abbr title="Action unit \1: a movement of the face, numbered as in the Facial Action Coding System">AU\1</abbr>'
    return Markup(re.sub(r"\bAU(\d+)\b", told, str(escape(text))))


def html(name: str, **values: Any) -> str:
    """A template filled in."""
    return _templates().get_template(f"{name}.html.jinja").render(icons=icons(), **values)


def stage(session: Session | None, most: int, front: int = 0) -> str:
    """The clips, and where to add one.

    Args:
        session: Whose clips.
        most: Bytes of one clip.
        front: Place of the clip that is seen first; -1 for the last one.
    """
    clips = [_clip(session, n, f) for n, f in enumerate(session.files, 1)] if session else []
    return html(
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


def live(state: Live | None) -> str:
    """What is going on."""
    return html("live", live=state)


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
        intro = f"{SCALE} {intro}"
    change = weighing.change if weighing else ""
    return html("senses", rows=rows, change=change, intro=intro, costs=costs, model=model)


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
            "clips": ", ".join(file.name for file in talk.files if file.name != talk.title),
            "answers": _answers(talk),
            "when": talk.created[:16].replace("T", " "),
        }
        for talk in talks
    ]
    return html("bar", talks=rows, session=session.id if session else "", title=session.title if session else "")


def _answers(talk: Session) -> str:
    """How many there are; counted by lines, for to read them all takes long."""
    stored = talk.folder / "cases.jsonl"
    number = stored.read_bytes().count(b"\n") if stored.is_file() else 0
    return f"{number or 'no'} answer{'s' * (number != 1)}"
