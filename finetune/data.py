"""`cuechain finetune data`: corpora and written sheets to examples. Only licence-clean corpora of `train/` are read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import typer

from cuechain.finetune.config import CORPUS, DataConfig, read
from cuechain.finetune.embedded.examples import brighter, goemotions, write_examples, written
from cuechain.finetune.embedded.generate import generated


def make(config: DataConfig) -> dict[str, int]:
    """Write texts.jsonl, texts_dev.jsonl, written.jsonl and generated.jsonl; how many examples each has."""
    chance = random.Random(config.seed)
    train = config.source / "train"
    texts = [*goemotions(train / "goemotions", "train", chance)]
    texts += [x for part in ("train", "dev", "test") for x in brighter(train / "brighter_eng", part, chance)]
    counts = {"texts": write_examples(config.out / "texts.jsonl", texts)}
    counts["texts_dev"] = write_examples(
        config.out / "texts_dev.jsonl", goemotions(train / "goemotions", "dev", chance)
    )
    sheets = [x for path in sorted((CORPUS / "train").glob("*.jsonl")) for x in written(path)]
    counts["written"] = write_examples(config.out / "written.jsonl", sheets)
    made = generated([x for x in texts if x.author == "goemotions"], config.generated, chance)
    counts["generated"] = write_examples(config.out / "generated.jsonl", made)
    return counts


def main(config: Annotated[Path, typer.Option(help="YAML file of a DataConfig.")]) -> None:
    """Turn corpora and written sheets into examples."""
    for name, count in make(read(DataConfig, config)).items():
        typer.echo(f"{name}: {count}")


if __name__ == "__main__":
    typer.run(main)
