"""Batch against plain loops of `ask` over the same items, again with the cue cache warm, and its memory over many items.

    CUECHAIN_DATA=folder python benchmarks/batch.py [--items 200] [--workers 2] [--shell 30]    # ratios, one run
    CUECHAIN_DATA=folder python benchmarks/batch.py --memory 10000                # peak memory after 1,000 items and after all

Items: the recordings, pictures and films of media/, and lines of MELD dev. Two loops: `for f in …; do cuechain ask "$f" …; done` in a
shell, measured on a sample of each kind and extrapolated (`--shell 200` runs all), and `cuechain.ask(path)` in one process. Seconds of
CPU are those of all processes; on a busy machine they are the better measure, though not a good one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import cuechain
from cuechain.agents import settings
from cuechain.agents.datasets import Fault, samples
from cuechain.agents.perception.speech.decoders import end_idle
from cuechain.agents.runs import batch
from cuechain.agents.runs.inputs import items_of
from cuechain.agents.values import Sample

MADE = {"task": "emotion", "labels": ("ekman",), "dataset": "mixed", "split": ""}
SUFFIXES = (".wav", ".jpg", ".png", ".mp4")
QUESTION = "How does the person feel?"


class Spent(NamedTuple):
    """What some work took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor, of all processes."""

    def __str__(self) -> str:
        return f"{self.wall:.1f} s | {self.cpu:.1f} s"


def items(data: Path, count: int) -> list[Sample]:
    """Media first, then texts, `count` in all."""
    media = [i for i in items_of(str(data / "media")) if isinstance(i, Sample) and i.files[0].endswith(SUFFIXES)]
    lines = [i for i in samples(f"meld:{data / 'eval/meld'}", "dev") if not isinstance(i, Fault)]
    texts = [Sample(id=i.id, text=i.turns[(i.turn or 1) - 1].text) for i in lines]
    return [*media, *texts][:count]


def spent(work: Callable[[], object]) -> Spent:
    """Do it, and wait for the processes that it leaves behind: only of those that have ended is known what they took."""

    def cpu() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in both)

    begin, before = time.perf_counter(), cpu()
    work()
    wall = time.perf_counter() - begin
    for process in multiprocessing.active_children():
        process.join()
    end_idle()
    return Spent(wall, cpu() - before)


def in_batch(some: list[Sample], own: settings.Settings, out: Path, workers: int) -> tuple[Spent, int]:
    """What a whole batch takes, and how many items failed."""
    states: list[str] = []
    took = spent(lambda: states.extend(step.state for step in batch(some, MADE, own, out, workers=workers)))
    return took, states.count("failed")


def in_one_process(some: list[Sample], own: settings.Settings, place: Path) -> None:
    """What a script would do."""
    for item in some:
        with suppress(cuechain.CueChainError):
            cuechain.ask(file_of(item, place), QUESTION, task="emotion", settings=own)


def in_a_shell(some: list[Sample], count: int, place: Path) -> tuple[Spent, int]:
    """What `cuechain ask` takes for all, a process each, and on how many that was measured: the same share of each kind, two at least."""
    kinds: dict[str, list[Sample]] = defaultdict(list)
    for item in some:
        kinds[Path(item.files[0]).suffix if item.files else "text"].append(item)
    whole, measured = Spent(0.0, 0.0), 0
    for these in kinds.values():
        wanted = min(len(these), max(2, round(count * len(these) / len(some))))
        drawn = [these[int(n * len(these) / wanted)] for n in range(wanted)]
        took = spent(lambda drawn=drawn: [_asked(item, place) for item in drawn])
        share = len(these) / wanted
        whole = Spent(whole.wall + share * took.wall, whole.cpu + share * took.cpu)
        measured += wanted
    return whole, measured


def _asked(item: Sample, place: Path) -> None:
    command = [sys.executable, "-m", "cuechain", "ask", str(file_of(item, place)), QUESTION, "--task", "emotion"]
    environment = os.environ | {"CUECHAIN_CACHE": str(place / "shell")}
    subprocess.run(command, env=environment, capture_output=True, check=False)


def file_of(item: Sample, place: Path) -> Path:
    """The file of an item; one is made for words."""
    if item.files:
        return Path(item.files[0])
    text = place / "line.txt"
    text.write_text(item.text or "")
    return text


def ratios(data: Path, count: int, workers: int, shell: int) -> None:
    some = items(data, count)
    media = sum(bool(i.files) for i in some)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        bare = settings.load().model_copy(update={"cache": None})
        in_one_process(some[:1], bare, place)  # what is imported and loaded once
        loop = spent(lambda: in_one_process(some, bare, place))
        cached = settings.load(cache=place / "cache")
        cold, failed = in_batch(some, cached, place / "cold", workers)
        warm, _ = in_batch(some, cached, place / "warm", workers)
        asked, measured = in_a_shell(some, shell, place) if shell else (None, 0)
    print(f"{len(some)} items, {media} of them media; {failed} failed; load {os.getloadavg()[1]:.1f}\n")
    print("| how | time | CPU | items/s | times as fast as the shell's loop | as the loop in one process |")
    print("|---|---|---|---|---|---|")
    rows = {f"batch, {workers} workers, nothing cached": cold, "batch again, cues cached": warm}
    rows = {"a loop of `cuechain.ask` in one process": loop} | rows
    if asked:
        rows = {f"a loop of `cuechain ask` in a shell ({measured} measured)": asked} | rows
    for name, took in rows.items():
        against = f"{asked.wall / took.wall:.1f}" if asked else ""
        print(
            f"| {name} | {took} | {len(some) / took.wall:.1f} | {against} | {loop.wall / took.wall:.1f} |", flush=True
        )


def memory(data: Path, count: int) -> None:
    lines = items(data, 2000)[-1000:]
    many = [i.model_copy(update={"id": f"{i.id}-{n}"}) for n in range(count // len(lines) + 1) for i in lines][:count]
    own = settings.load(model="rules", senses=("transcript", "words"))
    with tempfile.TemporaryDirectory() as folder:
        for done, _ in enumerate(batch(many, MADE, own, Path(folder) / "run"), 1):
            if done in (1000, count):
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"| {done} items | peak {peak:.0f} MiB |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shell", type=int, default=30, help="items that are asked about in a shell; 0 for none")
    parser.add_argument("--memory", type=int, default=0, help="measure memory over so many items instead")
    given = parser.parse_args()
    data = Path(os.environ["CUECHAIN_DATA"])
    if given.memory:
        memory(data, given.memory)
    else:
        ratios(data, given.items, given.workers, given.shell)


if __name__ == "__main__":
    main()
