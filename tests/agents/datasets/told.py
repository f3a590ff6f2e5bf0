"""What a reader gives, its items and its faults apart."""

from __future__ import annotations

from cuechain.agents.datasets import Fault, samples
from cuechain.agents.values import Sample


def split_up(found):
    found = list(found)
    return [x for x in found if isinstance(x, Sample)], [(x.id, x.reason) for x in found if isinstance(x, Fault)]


def read(spec: str, split: str = ""):
    """Items, and (id, reason) of each fault."""
    return split_up(samples(spec, split))
