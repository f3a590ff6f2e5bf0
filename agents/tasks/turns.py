"""A conversation as its cues tell it, turn by turn: what tasks that work on turns read, cite and quote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cuechain.agents.values import CueSheet

_SAID = re.compile(r'"(.*)"', re.DOTALL)
_PLAIN = re.compile(r"\w+")


@dataclass(frozen=True)
class Line:
    """One turn."""

    number: int
    """From 1."""
    speaker: str
    """Who says it; empty where nobody knows."""
    text: str
    """The words; empty for a turn that is only a file without speech."""
    ids: tuple[str, ...]
    """Its cues, the words themselves first."""
    event: bool
    """Whether it tells of something that usually makes people feel something."""
    valence: float | None = None
    """What a text model hears in the words, -1 to 1; None where it was not asked."""


def lines_of(sheet: CueSheet) -> dict[int, Line]:
    """The turns of a sheet by their number, those without any cue left out; a text without turns is one line after another."""
    numbered = any("line" in c.measures for c in sheet.cues.values())
    found: dict[int, list[str]] = {}
    last = 0
    for i, cue in sorted(sheet.cues.items(), key=lambda item: item[1].sense != "transcript"):
        line = cue.measures.get("line")
        if isinstance(line, int | float):
            found.setdefault(int(line), []).append(i)
        elif cue.sense == "transcript" and not numbered:
            last += 1
            found[last] = [i]
    if not numbered:  # the words cues of a plain text come in the order of its lines
        words = [i for i, c in sheet.cues.items() if c.sense == "words"]
        if len(words) == len(found):
            for ids, i in zip(found.values(), words, strict=True):
                ids.append(i)
    return {n: _line(n, found[n], sheet) for n in sorted(found)}


def _line(number: int, ids: list[str], sheet: CueSheet) -> Line:
    cues = [sheet.cues[i] for i in ids]
    spoken = [m[1] for c in cues if c.sense == "transcript" and (m := _SAID.search(c.text))]
    return Line(
        number=number,
        speaker=next((c.person for c in cues if c.sense == "transcript" and c.person), "") or "",
        text=" ".join(spoken),
        ids=tuple(ids),
        event=any(c.sense == "situation" for c in cues),
        valence=next((v for c in cues if isinstance(v := c.measures.get("valence_model"), int | float)), None),
    )


def quoted(text: str) -> str:
    """Words in quotation marks, those inside them made single."""
    inner = re.sub(r"[\"“”]", "'", text.strip())
    return f"“{inner}”"


def stands_in(text: str, lines: Iterable[Line]) -> Line | None:
    """The first turn that holds these words, whatever their case and punctuation."""
    wanted = plain(text)
    return next((line for line in lines if wanted and f" {wanted} " in f" {plain(line.text)} "), None)


def plain(text: str) -> str:
    """Lower-case words with blanks between them."""
    return " ".join(_PLAIN.findall(text.lower()))


def cited(cites: Iterable[str], lines: dict[int, Line], *texts: str) -> tuple[str, ...]:
    """Citations of a claim: those that were given, and the words in which each text stands first where none of these holds it.

    A citation that the sheet does not have stays: the check tells of it.
    """
    ids = list(dict.fromkeys(cites))
    for text in texts:
        own = [line for line in lines.values() if set(line.ids) & set(ids)]
        if text and stands_in(text, own) is None and (line := stands_in(text, lines.values())):
            ids.append(line.ids[0])
    return tuple(dict.fromkeys(ids))


def thing(target: str, aspect: str) -> str:
    """How a claim calls an aspect of a target."""
    return f"{aspect} ({target})" if aspect and plain(aspect) != plain(target) else target


def capital(text: str) -> str:
    """The same with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def first_words(lines: dict[int, Line]) -> tuple[str, ...]:
    """What a claim cites that nothing was found: the words of up to six turns."""
    return tuple(line.ids[0] for line in lines.values())[:6]
