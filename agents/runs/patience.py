"""Waiting for the server of a model that goes away in the middle of a run, or that wants to be asked less often.

Without it, a server that restarts costs every item that is asked about meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock
from typing import TypeVar

from cuechain.agents.errors import ModelError, RunError
from cuechain.agents.llm.failures import is_away, is_throttled, wait_asked

T = TypeVar("T")

MOST = 600.0
"""Seconds that a server may be away before the run ends: loading a large model takes minutes."""

FIRST, LONGEST = 2.0, 30.0
"""Seconds between two tries: twice as long each time, from the one to the other."""

AGAIN = 1
"""Further tries of a question that a server which is there fails at: it may have been about to die."""

STRANGERS = 10
"""Items in a row that a server which never answered may cost; then the run ends."""


class Patience:
    """What all know who ask one server at once: whether it answers."""

    def __init__(self, stage: Callable[[str], None]) -> None:
        self._stage = stage
        self._met = False
        self._refused = 0
        self._lock = Lock()
        self._over = Event()

    def asked(self, ask: Callable[[], T]) -> T:
        """What asking gives; again and again while a server that was there is away, or says that it is asked too often.

        Raises:
            ModelError: It is this question that fails, not the server; or the server has never answered.
            RunError: The server has been away for too long: the run ends.
        """
        begun, pause, alone = time.monotonic(), FIRST, 0
        while True:
            try:
                found = ask()
            except ModelError as error:
                alone += not (is_away(error) or is_throttled(error))
                if not error.retryable or alone > AGAIN:
                    raise
                self._judge(error, time.monotonic() - begun)
                if self._over.wait(max(pause, wait_asked(error))):
                    raise
                pause = min(2 * pause, LONGEST)
                continue
            with self._lock:
                self._met = True
                if self._refused:
                    self._refused = 0
                    self._stage("")
            return found

    def _judge(self, error: ModelError, seconds: float) -> None:
        """Raise where waiting is of no use."""
        with self._lock:
            self._met |= is_throttled(error)
            if not self._met:
                self._refused += 1
                if self._refused >= STRANGERS:
                    raise away(error) from error
                raise error
            if seconds > MOST:
                raise away(error) from error
            self._refused += 1
            if is_throttled(error):
                self._stage("the server wants fewer questions; waiting")
            elif is_away(error):
                self._stage("the server is away; waiting for it")

    def give_up(self) -> None:
        """Nobody waits any more."""
        self._over.set()


def away(error: ModelError) -> RunError:
    """The end of a run whose server does not answer."""
    return RunError(error.message, f"{error.hint}; what is done is kept, and the same command goes on")
