"""How long the page takes to answer: to the first word and to the whole answer, in a real browser.

    python benchmarks/page.py [FILE …] [--runs 5] [--model embedded]

Cold: from the moment a file is given to the page, with the question sent as soon as the page has the clip; nothing of it was perceived
before. Warm: from Enter, in a conversation whose clip is perceived. Medians in seconds, with the least and the most.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[1] / "examples" / "demo.mp4"
QUESTIONS = (
    "How does this person feel, and why?",
    "What speaks for it?",
    "Is it joy?",
    "Is it anger?",
    "How strong is it?",
)
CLOCK = """(turn) => new Promise((done) => {
  const began = performance.now();
  let word = null;
  const look = () => {
    const now = (performance.now() - began) / 1000;
    const whole = document.querySelector(`.turn[data-turn="${turn}"] .answer`);
    if (word === null && (whole || document.querySelector(".said")?.textContent.trim())) word = now;
    if (document.querySelector(".live .failed")) done({ failed: document.querySelector(".live .failed").textContent });
    else if (now > 300) done({ failed: "no answer in five minutes" });
    else if (whole) done({ word, whole: now });
    else requestAnimationFrame(look);
  };
  look();
})"""


def main() -> None:
    """Start a server and a browser, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[DEMO])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="embedded")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, sync_playwright() as driver:
        start = "from cuechain.agents.cli import main; main()"
        server = subprocess.Popen(
            [sys.executable, "-c", start, "ui", "--port", "0", "--model", given.model],
            env={**os.environ, "CUECHAIN_HOME": home},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stderr is not None
            address = next(m[0] for line in server.stderr if (m := re.search(r"http://\S+", line)))
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(600_000)
            _ask(page, address, DEMO, 1)  # models are loaded once
            print(f"{given.model}, seconds\n\n| file | | first word | whole answer | n |\n|---|---|---|---|---|")
            for file in given.files:
                cold = [_ask(page, address, file, 1)[0] for _ in range(given.runs)]
                warm = _ask(page, address, file, given.runs + 1)[1:]
                for name, times in (("cold", cold), ("warm", warm)):
                    word, whole = (_told([t[what] for t in times]) for what in ("word", "whole"))
                    print(f"| {file.name} | {name} | {word} | {whole} | {len(times)} |")
            browser.close()
        finally:
            server.terminate()
            server.wait(20)


def _ask(page: Any, address: str, file: Path, turns: int) -> list[dict[str, float]]:
    page.goto(address)
    page.wait_for_selector(".drop")
    page.wait_for_selector(".bar")
    times: list[dict[str, float]] = []
    for turn in range(1, turns + 1):
        page.evaluate(f"(turn) => {{ window.clock = ({CLOCK})(turn); }}", turn)
        if turn == 1:
            page.set_input_files("#choose", str(file))
            page.wait_for_selector(".clip")
        page.fill("#question textarea", QUESTIONS[(turn - 1) % len(QUESTIONS)])
        page.press("#question textarea", "Enter")
        told = page.evaluate("window.clock")
        if "failed" in told:
            raise SystemExit(f"{file.name}: {told['failed']}")
        times.append(told)
        page.wait_for_selector(".weights .score, .weights", state="attached")
    return times


def _told(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} ({min(times):.2f}-{max(times):.2f})"


if __name__ == "__main__":
    main()
