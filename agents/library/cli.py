"""`cuechain search` and `cuechain query`: moments of a run by their meaning, and its tables by SQL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cuechain.agents.library.tables import ABOUT, TABLES
from cuechain.agents.terminal import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuechain.agents.library.moments import Filters, Moment

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder that `cuechain batch` made.")]

SHOWN = 200
"""Rows of a printed table; --csv and --json have all."""

NEAREST = 3
"""Moments that are printed where nothing comes near."""

NAMED = 12
"""Values that are named where a filter wants one that is not there."""

FILTERS = {
    "sense": "no cue is of the sense",
    "person": "no cue is about",
    "label": "no case was answered with",
    "gold": "of no case people said",
    "relation": "in no case the relation of the senses is",
    "dataset": "no item is of the dataset",
}
"""Filter, a column of cues or cases, to how it is told that none has what it wants."""

CELL = 16
"""Characters that a long cell of a table wants at least: with less for each, rows are printed one column a line."""


def search(
    run: RunFolder,
    query: Annotated[
        str, typer.Argument(help='English words; "in quotes" as they stand. Parts may meet: X while Y.')
    ] = "",
    sense: Annotated[str, typer.Option("--sense", help="Of the cue: transcript, voice, face …; a,b for either.")] = "",
    person: Annotated[str, typer.Option("--person", help="Whom the cue is about.")] = "",
    label: Annotated[str, typer.Option("--label", help="What the case was answered with.")] = "",
    gold: Annotated[str, typer.Option("--gold", help="What people said.")] = "",
    relation: Annotated[str, typer.Option("--relation", help="agree, masked, sarcastic, mixed or single.")] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="Of the item.")] = "",
    least: Annotated[
        float, typer.Option("--min-confidence", min=0, max=1, help="Of the cue; cues without a confidence stay.")
    ] = 0.0,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Moments.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find moments in the clips of a run, by meaning and by filters.

    For example: cuechain search runs/x "laughs while saying something sad" --relation masked

    The index lies in the run folder and is brought up to date by itself; the first search reads all cues and takes longest.
    """
    import json
    from dataclasses import asdict

    from cuechain.agents.library.index import opened
    from cuechain.agents.library.moments import FAR, Filters
    from cuechain.agents.library.moments import search as searched
    from cuechain.agents.runs import Run

    filters = Filters(*(_several(text) for text in (sense, person, label, gold, relation, dataset)), least=least)
    with opened(Run(run), meaning=True, tell=_tell) as db:
        _tell("")
        lost = list(_lost(db, filters))
        found = searched(db, query, filters, limit)
        empty = db.execute("SELECT count(*) FROM cues").fetchone()[0] == 0
    if as_json:
        typer.echo(json.dumps([asdict(m) | {"address": m.address} for m in found], indent=2, ensure_ascii=False))
        return
    near = not query.strip() or not found or found[0].score >= FAR
    for note in (*([] if empty else lost), *_notes(query, found, empty, near)):
        typer.echo(f"note: {note}", err=True)
    for moment in found if near else found[:NEAREST]:
        _show(moment)
    if found:
        typer.echo(f"note: the first one's whole case: {_whole(found[0], run)}", err=True)


def _notes(query: str, found: list[Moment], empty: bool, near: bool) -> Iterator[str]:
    """What a reader should know about what was found, or was not."""
    from cuechain.agents.perception.texts.language import NAMES, line_language

    code = line_language(query)
    if empty:
        yield "the run holds no cues yet"
    elif not found:
        yield "no cue passes the filters"
    elif code not in (None, "en"):
        told = f"the query seems to be {NAMES[code]}" if code in NAMES else "the query seems not to be English"
        yield f"{told}; only English is read by its meaning, other languages word by word"
    elif not near:
        yield "nothing comes near; the nearest:"


