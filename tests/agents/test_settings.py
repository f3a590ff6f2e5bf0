"""Flag over environment over cuechain.toml over default; what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cuechain.agents.errors import ConfigError
from cuechain.agents.settings import Settings, load


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, so that no cuechain.toml of anybody is read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_who_wins(folder: Path, monkeypatch: pytest.MonkeyPatch):
    default = load().budget
    (folder / "cuechain.toml").write_text("budget = 700\nfps = 5\n", encoding="utf-8")
    assert load().budget == 700 != default
    monkeypatch.setenv("CUECHAIN_BUDGET", "800")
    assert (load().budget, load().fps) == (800, 5)
    assert load(budget=900).budget == 900
    assert load(budget=None).budget == 800  # a flag that was not given


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch, folder: Path):
    monkeypatch.delenv("CUECHAIN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    settings = load()
    assert settings.cache == folder / "cuechain" and not settings.cache.exists()
    assert (settings.strict, settings.look, settings.senses) == (False, False, ())


@pytest.mark.parametrize(
    ("flags", "named"),
    [({"fps": 0}, "fps"), ({"budget": 1}, "budget"), ({"device": "tpu"}, "device"), ({"timeout": "soon"}, "timeout")],
)
def test_a_wrong_value_is_named(flags: dict[str, Any], named: str):
    with pytest.raises(ConfigError, match=f"setting '{named}'") as caught:
        load(**flags)
    assert caught.value.hint


def test_a_wrong_value_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUECHAIN_FPS", "fast")
    with pytest.raises(ConfigError, match="fps"):
        load()


def test_a_broken_file(folder: Path):
    (folder / "cuechain.toml").write_text("budget = = 3", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        load()


def test_a_setting_that_does_not_exist_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUECHAIN_SOMETHING_ELSE", "1")
    (folder / "cuechain.toml").write_text('modle = "rules"', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"cuechain\.toml: there is no setting 'modle'") as caught:
        load()
    assert caught.value.hint == "did you mean model?"


def test_several_senses_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUECHAIN_SENSES", '["voice", "face"]')
    assert load().senses == ("voice", "face")


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUECHAIN_API_KEY", "sk-very-secret")
    settings = load()
    assert settings.api_key and settings.api_key.get_secret_value() == "sk-very-secret"
    assert "very-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        load().fps = 3  # pyright: ignore


def test_every_setting_says_what_it_is():
    source = Path(__import__("inspect").getfile(Settings)).read_text(encoding="utf-8")
    lines = source.splitlines()
    for name in Settings.model_fields:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"    {name}: "))
        assert any(line.startswith('    """') for line in lines[at + 1 : at + 8]), name
