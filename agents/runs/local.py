"""Items at work in processes of this machine. An item that crashes a native library costs its worker, not the run."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from cuechain.agents import llm
from cuechain.agents.errors import CueChainError, RunError
from cuechain.agents.runs.work import Work
from cuechain.agents.values import Case, CueSheet, Sample

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

UNBORN = 3
"""Workers that may die in a row before any item was done: then it is not the items."""


@dataclass
class _Worker:
    """One process, and what it is at."""

    process: SpawnProcess
    pipe: Connection
    item: Sample | None = None


def worked(
    items: Iterable[Sample], work: Work, workers: int, *, reason: bool
) -> Iterator[tuple[Sample, Case | CueSheet]]:
    """Perceive items, and with `reason` answer them, as many at once as there are workers; in the order in which they are done.

    Args:
        items: Read one at a time, as workers become free.
        work: What is done with each.
        workers: Processes.
        reason: Load the model in every worker and give cases; else give sheets, and cases of items that cannot be perceived.

    Raises:
        CueChainError: The model cannot be loaded or asked: what a worker told.
        RunError: Workers die before they have done anything.
    """
    context = multiprocessing.get_context("spawn")
    queue = iter(items)
    busy: list[_Worker] = []
    unborn = 0

    def started() -> _Worker:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, work, reason), daemon=True, name="cuechain worker")
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def fed(worker: _Worker) -> bool:
        worker.item = next(queue, None)
        if worker.item is None:
            _dismiss(worker)
            return False
        worker.pipe.send(worker.item)
        return True

    try:
        for _ in range(workers):
            worker = started()
            if not fed(worker):
                break
            busy.append(worker)
        while busy:
            for pipe in wait([w.pipe for w in busy]):
                worker = next(w for w in busy if w.pipe is pipe)
                item = worker.item
                assert item is not None
                try:
                    found: Any = worker.pipe.recv()
                except (EOFError, OSError):  # it died
                    worker.process.join()
                    busy.remove(worker)
                    unborn += 1
                    if unborn >= UNBORN:
                        raise RunError(
                            f"{UNBORN} workers in a row {_died(worker.process.exitcode)}",
                            "try one item with `cuechain ask`",
                        ) from None
                    yield (
                        item,
                        work.failed(
                            item, CueSheet(), f"WorkerDied: the process that was at it {_died(worker.process.exitcode)}"
                        ),
                    )
                    heir = started()
                    if fed(heir):
                        busy.append(heir)
                    continue
                if isinstance(found, BaseException):
                    raise found
                unborn = 0
                if not fed(worker):
                    busy.remove(worker)
                yield item, found
    finally:
        for worker in busy:
            worker.process.kill()


def _died(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            pass
    return f"ended with exit code {code}"


def _dismiss(worker: _Worker) -> None:
    worker.pipe.send(None)
    worker.pipe.close()


def _serve(pipe: Connection, work: Work, reason: bool) -> None:
    """A worker's life: items in, cases or sheets out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it stops it
    try:
        model = llm.load(work.settings.model, work.settings) if reason else None
        while (item := pipe.recv()) is not None:
            found = work.perceived(item)
            if model is not None and isinstance(found, CueSheet):
                found = work.reasoned(item, found, model)
            pipe.send(found)
    except CueChainError as error:
        pipe.send(error)
    except (EOFError, BrokenPipeError):  # nobody wants the rest
        pass
