"""The server under load, and what bad requests get: `cuechain serve` as a process, asked over loopback.

    python benchmarks/serve.py [--uploads 50] [--owners 5] [--clip FILE] [--workers 2]    # the load
    python benchmarks/serve.py --bad                                                     # each bad request and its answer

The load: all uploads of a clip begin at the same moment, spread over the owners; each owner asks about each clip that was taken. Who is
told 429 waits as long as Retry-After says and tries again. Meanwhile /health is asked every 20 ms. In the end every answer is looked for.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from serve_requests import MIB, REQUESTS, Target, clips, request, talk

DEMO = Path(__file__).parents[1] / "examples" / "demo.mp4"
MOST = 20


def authorization(number: int) -> str:
    return "Basic " + base64.b64encode(f"user{number}:password {number}".encode()).decode()


@contextmanager
def server(owners: int, workers: int):
    """`cuechain serve` for so many users; gives its address, its process and its home."""
    with tempfile.TemporaryDirectory() as folder:
        users = Path(folder) / "users"
        users.touch(0o600)
        users.write_text("".join(f"user{n}:password {n}\n" for n in range(owners)))
        command = [sys.executable, "-c", "from cuechain.agents.cli import main; main()", "serve", "--port", "0"]
        command += ["--users", str(users), "--workers", str(workers), "--most-mb", str(MOST)]
        home = Path(folder) / "home"
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "CUECHAIN_HOME": str(home)}
        )
        assert process.stderr
        address = re.search(r"http://[\d.:]+", process.stderr.readline())
        assert address
        try:
            yield address[0], process, home
        finally:
            begin = time.monotonic()
            process.terminate()
            process.wait(30)
            print(f"| stopped by SIGTERM in | {time.monotonic() - begin:.1f} s |")


def peak(process: int) -> float:
    """Most memory that a process held, in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def children(process: int) -> list[int]:
    """Processes that any of its threads started."""
    return [int(pid) for path in Path(f"/proc/{process}/task").glob("*/children") for pid in path.read_text().split()]


def patient(ask: Any, told: Counter[str], what: str) -> httpx.Response:
    """Ask until the answer is not 429."""
    while True:
        answer = ask()
        told[f"{what}: {answer.status_code}"] += 1
        if answer.status_code != 429:
            return answer
        time.sleep(float(answer.headers["retry-after"]))


def load(uploads: int, owners: int, clip: Path, workers: int) -> None:
    """Print the table of the load test."""
    told: Counter[str] = Counter()
    waits: list[float] = []
    stop = threading.Event()
    start = threading.Barrier(uploads)
    with server(owners, workers) as (address, process, _):

        def client(number: int) -> httpx.Client:
            name = f"user{number % owners}", f"password {number % owners}"
            return httpx.Client(base_url=address, auth=name, timeout=600)

        def watch() -> None:
            with httpx.Client(base_url=address, timeout=60) as http:
                while not stop.wait(0.02):
                    begin = time.perf_counter()
                    http.get("/health").raise_for_status()
                    waits.append(time.perf_counter() - begin)

        def one(number: int) -> tuple[float, float, str, str]:
            with client(number) as http:
                start.wait()
                begin = time.perf_counter()
                with clip.open("rb") as file:
                    sent = patient(lambda: http.post("/v1/clips", files={"file": (clip.name, file)}), told, "upload")
                taken = time.perf_counter() - begin
                session = sent.json()["id"]
                question = {"session": session, "question": "How does she feel, and why?"}
                job = patient(lambda: http.post("/v1/ask", json=question), told, "ask").json()
                while job["state"] in ("waiting", "running"):
                    job = http.get(f"/v1/jobs/{job['id']}").raise_for_status().json()
                    time.sleep(0.5)
                return taken, time.perf_counter() - begin, job["state"], session

        watcher = threading.Thread(target=watch)
        watcher.start()
        begin = time.perf_counter()
        with ThreadPoolExecutor(uploads) as pool:
            done = list(pool.map(one, range(uploads)))
        whole = time.perf_counter() - begin
        stop.set()
        watcher.join()
        kept = 0
        for number, (*_, session) in enumerate(done):
            with client(number) as http:
                kept += len(http.get(f"/v1/sessions/{session}/cases").json()) == 1
        memory = peak(process.pid)
        working = sum(peak(pid) for pid in children(process.pid))
        for number in range(owners):
            with client(number) as http:
                for session in http.get("/v1/sessions").json():
                    http.delete(f"/v1/sessions/{session['id']}").raise_for_status()
        rows = [
            (
                "at once",
                f"{uploads} uploads of {clip.stat().st_size / MIB:.1f} MiB by {owners} owners, {workers} workers",
            ),
            *sorted(told.items()),
            ("jobs", ", ".join(f"{n} {state}" for state, n in Counter(state for *_, state, _ in done).items())),
            ("answers found afterwards", f"{kept} of {uploads}"),
            (
                "upload, median and slowest",
                f"{statistics.median(d[0] for d in done):.2f} s, {max(d[0] for d in done):.2f} s",
            ),
            ("answer, median and last", f"{statistics.median(d[1] for d in done):.1f} s, {whole:.1f} s"),
            (
                "/health meanwhile, median and slowest of " + str(len(waits)),
                f"{statistics.median(waits) * 1000:.0f} ms, {max(waits) * 1000:.0f} ms",
            ),
            ("peak memory, server and workers", f"{memory:.0f} MiB, {working:.0f} MiB"),
        ]
        print("| | |\n|---|---|")
        for row in rows:
            print("| {} | {} |".format(*row))


