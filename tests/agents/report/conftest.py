"""A real browser, and a real clip with a page about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.report.page import page
from tests.agents.report.made import case, cheerful


@pytest.fixture(scope="module")  # its driver keeps an event loop in this thread: no longer than it must
def chromium() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    where = next((w for n in ("chromium", "chromium-browser", "google-chrome") if (w := shutil.which(n))), None)
    if where is None:
        pytest.skip("there is no Chromium")
    with sync.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=where, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, film: Any, tone: Any) -> Path:
    """Eight seconds of a picture with sound."""
    return film(tmp_path_factory.mktemp("clip") / "a clip #1.mp4", seconds=8.0, fps=10, sound=tone(8.0))


@pytest.fixture(scope="session")
def about(clip: Path) -> Any:
    """about(**more) → the case of `made`, about the clip."""
    import hashlib

    def make(**more: Any) -> Any:
        media = cheerful().media[0]
        digest = hashlib.sha256(clip.read_bytes()).hexdigest()
        media = media.model_copy(update={"path": str(clip), "sha256": digest})
        return case(cheerful().model_copy(update={"media": (media,)}), **more)

    return make


@pytest.fixture
def shown(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """shown(cases, width=1280, **more) → an open page about them, and all that it asked for, in `page.asked`; noise fails the test."""
    opened: list[Any] = []

    def show(cases: Any, width: int = 1280, path: Path | None = None, scheme: str = "light", **more: Any) -> Any:
        path = path or tmp_path / "report.html"
        path.write_text(page(cases, path, **more), "utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab = context.new_page()
        tab.asked, tab.noise = [], []
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.on("console", lambda message: tab.noise.append(message.text))
        tab.on("pageerror", lambda error: tab.noise.append(str(error)))
        tab.goto(path.as_uri())
        opened.append((context, tab))
        return tab

    yield show
    noise = [tab.noise for _, tab in opened]
    for context, _ in opened:
        context.close()
    assert not any(noise), noise
