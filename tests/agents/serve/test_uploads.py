"""Clips that are sent, kept, refused and taken out again."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.agents.serve.conftest import Server, authorization, bad

SAD = "I am so sad today. Everything went wrong."


def test_what_cannot_be_used_is_refused_when_it_comes(server: Server):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    with server.client("ann") as ann:
        session = ann.post("/v1/clips", files={"file": ("day.txt", SAD)}).json()["id"]
        before = {one["id"] for one in ann.get("/v1/sessions").json()}
        for name, data in (("corrupt.mp4", os.urandom(5000)), ("list.m3u8", b"#EXTM3U\na.ts\n"), ("x.svg", svg)):
            for where in ({}, {"session": session}):
                sent = ann.post("/v1/clips", params=where, files=[("file", ("a.txt", SAD)), ("file", (name, data))])
                assert sent.status_code == 422, name
                assert name in sent.json()["error"] and str(server.home) not in sent.text
        assert {one["id"] for one in ann.get("/v1/sessions").json()} == before
        assert ann.get(f"/v1/sessions/{session}").json()["clips"] == ["day.txt"]
        assert [p.name for p in (server.home / "sessions" / session / "media").iterdir()] == ["day.txt"]


def test_one_clip_is_taken_out(server: Server):
    with server.client("ann") as ann, server.client("bob") as bob:
        sent = ann.post("/v1/clips", files=[("file", ("a b.txt", SAD)), ("file", ("c.txt", SAD))]).json()
        at = f"/v1/sessions/{sent['id']}/clips"
        assert bob.delete(f"{at}/c.txt").status_code == 404
        assert ann.delete(f"{at}/a%20b.txt").status_code == 204
        gone = ann.delete(f"{at}/a%20b.txt")
        assert gone.status_code == 404 and "no clip 'a b.txt'" in gone.json()["error"]
        assert ann.delete(f"{at}/..%2Fsession.json").status_code in (400, 404)
        assert ann.get(f"/v1/sessions/{sent['id']}").json()["clips"] == ["c.txt"]
        assert not (server.home / "sessions" / sent["id"] / "media" / "a b.txt").exists()


def test_fifty_uploads_at_once(server: Server):
    data = b"She is sad. " * 40_000
    names = ("ann", "bob", "cyd")

    def send(number: int) -> int:
        target = bad.Target(server.port, authorization(names[number % 3]), "", "", "", 0)
        return bad.talk(server.port, bad.upload("a.txt", data)(target))[0]

    waits = [0.0]
    stop = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            while not stop.wait(0.02):
                begin = time.monotonic()
                assert client.get("/health").json()["status"] == "ok"
                waits.append(time.monotonic() - begin)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(send, range(50)))
    stop.set()
    watcher.join()
    assert set(codes) <= {201, 429} and codes.count(201) >= 16
    assert max(waits) < 5
    kept = [p.stat().st_size for p in server.home.rglob("a.txt")]
    assert kept == [len(data)] * codes.count(201), "an upload was lost or is not whole"
    for name in names:
        with server.client(name) as client:
            for one in client.get("/v1/sessions").json():
                client.delete(f"/v1/sessions/{one['id']}")
