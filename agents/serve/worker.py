"""A process that carries out orders, one at a time.

What it sends back is JSON: it has read strangers' files, so nothing that comes from it is unpickled.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from cuechain.agents.serve.order import Order, carried_out
from cuechain.agents.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from cuechain.agents.llm import Model

MOST_MESSAGE = 64 * 2**20
"""Bytes of one message of a worker; a sheet has under one MiB."""


class WorkerDiedError(Exception):
    """The process ended in the middle of an order; says how."""


class Worker:
    """One process; started when it is needed and after it died."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Start the process, if it does not run."""
        if self._process is not None and self._process.is_alive():
            return
        self.kill()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._settings), daemon=True, name="worker")
        self._process.start()
        theirs.close()

    def give(self, order: Order) -> None:
        """Hand over an order."""
        self.start()
        assert self._pipe is not None
        try:
            self._pipe.send_bytes(order.model_dump_json().encode())
        except OSError:  # it died between two orders
            self.kill()
            self.start()
            self._pipe.send_bytes(order.model_dump_json().encode())

    def message(self, seconds: float) -> dict[str, Any] | None:
        """The next message; None where none comes in time.

        Raises:
            WorkerDiedError: It never will.
        """
        assert self._pipe is not None and self._process is not None
        try:
            if not self._pipe.poll(seconds):
                return None
            return json.loads(self._pipe.recv_bytes(MOST_MESSAGE))
        except (EOFError, OSError, ValueError) as error:
            self._process.join(5)
            code = self._process.exitcode
            self.kill()
            how = f"was killed by signal {-code}" if code and code < 0 else f"ended with exit code {code}"
            raise WorkerDiedError(f"the process that was at it {how}") from error

    def kill(self) -> None:
        """End the process, whatever it is at."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _work(pipe: Connection, settings: Settings) -> None:
    """A worker's life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it stops it
    os.dup2(2, 1)  # libraries that print must not print into what a protocol reads
    threading.Thread(target=_outlived, daemon=True).start()
    models: dict[str, Model] = {}
    try:
        while True:
            order = Order.model_validate_json(pipe.recv_bytes())
            pipe.send_bytes(b'{"taken": true}')
            for message in carried_out(order, settings, models):
                pipe.send_bytes(json.dumps(message).encode())
    except (EOFError, OSError):  # nobody wants more
        pass


def _outlived() -> None:
    """End the process when who started it is gone, even from within a model: nobody would read what it finds."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
