"""Is the voice given to the face that talks? Two faces beside each other, the sound of one of them.

    CUECHAIN_DATA=… python benchmarks/face_speakers.py

Faces are measured in their own films, then set beside each other at other times of their films: a listener whose lips move is the same or
another talking head, shifted by seconds, so that its lips move to words that are not heard.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from figures import Figure

from cuechain.agents.media import RATE, Frame, opened
from cuechain.agents.perception.acoustics.activity import speech_stretches
from cuechain.agents.perception.faces.lips import judged, moving, written
from cuechain.agents.perception.faces.movements import Seen, read
from cuechain.agents.perception.faces.tracks import Faces
from cuechain.agents.perception.people import link
from cuechain.agents.values import Cue, Span

STEP = 0.08
"""Seconds between frames."""


def seen_in(path: Path) -> Seen:
    """The largest face of a film, each second frame."""
    faces = Faces()
    with av.open(str(path)) as film:
        rate = float(film.streams.video[0].average_rate or 25)
        for i, frame in enumerate(film.decode(video=0)):
            if i % max(1, round(STEP * rate)) == 0:
                image = frame.to_ndarray(format="rgb24")
                faces.watch(Frame(i / rate, image, i, 0, 0.02, STEP, (image.shape[1], image.shape[0])))
    faces.close()
    return read(max(faces.people, key=lambda p: len(p.times)))


def shifted(seen: Seen, seconds: float, length: float) -> Seen:
    """The same face, begun later in its film, as long as is asked for: the film runs to its end, back to its beginning, and so on."""
    n, first = round(length / STEP), round(seconds / STEP)
    last = len(seen.times) - 1
    at = last - np.abs((first + np.arange(n)) % (2 * last) - last)
    times = np.arange(n) * STEP
    return replace(
        seen,
        times=times,
        holds=np.full(n, STEP),
        trust=seen.trust[at],
        talking=seen.talking[at],
        gap=seen.gap[at],
    )


def presence(person: str, seen: Seen, sound: np.ndarray) -> Cue:
    """What the face sense tells of somebody's lips."""
    return Cue(
        sense="face",
        text="a face is in view",
        span=Span(start=0, end=float(seen.times[-1] + STEP)),
        person=person,
        source="face",
        measures={"lips_seen_spans_s": written(judged(seen)), "lips_moving_spans_s": written(moving(seen, sound))},
    )


def linked(faces: list[Seen], sound: np.ndarray, label: str | None) -> list[str | None]:
    """The person that each stretch of speech gets; P1 is the first face."""
    told: dict[str, float | str] = {"speaker": label} if label else {}
    cues = [presence(f"P{i}", seen, sound) for i, seen in enumerate(faces, 1)]
    for start, end in said(sound):
        span = Span(start=start, end=end)
        cues.append(Cue(sense="voice", text="the voice is heard", span=span, source="voice", measures=told))
    return [c.person for c in link(cues) if c.sense == "voice"]


def said(sound: np.ndarray) -> list[tuple[float, float]]:
    """Stretches of speech, cut to 3 s at most as utterances are."""
    out: list[tuple[float, float]] = []
    for one in speech_stretches(sound, silence=0.25):
        edges = np.linspace(one.start, one.end, max(1, round(one.length / 2.5)) + 1)
        out += zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return out


def cases(data: Path) -> Iterator[tuple[str, str | None, list[Seen], np.ndarray]]:
    """What is tried, the right person, the faces, the sound."""
    videos = data / "media/videos"
    talk, demo = videos / "talking_wda_aoc.mp4", Path(__file__).parents[1] / "examples/demo.mp4"
    heads = {"talk": seen_in(talk), "demo": seen_in(demo), "smile": seen_in(videos / "pyfeat_single_face.mp4")}
    sounds: dict[str, np.ndarray] = {}
    for name, path in (("talk", talk), ("demo", demo)):
        with opened(path) as clip:
            sounds[name] = np.array(clip.sound)
    for name, sound in sounds.items():
        length = len(sound) / RATE
        speaker = shifted(heads[name], 0, length)
        quiet = shifted(heads["smile"], 0, length)
        still = replace(quiet, gap=quiet.gap[:1].repeat(len(quiet.times)), talking=quiet.talking & False)
        yield "a listener who smiles or is still", "P1", [speaker, quiet], sound
        yield "a listener who smiles or is still", "P1", [speaker, still], sound
        yield "a narrator over a silent face", None, [quiet], sound
        yield "a narrator over a silent face", None, [still], sound
        yield "the only face talks", "P1", [speaker], sound
        for shift in np.arange(1.5, 6.6, 0.5):
            yield (
                "a listener whose lips move to other words",
                "P1",
                [speaker, shifted(heads["talk"], shift, length)],
                sound,
            )


def figures(data: Path) -> Iterator[Figure]:
    """A row for each situation, voices unlabelled and labelled as one speaker."""
    counts: dict[tuple[str, str | None], Counter[str]] = {}
    for what, right, faces, sound in cases(data):
        for label in (None, "A"):
            for got in linked(faces, sound, label):
                own = right is None and got not in (None, *(f"P{i}" for i in range(1, len(faces) + 1)))
                kind = "right" if got == right or own else "nobody" if got is None else "wrong"
                counts.setdefault((what, label), Counter())[kind] += 1
    for (what, label), count in counts.items():
        n = sum(count.values())
        yield Figure(
            sense="people",
            what=f"who speaks, {what}, {'voice labelled' if label else 'voices unlabelled'}: right / wrong / nobody",
            value=f"{count['right'] / n:.2f} / {count['wrong'] / n:.2f} / {count['nobody'] / n:.2f}",
            baseline="nobody, where two faces are seen; the face, where one is",
            n=n,
            data="utterances of 2 talking heads (media/videos, examples/demo.mp4)",
        )


if __name__ == "__main__":
    for row in figures(Path(os.environ["CUECHAIN_DATA"])):
        print(f"{row.what}: {row.value} (n={row.n})")
