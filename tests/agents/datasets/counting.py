"""What a reader makes of a folder, counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cuechain.agents.datasets import Fault, samples
from cuechain.agents.values import Sample


def read(name: str, place: Path, split: str = "") -> tuple[list[Sample], list[Fault]]:
    """Items and faults of `NAME:PLACE`."""
    found = list(samples(f"{name}:{place}", split))
    return [x for x in found if isinstance(x, Sample)], [x for x in found if isinstance(x, Fault)]


def reasons(faults: list[Fault]) -> dict[str, int]:
    """How many faults of each reason."""
    return dict(Counter(fault.reason for fault in faults))


def labels(items: list[Sample]) -> dict[str, int]:
    """How many items have each label."""
    return dict(Counter(label for item in items for label in item.target.labels or ()))
