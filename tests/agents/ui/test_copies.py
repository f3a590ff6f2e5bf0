"""Copies that browsers can show: who waits for them, and who does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cuechain.agents.errors import MediaError
from cuechain.agents.ui import copies as room
from cuechain.agents.ui.copies import Copies

from .conftest import alone


async def stays() -> bool:
    return False


async def leaves() -> bool:
    return True


def endless(_: Path, __: Path, check: Callable[[], None]) -> None:
    for _second in range(1000):
        check()
        threading.Event().wait(0.01)


def quick(source: Path, target: Path, check: Callable[[], None]) -> None:
    check()
    target.write_bytes(source.read_bytes())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    made = tmp_path / "a.avi"
    made.write_bytes(b"film")
    return made


def test_many_who_left_take_no_thread_and_hold_up_nobody(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "LOOK", 0.05)

    async def held() -> None:
        copies = Copies()
        asked = [copies.made("ann", clip, tmp_path / "copies" / f"{n}.mp4", endless, leaves) for n in range(45)]
        gone = asyncio.gather(*asked)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 1)  # the pool is free
        assert await asyncio.wait_for(copies.made("ben", clip, tmp_path / "copies" / "b.mp4", quick, stays), 2)
        assert await asyncio.wait_for(gone, 3) == [None] * 45
        assert await asyncio.wait_for(copies.made("ann", clip, tmp_path / "copies" / "a.mp4", quick, stays), 2)

    alone(held())


def test_two_who_ask_for_one_copy_share_it(clip: Path, tmp_path: Path):
    made: list[Path] = []

    def counted(source: Path, target: Path, check: Callable[[], None]) -> None:
        made.append(target)
        quick(source, target, check)

    async def held() -> None:
        copies, target = Copies(), tmp_path / "copies" / "a.mp4"
        asked = [copies.made("ann", clip, target, counted, stays) for _ in range(3)]
        assert await asyncio.gather(*asked) == [target] * 3

    alone(held())
    assert len(made) == 1


def test_a_copy_has_a_time_limit(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "SECONDS", 0.1)
    with pytest.raises(MediaError, match="too long"):
        alone(Copies().made("ann", clip, tmp_path / "copies" / "a.mp4", endless, stays))
