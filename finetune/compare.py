"""`cuechain finetune compare A B`: two models over held-out data, through the product's own way from sheet to checked answer.

    cuechain finetune compare embedded hf:BASE+ADAPTER --data dev.jsonl -o runs/compare/dev.md
    cuechain finetune compare rules embedded --data texts.csv --columns text,label -o runs/compare/texts.md
    cuechain finetune compare hf:BASE hf:BASE+ADAPTER --data panosent:FOLDER --most 60 -o runs/compare/panosent.md

Beside them stand what always says the most frequent label, what the strongest words cue says, and the rules. Answers are kept in a
folder beside the report as they come, so that a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from pydantic import Field

from cuechain import __version__
from cuechain.agents import settings as settings_module
from cuechain.agents.errors import ConfigError, MediaError, RunError
from cuechain.agents.reason import plannable
from cuechain.finetune.config import Config
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.judging.answers import Journal, Tried, tried
from cuechain.finetune.judging.heldout import items_of, wrong_sheets
from cuechain.finetune.judging.judge import SHARE, Lines, Wins, baselines, by_file, figures, wins
from cuechain.finetune.judging.published import called, published
from cuechain.finetune.judging.report import as_json, compared, into_card, table

BASELINE = "rules"
"""Stands beside the two models, unless it is one of them."""


class CompareConfig(Config):
    """What is compared on what."""

    models: tuple[str, str]
    """Spec strings: before, after."""
    data: tuple[Path, ...] = Field(min_length=1)
    """Files of held-out data, or NAME:PATH of published datasets; their items are taken together."""
    split: str = ""
    """Split of the datasets; their first by default."""
    out: Path
    """The report (.md); .json and the folder of answers lie beside it."""
    columns: tuple[str, str] = ("text", "label")
    """Columns of a table of texts."""
    task: str = "ask"
    """Task that sheets and texts are asked about in; for a dataset `ask` stands for its own."""
    labels: tuple[str, ...] = ()
    """Closed label set; empty for the task's own, of a table for all of its labels."""
    most: int = Field(default=0, ge=0)
    """Items that are drawn from all, always the same ones; 0 takes all."""
    control: bool = True
    """Ask each question about another item's cues too."""
    faith: bool = True
    """Ask again without the cited cues, and without as many others."""


def pair(columns: str) -> tuple[str, str]:
    """Names of two columns.

    Raises:
        ConfigError: More or fewer.
    """
    names = [c.strip() for c in columns.split(",")]
    if len(names) != 2 or not all(names):
        raise ConfigError(f"two columns are needed, not '{columns}'", "--columns TEXT,LABEL")
    return names[0], names[1]


def read_items(config: CompareConfig) -> tuple[list[tuple[str, Item]], Counter[str]]:
    """The items of all files, each with its file's name, and how many others there were, by reason.

    Raises:
        ConfigError: A file cannot be read, two items share an id, or nothing is left.
    """
    skipped: Counter[str] = Counter()
    items = [
        (called(path), item)
        for path in config.data
        for item in items_of(path, config.columns, config.task, config.labels, skipped, config.split)
    ]
    if twice := [id for id, count in Counter(i.id for _, i in items).items() if count > 1]:
        raise ConfigError(f"two items are called {twice[0]}", "give each file once, and ids that differ")
    if config.most and config.most < len(items):
        items = random.Random(0).sample(items, config.most)
    read: list[tuple[str, Item]] = []
    with _progress(items, "reading") as bar:
        for name, item in bar:
            try:
                read.append((name, item if isinstance(item, Item) else item.perceived()))
            except MediaError as error:
                skipped[f"items that no sense can read ({error.message})"] += 1
    if not read:
        why = "; ".join(f"{n} {reason}" for reason, n in skipped.items())
        raise ConfigError("nothing to compare on", why or "the files are empty")
    return read, skipped


