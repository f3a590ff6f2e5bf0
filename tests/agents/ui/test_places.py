"""Who works and who waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from cuechain.agents.ui.places import BUSY, OTHER, Places

from .conftest import alone


def owner_of(one: object) -> str | None:
    return one if isinstance(one, str) else None


def test_one_owner_never_takes_all_places():
    async def held() -> None:
        places, go, told = Places(3, 2), threading.Event(), []

        def work(owner: str, number: int) -> Iterator[str]:
            yield f"{owner}{number}"
            go.wait(10)

        async def run(owner: str, number: int) -> None:
            async for one in places.kept(work, owner_of, lambda why: f"{owner}{number}: {why}")(owner, number):
                told.append(one)

        tasks = [asyncio.create_task(run("ann", n)) for n in range(4)]
        await asyncio.sleep(0.1)
        tasks += [asyncio.create_task(run(who, 0)) for who in ("ben", "cy")]
        await asyncio.sleep(0.1)
        assert sorted(told) == ["ann0", "ann1", f"ann2: {OTHER}", f"ann3: {OTHER}", "ben0", f"cy0: {BUSY}"]
        go.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        assert {"ann2", "ann3", "cy0"} <= set(told)

    alone(held())


def test_a_place_is_free_again_when_work_is_cancelled_or_fails():
    async def held() -> None:
        places, ended = Places(1, 1), threading.Event()

        def slow(owner: str) -> Iterator[int]:
            try:
                for _ in range(100):
                    threading.Event().wait(0.02)
                yield 1
            finally:
                ended.set()

        def bad(owner: str) -> str:
            raise ValueError(owner)

        async def run(handler: object) -> list[object]:
            return [one async for one in places.kept(handler, owner_of)("ann")]  # type: ignore[arg-type]

        task = asyncio.create_task(run(slow))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        assert ended.is_set()
        assert isinstance((await asyncio.gather(run(bad), return_exceptions=True))[0], ValueError)
        assert places.why_wait("ann") == ""

    alone(held())
