"""A small conversation for the tests of tasks: as a sheet in the senses' own wording, and as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cuechain.agents.values import CueSheet, Gap, Media, Turn
from tests.agents.sheets import cue

TURNS = (
    Turn(speaker="Lina", text="The decorations of Diwali are vibrant, as they fill the air with joy."),
    Turn(speaker="Raj", text="I find the fireworks horrible because they scare my dog.", reply=1),
    Turn(speaker="Lina", text="What? My sister loves them!", reply=2),
    Turn(speaker="Raj", text="You have a point. The fireworks are beautiful, since they light up the sky.", reply=3),
)
"""Two people; Raj changes his mind."""

_WORDS = (
    'the words are clearly positive (0.76), with "joy"',
    'the words are probably negative (-0.68), with "horrible" and "scare"',
    'the words are probably positive (0.60), with "loves"',
    'the words are probably positive (0.60), with "beautiful"',
)


def sheet() -> CueSheet:
    """What is perceived of TURNS."""
    cues = {}
    for n, (turn, words) in enumerate(zip(TURNS, _WORDS, strict=True), 1):
        said = f'the speaker says "{turn.text}"'
        cues[f"T{n}"] = cue("transcript", said, person=turn.speaker, measures={"line": n})
        cues[f"W{n}"] = cue("words", words, person=turn.speaker, measures={"line": n}, reliability=0.55)
    return CueSheet(
        media=(Media(id="m1", kind="text", turns=TURNS, streams=("text",)),),
        cues=cues,
        gaps=(Gap(sense="face", reason="no picture in this text"),),
    )


def file(folder: Path) -> Path:
    """TURNS as a conversation file."""
    path = folder / "talk.json"
    path.write_text(json.dumps({"turns": [t.model_dump(exclude_none=True) for t in TURNS]}), "utf-8")
    return path


def script(folder: Path, *replies: Any) -> str:
    """A model that gives these replies; what is no text is written as JSON."""
    path = folder / "replies.jsonl"
    texts = [r if isinstance(r, str) else json.dumps(r) for r in replies]
    path.write_text("\n".join(map(json.dumps, texts)), "utf-8")
    return f"scripted:{path}"


def blank(**slots: Any) -> dict[str, Any]:
    """An answer as a model replies it: every slot of `Answer`, null or empty but for these."""
    empty = {"person": None, "span": None, "emotion": None, "sentiment": None, "relation": None, "claims": []}
    return {**empty, "abstain": False, **slots}
