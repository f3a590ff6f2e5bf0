"""One server for all tests of this folder, on a real socket, with workers and with a sense that breaks on demand."""

from __future__ import annotations

import base64
import importlib.util
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents import registry
from cuechain.agents.settings import Settings
from cuechain.agents.web import guarded, running

USERS = {"ann": "correct horse", "bob": "battery staple", "cyd": "purple monkey"}
MOST = 4 * 2**20
SENSE = """
import os, time
from cuechain import Cue, Sense

class Broken(Sense):
    name, version, about, streams = "broken", "1", "breaks when a text tells it to", frozenset({"text"})
    def perceive(self, clip, heard):
        if "KILL" in clip.text:
            os.kill(os.getpid(), 9)
        if "SLEEP" in clip.text:
            time.sleep(60)
        yield Cue(sense=self.name, text="the text is whole", source="broken@1")
"""

FILE = Path(__file__).parents[3] / "benchmarks" / "serve_requests.py"
SPEC = importlib.util.spec_from_file_location("serve_requests", FILE)
assert SPEC and SPEC.loader
bad: Any = importlib.util.module_from_spec(SPEC)
sys.modules["serve_requests"] = bad
SPEC.loader.exec_module(bad)


@dataclass
class Server:
    """The server under test."""

    port: int
    home: Path
    service: Any

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, name: str) -> Any:
        """An HTTP client of a user."""
        import httpx

        return httpx.Client(base_url=self.url, auth=(name, USERS[name]), timeout=60)

    def over(self, client: Any, job: dict[str, Any]) -> dict[str, Any]:
        """A job when it is over."""
        until = time.monotonic() + 60
        while job["state"] in ("waiting", "running"):
            assert time.monotonic() < until, job
            time.sleep(0.05)
            job = client.get(f"/v1/jobs/{job['id']}").json()
        return job


def authorization(name: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{USERS[name]}".encode()).decode()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    import uvicorn

    from cuechain.agents.serve.api import api
    from cuechain.agents.serve.job import Limits
    from cuechain.agents.serve.service import Service

    site = tmp_path_factory.mktemp("site")
    (site / "broken_sense.py").write_text(SENSE)
    info = site / "broken_sense-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken_sense\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[cuechain.perception]\nbroken = broken_sense:Broken\n")
    sys.path.insert(0, str(site))
    registry._entries.cache_clear()

    home = tmp_path_factory.mktemp("work") / "home"
    settings = Settings(home=home, model="rules", senses=("words", "broken", "scene"), cache=home / "none")
    service = Service(settings, ("rules", "embedded"), Limits(workers=2, waiting=12, each=6, seconds=60.0))
    door = guarded(
        api(service, MOST),
        host="127.0.0.1",
        users=USERS,
        most_bytes=MOST + 2**16,
        uploads=("/v1/clips",),
        unasked=("/health",),
        idle=1.0,
    )
    config = running.configured(door)
    httpd, listener = uvicorn.Server(config), running.bound("127.0.0.1", 0)
    thread = threading.Thread(target=httpd.run, kwargs={"sockets": [listener]}, daemon=True)
    patch = pytest.MonkeyPatch()
    patch.setattr(running, "HEADER_SECONDS", 2.0)
    thread.start()
    while not httpd.started:
        time.sleep(0.01)
    yield Server(listener.getsockname()[1], home, service)
    service.jobs.close()
    httpd.should_exit = True
    thread.join(20)
    patch.undo()
    sys.path.remove(str(site))
    registry._entries.cache_clear()
    assert not thread.is_alive(), "the server does not stop"
