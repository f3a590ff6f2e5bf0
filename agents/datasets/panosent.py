"""PanoSent (Luo et al. 2024): sextuples and sentiment flips in dialogues with pictures, sound and video.

It is published as many JSON files, each a list of dialogues, with the media of a file in a folder beside it; a file of JSON lines with
the same records and their `source_path` reads as well. The published utterances carry the gold elements as tags: they are taken out.
The gold was marked in another wording of the turns (`annotation`), so some of its words are in no utterance: that is told.
Where a turn's medium is not there, its published caption stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, json_lines, json_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Element, Flip, Sample, Sextuple, Target, Turn

ELEMENTS = ("holder", "target", "aspect", "opinion", "rationale")
POLARITIES: tuple[str, ...] = get_args(Sextuple.model_fields["sentiment"].annotation)

TRIGGERS = {
    "introduction of new information": "introduction of new information",
    "logical argumentation": "logical argumentation",
    "participant feedback and interaction": "participant feedback and interaction",
    "personal experience and self-reflection": "personal experience and self-reflection",
    "personal experiences and self-reflection": "personal experience and self-reflection",
}
"""What makes a sentiment flip, in the words of the files and of the task."""

MEDIA = {"img": "picture", "aud": "sound", "vid": "video"}

_OPENING, _CLOSING = re.compile(r"<\w+?_?\d*>\s*"), re.compile(r"\s*</\w+?_?\d*>")

Record = dict[str, Any]


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Dialogues of all files, in the order of their paths.

    Raises:
        ConfigError: No such file, or one is no JSON.
    """
    for root, source, record in _records(folder):
        if isinstance(record, Fault):
            yield record
            continue
        id = f"{source.removesuffix('.json')}/{record.get('doc_id', '')}"
        try:
            yield from _dialogue(id, record, root / source)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            yield Fault(id, "broken", f"the record is not of the published form: {type(error).__name__} {error}")


def _records(folder: Path) -> Iterator[tuple[Path, str, Record | Fault]]:
    """(folder, path of the file in it, record) of each dialogue."""
    lines = [folder] if folder.suffix in (".jsonl", ".gz") else sorted(folder.glob("*.jsonl*"))
    for path in lines:
        for number, record in json_lines(path):
            good = isinstance(record, dict)
            name = str(record.get("source_path", path.name)) if good else path.name
            yield path.parent, name, record if good else Fault(f"{path.name}:{number}", "broken", "a line is no object")
    if lines:
        return
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.json"))
    if not files:
        find(folder, "*.jsonl", "*.json")
    for path in files:
        root = path.parent if path == folder else folder
        found = json_of(path)
        if not isinstance(found, list):
            if path == folder:
                raise ConfigError(f"{path} is not PanoSent's", "its files are lists of dialogues")
            name = str(path.relative_to(root))
            yield root, name, Fault(name, "broken", "the file is no list of dialogues")
            continue
        for record in found:
            name = str(path.relative_to(root))
            yield root, name, record if isinstance(record, dict) else Fault(name, "broken", "a dialogue is no object")


def _dialogue(id: str, record: Record, source: Path) -> Iterator[Sample | Fault]:
    names = {speaker["id"]: str(speaker["name"]) for speaker in record["speakers"]}
    turns: list[Turn] = []
    for place, said in enumerate(record["dialogue"]):
        if said.get("index") != place:
            yield Fault(id, "misaligned", f"its turn {place + 1} has the index {said.get('index')}")
        if said.get("speaker") not in names:
            yield Fault(id, "misaligned", f"turn {place + 1} is said by {said.get('speaker')!r}, who is no speaker")
        reply = said.get("reply", -1)
        if not isinstance(reply, int) or not -1 <= reply < place:
            yield Fault(id, "misaligned", f"turn {place + 1} answers {reply!r}, which does not come before it")
            reply = -1
        text, file, faults = _seen(id, said, source)
        yield from faults
        if not text and file is None:
            yield Fault(id, "empty", f"turn {place + 1} has no words")
        turn = Turn(speaker=names.get(said.get("speaker"), ""), text=text, file=file, reply=reply + 1 or None)
        turns.append(turn)
    words = " ".join((*names.values(), *(t.text for t in turns), *map(_caption, record["dialogue"]))).lower()
    sextuples: list[Sextuple] = []
    for number, found in enumerate(record["hexatuple"], 1):
        one, faults = _sextuple(f"sextuple {number}", id, found)
        yield from faults
        sextuples += [one] if one else []
        lost = [
            key
            for key in ELEMENTS
            if one and getattr(one, key).explicit and getattr(one, key).text.lower() not in words
        ]
        if lost:
            yield Fault(id, "misaligned", f"sextuple {number}: no turn has the words of its {', '.join(lost)}")
    flips: list[Flip] = []
    listed: Any = record.get("sentiment flip")
    listed = [listed] if isinstance(listed, dict) else [] if listed in (None, "None") else listed
    for number, found in enumerate(listed, 1):
        flip, faults = _flip(f"flip {number}", id, found)
        yield from faults
        flips += [flip] if flip else []
    target = Target(sextuples=tuple(sextuples), flips=tuple(flips))
    yield Sample(id=id, group=id, turns=tuple(turns), target=target)


