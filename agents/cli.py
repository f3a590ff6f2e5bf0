"""The command line: a thin listener of the pipeline's events. Results go to stdout, progress to stderr."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cuechain.agents.terminal import (
    AsJson,
    BaseUrl,
    Budget,
    Captioner,
    Denoise,
    Direct,
    FourBit,
    Inputs,
    Labels,
    Language,
    Look,
    Model,
    NoCache,
    Senses,
    Sounds,
    Strict,
    Task,
    Text,
    Votes,
    Whisper,
    give,
    labels_of,
    listen,
    printed,
    settings_of,
    show_sheet,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuechain.agents.settings import Settings
    from cuechain.agents.values import Case

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help costs a third of the time
    help="Ask why someone feels the way they do in a clip, and get an answer whose every sentence points at the evidence.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from cuechain import __version__

        typer.echo(f"cuechain {__version__}")
        raise typer.Exit


@app.callback()
def _top(  # pyright: ignore[reportUnusedFunction]
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None: ...


@app.command()
def ask(
    inputs: Annotated[list[str] | None, typer.Argument(help="Files that belong together, then the question.")] = None,
    text: Text = None,
    task: Task = "ask",
    labels: Labels = None,
    model: Model = None,
    senses: Senses = None,
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the result here instead of printing it.")
    ] = None,
    no_cache: NoCache = False,
    strict: Strict = None,
    language: Language = None,
    whisper: Whisper = None,
    base_url: BaseUrl = None,
    budget: Budget = None,
    direct: Direct = None,
    look: Look = None,
    captioner: Captioner = None,
    denoise: Denoise = None,
    sounds: Sounds = None,
    four_bit: FourBit = None,
    votes: Votes = None,
) -> None:
    """Answer a question about a clip, with citations.

    For example: cuechain ask clip.mp4 "How does she feel, and why?"
    """
    from cuechain.agents import registry
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.pipeline import Done, run
    from cuechain.agents.values import Question

    if as_json and as_markdown:
        raise ConfigError("--json and --markdown exclude each other", "give one of them")
    files, words = split(inputs or [], text, registry.get("tasks", task).question)
    settings = settings_of(
        senses, no_cache, model=model, strict=strict, language=language, whisper=whisper, base_url=base_url,
        budget=budget, direct=direct, look=look, captioner=captioner, denoise=denoise, sounds=sounds, four_bit=four_bit, votes=votes,
    )  # fmt: skip
    question = Question(text=words, task=task, labels=labels_of(labels))
    done = listen(run(files, question, settings, text=text))
    assert isinstance(done, Done)
    for note in _notes(done.case, settings):
        typer.echo(f"note: {note}", err=True)
    give(done.case, as_json, as_markdown, output)


def _notes(case: Case, settings: Settings) -> Iterator[str]:
    """What was asked for and had no effect."""
    from cuechain.agents import registry
    from cuechain.agents.llm.labels import is_known, misspelt

    planned = any(step.name == "plan" for step in case.steps)
    if settings.look and planned:
        yield f"--look needs a vision model; {case.model} read the cues alone"
    task = registry.get("tasks", case.question.task)
    names = (
        () if task.feelings or case.question.labels[0:1] in {(name,) for name in task.sets} else case.question.labels
    )
    odd = [label for label in names if label != "open" and not is_known(label)]
    if odd and planned:
        near = " or ".join(dict.fromkeys(word for label in odd if (word := misspelt(label))))
        meant = f"; did you mean {near}?" if near else ""
        yield f"{case.model} does not know {', '.join(odd)} as feelings and goes by how the words sound{meant}"


@app.command()
def perceive(
    inputs: Inputs,
    senses: Senses = None,
    as_json: AsJson = False,
    no_cache: NoCache = False,
    strict: Strict = None,
    language: Language = None,
    whisper: Whisper = None,
    captioner: Captioner = None,
    denoise: Denoise = None,
    sounds: Sounds = None,
    base_url: BaseUrl = None,
    budget: Budget = None,
) -> None:
    """Show the cues of a clip, without asking anything."""
    from cuechain.agents.pipeline import SheetReady, see

    settings = settings_of(
        senses,
        no_cache,
        strict=strict,
        language=language,
        whisper=whisper,
        budget=budget,
        captioner=captioner,
        denoise=denoise,
        sounds=sounds,
        base_url=base_url,
    )
    ready = listen(see(inputs, settings))
    assert isinstance(ready, SheetReady)
    if as_json:
        typer.echo(ready.sheet.model_dump_json(indent=2))
    else:
        show_sheet(ready.sheet)


@app.command()
def chat(
    inputs: Annotated[list[str] | None, typer.Argument(help="Clips to talk about.")] = None,
    resume: Annotated[str | None, typer.Option("--resume", help="Go on with a session, by its id.")] = None,
    sessions: Annotated[bool, typer.Option("--sessions", help="List sessions: answers, last question.")] = False,
    delete: Annotated[str | None, typer.Option("--delete", help="Delete a session, by its id.")] = None,
    task: Task = "ask",
    model: Model = None,
    senses: Senses = None,
    labels: Labels = None,
    as_json: AsJson = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Perceive anew, and keep nothing: no session.")] = False,
    language: Language = None,
    whisper: Whisper = None,
    base_url: BaseUrl = None,
) -> None:
    """Ask several questions about clips. A model that calls tools perceives what they need, any other one all of it, once."""
    from cuechain.agents import chat as talk
    from cuechain.agents.errors import ConfigError

    if sum((resume is not None, sessions, delete is not None)) > 1:
        raise ConfigError("--resume, --sessions and --delete exclude each other", "give one of them")
    if no_cache and resume is not None:
        raise ConfigError("--no-cache and --resume exclude each other", "a session that goes on is kept")
    settings = settings_of(senses, no_cache, model=model, language=language, whisper=whisper, base_url=base_url)
    if sessions:
        talk.listed(settings, as_json=as_json)
    elif delete is not None:
        talk.delete(delete, settings)
    elif resume is not None:
        talk.resume(resume, inputs or [], settings, task, labels_of(labels), as_json=as_json)
    elif inputs:
        talk.begin(inputs, settings, task, labels_of(labels), as_json=as_json, keep=not no_cache)
    else:
        raise ConfigError("no file was given", "cuechain chat clip.mp4, or --resume ID")


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="tools, tasks, datasets, models or prompts")],
    as_json: AsJson = False,
) -> None:
    """List what is there, plugins included."""
    from cuechain.agents.catalogue import rows

    found = rows(what)
    if as_json:
        import json

        typer.echo(json.dumps(found, indent=2))
        return
    width = max((len(r["name"]) for r in found), default=0)
    for row in found:
        typer.echo(f"{row['name']:<{width}}  {row['about']}")
        if row.get("reliabilities"):
            printed(_reliabilities(row["reliabilities"], width))


def _reliabilities(told: list[dict[str, Any]], indent: int) -> Any:
    """Each measure of a sense, how often it is right, and how that is known."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for one in told:
        table.add_row(" " * indent, Text(one["measure"]), f"{one['value']:.2f}", Text(one["basis"], "dim"))
    return table


