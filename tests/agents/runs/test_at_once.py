"""Chat models that answer several items of a run at once."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import Any

import pytest
from tests.agents.llm import tiny
from tests.agents.llm.test_remote import Act, Server
from tests.agents.runs.test_runs import MADE, content, own, samples, states

from cuechain.agents import llm
from cuechain.agents.runs import batch


class Counting(Server):
    """A server that knows how many requests it had under way at most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        super().__init__()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server, lock, plain = self, Lock(), super()._handler()

        class Handler(plain):  # type: ignore[valid-type, misc]
            def _act(self, act: Act, body: dict[str, Any]) -> None:
                with lock:
                    server.now += 1
                    server.most = max(server.most, server.now)
                super()._act(act, body)
                with lock:
                    server.now -= 1

        return Handler


def test_a_server_has_as_many_requests_as_it_may(tmp_path, monkeypatch):
    pytest.importorskip("langchain_openai", reason="needs the extra remote")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = Counting()
    server.acts = [Act(sleep=0.2)]
    asking = own(model="openai:tiny", base_url=server.url, retries=0, timeout=20, direct=True, at_once=3)
    try:
        assert states(batch(samples(12), MADE, asking, tmp_path / "run", workers=1)) == {"answered": 12}
    finally:
        server.stop()
    assert server.most == 3


def test_a_local_model_answers_several_items_at_once_as_one_by_one(tmp_path, monkeypatch):
    pytest.importorskip("transformers", reason="needs the extra hf")
    base = tiny.closing_llama(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 8192}))
    chosen = own(model=f"hf:{base}", device="cpu", max_tokens=400, retries=0, direct=True, at_once=4)
    shared = llm.load(chosen.model, chosen)
    held: Any = shared.chat.checkpoint  # type: ignore[union-attr]
    plain, rows = held.model.generate, []

    def counted(*args: Any, **kwargs: Any) -> Any:
        rows.append(len(kwargs["input_ids"]))
        return plain(*args, **kwargs)

    monkeypatch.setattr(held.model, "generate", counted)
    one_by_one = states(batch(samples(6), MADE, chosen, tmp_path / "single"))
    assert set(rows) == {1}
    assert states(batch(samples(6), MADE, chosen, tmp_path / "run", workers=1)) == one_by_one
    assert 1 < max(rows) <= 4
    assert content(tmp_path / "run") == content(tmp_path / "single")
