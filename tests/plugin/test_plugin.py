"""A third-party package, really built and installed, is found and used like the senses of the house."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed plugin."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "cuechain_punctuation.py"):  # a copy: a build writes beside its sources
        shutil.copy(HERE / name, source)
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", str(target), str(source)], capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr or "Cannot import 'setuptools" in done.stderr:
        pytest.skip("pip and setuptools are needed to build the plugin")
    assert done.returncode == 0, done.stderr
    return target


def run(code: str, path: Path | None) -> subprocess.CompletedProcess[str]:
    env = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)


CODE = """
import json
from cuechain.agents import registry
from cuechain.agents.media import opened
from cuechain.agents.perception import perceive
from cuechain.agents.settings import load
from cuechain.agents.textualize import textualize

with opened(text="I am so happy!!!") as clip:
    found = [f for done in perceive(clip, load(senses=("punctuation",))) for f in done.found]
sheet = textualize([clip.media], found, [], budget=500)
print(json.dumps({"names": registry.names("perception"), "cues": {i: c.text for i, c in sheet.cues.items()}}))
"""


def test_an_installed_plugin_perceives(site: Path):
    done = run(CODE, site)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "punctuation" in told["names"] and "transcript" in told["names"]
    assert told["cues"] == {"PU1": "the text uses 3 exclamation marks"}


def test_a_plugin_that_is_not_installed_is_unknown():
    done = run(CODE, None)
    assert done.returncode != 0 and "unknown perception tool 'punctuation'" in done.stderr


def test_the_plugin_is_listed_by_the_command_line(site: Path):
    env = os.environ | {"PYTHONPATH": str(site), "COLUMNS": "200"}
    command = [sys.executable, "-m", "cuechain", "list", "tools"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert "punctuation" in done.stdout and "Exclamation marks" in done.stdout