@app.command()
def show(
    case: Annotated[
        Path,
        typer.Argument(
            help="A Case as JSON (`ask --json`), a cases.jsonl, a run folder, a session (id or folder), or a prompt's name."
        ),
    ],
    item: Annotated[
        list[str] | None, typer.Option("--item", "-i", help="Of a run: this item; may be repeated.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Of a run: what could not be answered, and why.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a stored Case, those of a run or of a conversation, or a prompt template by its name.

    For example: cuechain show runs/clips --item clip17.mp4; or, with an id of `cuechain chat --sessions`: cuechain show SESSION
    """
    from cuechain import prompts
    from cuechain.agents.catalogue import cases
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.runs import Run
    from cuechain.agents.runs.display import printable

    if not case.exists() and str(case) in prompts.names():
        typer.echo(prompts.source(str(case)))
        return
    talk = _conversation(case)
    case = talk or case
    if (talk or (case.is_file() and case.name != "cases.jsonl")) and (item or failed):
        raise ConfigError(
            "--item and --failed are for run folders", f"{case} is {'a conversation' if talk else 'a file'}"
        )
    of_run = case.is_dir() or item or failed
    folder = case.parent if case.is_file() else case
    none = True
    for turn, one in enumerate(Run(folder).chosen(item or (), failed=failed) if of_run else cases(case), 1):
        none = False
        if talk and not (as_json or as_markdown):
            typer.secho(f"[{turn}] {printable(one.question.text)}", bold=True)
        if one.sample and not (as_json or as_markdown):
            typer.secho(printable(one.sample.id), bold=True)
        give(one, as_json, as_markdown, None)
    if failed and none:
        typer.echo(f"nothing of {case} has failed", err=True)


def _conversation(place: Path) -> Path | None:
    """The answers of a session or of a conversation's folder; None for what is neither.

    Raises:
        SessionError: It has no answers yet.
        RunError: Nothing at all has this name.
    """
    from cuechain.agents.errors import RunError
    from cuechain.agents.sessions import Sessions

    talk = Sessions(settings_of(None).home).answers(str(place))
    if talk is None and not place.suffix and not place.exists():
        raise RunError(
            f"there is no file, folder, session or prompt {place}",
            "`cuechain chat --sessions` and `cuechain list prompts` list what is there",
        )
    return talk


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What is installed, which models are at hand, and what to type for the rest."""
    from cuechain.agents.catalogue import health

    report = health()
    if as_json:
        import json

        typer.echo(json.dumps(report, indent=2))
        return
    for row in report:
        typer.echo(f"{'ok     ' if row['ok'] else 'missing'}  {row['name']:<14} {row['about']}")


def _tell(error: Any) -> None:
    typer.secho(f"error: {error.message}", err=True, fg="red")
    if error.hint:
        typer.echo(f"hint: {error.hint}", err=True)


def _leave(code: int) -> NoReturn:
    """End the program, at once where a sense is still inside a model that nobody waits for."""
    import threading

    sys.stdout.flush()
    if any(thread.name.startswith("cuechain ") for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main() -> NoReturn:
    """Run the command line; errors become a message, a hint and an exit code.

    Exit codes: 0 done, 1 a missing or undecodable input and every other failure, 2 wrong usage, 130 interrupted.
    """
    from typer.exceptions import TyperException

    from cuechain.agents import registry
    from cuechain.agents.errors import ConfigError, CueChainError, PluginError

    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads us may leave early
    # Native libraries log to stderr where users read progress and errors.
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        own = {c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands}
        if not arguments or arguments[0] not in own:  # verbs of plugins cost nothing where one of ours is called
            for name in registry.names("commands"):
                try:
                    verb = registry.get("commands", name)
                    if isinstance(verb, typer.Typer):
                        app.add_typer(verb, name=name)
                    else:
                        app.command(name)(verb)
                except PluginError as error:  # a broken plugin costs its own verbs, not the others
                    _tell(error)
        code = app(args=arguments, standalone_mode=False)
        _leave(code if isinstance(code, int) else 0)
    except TyperException as error:
        usage: Any = error
        usage.show()
        _leave(usage.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        _leave(130)
    except CueChainError as error:
        if debug:
            raise
        _tell(error)
        _leave(2 if isinstance(error, ConfigError) else 1)
    except Exception as error:
        if debug:
            raise
        typer.secho(f"error: {type(error).__name__}: {error}", err=True, fg="red")
        typer.echo("hint: --debug shows the traceback; please report it", err=True)
        _leave(1)
    finally:
        signal.signal(signal.SIGPIPE, before)
