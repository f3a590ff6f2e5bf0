"""ELAN annotation files (.eaf): a tier for each person and sense, and the answers beside them.

EAF 3.0 (Max Planck Institute for Psycholinguistics): times in milliseconds, and no two annotations of a tier overlap.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from cuechain.agents.exports.record import rationale
from cuechain.agents.exports.timelines import Clip, when
from cuechain.agents.judged import gold_of, shown_answer
from cuechain.agents.llm.one_cue import spoken
from cuechain.agents.values import Case

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow."""

_CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps allowed within this interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
}
"""The stereotypes that every EAF declares; the wording is the format's."""

Mark = tuple[int, int, str]
"""Begin and end in milliseconds, and what is said of that time."""


def eaf(clip: Clip) -> str | None:
    """The annotation document of a clip; None where nothing has a time."""
    tiers = list(_tiers(clip))
    if not tiers:
        return None
    root = ET.Element("ANNOTATION_DOCUMENT")
    root.attrib |= {
        "AUTHOR": "CueChain",
        "DATE": _made(clip),
        "FORMAT": "3.0",
        "VERSION": "3.0",
        f"{{{XSI}}}noNamespaceSchemaLocation": SCHEMA,
    }
    _header(root, clip)
    order = ET.SubElement(root, "TIME_ORDER")
    times: list[tuple[int, ET.Element, str]] = []
    count = 0
    for name, person, marks in tiers:
        tier = ET.SubElement(root, "TIER", TIER_ID=name, LINGUISTIC_TYPE_REF="cue")
        if person:
            tier.set("PARTICIPANT", person)
        for begin, end, text in marks:
            count += 1
            holder = ET.SubElement(ET.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ANNOTATION_ID=f"a{count}")
            ET.SubElement(holder, "ANNOTATION_VALUE").text = text
            times += [(begin, holder, "TIME_SLOT_REF1"), (end, holder, "TIME_SLOT_REF2")]
    for number, (time, holder, name) in enumerate(sorted(times, key=lambda one: one[0]), 1):
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}", TIME_VALUE=str(time))
        holder.set(name, f"ts{number}")
    ET.SubElement(root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID="cue", TIME_ALIGNABLE="true", GRAPHIC_REFERENCES="false")
    for name, about in _CONSTRAINTS.items():
        ET.SubElement(root, "CONSTRAINT", STEREOTYPE=name, DESCRIPTION=about)
    ET.register_namespace("xsi", XSI)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _made(clip: Clip) -> str:
    """When the run was last written to: an export of the same run is the same file."""
    cases = clip.origin.folder / "cases.jsonl"
    time = cases.stat().st_mtime if cases.is_file() else 0
    return datetime.fromtimestamp(int(time), UTC).isoformat()


def _header(root: ET.Element, clip: Clip) -> None:
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    path = clip.media.path or ""
    place = path if "://" in path else Path(path).absolute().as_uri()
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    media = ET.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=place, MIME_TYPE=kind)
    if way := _way(path, clip.folder):
        media.set("RELATIVE_MEDIA_URL", way)
    told: dict[str, set[str]] = {}
    for case in clip.cases:
        for name, value in clip.origin.of(case).items():
            told.setdefault(name, set()).update([value] if value else [])
    for name, values in told.items():
        ET.SubElement(header, "PROPERTY", NAME=f"cuechain:{name}").text = clean(" ".join(sorted(values)))


def _way(path: str, folder: Path) -> str | None:
    """From the annotations to the file, so that both may be moved together; None where no way leads there."""
    if "://" in path:
        return None
    try:
        way = os.path.relpath(Path(path).resolve(), folder.resolve())
    except ValueError:  # another drive
        return None
    told = quote(Path(way).as_posix())
    return told if told.startswith("../") else f"./{told}"


def _tiers(clip: Clip) -> Iterator[tuple[str, str, list[Mark]]]:
    """Name, participant and annotations of each tier: cues by person and sense, then answers, their reasons and what people said."""
    found: dict[tuple[str, str], list[Mark]] = {}

    def put(person: str | None, what: str, start: float, end: float, text: str) -> None:
        begin = round(start * 1000)
        value = clean(text).strip()
        if value:
            mark = (begin, max(round(end * 1000), begin + 1), value)
            found.setdefault((clean(person or ""), what), []).append(mark)

    for id, cue in clip.cues():
        if cue.span:
            words = spoken(cue.text) if cue.sense == "transcript" else cue.text
            put(cue.person, cue.sense, cue.span.start, cue.span.end, f"[{id}] {words}")
    for case in clip.cases:
        start, end = when(case).start, when(case).end
        person = case.answer.person if case.answer else None
        put(person, "answer", start, end, shown_answer(case))
        put(person, "rationale", start, end, _reasons(clip, case))
        put(None, "people said", start, end, ", ".join(gold_of(case)))
    taken: set[str] = set()
    for (person, what), marks in found.items():
        for lane in _lanes(marks):
            name, number = f"{person} {what}".strip(), 1
            while (unique := name if number == 1 else f"{name} ({number})") in taken:
                number += 1
            taken.add(unique)
            yield unique, person, lane


def _reasons(clip: Clip, case: Case) -> str:
    """An answer in prose, with its citations by the names that cues have in this file."""
    cites = {i for claim in (case.answer.claims if case.answer else ()) for i in claim.cites}

    def named(found: re.Match[str]) -> str:
        ids = found[1].split(", ")
        return f"[{', '.join(clip.named(case, i) for i in ids)}]" if cites.issuperset(ids) else found[0]

    return re.sub(r"\[([^][]+)]", named, rationale(case))


def _lanes(marks: list[Mark]) -> Iterator[list[Mark]]:
    """Marks in as few rows as hold no overlap."""
    lanes: list[list[Mark]] = []
    for mark in sorted(set(marks)):
        free = next((lane for lane in lanes if lane[-1][1] <= mark[0]), None)
        if free is None:
            lanes.append([mark])
        else:
            free.append(mark)
    yield from lanes


def clean(text: str) -> str:
    """A text without what XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("", text)
