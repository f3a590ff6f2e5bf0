"""How a feeling changes: the cues that the question is about, two halves where nothing else parts them, a claim for each stretch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cuechain.agents.evidence import MOST_CLAIMS, kindred
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.llm.weighted import of_senses
from cuechain.agents.values import Claim, CueSheet, Plan, Span

_SENSES = {
    "face": "face",
    "expression": "face",
    "expressions": "face",
    "voice": "voice",
    "tone": "voice",
    "words": "words",
}
"""How questions call the senses that can change by themselves."""


_SENSE = rf"(?:{'|'.join(_SENSES)})\b"
_PAIR = rf"{_SENSE}(?:,? and (?:\w+ )?{_SENSE})?"
_CHANGING = re.compile(
    rf"\b{_PAIR}(?: \w+){{0,2}} (?:chang|shift|develop|turn)\w*|\b(?:chang|shift|develop)\w* (?:in|of) (?:\w+ ){{0,2}}{_PAIR}",
    re.I,
)


def asked_of(sheet: CueSheet, question: str) -> CueSheet:
    """The cues of the senses whose change is asked for ("how does her face change?"); all of them where none is named.

    Words may also say when: "how does she change between her first words and her last?".
    """
    asked = " ".join(_CHANGING.findall(question)).lower()
    named = {_SENSES[word] for word in re.findall(_SENSE, asked)}
    return of_senses(sheet, named) if named else sheet


def halves(sheet: CueSheet, span: Span) -> list[tuple[Span | None, CueSheet]]:
    """The first and the second half of a stretch, without what fills most of both."""
    middle = (span.start + span.end) / 2
    parts: list[tuple[Span | None, CueSheet]] = []
    for half in (Span(start=span.start, end=middle), Span(start=middle, end=span.end)):
        ids = {
            i
            for i, c in sheet.cues.items()
            if c.span
            and half.start <= (c.span.start + c.span.end) / 2 <= half.end
            and c.span.length <= 0.6 * span.length
        }
        if ids:
            parts.append((half, sheet.only(ids)))
    return parts


def course(stretches: Iterable[tuple[CueSheet, Plan]], person: str | None) -> tuple[Claim, ...]:
    """One claim for each stretch whose feeling differs from the one told before, with the person's cues that by themselves point to it.

    A stretch whose feeling no single cue points to is left out: nothing could be cited for it.
    """
    claims: list[Claim] = []
    for part, plan in stretches:
        label = max(plan.labels, key=lambda n: plan.labels[n])
        own = [i for i in plan.weight if i in part.cues and (person is None or part.cues[i].person in (person, None))]
        best = sorted((i for i in own if _shows(part, plan, i, label)), key=lambda i: -plan.weight[i])[:2]
        if best and (not claims or claims[-1].points != label):
            claims.append(Claim(cites=tuple(best), points=label))
    return tuple(claims[:MOST_CLAIMS])


def _shows(sheet: CueSheet, plan: Plan, id: str, label: str) -> bool:
    """Whether a cue points to a label or its kin; what points nowhere shows calm."""
    return sheet.cues[id].sense not in SETTING and kindred(plan.points.get(id, "neutral"), label)
