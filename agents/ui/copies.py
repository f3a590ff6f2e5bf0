"""Copies of clips that browsers can show: one at a time for each owner, and only while somebody waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from cuechain.agents.errors import MediaError
from cuechain.agents.ui.places import Places

AT_ONCE = 2
"""Copies that are made at once; each takes a whole core."""
SECONDS = 300.0
"""Time for one copy."""
LOOK = 0.5
"""Seconds between two looks whether whoever asked still waits."""

Make = Callable[[Path, Path, Callable[[], None]], None]
"""Writes a copy of the first file as the second; the third is called again and again and raises when it is to end."""


@dataclass
class _Coming:
    """A copy that is being made, or waits to be."""

    task: asyncio.Task[None]
    waiting: int = 0
    nobody: threading.Event = field(default_factory=threading.Event)


class Copies:
    """Makes copies; lives in one event loop. A request that waits takes no thread, of the pool or otherwise."""

    def __init__(self) -> None:
        self._coming: dict[Path, _Coming] = {}
        self._places = Places(AT_ONCE, 1)
        self._threads = ThreadPoolExecutor(AT_ONCE, "copy")

    async def made(
        self, owner: str, source: Path, target: Path, make: Make, gone: Callable[[], Awaitable[bool]]
    ) -> Path | None:
        """The copy, made if it is not there.

        Args:
            owner: Who asks.
            source: The clip.
            target: Where the copy lies.
            make: How it is made.
            gone: Whether whoever asked has gone away.

        Returns:
            `target`; None when whoever asked has gone away before it was there.

        Raises:
            MediaError: It cannot be made, or takes too long.
        """
        if target.is_file():
            return target
        coming = self._coming.get(target)
        if coming is None or coming.nobody.is_set():
            nobody = threading.Event()
            task = asyncio.create_task(self._make(owner, source, target, make, nobody))
            coming = self._coming[target] = _Coming(task, nobody=nobody)
            task.add_done_callback(lambda _, mine=coming: self._forget(target, mine))
        coming.waiting += 1
        try:
            while not coming.task.done():
                await asyncio.wait([coming.task], timeout=LOOK)
                if not coming.task.done() and await gone():
                    return None
            coming.task.result()
            return target
        finally:
            coming.waiting -= 1
            if not coming.waiting and not coming.task.done():
                coming.nobody.set()
                coming.task.cancel()

    def _forget(self, target: Path, coming: _Coming) -> None:
        if self._coming.get(target) is coming:
            del self._coming[target]
        if not coming.task.cancelled():
            coming.task.exception()  # who waited has heard it

    async def _make(self, owner: str, source: Path, target: Path, make: Make, nobody: threading.Event) -> None:
        async with self._places.place(owner):
            ends = time.monotonic() + SECONDS

            def check() -> None:
                if nobody.is_set():
                    raise MediaError("nobody waits for this copy")
                if time.monotonic() > ends:
                    raise MediaError(f"a copy of {source.name} takes too long", "open it in a player of its own")

            def work() -> None:
                check()
                target.parent.mkdir(exist_ok=True)
                make(source, target, check)

            running = asyncio.get_running_loop().run_in_executor(self._threads, work)
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.wait([running])  # its place is free when its thread is
                running.exception()
                raise
