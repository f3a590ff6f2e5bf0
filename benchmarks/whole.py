# ruff: noqa: E501 - tables
"""The whole answer right of the border: question → focus → plan → evidence → sentences → check, with abstention as users meet it.

    python benchmarks/whole.py                      # written sheets by eight authors that nothing was trained or chosen on
    python benchmarks/whole.py --authors tg th      # two of them
    CUECHAIN_DATA=… python benchmarks/whole.py --part people

`benchmarks/planner.py` judges plans alone. Here an answer that abstains is a wrong one where there was an answer to give.
`cuechain finetune compare` tells more about two models on one file.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from planner import interval, people

from cuechain.agents.llm import load
from cuechain.agents.pipeline import check, think
from cuechain.agents.scoring.explanations import NAN
from cuechain.agents.scoring.metrics.calibration import bins, calibration_error
from cuechain.agents.scoring.statistics import from_sums
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN
from cuechain.finetune.config import CORPUS, DataConfig
from cuechain.finetune.embedded.examples import written
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.judging.answers import Record, record_of
from cuechain.finetune.judging.heldout import accepted, of_example


def answered(items: Sequence[Item], spec: str) -> list[Record]:
    settings = Settings()
    model = load(spec, settings)
    return [record_of(x.id, think(x.sheet, x.question, check(x.question), model, settings), 0.0) for x in items]


def line(name: str, items: Sequence[Item], records: Sequence[Record]) -> str:
    told = [(x, r) for x, r in zip(items, records, strict=True) if not x.gold.abstain]
    right = [float(r.named in accepted(x)) for x, r in told]
    hidden = [r for r, (x, _) in zip(right, told, strict=True) if x.gold.relation in ("masked", "sarcastic")]
    sure = [NAN if r.abstains or r.confidence is None else r.confidence for _, r in told]
    gave = [float(not r.abstains) for _, r in told]
    refused = [float(r.abstains) for x, r in zip(items, records, strict=True) if x.gold.abstain]
    where_given = [r for r, g in zip(right, gave, strict=True) if g]
    cells = (
        interval(right),
        interval(hidden) if hidden else "",
        interval(where_given),
        interval(refused),
        interval([1 - g for g in gave]),
        from_sums(calibration_error, bins(sure, right)).told(1, 3),
        str(sum(len(r.problems) for r in records)),
        str(len(records)),
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("test", "people"), default="test")
    parser.add_argument("--models", nargs="*", default=["rules", "embedded"])
    parser.add_argument("--authors", nargs="*", default=["*"], help="of the test part")
    parser.add_argument("--most", type=int, default=500, help="texts per corpus")
    given = parser.parse_args()
    print(
        "| | right of all | masked or sarcastic | right where answered | abstention found | false abstention | calibration error | problems in the check | n |"
    )
    print("|" + "---|" * 9)
    if given.part == "test":
        paths = sorted(path for author in given.authors for path in (CORPUS / "test").glob(f"{author}.jsonl"))
        sets = [("", [x for path in paths for x in written(path)], EKMAN)]
    else:
        sets = [
            (f"{name}: ", random.Random(0).sample(texts, min(given.most, len(texts))), labels)
            for name, texts, labels in people(DataConfig(out=Path()).source)
        ]
    for name, examples, labels in sets:
        items = [of_example(x, labels=labels) for x in examples]
        for spec in given.models:
            print(line(f"{name}{spec}", items, answered(items, spec)))


if __name__ == "__main__":
    main()
