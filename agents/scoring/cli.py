"""`cuechain score`: a run, or anybody's predictions, against what people said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cuechain.agents.terminal import AsJson, BaseUrl

Scored = Annotated[
    Path, typer.Argument(help="Run folder that `cuechain batch` made, or a .csv, .tsv or .jsonl of predictions.")
]


def score(
    run: Scored,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write Markdown (.md) or JSON (.json) here.")
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write the confusion matrix as a picture.")] = None,
    baselines: Annotated[
        bool, typer.Option(help="Majority, words alone, neighbours and features beside the run.")
    ] = True,
    wheels: Annotated[
        Path | None, typer.Option("--wheels", help="Folder of emotion wheels for open vocabularies.")
    ] = None,
    perturb: Annotated[
        str | None,
        typer.Option("--perturb", help="Comma-separated probes, NAME or NAME:LEVEL; `all` for each; answers again."),
    ] = None,
    explanations: Annotated[
        bool, typer.Option("--explanations", help="Score the explanations; answers again.")
    ] = False,
    judge: Annotated[str | None, typer.Option("--judge", help="Chat model that judges explanations.")] = None,
    most: Annotated[int, typer.Option("--most", min=0, help="Items that are answered again; 0 for all.")] = 200,
    base_url: BaseUrl = None,
    truth: Annotated[str, typer.Option("--truth", help="Column of a table that holds what is right.")] = "truth",
    said: Annotated[str, typer.Option("--said", help="Column of a table that holds the prediction.")] = "prediction",
    labels: Annotated[
        str | None, typer.Option("--labels", "-l", help="Closed label set of a table, comma-separated.")
    ] = None,
    separator: Annotated[str, typer.Option("--separator", help="Between several labels in a cell of a table.")] = "",
) -> None:
    """Compare a run with what people said: every figure with its interval, its number of items and baselines."""
    from cuechain.agents import settings
    from cuechain.agents.atomic import write
    from cuechain.agents.errors import ConfigError, RunError
    from cuechain.agents.runs import Run
    from cuechain.agents.scoring import predictions
    from cuechain.agents.scoring import score as scoring
    from cuechain.agents.scoring.probes import PROBES
    from cuechain.agents.scoring.report import as_markdown, check, picture

    for path in (output, plot):
        if path is not None and not path.absolute().parent.is_dir():
            raise RunError(f"{path} cannot be written: there is no folder {path.parent}", "make it first")
    if output is not None and output.suffix not in (".md", ".json"):
        raise ConfigError(f"{output} is neither Markdown nor JSON", "name a .md or a .json")
    if plot is not None:
        check(plot)
    own = settings.load(base_url=base_url)
    folder = Run(run)
    if run.is_file():
        if perturb or explanations or judge:
            raise ConfigError(
                "a table of predictions cannot be answered again", "--perturb and --explanations need a run folder"
            )
        known = tuple(part.strip() for part in labels.split(",")) if labels else ()
        report = predictions.scored(run, truth, said, known, separator)
    else:
        report = scoring.scored(folder, with_baselines=baselines, wheels=wheels)
    if perturb:
        names = tuple(PROBES) if perturb == "all" else tuple(p.strip() for p in perturb.split(",") if p.strip())
        report = scoring.probed(report, folder, names, own, most)
    if explanations or judge:
        report = scoring.explained(report, folder, own, most, judge or "")
    if output is not None:
        write(output, report.model_dump_json(indent=2) if output.suffix == ".json" else as_markdown(report))
        typer.echo(f"written to {output}", err=True)
    else:
        typer.echo(report.model_dump_json(indent=2) if as_json else as_markdown(report))
    if plot is not None:
        picture(report, plot)
