"""The page on a real server and in a real browser; both are started once."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cuechain.agents import settings

CHROMIUM = Path("/usr/bin/chromium")
MOST = 2 * 2**20


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The page at `address`, its conversations under `home`."""
    pytest.importorskip("gradio")
    import uvicorn

    from cuechain.agents.ui.app import application

    home = tmp_path_factory.mktemp("home")
    looks = home / "looks.jsonl"  # a model that calls a tool, takes notes, and answers
    said = [{"text": "She probably feels glad.", "cites": ["T1"], "stance": "supports", "points": None}]
    felt = {"label": "joy", "intensity": 0.5, "confidence": 0.7}
    answer = {"person": "P1", "span": None, "emotion": felt, "sentiment": "positive", "relation": "single"}
    calls = [{"name": "transcript", "args": {"span": {"start": 0, "end": 8}}}]
    replies = [{"tool_calls": calls}, "notes", json.dumps({**answer, "claims": said, "abstain": False})]
    looks.write_text("\n".join(json.dumps(reply) for reply in replies))
    broken = f"scripted:{home / 'no-such-file.json'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(home))  # the application sets it; this puts it back afterwards
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        app, _ = application(
            settings.load(model="rules", home=home), models=("rules", broken, f"scripted:{looks}"), most=MOST
        )
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        yield SimpleNamespace(address=address, home=home, broken=broken, looks=f"scripted:{looks}")
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=[*flags, "--mute-audio"])
        yield opened
        opened.close()


def alone(work: Coroutine[Any, Any, Any]) -> Any:
    """Run something asynchronous in a thread of its own: the browser's driver keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
