"""Who may be at work: so many at once, and so many of one owner, so that nobody has to wait for all the clips of somebody else."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any

OTHER, BUSY = "First your other clip …", "Waiting until a place is free …"
"""What those who wait are told: they wait for themselves, or for others."""

_END = object()


class Places:
    """Places at work; lives in one event loop. Whoever waits for one takes no thread."""

    def __init__(self, most: int, each: int) -> None:
        self._most, self._each = most, each
        self._taken: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def why_wait(self, owner: str) -> str:
        """What somebody has to wait for; empty where a place is free."""
        if self._taken[owner] >= self._each:
            return OTHER
        return BUSY if self._taken.total() >= self._most else ""

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncGenerator[None]:
        """Wait for a place, and keep it."""
        while self.why_wait(owner):
            await self._changed.wait()
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            self._changed.set()
            self._changed = asyncio.Event()

    def kept(
        self,
        handler: Callable[..., Any],
        owner_of: Callable[[Any], str | None],
        waiting: Callable[[str], Any] | None = None,
    ) -> Callable[..., AsyncGenerator[Any]]:
        """The same handler, run in a place.

        Args:
            handler: A function or a generator function; one of its arguments is the request.
            owner_of: The owner of a request; None where an argument is none.
            waiting: What the page shows while a place is waited for; None where it goes on to show what is there.
        """

        @functools.wraps(handler)  # Gradio asks the signature what to hand over
        async def run(*given: Any) -> AsyncGenerator[Any]:
            owner = next((found for one in given if (found := owner_of(one)) is not None), "")
            if waiting and (why := self.why_wait(owner)):
                yield waiting(why)
            async with self.place(owner):
                if not inspect.isgeneratorfunction(handler):
                    yield await asyncio.to_thread(handler, *given)
                    return
                steps: Generator[Any] = handler(*given)
                try:
                    while (step := await asyncio.to_thread(next, steps, _END)) is not _END:
                        yield step
                finally:
                    await _closed(steps)

        return run


async def _closed(steps: Generator[Any]) -> None:
    """Close a generator, whose thread may still be at its last step."""
    while True:
        try:
            return steps.close()
        except ValueError:
            if inspect.getgeneratorstate(steps) != inspect.GEN_RUNNING:
                raise
            await asyncio.sleep(0.05)
