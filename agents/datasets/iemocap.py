"""IEMOCAP (Busso et al. 2008): two actors a session, turns with times, a majority label, and ratings from 1 to 5."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import number_of
from cuechain.agents.datasets.clips import length_of
from cuechain.agents.datasets.files import lines_of
from cuechain.agents.datasets.media import SOUND, Shelf, shelf
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.values import Sample, Span, Target, Turn

CODES = {
    "ang": "angry", "hap": "happy", "exc": "excited", "sad": "sad", "neu": "neutral", "fru": "frustrated", "fea": "fearful",
    "sur": "surprised", "dis": "disgusted", "oth": "other",
}  # fmt: skip
SIX = {code: CODES[code] for code in ("hap", "sad", "neu", "ang", "exc", "fru")}
FOUR = {"hap": "happy", "exc": "happy", "sad": "sad", "neu": "neutral", "ang": "angry"}
"""Excitement counts as happiness, as four-class results are published."""

JUDGED = re.compile(r"\[(\d+\.?\d*) - (\d+\.?\d*)\]\s+(\S+)\s+(\w+)\s+\[(.*?)\]")
RATER = re.compile(r"C-(\w+):\s*([^(]*)")
SAID = re.compile(r"(\S+) \[(\d+\.?\d*)-(\d+\.?\d*)\]:\s*(.*)")
SLACK = 0.5
"""Seconds by which a sound may differ from its times."""


@dataclass
class _Judged:
    """One block of an evaluation file."""

    id: str
    start: float
    end: float
    code: str
    ratings: list[float | None]
    raters: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def read(folder: Path, split: str, *, names: dict[str, str]) -> Iterator[Sample | Fault]:
    """Judged turns of one session within their dialogues; the turn has its .wav where the folder holds sound.

    Raises:
        ConfigError: No such session, or one without evaluations.
    """
    wanted = split.capitalize()
    places = [folder] if folder.name == wanted else sorted(p for p in folder.rglob(wanted) if (p / "dialog").is_dir())
    evaluations = [p for place in places for p in sorted((place / "dialog" / "EmoEvaluation").glob("*.txt"))]
    if not evaluations:
        raise ConfigError(
            f"{folder} holds no {wanted}/dialog/EmoEvaluation/*.txt", "give the release as it is unpacked"
        )
    sounds = shelf(places[0] / "sentences" / "wav", SOUND)
    yield from sounds.told()
    for path in (p for p in evaluations if not p.name.startswith(".")):
        talk = path.parents[1] / "transcriptions" / path.name
        if not talk.is_file():
            yield Fault(path.stem, "missing", f"there is no {talk}")
            continue
        turns: dict[str, Turn] = {}
        for item in _turns(talk):
            if isinstance(item, Fault):
                yield item
            elif item[0] in turns:
                yield Fault(item[0], "duplicate", f"{talk.name} has it twice; the first one counts")
            else:
                turns[item[0]] = item[1]
        for item in _evaluations(path):
            yield from [item] if isinstance(item, Fault) else _sample(item, path.stem, turns, sounds, names)


def _turns(path: Path) -> Iterator[tuple[str, Turn] | Fault]:
    for number, line in enumerate(lines_of(path), 1):
        found = SAID.match(line)
        if found:
            name, start, end, words = found[1], float(found[2]), float(found[3]), found[4].strip()
            span = Span(start=start, end=end) if start < end else None
            yield name, Turn(speaker=f"{name[:5]}_{name.rpartition('_')[2][:1]}", text=words, span=span)
        elif line.strip():
            yield Fault(f"{path.name}:{number}", "broken", f"no turn with its times: {line.strip()[:60]}")


def _evaluations(path: Path) -> Iterator[_Judged | Fault]:
    block: _Judged | None = None
    for number, line in enumerate(lines_of(path), 1):
        if line.startswith("["):
            if block:
                yield block
            found, block = JUDGED.match(line), None
            if found:
                ratings = [number_of(x) for x in found[5].split(",")]
                block = _Judged(found[3], float(found[1]), float(found[2]), found[4].lower(), ratings)
            else:
                yield Fault(f"{path.name}:{number}", "broken", f"no judgement with its times: {line.strip()[:60]}")
        elif block and (found := RATER.match(line)):
            given = (word.strip() for word in found[2].split(";"))
            block.raters[found[1]] = tuple(CODES.get(w[:3].lower(), w.lower()) for w in given if w)
    if block:
        yield block


def _sample(
    one: _Judged, talk: str, turns: dict[str, Turn], sounds: Shelf, names: dict[str, str]
) -> Iterator[Sample | Fault]:
    turn, sound = turns.get(one.id), sounds.files(one.id)
    try:
        length = length_of(Path(sound[0])) if sound else None
    except MediaError as error:
        yield Fault(one.id, "broken", error.message)
        return
    if turn is None:
        yield Fault(one.id, "missing", "it is judged, but the transcription lacks it")
    elif one.code == "xxx":
        yield Fault(one.id, "no_label", "the raters do not agree")
    elif one.code not in names:
        yield Fault(
            one.id, "label_outside", f"'{CODES.get(one.code, one.code)}' is none of {', '.join(names.values())}"
        )
    elif turn.span is None or one.end <= one.start:
        yield Fault(one.id, "miscut", "it ends before it starts")
    elif abs(turn.span.start - one.start) > 0.05 or abs(turn.span.end - one.end) > 0.05:
        yield Fault(one.id, "misaligned", f"judged at {one.start:g} s, transcribed at {turn.span.start:g} s")
    elif sound is None:
        yield Fault(one.id, "missing", f"no {one.id}.wav below {sounds.folder}")
    elif length is not None and abs(length - (one.end - one.start)) > SLACK:
        yield Fault(one.id, "miscut", f"the sound has {length:.2f} s, its times {one.end - one.start:.2f} s")
    elif not turn.text and not sound:
        yield Fault(one.id, "empty", "a turn without words")
    else:
        scores: dict[str, float] = {}
        if len(one.ratings) == 3 and all(r is not None and 1 <= r <= 5 for r in one.ratings):
            whole = zip(("valence", "arousal", "dominance"), one.ratings, strict=True)
            scores = {key: ((r or 3.0) - 3) / 2 for key, r in whole}
        else:
            yield Fault(one.id, "broken", f"ratings {one.ratings} are not three numbers from 1 to 5: left out")
        talked = {**turns, one.id: turn.model_copy(update={"file": sound[0] if sound else None})}
        target = Target(labels=(names[one.code],), scores=scores, raters=one.raters)
        number = list(turns).index(one.id) + 1
        yield Sample(id=one.id, group=talk, turns=tuple(talked.values()), turn=number, target=target)


def _set(number: int, names: dict[str, str], more: str) -> Dataset:
    reader: Callable[..., Iterator[Sample | Fault]] = partial(read, names=names)
    return Dataset(
        f"iemocap{number}",
        f"IEMOCAP, {number} classes{more} (Busso et al. 2008); format from publications",
        ("emotion",),
        ("session5", "session1", "session2", "session3", "session4"),
        reader,
        labels=f"iemocap{number}",
        protocol=f"iemocap{number}",
        verified=False,
    )


IEMOCAP4 = _set(4, FOUR, ", excitement counted as happiness")
IEMOCAP6 = _set(6, SIX, "")
