"""Which files may be opened for somebody: those in folders that are theirs, and nothing that such a file points to outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cuechain.agents.conversation import CONVERSATION_SUFFIXES
from cuechain.agents.errors import MediaError
from cuechain.agents.media import probe
from cuechain.agents.sessions import Session
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES


def contained(paths: Iterable[str | Path], folders: Sequence[Path]) -> list[Path]:
    """The same files with links followed, if they lie in the folders together with all that is opened with them.

    A conversation names the files of its turns, and subtitles are read that lie beside a clip: both are looked at too.

    Raises:
        MediaError: One lies elsewhere, does not exist, or is a conversation that cannot be read.
    """
    allowed = [folder.resolve() for folder in folders]
    return [_checked(Path(path), allowed) for path in paths]


def clips_of(session: Session) -> list[Path]:
    """The clips of a session, if none leads out of the folder that it lies in.

    Raises:
        MediaError: One does: a conversation that was sent may name any file of this machine.
    """
    return [contained([path], [path.resolve().parent])[0] for path in session.files]


def _checked(path: Path, allowed: Sequence[Path]) -> Path:
    real = _clip(path, allowed)
    if real.suffix.lower() in CONVERSATION_SUFFIXES:
        for turn in probe(real).turns:
            if turn.file:
                _clip(Path(turn.file), allowed)
    return real


def _clip(path: Path, allowed: Sequence[Path]) -> Path:
    real = _inside(path, allowed)
    for suffix in SUBTITLE_SUFFIXES:
        if real.with_suffix(suffix).exists():
            _inside(real.with_suffix(suffix), allowed)
    return real


def _inside(path: Path, allowed: Sequence[Path]) -> Path:
    name = ascii(path.name[:80])
    try:
        real = path.resolve(strict=True)
        regular = real.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # not there, a NUL in it, links in a circle
        raise MediaError(f"{name} does not exist", "check the path") from error
    if not any(real.is_relative_to(folder) for folder in allowed):
        raise MediaError(f"{name} lies outside the folders that may be opened", "copy it into one")
    if not regular:
        raise MediaError(f"{name} is not a regular file", "give a file")
    return real
