"""RECCON (Poria et al. 2021), the part from DailyDialog: which turns, and which words in them, cause a feeling.

A conversation is one item. A cause that the annotators found outside the conversation ("b", of the type latent) is no pair of turns:
it is told and left out, as the published task leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, json_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import CausePair, Sample, Target, Turn

EMOTIONS = ("neutral", "happiness", "sadness", "anger", "fear", "surprise", "disgust", "excited")

EVIDENCE, SPANS = "expanded emotion cause evidence", "expanded emotion cause span"


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Conversations in the order of the file.

    Raises:
        ConfigError: No such file, or it holds something else.
    """
    path = find(folder, f"dailydialog_{split}.json")
    found: Any = json_of(path)
    if not isinstance(found, dict):
        raise ConfigError(f"{path} is not RECCON's", "it has a list of turns for each conversation, under its id")
    for id, listed in found.items():
        turns: Any = listed[0] if isinstance(listed, list) and len(listed) == 1 else listed
        if not isinstance(turns, list) or not turns or not all(_whole(turn) for turn in turns):
            yield Fault(id, "broken", "a turn has no number, words or emotion")
            continue
        if [turn["turn"] for turn in turns] != list(range(1, len(turns) + 1)):
            yield Fault(id, "misaligned", "its turns are not numbered from 1 without holes, so causes point nowhere")
            continue
        pairs: list[CausePair] = []
        for turn in turns:
            for found_one in _pairs(id, turn, turns):
                if isinstance(found_one, Fault):
                    yield found_one
                elif found_one in pairs:
                    yield Fault(
                        id, "duplicate", f"turn {found_one.turn} has the cause '{found_one.span}' more than once"
                    )
                else:
                    pairs.append(found_one)
        said = tuple(Turn(speaker=str(turn.get("speaker", "")), text=turn["utterance"]) for turn in turns)
        yield Sample(id=id, group=id, turns=said, target=Target(pairs=tuple(pairs)))


def _whole(turn: Any) -> bool:
    return (
        isinstance(turn, dict)
        and isinstance(turn.get("turn"), int)
        and isinstance(turn.get("utterance"), str)
        and isinstance(turn.get("emotion"), str)
        and isinstance(turn.get(EVIDENCE, []), list)
        and isinstance(turn.get(SPANS, []), list)
    )


def _pairs(id: str, turn: dict[str, Any], turns: list[dict[str, Any]]) -> Iterator[CausePair | Fault]:
    """Causes of one turn's feeling."""
    number, word = turn["turn"], turn["emotion"].strip().lower()
    causes, spans = turn.get(EVIDENCE), turn.get(SPANS) or []
    if word not in EMOTIONS:
        yield Fault(id, "label_outside", f"turn {number}: '{word}' is none of {', '.join(EMOTIONS)}")
        return
    if causes is None:
        if word != "neutral":
            yield Fault(id, "no_label", f"turn {number} shows {word}, and nobody told why")
        return
    if len(causes) != len(spans):
        yield Fault(
            id, "misaligned", f"turn {number} has {len(causes)} causes and {len(spans)} spans; the spans are left out"
        )
        spans = [""] * len(causes)
    for cause, span in zip(causes, spans, strict=True):
        if cause == "b":
            yield Fault(id, "no_label", f"turn {number}: the cause lies outside the conversation")
        elif not isinstance(cause, int) or not 1 <= cause <= len(turns):
            yield Fault(id, "misaligned", f"turn {number}: its cause {cause!r} is no turn")
        else:
            if str(span) not in turns[cause - 1]["utterance"]:
                yield Fault(id, "misaligned", f"turn {number}: turn {cause} does not have the words '{span}'")
            yield CausePair(turn=number, emotion=word, cause=cause, span=str(span).strip())


RECCON = Dataset(
    "reccon",
    "RECCON-DD, causes of emotions in dialogues (Poria et al. 2021)",
    ("cause",),
    ("test", "valid", "train"),
    read,
    labels="reccon",
)
