"""`cuechain feedback`: what people thought of answers, as the rows that fine-tuning reads. Nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cuechain.agents.terminal import AsJson

if TYPE_CHECKING:
    from cuechain.agents.feedback.kept import Found, Kept
    from cuechain.agents.feedback.records import Record, Tally
    from cuechain.agents.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Thumbs and edits of answers: list them, add one, export them for fine-tuning. Nothing leaves this machine.",
)

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[HOME|SESSION|RUN|FILE]...",
        help="Home of sessions, sessions (folder or id), runs, or what `ask --json` printed; your own sessions by default.",
    ),
]
Everyone = Annotated[bool, typer.Option("--everyone", help="In a home, take sessions of all its users.")]


@app.command()
def export(
    paths: Paths = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON lines for `cuechain finetune data`; printed by default.")
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Leave out names of files, folders, sessions and owners, and notes.")
    ] = False,
    everyone: Everyone = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON; wants -o.")] = False,
) -> None:
    """Write thumbs, edits and re-asks with their answers and cues, and where each comes from; what is refused is counted.

    For example: cuechain feedback export -o feedback.jsonl, then {kind: feedback, files: [feedback.jsonl]} in rows.yaml.
    """
    import json

    from cuechain.agents.atomic import write
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.feedback.anonymous import anonymous as plainly

    if as_json and output is None:
        raise ConfigError("both the records and the report would be printed", "give -o FILE with --json")
    made, tally = _read(paths, everyone)
    told = [plainly(record) for record in made] if anonymous else made
    lines = "".join(record.model_dump_json() + "\n" for record in told)
    if output is None:
        typer.echo(lines, nl=False)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        write(output, lines)
    if as_json:
        typer.echo(json.dumps(tally.told() | {"written": len(made), "file": str(output)}, indent=2, ensure_ascii=False))
        return
    for line in _lines(tally):
        typer.echo(line, err=output is None)
    _elsewhere(paths, "export")
    typer.echo(_consent(made, output, plain=anonymous), err=True)


@app.command("list")
def list_(paths: Paths = None, everyone: Everyone = False, as_json: AsJson = False) -> None:
    """Count what there is, without writing anything."""
    import json

    _, tally = _read(paths, everyone)
    typer.echo(json.dumps(tally.told(), indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(tally)), nl=True)
    _elsewhere(paths, "list")


@app.command()
def add(
    case: Annotated[str, typer.Argument(help="A session (folder or id), a run, or what `ask --json` printed.")],
    turn: Annotated[
        int | None, typer.Option("--turn", min=1, help="Of a session: the answer, from 1; by default the last.")
    ] = None,
    item: Annotated[str | None, typer.Option("--item", "-i", help="Of a run: the item whose answer it is.")] = None,
    up: Annotated[bool, typer.Option("--up", help="The answer is good.")] = False,
    down: Annotated[bool, typer.Option("--down", help="It is not.")] = False,
    edit: Annotated[
        str | None,
        typer.Option("--edit", help="The answer as it should be, with [ids] of its cues; without, those cited before."),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="The label that is right.")] = None,
    note: Annotated[str, typer.Option("--note", help="Whatever else there is to say.")] = "",
) -> None:
    """Say what you think of an answer. It is kept beside it; an edit that could not be used is refused at once.

    For example: cuechain feedback add case.json --down --edit "She is sad: the lip corners pull down [F8]."
    Of a run: cuechain feedback add runs/clips --item clip17.mp4 --up
    """
    from shlex import quote

    from cuechain.agents.errors import ConfigError
    from cuechain.agents.feedback.edits import RefusedError, corrected, leading, lent
    from cuechain.agents.feedback.kept import found
    from cuechain.agents.runs.display import printable
    from cuechain.agents.sessions import LOCAL, Feedback

    settings = _settings()
    if up and down:
        raise ConfigError("--up and --down exclude each other", "give one of them")
    if not (up or down or label or edit is not None):
        raise ConfigError("nothing was said of the answer", "give --up, --down, --edit or --label")
    places = found([Path(case)], settings.home, everyone=True).places
    if len(places) != 1:
        raise ConfigError(f"{case} holds {len(places)} sessions", "name one of them")
    kept = places[0].read()
    number = _meant(kept, turn, item)
    answered = kept.cases.get(number)
    if answered is None or answered.answer is None:
        n = len(kept.answers)
        why = answered.error if answered else ""
        raise ConfigError(
            f"there is no answer {item or number} in {kept.name}",
            printable(f"it failed: {why}" if why else f"it has {n} answer{'s' * (n != 1)}"),
        )
    rating = "up" if up else "down" if down else None
    said = Feedback(turn=number, rating=rating, text=edit, label=label, note=note)
    if edit is not None or label:
        try:
            corrected(answered, said, settings)
        except RefusedError as error:
            alone = f", the thumb neither: --{rating} alone keeps it" if rating else ""
            raise ConfigError(error.detail, f"nothing was kept{alone}") from error
    places[0].add(said)
    for claim in lent(answered, edit) if edit else ():
        typer.echo(
            printable(
                f'"{claim.text}" cites nothing: it is kept as resting on [{", ".join(claim.cites)}], cited before it; '
                "if it does not, say it again with [ids]"
            ),
            err=True,
        )
    place = f"item {answered.sample.id}" if answered.sample else f"answer {number}"
    label = leading(answered.answer, answered) or ("cannot be told" if answered.answer.abstain else "no label")
    typer.echo(printable(f'{place}: "{answered.question.text}", answered with: {label}'), err=True)
    own = places[0].feedback.parent.parent == settings.home.absolute() / "sessions" and kept.owner == LOCAL
    read = "" if own else f" {quote(case)}"
    typer.echo(f"kept in {places[0].feedback}; `cuechain feedback export{read} -o feedback.jsonl` reads it", err=True)


def _meant(kept: Kept, turn: int | None, item: str | None) -> int:
    """The turn that is rated: of an item the one that counts, else the last that has an answer."""
    from difflib import get_close_matches

    from cuechain.agents.errors import ConfigError

    items = kept.items
    if item is None and not items:
        return turn or max(kept.answers, default=kept.turns)
    if turn is not None:
        raise ConfigError(
            "--turn is for sessions", f"{kept.name} has items: give --item ID alone" if items else "give it alone"
        )
    if item is not None and not items:
        raise ConfigError(f"{kept.name} has no items", "give --turn N")
    if item is None and len(items) > 1:
        raise ConfigError(
            f"{kept.name} has {len(items):,} items", "say which with --item ID; `cuechain show` tells them"
        )
    if item is not None and item not in items:
        near = get_close_matches(item, items)
        raise ConfigError(
            f"{kept.name} has no item {item}",
            f"did you mean {' or '.join(near)}?" if near else f"it has {len(items):,} items",
        )
    return items[item] if item is not None else next(iter(items.values()))


def _elsewhere(paths: list[Path] | None, command: str) -> None:
    """Where else feedback may lie, for whoever names no place."""
    if not paths:
        typer.echo(
            "note: these are your sessions; what you said of a run or of a stored case lies beside it: "
            f"`cuechain feedback {command} RUN case.json` reads it",
            err=True,
        )


def _settings() -> Settings:
    from cuechain.agents import settings

    return settings.load()


def _read(paths: list[Path] | None, everyone: bool) -> tuple[list[Record], Tally]:
    from cuechain.agents.feedback.kept import found
    from cuechain.agents.feedback.records import Tally, records

    settings = _settings()
    places: Found = found(paths or (), settings.home, everyone=everyone)
    tally = Tally(others=places.others)
    return records((place.read() for place in places.places), settings, tally), tally


def _lines(tally: Tally) -> Iterator[str]:
    """For a reader at a terminal."""
    from cuechain.agents.runs.display import printable

    def counted(reasons: dict[str, int]) -> str:
        return ", ".join(f"{reason.replace('_', ' ')} {n}" for reason, n in reasons.items())

    told: dict[str, Any] = tally.told()
    places = "session or file" if told["sessions"] == 1 else "sessions or files"
    answers = f"{told['turns']} answer{'s' * (told['turns'] != 1)}"
    yield f"{told['sessions']} {places}, {answers}, {told['rated']} of them rated or edited"
    yield f"usable: {counted(told['records']) or 'nothing'}"
    if told["refused"]:
        yield f"refused: {counted(told['refused'])}"
        for reason, examples in told["examples"].items():
            yield from (printable(f"  {reason}: {one}") for one in examples)
    if told["revised"]:
        yield f"earlier words that later ones replaced: {told['revised']}"
    if told["others_left_out"]:
        yield f"left out as other users' sessions: {told['others_left_out']} (--everyone takes them)"


def _consent(made: list[Record], output: Path | None, *, plain: bool) -> str:
    """What the file holds of people."""
    if not made:
        return "nothing was exported"
    held = "no names of files or owners" if plain else "names of files and owners"
    where = output or "what was printed"
    return (
        f"{where} holds {len(made)} answer{'s' * (len(made) != 1)} with questions and cues: what is said and shown in the clips, "
        f"names that are said there, {held}; no pictures or sound. It was sent nowhere; read it before you pass it on."
    )
