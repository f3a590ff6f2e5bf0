"""A case, a session that holds it, a run, and the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cuechain.agents import cli
from cuechain.agents.sessions import Session, Sessions
from cuechain.agents.values import (
    Case,
    Claim,
    Sample,
)

from .made import SAD, asked, told


@pytest.fixture
def case() -> Case:
    return told(asked(), *SAD)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Sessions(tmp_path / "home").create()


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("CUECHAIN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    verbs = {kind: list(getattr(cli.app, kind)) for kind in ("registered_commands", "registered_groups")}

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cuechain", "feedback", *map(str, arguments)])
        for kind, known in verbs.items():  # each call adds those of plugins
            monkeypatch.setattr(cli.app, kind, list(known))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(str(ended.value.code)), out, err

    return call


@pytest.fixture
def batch(case: Case, tmp_path: Path) -> Path:
    """A run of which one item failed twice, and another was answered at its second time."""
    folder = tmp_path / "runs" / "my clips"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"task": "ask", "model": "rules"}')
    failed = {"answer": None, "status": "failed", "error": "no\x1bface"}
    angry = told(asked("Is she cross?"), Claim(text="She is angry.", cites=("F1",)), label="anger")
    lines = [
        one.model_copy(update={"sample": Sample(id=id, group=id), **more})
        for id, one, more in (
            ("a.mp4", case, {}), ("b.mp4", case, failed), ("c.mp4", case, failed), ("c.mp4", angry, {}), ("b.mp4", case, failed),
        )
    ]  # fmt: skip
    (folder / "cases.jsonl").write_text("".join(one.model_dump_json() + "\n" for one in lines))
    return folder
