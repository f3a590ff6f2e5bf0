"""How many clips one conversation may have, those that still come counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from cuechain.agents.errors import MediaError
from cuechain.agents.sessions import Session

MOST_CLIPS = 12
"""Clips of one conversation."""


class Clips:
    """Counts the clips that come for each conversation; lives in one event loop."""

    def __init__(self) -> None:
        self._sessions: Counter[str] = Counter()

    @contextmanager
    def place(self, session: Session | None) -> Generator[None]:
        """Let a clip in; None stands for a conversation that it begins.

        Raises:
            MediaError: The conversation has all the clips that it may have.
        """
        if session is None:
            yield
            return
        if len(session.files) + self._sessions[session.id] >= MOST_CLIPS:
            raise MediaError(f"this conversation has {MOST_CLIPS} clips", "start another one")
        self._sessions[session.id] += 1
        try:
            yield
        finally:
            self._sessions[session.id] -= 1
            self._sessions = +self._sessions
