"""The prose of an answer while a model still writes it as JSON."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Generator
from contextvars import copy_context
from queue import SimpleQueue
from typing import TypeVar

from cuechain.agents.pipeline import Event

T = TypeVar("T")

_OPENS = re.compile(r'"text"\s*:\s*"')


class LeftError(BaseException):
    """Nobody listens any more. No Exception, so that nothing on the way takes it for a failure that it could mend."""


class Prose:
    """Picks out what stands in `"text": "…"`, piece by piece; everything else of a reply is no prose.

    Sentences are parted by a blank. Only the first answer is handed on: what a repair writes anew is told by the Case.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._rest = ""
        self._inside = False
        self._said = False

    def __call__(self, piece: str) -> None:
        """Take in the next piece of the reply."""
        self._rest += piece
        while True:
            if not self._inside:
                found = _OPENS.search(self._rest)
                if not found:
                    self._rest = self._rest[-20:]  # the name may be cut in two
                    return
                self._rest, self._inside = self._rest[found.end() :], True
                if self._said:
                    self._say(" ")
            # An escape is kept back until it is whole: `\\"` does not end the text.
            whole = re.match(r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*', self._rest)
            assert whole is not None
            text, self._rest = whole.group(), self._rest[whole.end() :]
            if text:
                self._say(_plain(text))
                self._said = True
            if not self._rest.startswith('"'):
                return
            self._rest, self._inside = self._rest[1:], False


def _plain(text: str) -> str:
    try:
        # Half a surrogate pair is no character that could be written anywhere.
        return str(json.loads(f'"{text}"', strict=False)).encode("utf-8", "replace").decode()
    except ValueError:
        return text


def heard(work: Callable[[Callable[[Event], None]], T]) -> Generator[Event, None, T]:
    """Run what reports events to a callback, and yield them as they come; gives what the work returns.

    Whoever stops listening stops the work at its next event.

    Args:
        work: Gets the callback. It runs in a thread of its own, so that Ctrl-C is heard while it waits for a model.
    """
    box: SimpleQueue[tuple[Event] | tuple[T, None] | BaseException] = SimpleQueue()
    left = threading.Event()

    def hear(event: Event) -> None:
        if left.is_set():
            raise LeftError
        box.put((event,))

    def run() -> None:
        try:
            box.put((work(hear), None))
        except BaseException as problem:  # all of it belongs to whoever waits
            box.put(problem)

    threading.Thread(target=copy_context().run, args=(run,), name="cuechain-answer", daemon=True).start()
    try:
        while True:
            item = box.get()
            if isinstance(item, BaseException):
                raise item
            if len(item) == 2:
                return item[0]
            yield item[0]
    finally:
        left.set()
