"""A case as a page: what was perceived on a timeline, the answer with citations that play their moment, and all of it in one file."""

from __future__ import annotations

from cuechain.agents.report.fragment import css, fragment, js, prose, weighed
from cuechain.agents.report.lanes import Bar, Lane, Level, Strip, Timeline, Track
from cuechain.agents.report.timeline import timeline

__all__ = [
    "Bar",
    "Lane",
    "Level",
    "Strip",
    "Timeline",
    "Track",
    "css",
    "fragment",
    "js",
    "prose",
    "timeline",
    "weighed",
]
