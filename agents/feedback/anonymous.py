"""Records without what says whose they are: names of files and folders, the owner, the session, and notes."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from cuechain.agents.feedback.records import Record
from cuechain.agents.values import Case

_FOLDERS = re.compile(r"(?:~|\.{1,2})?/(?:[^/\s:+\"']+/)*")
"""Folders of a path."""


def anonymous(record: Record) -> Record:
    """The same record, with `m1.mp4` for the file of m1, and no word of its owner.

    What is said in a clip, and names that people call each other there, stay: they are what an answer rests on.
    """
    raw = record.model_dump(mode="json")
    model = _FOLDERS.sub("", record.case.model)
    raw["case"] |= {"sample": None, "model": model}
    group = record.case.sample.group if record.case.sample else ""
    if group:
        raw["group"] = _digest(group)
    raw["provenance"] |= {"session": _digest(record.provenance.session), "owner": None, "note": "", "model": model}
    kind = type(record.case.answer) if record.case.answer else None
    names = sorted(_files(record.case).items(), key=lambda pair: -len(pair[0]))
    return Record.model_validate(_without(raw, [*names, (str(Path.home()), "~")]), context={"answer": kind})


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:16]


def _files(case: Case) -> dict[str, str]:
    """Paths and names of a case's files to what they are called instead; whole paths, and names by themselves."""
    names: dict[str, str] = {}
    for media in case.sheet.media:
        for place, path in enumerate(f for f in (media.path, *(t.file for t in media.turns)) if f):
            plain = f"{media.id}{f'-{place}' if place else ''}{PurePath(path).suffix.lower()}"
            names |= {path: plain, PurePath(path).name: plain}
    return names


def _without(value: Any, names: list[tuple[str, str]]) -> Any:
    """A JSON value with some words put in place of others."""
    if isinstance(value, str):
        for name, plain in names:
            value = value.replace(name, plain)
        return value
    if isinstance(value, list):
        return [_without(one, names) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items()}
    return value
