"""The whole answer right of the border: question → focus → plan → evidence → sentences → check, with abstention as users meet it.

    python benchmarks/whole.py                      # written sheets by two authors that nothing was trained or chosen on
    CUECHAIN_DATA=… python benchmarks/whole.py --part people

`benchmarks/planner.py` judges plans alone. Here an answer that abstains is a wrong one where there was an answer to give.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from planner import interval, people

from cuechain.agents.llm import load
from cuechain.agents.pipeline import check, think
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, Case, Question
from cuechain.finetune.config import CORPUS, DataConfig
from cuechain.finetune.embedded.calibrate import accepted
from cuechain.finetune.embedded.examples import Example, written


def answered(examples: Sequence[Example], spec: str, labels: tuple[str, ...]) -> list[Case]:
    settings = Settings()
    model = load(spec, settings)
    cases: list[Case] = []
    for example in examples:
        question = Question(text=example.question or "How does the writer feel?", labels=labels)
        cases.append(think(example.sheet, question, check(question), model, settings))
    return cases


def line(name: str, examples: Sequence[Example], cases: Sequence[Case], labels: tuple[str, ...]) -> str:
    told = [(x, c) for x, c in zip(examples, cases, strict=True) if not x.abstain]
    right = [float(c.answer.emotion is not None and c.answer.emotion.label in _right(x, labels)) for x, c in told]  # pyright: ignore[reportOptionalMemberAccess]
    gave = [float(c.answer is not None and not c.answer.abstain) for _, c in told]
    refused = [
        float(c.answer is not None and c.answer.abstain) for x, c in zip(examples, cases, strict=True) if x.abstain
    ]
    problems = sum(len(c.verdict.problems) for c in cases if c.verdict)
    where_given = [r for r, g in zip(right, gave, strict=True) if g]
    cells = (
        interval(right),
        interval(where_given),
        interval(refused),
        interval([1 - g for g in gave]),
        str(problems),
        str(len(cases)),
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def _right(example: Example, labels: tuple[str, ...]) -> set[str]:
    return set(accepted(example)) if labels == EKMAN else {str(example.emotion)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("test", "people"), default="test")
    parser.add_argument("--models", nargs="*", default=["rules", "embedded"])
    parser.add_argument("--most", type=int, default=500, help="texts per corpus")
    given = parser.parse_args()
    print("| | right of all | right where answered | abstention found | false abstention | problems in the check | n |")
    print("|" + "---|" * 7)
    if given.part == "test":
        sets = [("", [x for path in sorted((CORPUS / "test").glob("*.jsonl")) for x in written(path)], EKMAN)]
    else:
        sets = [(f"{name}: ", texts, labels) for name, texts, labels in people(DataConfig(out=Path()).source)]
    for name, examples, labels in sets:
        some = random.Random(0).sample(examples, min(given.most, len(examples)))
        for spec in given.models:
            print(line(f"{name}{spec}", some, answered(some, spec, labels), labels))


if __name__ == "__main__":
    main()
