"""Batch against a plain loop of `ask` over the same items, again with the cue cache warm, and its memory over many items.

    CUECHAIN_DATA=folder python benchmarks/batch.py [--items 200] [--workers 2]      # ratios, one run
    CUECHAIN_DATA=folder python benchmarks/batch.py --memory 10000                   # peak memory after 1,000 items and after all

Items: the recordings, pictures and films of media/, and lines of MELD dev. The loop is what a script would do:
`cuechain.ask(path)` for each.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import cuechain
from cuechain.agents import settings
from cuechain.agents.datasets import Fault, samples
from cuechain.agents.runs import batch
from cuechain.agents.runs.inputs import items_of
from cuechain.agents.values import Sample

MADE = {"task": "emotion", "labels": ("ekman",), "dataset": "mixed", "split": ""}
SUFFIXES = (".wav", ".jpg", ".png", ".mp4")


def items(data: Path, count: int) -> list[Sample]:
    """Media first, then texts, `count` in all."""
    media = [i for i in items_of(str(data / "media")) if isinstance(i, Sample) and i.files[0].endswith(SUFFIXES)]
    lines = [i for i in samples(f"meld:{data / 'eval/meld'}", "dev") if not isinstance(i, Fault)]
    texts = [Sample(id=i.id, text=i.turns[(i.turn or 1) - 1].text) for i in lines]
    return [*media, *texts][:count]


def timed(some: list[Sample], own: settings.Settings, out: Path, workers: int) -> tuple[float, int]:
    """Seconds of a whole batch, and how many items failed."""
    begin = time.perf_counter()
    failed = sum(step.state == "failed" for step in batch(some, MADE, own, out, workers=workers))
    return time.perf_counter() - begin, failed


def ratios(data: Path, count: int, workers: int) -> None:
    some = items(data, count)
    media = sum(bool(i.files) for i in some)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        bare = settings.load(cache=None).model_copy(update={"cache": None})
        begin = time.perf_counter()
        for item in some:
            try:
                if item.files:
                    cuechain.ask(item.files[0], "How does the person feel?", task="emotion", settings=bare)
                else:
                    text = place / "line.txt"
                    text.write_text(item.text or "")
                    cuechain.ask(text, "How does the person feel?", task="emotion", settings=bare)
            except cuechain.CueChainError:
                pass
        loop = time.perf_counter() - begin
        cached = settings.load(cache=place / "cache")
        cold, failed = timed(some, cached, place / "cold", workers)
        warm, _ = timed(some, cached, place / "warm", workers)
    print(f"| items | {len(some)}, {media} of them media; {failed} failed |")
    print(f"| a loop of `ask` | {loop:.1f} s |")
    print(f"| batch, {workers} workers, nothing cached | {cold:.1f} s, {loop / cold:.1f} times as fast |")
    print(
        f"| batch again, cues cached | {warm:.1f} s, {loop / warm:.1f} times as fast; {len(some) / warm:.1f} items/s |"
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
    parser.add_argument("--memory", type=int, default=0, help="measure memory over so many items instead")
    given = parser.parse_args()
    data = Path(os.environ["CUECHAIN_DATA"])
    if given.memory:
        memory(data, given.memory)
    else:
        ratios(data, given.items, given.workers)


if __name__ == "__main__":
    main()
