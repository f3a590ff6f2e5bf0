"""The HTTP API as other software uses it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.serve.cli import serve
from cuechain.agents.serve.job import Limits
from cuechain.agents.serve.jobs import Jobs
from cuechain.agents.serve.order import Order, placeless
from cuechain.agents.sessions import Sessions
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case
from cuechain.agents.web import BusyError
from tests.agents.serve.conftest import Server

SAD = "I am so sad today. Everything went wrong."


def test_a_clip_is_sent_asked_about_rated_and_gone(server: Server):
    with server.client("ann") as ann:
        sent = ann.post("/v1/clips", files=[("file", ("day.txt", SAD)), ("file", ("day.txt", "I miss her."))])
        assert sent.status_code == 201
        session = sent.json()
        assert session["clips"] == ["day.txt", "day-2.txt"]

        answer = ann.post("/v1/ask", params={"wait": 30}, json={"session": session["id"], "question": "How is she?"})
        assert answer.status_code == 200
        job = answer.json()
        assert (job["state"], job["turn"]) == ("done", 1)
        case = Case.model_validate(job["case"])
        assert case.answer and case.answer.emotion and case.answer.emotion.label == "sadness"
        assert {m.path for m in case.sheet.media} == {"day.txt", "day-2.txt"}
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"

        again = ann.post(
            "/v1/ask", params={"wait": 30}, json={"session": session["id"], "question": "Why?", "model": "embedded"}
        )
        assert (again.json()["turn"], again.json()["case"]["model"]) == (2, "embedded")
        cases = ann.get(f"/v1/sessions/{session['id']}/cases").json()
        assert [c["question"]["text"] for c in cases] == ["How is she?", "Why?"]
        assert cases[0]["answer"] == job["case"]["answer"]

        told = {"turn": 1, "rating": "down", "label": "disgust"}
        assert ann.post(f"/v1/sessions/{session['id']}/feedback", json=told).status_code == 201
        assert ann.get(f"/v1/sessions/{session['id']}/feedback").json()[0]["label"] == "disgust"

        folder = server.home / "sessions" / session["id"]
        assert (folder / "cases.jsonl").is_file() and (folder / "cache").is_dir()
        assert ann.delete(f"/v1/sessions/{session['id']}").status_code == 204
        for path in (f"/v1/sessions/{session['id']}", f"/v1/jobs/{job['id']}", f"/v1/sessions/{session['id']}/cases"):
            assert ann.get(path).status_code == 404
    assert not [p for p in server.home.rglob("*") if session["id"] in str(p)]
    left = [p for p in server.home.rglob("*") if p.is_file() and SAD.encode() in p.read_bytes()]
    assert not left


def test_senses_can_be_left_out_or_asked_alone(server: Server):
    with server.client("ann") as ann:
        job = ann.post("/v1/perceive", params={"wait": 30}, json={"text": SAD, "senses": ["words"]}).json()
        senses = {cue["sense"] for cue in job["sheet"]["cues"].values()}
        assert "words" in senses and "broken" not in senses
        asked = {"session": job["session"], "question": "How is she?", "without": ["words"]}
        job = ann.post("/v1/ask", params={"wait": 30}, json=asked).json()
        assert "words" not in {cue["sense"] for cue in job["case"]["sheet"]["cues"].values()}


def test_events_of_a_job(server: Server):
    with server.client("ann") as ann:
        job = ann.post("/v1/ask", json={"text": SAD, "question": "How is she?"}).json()
        assert job["state"] in ("waiting", "running")
        with ann.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            events = [
                dict(line.split(": ", 1) for line in one.split("\n"))
                for one in stream.read().decode().strip().split("\n\n")
            ]
        names = [event["event"] for event in events]
        assert names[0] == "opened" and names[-1] == "end"
        assert {"sense_done", "sheet_ready", "thinking"} <= set(names)
        assert json.loads(events[-1]["data"])["case"]["answer"]["emotion"]["label"] == "sadness"
        late = ann.get(f"/v1/jobs/{job['id']}/events", headers={"last-event-id": events[-2]["id"]}).text
        assert re.findall(r"event: (\w+)", late) == ["end"]


def test_a_file_that_kills_its_process_costs_its_job_alone(server: Server):
    with server.client("ann") as ann:
        poison = ann.post("/v1/ask", json={"text": "KILL", "question": "How is she?"}).json()
        healthy = ann.post("/v1/ask", json={"text": SAD, "question": "How is she?"}).json()
        poison, healthy = server.over(ann, poison), server.over(ann, healthy)
        assert poison["state"] == "failed" and "killed by signal 9" in poison["error"]
        assert healthy["state"] == "done"
        again = ann.post("/v1/ask", params={"wait": 30}, json={"text": SAD, "question": "How is she?"}).json()
        assert again["state"] == "done"


def test_jobs_end_when_they_are_cancelled_or_lose_their_session(server: Server):
    with server.client("bob") as bob:
        first, gone = (bob.post("/v1/ask", json={"text": "SLEEP", "question": "How is she?"}).json() for _ in range(2))
        waits = bob.post("/v1/ask", json={"text": SAD, "question": "How is she?"}).json()
        while {bob.get(f"/v1/jobs/{j['id']}").json()["state"] for j in (first, gone)} != {"running"}:
            time.sleep(0.05)
        assert bob.get(f"/v1/jobs/{waits['id']}").json()["before"] == 0
        begin = time.monotonic()
        assert bob.delete(f"/v1/jobs/{first['id']}").json()["state"] == "cancelled"
        assert bob.delete(f"/v1/sessions/{gone['session']}").status_code == 204
        assert time.monotonic() - begin < 10
        assert bob.get(f"/v1/jobs/{gone['id']}").status_code == 404
        assert server.over(bob, waits)["state"] == "done"  # its worker is back at work
        assert bob.get(f"/v1/sessions/{first['session']}/cases").json() == []
        assert not (server.home / "sessions" / gone["session"]).exists()


def test_a_job_that_failed_is_no_success(server: Server):
    with server.client("ann") as ann:
        killed = ann.post("/v1/ask", params={"wait": 60}, json={"text": "KILL", "question": "How is she?"})
        assert (killed.status_code, killed.json()["state"]) == (500, "failed")
        assert "killed by signal 9" in killed.json()["error"]
        blank = ann.post("/v1/ask", params={"wait": 60}, json={"text": "\0" * 9, "question": "How is she?"})
        assert blank.status_code == 422 and blank.json()["error"]
        unknown = ann.get("/v1/jobs/unknown")
        assert (unknown.status_code, unknown.json()["hint"]) == (
            404, "jobs end with the server; answers lie in their sessions"
        )  # fmt: skip
        assert "cuechain chat" not in ann.get("/v1/sessions/unknown-session").text


def test_a_job_that_takes_too_long(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server.service.jobs, "limits", replace(server.service.jobs.limits, seconds=1.0))
    with server.client("bob") as bob:
        late = bob.post("/v1/ask", params={"wait": 60}, json={"text": "SLEEP", "question": "How is she?"}).json()
        assert late["state"] == "failed" and "longer than 1 s" in late["error"]


def test_who_asks_too_much_is_told_to_wait_and_others_are_served(server: Server):
    with server.client("bob") as bob, server.client("cyd") as cyd:
        blocks = [bob.post("/v1/ask", json={"text": "SLEEP", "question": "How?"}).json() for _ in range(2)]
        while {bob.get(f"/v1/jobs/{j['id']}").json()["state"] for j in blocks} != {"running"}:
            time.sleep(0.05)
        many = [bob.post("/v1/ask", json={"text": SAD, "question": "How?"}) for _ in range(8)]
        assert [m.status_code for m in many] == [202] * 6 + [429] * 2
        assert 1 <= int(many[-1].headers["retry-after"]) <= 60
        sessions = len(bob.get("/v1/sessions").json())
        assert bob.post("/v1/ask", json={"text": SAD, "question": "How?"}).status_code == 429
        assert len(bob.get("/v1/sessions").json()) == sessions  # a refusal leaves nothing behind
        late = cyd.post("/v1/ask", json={"text": SAD, "question": "How?"}).json()
        for block in blocks:
            bob.delete(f"/v1/jobs/{block['id']}")
        late = server.over(cyd, late)
        done = [server.over(bob, m.json()) for m in many[:6]]
        assert {d["state"] for d in done} == {"done"}
        assert late["started"] < sorted(d["started"] for d in done)[2], "the other owner had to wait for all of them"


def test_what_is_there(server: Server):
    with server.client("ann") as ann:
        assert {"words", "scene", "broken"} <= {t["name"] for t in ann.get("/v1/tools").json()}
        assert "emotion" in {t["name"] for t in ann.get("/v1/tasks").json()}
        assert [m["name"] for m in ann.get("/v1/models").json()] == ["rules", "embedded"]
        schema = ann.get("/openapi.json").json()
        page = ann.get("/docs").text
        assert all(path in page for path in schema["paths"])
        for told in (
            "HTTP Basic",
            "Bearer",
            "/mcp",
            f"curl -s -F file=@clip.mp4 {server.url}",
            "case.explanation.text",
        ):
            assert told in page, told
        ask = schema["paths"]["/v1/ask"]["post"]["responses"]
        assert {"200", "202", "401", "404", "413", "422", "429", "500", "507"} <= set(ask)
        assert ask["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/JobShown")
        assert "401" in schema["paths"]["/v1/sessions"]["get"]["responses"]
        assert set(schema["components"]["securitySchemes"]) == {"password", "token"}
        parser = HTMLParser()
        loaded: list[str] = []
        parser.handle_starttag = lambda tag, attrs: loaded.extend(  # type: ignore[method-assign]
            v or "" for k, v in attrs if k in ("src", "href") and tag != "a"
        )
        parser.feed(page)
        assert not loaded and "<script" not in page, "the page needs a network"
        began = ann.post("/v1/sessions", json={"title": "<b>mine</b>"}).json()
        assert ann.get(f"/v1/sessions/{began['id']}").json()["title"] == "<b>mine</b>"
        empty = ann.post("/v1/ask", json={"session": began["id"], "question": "How?"})
        assert (empty.status_code, empty.json()["error"]) == (422, f"session {began['id']} has no clips")


def test_owners_take_turns_and_a_session_does_one_thing_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []
    free = threading.Semaphore(0)

    def see_to(self: Jobs, job: Any, worker: Any) -> None:
        order.append(job.order.question)
        free.acquire()
        with self._changed:
            self._end(job, "done")

    monkeypatch.setattr(Jobs, "_see_to", see_to)
    monkeypatch.setattr("cuechain.agents.serve.worker.Worker.start", lambda self: None)
    jobs = Jobs(Settings(home=tmp_path), Limits(workers=1, waiting=7, each=4))

    def ask(owner: str, question: str, session: str = "") -> Any:
        return jobs.submit(Order(kind="ask", owner=owner, session=session or question, question=question))

    made = [ask("ann", "a1", "s")]
    while not order:
        time.sleep(0.01)
    made += [
        ask("ann", "a2", "s"),
        ask("ann", "a3"),
        ask("ann", "a4"),
        ask("bob", "b1"),
        ask("bob", "b2"),
        ask("cyd", "c1"),
    ]
    ask("ann", "a5")
    with pytest.raises(BusyError) as full:
        ask("bob", "b3")
    assert full.value.seconds >= 1
    jobs.cancel(made[2])
    for _ in range(8):
        free.release()
    until = time.monotonic() + 5
    while not all(job.over for job in jobs._jobs.values()) and time.monotonic() < until:
        time.sleep(0.01)
    assert order == ["a1", "b1", "c1", "a2", "b2", "a4", "a5"]
    assert made[2].state == "cancelled"
    jobs.close()
    jobs.join()
    with pytest.raises(Exception, match="server stops"):
        ask("ann", "late")


def test_nobody_is_told_where_files_lie(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "real")
    session = Sessions(tmp_path / "home").create()
    path = session.add_file(io.BytesIO(b"x"), "a.txt")
    told = placeless({"error": f"{path} is broken", "path": str(path.resolve())}, session)
    assert told == {"error": "a.txt is broken", "path": "a.txt"}


def test_a_model_that_is_not_there(tmp_path: Path):
    from cuechain.agents.serve.service import Service

    with pytest.raises(ConfigError, match="unknown model"):
        Service(Settings(home=tmp_path), ("embeded",))


def command(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`cuechain …` as a process."""
    code = "from cuechain.agents.cli import main; main()"
    env = {**os.environ, **environment}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True, env=env)


def test_the_command_refuses_to_be_open_to_all():
    with pytest.raises(ConfigError, match="nothing says who may ask"):
        serve(host="0.0.0.0")


def test_the_command_ends_cleanly(tmp_path: Path):
    served = command("serve", "--port", "0", "--workers", "1", "--model", "rules", CUECHAIN_HOME=str(tmp_path))
    assert served.stderr
    told = served.stderr.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+", told)
    assert address, told
    with httpx.Client(base_url=address[0], timeout=30) as client:
        job = client.post("/v1/ask", json={"text": SAD, "question": "How is she?"}).json()
        with client.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:  # somebody listens while it is stopped
            lines = stream.iter_lines()
            assert next(lines)
            begin = time.monotonic()
            served.send_signal(signal.SIGINT)
            assert any('"state": "cancelled"' in line for line in lines)
    assert served.wait(15) == 130
    assert time.monotonic() - begin < 8
    assert served.stderr.read() in ("", "interrupted\n")
