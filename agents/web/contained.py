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


def clips_of(session: Session, folders: Sequence[Path] | None = None) -> list[Path]:
    """The clips of a session with links followed, if none leads out of where it may lie.

    A file that was copied into the session stays in its media folder. One that is used where it lies stays in `folders`, or, where none
    are named, in the folder in which its path says that it is: a path that has become a link since leads nowhere else.

    Args:
        session: Whose clips.
        folders: Where the local user's own files may lie.

    Raises:
        MediaError: One leads out: a conversation that was sent may name any file of this machine.
    """
    media = session.folder / "media"
    return [
        contained([path], [media] if path.parent == media else [path.parent] if folders is None else folders)[0]
        for path in session.files
    ]


def _checked(path: Path, allowed: Sequence[Path]) -> Path:
    real = _clip(path, allowed, "give a file that lies in one of them")
    if real.suffix.lower() in CONVERSATION_SUFFIXES:
        for turn in probe(real).turns:
            if turn.file:
                _clip(Path(turn.file), allowed, 'take "file" out of the turns and add those files as clips')
    return real


def _clip(path: Path, allowed: Sequence[Path], hint: str) -> Path:
    real = _inside(path, allowed, hint)
    for suffix in SUBTITLE_SUFFIXES:
        if real.with_suffix(suffix).exists():
            _inside(real.with_suffix(suffix), allowed, "take the link away that lies beside the clip")
    return real


def _inside(path: Path, allowed: Sequence[Path], hint: str) -> Path:
    name = ascii(path.name[:80])
    try:
        real = path.resolve(strict=True)
        regular = real.is_file()
        inside = any(real.is_relative_to(folder) for folder in allowed)
    except (OSError, ValueError, RuntimeError):  # not there, a NUL in it, links in a circle
        regular = inside = False
        real = path
    if not inside:  # one wording: which files exist elsewhere is nobody's business
        raise MediaError(f"{name} is not in the folders that may be opened", hint) from None
    if not regular:
        raise MediaError(f"{name} is not a regular file", "give a file")
    return real
