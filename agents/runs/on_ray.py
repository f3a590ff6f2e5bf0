"""Items at work in a Ray cluster, or in a Ray of this machine: perception on its processors, chat models on its GPUs.

Ray actors rather than Ray Data: a run must know which item a dead worker was at, give back each item as soon as it is
done, and try no item for ever; Ray Data tries blocks of rows, gives them back whole, and drops them without their names.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import cuechain
from cuechain import prompts
from cuechain.agents import llm
from cuechain.agents.errors import CueChainError, MissingExtraError, RunError
from cuechain.agents.llm import Model
from cuechain.agents.nearest import Known
from cuechain.agents.runs.work import Examples, Work
from cuechain.agents.values import Case, CueSheet, Sample

UNBORN = 3
"""Workers that may die in a row, or items that may break them, before any item was done: then it is not the items."""

TRIES = 2
"""Workers that an item may cost: one may have died of its machine, two died of the item."""

STORE = 80 * 2**20
"""Bytes of Ray's object store on this machine, close to the least it takes: items and sheets travel without it."""

KNOCK = 10.0
"""Seconds in which the head of a cluster must take a connection."""

Task: TypeAlias = tuple[Sample] | tuple[Sample, CueSheet | Case, tuple[Known, ...]]
"""An item to perceive; or one that is perceived, with solved examples."""


def worked(
    items: Iterable[Sample], work: Work, workers: int, *, reason: bool, address: str | None = None
) -> Iterator[tuple[Sample, Case | CueSheet]]:
    """Perceive items, and with `reason` answer them, as many at once as there are workers; in the order in which they are done.

    Args:
        items: Read one at a time, as workers become free.
        work: What is done with each.
        workers: Actors of one processor each; 0 for as many as there are processors.
        reason: Load the model in every worker and give cases; else give sheets, and cases of items that cannot be perceived.
        address: Of a cluster, such as `ray://head:10001`, `head:6379` or `auto`; None for a Ray of this machine alone.

    Raises:
        CueChainError: The model cannot be loaded or asked: what a worker told.
        RunError: There is no such cluster, its machines have another version, or workers die before they have done anything.
        MissingExtraError: Ray is not installed.
    """
    with _joined(address, workers):
        yield from _spread(((item,) for item in items), work, workers or _total("CPU"), reason=reason)


def answered(
    items: Iterable[Sample], work: Work, workers: int, examples: Examples | None = None, address: str | None = None
) -> Iterator[Case]:
    """Perceive items on processors, and answer them by a chat model that every GPU of the cluster holds once.

    Where there is no GPU, or none is wanted, one actor holds the model on a processor.

    Args:
        items: Read one at a time, as workers become free.
        work: What is done with each.
        workers: Actors that perceive; 0 for as many as there are processors.
        examples: Finds solved examples for an item; called here.
        address: Of a cluster; None for a Ray of this machine alone.

    Raises:
        CueChainError: As of `worked`.
    """
    with _joined(address, workers + 1 if workers else 0):
        gpus = 0 if work.settings.device == "cpu" else _total("GPU")
        if work.settings.device == "cuda" and not gpus:
            raise RunError("the cluster has no GPU", "take --device auto, or add a machine that has one")
        found = _spread(((item,) for item in items), work, workers or max(1, _total("CPU") - (not gpus)), reason=False)
        perceived = (
            (item, one, tuple(examples(item, one)) if examples and isinstance(one, CueSheet) else ())
            for item, one in found
        )
        yield from (case for _, case in _spread(perceived, work, gpus or 1, reason=True, gpu=bool(gpus)))


class _Actor:
    """A process somewhere in the cluster. Errors that end the run are given back, not raised: Ray would dress them up."""

    def __init__(self, work: Work, reason: bool) -> None:
        self._work, self._reason = work, reason
        self._model: Model | None = None

    def ready(self) -> tuple[str, str] | CueChainError:
        """Load the model; which version of the package this is."""
        try:
            if self._reason:
                self._model = llm.load(self._work.settings.model, self._work.settings)
        except CueChainError as error:
            return error
        return _version()

    def done(
        self, item: Sample, found: CueSheet | Case | None = None, shots: tuple[Known, ...] = ()
    ) -> CueSheet | Case | CueChainError:
        """What comes of an item."""
        try:
            found = self._work.perceived(item) if found is None else found
            if self._model is not None and isinstance(found, CueSheet):
                return self._work.reasoned(item, found, self._model, lambda *_: shots)
            return found
        except CueChainError as error:
            return error


