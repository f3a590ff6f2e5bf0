"""Who is who in a ledger: numbers that go on from clip to clip and stretch to stretch, and names that stay while more is perceived."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from cuechain.agents.perception import link
from cuechain.agents.values import Cue


def numbered_on(fresh: Sequence[Cue], before: Sequence[Cue], voices: str = "") -> list[Cue]:
    """P1 of one stretch or clip is not P1 of another: numbers go on from those that are taken. Names that the source gives stay.

    Args:
        fresh: Cues that were linked, or are yet to be linked, by themselves.
        before: Cues whose persons have their numbers.
        voices: Put before the letters by which voices were told apart, which start anew as well.
    """
    taken = max((int(c.person[1:]) for c in before if c.person and re.fullmatch(r"P\d+", c.person)), default=0)

    def renamed(cue: Cue) -> Cue:
        person, label = cue.person, cue.measures.get("speaker")
        if person and re.fullmatch(r"P\d+", person):
            person = f"P{int(person[1:]) + taken}"
        measures = {**cue.measures, "speaker": f"{voices}{label}"} if label and voices else cue.measures
        return cue.model_copy(update={"person": person, "measures": measures})

    return [renamed(c) for c in fresh] if taken or voices else list(fresh)


def renamed(fresh: Sequence[Cue], known: Sequence[Cue], key: Callable[[Cue], object]) -> list[Cue]:
    """Cues of a clip that was perceived whole: whoever was met before, in a stretch of it or before the conversation was resumed, keeps the
    name; others get numbers that are free.

    Args:
        fresh: The clip's cues, linked.
        known: Cues of the ledger.
        key: What tells that two cues are the same.
    """
    met = {key(c): c.person for c in known}
    names = {c.person: same for c in fresh if c.person and (same := met.get(key(c)))}
    return [
        new.model_copy(update={"person": names.get(old.person or "", new.person)})
        for old, new in zip(fresh, numbered_on(fresh, known), strict=True)
    ]


def relinked(raw: Sequence[Cue], before: Sequence[Cue], fresh: Sequence[Cue]) -> list[Cue]:
    """All cues of a clip with their persons, when more of them come.

    A face that is seen later may tell whose a voice is that was heard before. The voice's name stays, and the face takes it.

    Args:
        raw: Earlier cues as the senses gave them.
        before: The same with their persons.
        fresh: The new ones, as the senses gave them.
    """
    linked = link([*raw, *fresh])
    moved: dict[str, set[str]] = defaultdict(set)
    for old, new in zip(before, linked, strict=False):
        if old.person and new.person and old.person != new.person:
            moved[new.person].add(old.person)
    there, was = {c.person for c in linked}, {c.person for c in before}
    stays = {
        new: next(iter(olds)) for new, olds in moved.items() if len(olds) == 1 and new not in was and not olds & there
    }
    return [c.model_copy(update={"person": stays.get(c.person or "", c.person)}) for c in linked]
