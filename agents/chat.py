"""`cuechain chat`: a conversation in the terminal, kept as a session that can be resumed and deleted."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import typer

from cuechain.agents.agent import Conversation
from cuechain.agents.errors import ConfigError, CueChainError, MediaError
from cuechain.agents.fetch import is_address
from cuechain.agents.pipeline import Done, Event, Looked, Opened, Said, SenseDone, Thinking
from cuechain.agents.sessions import Session, Sessions
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case

if TYPE_CHECKING:
    from rich.console import RenderableType

COMMANDS = "Ask; `cues` shows what was perceived, `add FILE` adds a clip, `help` tells more, `quit` leaves."

HELP = """Ask as you would a person:
  How does she feel, and why?   Is he angry?   Who is happiest?   When?   Are you sure?
  What about the last 3 seconds?   And before 0:20?   Between 5 and 9 seconds?   And before that?
  What about her voice?   And without the words?   Why not joy?   What would change your mind?"""
"""What `help` shows."""

_HELP = re.compile(r"\W*(help|commands|\?)\W*", re.I)
_THANKS = re.compile(
    r"((ok(ay)?|thanks?|thank you|thx|great|good|nice|bye|goodbye|hello|hi|cool|very|so|much|a lot)\b\W*)+", re.I
)
"""What asks nothing."""

LISTED = 50
"""Characters of a title and of a question in the list of sessions."""

WIDE = 160
"""Columns of output that goes into a file or a program."""


def begin(
    places: Sequence[str],
    settings: Settings,
    task: str,
    labels: tuple[str, ...],
    *,
    as_json: bool,
    keep: bool = True,
) -> None:
    """Talk about clips in a new session, or, where nothing is to be kept, in none.

    Raises:
        CueChainError: A clip cannot be opened, the model cannot be loaded, or the session cannot be kept; none is left behind.
    """
    if not keep:
        conversation = Conversation((), settings, task=task, labels=labels)
        for place in places:
            _add(conversation, None, place)
        try:
            _talk(conversation, None, as_json=as_json)
        finally:
            typer.echo("nothing was kept of this conversation (--no-cache)", err=True)
        return
    sessions = Sessions(settings.home)
    session = sessions.create(", ".join(Path(place).name for place in places))
    try:
        conversation = Conversation((), _own(session, settings), task=task, labels=labels, memory=session.memory)
        for place in places:
            _add(conversation, session, place)
        _talk(conversation, session, as_json=as_json)
    finally:
        if session.cases():
            typer.echo(f"kept: `cuechain chat --resume {session.id}` goes on with it", err=True)
        else:
            sessions.delete(session.id)


def resume(
    id: str, places: Sequence[str], settings: Settings, task: str, labels: tuple[str, ...], *, as_json: bool
) -> None:
    """Go on with a session, with further clips where some are given.

    Raises:
        CueChainError: There is no such session, or one of its clips is gone.
    """
    session = Sessions(settings.home).get(id)
    cases = session.cases()
    conversation = Conversation(
        session.files,
        _own(session, settings),
        task=task,
        labels=labels,
        memory=session.memory,
        cases=cases,
    )
    for place in places:
        _add(conversation, session, place)
    typer.echo(f"{session.title}: {_answers(len(cases))} so far", err=True)
    if cases and cases[-1].explanation:
        typer.echo(f"> {cases[-1].question.text}\n{cases[-1].explanation.text}", err=True)
    _talk(conversation, session, as_json=as_json)
    typer.echo(f"kept: `cuechain chat --resume {session.id}` goes on with it", err=True)


def listed(settings: Settings, *, as_json: bool) -> None:
    """Print the sessions of this machine's user, newest first."""
    rows: list[dict[str, Any]] = []
    for one in Sessions(settings.home).all():
        cases = one.cases()
        rows.append(
            {
                "id": one.id,
                "created": one.created,
                "title": one.title,
                "answers": len(cases),
                "last_question": cases[-1].question.text if cases else None,
                "files": [str(f) for f in one.files],
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        asked = f'  "{_short(row["last_question"])}"' if row["last_question"] else ""
        typer.echo(f"{row['id']}  {row['created'][:16]}  {_answers(row['answers'])}  {_short(row['title'])}{asked}")
    if not rows:
        typer.echo("no session is kept", err=True)


def delete(id: str, settings: Settings) -> None:
    """Delete a session and all that it kept.

    Raises:
        SessionError: There is none.
    """
    Sessions(settings.home).delete(id)
    typer.echo(f"deleted: session {id}, with its answers, cues and memory; clips that lie elsewhere stay", err=True)


def _answers(n: int) -> str:
    return f"{n} answer{'' if n == 1 else 's'}"


def _short(text: str) -> str:
    """On one line, without what a terminal would obey."""
    return shorten("".join(c if c.isprintable() else " " for c in text), LISTED, placeholder=" …")


def _own(session: Session, settings: Settings) -> Settings:
    """The session keeps its own cues, unless nothing is to be kept."""
    return session.settings(settings) if settings.cache else settings


def _add(conversation: Conversation, session: Session | None, place: str) -> None:
    """One more clip, used where it lies; one that cannot be opened is not kept with the session."""
    if is_address(place):
        raise ConfigError("a conversation is about files of this machine", "fetch it first")
    path = Path(place)
    if not path.is_file():
        raise MediaError(f"{place} is no file", "give the path of a clip")
    conversation.add(path.absolute())
    if session is not None:
        session.link_file(path)


def _talk(conversation: Conversation, session: Session | None, *, as_json: bool) -> None:
    """Ask line by line until the input ends; a question that fails does not end the conversation."""
    conversation.load()
    typer.echo(COMMANDS, err=True)
    first = True
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            return
        word, _, rest = line.partition(" ")
        try:
            if line.lower() in ("quit", "exit"):
                return
            if _HELP.fullmatch(line):
                typer.echo(f"{COMMANDS}\n{HELP}", err=True)
            elif _THANKS.fullmatch(line):
                typer.echo("Ask on, or `quit`.", err=True)
            elif line.lower() == "cues":
                _show(_cues(conversation))
            elif word.lower() == "add" and (Path(rest).exists() or Path(rest).suffix):
                _add(conversation, session, rest)
                typer.echo(f"added {Path(rest).name}", err=True)
            elif line:
                case = _watched(conversation.events(line))
                turn = session.add(case) if session is not None else None
                _give(case, turn, as_json=as_json, whole=first)
                first = False
        except CueChainError as error:
            typer.secho(f"error: {error.message}", err=True, fg="red")
            if error.hint:
                typer.echo(f"hint: {error.hint}", err=True)


def _cues(conversation: Conversation) -> Iterator[Any]:
    from cuechain.agents.explain import cue_table, missing

    sheet = conversation.sheet
    yield cue_table(sheet, set())
    yield from (f"missing  {told}" for told in missing(sheet))


def _give(case: Case, turn: int | None, *, as_json: bool, whole: bool) -> None:
    if as_json:
        typer.echo(case.model_dump_json())
    else:
        _show(_parts(case, turn, whole=whole))


def _parts(case: Case, turn: int | None, *, whole: bool) -> Iterator[RenderableType]:
    """The first answer with everything, later ones with the cues that they cite."""
    from rich.text import Text

    from cuechain.agents.explain import clock, cue_table, terminal

    cited = {i for c in case.answer.claims for i in c.cites} & set(case.sheet.cues) if case.answer else set[str]()
    about = clock(case.answer.span) if cited and case.answer else ""
    told = [f"[{turn}]"] if turn is not None else []  # what `cuechain feedback add --turn` takes
    if told or about:
        yield Text(" ".join([*told, *([f"about {about}"] if about else [])]), style="dim")
    if whole:
        yield terminal(case)
        return
    yield Text(case.explanation.text if case.explanation else case.error)
    if cited:
        yield cue_table(case.sheet.only(cited).model_copy(update={"dropped": 0}), cited)


def _show(parts: Iterable[RenderableType]) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else WIDE)
    for part in parts:
        console.print(part)


def _watched(events: Iterator[Event]) -> Case:
    """Show on a terminal what happens and what is being written; what remains is the finished answer."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    case, text = None, ""
    console = Console(stderr=True)
    with Live(console=console, transient=True, refresh_per_second=8) if console.is_terminal else _Nothing() as live:
        for event in events:
            text += event.text if isinstance(event, Said) else ""
            live.update(Text(text or _doing(event), style="" if text else "dim"))
            if isinstance(event, Done):
                case = event.case
    assert case is not None
    return case


class _Nothing:
    """Shows nothing."""

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *problem: object) -> None: ...

    def update(self, shown: object) -> None:
        """Nothing is shown."""


def _doing(event: Event) -> str:
    if isinstance(event, Opened):
        return f"perceiving {event.media.path or 'text'} …"
    if isinstance(event, SenseDone):
        return f"{event.perceived.sense}: {len(event.perceived.found)} found in {event.perceived.seconds:.1f} s …"
    if isinstance(event, Looked):
        return f"{event.tool} {json.dumps(event.args)} …"
    return f"{event.model} is reasoning …" if isinstance(event, Thinking) else "…"
