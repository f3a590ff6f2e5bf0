"""Files that are written bit by bit and stand whole at the end, or as they were before."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Protocol

from cuechain.agents.values import Case

_UNSAFE = re.compile(r"[^\w.@+ -]+")

LONGEST_NAME = 80
"""Characters of a file name that is made of a clip's or an item's, within the 255 bytes of common file systems."""


class Whole:
    """A text file that replaces what was there when it is finished."""

    def __init__(self, path: Path) -> None:
        """Begin it.

        Raises:
            OSError: The folder cannot be written to.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        # newline="": csv writes its own line ends, the others write \n.
        self.out = self.part.open("w", encoding="utf-8", errors="replace", newline="")

    def finish(self) -> Path:
        """Put it in place."""
        self.out.close()
        self.part.replace(self.path)
        return self.path

    def drop(self) -> None:
        """Leave what was there before."""
        self.out.close()
        self.part.unlink(missing_ok=True)


class Export(Protocol):
    """One form of a run: takes its cases one by one, and is finished or dropped."""

    left: Counter[str]
    """Why cases that came through the gate have no place in this form, counted."""
    written: int
    """Rows, annotations or files, whichever is counted for this form."""

    def add(self, case: Case) -> None:
        """Take the next case."""
        ...

    def finish(self) -> list[Path]:
        """Put the files in place; which they are."""
        ...

    def drop(self) -> None:
        """Leave nothing half-written behind."""
        ...


class OneFile:
    """What forms have in common that are one text file."""

    def __init__(self, path: Path) -> None:
        """Begin it.

        Raises:
            OSError: The folder cannot be written to.
        """
        self.left: Counter[str] = Counter()
        self.written = 0
        self._file = Whole(path)

    def finish(self) -> list[Path]:
        """Put the file in place."""
        return [self._file.finish()]

    def drop(self) -> None:
        """Leave what was there before."""
        self._file.drop()


def safe_name(name: str, taken: set[str]) -> str:
    """A file name made of any text, unlike those that are taken (capitals aside: some file systems do not tell them apart)."""
    plain = _UNSAFE.sub("_", name).strip(" ._")[:LONGEST_NAME] or "clip"
    chosen, number = plain, 1
    while chosen.lower() in taken:
        number += 1
        chosen = f"{plain}-{number}"
    taken.add(chosen.lower())
    return chosen
