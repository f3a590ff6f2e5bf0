"""Every notebook runs from top to bottom in a fresh kernel, as in Jupyter, without data of its own, and leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NEEDS = {
    "03_fine_tune": "trl",
    "04_which_sense_matters": "sklearn",
    "05_batch_and_search": "duckdb",
    "06_feedback": "trl",
}
AT_ONCE = 2
"""Kernels; each has one thread."""


def executed(path: Path, home: Path) -> Any:
    """The notebook with its outputs.

    Args:
        path: The notebook.
        home: Where a user's cues and conversations would lie.
    """
    env = {k: v for k, v in os.environ.items() if k != "CUECHAIN_DATA"}
    env |= {"CUECHAIN_CACHE": str(home), "CUECHAIN_HOME": str(home), "OMP_NUM_THREADS": "1"}
    notebook = nbformat.read(path, 4)
    where = {"metadata": {"path": str(path.parent)}}
    return nbclient.NotebookClient(notebook, timeout=250, kernel_name="python3", resources=where).execute(env=env)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, homes: Path) -> Iterator[dict[Path, Future[Any]]]:
    """The notebooks that were chosen, on their way."""
    chosen = [item.callspec.params.get("path") for item in request.session.items if hasattr(item, "callspec")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {path: pool.submit(executed, path, homes / path.stem) for path in NOTEBOOKS if path in chosen}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path: Path, running: dict[Path, Future[Any]], homes: Path):
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    outputs = [out for cell in running[path].result().cells for out in cell.get("outputs", ())]
    told = "".join(out.get("text", "") for out in outputs)
    assert told, "a notebook shows something"
    # A command after `!` that fails does not stop a notebook.
    assert not [line for line in told.splitlines() if line.startswith(("error:", "Traceback"))]
    assert not (homes / path.stem).exists(), "it writes to temporary folders alone"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_outputs_are_stored(path: Path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert all(not c.get("outputs") and not c.get("execution_count") for c in notebook.cells), "they would go stale"


def test_links_between_notebooks_hold():
    import re

    for path in NOTEBOOKS:
        text = "\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown")
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert (FOLDER / link).exists(), f"{path.name}: {link}"