def bad() -> None:
    """Print each bad request and each bad file with what it got."""
    with server(2, 1) as (address, _, home):
        port = int(address.rpartition(":")[2])

        def own(number: int) -> dict[str, Any]:
            with httpx.Client(base_url=address, auth=(f"user{number}", f"password {number}"), timeout=600) as http:
                return http.post(
                    "/v1/ask", params={"wait": 60}, json={"question": "How is she?", "text": "Great."}
                ).json()

        mine, theirs = own(0), own(1)
        target = Target(port, authorization(0), mine["session"], theirs["session"], theirs["id"], MOST * MIB)
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda one: talk(port, one.send(target)), REQUESTS))
        print("| request | answer | |\n|---|---|---|")
        for one, (status, _, body) in zip(REQUESTS, answers, strict=True):
            said = re.search(rb'"error": ?"(.*?)"[,}]', body)
            right = "" if status in one.answers else " (WRONG)"
            print(f"| {one.name} | {status or 'closed'}{right} | {said[1].decode() if said else ''} |")
        led = socket.create_server(("127.0.0.1", 0))
        led.settimeout(0.1)
        print("\n| file | answer | |\n|---|---|---|")
        with httpx.Client(base_url=address, auth=("user0", "password 0"), timeout=600) as http:
            for what, name, data in clips(led.getsockname()[1]):
                sent = http.post("/v1/clips", files={"file": (name, data)})
                if sent.status_code != 201:
                    print(f"| {what} | {sent.status_code} when it came | {sent.json()['error']} |")
                    continue
                job = http.post("/v1/perceive", params={"wait": 60}, json={"session": sent.json()["id"]}).json()
                print(f"| {what} | {job['state']} | {job.get('error', 'PERCEIVED')} |")
        try:
            led.accept()
            print("SOMEBODY WAS LED TO ANOTHER ADDRESS")
        except TimeoutError:
            pass
        alive = talk(port, [request(target, "GET /health")])[0]
        right = sum(status in one.answers for one, (status, *_) in zip(REQUESTS, answers, strict=True))
        outside = [p for p in home.parent.rglob("*") if home not in p.parents and p.name not in ("home", "users")]
        print(
            f"\n{right} of {len(REQUESTS)} answered as they should; /health afterwards: {alive}; files outside: {len(outside)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=50)
    parser.add_argument("--owners", type=int, default=5)
    parser.add_argument("--clip", type=Path, default=DEMO)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bad", action="store_true")
    told = parser.parse_args()
    if told.bad:
        bad()
    else:
        load(told.uploads, told.owners, told.clip, told.workers)


if __name__ == "__main__":
    main()
