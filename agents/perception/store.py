"""The cue cache: what a sense found in a clip, in a file named by all that decides about it.

Many processes may use one folder at once, and any of them may be killed at any moment: an entry is whole or absent. A cache that cannot
be read or written costs time, not the answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from cuechain.agents.frames import Reading
from cuechain.agents.media import PASS, Clip
from cuechain.agents.perception.sense import Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap

T = TypeVar("T")

FORGOTTEN = 3600.0
"""Seconds after which a half-written file is what somebody left who was killed: writing one takes milliseconds."""

_FOUND: TypeAdapter[list[Cue | Gap]] = TypeAdapter(list[Cue | Gap])
_READING: TypeAdapter[Reading] = TypeAdapter(Reading)


class Entry(Generic[T]):
    """One file of the cache; without a folder, nothing."""

    def __init__(self, adapter: TypeAdapter[T], settings: Settings, name: str, *key: object) -> None:
        digest = hashlib.sha256(json.dumps([PASS, name, *key]).encode()).hexdigest()[:40]
        self._adapter = adapter
        self._path = settings.cache and settings.cache / "cues" / digest[:2] / f"{name}-{digest}.json"

    def load(self) -> T | None:
        """What was stored, None where nothing was, or something that cannot be read."""
        if self._path is None:
            return None
        try:
            return self._adapter.validate_json(self._path.read_bytes())
        except (OSError, ValueError):  # absent, or written by another version: perceive anew
            return None

    def store(self, value: T) -> None:
        """Write whole or not at all."""
        if self._path is None:
            return
        part = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(self._path.parent)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, suffix=".part", delete=False) as file:
                part = Path(file.name)
                file.write(self._adapter.dump_json(value))
            os.replace(part, self._path)  # noqa: PTH105
        except (OSError, ValueError):  # ValueError: a measure or text that JSON cannot hold
            pass
        finally:
            if part:
                part.unlink(missing_ok=True)


def found(sense: type[Sense], clip: Clip, settings: Settings, heard: Sequence[Cue]) -> Entry[list[Cue | Gap]]:
    """What a sense finds, named by the clip, the tool, its options, the pictures it saw and the cues it heard."""
    if settings.cache is None:
        return Entry(_FOUND, settings, sense.name)
    looks = settings.fps if sense.watch is not Sense.watch else None
    said = hashlib.sha256(_FOUND.dump_json(list(heard))).hexdigest()
    options = sense.fingerprint(settings)
    return Entry(_FOUND, settings, sense.name, clip.digest, sense.source(), options, looks, said)


def reading(what: str, clip: Clip, settings: Settings) -> Entry[Reading]:
    """How far the picture or the sound of a clip could be decoded, so that damage is told again without decoding."""
    return Entry(_READING, settings, "media", clip.digest, what)


def _sweep(folder: Path) -> None:
    """Remove what the killed left behind, so that it cannot pile up."""
    for part in folder.glob("*.part"):
        with suppress(FileNotFoundError):  # its writer was faster
            if time.time() - part.stat().st_mtime > FORGOTTEN:
                part.unlink()
