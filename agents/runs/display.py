"""How a run is shown: a live display in a terminal, plain lines or JSON lines in a log, or nothing."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cuechain.agents.errors import RunError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cuechain.agents.runs.batching import Progress
    from cuechain.agents.runs.progress import Watch

EVERY = 30.0
"""Seconds between two plain lines."""

Mode = Literal["auto", "plain", "json", "quiet"]


def follow(steps: Iterator[Progress], watch: Watch, out: Path, again: str, mode: Mode = "auto") -> None:
    """Show a run on stderr while it goes on, and what came of it at the end.

    Args:
        steps: What comes of its items.
        watch: Counts them.
        out: The run folder.
        again: The command that goes on.
        mode: `auto` is a live display in a terminal, plain lines elsewhere; `json` is an object a line; `quiet` tells of problems alone.

    Raises:
        RunError: Not one item could be answered.
    """
    end = ""
    try:
        if mode == "json":
            _as_json(steps, watch)
        elif mode == "auto" and sys.stderr.isatty():
            _live(steps, watch)
        else:
            _plainly(steps, watch, quiet=mode == "quiet")
    except KeyboardInterrupt:
        end = "interrupted"
        raise
    except BaseException:
        end = "ended early"
        raise
    finally:
        _sum_up(watch, out, again, end, mode)
    if not watch.done:
        if not watch.total:
            raise RunError("there is no item to answer", "see above for what could not be used")
        raise RunError(f"none of the {watch.total:,} items could be answered", "see above for why")


def _sum_up(watch: Watch, out: Path, again: str, end: str, mode: Mode) -> None:
    if mode == "json":
        causes = [{"error": c.error, "count": c.count, "ids": c.ids} for c in watch.causes.values()]
        faults = [vars(fault) for fault in watch.faults]
        more = {"run": str(out), "seconds": round(watch.seconds, 1), "ended": end or "finished"}
        _write({"event": "summary", **more, **watch.record(), "failures": causes, "faults": faults, "again": again})
    elif end == "ended early" and not watch.states:
        return  # what the error says is all that there is to say
    elif mode != "quiet" or watch.causes or watch.faults or end:
        for line in watch.summary(out, again, end):
            _say(line)


def _as_json(steps: Iterator[Progress], watch: Watch) -> None:
    for step in steps:
        watch.take(step)
        if step.state != "kept":
            problem = {"error": step.error} if step.error else {}
            _write({"event": "item", "id": step.id, "state": step.state, **problem, **watch.record()})


def _write(record: dict[str, Any]) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    print(json.dumps({"time": stamp, **record}, ensure_ascii=False), file=sys.stderr, flush=True)


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)


def printable(line: str) -> str:
    """A line without what steers a terminal: names of files and what servers say may hold it."""
    return re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "?", line)


def _plainly(steps: Iterator[Progress], watch: Watch, *, quiet: bool) -> None:
    told, problem = time.monotonic(), ""
    for step in steps:
        watch.take(step)
        if not quiet and time.monotonic() - told >= EVERY:
            _say(watch.line())
            if watch.last_problem != problem:
                problem = watch.last_problem
                _say(f"last problem: {problem}")
            told = time.monotonic()


def _live(steps: Iterator[Progress], watch: Watch) -> None:
    from rich.console import Console
    from rich.live import Live

    with Live(_Shown(watch), console=Console(stderr=True), refresh_per_second=4, transient=True):
        for step in steps:
            watch.take(step)


class _Shown:
    """The live display; rich draws it anew four times a second."""

    def __init__(self, watch: Watch) -> None:
        from rich.spinner import Spinner

        self._watch = watch
        self._spinner = Spinner("dots")

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        watch = self._watch
        failed = watch.states["failed"]
        top = Table.grid(padding=(0, 1, 0, 0))
        counts = Text(f"{watch.done:,} done · ")
        counts.append(f"{failed:,} failed", "bold red" if failed else "")
        counts.append(f" · {watch.left:,} left")
        top.add_row(self._spinner, ProgressBar(max(watch.total, 1), watch.total - watch.left, width=30), counts)
        lines = [top, Text(f"  {watch.pace()} · {clock(watch.seconds)}", overflow="ellipsis", no_wrap=True)]
        if watch.last_problem:
            lines.append(
                Text(f"  last problem: {printable(watch.last_problem)}", "red", overflow="ellipsis", no_wrap=True)
            )
        return Group(*lines)


def clock(seconds: float) -> str:
    """Seconds as a stopwatch shows them."""
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
