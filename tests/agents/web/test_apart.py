"""Gradio's queue behind the guard, asked by two users of whom one knows what the other's browser calls itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cuechain.agents.web import apart, guarded

ANN, BOB = ("ann", "correct horse"), ("bob", "battery staple")
DATA = "/gradio_api/queue/data"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    gr = pytest.importorskip("gradio")
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    app = FastAPI()

    @app.post("/clips")
    async def clips() -> str:
        return "kept"

    with gr.Blocks() as page:
        word, said = gr.Textbox(), gr.Textbox()
        word.change(str, word, said)
        word.change(_greeted, word, said)
    gr.mount_gradio_app(app, page, "/", ssr_mode=False)
    door = guarded(apart(app, besides=("/clips",)), host="127.0.0.1", users=dict((ANN, BOB)))
    with TestClient(door, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as made:
        yield made


def _greeted(word: str) -> str:
    return f"hello {word}"


def join(client: Any, who: tuple[str, str], **told: Any) -> Any:
    body = {"data": ["secret"], "fn_index": 1, "session_hash": "annhash", **told}
    return client.post("/gradio_api/queue/join", json=body, auth=who)


def test_what_an_event_gives_comes_to_its_owner_alone(client: Any):
    assert join(client, ANN).status_code == 200
    for hash in ("annhash", "%61nnhash"):
        theirs = client.get(f"{DATA}?session_hash={hash}", auth=BOB).text
        assert "session_not_found" in theirs and "secret" not in theirs
    assert "secret" not in client.get(f"{DATA}?session%5Fhash=annhash", auth=BOB).text
    assert "secret" not in client.get(f"{DATA}?session_hash=x&session_hash=annhash", auth=BOB).text
    own = client.get(f"{DATA}?session_hash=annhash", auth=ANN).text
    assert "hello secret" in own and "process_completed" in own


def test_an_event_is_cancelled_by_its_owner(client: Any):
    event = join(client, ANN, data=["more"]).json()["event_id"]  # told to nobody else
    told = {"session_hash": "annhash", "fn_index": 1, "event_id": event}
    client.post("/gradio_api/cancel", json={**told, "event_id": "unknown"}, auth=BOB)
    assert "hello more" in client.get(f"{DATA}?session_hash=annhash", auth=ANN).text
    assert client.post("/gradio_api/cancel", json=told, auth=ANN).status_code == 200
    assert client.post("/gradio_api/reset", json={"event_id": event}, auth=ANN).status_code == 200


@pytest.mark.parametrize("body", [b"[]", b"\xff", b"{", b"[" * 100_000, b'"annhash"'])
def test_bodies_that_are_no_object(client: Any, body: bytes):
    answer = client.post("/gradio_api/queue/join", content=body, auth=ANN, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "the body is no JSON object")


def test_other_paths_are_left_alone(client: Any):
    assert client.post("/clips", content=b"\xff\xfe", auth=ANN).text == '"kept"'
    assert client.get("/?session_hash=a&x=%20", auth=ANN).status_code == 200
