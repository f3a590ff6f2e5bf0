"""What tests of media have in common: a clip decoded whole, its notes, and why one is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import MediaError
from cuechain.agents.media import Frame, opened

Make = Callable[..., Any]


def seen(path: Path, fps: float = 12.5) -> list[Frame]:
    with opened(path) as clip:
        return list(clip.frames(fps))


def notes(path: Path) -> str:
    with opened(path) as clip:
        for _ in clip.frames(12.5):
            pass
        _ = clip.sound
        return " | ".join(g.reason for g in clip.notes)


def refused(path: Path, words: str) -> MediaError:
    with pytest.raises(MediaError, match=words) as caught, opened(path) as clip:
        list(clip.frames(5))
        _ = clip.sound
    assert caught.value.hint
    return caught.value
