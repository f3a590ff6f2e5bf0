"""`cuechain batch`: a task for every item of a dataset, a table or a folder, into a run folder."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cuechain.agents.terminal import BaseUrl, Model, Senses, labels_of

if TYPE_CHECKING:
    from cuechain.agents.datasets import Fault
    from cuechain.agents.nearest import Known
    from cuechain.agents.values import CueSheet, Sample


def batch(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder, a pattern, a table (.csv, .tsv, .jsonl, .parquet), an address of one (https://, s3:// …), or NAME:PATH: "
            "see `cuechain list datasets`."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder; called again, it goes on where it ended.")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", "-t", help="The dataset's own by default.")] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", "-l", help="Label set; the dataset's own by default.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="One of the official splits; the test part by default.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Items, drawn evenly over the split.")] = None,
    model: Model = None,
    senses: Senses = None,
    votes: Annotated[
        int | None, typer.Option("--votes", min=1, help="Answers that a chat model samples to each item.")
    ] = None,
    shots: Annotated[int, typer.Option("--shots", min=0, help="Solved examples in the prompt of a chat model.")] = 0,
    shots_from: Annotated[Path | None, typer.Option("--shots-from", help="Run whose items are the examples.")] = None,
    balanced: Annotated[bool, typer.Option("--balanced", help="Examples take turns among the labels.")] = False,
    base_url: BaseUrl = None,
    direct: Annotated[bool | None, typer.Option("--direct", help="Ask a chat model for the answer at once.")] = None,
    explain_labels: Annotated[
        bool,
        typer.Option(
            "--explain-labels", help="Explain what people said from the cues, or say that these do not bear it out."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look at the items, and tell what is odd; answer nothing.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=0, help="Processes; the number of processors by default, 0 for this one alone."),
    ] = None,
    at_once: Annotated[
        int | None, typer.Option("--at-once", min=1, help="Requests that a chat model has at once; 8 by default.")
    ] = None,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option("--engine", help="local: processes of this machine; ray: actors of a cluster."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option("--address", help="Ray cluster: ray://HOST:10001, HOST:6379 or auto; this machine by default."),
    ] = None,
    cache_limit: Annotated[
        float | None,
        typer.Option("--cache-limit", min=0, help="Gigabytes of fetched files that are kept, those used last."),
    ] = None,
    progress: Annotated[
        Literal["auto", "plain", "json"],
        typer.Option(
            "--progress", help="On stderr: live in a terminal and plain lines elsewhere, or an object a line."
        ),
    ] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell of problems alone.")] = False,
    price_in: Annotated[
        float | None, typer.Option("--price-in", min=0, help="Money for a million tokens that the model reads.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option("--price-out", min=0, help="Money for a million tokens that it writes.")
    ] = None,
) -> None:
    """Answer a task for every item of a dataset.

    For example: cuechain batch clips/ --task emotion --out runs/clips
    """
    from cuechain.agents import registry, settings
    from cuechain.agents.datasets import dataset
    from cuechain.agents.errors import ConfigError
    from cuechain.agents.nearest import Pool
    from cuechain.agents.runs import Run, Work, known
    from cuechain.agents.runs import batch as answered
    from cuechain.agents.runs.display import follow, printable
    from cuechain.agents.runs.inputs import items_of
    from cuechain.agents.runs.looked import looked
    from cuechain.agents.runs.progress import Watch

    name, _, _ = source.partition(":")
    one = dataset(name) if name in registry.names("datasets") else dataset("table")
    kind = task or (one.tasks[0] if one.name != "table" else "emotion")
    set_of = labels_of(labels) or ((one.labels,) if one.labels and kind == one.tasks[0] else ())
    chosen = tuple(s.strip() for s in senses.split(",") if s.strip()) if senses else None
    loaded = settings.load(
        senses=chosen,
        model=model,
        base_url=base_url,
        direct=direct,
        votes=votes,
        at_once=at_once,
        cache_limit=cache_limit,
        price_in=price_in,
        price_out=price_out,
    )
    if not dry_run and out is None:  # before anything is fetched
        raise ConfigError("--out is missing", "it names the run folder; --dry-run only looks")
    work = Work(kind, loaded, set_of)
    work.checked()
    items = _drawn(list(items_of(source, split, loaded)), limit)
    if dry_run or out is None:
        for line in looked(items, work.choices).told():
            typer.echo(printable(line))
        return
    if explain_labels and (shots or loaded.votes > 1):
        raise ConfigError("labels that are given are explained, not guessed", "leave --shots and --votes out")
    if shots and shots_from is None:
        raise ConfigError("--shots needs examples", "--shots-from RUN, a run over another split of the dataset")
    pool = Pool(known(Run(shots_from))) if shots and shots_from else None

    def near(item: Sample, sheet: CueSheet) -> list[Known]:
        return pool.near(sheet, shots, group=item.group, balanced=balanced) if pool else []

    made = {"task": kind, "labels": set_of, "dataset": source, "split": split or one.splits[0], "limit": limit}
    made |= {"explain_labels": True} if explain_labels else {}
    made |= {"votes": loaded.votes, "shots": shots, "shots_from": str(shots_from) if shots else None}
    if address and engine != "ray":
        raise ConfigError("--address names a Ray cluster", "--engine ray uses it")
    count = workers if workers is not None else _processors() if engine == "local" else 0
    watch = Watch(items, (loaded.price_in, loaded.price_out))
    shots_of = near if pool else None
    steps = answered(
        items, made, loaded, out, shots_of, workers=count, engine=engine, address=address, stage=watch.note
    )
    again = shlex.join(["cuechain", *sys.argv[1:]])
    follow(steps, watch, out, again, "quiet" if quiet else progress)


def _drawn(items: list[Sample | Fault], limit: int | None) -> list[Sample | Fault]:
    """Items drawn evenly, and all faults."""
    from cuechain.agents.datasets import Fault

    good = [i for i in items if not isinstance(i, Fault)]
    if limit is None or limit >= len(good):
        return items
    chosen = {id(good[int(place * len(good) / limit)]) for place in range(limit)}
    return [i for i in items if isinstance(i, Fault) or id(i) in chosen]


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
