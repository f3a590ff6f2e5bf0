"""MUStARD (Castro et al. 2019) and MUStARD++ (Ray et al. 2022): sarcasm in sitcoms, a judged utterance after its context.

The clip of the utterance is beside its turn where the folder of clips is there; the clip of the context has no turns of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.clips import Clips
from cuechain.agents.datasets.files import find, json_of, table
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target, Turn

LABELS = ("not sarcastic", "sarcastic")

KINDS = {"PRO": "propositional", "EMB": "embedded", "ILL": "illocutionary", "LIK": "like-prefixed"}
"""Camp (2012), as MUStARD++ abbreviates them."""

EMOTIONS = (
    "anger", "excitement", "fear", "sadness", "surprise", "frustration", "happiness", "neutral", "disgust", "ridicule",
)  # fmt: skip
"""Of MUStARD++, nine and neutral."""


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Items of MUStARD's JSON.

    Raises:
        ConfigError: No such file, or it holds something else.
    """
    path = find(folder, "sarcasm_data.json", "sarcasm_data*.json")
    found: Any = json_of(path)
    if not isinstance(found, dict):
        raise ConfigError(f"{path} is not MUStARD's", "it has an object for each utterance, under its id")
    clips = Clips(folder, "utterances_final")
    for id, item in found.items():
        if not isinstance(item, dict) or not isinstance(item.get("utterance"), str):
            yield Fault(id, "broken", "it has no utterance")
            continue
        said, who = item.get("context", []), item.get("context_speakers", [])
        if not isinstance(said, list) or not isinstance(who, list):
            yield Fault(id, "broken", "its context is no list")
            continue
        if len(said) != len(who):
            yield Fault(id, "misaligned", f"{len(said)} turns of context and {len(who)} speakers; the others have none")
        names = [*who, *[""] * len(said)][: len(said)]
        turns = [Turn(speaker=str(name), text=str(text)) for name, text in zip(names, said, strict=True)]
        own = Turn(speaker=str(item.get("speaker", "")), text=item["utterance"])
        sarcastic = item.get("sarcasm")
        if not isinstance(sarcastic, bool):
            yield Fault(id, "no_label" if sarcastic is None else "label_outside", f"sarcasm is {sarcastic!r}")
        else:
            yield from _item(id, turns, own, Target(labels=(LABELS[sarcastic],)), *clips.find(id, f"{id}.mp4"))


def read_plus(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Items of MUStARD++'s table: rows of a scene, its context (`…_c_00`) before its utterance (`…_u`).

    Raises:
        ConfigError: No such table, or a column is missing.
    """
    path = find(folder, "mustard++_text.csv", "mustard++*.csv")
    needed = ("SCENE", "KEY", "SENTENCE", "SPEAKER", "Sarcasm", "Sarcasm_Type")
    clips = Clips(folder, "final_utterance_videos")
    scenes: dict[str, list[dict[str, str]]] = {}
    for line, row in table(path, (*needed, "Implicit_Emotion", "Explicit_Emotion", "Valence", "Arousal")):
        if row is None or not row["SCENE"].strip():
            yield Fault(f"{path.name}:{line}", "broken", "the row does not say which scene it belongs to")
        else:
            scenes.setdefault(row["SCENE"].strip(), []).append(row)
    for id, rows in scenes.items():
        judged = [r for r in rows if r["KEY"].strip().endswith("_u")]
        if len(judged) != 1:
            what = "duplicate" if judged else "misaligned"
            yield Fault(id, what, f"{len(judged)} of its rows are the utterance; there must be one")
            continue
        turns = [Turn(speaker=r["SPEAKER"].strip(), text=r["SENTENCE"]) for r in rows if r is not judged[0]]
        own = Turn(speaker=judged[0]["SPEAKER"].strip(), text=judged[0]["SENTENCE"])
        target, faults = _judged(id, judged[0])
        yield from faults
        if target is not None:
            yield from _item(id, turns, own, target, *clips.find(id, f"{id}_u.mp4"))


def _item(
    id: str, turns: list[Turn], own: Turn, target: Target, file: str | None, faults: list[Fault]
) -> Iterator[Sample | Fault]:
    yield from faults
    if not own.text.strip() and file is None:
        yield Fault(id, "empty", "an utterance without words")
        return
    whole = (*turns, own.model_copy(update={"file": file}))
    yield Sample(id=id, group=id, turns=whole, turn=len(whole), target=target)


def _judged(id: str, row: dict[str, str]) -> tuple[Target | None, list[Fault]]:
    """What people said of an utterance of MUStARD++; what lies outside its sets or scales is left out and told."""
    faults: list[Fault] = []
    if row["Sarcasm"].strip() not in ("0", "1", "0.0", "1.0"):
        what = "label_outside" if row["Sarcasm"].strip() else "no_label"
        return None, [Fault(id, what, f"Sarcasm is '{row['Sarcasm']}'")]
    sarcastic = int(float(row["Sarcasm"]))
    fields: dict[str, str] = {}
    kind = row["Sarcasm_Type"].strip().upper()
    if kind in KINDS:
        fields["kind"] = KINDS[kind]
    elif sarcastic or kind not in ("", "NONE"):
        faults.append(Fault(id, "label_outside", f"Sarcasm_Type is '{kind}'"))
    for column, name in (("Implicit_Emotion", "implicit_emotion"), ("Explicit_Emotion", "explicit_emotion")):
        emotion = row[column].strip().lower()
        if emotion in EMOTIONS:
            fields[name] = emotion
        else:
            faults.append(Fault(id, "label_outside", f"{column} is '{row[column]}'"))
    scores: dict[str, float] = {}
    for column in ("Valence", "Arousal"):
        number = row[column].strip()
        if number.removesuffix(".0") in map(str, range(1, 10)):
            scores[column.lower()] = (float(number) - 5) / 4  # 1 to 9 → -1 to 1
        else:
            faults.append(Fault(id, "label_outside", f"{column} is '{number}', not 1 to 9"))
    return Target(labels=(LABELS[sarcastic],), fields=fields, scores=scores), faults


MUSTARD = Dataset("mustard", "MUStARD, sarcasm in sitcoms (Castro et al. 2019)", ("sarcasm",), ("all",), read)
PLUS = Dataset(
    "mustardpp",
    "MUStARD++, sarcasm, its kinds and feelings in sitcoms (Ray et al. 2022)",
    ("sarcasm",),
    ("all",),
    read_plus,
    verified=False,
)
