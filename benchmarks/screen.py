"""How well and how dearly words in pictures are read, against rapidocr as it comes.

    python benchmarks/screen.py          # the half that nothing was tuned on; CUECHAIN_DATA names the data

Error rates count spaces and punctuation, letters without regard to case unless said; jiwer aligns them. Intervals: 95 %, 2,000 bootstraps
over pictures.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
from figures import Figure
from PIL import Image
from rendered import Drawn, drawn, film

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception.screen import Screen
from cuechain.agents.settings import load
from cuechain.agents.values import Cue


def quoted(sense: Screen) -> list[Cue]:
    with opened(text="stands in") as clip:
        return [c for c in sense.perceive(clip, ()) if isinstance(c, Cue)]


def words(cue: Cue) -> str:
    found = re.search(r'the words "(.*)" at the', cue.text)
    return found[1] if found else ""


def _frame(image: np.ndarray, time: float = 0.0, hold: float = 0.0, index: int = 0, shot: int = 0) -> Frame:
    return Frame(time, image, index, shot, 0.02, hold, (image.shape[1], image.shape[0]))


def as_still(one: Drawn) -> str:
    """What the sense reads in a picture."""
    sense = Screen(load(cache=None))
    sense.watch(_frame(one.image))
    return " ".join(words(c) for c in quoted(sense))


def in_film(one: Drawn, data: Path) -> str:
    """What it reads in a film that shows the bare template for 3 s, then the words on it."""
    bare = Image.open(data / f"media/imgflip_memes/templates/{one.name.split()[0]}.jpg").convert("RGB")
    sense = Screen(load(cache=None))
    pictures = [np.asarray(bare.resize(one.image.shape[1::-1]))] * 6 + [one.image] * 4
    for index, image in enumerate(pictures):
        sense.watch(_frame(image, index / 2, 0.5, index))
    return " ".join(words(c) for c in quoted(sense))


@cache
def _plain() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 1})


def by_rapidocr(one: Drawn) -> str:
    """What rapidocr reads by itself."""
    return " ".join(_plain()(np.ascontiguousarray(one.image[..., ::-1])).txts or ())


def plain(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


class Errors:
    """Edits and lengths for each picture, and the rate with its interval."""

    def __init__(self, pictures: list[Drawn], read: Callable[[Drawn], str]) -> None:
        begin = time.process_time()
        self.pairs = [(plain(p.truth), plain(read(p))) for p in pictures]
        self.seconds = (time.process_time() - begin) / max(1, len(pictures))

    def rate(self, *, of_words: bool = False, cased: bool = False) -> str:
        process = jiwer.process_words if of_words else jiwer.process_characters
        counts: list[tuple[int, int]] = []
        for truth, read in self.pairs:
            made: Any = process(*((truth, read) if cased else (truth.lower(), read.lower())))
            wrong = made.substitutions + made.deletions
            counts.append((wrong + made.insertions, wrong + made.hits))
        table = np.array(counts, float)
        rates = [
            table[rows, 0].sum() / table[rows, 1].sum()
            for rows in np.random.default_rng(0).integers(0, len(table), (2000, len(table)))
        ]
        low, high = np.percentile(rates, (2.5, 97.5))
        return f"{100 * table[:, 0].sum() / table[:, 1].sum():.2f} % ({100 * low:.2f}-{100 * high:.2f})"


def _films(data: Path, half: str, count: int) -> Iterator[Figure]:
    onsets, ends, found, total, doubled, seconds, spent = [], [], 0, 0, 0, 0.0, 0.0
    for number in range(count):
        pictures, truth = film(data, half, number)
        sense, cut = Screen(load(cache=None)), (truth[2].start + truth[2].end) / 2 if number % 2 else 1e9
        begin = time.process_time()
        for index, (now, image) in enumerate(pictures):
            sense.watch(_frame(image, now, 0.08, index, int(now >= cut)))
        spent += time.process_time() - begin
        seconds += pictures[-1][0]
        cues = quoted(sense)
        for line in truth:
            total += 1
            fits = [c for c in cues if c.span and _near(words(c), line.words) and _overlap(c, line) > 0]
            found += bool(fits)
            doubled += max(0, len(fits) - 1)
            if fits and fits[0].span:
                onsets.append(abs(fits[0].span.start - line.start))
                ends.append(abs(fits[0].span.end - line.end))
    data_name = f"{count} made films, pans over templates, some fade in and cut"
    yield Figure("screen", "subtitles found in films, share", f"{found / total:.3f}", "-", total, data_name)
    yield Figure("screen", "subtitles told twice", str(doubled), "-", total, data_name)
    for what, errors in (("onset", onsets), ("end", ends)):
        value = f"{np.median(errors):.2f} s, 95 % within {np.percentile(errors, 95):.2f} s"
        yield Figure("screen", f"error of a subtitle's {what}", value, "-", len(errors), data_name)
    yield Figure(
        "screen", "CPU for a second of film with subtitles", f"{1000 * spent / seconds:.0f} ms", "-", count, data_name
    )


def _near(read: str, truth: str) -> bool:
    return jiwer.cer(plain(truth).lower(), plain(read).lower() or "-") < 0.2


def _overlap(cue: Cue, line: Any) -> float:
    assert cue.span
    return min(cue.span.end, line.end) - max(cue.span.start, line.start)


def _cost(data: Path) -> Iterator[Figure]:
    """CPU for a second of a talking head without words, against one reading in 2 s by rapidocr as it comes."""
    path = data / "media/videos/talking_wda_aoc.mp4"
    with opened(path) as clip:
        frames = list(clip.frames(12.5))
    length = frames[-1].time + frames[-1].hold
    sense = Screen(load(cache=None))
    begin = time.process_time()
    for frame in frames:
        sense.watch(frame)
    spent = time.process_time() - begin
    bare = Drawn("film", "", "", frames[0].image)
    by_rapidocr(bare)
    begin = time.process_time()
    by_rapidocr(bare)
    reading = time.process_time() - begin
    yield Figure(
        "screen", "CPU for a second of talking head without words, models loaded before", f"{1000 * spent / length:.0f} ms",
        f"rapidocr each 2 s {500 * reading:.0f} ms", 1, f"talking_wda_aoc.mp4, 512×512, {length:.0f} s",
    )  # fmt: skip


def figures(data: Path, half: str = "read", step: int = 1) -> Iterator[Figure]:
    """Rows for the table; `step` takes every step-th picture."""
    for kind in ("meme", "subtitle", "slide"):
        pictures = list(drawn(data, half, kind))[::step]
        source = f"{kind}s drawn{' over templates' if kind != 'slide' else ''}, half '{half}'"
        ours, theirs = Errors(pictures, as_still), Errors(pictures[::4], by_rapidocr)
        for what, options in (
            ("character errors", {}),
            ("character errors, case counts", {"cased": True}),
            ("word errors", {"of_words": True}),
        ):
            baseline = f"rapidocr {theirs.rate(**options)} on every fourth"
            yield Figure("screen", f"{what}, {kind}s", ours.rate(**options), baseline, len(pictures), source)
        yield Figure(
            "screen", f"CPU for a picture, {kind}s", f"{1000 * ours.seconds:.0f} ms",
            f"rapidocr {1000 * theirs.seconds:.0f} ms", len(pictures), source,
        )  # fmt: skip
        if kind != "slide":
            some = pictures[::2]
            filmed = Errors(some, lambda one: in_film(one, data))
            seen = sum(bool(read) for _, read in filmed.pairs) / len(some)
            yield Figure("screen", f"{kind}s noticed in a film, share", f"{seen:.3f}", "-", len(some), source)
            yield Figure("screen", f"character errors, {kind}s in a film", filmed.rate(), "-", len(some), source)
    yield from _films(data, half, max(2, 12 // step))
    yield from _cost(data)


if __name__ == "__main__":
    folder = Path(os.environ["CUECHAIN_DATA"])
    for row in figures(folder, *sys.argv[1:2], *(int(a) for a in sys.argv[2:3])):
        print(f"{row.what} | {row.value} | {row.baseline} | n={row.n} | {row.data}", flush=True)
