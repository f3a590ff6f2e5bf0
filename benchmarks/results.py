"""Every dataset at hand, every model that needs no download, baselines and published figures: benchmarks/RESULTS.md by one command.

    CUECHAIN_DATA=folder python benchmarks/results.py [--most N] [--runs FOLDER] [--models rules embedded] > benchmarks/RESULTS.md

Runs are kept in a folder and go on where they ended. Items are drawn evenly over a split.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cuechain.agents import settings
from cuechain.agents.datasets import Fault, dataset, samples
from cuechain.agents.runs import Run, batch
from cuechain.agents.scoring.report import cell, lines, model_name
from cuechain.agents.scoring.score import Report, scored

DATASETS = (
    ("tweeteval-emotion", "eval/tweeteval", "val"),
    ("goemotions", "train/goemotions", "test"),
    ("brighter-a", "train/brighter_eng", "dev"),
    ("brighter-b", "train/brighter_eng", "test"),
    ("meld", "eval/meld", "dev"),
    ("meld-sentiment", "eval/meld", "dev"),
    ("tweeteval-sentiment", "eval/tweeteval", "val"),
    ("emobank", "eval/emobank", "test"),
    ("tweeteval-irony", "eval/tweeteval", "val"),
    ("mustard", "eval/mustard", "all"),
    ("ecf", "eval/ecf", "dev"),
    ("reccon", "eval/reccon", "valid"),
    ("panosent", "eval/panosent", "all"),
    ("memotion", "eval/memotion", "train"),
)
"""Name of the reader, folder below CUECHAIN_DATA, split."""

PUBLISHED = {
    "tweeteval-emotion": "macro F1 on the test part, tuned on the training part: RoBERTa-base 76.1, BERTweet 79.3",
    "tweeteval-sentiment": "mean recall on the test part, tuned on the training part: RoBERTa-base 71.3, BERTweet 73.4",
    "tweeteval-irony": "F1 of the ironic class on the test part, tuned on the training part: RoBERTa-base 59.7, BERTweet 82.1",
    "goemotions": "macro F1 on the test part: BERT-base 46 (Demszky et al. 2020)",
    "meld": "hit rate on the test part, with sound and picture: AffectGPT 55.65; another measure on another part",
}
"""What is published about a dataset, and how it differs from what is measured here."""

NOTES = {
    "goemotions": "the words model was trained on the training part of this dataset, the planner on sheets made from it",
    "brighter-a": "the words model's strength of feelings was trained on the training part of this dataset",
    "brighter-b": "the words model's strength of feelings was trained on the training part of this dataset",
    "meld": "text alone: the clips are not there",
    "meld-sentiment": "text alone: the clips are not there",
    "mustard": "text alone, half of the dataset: the clips are not there",
    "memotion": "text alone: the pictures are links",
    "panosent": "words of the turns alone; 60 dialogues",
}
"""What a reader must know about ours."""


def runs(data: Path, folder: Path, models: list[str], most: int) -> Iterator[Report]:
    """Answer and score every dataset with every model."""
    for name, place, split in DATASETS:
        one = dataset(name)
        items = list(samples(f"{name}:{data / place}", split))
        good = [i for i in items if not isinstance(i, Fault)]
        some = good[:: max(1, len(good) // most)][:most] + [i for i in items if isinstance(i, Fault)]
        for model in models:
            labels = (one.labels,) if one.labels else ()
            made = {"task": one.tasks[0], "labels": labels, "dataset": name, "split": split, "limit": most}
            out = folder / f"{name}-{model.replace(':', '_').replace('/', '_')}"
            for done, _ in enumerate(batch(some, made, settings.load(model=model), out), 1):
                if done % 100 == 0:
                    print(f"{out.name}: {done} of {len(some)}", file=sys.stderr, flush=True)
            yield scored(Run(out), with_baselines=model == models[-1])


def page(reports: list[Report]) -> Iterator[str]:
    """The whole page."""
    yield "# Results\n"
    yield (
        "Made by `CUECHAIN_DATA=… python benchmarks/results.py`; nothing was chosen on these figures, but for three rules "
        "of English that were mended after four PanoSent dialogues had been read. The leading figure of each task "
        "with its 95 % bootstrap interval over items; baselines on the same items. An answer that abstains, or cannot be read, counts as "
        "wrong.\n"
    )
    yield from lines(reports)
    yield ""
    for name, _, split in DATASETS:
        own = [r for r in reports if r.manifest["dataset"] == name]
        if not own:
            continue
        yield f"## {name}, {split}\n"
        yield f"{dataset(name).about}. {own[0].n} items." + (f" *{NOTES[name]}.*" if name in NOTES else "") + "\n"
        names = [model_name(r) for r in own]
        yield f"| | {' | '.join(names)} |"
        yield "|---|" + "---|" * len(names)
        for figure in own[0].figures:
            cells = [next((cell(f) for f in r.figures if f.name == figure.name), "") for r in own]
            yield f"| {figure.name}{' (%)' if figure.percent else ''} | {' | '.join(cells)} |"
        for what in ("abstained", "failed"):
            yield f"| {what} (items) | {' | '.join(str(r.states.get(what, 0)) for r in own)} |"
        yield ""
        for report in own:
            for scorer, scores in report.published.items():
                told = ", ".join(f"{k} {'–' if v is None else f'{v:.4f}'}" for k, v in scores.items())
                yield f"- {model_name(report)}, {scorer}: {told}"
            yield from (
                f"- {model_name(report)}: {note}"
                for note in report.notes
                if note != "an item without an answer counts as wrong"
            )
        yield f"- Published: {PUBLISHED[name]}." if name in PUBLISHED else ""
        yield ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=500, help="items of a dataset")
    parser.add_argument("--runs", type=Path, default=Path("runs/results"), help="where runs are kept")
    parser.add_argument("--models", nargs="+", default=["rules", "embedded"])
    given = parser.parse_args()
    print("\n".join(page(list(runs(Path(os.environ["CUECHAIN_DATA"]), given.runs, given.models, given.most)))))


if __name__ == "__main__":
    main()
