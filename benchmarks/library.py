"""The library of clips: which way of comparing texts finds more, and what 10,000 cases cost.

python benchmarks/library.py find       # benchmarks/library.jsonl: written before anything was searched
python benchmarks/library.py scale      # a run of 10,000 cases made of written sheets and of lines of MELD
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cuechain.agents.library import moments
from cuechain.agents.library.index import indexed, opened
from cuechain.agents.library.moments import Filters, search
from cuechain.agents.runs import Run

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "finetune" / "corpus"
QUERIES = ROOT / "benchmarks" / "library.jsonl"
WAYS = {"same words (BM25)": 1e6, "meaning": 0.0, "both": moments.LEXICAL}
"""Name to the weight of the same words beside the cosine."""


def written(*patterns: str) -> Iterator[dict[str, Any]]:
    """Written sheets as stored cases."""
    for path in sorted(p for pattern in patterns for p in CORPUS.glob(pattern)):
        for line in path.read_text("utf-8").splitlines():
            one = json.loads(line)
            cues = {
                str(n): {k: v for k, v in c.items() if k != "span"} | {"source": "author@1", "media": "m1"}
                | ({"span": dict(zip(("start", "end"), c["span"], strict=True))} if c["span"] else {})
                for n, c in enumerate(one["cues"])
            }  # fmt: skip
            emotion = one["gold"]["emotion"]
            yield {
                "question": {"text": one["question"]},
                "sample": {"id": one["id"], "dataset": "written", "target": {"labels": [emotion] if emotion else []}},
                "sheet": {"media": [{"id": "m1", "kind": "video", "path": f"clips/{one['id']}.mp4"}], "cues": cues},
                "answer": {"emotion": {"label": emotion, "confidence": 0.8}} if emotion else {"abstain": True},
            }


def lines(data: Path) -> Iterator[dict[str, Any]]:
    """Lines of MELD's development part as stored cases of one cue."""
    with (data / "eval" / "meld" / "dev_sent_emo.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cue = {"sense": "transcript", "text": f'the speaker says "{row["Utterance"]}"', "person": row["Speaker"]}
            yield {
                "question": {"text": "How does the person feel?"},
                "sample": {"id": f"dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}", "dataset": "meld"},
                "sheet": {"cues": {"T1": cue | {"source": "people@1"}}},
                "answer": {"emotion": {"label": row["Emotion"]}},
            }


def run_of(folder: Path, records: Iterable[dict[str, Any]]) -> Run:
    """A run folder with these cases."""
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"task": "emotion", "model": "none"}')
    with (folder / "cases.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(record) + "\n" for record in records)
    return Run(folder)


def find(folder: Path, data: Path) -> None:
    """Share of queries whose cue is among the first five moments, and the mean of 1 / rank, for each way."""
    queries = [json.loads(line) for line in QUERIES.read_text("utf-8").splitlines()]
    runs = {"sheets": run_of(folder / "sheets", written("dev/*.jsonl")), "meld": run_of(folder / "meld", lines(data))}
    runs["both"] = run_of(folder / "both", written("dev/*.jsonl", "train/*.jsonl"))
    print("| queries | n | among | " + " | ".join(f"{w}: recall@5, MRR" for w in WAYS) + " |")
    for name, run in runs.items():
        own = [q for q in queries if q["set"] == name]
        with opened(run, meaning=True) as db:
            told = [f"| {name} | {len(own)} | {db.execute('SELECT count(*) FROM cues').fetchone()[0]} cues"]
            for weight in WAYS.values():
                moments.LEXICAL = weight
                places = [_place(search(db, q["query"], Filters(), 1000), q["gold"]) for q in own]
                told.append(f"{np.mean([p <= 5 for p in places]):.2f}, {np.mean([1 / p for p in places]):.2f}")
        print(" | ".join(told) + " |")


def _place(found: list[moments.Moment], gold: str) -> float:
    """Rank of the moment that holds the right cue, from 1."""
    item, _, cue = gold.partition("/")
    for place, moment in enumerate(found, 1):
        if item in (moment.item, *moment.also) and (not cue or cue in {c.id for c in moment.cues}):
            return place
    return float("inf")


def scale(folder: Path, data: Path, count: int) -> None:
    """Seconds and memory for building an index over many cases and for asking it."""
    chance = random.Random(3)
    sheets, talk = list(written("*/*.jsonl")), list(lines(data))

    def made() -> Iterator[dict[str, Any]]:
        for n in range(count):  # a sheet with five lines of talk: 12 cues, half of which no other case has
            one = json.loads(json.dumps(chance.choice(sheets)))
            one["sample"]["id"] = f"case{n}"
            for k in range(5):
                cue = dict(chance.choice(talk)["sheet"]["cues"]["T1"])
                words = cue["text"].split()
                chance.shuffle(words)
                one["sheet"]["cues"][f"T{k}"] = cue | {
                    "text": " ".join(words), "span": {"start": 3.0 * k, "end": 3.0 * k + 2}, "media": "m1",
                    "measures": {"words": float(len(words)), "f0_mean_hz": 100 + 100 * chance.random()},
                }  # fmt: skip
            yield one

    run = run_of(folder / "many", made())
    size = (run.folder / "cases.jsonl").stat().st_size / 1e6
    print(f"{count:,} cases, {size:.0f} MB of cases.jsonl")
    _timed("tables", lambda: indexed(run))
    _timed("vectors and words", lambda: indexed(run, meaning=True))
    print(f"index.duckdb {(run.folder / 'index.duckdb').stat().st_size / 1e6:.0f} MB")
    with opened(run, meaning=True) as db:
        for text in ("applause", "laughs while insulting the colleagues", "a cat and a dog, then somebody sings"):
            search(db, text, Filters(), 10)
            _timed(f"search: {text}", lambda text=text: search(db, text, Filters(), 10))
        for sql in ("SELECT label, count(*) FROM cases GROUP BY 1", "SELECT name, avg(value) FROM measures GROUP BY 1"):
            _timed(sql, lambda sql=sql: db.execute(sql).fetchall())
    with (run.folder / "cases.jsonl").open("a") as out:
        out.writelines(json.dumps(one | {"sample": {"id": f"more{n}"}}) + "\n" for n, one in enumerate(sheets[:100]))
    _timed("100 cases more", lambda: indexed(run, meaning=True))


def _timed(what: str, act: Any) -> None:
    start = time.perf_counter()
    act()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{what}: {time.perf_counter() - start:.2f} s, peak {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("part", choices=("find", "scale"))
    asked.add_argument("--count", type=int, default=10_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as made_in:
        source = Path(os.environ["CUECHAIN_DATA"])
        find(Path(made_in), source) if given.part == "find" else scale(Path(made_in), source, given.count)
