"""Media of datasets whose folders have no fixed names: found by their own names, and told where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cuechain.agents.datasets import Fault

VIDEO = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".flv")
SOUND = (".wav", ".flac", ".mp3", ".m4a", ".ogg")
PICTURE = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp")


@dataclass(frozen=True)
class Shelf:
    """The media below a folder. Where it holds none at all the words stand alone, and one fault says so."""

    folder: Path
    """Where they were looked for."""
    paths: dict[str, str]
    """Name without suffix to path."""

    def told(self) -> Iterator[Fault]:
        """What is to be said before the first item."""
        if not self.paths:
            yield Fault(self.folder.resolve().name, "missing", f"no media below {self.folder}: the words stand alone")

    def files(self, *names: str) -> tuple[str, ...] | None:
        """The first of the names that is there; nothing where there are no media at all; None where this one is missing."""
        found = next((self.paths[name] for name in names if name in self.paths), None)
        return (found,) if found else None if self.paths else ()


def shelf(folder: Path, suffixes: tuple[str, ...], depth: int = 1) -> Shelf:
    """Media below a folder, or beside a file, by the last parts of their paths.

    Args:
        folder: As the user gave it.
        suffixes: With their dots, the preferred ones first where a name has several files.
        depth: How many parts of a path make a name: 2 for `video/clip`.
    """
    root = folder.parent if folder.is_file() else folder
    found = [p for p in root.rglob("*") if p.suffix.lower() in suffixes and not p.name.startswith(".")]
    found.sort(key=lambda p: (suffixes.index(p.suffix.lower()), p), reverse=True)
    return Shelf(root, {"/".join(p.with_suffix("").parts[-depth:]): str(p) for p in found})
