"""Runs whose model is a server that dies, comes back, and wants to be asked less often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Timer

import pytest
from tests.agents.llm.test_remote import Act, Server
from tests.agents.runs.test_runs import MADE, content, own, samples, states

from cuechain.agents.errors import RunError
from cuechain.agents.runs import Run, batch, patience

pytest.importorskip("langchain_openai", reason="needs the extra remote")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(patience, "FIRST", 0.1)
    server = Server()
    server.acts = [Act()]
    yield server
    server.stop()


def asking(server: Server, **more):
    return own(model="openai:tiny", base_url=server.url, retries=0, timeout=5, direct=True, **more)


def test_a_server_that_dies_and_comes_back_costs_no_item(server, tmp_path):
    told = []
    steps = batch(samples(24), MADE, asking(server), tmp_path / "run", workers=1, stage=told.append)
    seen = [next(steps) for _ in range(3)]
    server.stop()
    Timer(1.5, server.start).start()
    seen += steps
    assert [step.state for step in seen] == ["answered"] * 24
    assert Run(tmp_path / "run").finished == 24 and len(content(tmp_path / "run")) == 24
    assert any("away" in stage for stage in told) and told[-1] == ""


def test_a_server_that_stays_away_ends_the_run_which_goes_on_later(server, tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "MOST", 0.5)
    steps = batch(samples(24), MADE, asking(server), tmp_path / "run")
    next(steps)
    server.stop()
    with pytest.raises(RunError, match="cannot be reached") as error:
        list(steps)
    assert "the same command goes on" in error.value.hint
    done = len(content(tmp_path / "run"))
    assert 0 < done < 24 and Run(tmp_path / "run").finished is None
    # Nor does a run burn through what is left when it is called while the server is still away.
    with pytest.raises(RunError, match="cannot be reached"):
        list(batch(samples(24), MADE, asking(server), tmp_path / "run"))
    server.start()
    assert states(batch(samples(24), MADE, asking(server), tmp_path / "run"))["kept"] == done
    assert len(content(tmp_path / "run")) == 24 and Run(tmp_path / "run").finished == 24


def test_a_server_that_is_asked_too_often_is_left_alone_as_long_as_it_says(server, tmp_path):
    server.acts = [Act(), *[Act("slow down", status=429, headers={"retry-after": "1"})] * 2, Act()]
    begun = time.monotonic()
    told = states(batch(samples(10), MADE, asking(server), tmp_path / "run"))
    assert told == {"answered": 10} and time.monotonic() - begun >= 1


def test_a_question_that_fails_while_others_get_through_fails_alone(server, tmp_path):
    items = samples(8)
    items[3] = items[3].model_copy(update={"text": "POISON"})
    server.poison = "POISON"
    told = states(batch(items, MADE, asking(server), tmp_path / "run"))
    assert told["answered"] == 7 and told["failed"] == 1
