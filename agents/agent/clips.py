"""Which of several clips a question is about."""

from __future__ import annotations

import re
from pathlib import Path

from cuechain.agents.values import CueSheet

_ORDER = ("first", "second", "third", "fourth", "fifth")


def named_clip(sheet: CueSheet, text: str) -> str | None:
    """The clip that a question names by its file or by its place."""
    if len(sheet.media) < 2:
        return None
    for media in sheet.media:
        path = Path(media.path or "text")
        if media.path and re.search(rf"(?<!\w){re.escape(path.stem)}(?!\w)", text, re.I):
            return media.id
    words = "|".join(_ORDER)
    found = re.search(
        rf"\b({words}|last) (clip|video|film|file|recording|picture|image|photo|text|one)\b"
        rf"|^\W*(?:(?:and|but|so|what about|how about)\W+)*(?:the )?({words})\W*$", text, re.I
    )  # fmt: skip
    if not found:
        return None
    said = (found[1] or found[3]).lower()
    place = -1 if said == "last" else _ORDER.index(said)
    return sheet.media[place].id if place < len(sheet.media) else None
