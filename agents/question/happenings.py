"""What happens in a clip, as questions and cues word it: smiles, words, a door that shuts."""

from __future__ import annotations

import re

from cuechain.agents.question.occasions import QUOTED
from cuechain.agents.values import Cue, CueSheet, Span

ENOUGH = 0.6
"""Share of the words of "after the stamp comes down" that a cue must have to be what is meant. Ours."""

_ACTS = {
    r"smil\w*": r"lip corners?\b.*\bup\b|\bsmil",
    r"frown\w*": r"brows?\b.*\b(down|together)\b",
    r"blink\w*": r"blink",
    r"nod\w*": r"\bnod",
    r"laugh\w*": r"laugh",
    r"(cry|cries|crying|weep\w*|sob\w*)": r"\b(cry|cries|crying|weep|sob)",
    r"(speak(s|ing)?|talk(s|ing)?|says?|said|answer(s|ed|ing)?|repl(y|ies|ied|ying))": r"^the speaker says",
    r"(pause[sd]?|pausing)": r"\bpause",
}
"""What people are asked about that they do, and how cues word it."""

_EMPTY = frozenset(
    """
    the and her his him she they them their its that this then was were has had have been being does did with from for into out
    off onto about over again once when while very just first last next all he it
    is am be do to of in on at by as an or we so no my me go goes went
    """.split()  # noqa: SIM905
)
"""Words that tell of nothing that happens."""

_WAYS = frozenset(("up", "down", "back", "there", "here"))
"""Words that do not tell what happens where a question has no other: "once he's up"."""

_SAYS = re.compile(
    r"\b(say(s|ing)?|said|mention(s|ed|ing)?|tell(s|ing)?|told|ask(s|ed|ing)?|talk(s|ed|ing)?|speak(s|ing)?|spoke"
    r"|answer(s|ed|ing)?|repl(y|ies|ied|ying))\b",
    re.I,
)


def act(text: str) -> tuple[str, str] | None:
    """What a question asks whether somebody does it: its own word, and a pattern of cues that tell it."""
    return next(((m[0], told) for word, told in _ACTS.items() if (m := re.search(rf"\b{word}\b", text, re.I))), None)


def doing(sheet: CueSheet, told: str) -> dict[str, Cue]:
    """Cues that tell it."""
    return {i: c for i, c in sheet.cues.items() if re.search(told, c.text, re.I)}


def happened(sheet: CueSheet, clause: str, end: float) -> Span | None:
    """When something happens that a question names, "the stamp comes down" or "he laughs"; None where no cue with a time tells it.

    An act is looked up by what cues call it, anything else by its words; of cues that tell as much the first one counts. What is said
    has only been said: it counts where the question speaks of saying; words that it quotes are looked up as they stand. What fills more
    than half of the clip is no event.

    Args:
        sheet: All cues.
        clause: The question's words for it.
        end: Length of the clip, in seconds.
    """
    whose = next((p for p in sheet.people if re.search(rf"\b{re.escape(p)}\b", clause, re.I)), None)
    bare = re.sub(rf"\b{re.escape(whose)}\b", " ", clause, flags=re.I) if whose else clause
    if quoted := QUOTED.search(bare):
        cues = (c for c in sheet.cues.values() if c.sense in ("transcript", "screen") and whose in (None, c.person))
        found = [c.span for c in cues if c.span and f" {_plain(quoted[0])} " in f" {_plain(c.text)} "]
        return min(found, key=lambda span: span.start, default=None)
    unfit = {"words", "situation"} if _SAYS.search(bare) else {"words", "situation", "transcript"}
    events = {
        i: c.span
        for i, c in sheet.cues.items()
        if c.span is not None and c.sense not in unfit and whose in (None, c.person) and c.span.length <= end / 2
    }
    told = _SAYS.sub(" ", bare)
    words = _stems(told)
    if words and words <= _WAYS:
        return None
    if len(words) <= 1 and (asked := act(told if words else bare)):
        found = [events[i] for i in doing(sheet, asked[1]) if i in events]
        return min(found, key=lambda span: span.start, default=None)
    shares = [(len(words & _stems(sheet.cues[i].text)) / max(1, len(words)), span) for i, span in events.items()]
    near = [(share, span) for share, span in shares if share >= ENOUGH]
    return max(near, key=lambda one: (one[0], -one[1].start))[1] if near else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _stems(text: str) -> set[str]:
    """Words without their endings: "leav" of leaves, leave and leaving."""
    words = re.findall(r"[^\W\d_]{2,}", text.lower())
    return {re.sub(r"(ing|ed|es|s|e)$", "", w) for w in words if w not in _EMPTY}
