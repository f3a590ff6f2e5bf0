"""What a worker is asked to do, and doing it. Runs in a process of its own: whatever a file does to a native library, it does it there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_core import to_jsonable_python

from cuechain.agents import llm
from cuechain.agents.agent.conversation import Conversation
from cuechain.agents.errors import ConfigError, CueChainError, MediaError
from cuechain.agents.llm import Model
from cuechain.agents.pipeline import Done, Event, SheetReady, see
from cuechain.agents.sessions import Session, Sessions
from cuechain.agents.settings import Settings
from cuechain.agents.values import Value
from cuechain.agents.web import clips_of, look

LISTED = "the list of sessions has their ids"
"""Where the id of a session is told that is not there."""


class Order(Value):
    """One job, as it goes to a worker."""

    kind: Literal["ask", "perceive", "look"]
    """Answer a question, give the cue sheet alone, or see that clips can be used."""
    owner: str
    """Whose session it is."""
    session: str
    """Id of the session whose clips are looked at."""
    names: tuple[str, ...] = ()
    """Clips that are looked at, for `look`."""
    question: str = ""
    """The words, for `ask`."""
    task: str = "ask"
    """Registered name of the task."""
    labels: tuple[str, ...] = ()
    """Label set; empty for the task's own."""
    without: tuple[str, ...] = ()
    """Senses that are left out of this answer."""
    senses: tuple[str, ...] = ()
    """Senses that perceive, for `perceive`; empty for all."""
    folders: tuple[Path, ...] | None = None
    """Where files that are used where they lie may be; None for each beside itself."""
    model: str = Field(default="embedded", min_length=1)
    """Spec string, one of those that the server offers."""


def carried_out(order: Order, settings: Settings, models: dict[str, Model]) -> Iterator[dict[str, Any]]:
    """Messages of a job as plain values: `event` and `data` of each event, at last `result`, or `error`, `hint` and HTTP `status`.

    Args:
        order: What to do.
        settings: Of the server.
        models: Those that were loaded; takes what is loaded for this order.
    """
    try:
        session = Sessions(settings.home, order.owner, LISTED).get(order.session)
    except CueChainError as error:
        yield {"error": error.message, "hint": error.hint, "status": 404}
        return
    try:
        for message in _messages(order, session, settings, models):
            yield placeless(message, session)
    except CueChainError as error:
        status = 422 if isinstance(error, MediaError | ConfigError) else 500  # the clip or the question, or the server
        yield placeless({"error": error.message, "hint": error.hint, "status": status}, session)
    except Exception as error:
        yield placeless(
            {"error": f"{type(error).__name__}: {error}", "hint": "please report it", "status": 500}, session
        )


def _messages(order: Order, session: Session, base: Settings, models: dict[str, Model]) -> Iterator[dict[str, Any]]:
    if order.kind == "look":
        for path in session.files:
            if path.name in order.names:
                look(path)
        yield {"result": {}}
        return
    settings = session.settings(base).model_copy(update={"model": order.model})
    files = clips_of(session, order.folders)
    if order.kind == "perceive":
        for event in see(files, settings.model_copy(update={"senses": order.senses})):
            yield told(event)
            if isinstance(event, SheetReady):
                yield {"result": {"sheet": event.sheet.model_dump(mode="json", exclude_none=True)}}
        return
    if order.model not in models:
        models[order.model] = llm.load(order.model, settings)
    talk = Conversation(
        files,
        settings,
        task=order.task,
        labels=order.labels,
        memory=session.memory,
        cases=session.cases(),
        model=models[order.model],
    )
    for event in talk.events(order.question, without=order.without):
        if isinstance(event, Done):
            turn = session.add(event.case)
            yield {"result": {"turn": turn, "case": event.case.model_dump(mode="json", exclude_none=True)}}
        else:
            yield told(event)


def told(event: Event) -> dict[str, Any]:
    """An event under its name, as plain values: `SenseDone` becomes `sense_done`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": name, "data": to_jsonable_python(event, exclude_none=True)}


def placeless(told: Any, session: Session) -> Any:
    """The same plain values with files by their names: where they lie on the server is nobody's business."""
    text = json.dumps(told)
    folders = {path.parent for path in session.files} | {session.folder / "media"}
    for folder in sorted({str(f) for one in folders for f in (one, one.resolve())}, key=len, reverse=True):
        text = text.replace(json.dumps(f"{folder}/")[1:-1], "")
    return json.loads(text)