def run(config: CompareConfig) -> dict[str, Any]:
    """Ask both models everything and the rules beside them; write report, JSON and answers.

    Raises:
        CueChainError: The data or a model cannot be used, or a file cannot be written.
    """
    one, two = config.models
    if one == two:
        raise ConfigError(f"both models are {one}", "give two spec strings, before and after")
    if config.out.suffix != ".md":
        raise ConfigError(f"the report is Markdown, not '{config.out.name}'", "-o runs/compare/report.md")
    read, skipped = read_items(config)
    files, items = [name for name, _ in read], [item for _, item in read]
    other = wrong_sheets(items) if config.control and len(items) > 1 else [None] * len(items)
    found: dict[str, list[Tried]] = {}
    settings = settings_module.load()
    base = (BASELINE,) if all(plannable(item.task) for item in items) else ()
    for spec in dict.fromkeys((*base, one, two)):
        name = f"{re.sub(r'[^A-Za-z0-9.-]+', '_', spec)[-60:]}-{hashlib.sha256(spec.encode()).hexdigest()[:6]}"
        journal = Journal(spec, settings, config.out.with_suffix("") / f"{name}.jsonl")
        if journal.kept:
            typer.echo(f"{spec}: {journal.kept} answers are there already", err=True)
        with _progress(items, spec) as bar:
            pairs = zip(bar, other, strict=True)
            found[spec] = [tried(journal, item, wrong, faith=config.faith) for item, wrong in pairs]
    columns: dict[str, Lines] = baselines(items)
    for spec, of_it in found.items():
        columns[spec] = figures(items, of_it) | by_file(items, [t.own for t in of_it], files)
    columns = {**{c: columns[c] for c in columns if c not in config.models}, one: columns[one], two: columns[two]}
    better = wins(items, [t.own for t in found[one]], [t.own for t in found[two]])
    told = {
        "models": [one, two],
        "cuechain": __version__,
        "config": config.model_dump(mode="json"),
        "data": [{"file": called(p), "sha256": _digest(p, read)} for p in config.data],
        "n": len(items),
        "left_out": dict(skipped),
        "figures": compared(columns, len(items), (one, two)),
        "wins": asdict(better),
        "failures": {spec: _failures(of_it) for spec, of_it in found.items()},
        "items": [
            {
                "id": item.id,
                "question": item.question.text,
                "gold": item.gold.model_dump(exclude_defaults=True),
                "answers": {spec: _kept(f[n]) for spec, f in found.items()},
            }
            for n, item in enumerate(items)
        ],
    }
    text = written(told, list(columns), better)
    try:
        config.out.parent.mkdir(parents=True, exist_ok=True)
        config.out.write_text(f"# {two} against {one}\n\n{text}", encoding="utf-8")
        config.out.with_suffix(".json").write_text(as_json(told), encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {config.out}: {error.strerror}", "the answers are kept; run it again") from error
    return {**told, "text": text}


def _digest(path: Path, read: Sequence[tuple[str, Item]]) -> str:
    """Of a file its bytes; of a dataset, which may be a folder of films, what was asked and what people said."""
    if not published(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    told = [[i.id, i.question.model_dump(), i.gold.model_dump()] for name, i in read if name == called(path)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _progress(items: Sequence[Any], label: str) -> Any:
    return typer.progressbar(items, label=label, file=sys.stderr)


def _failures(found: Sequence[Tried]) -> dict[str, int]:
    """How often each kind of error stands for an answer, with the first message of its kind."""
    failed = [t.own for t in found if t.own.failure]
    first = {r.failure: r.error for r in reversed(failed)}
    return {f"{kind}: {first[kind][:200]}": n for kind, n in Counter(r.failure for r in failed).items()}


def _kept(one: Tried) -> dict[str, Any]:
    records = {"own": one.own, "wrong": one.wrong, "bare": one.bare, "cited": one.cited, "other": one.other}
    return {name: r.model_dump(exclude_defaults=True, exclude={"key"}) for name, r in records.items() if r}


def written(told: dict[str, Any], columns: Sequence[str], better: Wins) -> str:
    """The report in Markdown, without a heading."""
    one, two = told["models"]
    data = ", ".join(f"{d['file']} (sha256 {d['sha256'][:12]})" for d in told["data"])
    lines = [f"Data: {data}; n = {told['n']} items, {_parts(told)}."]
    lines += [f"Left out: {n} {why}." for why, n in told["left_out"].items()]
    for spec, kinds in told["failures"].items():
        lines += [f"{spec} failed: {n} × {kind}." for kind, n in kinds.items()]
    lines += ["", _headline(told), "", table(told["figures"], columns, (one, two)), ""]
    decided = ", ".join(f"{name} {n}" for name, n in better.decided.items())
    lines += [
        f"**Wins.** {two} gives the better answer {better.second} times, {one} {better.first} times, {better.ties} ties; "
        f"{two} wins {better.rate.percent()} %, a tie counting half. Better: an answer at all, then fewer problems in the check, then a "
        f"right label, then fewer words. What decided: {decided or 'nothing'}.",
        "",
        "Percent where nothing else is said, with 95 % intervals from 2,000 bootstrap samples of items; differences are paired on the same "
        "samples, bold where their interval leaves out 0. Every accepted label is right; an abstention, or a reply that cannot be read, "
        "is wrong where there is an answer. n is of the two models. The majority label is that of these items. "
        f"Made by cuechain {told['cuechain']}: `{_command(told['config'])}`.",
    ]
    return "\n".join(lines) + "\n"


def _command(told: dict[str, Any]) -> str:
    """What makes the same table again, files by their bare names."""
    config = CompareConfig.model_validate(told)
    parts = ["cuechain finetune compare", *config.models, *(f"--data {called(p)}" for p in config.data)]
    parts += [f"--columns {','.join(config.columns)}"] if config.columns != ("text", "label") else []
    parts += [f"--split {config.split}"] if config.split else []
    parts += [f"--task {config.task}"] if config.task != "ask" else []
    parts += [f"--labels {','.join(config.labels)}"] if config.labels else []
    parts += [f"--most {config.most}"] if config.most else []
    parts += ["--no-control"] if not config.control else []
    parts += ["--no-faith"] if not config.faith else []
    return " ".join([*parts, f"-o {config.out.name}"])


def _parts(told: dict[str, Any]) -> str:
    golds = [i["gold"] for i in told["items"]]
    none = sum(bool(g.get("abstain")) for g in golds)
    judged = sum(bool(g.get("labels") or g.get("target")) and not g.get("abstain") for g in golds)
    return f"{judged} that people judged, {none} without an answer"


def _headline(told: dict[str, Any]) -> str:
    """The difference in accuracy, in a sentence that says no more than its interval allows."""
    one, two = told["models"]
    known = {(r["section"], r["name"]): r for r in told["figures"]}
    row, what = known.get(("Label", "accuracy")), "names the right label more often"
    if row is None:
        row, what = known.get(SHARE), "tells more of what people said"
    if row is None:
        return "No item has a label."
    gap = row["difference"]
    points = f"{100 * gap['value']:+.0f} points, {100 * gap['low']:+.0f} to {100 * gap['high']:+.0f}"
    if gap["low"] <= 0 <= gap["high"]:
        return f"These items do not tell which of {one} and {two} {what} ({points})."
    good, bad = (two, one) if gap["low"] > 0 else (one, two)
    return f"**{good} {what} than {bad}** ({two} against {one}: {points})."


def main(config: CompareConfig, card: Path | None = None) -> None:
    """Compare two models on held-out data, before and after tuning.

    Args:
        config: What is compared on what.
        card: Model card, or its folder, that the report is written into as well.
    """
    told = run(config)
    if card is not None:
        name = ", ".join(map(called, config.data))
        into_card(card, name, f"## Compared on {name}\n\n{told['text']}")
    typer.echo(told["text"])


if __name__ == "__main__":
    from cuechain.finetune import cli

    typer.run(cli.compare)
