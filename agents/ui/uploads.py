"""Which clips may come in: so many at once, so many in one conversation, and none that the disk cannot take."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cuechain.agents.errors import CueChainError, MediaError
from cuechain.agents.sessions import Session

MOST_CLIPS = 12
"""Clips of one conversation."""
AT_ONCE = 32
"""Uploads at a time."""
EACH = 8
"""Uploads of one owner at a time."""
FREE = 2**30
"""Bytes of the disk that uploads leave."""


class BusyError(CueChainError):
    """Too many uploads at once."""


class FullError(CueChainError):
    """The disk is full."""


class Uploads:
    """Counts what comes in; lives in one event loop."""

    def __init__(self) -> None:
        self._owners: Counter[str] = Counter()
        self._sessions: Counter[str] = Counter()

    @contextmanager
    def place(self, owner: str, session: Session | None, size: int, folder: Path) -> Generator[None]:
        """Let a clip in; those that still come count for their conversation too.

        Args:
            owner: Who sends it.
            session: The conversation that it is for; None for a new one.
            size: Bytes, as far as they are told.
            folder: Where it will lie.

        Raises:
            BusyError: Too many come at once.
            FullError: The disk cannot take it.
            MediaError: The conversation has all the clips that it may have.
        """
        if self._owners.total() >= AT_ONCE or self._owners[owner] >= EACH:
            raise BusyError("too many uploads at once", "try again when the others are done")
        if shutil.disk_usage(folder).free - 2 * size < FREE:  # it lies there twice for a moment
            raise FullError("the disk of the server is full", "delete conversations that are not needed")
        id = session.id if session else ""
        if session and len(session.files) + self._sessions[id] >= MOST_CLIPS:
            raise MediaError(f"this conversation has {MOST_CLIPS} clips", "start another one")
        self._owners[owner] += 1
        self._sessions[id] += 1
        try:
            yield
        finally:
            self._owners[owner] -= 1
            self._sessions[id] -= 1
            self._owners, self._sessions = +self._owners, +self._sessions
