"""A look at the clips that are sent, in a process of its own: a file that breaks a library breaks it there."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from cuechain.agents.errors import MediaError
from cuechain.agents.serve.order import Order
from cuechain.agents.serve.worker import Worker, WorkerDiedError
from cuechain.agents.settings import Settings

START = 120.0
"""Seconds that a new process may take until it is at work."""
LONGEST = 20.0
"""Seconds for the clips of one upload; their first pieces are decoded, not all of them."""


class Looks:
    """Looks at the clips of one upload after another. Threads may call it at once."""

    def __init__(self, settings: Settings) -> None:
        self._worker = Worker(settings)
        self._turn = threading.Lock()

    def start(self) -> None:
        """Start the process before the first clip comes."""
        with self._turn:
            self._worker.start()

    def at(self, owner: str, session: str, names: Sequence[str]) -> None:
        """See that clips of a session can be used.

        Raises:
            MediaError: One cannot.
        """
        with self._turn:
            try:
                said = self._said(Order(kind="look", owner=owner, session=session, names=tuple(names)))
            except WorkerDiedError as death:
                raise MediaError("the file breaks what opens it", "save it again with another program") from death
        if said is None:
            raise MediaError(
                f"it takes longer than {LONGEST:.0f} s to open the file", "save it again in another format"
            )
        if "error" in said:
            raise MediaError(said["error"], said.get("hint", ""))

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._worker.kill()

    def _said(self, order: Order) -> dict[str, str] | None:
        """The one message that an order gives; None where it takes too long."""
        self._worker.give(order)
        until = time.monotonic() + START
        while (left := until - time.monotonic()) > 0:
            message = self._worker.message(left)
            if message is not None and "taken" not in message:
                return message
            if message is not None:
                until = time.monotonic() + LONGEST
        self._worker.kill()
        return None
