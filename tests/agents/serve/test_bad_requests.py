"""What is sent badly gets its answer, opens nothing and breaks nothing."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.agents.serve.conftest import MOST, Server, authorization, bad


@pytest.fixture(scope="module")
def answers(server: Server) -> dict[str, tuple[int, dict[str, str], bytes]]:
    """All of them at once, as they would come."""
    with server.client("bob") as bob, server.client("ann") as ann:
        theirs = server.over(bob, bob.post("/v1/ask", json={"question": "How is she?", "text": "Great."}).json())
        own = server.over(ann, ann.post("/v1/ask", json={"question": "How is he?", "text": "Great."}).json())
    target = bad.Target(server.port, authorization("ann"), own["session"], theirs["session"], theirs["id"], MOST)
    before = sorted(p for p in server.home.parent.rglob("*") if server.home not in p.parents)
    with ThreadPoolExecutor(16) as pool:
        said = pool.map(lambda one: bad.talk(server.port, one.send(target)), bad.REQUESTS)
        found = dict(zip([one.name for one in bad.REQUESTS], said, strict=True))
    assert sorted(p for p in server.home.parent.rglob("*") if server.home not in p.parents) == before
    with server.client("bob") as bob:  # what is another's is untouched
        assert bob.get(f"/v1/sessions/{theirs['session']}/cases").json()[0]["status"] == "done"
        assert bob.get(f"/v1/jobs/{theirs['id']}").json()["state"] == "done"
    return found


@pytest.mark.parametrize("one", bad.REQUESTS, ids=lambda one: one.name)
def test_each_gets_its_answer(answers: dict[str, tuple[int, dict[str, str], bytes]], one: Any):
    status, headers, body = answers[one.name]
    assert status in one.answers, body[:300]
    assert status < 500
    if status and one.name.partition(":")[0] not in ("no HTTP", "head", "method"):
        told = body.decode("latin-1")
        assert "Traceback" not in told and "/site-packages/" not in told and "correct horse" not in told
        assert not [name for name in headers if name.startswith("access-control")]


def test_names_of_files_stay_in_their_session(answers: Any, server: Server):
    with server.client("ann") as ann:
        sessions = ann.get("/v1/sessions").json()
    names = {name for one in sessions for name in one["clips"]}
    assert {"evil.txt", "session.json", "text.txt"} <= names
    for one in sessions:
        folder = (server.home / "sessions" / one["id"]).resolve()
        for name in one["clips"]:
            assert (folder / "media" / name).resolve().parent == folder / "media"
        assert '"owner": "ann"' in (folder / "session.json").read_text()


def test_files_that_mean_it_badly_come_to_nothing(server: Server):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    with server.client("ann") as ann:
        for what, name, data in bad.clips(listener.getsockname()[1]):
            sent = ann.post("/v1/clips", files={"file": (name, data)})
            assert sent.status_code in (201, 422), what
            if sent.status_code == 422:  # seen when it came
                told = sent.text
                assert "root:" not in told and str(server.home) not in told and "please report it" not in told, what
                continue
            job = server.over(ann, ann.post("/v1/perceive", json={"session": sent.json()["id"]}).json())
            assert job["state"] == "failed", what
            assert job["error"] and "root:" not in str(job) and str(server.home) not in str(job), (what, job)
            assert "please report it" not in str(job), (what, job)
            assert ann.delete(f"/v1/sessions/{sent.json()['id']}").status_code == 204
    with pytest.raises(TimeoutError):  # nobody was led here
        listener.accept()
    listener.close()
