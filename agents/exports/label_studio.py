"""Label Studio: a task for each case with the answer as a prediction, and the labelling interface that shows it.

The format is that of Label Studio's import of pre-annotated tasks: https://labelstud.io/guide/predictions
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from cuechain.agents.exports.elan import clean
from cuechain.agents.exports.files import Whole
from cuechain.agents.exports.record import Origin, kind_of, rationale
from cuechain.agents.judged import confidence, gold_of, labels_said, task_of
from cuechain.agents.reason import labels_of
from cuechain.agents.values import Case, Cue, Kind, Media

RATE = 25
"""Frames a second by which Label Studio counts a video's time; its player is told the same rate, so what the file has does not matter."""

OBJECTS: dict[Kind, str] = {"video": "Video", "audio": "Audio", "image": "Image", "text": "Text"}
"""Tag that shows a medium."""

Result = dict[str, Any]


class Tasks:
    """One JSON file of tasks for each kind of medium, and its interface (.xml): a project shows one kind."""

    def __init__(self, folder: Path, origin: Origin) -> None:
        self.left: Counter[str] = Counter()
        self.written = 0
        self._folder, self._origin = folder, origin
        self._files: dict[Kind, Whole] = {}
        self._labels: dict[Kind, dict[str, None]] = {}
        self._senses: dict[Kind, dict[str, None]] = {}

    def add(self, case: Case) -> None:
        """Take the next case."""
        media = kind_of(case)
        if media is None:
            self.left["nothing to show"] += 1
            return
        kind = media.kind
        begun = kind not in self._files
        if begun:
            self._files[kind] = Whole(self._folder / f"{kind}.json")
            self._labels[kind], self._senses[kind] = {}, {}
        labels = (*labels_of(case.question, task_of(case)), *labels_said(case))
        self._labels[kind] |= dict.fromkeys(labels)
        self._senses[kind] |= dict.fromkeys(c.sense for c in case.sheet.cues.values())
        told = json.dumps(_task(case, media, self._origin), ensure_ascii=False)
        self._files[kind].out.write(("[\n" if begun else ",\n") + told)
        self.written += 1

    def finish(self) -> list[Path]:
        """Put the files in place."""
        done: list[Path] = []
        for kind, whole in self._files.items():
            whole.out.write("\n]\n")
            done.append(whole.finish())
            shown = Whole(self._folder / f"{kind}.xml")
            shown.out.write(interface(kind, self._labels[kind], self._senses[kind]))
            done.append(shown.finish())
        return done

    def drop(self) -> None:
        """Leave what was there before."""
        for whole in self._files.values():
            whole.drop()


def interface(kind: Kind, labels: Iterable[str], senses: Iterable[str]) -> str:
    """The labelling interface: the medium, the answer's labels, its reasons, and the cues it rests on where they have a place."""
    view = ET.Element("View")
    ET.SubElement(view, "Header", value="$question")
    shown = ET.SubElement(view, OBJECTS[kind], name="media", value=f"${kind}")
    if kind == "video":
        shown.set("framerate", str(RATE))
    if kind != "image":
        tag = "TimelineLabels" if kind == "video" else "Labels"
        marks = ET.SubElement(view, tag, name="cues", toName="media")
        for sense in senses:
            ET.SubElement(marks, "Label", value=clean(sense))
    if named := list(labels):
        choices = ET.SubElement(view, "Choices", name="answer", toName="media", choice="multiple", showInline="true")
        for label in named:
            ET.SubElement(choices, "Choice", value=clean(label))
    ET.SubElement(view, "TextArea", name="rationale", toName="media", editable="true", rows="4")
    ET.indent(view)
    return ET.tostring(view, "unicode") + "\n"


def _task(case: Case, media: Media, origin: Origin) -> dict[str, Any]:
    told = origin.of(case)
    place = told | {"question": case.question.text, "people_said": "; ".join(gold_of(case)), "error": case.error}
    data: dict[str, Any] = {
        media.kind: media.text or "" if media.kind == "text" else _address(media.path or ""),
        **place,
    }
    if case.answer is None:
        return {"data": data}
    result: list[Result] = []
    if labels := labels_said(case):
        result.append(_part(case, "answer", "choices", {"choices": list(labels)}))
    if text := rationale(case):
        result.append(_part(case, "rationale", "textarea", {"text": [text]}))
    cited = dict.fromkeys(i for c in case.answer.claims for i in c.cites if i in case.sheet.cues)
    for id in cited:
        cue = case.sheet.cues[id]
        if value := _place(case, cue, media):
            kind = "timelinelabels" if media.kind == "video" else "labels"
            told_of = {"meta": {"text": [f"[{id}] {cue.text}"]}}
            result.append(_part(case, "cues", kind, {**value, kind: [clean(cue.sense)]}, id) | told_of)
    prediction: dict[str, Any] = {"model_version": f"{case.model} {case.template_hash}", "result": result}
    if (sure := confidence(case.answer)) is not None:
        prediction["score"] = sure
    return {"data": data, "predictions": [prediction]}


def _part(case: Case, control: str, kind: str, value: dict[str, Any], cue: str = "") -> Result:
    key = f"{case.sample.id if case.sample else ''}/{control}/{cue}"
    name = hashlib.blake2b(key.encode(), digest_size=5).hexdigest()
    return {"id": name, "from_name": control, "to_name": "media", "type": kind, "value": value}


def _place(case: Case, cue: Cue, media: Media) -> dict[str, Any] | None:
    """Where a cue stands in the medium that is shown; None where it has no place in it."""
    if len(case.sheet.media) > 1 and cue.media != media.id:
        return None
    if media.kind == "text":
        return _written(cue, media)
    span = cue.span
    if span is None or media.kind == "image":
        return None
    if media.kind == "audio":
        return {"start": span.start, "end": max(span.end, span.start + 0.001), "channel": 0}
    first = 1 + math.floor(span.start * RATE)
    return {"ranges": [{"start": first, "end": max(first, math.ceil(span.end * RATE))}]}


def _written(cue: Cue, media: Media) -> dict[str, Any] | None:
    """The characters of the turn that a cue is about, as they stand in the text."""
    line, text = cue.measures.get("line"), media.text or ""
    if not isinstance(line, int | float) or not 1 <= line <= len(media.turns):
        return None
    start = 0
    for number, turn in enumerate(media.turns, 1):
        found = text.find(turn.text, start)
        if found < 0 or not turn.text:
            return None
        if number == int(line):
            return {"start": found, "end": found + len(turn.text), "text": turn.text}
        start = found + len(turn.text)
    return None


def _address(path: str) -> str:
    """Where Label Studio finds a file: an address as it is, a path through its local storage, whose root is then `/`."""
    return path if "://" in path else f"/data/local-files/?d={quote(str(Path(path).absolute()).lstrip('/'))}"