def _seen(id: str, said: Record, source: Path) -> tuple[str, str | None, list[Fault]]:
    """Words and medium of a turn: `exp.mod.flip/img/try.elec.json` has its pictures in `exp.mod.flip/img/elec/`."""
    text = _CLOSING.sub("", _OPENING.sub("", str(said["utterance"]))).strip()
    shown = said.get("modality")
    if not isinstance(shown, dict):
        return text, None, []
    topic = source.stem.rsplit(".", 1)[-1].rsplit("_", 1)[-1]
    name, kind = str(shown["id"]), str(shown["type"])
    places = [
        p for p in (source.parent / topic, source.parent / kind / topic, source.parent / topic / kind) if p.is_dir()
    ]
    files = [file for place in places for file in sorted(place.glob(f"{name}.*"))]
    faults = [Fault(id, "missing", f"there is no {name} of {topic}")] * (bool(places) and not files)
    if files:
        return text, str(files[0]), faults
    return f"{text} [{MEDIA.get(kind, kind)}: {_caption(said)}]", None, faults


def _caption(said: Record) -> str:
    """What a turn's medium shows or says; empty where it has none."""
    shown = said.get("modality")
    return str(shown.get("caption", "")).strip() if isinstance(shown, dict) else ""


def _sextuple(name: str, id: str, found: Record) -> tuple[Sextuple | None, list[Fault]]:
    lost = [key for key in ELEMENTS if not isinstance(found.get(key), dict) or "value" not in found[key]]
    if lost:
        return None, [Fault(id, "broken", f"{name} has no {lost[0]}")]
    if found.get("sentiment") not in POLARITIES:
        return None, [
            Fault(id, "label_outside", f"{name}: '{found.get('sentiment')}' is none of {', '.join(POLARITIES)}")
        ]
    parts: dict[str, Any] = {
        key: Element(text=str(found[key]["value"]).strip(), explicit=found[key].get("manner") != "implicit")
        for key in ELEMENTS
    }
    empty = [key for key, part in parts.items() if not part.text]
    return Sextuple(**parts, sentiment=found["sentiment"]), [
        Fault(id, "empty", f"{name}: its {key} has no words") for key in empty
    ]


def _flip(name: str, id: str, found: Record) -> tuple[Flip | None, list[Fault]]:
    before, after = str(found.get("initial sentiment")), str(found.get("flipped sentiment"))
    trigger = TRIGGERS.get(str(found.get("trigger type")).strip().lower())
    if before not in POLARITIES or after not in POLARITIES:
        return None, [
            Fault(id, "label_outside", f"{name}: from '{before}' to '{after}' is none of {', '.join(POLARITIES)}")
        ]
    if trigger is None:
        return None, [Fault(id, "label_outside", f"{name}: '{found.get('trigger type')}' is no trigger of the set")]
    parts = {key: str(found.get(key, "")).strip() for key in ("holder", "target", "aspect")}
    flip = Flip.model_validate({**parts, "initial": before, "flipped": after, "trigger": trigger})
    same = [Fault(id, "misaligned", f"{name} goes from {before} to {after}: nothing flips")]
    return flip, same if before == after else []


PANOSENT = Dataset(
    "panosent",
    "PanoSent, sextuples and sentiment flips in dialogues (Luo et al. 2024)",
    ("sextuple", "flip"),
    ("all",),
    read,
    protocol="panosent",
)
