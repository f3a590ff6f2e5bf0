"""Names, plugins that break, and hints for misspelt names."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, PluginError
from cuechain.agents.registry import RegistryKind

Make = Callable[..., Any]
KINDS: tuple[RegistryKind, ...] = ("perception", "tasks", "models", "commands")
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_pyproject_registers_is_installed(kind: RegistryKind):
    declared = PROJECT["entry-points"][f"cuechain.{kind}"]
    assert set(declared) <= set(registry.names(kind))
    assert {n: registry.target(kind, n) for n in declared} == declared
    assert list(registry.names(kind)) == sorted(registry.names(kind))


@pytest.mark.parametrize("kind", ["perception", "tasks", "models"])
def test_what_is_registered_can_be_imported(kind: RegistryKind):
    for name in PROJECT["entry-points"][f"cuechain.{kind}"]:
        thing = registry.get(kind, name)
        assert thing is not None and (kind == "models" or thing.name == name)


def test_a_new_name_of_a_plugin(plugin: Make):
    plugin("VALUE = 41\n", kind="tasks", answer="VALUE")
    assert "answer" in registry.names("tasks") and registry.get("tasks", "answer") == 41


@pytest.mark.parametrize(
    "code", ["import no_such_module_at_all", "x = 1", "1 / 0", "def (", "raise SystemError('no')", "open('/nowhere')"]
)
def test_a_plugin_that_breaks_is_named(plugin: Make, code: str):
    plugin(code, bad="VALUE")
    assert registry.target("perception", "bad").endswith(":VALUE")  # listing imports nothing
    with pytest.raises(PluginError, match="perception tool 'bad' cannot be loaded"):
        registry.get("perception", "bad")


@pytest.mark.parametrize(("typed", "meant"), [("vioce", "voice"), ("FACE", "face"), ("transcripts", "transcript")])
def test_a_misspelt_name_gets_a_hint(typed: str, meant: str):
    with pytest.raises(ConfigError, match="unknown perception tool") as caught:
        registry.get("perception", typed)
    assert f"did you mean {meant}" in caught.value.hint


def test_a_name_like_no_other_lists_all():
    hint = registry.did_you_mean("qqqq", ["voice", "face"])
    assert hint == "known: voice, face"
    with pytest.raises(ConfigError, match="unknown task"):
        registry.target("tasks", "qqqq")


def test_what_is_added_is_there_for_this_process(monkeypatch):
    monkeypatch.setattr(registry, "_added", {})

    class Mine:
        pass

    registry.add("perception", "mine", object())
    registry.add("perception", "mine", Mine)  # as when a cell of a notebook runs again
    assert registry.get("perception", "mine") is Mine and "mine" in registry.names("perception")
    assert registry.target("perception", "mine").endswith(":test_what_is_added_is_there_for_this_process.<locals>.Mine")
    assert "mine" not in registry.names("tasks")
    with pytest.raises(ConfigError, match="already"):
        registry.add("perception", "face", Mine)
