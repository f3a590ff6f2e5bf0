"""`cuechain export`: a run's cases through the quality gate into tables, subtitles, annotations and training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cuechain.agents.exports import PLACES


def export(
    run: Annotated[Path, typer.Argument(help="Run folder that `cuechain batch` made.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A .csv, .tsv, .parquet or .jsonl; or a folder, for several forms.")
    ],
    forms: Annotated[
        str | None,
        typer.Option(
            "--as",
            help=f"Comma-separated: {', '.join(PLACES)}; all of them into a folder. `cases` is one row an item, `segments` one a cue.",
        ),
    ] = None,
    verified: Annotated[bool, typer.Option("--verified", help="Only answers that passed the check.")] = False,
    confidence: Annotated[float, typer.Option("--confidence", min=0, max=1, help="Least confidence.")] = 0.0,
    precision: Annotated[
        float, typer.Option("--precision", min=0, max=1, help="Least share of sentences that hold in the check.")
    ] = 0.0,
    votes: Annotated[
        float, typer.Option("--votes", min=0, max=1, help="Least share of sampled answers that agree.")
    ] = 0.0,
    agrees: Annotated[
        bool, typer.Option("--agrees", help="Only what people said too, where they said anything.")
    ] = False,
    supported: Annotated[
        bool, typer.Option("--supported", help="Only labels that the cues bear out, where a label was to be explained.")
    ] = False,
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Columns that make a group of aggregates, comma-separated: group, speaker, condition …"
        ),
    ] = "group",
    table: Annotated[
        Path | None, typer.Option("--table", help="Table of those columns by item id; the run's own by default.")
    ] = None,
    edits: Annotated[Path | None, typer.Option("--edits", help="Corrected answers (JSON lines), for pairs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Write a run's cases as tables, subtitles, annotations or training rows; what is refused is counted by reason.

    For example: cuechain export runs/meld -o meld.csv --verified
    """
    import json

    from cuechain.agents.exports.forms import Options, is_file, wanted_of, written
    from cuechain.agents.exports.gate import Demands, Gate
    from cuechain.agents.runs import Run

    gate = Gate(Demands(verified, confidence, precision, votes, agrees, supported))
    options = Options(tuple(name.strip() for name in by.split(",") if name.strip()), table, edits)
    folder = None if is_file(output) else output
    report = written(Run(run), gate, wanted_of(output, forms), folder, options)
    typer.echo(json.dumps(report, indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(report)))


def _lines(report: dict[str, Any]) -> list[str]:
    """For a reader at a terminal."""

    def counted(reasons: dict[str, int]) -> str:
        return ", ".join(f"{reason} {n}" for reason, n in reasons.items())

    refused = sum(report["refused"].values())
    lines = [
        f"{report['kept']} cases kept, {refused} refused" + (f" ({counted(report['refused'])})" if refused else "")
    ]
    for name, form in report["forms"].items():
        left = f"; left out: {counted(form['left_out'])}" if form["left_out"] else ""
        what = "files" if name in ("srt", "elan") else "rows"
        lines.append(f"{name}: {form['written']} {what}{left}")
    return lines
