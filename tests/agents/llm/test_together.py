"""Requests to one model that come together are written together, and answered as if each had come alone."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from cuechain.agents import llm, settings
from cuechain.agents.errors import ModelError
from cuechain.agents.llm import Model
from cuechain.agents.llm.schema import json_schema
from cuechain.agents.values import Answer
from tests.agents.llm import tiny

for _extra in ("torch", "transformers", "llguidance"):
    pytest.importorskip(_extra, reason="needs the extra hf")

ASKED = ["How does she feel?", "Why?", "The voice shakes and the smile is small. " * 5, "Who speaks? " * 12, "", "So?"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    return tmp_path_factory.mktemp("models")


@pytest.fixture(params=["base", "closing"])
def model(request: pytest.FixtureRequest, folder: Path) -> Model:
    """One that writes on until it may no more, and one whose rows end at different times."""
    path = folder / request.param
    if not path.exists():
        (tiny.llama if request.param == "base" else tiny.closing_llama)(path)
    return llm.load(f"hf:{path}", settings.load(max_tokens=60, device="cpu", timeout=60))


def one(model: Model, number: int, schema: dict[str, Any] | None = None) -> AIMessage:
    """Every other request is bound to a form."""
    assert model.chat
    form = {"type": "json_schema", "json_schema": {"name": "Answer", "schema": schema or json_schema(Answer)}}
    return model.chat.invoke([HumanMessage(ASKED[number])], **({"response_format": form} if number % 2 else {}))


def at_once(
    model: Model, monkeypatch: pytest.MonkeyPatch, most: int = 99, broken: int = -1
) -> tuple[list[Any], list[int]]:
    """Replies or errors to all that is asked, and the rows of each pass; more than `most` do not fit."""
    held: Any = model.chat.checkpoint  # type: ignore[union-attr]
    plain, rows = held.model.generate, []

    class OutOfMemoryError(RuntimeError):
        pass

    def counted(*args: Any, **kwargs: Any) -> Any:
        rows.append(len(kwargs["input_ids"]))
        if rows[-1] > most:
            raise OutOfMemoryError
        return plain(*args, **kwargs)

    def tried(number: int) -> Any:
        try:
            return one(model, number, {"type": "no such type"} if number == broken else None)
        except ModelError as error:
            return error

    monkeypatch.setattr(held.model, "generate", counted)
    with ThreadPoolExecutor(len(ASKED)) as pool:
        held.lock.acquire()  # all wait
        replies = [pool.submit(tried, n) for n in range(len(ASKED))]
        waiting: Any = model.chat._together  # type: ignore[union-attr]
        while len(waiting._waiting) < len(ASKED):
            time.sleep(0.01)
        held.lock.release()
        return [r.result() for r in replies], rows


def test_replies_are_what_they_are_one_by_one(model: Model, monkeypatch: pytest.MonkeyPatch):
    alone = [one(model, n) for n in range(len(ASKED))]
    assert len({m.usage_metadata["input_tokens"] for m in alone if m.usage_metadata}) > 3
    replies, rows = at_once(model, monkeypatch)
    assert rows == [len(ASKED)]
    assert [(r.text, r.usage_metadata, r.response_metadata) for r in replies] == [
        (r.text, r.usage_metadata, r.response_metadata) for r in alone
    ]


def test_where_memory_runs_out_fewer_are_written_at_once(model: Model, monkeypatch: pytest.MonkeyPatch):
    alone = [one(model, n).text for n in range(len(ASKED))]
    replies, rows = at_once(model, monkeypatch, most=2)
    assert [r.text for r in replies] == alone
    assert rows == [6, 3, 2, 1, 3, 2, 1]
    replies, rows = at_once(model, monkeypatch, most=2)
    assert [r.text for r in replies] == alone and rows == [2, 2, 2], "it has learnt"


def test_a_request_that_fails_costs_no_other(model: Model, monkeypatch: pytest.MonkeyPatch):
    alone = [one(model, n).text for n in range(len(ASKED))]
    replies, _ = at_once(model, monkeypatch, broken=3)
    assert isinstance(replies[3], ModelError) and "no such type" in replies[3].message
    assert [r.text for n, r in enumerate(replies) if n != 3] == [t for n, t in enumerate(alone) if n != 3]
