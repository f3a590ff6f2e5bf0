"""What weighing the senses costs beside one answer, on sheets that are perceived already: the cue cache is warm for both.

    python benchmarks/weigh.py [clip.mp4 ...]      # without clips: the demo and those of CUECHAIN_DATA
    python benchmarks/weigh.py importance          # which senses decide on written sheets of held-out authors, by their labels

For each clip the answer (`think`: reason, realise, verify, explain) and the weighing (every set of its senses) are timed in turn, RUNS
times each, in one process with the planner loaded; the ratio is that of the medians. `three` leaves the scene out where words, voice and
face are there; `naive` asks the planner about each set without remembering the cues that it has read.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from cuechain.agents import llm, settings
from cuechain.agents.importance.asking import asker, weigh_sheet
from cuechain.agents.importance.dataset import run_weighed
from cuechain.agents.importance.shown import dataset
from cuechain.agents.llm.weighted import of_senses, senses_of
from cuechain.agents.pipeline import check, perceive, think
from cuechain.agents.values import Case, CueSheet, Question, Sample, Target
from cuechain.agents.weigh import weigh
from cuechain.finetune.config import CORPUS
from cuechain.finetune.embedded.examples import written as written_sheets

RUNS = 7
DEMO = Path(__file__).parents[1] / "examples" / "demo.mp4"
ASKED = Question(text="How does the person feel, and why?")


def milliseconds(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median wall time of each piece of work; they take turns, so that a busy moment hits all alike."""
    took: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(RUNS + 1):
        for name, one in work.items():
            begun = time.perf_counter()
            one()
            if turn:  # the first turn warms up
                took[name].append((time.perf_counter() - begun) * 1e3)
    return {name: statistics.median(times) for name, times in took.items()}


def clips() -> list[Path]:
    root = os.environ.get("CUECHAIN_DATA")
    videos = sorted(p for p in Path(root, "media", "videos").iterdir() if p.suffix in (".mp4", ".mov")) if root else []
    return [DEMO, *videos]


def written() -> Iterator[Case]:
    """The written sheets of the test authors as a run: their question, their label."""
    for path in sorted((CORPUS / "test").glob("*.jsonl")):
        for one in written_sheets(path):
            labels = (one.emotion, *one.also) if one.emotion and not one.abstain else None
            sample = Sample(id=one.id, target=Target(labels=labels))
            yield Case(question=Question(text=one.question), sheet=one.sheet, sample=sample)


def importance() -> None:
    chosen = settings.load()
    Console(width=120).print(dataset(run_weighed(written(), llm.load(chosen.model, chosen), chosen)))


def main(paths: list[Path]) -> None:
    chosen = settings.load()
    model, task = llm.load(chosen.model, chosen), check(ASKED)
    print(f"{chosen.model}, median of {RUNS} in turn, milliseconds; ratio to one answer\n")
    print("| clip | cues | senses | sets | one answer | weigh | ratio | naive | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in paths:
        whole = perceive(path, chosen)
        three = of_senses(whole, {"words", "voice", "face"})
        sheets: list[CueSheet] = [whole]
        if len(senses_of(three)) == 3 and "scene" in senses_of(whole):
            sheets.insert(0, three)
        for sheet in sheets:
            took = milliseconds(
                {
                    "answer": lambda sheet=sheet: think(sheet, ASKED, task, model, chosen),
                    "weigh": lambda sheet=sheet: weigh_sheet(sheet, ASKED, model, chosen),
                    "naive": lambda sheet=sheet: weigh(sheet, asker(ASKED, task, model, chosen)),
                }
            )
            one, own, naive = took["answer"], took["weigh"], took["naive"]
            senses = senses_of(sheet)
            told = f"| {path.name} | {len(sheet.cues)} | {', '.join(senses)} | {2 ** len(senses) - 1} | {one:.0f} "
            print(f"{told}| {own:.0f} | {own / one:.2f} | {naive:.0f} | {naive / one:.2f} |")


if __name__ == "__main__":
    if sys.argv[1:] == ["importance"]:
        importance()
    else:
        main([Path(p) for p in sys.argv[1:]] or clips())
