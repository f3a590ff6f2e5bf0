"""`cuechain report`: a clip, a stored case, a conversation or an item of a run as one HTML file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuechain.agents.terminal import BaseUrl, Labels, Model, Senses, Task, Text

if TYPE_CHECKING:
    from cuechain.agents.llm import Model as Reasoner
    from cuechain.agents.sessions import Sessions
    from cuechain.agents.settings import Settings
    from cuechain.agents.values import Case
    from cuechain.agents.weigh import Weighing


PLANNERS = ("embedded", "rules")
"""Models that answer in milliseconds, so that they are asked again without being told to."""


def report(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files that belong together; or a Case as .json, a cases.jsonl, a run folder, or a session (id or folder)."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page.")] = Path("report.html"),
    question: Annotated[str | None, typer.Option("--question", "-q", help="What to ask about the files.")] = None,
    text: Text = None,
    task: Task = "ask",
    labels: Labels = None,
    model: Model = None,
    senses: Senses = None,
    items: Annotated[
        list[str] | None, typer.Option("--item", "-i", help="Of a run: this item; may be repeated.")
    ] = None,
    embed_media: Annotated[bool, typer.Option("--embed-media", help="Put videos and sounds into the page.")] = False,
    keyframes: Annotated[
        bool, typer.Option("--keyframes/--no-keyframes", help="Show frames of cited moments, and images.")
    ] = True,
    weigh: Annotated[
        bool | None,
        typer.Option("--weigh/--no-weigh", help="Tell which sense mattered; a planner is asked by default."),
    ] = None,
    base_url: BaseUrl = None,
) -> None:
    """Write one page that opens without a network: answer, timeline, frames, cues, steps, and which sense mattered.

    For example: cuechain report clip.mp4 -o report.html --question "How does she feel, and why?"
    Of a conversation: cuechain report SESSION -o report.html; `cuechain chat --sessions` lists the ids.
    """
    from cuechain.agents import settings
    from cuechain.agents.atomic import write
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.report.page import page
    from cuechain.agents.sessions import Sessions

    if embed_media and not keyframes:
        raise ConfigError("--embed-media puts in what --no-keyframes leaves out", "give one of them")
    if output.is_dir():
        raise ConfigError(f"{output} is a folder", "-o takes the name of the page, such as report.html")
    chosen = tuple(s.strip() for s in senses.split(",") if s.strip()) if senses else None
    loaded = settings.load(senses=chosen, model=model, base_url=base_url)
    stored = _stored(inputs or [], items or [], Sessions(loaded.home), alone=not (question or text))
    if stored is not None:
        if question or text or labels or task != "ask" or senses:
            raise ConfigError("a stored case brings its question and cues", "give it with --model and pictures at most")
        cases, beside = stored
    else:
        cases, beside = [_asked(inputs or [], question, text, task, labels, loaded)], None
    if not cases:
        raise ConfigError("there is no case to show", "`cuechain show` lists what a file or a run holds")
    told = page(
        cases, output, beside=beside, embed=embed_media, keyframes=keyframes,
        weigh=None if weigh is False else _weigher(loaded, model, chat=weigh is True),
    )  # fmt: skip
    write(output, told)
    typer.echo(f"written to {output} ({len(told.encode()) / 1e6:.1f} MB)", err=True)


def _stored(inputs: list[str], items: list[str], sessions: Sessions, *, alone: bool) -> tuple[list[Case], Path] | None:
    """The cases of the first input, and their folder; None where it is a medium.

    Args:
        inputs: Files, a run, a session.
        items: Of a run.
        sessions: Those of whoever sits here.
        alone: Whether nothing else is given to ask, or to ask about.

    Raises:
        ConfigError: More cases than a page can hold.
        SessionError: The session has no answers.
        RunError: What is named or an item is not there, or what is stored cannot be read.
    """
    from itertools import islice

    from cuechain.agents.errors import ConfigError, RunError
    from cuechain.agents.importance.cli import stored
    from cuechain.agents.report.page import MOST_CASES

    if not inputs:
        return None
    path = sessions.answers(inputs[0]) or Path(inputs[0])
    if alone and len(inputs) == 1 and not (" " in inputs[0] or "?" in inputs[0] or path.suffix or path.exists()):
        raise RunError(f"there is no file, folder or session {path}", "`cuechain chat --sessions` lists sessions")
    folder = path if path.is_dir() else path.parent
    found = stored(path, items)
    if found is None:
        return None
    if len(inputs) > 1:
        raise ConfigError("one file of cases makes one page", "give it alone")
    kept = list(islice(found, MOST_CASES + 1))
    if len(kept) > MOST_CASES:
        raise ConfigError(f"{path} holds more than the {MOST_CASES} cases of a page", "choose some with --item ID")
    return kept, folder


def _asked(
    inputs: list[str], question: str | None, text: str | None, task: str, labels: str | None, settings: Settings
) -> Case:
    """Perceive and ask, as `cuechain ask` does."""
    from cuechain.agents import registry
    from cuechain.agents.pipeline import Done, run
    from cuechain.agents.terminal import listen, split
    from cuechain.agents.values import Question

    files, words = (inputs, question) if question else split(inputs, text, registry.get("tasks", task).question)
    chosen = tuple(part.strip() for part in labels.split(",")) if labels else ()
    done = listen(run(files, Question(text=words, task=task, labels=chosen), settings, text=text))
    assert isinstance(done, Done)
    return done.case


def _weigher(settings: Settings, model: str | None, *, chat: bool) -> Callable[[Case], Weighing | None]:
    """Tells which sense mattered for a case: its own model is asked again, or the one that is named.

    Args:
        settings: How models are loaded.
        model: Spec string of another model than the case's.
        chat: Whether chat models are asked, too, 2^n - 1 times for n senses.
    """
    from cuechain.agents import llm
    from cuechain.agents.errors import CueChainError
    from cuechain.agents.importance.asking import weigh_sheet

    loaded: dict[str, Reasoner | None] = {}

    def model_of(spec: str) -> Reasoner | None:
        if spec not in loaded:
            planned = spec in PLANNERS
            loaded[spec] = llm.load(spec, settings.model_copy(update={"model": spec})) if planned or chat else None
        return loaded[spec]

    def weigh(case: Case) -> Weighing | None:
        if case.answer is None or not case.sheet.cues:
            return None
        try:
            asked = model_of(model or case.model)
            return weigh_sheet(case.sheet, case.question, asked, settings) if asked else None
        except CueChainError as error:  # a task without labels, a model that is not here: the rest of the page stands
            if chat:
                typer.echo(f"note: which sense mattered cannot be told: {error.message}", err=True)
            return None

    return weigh
