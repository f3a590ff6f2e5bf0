"""Senses at work beside each other: a thread for each, and one that decodes the pictures for all that look at them.

What takes the time (decoding, inference, filters) runs outside the interpreter's lock or in another process, so two cores are used;
while models load, the film is decoded. A sense lives in one thread from its making to its last cue, gets its frames in order, and reads
only finished cues, so what it finds does not depend on who was faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

from cuechain.agents.perception import store
from cuechain.agents.perception.sense import Sense
from cuechain.agents.values import Cue, Gap

if TYPE_CHECKING:
    from cuechain.agents.media import Clip, Frame
    from cuechain.agents.settings import Settings

BEHIND = 8
"""Frames that a sense may lag behind the decoder; each takes up to 3 MB, and all senses share it."""

POLL = 0.2
"""Seconds after which a thread that waits looks whether it is still wanted."""

PATIENCE = 1.0
"""Seconds that an end before the end waits for threads that are inside a model."""


class StoppedError(Exception):
    """Nobody wants the result any more."""


@dataclass(frozen=True)
class Outcome:
    """What became of one thread."""

    name: str
    """The sense; empty for the decoder."""
    found: list[Cue | Gap] | BaseException
    """Cues and gaps, or why there are none."""
    seconds: float = 0.0
    """Wall time of the sense's own work, beside that of others."""
    cached: bool = False
    """True when an earlier run had heard the same and perceived it."""


class Workers:
    """The threads that perceive one clip."""

    def __init__(self, used: Sequence[type[Sense]], known: dict[str, list[Cue | Gap]], clip: Clip, settings: Settings):
        self._clip, self._settings = clip, settings
        self._stop = Event()
        self._done: SimpleQueue[Outcome] = SimpleQueue()
        self._found = dict(known)
        self._finished = {sense.name: Event() for sense in used}
        self._frames: dict[str, Queue[Frame | None]] = {}
        self._threads: list[Thread] = []
        for sense in used:
            if sense.streams & {"video", "image"} and sense.watch is not Sense.watch:
                self._frames[sense.name] = Queue(BEHIND)
            self._threads.append(self._thread(sense.name, lambda sense=sense: self._perceive(sense)))
        if self._frames:
            self._threads.append(self._thread("", self._decode))
        self._missing = len(self._threads)

    def run(self) -> Iterator[Outcome]:
        """Start, and hand out each outcome as it comes. Leaving early stops all threads."""
        try:
            for thread in self._threads:
                thread.start()
            for _ in range(self._missing):
                yield self._done.get()
        finally:
            self._stop.set()
            enough = time.monotonic() + PATIENCE
            for thread in self._threads:
                if thread.ident:
                    thread.join(max(0.0, enough - time.monotonic()))

    def _thread(self, name: str, work: Callable[[], Outcome]) -> Thread:
        def run() -> None:
            try:
                outcome = work()
            except StoppedError:
                return
            except BaseException as problem:  # a library that calls exit() too: whoever waits must hear of it
                outcome = Outcome(name, problem)
            self._done.put(outcome)

        # No daemon: the interpreter must not be taken down under a model that runs. It stops at the next frame or cue.
        return Thread(target=run, name=f"cuechain {name or 'decoder'}")

    def _perceive(self, sense: type[Sense]) -> Outcome:
        """All that one sense does."""
        spent, made = 0.0, None
        try:
            if sense.name in self._frames:
                begin = time.perf_counter()
                made = sense(self._settings)
                spent += time.perf_counter() - begin
                for frame in self._watched(sense.name):
                    begin = time.perf_counter()
                    made.watch(frame)
                    spent += time.perf_counter() - begin
            heard = self._heard(sense)
            entry = store.found(sense, self._clip, self._settings, heard)
            found = entry.load()
            if cached := found is not None:
                spent = 0.0
            else:
                begin, found = time.perf_counter(), []
                for item in (made or sense(self._settings)).perceive(self._clip, heard):
                    self._check()
                    found.append(item)
                spent += time.perf_counter() - begin
                if not any(isinstance(item, Gap) and item.retry for item in found):
                    entry.store(found)
            self._found[sense.name] = found
            return Outcome(sense.name, found, spent, cached)
        finally:
            self._frames.pop(sense.name, None)
            self._finished[sense.name].set()

    def _heard(self, sense: type[Sense]) -> list[Cue]:
        """The cues of those that this sense listens to, when they are done."""
        for name in sense.after:
            while name in self._finished and not self._finished[name].wait(POLL):
                self._check()
        self._check()
        return [c for name in sense.after for c in self._found.get(name, []) if isinstance(c, Cue)]

    def _watched(self, name: str) -> Iterator[Frame]:
        """The frames of the film, as they come."""
        frames = self._frames[name]
        while True:
            self._check()
            try:
                frame = frames.get(timeout=POLL)
            except Empty:
                continue
            if frame is None:
                return
            yield frame

    def _decode(self) -> Outcome:
        """Hand every frame to all who look; the slowest sets the pace."""
        for frame in self._clip.frames(self._settings.fps):
            for name in list(self._frames):
                self._give(name, frame)
        for name in list(self._frames):
            self._give(name, None)
        return Outcome("", [])

    def _give(self, name: str, frame: Frame | None) -> None:
        """Wait until a sense takes the frame, unless it has failed."""
        while frames := self._frames.get(name):
            self._check()
            try:
                frames.put(frame, timeout=POLL)
            except Full:
                continue
            return

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError
