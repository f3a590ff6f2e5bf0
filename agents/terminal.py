"""What the verbs share: options that mean the same everywhere, progress on stderr, results on stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuechain.agents.pipeline import Event
    from cuechain.agents.settings import Settings
    from cuechain.agents.values import Case, CueSheet

Inputs = Annotated[list[str], typer.Argument(help="Video, audio, image, text or subtitle files that belong together.")]
Model = Annotated[
    str | None, typer.Option("--model", "-m", help="embedded, rules, hf:ID[+ADAPTER], openai:NAME, scripted:FILE, …")
]
Senses = Annotated[str | None, typer.Option("--senses", "-s", help="Comma-separated senses; all by default.")]
Task = Annotated[str, typer.Option("--task", "-t", help="See `cuechain list tasks`.")]
Text = Annotated[str | None, typer.Option("--text", help="A text to read, instead of or beside files.")]
Labels = Annotated[str | None, typer.Option("--labels", "-l", help="Comma-separated label set, or `open`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Perceive anew, and keep nothing.")]
Strict = Annotated[bool | None, typer.Option("--strict", help="A sense that fails ends the run.")]
Language = Annotated[str | None, typer.Option("--language", help="ISO 639-1 code of the speech.")]
Whisper = Annotated[str | None, typer.Option("--whisper", help="Whisper size or folder.")]
Denoise = Annotated[bool | None, typer.Option("--denoise", help="Reduce steady noise before the voice is measured.")]
Captioner = Annotated[
    str | None, typer.Option("--captioner", help="Vision model that describes keyframes: hf:ID or openai:NAME.")
]
Sounds = Annotated[str | None, typer.Option("--sounds", help="Audio classifier for laughter, applause …: hf:ID.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")]
Budget = Annotated[int | None, typer.Option("--budget", help="Tokens of cues that a sheet may hold.")]
Direct = Annotated[
    bool | None, typer.Option("--direct", help="Ask a chat model for the answer at once instead of in three steps.")
]
Votes = Annotated[
    int | None, typer.Option("--votes", min=1, help="Answers that a chat model samples; what most of them say counts.")
]
Look = Annotated[bool | None, typer.Option("--look", help="Show keyframes to a vision model beside the cues.")]
FourBit = Annotated[bool | None, typer.Option("--four-bit", help="Load an hf: model in 4 bit.")]


def settings_of(senses: str | None, no_cache: bool = False, **flags: Any) -> Settings:
    """Settings from options; None means not given."""
    from cuechain.agents import settings

    chosen = tuple(s.strip() for s in senses.split(",") if s.strip()) if senses else None
    loaded = settings.load(senses=chosen, **flags)
    return loaded.model_copy(update={"cache": None}) if no_cache else loaded


def listen(events: Iterator[Event]) -> Event:
    """Show progress on stderr while the pipeline runs; return its last event."""
    from cuechain.agents.pipeline import Opened, SenseDone, Thinking

    last: Event | None = None
    live = sys.stderr.isatty()

    def show(line: str) -> None:
        if live:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    try:
        for event in events:
            last = event
            if isinstance(event, Opened):
                show(f"perceiving {event.media.path or 'text'} …")
            elif isinstance(event, SenseDone):
                show(
                    f"{event.perceived.sense}: {len(event.perceived.found)} found in {event.perceived.seconds:.1f} s …"
                )
            elif isinstance(event, Thinking):
                show(f"{event.model} is reasoning …")
    finally:
        show("")
    assert last is not None
    return last


def printed(thing: Any) -> None:
    """Print something of rich."""
    from rich.console import Console

    # Piped output is for programs and files: wide lines, no colours.
    Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False).print(thing)


def split(
    inputs: list[str], text: str | None, default: str = "How does the person feel, and why?"
) -> tuple[list[str], str]:
    """The files, and the question after them; a lone file gets the default question."""
    from cuechain.agents.errors import ConfigError

    if inputs and _asks(inputs[-1]):
        files, question = inputs[:-1], inputs[-1]
    else:
        files, question = inputs, default
    if not files and text is None:
        raise ConfigError("no file was given", 'cuechain ask clip.mp4 "How does she feel, and why?"')
    return files, question


def _asks(word: str) -> bool:
    """Whether an argument is a question and no file or address: it does not exist, and has a blank, a question mark or no suffix."""
    from cuechain.agents.fetch import is_address

    if len(word) > 255 and not is_address(word):
        return True
    word = word.strip()
    if is_address(word) and " " not in word:
        return False
    return not word or (not Path(word).exists() and (" " in word or word.endswith("?") or not Path(word).suffix))


def labels_of(labels: str | None) -> tuple[str, ...]:
    """Labels as they were typed, with commas between them."""
    return tuple(part.strip() for part in labels.split(",")) if labels else ()


def give(case: Case, as_json: bool, as_markdown: bool, output: Path | None) -> None:
    """Print or write a case; a file is written whole or not at all."""
    from cuechain.agents.explain import markdown, terminal

    if output is None and not (as_json or as_markdown):
        printed(terminal(case))
        return
    as_json = as_json or (output is not None and output.suffix == ".json" and not as_markdown)
    text = case.model_dump_json(indent=2) + "\n" if as_json else markdown(case)
    if output is None:
        sys.stdout.write(text)
    else:
        from cuechain.agents.atomic import write

        write(output, text)
        typer.echo(f"written to {output}", err=True)


def show_sheet(sheet: CueSheet) -> None:
    """Print cues and gaps."""
    from cuechain.agents.explain import cue_table

    printed(cue_table(sheet, set()))
    for gap in sheet.gaps:
        typer.echo(f"missing  {gap.sense}: {gap.reason}" + (f" ({gap.hint})" if gap.hint else ""))
