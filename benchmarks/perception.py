"""Every figure of perception in one table, measured with the product's own code on real files.

    CUECHAIN_DATA=folder python benchmarks/perception.py [--part NAME ...]      # prints Markdown

Each part is a module beside this one with `figures(data)`; `speed` comes last and is worth nothing on a busy machine.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from figures import Figure

PARTS = ("transcript", "words", "voice", "faces", "screen", "scene", "speed")


def table(rows: Iterable[Figure]) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as it is measured."""
    yield "| sense | what | value | baseline | n | data |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        cells = (row.sense, row.what, row.value, row.baseline, f"{row.n:,}", row.data)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def measured(parts: Iterable[str], data: Path) -> Iterator[Figure]:
    """The rows of each part. A part that cannot be measured is told on stderr and costs no other part."""
    for name in parts:
        try:
            yield from importlib.import_module(name).figures(data)
        except ModuleNotFoundError as error:
            reason = "there is no such part" if error.name == name else f"{error.name} is not installed"
            print(f"{name}: {reason}", file=sys.stderr)
        except FileNotFoundError as error:
            print(f"{name}: {error.filename} is missing from CUECHAIN_DATA", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="measure these alone")
    given = parser.parse_args()
    folder = os.environ.get("CUECHAIN_DATA", "")
    if not Path(folder or "/nowhere").is_dir():
        sys.exit(
            f"error: CUECHAIN_DATA names no folder ({folder or 'it is not set'})\nhint: it holds train/, eval/ and media/"
        )
    for line in table(measured(given.part, Path(folder))):
        print(line, flush=True)


if __name__ == "__main__":
    main()
