"""One job: what is to be done, how far it is, and what came of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from cuechain.agents.serve.order import Order

State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Limits:
    """How much at once."""

    workers: int = 2
    """Processes that work."""
    waiting: int = 64
    """Jobs that may wait."""
    each: int = 16
    """Jobs of one owner that may wait."""
    seconds: float = 1800.0
    """Time for one job."""


@dataclass
class Job:
    """One job."""

    order: Order
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: State = "waiting"
    created: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    result: dict[str, Any] | None = None
    error: str = ""
    hint: str = ""
    status: int = 500
    """HTTP status of its failure: 422 where the clip or the question is to blame."""
    wanted: bool = True
    """False once somebody cancelled it."""
    watchers: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    """Called, from any thread, when something changed."""

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("done", "failed", "cancelled")

    def shown(self) -> dict[str, Any]:
        """As the API tells it."""
        times = {"created": self.created, "started": self.started, "ended": self.ended}
        told = {k: datetime.fromtimestamp(v, UTC).isoformat(timespec="milliseconds") for k, v in times.items() if v}
        problem = {k: v for k, v in (("error", self.error), ("hint", self.hint)) if v}
        named = {"id": self.id, "kind": self.order.kind, "session": self.order.session, "state": self.state}
        return {**named, **told, **problem, **(self.result or {})}
