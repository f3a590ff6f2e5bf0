"""Jobs that wait, run and are done: so many at once, so many waiting, each owner in turn, each for so long."""

from __future__ import annotations

import asyncio
import math
import statistics
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from cuechain.agents.errors import SessionError
from cuechain.agents.serve.job import Job, Limits, State
from cuechain.agents.serve.order import Order
from cuechain.agents.serve.worker import Worker, WorkerDiedError
from cuechain.agents.settings import Settings
from cuechain.agents.web import BusyError

KEPT = 50
"""Finished jobs of an owner that can still be asked about. Answers stay in their session, however many there are."""
MOST_EVENTS = 5_000
"""Events of a job that are kept for who listens late; pieces of prose beyond them are told to nobody."""
START = 120.0
"""Seconds that a new process may take until it is at work; they are not the job's."""
_LOOK = 0.1
"""Seconds between two looks at whether a running job was cancelled or takes too long."""


class Jobs:
    """The queue and its workers. Threads may call it at once."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.limits = limits
        self._settings = settings
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._served: dict[str, float] = {}
        self._gone: set[str] = set()
        self._took: deque[float] = deque([10.0], maxlen=20)
        self._closing = False
        self._threads = [threading.Thread(target=self._labour, daemon=True) for _ in range(limits.workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, order: Order) -> Job:
        """Queue an order.

        Raises:
            BusyError: Too many wait, of everybody or of this owner.
            SessionError: Its session is being deleted.
        """
        with self._changed:
            if self._closing:
                raise BusyError("the server stops", 30)
            if order.session in self._gone:
                raise SessionError(f"session {order.session} was deleted")
            self.check(order.owner)
            job = Job(order)
            self._jobs[job.id] = job
            self._changed.notify_all()
            return job

    def check(self, owner: str) -> None:
        """See that an owner may queue one job more.

        Raises:
            BusyError: Too many wait, of everybody or of this owner.
        """
        with self._changed:
            waiting = [job for job in self._jobs.values() if job.state == "waiting"]
            own = sum(job.order.owner == owner for job in waiting)
            if len(waiting) < self.limits.waiting and own < self.limits.each:
                return
            # A place is free when the next job of this owner begins: owners take turns. What runs may take longer than what ran.
            at_it = [time.time() - job.started for job in self._jobs.values() if job.state == "running" and job.started]
            one = max(statistics.median(self._took), statistics.median(at_it or [0.0]))
            turns = 1 if own < self.limits.each else len({job.order.owner for job in waiting})
            seconds = math.ceil(one * turns / self.limits.workers)
            whose = "too many jobs wait" if own < self.limits.each else "too many of your jobs wait"
            raise BusyError(whose, min(600, max(1, seconds)))

    def get(self, owner: str, id: str) -> Job:
        """A job of this owner.

        Raises:
            SessionError: There is none, or it is another owner's.
        """
        job = self._jobs.get(id)
        if job is None or job.order.owner != owner:
            raise SessionError(
                f"there is no job {id[:40]!r}", "jobs end with the server; answers lie in their sessions"
            )
        return job

    def all(self, owner: str) -> list[Job]:
        """The owner's jobs, newest first."""
        with self._changed:
            return [job for job in reversed(self._jobs.values()) if job.order.owner == owner]

    def place(self, job: Job) -> int | None:
        """How many wait before it, roughly: owners take turns; None where it does not wait."""
        with self._changed:
            if job.state != "waiting":
                return None
            return sum(j.state == "waiting" and j.created < job.created for j in self._jobs.values())

    def counts(self) -> dict[str, int]:
        """How many wait and run."""
        with self._changed:
            states = [job.state for job in self._jobs.values()]
        return {"waiting": states.count("waiting"), "running": states.count("running")}

    def cancel(self, job: Job) -> None:
        """Stop a job; what it found so far is dropped."""
        with self._changed:
            job.wanted = False
            if job.state == "waiting":
                self._end(job, "cancelled")
            self._changed.notify_all()

    def forget(self, session: str) -> None:
        """Stop all jobs of a session, wait until nobody works on it, and forget what they found. No further ones are taken."""
        with self._changed:
            self._gone.add(session)
            for job in self._of(session):
                self.cancel(job)
            self._changed.wait_for(lambda: all(job.over for job in self._of(session)), timeout=30)
            for job in self._of(session):
                job.events.clear()
                job.result = None
                del self._jobs[job.id]

    def close(self) -> None:
        """Stop all jobs; does not wait."""
        with self._changed:
            self._closing = True
            for job in list(self._jobs.values()):
                if not job.over:
                    self.cancel(job)
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until all workers are gone."""
        for thread in self._threads:
            thread.join(30)

    async def followed(self, job: Job, after: int = 0) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """Events of a job with their numbers, from 1, as they come; ends with the job."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # who listened is gone together with the loop
                loop.call_soon_threadsafe(changed.set)

        job.watchers.append(wake)
        try:
            while True:
                changed.clear()
                over = job.over
                for number in range(after, len(job.events)):
                    yield number + 1, job.events[number]
                    after = number + 1
                if over:
                    return
                await changed.wait()
        finally:
            job.watchers.remove(wake)

    async def finished(self, job: Job, seconds: float | None = None) -> bool:
        """Wait until a job is over, or for so long; gives whether it is."""
        try:
            async with asyncio.timeout(seconds):
                async for _ in self.followed(job):
                    pass
        except TimeoutError:
            pass
        return job.over

    def _of(self, session: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.order.session == session]

    def _labour(self) -> None:
        """What a thread does for its worker: the next job, and the next."""
        worker = Worker(self._settings)
        worker.start()
        while (job := self._next()) is not None:
            begin = time.monotonic()
            try:
                self._see_to(job, worker)
            except WorkerDiedError as death:
                with self._changed:
                    self._end(job, "failed", str(death), "the file may be broken; try it alone")
            except Exception as error:  # a job that goes wrong must not cost the thread
                worker.kill()
                with self._changed:
                    self._end(job, "failed", f"{type(error).__name__}: {error}", "please report it")
            self._took.append(time.monotonic() - begin)
        worker.kill()

    def _next(self) -> Job | None:
        """The next job: of the owner who has least at work, and among those of who waits longest for a turn; a session's one by one."""
        with self._changed:
            while not self._closing:
                running = [job.order for job in self._jobs.values() if job.state == "running"]
                busy = {order.session for order in running}
                ready = [j for j in self._jobs.values() if j.state == "waiting" and j.order.session not in busy]
                if ready:
                    job = min(
                        ready,
                        key=lambda j: (
                            sum(order.owner == j.order.owner for order in running),
                            self._served.get(j.order.owner, 0.0),
                        ),
                    )
                    job.state, job.started = "running", time.time()
                    self._served[job.order.owner] = time.monotonic()
                    self._tell(job)
                    return job
                self._changed.wait()
            return None

    def _see_to(self, job: Job, worker: Worker) -> None:
        worker.give(job.order)
        until = time.monotonic() + START + self.limits.seconds
        while True:
            message = worker.message(_LOOK)
            late = time.monotonic() > until
            if not job.wanted or late:
                worker.kill()
                with self._changed:
                    if job.wanted:
                        self._end(job, "failed", f"it took longer than {self.limits.seconds:.0f} s", "cut the clip")
                    else:
                        self._end(job, "cancelled")
                return
            if message is None:
                continue
            if "taken" in message:
                until = time.monotonic() + self.limits.seconds
                continue
            with self._changed:
                if "event" in message:
                    if len(job.events) < MOST_EVENTS:
                        job.events.append(message)
                    self._tell(job)
                    continue
                job.result, job.status = message.get("result"), message.get("status", 500)
                self._end(
                    job, "failed" if "error" in message else "done", message.get("error", ""), message.get("hint", "")
                )
                return

    def _end(self, job: Job, state: State, error: str = "", hint: str = "") -> None:
        job.state, job.error, job.hint, job.ended = state, error, hint, time.time()
        self._tell(job)
        old = [j for j in self._jobs.values() if j.over and j.order.owner == job.order.owner][:-KEPT]
        for one in old:
            del self._jobs[one.id]

    def _tell(self, job: Job) -> None:
        self._changed.notify_all()
        for watcher in list(job.watchers):
            watcher()
