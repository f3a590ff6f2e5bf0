"""CueChain: ask why someone feels the way they do in a clip, and see the evidence.

The public names, each resolved when it is first used, so that `import cuechain` loads no model and no media library.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "ask": "cuechain.agents.pipeline:ask",
    "perceive": "cuechain.agents.pipeline:perceive",
    "run": "cuechain.agents.pipeline:run",
    "weigh": "cuechain.agents.importance.asking:weigh",
    "Settings": "cuechain.agents.settings:Settings",
    "Answer": "cuechain.agents.values:Answer",
    "Case": "cuechain.agents.values:Case",
    "Claim": "cuechain.agents.values:Claim",
    "Cue": "cuechain.agents.values:Cue",
    "CueSheet": "cuechain.agents.values:CueSheet",
    "Emotion": "cuechain.agents.values:Emotion",
    "Gap": "cuechain.agents.values:Gap",
    "Media": "cuechain.agents.values:Media",
    "Plan": "cuechain.agents.values:Plan",
    "Question": "cuechain.agents.values:Question",
    "Span": "cuechain.agents.values:Span",
    "Verdict": "cuechain.agents.values:Verdict",
    "Reliability": "cuechain.agents.perception:Reliability",
    "Sense": "cuechain.agents.perception:Sense",
    "sense_tool": "cuechain.agents.perception:sense_tool",
    "CueChainError": "cuechain.agents.errors:CueChainError",
}

__all__ = tuple(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'cuechain' has no attribute {name!r}")
    module, attr = _PUBLIC[name].split(":")
    value = getattr(import_module(module), attr)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
