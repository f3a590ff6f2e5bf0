"""Link cues of all senses to persons: whose voice is it, when only one face is there?"""

from __future__ import annotations

from collections.abc import Sequence

from cuechain.agents.values import Cue, Span

_HEARD = ("transcript", "words", "voice")
_SEEN = ("face",)


def _during(heard: Span, seen: Span) -> bool:
    """At least half of it; a moment without length must lie within."""
    return seen.overlap(heard) >= 0.5 * heard.length and seen.start <= heard.end and heard.start <= seen.end


def link(cues: Sequence[Cue]) -> list[Cue]:
    """Give heard cues the person who is seen while they are heard, where only one can be meant.

    A heard cue without a person gets the only face that is in the picture during it. When a subtitle names its only speaker and
    only one face is seen in the clip, both are that one name. With two or more faces nothing is guessed.

    The speaker may be out of the picture: the link is a likely one, and says so by keeping each cue's own confidence.
    """
    seen: dict[str, Span] = {}
    for cue in cues:
        if cue.sense in _SEEN and cue.person:
            before = seen.get(cue.person)
            span = cue.span or Span(start=0, end=0)
            seen[cue.person] = (
                Span(start=min(before.start, span.start), end=max(before.end, span.end)) if before else span
            )
    named = {c.person for c in cues if c.sense in _HEARD and c.person}
    rename: dict[str, str] = {}
    if len(seen) == 1 and len(named) == 1:
        rename = {next(iter(seen)): next(iter(named))}

    def person(cue: Cue) -> str | None:
        if cue.person:
            return rename.get(cue.person, cue.person)
        if cue.sense not in _HEARD or named:
            return None
        present = [p for p, s in seen.items() if cue.span is None or _during(cue.span, s)]
        return present[0] if len(present) == 1 else None

    return [c if person(c) == c.person else c.model_copy(update={"person": person(c)}) for c in cues]
