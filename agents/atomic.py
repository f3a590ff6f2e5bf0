"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from cuechain.agents.errors import RunError


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        RunError: The disk is full or the folder cannot be written; nothing is left behind.
    """
    # A pipe or device is written to, not replaced.
    part = path.with_name(path.name + ".part") if path.is_file() or not path.exists() else path
    try:
        part.write_text(text, "utf-8")
        if part is not path:
            part.replace(path)
    except OSError as error:
        if part is not path:
            part.unlink(missing_ok=True)
        raise RunError(f"{path} cannot be written: {error.strerror}", "check the folder and the free space") from error
