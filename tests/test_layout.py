"""The house: who may import whom, what is loaded when, and that every package is shipped."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import cuechain

ROOT = Path(__file__).parents[1]
ROOMS = ("agents", "prompts", "finetune")
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]

LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "errors weights",
        "values",
        "settings registry",
        "subtitles prompts conversation atomic fetch",
        "probe",
        "frames beside",
        "media llm",
        "nearest",
        "perception tasks datasets",
        "question",
        "textualize evidence",
        "course",
        "planned chain",
        "reason realise verify weigh explain votes seeing",
        "inquire",
        "pipeline",
        "agent catalogue justify terminal",
        "judged",
        "sessions",
        "runs web chat",
        "importance",
        "scoring exports library report feedback",
        "cli ui serve finetune",
    )
)
"""Left may be imported by right, never back, and rooms of one layer do not import each other."""

HEAVY = frozenset(
    """
    torch transformers peft trl datasets accelerate bitsandbytes llguidance onnx onnxruntime mediapipe cv2 av jax soundfile
    faster_whisper ctranslate2 whisper rapidocr swift_f0 pocketsphinx vaderSentiment langid langchain langgraph langchain_openai
    gradio plotly matplotlib ray pyarrow duckdb sklearn scipy pandas fastapi uvicorn mcp httpx fsspec
    """.split()  # noqa: SIM905
)
"""Imported inside the function that needs them."""


def sources() -> list[Path]:
    return sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(nodes: Iterator[ast.AST] | list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Dotted names that are imported, each with its line; `from package import name` gives `package.name`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from ((f"{start}.{alias.name}", node.lineno) for alias in node.names)


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from at_import(node.orelse)
            continue
        yield node
        for inner in ("body", "orelse", "finalbody"):
            yield from at_import(getattr(node, inner, []))
        for handler in getattr(node, "handlers", []):
            yield from at_import(handler.body)


def room_of(dotted: str) -> str | None:
    """The room that an import reaches: `cuechain.agents.llm.reply.ask` → `llm`."""
    parts = dotted.split(".")
    if parts[0] != "cuechain" or len(parts) < 2:
        return None
    return parts[2] if parts[1] == "agents" and len(parts) > 2 else parts[1] if parts[1] in ROOMS[1:] else None


def home_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "agents" else parts[0]


def test_every_room_has_its_place():
    homes = {home_of(p) for p in sources()} - {"__init__"}
    placed = frozenset().union(*LAYERS)
    assert homes <= placed, f"give {homes - placed} a place in LAYERS, between what it imports and what imports it"
    assert sum(map(len, LAYERS)) == len(placed)


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path):
    height = {name: level for level, names in enumerate(LAYERS) for name in names}
    home = home_of(path)
    if home == "__init__":
        assert not list(imported(ast.walk(tree(path))))
        return
    for dotted, line in imported(ast.walk(tree(path))):
        assert not dotted.startswith("."), f"{path.name}:{line}: a relative import hides the room"
        room = room_of(dotted)
        if room is None or room == home:
            continue
        assert room in height, f"{path.name}:{line} imports {dotted}: no such room"
        assert height[room] < height[home], f"{path.name}:{line}: {home} must not import {room}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_heavy_is_imported_with_a_module(path: Path):
    found = {
        f"{dotted} (line {line})"
        for dotted, line in imported(list(at_import(tree(path).body)))
        if dotted.split(".")[0] in HEAVY
    }
    assert not found, f"import inside the function that needs it: {found}"


def test_no_bare_import_of_a_room():
    everywhere = [
        p for folder in (*ROOMS, "src", "tests", "benchmarks", "examples") for p in (ROOT / folder).rglob("*.py")
    ]
    for path in everywhere:
        bare = [line for dotted, line in imported(ast.walk(tree(path))) if dotted.split(".")[0] in ROOMS]
        assert not bare, f"{path}:{bare}: import cuechain.agents, not agents"


def test_the_list_of_packages_is_the_tree():
    folders = {p.parent.relative_to(ROOT) for p in sources()}
    tree_names = {"cuechain"} | {"cuechain." + ".".join(f.parts) for f in folders}
    assert set(SETUPTOOLS["packages"]) == tree_names
    for folder in folders:
        assert (ROOT / folder / "__init__.py").is_file(), f"{folder} has no __init__.py"


def test_data_files_are_shipped():
    shipped = {
        file
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for file in ROOT.joinpath(
            "src" if package == "cuechain" else "", *package.split(".")[package != "cuechain" :]
        ).glob(pattern)
    }
    listed = subprocess.run(["git", "ls-files", "-z", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    kept = {ROOT / name for name in listed.stdout.split("\0") if name and not name.endswith(".py")}
    left = {str(f.relative_to(ROOT)) for f in kept - shipped if f.exists()}
    assert not left, f"in the repository, not in the wheel: {left}"


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after running code."""
    told = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_front_door_loads_nothing():
    assert not loaded_by("import cuechain; cuechain.__version__; dir(cuechain)") & (
        HEAVY | {"numpy", "PIL", "pydantic", "jinja2"}
    )


def test_values_and_settings_load_no_media_library():
    code = "import cuechain; cuechain.Cue, cuechain.Settings, cuechain.CueChainError"
    assert not loaded_by(code) & (HEAVY | {"numpy", "PIL"})


@pytest.mark.parametrize("module", ["cli", "pipeline", "perception", "llm"])
def test_no_model_is_loaded_before_it_is_asked(module: str):
    assert not loaded_by(f"import cuechain.agents.{module}") & HEAVY


def test_help_loads_no_model():
    code = "import sys\nsys.argv = ['cuechain', '--help']\nfrom cuechain.agents.cli import main\ntry: main()\nexcept SystemExit: pass"
    assert not loaded_by(code) & HEAVY


@pytest.mark.parametrize("name", cuechain.__all__)
def test_public_names_resolve(name: str):
    assert getattr(cuechain, name) is not None
    assert name in dir(cuechain)


def test_an_unknown_public_name():
    with pytest.raises(AttributeError, match="no attribute 'asks'"):
        importlib.import_module("cuechain").asks
