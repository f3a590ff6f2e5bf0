"""MMLA (Zhang et al. 2025): utterances with intent, dialogue act, speaking style or communication behaviour, one folder a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, table
from cuechain.agents.datasets.media import SOUND, VIDEO, shelf
from cuechain.agents.values import Sample, Target

ACTS = (
    "greeting", "question", "answer", "statement-opinion", "statement-non-opinion", "apology", "command", "agreement", "disagreement",
    "acknowledge", "backchannel", "others",
)  # fmt: skip
LABELS: dict[str, tuple[str, ...]] = {
    "MIntRec": (
        "complain", "praise", "apologise", "thank", "criticize", "agree", "taunt", "flaunt", "joke", "oppose", "comfort", "care",
        "inform", "advise", "arrange", "introduce", "leave", "prevent", "greet", "ask for help",
    ),
    "MIntRec2.0": (
        "acknowledge", "advise", "agree", "apologise", "arrange", "ask for help", "asking for opinions", "care", "comfort",
        "complain", "confirm", "criticize", "doubt", "emphasize", "explain", "flaunt", "greet", "inform", "introduce", "invite",
        "joke", "leave", "oppose", "plan", "praise", "prevent", "refuse", "taunt", "thank", "warn",
    ),
    "MELD-DA": ACTS,
    "IEMOCAP-DA": ACTS,
    "UR-FUNNY": ("humorous", "serious"),
    "MUStARD": ("sincere", "sarcastic"),
    "AnnoMi-client": ("neutral", "change", "sustain"),
    "AnnoMi-therapist": ("question", "therapist_input", "reflection", "other"),
}  # fmt: skip
"""Labels by folder, in the words of the files and in their order."""


def read(folder: Path, split: str, *, part: str, column: str) -> Iterator[Sample | Fault]:
    """Utterances of one source; clips are video/SOURCE_ID.mp4.

    Raises:
        ConfigError: No table of this split with id, utterance and the column of the labels.
    """
    home = next((p for p in sorted(folder.glob(f"{part}*")) if p.is_dir() and p.name in FOLDERS[part]), folder)
    path, clips = find(home, f"{split}.tsv"), shelf(home, VIDEO + SOUND)
    yield from clips.told()
    known = LABELS[part]
    for line, row in table(path, ("id", "utterance", column), delimiter="\t"):
        if row is None:
            yield Fault(f"{path.name}:{line}", "broken", "another number of cells than the header")
            continue
        id, text, label = row["id"].strip(), _plain(row["utterance"]), row[column].strip().lower()
        files = clips.files(*(f"{name}_{id}" for name in FOLDERS[part]), id)
        if not id:
            yield Fault(f"{path.name}:{line}", "broken", "no id")
        elif not label:
            yield Fault(id, "no_label", "no label")
        elif label not in known:
            yield Fault(id, "label_outside", f"'{label}' is none of {', '.join(known)}")
        elif files is None:
            yield Fault(id, "missing", f"no clip {id} below {clips.folder}")
        elif not text and not files:
            yield Fault(id, "empty", "no words")
        else:
            yield Sample(id=id, group=id, text=text or None, files=files, target=Target(labels=(label,)))


FOLDERS = {part: (part, f"{part}-v2") for part in LABELS}
"""Names of a source's folder."""


def _plain(cell: str) -> str:
    """A cell without the quotes that the publication's writer (pandas) sets around one that holds quotes."""
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return (cell[1:-1].replace('""', '"') if whole else cell).strip()


def _part(part: str, column: str, about: str) -> Dataset:
    reader: Callable[..., Iterator[Sample | Fault]] = partial(read, part=part, column=column)
    told = f"MMLA, {about} (Zhang et al. 2025); format from publications"
    labels = part.lower().removesuffix(".0")
    splits = ("test", "dev", "train")
    return Dataset(f"mmla-{labels}", told, ("dialogue",), splits, reader, labels=labels, verified=False)


MINTREC = _part("MIntRec", "intent", "20 intents of MIntRec")
MINTREC2 = _part("MIntRec2.0", "intent", "30 intents of MIntRec2.0")
MELD_ACTS = _part("MELD-DA", "dialogue_act", "dialogue acts in MELD")
IEMOCAP_ACTS = _part("IEMOCAP-DA", "dialogue_act", "dialogue acts in IEMOCAP")
UR_FUNNY = _part("UR-FUNNY", "speaking_style", "humorous or serious, UR-FUNNY")
MUSTARD_STYLE = _part("MUStARD", "speaking_style", "sincere or sarcastic, MUStARD")
CLIENT = _part("AnnoMi-client", "communication_behavior", "what clients do, AnnoMI")
THERAPIST = _part("AnnoMi-therapist", "communication_behavior", "what therapists do, AnnoMI")
