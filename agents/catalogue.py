"""What is there: tools, tasks, datasets, models, prompts, stored cases, and the state of the installation."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuechain import prompts
from cuechain.agents import registry
from cuechain.agents.datasets import Dataset
from cuechain.agents.errors import ConfigError, CueChainError, PluginError, RunError
from cuechain.agents.perception import Sense
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, Question

_MODELS = {
    "embedded": "the planner that ships with the package; CPU, no download",
    "rules": "fusion of published prototypes; the baseline",
    "hf": "hf:ID_OR_PATH[+ADAPTER], a causal LM or LLaVA from transformers, with a LoRA adapter",
    "openai": "openai:NAME with --base-url: OpenAI, vLLM, Ollama, llama.cpp and other compatible servers",
    "scripted": "scripted:FILE, replies from a file, for tests and docs",
}

_EXTRAS = (
    ("face", "mediapipe", "faces and action units"),
    ("hf", "torch", "local language models"),
    ("hf", "transformers", "local language models"),
    ("hf", "peft", "LoRA adapters"),
    ("hf", "bitsandbytes", "4-bit models"),
    ("finetune", "trl", "fine-tuning"),
    ("remote", "langchain_openai", "OpenAI-compatible servers"),
)


def rows(what: str) -> list[dict[str, Any]]:
    """Names with one line each; of a tool also how reliable each of its measures is, and how that is known.

    Raises:
        ConfigError: `what` is not tools, tasks, datasets, models or prompts.
    """
    if what == "tools":
        return [_tool(name) for name in registry.names("perception")]
    if what == "tasks":
        tasks: list[Task] = [registry.get("tasks", n) for n in registry.names("tasks")]
        return [{"name": t.name, "about": t.about, "labels": ", ".join(t.labels)} for t in tasks]
    if what == "datasets":
        return [_dataset(name) for name in registry.names("datasets")]
    if what == "models":
        return [
            {"name": n, "about": _MODELS.get(n, registry.target("models", n))} for n in registry.names("models")
        ] + [{"name": "PROVIDER:NAME", "about": "any other provider that LangChain's init_chat_model knows"}]
    if what == "prompts":
        return [{"name": n, "about": prompts.source(n).strip().splitlines()[0][:80]} for n in prompts.names()]
    known = ("tools", "tasks", "datasets", "models", "prompts")
    raise ConfigError(f"cannot list '{what}'", registry.did_you_mean(what, known))


def _dataset(name: str) -> dict[str, Any]:
    """One reader; of a plugin that cannot be loaded, why."""
    try:
        one: Dataset = registry.get("datasets", name)
    except PluginError as error:
        return {"name": name, "about": error.message, "tasks": [], "splits": [], "verified": False}
    told = {"tasks": list(one.tasks), "splits": list(one.splits), "verified": one.verified}
    return {"name": one.name, "about": one.about, **told}


def _tool(name: str) -> dict[str, Any]:
    """One sense; of a plugin that cannot be loaded, why."""
    try:
        sense: type[Sense] = registry.get("perception", name)
    except PluginError as error:
        return {
            "name": name,
            "about": error.message,
            "source": registry.target("perception", name),
            "reliabilities": [],
        }
    told = [r._asdict() for r in sense.reliabilities]
    return {"name": sense.name, "about": sense.about, "source": sense.source(), "reliabilities": told}


def cases(path: Path) -> Iterator[Case]:
    """Stored cases of a .json or .jsonl file, each read as its task's own answer type.

    Raises:
        RunError: The file is missing or a record is not a Case.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}", "give a file that `ask --json` wrote") from error
    records = text.split("\n") if path.suffix == ".jsonl" else [text]
    for number, record in enumerate(records, 1):
        if not record.strip():
            continue
        try:
            yield case_of(record)
        except CueChainError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{path}: record {number} is not a Case", str(error).splitlines()[0]) from error


def case_of(record: str | dict[str, Any]) -> Case:
    """One stored case, as JSON or parsed, read as its task's own answer type.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: It is not a Case.
        ConfigError: Its task is not there.
    """
    raw = json.loads(record) if isinstance(record, str) else record
    task = raw["question"].get("task", Question.model_fields["task"].default)  # defaults need not be written
    answer: type[Answer] = registry.get("tasks", task).answer
    return Case.model_validate(raw, context={"answer": answer})


def health() -> list[dict[str, str | bool]]:
    """One row for each part: whether it is there, and what to type if it is not."""
    from cuechain.agents.settings import load

    settings = load()
    report: list[dict[str, str | bool]] = [
        {"name": "python", "ok": sys.version_info[:2] in ((3, 11), (3, 12)), "about": sys.version.split()[0]},
        {"name": "model", "ok": True, "about": f"{settings.model} answers by default"},
    ]
    for extra, module, about in _EXTRAS:
        there = importlib.util.find_spec(module) is not None
        hint = about if there else f'{about}: pip install "cuechain[{extra}]"'
        report.append({"name": module, "ok": there, "about": hint})
    for name in registry.names("perception"):
        try:
            sense: type[Sense] = registry.get("perception", name)
            gap = sense.missing()
            report.append(
                {"name": name, "ok": gap is None, "about": sense.about if gap is None else f"{gap.reason}: {gap.hint}"}
            )
        except CueChainError as error:
            report.append({"name": name, "ok": False, "about": error.message})
    report.append(_whisper(settings.whisper))
    return report


def _whisper(name: str) -> dict[str, str | bool]:
    from faster_whisper.utils import download_model

    try:
        where = name if Path(name).is_dir() else download_model(name, local_files_only=True)
        return {"name": "whisper", "ok": True, "about": f"{name} at {where}"}
    except Exception:  # the hub library raises many kinds for "not cached"
        fetch = f"python -c \"from faster_whisper.utils import download_model as d; d('{name}')\""
        return {"name": "whisper", "ok": False, "about": f"{name} is not cached; with a network: {fetch}"}
