"""What one sees of a run: how far it is, how fast, what went wrong last; and at its end what came of it, and of what it cost."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cuechain.agents.datasets import Fault
from cuechain.agents.runs.batching import Progress
from cuechain.agents.runs.looked import lasting
from cuechain.agents.values import Sample, Usage

WINDOW = 200
"""Items whose times tell how fast it goes now."""

NAMED = 5
"""Items that are named of each cause."""

LONGEST = 160
"""Characters of a problem while the run goes on."""


@dataclass
class Cause:
    """Why some items failed."""

    error: str
    """The error of the first of them."""
    ids: list[str] = field(default_factory=list[str])
    """The first of them."""
    count: int = 0
    """All of them."""


class Watch:
    """Counts what comes of a run's items."""

    def __init__(
        self,
        items: Sequence[Sample | Fault],
        prices: tuple[float | None, float | None] = (None, None),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            items: All of the run, faults among them.
            prices: Money for a million tokens that a model reads, and that it writes; None where nobody told.
            clock: Seconds.
        """
        good = [item for item in items if not isinstance(item, Fault)]
        self.faults = [item for item in items if isinstance(item, Fault)]
        self.total = len(good)
        self.states: Counter[str] = Counter()
        self.causes: dict[str, Cause] = {}
        self.usage = Usage()
        self.last_problem = ""
        self.twins: list[tuple[str, str]] = []
        """Items whose bytes are those of an earlier one, with that one."""
        self.changed = 0
        """Items that were done again, because their files have changed."""
        self._gone: list[str] = []
        self._first: dict[str, str] = {}
        self.told = ""
        """What the run says goes on."""
        self._names = {item.id: _names(item) for item in good}
        self._prices = prices
        self._clock = clock
        self._begun = clock()
        self._times: deque[float] = deque([self._begun], WINDOW)

    def take(self, step: Progress) -> None:
        """One more item is finished."""
        self.states[step.state] += 1
        if step.state in ("kept", "gone"):
            if step.state == "gone" and len(self._gone) < NAMED:
                self._gone.append(step.id)
            return
        self.changed += step.changed
        self._times.append(self._clock())
        self.usage += step.usage
        if step.bytes and (first := self._first.setdefault(step.bytes, step.id)) != step.id:
            self.twins.append((step.id, first))
        if step.state == "failed":
            self.last_problem = f"{step.id}: {step.error}"[:LONGEST]
            cause = self.causes.setdefault(cause_of(step.error, self._names.get(step.id, ())), Cause(step.error))
            cause.count += 1
            if len(cause.ids) < NAMED:
                cause.ids.append(step.id)

    def note(self, stage: str) -> None:
        """What goes on; empty for what usually does."""
        self.told = stage

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._clock() - self._begun

    @property
    def done(self) -> int:
        """Items that have an answer, those of earlier calls among them."""
        return self.states["answered"] + self.states["abstained"] + self.states["kept"]

    @property
    def new(self) -> int:
        """Items that something came of in this call."""
        return self.states["answered"] + self.states["abstained"] + self.states["failed"]

    @property
    def left(self) -> int:
        """Items that nothing has come of yet."""
        return self.total - self.done - self.states["failed"]

    @property
    def rate(self) -> float:
        """Items a second, of late."""
        past = self._clock() - self._times[0]
        return (len(self._times) - 1) / past if past > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds until the end, if it goes on like this; None where nobody can say."""
        return self.left / self.rate if self.rate else None

    @property
    def stage(self) -> str:
        """What goes on."""
        if not self.left:
            return "finished"
        if not self.new:
            return "starting"
        return self.told or "perceiving and answering"

    @property
    def cost(self) -> float | None:
        """Money, where prices were told."""
        read, written = self._prices
        if read is None and written is None:
            return None
        return (self.usage.input_tokens * (read or 0.0) + self.usage.output_tokens * (written or 0.0)) / 1e6

    def line(self) -> str:
        """How far it is, in a line."""
        failed = f", {self.states['failed']} failed" if self.states["failed"] else ""
        told = f"{self.done:,} of {self.total:,} done{failed}"
        return f"{told}, {self.left:,} left · {self.pace()}"

    def pace(self) -> str:
        """How fast it goes, how long it will take, and what goes on."""
        parts = [f"{_figure(self.rate)} items/s"] if self.rate else []
        if self.usage.output_tokens and self.seconds:
            tokens = (self.usage.input_tokens + self.usage.output_tokens) / self.seconds
            parts.append(f"{tokens:,.0f} tokens/s")
        if self.eta is not None and self.left:
            parts.append(f"{lasting(self.eta)} to go")
        return " · ".join([*parts, self.stage])

    def record(self) -> dict[str, Any]:
        """How far it is, as JSON values."""
        eta, cost = self.eta, self.cost
        return {
            "done": self.done,
            "failed": self.states["failed"],
            "left": self.left,
            "total": self.total,
            "changed": self.changed,
            "gone": self.states["gone"],
            "items_per_second": round(self.rate, 3),
            "seconds_left": None if eta is None else round(eta, 1),
            "stage": self.stage,
            "input_tokens": self.usage.input_tokens,
            "output_tokens": self.usage.output_tokens,
            **({} if cost is None else {"cost": round(cost, 6)}),
        }

    def summary(self, out: object, again: str, end: str = "") -> list[str]:
        """What came of it, in lines.

        Args:
            out: The run folder.
            again: The command that goes on.
            end: Why the run ended early; empty where it did not.
        """
        words = {"answered": "answered", "abstained": "abstained (the cues allow no answer)", "failed": "failed"}
        told = [f"{self.states[state]:,} {word}" for state, word in words.items() if self.states[state]]
        told += [f"{self.states['kept']:,} done before"] if self.states["kept"] else []
        told += [f"{self.changed:,} changed since and done again"] if self.changed else []
        speed = f" in {lasting(self.seconds)}, {_figure(self.new / self.seconds)} items/s"
        speed = speed if self.new and self.seconds else ""
        lines = [f"{out}: {', '.join(told) or ('nothing yet' if end else 'no items')}{speed}"]
        lines += [f"{end}; {self.left:,} left"] if end else []
        lines += self._spent()
        lines += _grouped(list(self.causes.values()))
        if self.causes or end:
            lines.append(f"{'the rest' if end else 'try them again'}: {again}")
        if gone := self.states["gone"]:
            lines.append(f"{gone:,} done before, no longer there; their answers are kept: {_listed(self._gone, gone)}")
        if self.twins:
            named = [f"{one} and {other}" for one, other in self.twins[:NAMED]]
            lines.append(f"{len(self.twins):,} × the same bytes twice: {_listed(named, len(self.twins))}")
        if self.faults:
            unusable = len({fault.id for fault in self.faults})
            rows = "row or file" if unusable == 1 else "rows or files"
            kept = "" if end else f" ({out}/faults.jsonl)"  # that file is whole once the run has come to its end
            lines.append(f"{unusable:,} {rows} could not be used{kept}:")
            for reason, count in Counter(f.reason for f in self.faults).most_common():
                some = list({f.id: f for f in self.faults if f.reason == reason}.values())
                lines.append(f"  {count:,} × {reason}: {_listed([f.id for f in some[:NAMED]], len(some))}")
                lines.append(f"      {some[0].id}: {some[0].detail}")
        return lines

    def _spent(self) -> list[str]:
        if not self.usage.input_tokens + self.usage.output_tokens:
            return []
        tokens = f"tokens: {self.usage.input_tokens:,} read, {self.usage.output_tokens:,} written"
        tokens += f" in {self.usage.calls:,} requests" + self._speed()
        if self.cost is not None:
            read, written = self._prices
            tokens += f"; cost {self.cost:,.4f} at {read or 0:g} and {written or 0:g} a million"
        return [tokens]

    def _speed(self) -> str:
        return f", {self.usage.output_tokens / self.seconds:,.1f} written/s" if self.seconds else ""


def _grouped(causes: Iterable[Cause]) -> Iterable[str]:
    for cause in sorted(causes, key=lambda c: -c.count):
        yield f"  {cause.count:,} × {cause.error}" if cause.count == 1 else f"  {cause.count:,} × such as {cause.error}"
        yield f"      {_listed(cause.ids, cause.count)}"


def _listed(ids: Sequence[str], count: int) -> str:
    return ", ".join(ids) + (f" and {count - len(ids):,} more" if count > len(ids) else "")


def cause_of(error: str, names: Iterable[str] = ()) -> str:
    """An error without what differs from item to item: names, paths and numbers.

    Args:
        error: As a Case has it.
        names: Of the item and its files.
    """
    for name in sorted(names, key=len, reverse=True):
        error = error.replace(name, "…")
    return re.sub(r"\d+(?:[.,]\d+)*", "#", re.sub(r"\S*/\S+", "…", error))


def _names(item: Sample) -> tuple[str, ...]:
    return tuple(name for name in (item.id, *item.files, *(t.file for t in item.turns)) if name and len(name) > 3)


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 1 else f"{number:.2g}"
