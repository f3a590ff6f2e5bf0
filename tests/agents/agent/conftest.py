"""A film of three minutes whose speaker says another thing every four seconds, and scripts of models that call tools."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.settings import Settings


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory, film: Callable[..., Path], tone: Callable[..., Any]) -> Path:
    """Three minutes of film with sound, quiet in its second minute, and subtitles."""
    import numpy as np

    sound = np.concatenate([tone(60), tone(60, level=0), tone(60)])
    path = film(tmp_path_factory.mktemp("talk") / "talk.mp4", seconds=180, fps=2, size=(96, 64), sound=sound)
    said = ("I was so scared.", "Now I am happy, and so grateful!", "The bill was read on Monday.")
    lines = [
        f"{n + 1}\n{_clock(4 * n + 0.3)} --> {_clock(4 * n + 3.6)}\nAnna: {said[n % 3]}{' Whales.' if n == 30 else ''}\n"
        for n in range(45)
    ]
    path.with_suffix(".srt").write_text("\n".join(lines), "utf-8")
    return path


def _clock(seconds: float) -> str:
    return f"00:{int(seconds // 60):02}:{int(seconds % 60):02},{round(seconds * 1000) % 1000:03}"


@pytest.fixture
def scripted(tmp_path: Path, cache: Path) -> Callable[..., Settings]:
    """scripted(reply, …) → settings of a model that gives these replies: a text, an answer as a dict, or a list of calls (name, args)."""

    def make(*replies: Any, **more: Any) -> Settings:
        lines: list[Any] = []
        for reply in replies:
            if isinstance(reply, list):
                lines.append({"tool_calls": [{"name": name, "args": args} for name, args in reply]})
            else:
                lines.append(json.dumps(reply) if isinstance(reply, dict) and "error" not in reply else reply)
        path = tmp_path / f"replies{len(list(tmp_path.glob('*.jsonl')))}.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
        return Settings(model=f"scripted:{path}", cache=cache, **{"senses": ("transcript", "sound"), **more})

    return make


def answer(*claims: tuple[str, tuple[str, ...]], label: str = "joy", person: str | None = "Anna") -> dict[str, Any]:
    """An answer of the task `ask` as a model writes it."""
    return {
        "person": person,
        "span": None,
        "emotion": {"label": label, "intensity": 0.5, "confidence": 0.7},
        "sentiment": "positive",
        "relation": "single",
        "claims": [
            {"text": text, "cites": list(cites), "stance": "supports", "points": None} for text, cites in claims
        ],
        "abstain": False,
    }