def _spread(
    tasks: Iterable[Task], work: Work, count: int, *, reason: bool, gpu: bool = False
) -> Iterator[tuple[Sample, Any]]:
    """Tasks over actors, one at a time each. An actor gets its first task when it stands, so that none waits for a place in vain."""
    import ray
    from ray.exceptions import RayError, RayTaskError

    actors: Any = ray.remote(_Actor)  # pyright takes it for a function
    kind = actors.options(num_cpus=0 if gpu else 1, num_gpus=int(gpu), scheduling_strategy="SPREAD")
    queue = iter(tasks)
    again: list[Task] = []
    busy: dict[Any, tuple[Any, Task | None, int]] = {}
    over, unborn = False, 0

    def hire() -> None:
        actor = kind.remote(work, reason)
        busy[actor.ready.remote()] = (actor, None, 0)

    def feed(actor: Any) -> None:
        nonlocal over
        task, tried = (again.pop(), 1) if again else (next(queue, None), 0)
        if task is None:  # nobody holds the actor any more, so it ends
            over = True
        else:
            busy[actor.done.remote(*task)] = (actor, task, tried + 1)

    def unusable(task: Task, error: str) -> tuple[Sample, Case]:
        nonlocal unborn
        unborn += 1
        if unborn >= UNBORN:
            raise RunError(f"{UNBORN} items in a row failed: {error}", "try one item with `cuechain ask`")
        return task[0], work.failed(task[0], CueSheet(), error)

    for _ in range(count):
        hire()
    while not over or again or any(task for _, task, _ in busy.values()):
        (ref,), _ = ray.wait(list(busy), num_returns=1)
        actor, task, tried = busy.pop(ref)
        try:
            found: Any = ray.get(ref)
        except RayTaskError as error:
            if task is None:
                raise RunError(f"a worker cannot start: {error.cause}", _SAME) from error
            feed(actor)
            yield unusable(task, f"{type(error.cause).__name__}: {error.cause}")
            continue
        except RayError as error:  # it died
            ray.kill(actor)
            hire()
            if task is None:
                unborn += 1
                if unborn >= UNBORN:
                    raise RunError(f"{UNBORN} workers in a row could not start: {_line(error)}", _SAME) from error
            elif tried < TRIES:
                again.append(task)
            else:
                yield unusable(task, f"WorkerDied: the processes that were at it died {TRIES} times")
            continue
        if isinstance(found, CueChainError):
            raise found
        if task is None:
            if found != _version():
                raise RunError(f"a machine of the cluster has cuechain {found[0]}, this one {_version()[0]}", _SAME)
            feed(actor)
            continue
        unborn = 0
        feed(actor)
        yield task[0], found


_SAME = "the same cuechain, with the same extras, belongs on every machine of the cluster"


def _version() -> tuple[str, str]:
    return cuechain.__version__, prompts.template_hash()


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _total(resource: str) -> int:
    import ray

    return int(ray.cluster_resources().get(resource, 0))


def _knock(address: str) -> None:
    """Raise an OSError where nobody listens; Ray itself tries for minutes."""
    if place := re.fullmatch(r"(?:ray://)?(.+):(\d+)", address):
        socket.create_connection((place[1].strip("[]"), int(place[2])), timeout=KNOCK).close()


@contextmanager
def _joined(address: str | None, processors: int) -> Generator[None]:
    """Be in a cluster; in the one where the caller is already, else in that of the address, else in one made here for this run."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray would report to its makers
    if not address:  # Ray listens to the whole network else; its switch for loopback works on every system
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
        from ray.exceptions import RayError
    except ImportError as error:
        raise MissingExtraError("Ray", "ray") from error
    if ray.is_initialized():
        yield
        return
    try:
        if address:
            _knock(address)
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        else:
            ray.init(
                "local",
                num_cpus=processors or None,
                include_dashboard=False,
                object_store_memory=STORE,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except (OSError, RuntimeError, ValueError, RayError) as error:
        where = f"the cluster at {address}" if address else "a Ray of this machine"
        raise RunError(f"{where} cannot be reached: {_line(error)}", "`ray status` tells whether it runs") from error
    try:
        if not _total("CPU"):
            raise RunError("the cluster has no processors", "`ray status` tells what it has")
        yield
    finally:
        ray.shutdown()
