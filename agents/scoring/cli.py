"""`cuechain batch` and `cuechain score`: a dataset through a task into a run folder, and the run against what people said."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cuechain.agents.nearest import Known
    from cuechain.agents.runs import Progress
    from cuechain.agents.values import CueSheet, Sample

Scored = Annotated[
    Path, typer.Argument(help="Run folder that `cuechain batch` made, or a .csv, .tsv or .jsonl of predictions.")
]


def batch(
    source: Annotated[
        str, typer.Argument(help="NAME:PATH, a dataset as it is published; see `cuechain list datasets`.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder; called again, it goes on where it ended.")],
    task: Annotated[str | None, typer.Option("--task", "-t", help="The dataset's own by default.")] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", "-l", help="Label set; the dataset's own by default.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="One of the official splits; the test part by default.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Items, drawn evenly over the split.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="See `cuechain list models`.")] = None,
    senses: Annotated[
        str | None, typer.Option("--senses", "-s", help="Comma-separated senses; all by default.")
    ] = None,
    votes: Annotated[
        int | None, typer.Option("--votes", min=1, help="Answers that a chat model samples to each item.")
    ] = None,
    shots: Annotated[int, typer.Option("--shots", min=0, help="Solved examples in the prompt of a chat model.")] = 0,
    shots_from: Annotated[Path | None, typer.Option("--shots-from", help="Run whose items are the examples.")] = None,
    balanced: Annotated[bool, typer.Option("--balanced", help="Examples take turns among the labels.")] = False,
    base_url: Annotated[str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")] = None,
    direct: Annotated[bool | None, typer.Option("--direct", help="Ask a chat model for the answer at once.")] = None,
) -> None:
    """Answer a task for every item of a dataset.

    For example: cuechain batch meld:MELD/data/MELD --split dev --out runs/meld
    """
    from cuechain.agents import settings
    from cuechain.agents.datasets import Fault, dataset, samples
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.nearest import Pool
    from cuechain.agents.runs import Run, known
    from cuechain.agents.runs import batch as answered

    one = dataset(source.partition(":")[0])
    name = task or one.tasks[0]
    set_of = tuple(labels.split(",")) if labels else (one.labels,) if one.labels and name == one.tasks[0] else ()
    chosen = tuple(s.strip() for s in senses.split(",") if s.strip()) if senses else None
    loaded = settings.load(senses=chosen, model=model, base_url=base_url, direct=direct, votes=votes)
    items = list(samples(source, split))
    if limit is not None:
        some = [i for i in items if not isinstance(i, Fault)]
        items = some[:: max(1, len(some) // limit)][:limit]
    examples = None
    if shots:
        if shots_from is None:
            raise ConfigError("--shots needs examples", "--shots-from RUN, a run over another split of the dataset")
        pool = Pool(known(Run(shots_from)))

        def examples(item: Sample, sheet: CueSheet) -> list[Known]:
            return pool.near(sheet, shots, group=item.group, balanced=balanced)

    made = {"task": name, "labels": set_of, "dataset": source, "split": split or one.splits[0], "limit": limit}
    made |= {"votes": loaded.votes, "shots": shots, "shots_from": str(shots_from) if shots else None}
    _watched(answered(items, made, loaded, out, examples), len([i for i in items if not isinstance(i, Fault)]), out)


def _watched(progress: Any, total: int, out: Path) -> None:
    """Show a bar on stderr while a run goes on, and what came of it at the end."""
    from collections import Counter

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    seen: Counter[str] = Counter()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        shown = bar.add_task("answering", total=total)
        for step in progress:
            seen[_came_to(step)] += 1
            bar.advance(shown)
    told = ", ".join(f"{count} {what}" for what, count in seen.items())
    console.print(
        f"{out}: {told or 'no items'}; `cuechain score {out}` compares them with what people said", soft_wrap=True
    )


def _came_to(step: Progress) -> str:
    answer = step.case.answer
    what = "failed" if answer is None else "abstained" if answer.abstain else "answered"
    return f"{what} before" if step.kept else what


def score(
    run: Scored,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
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
    base_url: Annotated[str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")] = None,
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
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.runs import Run
    from cuechain.agents.scoring import predictions
    from cuechain.agents.scoring import score as scoring
    from cuechain.agents.scoring.probes import PROBES
    from cuechain.agents.scoring.report import as_markdown, picture

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
    if plot is not None:
        picture(report, plot)
    if output is not None:
        write(output, report.model_dump_json(indent=2) if output.suffix == ".json" else as_markdown(report))
        return
    typer.echo(report.model_dump_json(indent=2) if as_json else as_markdown(report))
