"""Files that come from outside: harmless names, bounded sizes, lines that are whole."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import BinaryIO

from cuechain.agents.errors import ConfigError, MediaError

_PIECE = 1 << 20
_LONGEST = 80
"""Characters of a stored file's name: file systems take 255 bytes, and a character has up to four."""


def safe_name(name: str) -> str:
    """A harmless form of a file's name: its last part, printable, without leading dots, its suffix kept.

    Raises:
        ConfigError: Nothing is left of it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = re.sub(r"[^\w.,()+ -]", "_", last).strip(" .").lstrip("-")
    if not clean:
        raise ConfigError("the file has no name", "give it one with a suffix, such as clip.mp4")
    stem, dot, suffix = clean.rpartition(".")
    return clean if len(clean) <= _LONGEST else (stem or clean)[: _LONGEST - 10] + (dot + suffix[:8] if stem else "")


def free(folder: Path, name: str) -> Path:
    """A path in the folder that is not taken: clip.mp4, clip-2.mp4 …"""
    path = folder / name
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path


def copy(stream: BinaryIO, target: Path, most: int | None) -> None:
    """Copy a stream piece by piece into a file.

    Raises:
        MediaError: It has more than `most` bytes.
    """
    size = 0
    with target.open("wb") as out:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if most is not None and size > most:
                raise MediaError(f"the file has more than {most / 2**20:.0f} MiB", "cut it, or raise the limit")
            out.write(piece)


def drop_half(file: BinaryIO) -> None:
    """Cut off a last line that was not written to its end, so that lines and turns count the same."""
    size = end = file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _PIECE)
        file.seek(begin)
        if (place := file.read(end - begin).rfind(b"\n")) >= 0:
            end = begin + place + 1
            break
        end = begin
    if end < size:
        file.truncate(end)
