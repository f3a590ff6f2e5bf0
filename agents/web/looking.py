"""A look at a file that was sent, so that one that cannot be used never becomes part of a conversation."""

from __future__ import annotations

from pathlib import Path

from cuechain.agents.errors import CueChainError, MediaError
from cuechain.agents.media import opened
from cuechain.agents.probe import container_of
from cuechain.agents.web.contained import contained


def look(path: Path) -> None:
    """Open a file and decode its first piece.

    Raises:
        MediaError: It is empty, none of the formats that are let in, broken from its beginning, or names files that lie elsewhere.
    """
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path.name} is empty", "choose another file")
        contained([path], [path.parent])
        with opened(path) as clip:
            next(clip.frames(1.0), None)
            if clip.media.kind == "audio":
                _hear(path)
    except CueChainError as error:  # whoever sent the file knows it by its name, and need not know where it lies here
        raise MediaError(error.message.replace(str(path), path.name), error.hint) from error


def _hear(path: Path) -> None:
    from av.error import FFmpegError

    with container_of(path) as container:
        try:
            next(container.decode(audio=0))
        except (FFmpegError, StopIteration) as error:
            raise MediaError(f"nothing in {path.name} could be decoded", "is the file complete?") from error
