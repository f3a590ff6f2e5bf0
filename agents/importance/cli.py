"""`cuechain weigh`: a clip, or the cases of a finished run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuechain.agents.terminal import AsJson, BaseUrl, Model, Senses, Text

if TYPE_CHECKING:
    from cuechain.agents.values import Case


def weigh(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Files that belong together, then the question; or a run folder or cases.jsonl."),
    ] = None,
    text: Text = None,
    task: Annotated[str, typer.Option("--task", "-t", help="A task whose answers are labels.")] = "ask",
    labels: Annotated[str | None, typer.Option("--labels", "-l", help="Comma-separated label set.")] = None,
    gold: Annotated[str | None, typer.Option("--gold", help="The right label, or several with commas.")] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", "-w", help="How much senses count: voice=2,words=0.5; 0 leaves one out.")
    ] = None,
    model: Model = None,
    senses: Senses = None,
    items: Annotated[
        list[str] | None, typer.Option("--item", "-i", help="Of a run: this item; may be repeated.")
    ] = None,
    as_json: AsJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Show which sense mattered for an answer, and what would change it.

    For example: cuechain weigh clip.mp4 "How does she feel?" --weights voice=2
    """
    from rich.console import Console
    from rich.progress import track

    from cuechain.agents import llm, settings
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.importance.asking import checked, weigh_sheet, weights_of
    from cuechain.agents.importance.dataset import run_weighed
    from cuechain.agents.importance.shown import dataset, terminal
    from cuechain.agents.llm.weighted import senses_of
    from cuechain.agents.pipeline import SheetReady, see
    from cuechain.agents.terminal import listen, split
    from cuechain.agents.values import Question

    console = Console(width=None if sys.stdout.isatty() else 160)
    chosen = tuple(s.strip() for s in senses.split(",") if s.strip()) if senses else None
    loaded = settings.load(senses=chosen, model=model, base_url=base_url)
    if inputs and (cases := stored(Path(inputs[0]), items or ())) is not None:
        if len(inputs) > 1 or text or labels or gold or weights or task != "ask" or senses:
            raise ConfigError(
                "a run brings its questions, labels and cues",
                "give the run alone, with --item, --model and --json at most",
            )
        err = Console(stderr=True)
        shown = track(cases, "weighing", console=err, disable=not sys.stderr.isatty())
        over = run_weighed(shown, llm.load(loaded.model, loaded), loaded)
        if as_json:
            sys.stdout.write(over.model_dump_json(indent=2) + "\n")
        else:
            console.print(terminal(next(iter(over.items.values()))) if len(over.items) == 1 else dataset(over))
        return
    files, words = split(inputs or [], text)
    question = Question(text=words, task=task, labels=_listed(labels))
    asked = weights_of(weights)
    planner = llm.load(loaded.model, loaded)
    checked(question, planner, _listed(gold), asked)
    ready = listen(see(files, loaded, text=text))
    assert isinstance(ready, SheetReady)
    if planner.chat is not None:
        typer.echo(f"note: {planner.spec} is asked {2 ** len(senses_of(ready.sheet)) - 1} times", err=True)
    found = weigh_sheet(ready.sheet, question, planner, loaded, gold=_listed(gold), weights=asked)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        console.print(terminal(found, ready.sheet.gaps))
    if idle := [sense for sense in asked if sense not in found.senses and asked[sense]]:
        typer.echo(f"note: {', '.join(idle)} found nothing in this input, so the weight does nothing", err=True)


def _listed(told: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in told.split(",") if part.strip()) if told else ()


def stored(path: Path, items: Sequence[str] = ()) -> Iterator[Case] | None:
    """The cases of a run folder, of a .jsonl, or of a .json from `ask --json`; None for anything else.

    Args:
        path: Where they are.
        items: Of a run; all where none is named.
    """
    from cuechain.agents.catalogue import cases
    from cuechain.agents.runs import Run

    if items:
        return Run(path if path.is_dir() else path.parent).chosen(items)
    if path.is_dir():
        run = Run(path)
        _ = run.manifest  # an error tells what a folder is that is none
        return run.cases()
    return cases(path) if path.suffix in (".json", ".jsonl") and _holds_cases(path) else None


def _holds_cases(path: Path) -> bool:
    """Whether a JSON file holds cases, and not the turns of a conversation."""
    import json

    try:
        with path.open(encoding="utf-8") as lines:
            first = json.loads(lines.readline() if path.suffix == ".jsonl" else lines.read())
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and "sheet" in first