def _lost(db: Any, filters: Filters) -> Iterator[str]:
    """What filters want that the run does not hold, with what it holds instead, the most frequent first.

    Raises:
        ConfigError: A sense that does not exist, neither here nor in the run.
    """
    from cuechain.agents import registry
    from cuechain.agents.errors import ConfigError

    for name, told in FILTERS.items():
        table = "cues" if name in ("sense", "person") else "cases"
        rows = db.execute(f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1")
        there = [str(one) for (one,) in rows.fetchall() if one]
        for one in getattr(filters, name):
            if one.lower() in map(str.lower, there):
                continue
            if name == "sense" and one.lower() not in registry.names("perception"):
                hint = registry.did_you_mean(one, sorted({*there, *registry.names("perception")}))
                raise ConfigError(f"there is no sense '{one}'", hint)
            more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
            held = f"; there {'is' if len(there) == 1 else 'are'} {', '.join(there[:NAMED])}{more}" if there else ""
            yield _clean(f"{told} '{one}'{held}")


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _show(moment: Moment) -> None:
    """A moment as lines: where, what, and how to open it."""
    when = "" if moment.start is None else f"  {moment.start:.1f}-{moment.end or moment.start:.1f} s"
    when += "" if moment.line is None else f"  turn {moment.line}"
    said = f"  answered {moment.label}" if moment.label else ""
    said += f"  people said {moment.gold}" if moment.gold else ""
    more = f"  and in {len(moment.also)} more" if moment.also else ""
    typer.echo(f"{moment.score:.2f}  {_escaped(moment.item)}{_clean(when + said + more)}")
    for cue in moment.cues:
        who = f" {cue.person}" if cue.person else ""
        typer.echo(_clean(f"      {cue.id} {cue.sense}{who}: {cue.text}"))
    if moment.address is not None:
        play = f"   mpv --start={moment.start or 0:.2f} {_quoted(moment.file or '')}"
        typer.echo(f"      {_escaped(moment.address)}{play if moment.kind in ('video', 'audio') else ''}")


def _whole(moment: Moment, run: Path) -> str:
    """The command that shows a moment's case."""
    return f"cuechain show {_quoted(str(run))} --item {_quoted(moment.item)}"


def _escaped(name: str) -> str:
    """A name with control characters as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _quoted(name: str) -> str:
    """A name as a shell takes it: with control characters as $'…' (POSIX.1-2024, 2.2.4), so that none of them reaches the terminal."""
    import shlex

    if name.isprintable():
        return shlex.quote(name)
    letters = (
        {"\\": "\\\\", "'": "\\'"}.get(c, c)
        if c.isprintable()
        else "".join(f"\\{byte:03o}" for byte in c.encode("utf-8", "surrogateescape"))
        for c in name
    )
    return f"$'{''.join(letters)}'"


def query(
    run: RunFolder,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT of DuckDB's SQL.")],
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Replaced below: the tables are listed from where they are defined."""
    import csv
    import json

    from cuechain.agents.errors import ConfigError
    from cuechain.agents.library.index import opened
    from cuechain.agents.library.sql import answered
    from cuechain.agents.runs import Run

    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other", "give one of them")
    with opened(Run(run), tell=_tell) as db:
        _tell("")
        names, rows = answered(db, sql)
        if as_csv:
            table = csv.writer(sys.stdout, lineterminator="\n")
            table.writerow(names)
            table.writerows(rows)
        elif as_json:
            typer.echo(
                json.dumps([dict(zip(names, map(_plain, row), strict=True)) for row in rows], ensure_ascii=False)
            )
        else:
            _table(names, rows)


query.__doc__ = (
    "Ask the tables of a run in SQL; nothing but them can be read, and nothing changed.\n\n"
    'For example: cuechain query runs/x "SELECT label, count(*) FROM cases GROUP BY 1"\n\n'
    + "\n\n".join(f"{name} ({ABOUT[name]}): {', '.join(columns)}" for name, columns in TABLES.items())
)


def _table(names: list[str], rows: Any) -> None:
    from itertools import islice

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160)
    first = [[None if c is None else _clean(str(_plain(c))) for c in row] for row in islice(rows, SHOWN)]
    heads = [_clean(name) for name in names]
    wanted = [max(len(head), *(min(len(row[n] or ""), CELL) for row in first), 0) for n, head in enumerate(heads)]
    if sum(wanted) + 2 * len(wanted) > console.width and first:
        for number, row in enumerate(first, 1):
            record = Table.grid(padding=(0, 2, 0, 0))
            for head, cell in zip(heads, row, strict=True):
                if cell is not None:
                    record.add_row(Text(head, style="bold"), Text(cell))
            console.print(Text(f"row {number}", style="dim"), record, "", sep="\n")
    else:
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for head in heads:
            shown.add_column(Text(head), overflow="fold")
        for row in first:
            shown.add_row(*(Text(cell or "") for cell in row))
        console.print(shown)
    if left := sum(1 for _ in rows):
        typer.echo(f"note: {left:,} more rows; --csv or --json prints all", err=True)


def _plain(cell: Any) -> Any:
    """A cell as JSON knows it; NaN and infinity, which it does not know, as words."""
    if isinstance(cell, float):
        return cell if cell - cell == 0 else str(cell)
    if isinstance(cell, list | tuple):
        return [_plain(one) for one in cell]
    if isinstance(cell, dict):
        return {str(key): _plain(one) for key, one in cell.items()}
    return cell if cell is None or isinstance(cell, bool | int | str) else str(cell)


def _clean(text: str) -> str:
    """Without control characters: what somebody said or wrote on a screen must not drive a terminal."""
    return "".join(" " if c in "\n\r\t" else c if c.isprintable() else "\ufffd" for c in text)


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
