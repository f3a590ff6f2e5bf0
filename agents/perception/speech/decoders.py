"""Processes that decode for PocketSphinx. One that has done its work waits for the next clip: starting it takes half a second."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ToolError
from cuechain.agents.perception.speech.sphinx_worker import ANEW, LENGTH

if TYPE_CHECKING:
    import numpy as np

_idle: dict[tuple[int, str], Decoding] = {}
"""One process for each kind of decoder, as many as one clip takes, 110 MB each; named by whose child it is, too."""


class Decoding:
    """A process with a decoder; each clip finds it as if it had just been started."""

    def __init__(self, options: str) -> None:
        file = Path(__file__).with_name("sphinx_worker.py")
        try:
            self._process = Popen(
                [sys.executable, "-P", str(file), options],
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError as error:
            raise ToolError(f"PocketSphinx cannot be started: {error}") from error
        self._owed = 0

    @property
    def fit(self) -> bool:
        """Whether it lives and owes no answer."""
        return not self._owed and self._process.poll() is None

    def send(self, piece: np.ndarray) -> None:
        """Give it a piece of sound at RATE to decode."""
        samples = (piece * 32767).astype("<i2").tobytes()
        self._owed += 1
        self._write(LENGTH.pack(len(samples)) + samples)

    def received(self) -> list[tuple[str, int, int, float]]:
        """Words of the piece that was sent first of those that wait: text, first and last frame of 10 ms, posterior.

        Raises:
            ToolError: The process has died.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise ToolError(
                "PocketSphinx ended before its time", "is there memory left? each of its two processes needs 110 MB"
            )
        self._owed -= 1
        return json.loads(line)

    def forget(self) -> None:
        """Let it forget the sound that it was given: the level of one clip would change the words of the next."""
        self._write(LENGTH.pack(ANEW))

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        with suppress(OSError), self._process:  # its pipes are closed, and it is waited for
            pass

    def _write(self, data: bytes) -> None:
        assert self._process.stdin
        with suppress(OSError):  # dead: noticed where its answer is missing
            self._process.stdin.write(data)
            self._process.stdin.flush()


@contextmanager
def decoder(options: dict[str, Any]) -> Generator[Decoding]:
    """A decoder for one clip.

    Raises:
        ToolError: The process could not be started.
    """
    kind = os.getpid(), json.dumps(options)
    one = _idle.pop(kind, None)
    if one is not None and not one.fit:
        one.end()
        one = None
    one = one or Decoding(kind[1])
    try:
        yield one
    finally:
        if one.fit:
            one.forget()
        if not one.fit or _idle.setdefault(kind, one) is not one:
            one.end()


def end_idle() -> None:
    """End the processes that wait."""
    for kind in [k for k in _idle if k[0] == os.getpid()]:
        _idle.pop(kind).end()


Finalize(None, end_idle, exitpriority=0)  # at the end of a worker of multiprocessing too, which atexit does not see
