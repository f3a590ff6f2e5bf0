"""Are labels of people borne out by the cues more often than labels drawn at random? `justify.py NAME:PATH SPLIT LABELS [ITEMS]`."""

from __future__ import annotations

import random
import sys

from cuechain.agents import justify, llm, registry, settings
from cuechain.agents.datasets import Fault, samples
from cuechain.agents.reason import labels_of
from cuechain.agents.runs import question_of, sheet_of
from cuechain.agents.values import Target


def main(spec: str, split: str, labels: str, most: int = 200) -> None:
    own = settings.load()
    model, task = llm.load(own.model, own), registry.get("tasks", "emotion")
    items = [i for i in samples(spec, split) if not isinstance(i, Fault) and i.target.labels]
    random.Random(1).shuffle(items)
    print("| floor, times chance | label | n | borne out |\n|---|---|---|---|")
    for floor in (0.0, 1.0):
        justify.CHANCE = floor
        found: dict[str, list[bool]] = {"people's, a feeling": [], "people's, neutral": [], "drawn at random": []}
        for item in items[:most]:
            question, gold = question_of(item, task, (labels,)), item.target.labels or ()
            others = [x for x in labels_of(question, task) if x not in gold and x != "neutral"]
            sheet = sheet_of(item, own)
            drawn = (random.Random(item.id).choice(others),)
            for name, told in (
                (f"people's, {'neutral' if gold[0] == 'neutral' else 'a feeling'}", gold),
                ("drawn at random", drawn),
            ):
                case = justify.explained_for(sheet, question, task, Target(labels=told), model, own)
                found[name].append(bool(justify.supported(case)))
        for name, borne in found.items():
            print(
                f"| {floor:g} | {name} | {len(borne)} | {sum(borne) / len(borne):.3f} |"
                if borne
                else f"| {floor:g} | {name} | 0 | – |"
            )


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:5]))
