"""Times that a question names by what happens or by whose turn it is: "when the door shuts", "right after "Wow"", "in her first turn"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cuechain.agents.values import Span

AROUND = 1.5
"""Seconds before and after a single moment that are meant with it: about the length of a spoken phrase."""

AT_ONCE = 3.0
"""Seconds within which a face or a voice answers to what happens; expressions last up to four (Ekman 2003, *Emotions Revealed*)."""

SHORT = 0.5
"""Seconds before or after something in which nothing can be told apart."""

QUOTED = re.compile(r"(?<!\w)(['\"“‘])(?:(?!\1).)+?['\"”’](?!\w)")
"""Words that a question quotes."""

START, END = r"(?:beginning|start|opening|outset)", r"(?:end|ending|close|finish)"
TO = r"(?:and|to|until|till|up to|through|-|–|—)"
FOLLOWS = r"^\W*(?:(?:and|but|so|what|how|about)\b\W*)*"

Read = tuple[float, float] | str | None
"""A stretch in seconds; why there is none, which may be LOST; or nothing at all."""

LOST = ""
"""No cue tells when something is that may well fill all of the clip: "while testifying"."""


@dataclass(frozen=True)
class Turn:
    """One turn, as a question may name it."""

    number: int
    """From 1."""
    speaker: str
    """Who says it; empty where nobody knows."""
    span: Span
    """When."""


@dataclass(frozen=True)
class Known:
    """What is known of a clip when a time is looked up. A text without times has its turns in place of seconds."""

    end: float
    """Length, in seconds."""
    spoken: Callable[[str], Sequence[Span]] = lambda _: ()
    """When somebody speaks, or whom the words name, for "before she speaks"."""
    happened: Callable[[str], Span | None] = lambda _: None
    """When something happens, for "after the door shuts"."""
    turns: Sequence[Turn] = ()
    """What is said, in order."""
    owner: Callable[[str], str | None] = lambda _: None
    """Whom "her" or "Ana's" means; None where that cannot be told."""
    clock: bool = True
    """Whether there are seconds."""
    at_once: float = AT_ONCE
    """How long what follows something at once lasts."""

    def where(self, span: Span) -> str:
        """A stretch in words."""
        own = [t.number for t in self.turns if t.span.overlap(span) > 0]
        return f"at {span.start:.1f}–{span.end:.1f} s" if self.clock or not own else f"in turn {own[0]}"

    @property
    def hint(self) -> str:
        """How to ask for a time that is understood."""
        return (
            "ask with seconds, for example “before 5 seconds”"
            if self.clock
            else "ask with turns, for example “in turn 1”"
        )


def _stretch(known: Known, span: Span | None, when: str, near: bool) -> Read:
    """What of a clip is meant by "before", "when", "right after" … something. What is over in a moment goes on while it is answered:
    what comes after it begins with it."""
    if span is None:
        return None
    if when in ("while", "during", "throughout"):
        moment = span.length < AROUND and known.clock
        return (span.start - AROUND, span.end + AROUND) if moment else (span.start, span.end)
    if when not in ("before", "until", "till", "after", "once"):
        return span.start, span.end + known.at_once
    before = when not in ("after", "once")
    edge = span.end if not before and span.length > AROUND else span.start
    if (edge if before else known.end - edge) < SHORT:
        return f"There is nothing {when} that: it is {known.where(span)}."
    if before:
        return (edge - known.at_once if near else 0.0), edge
    return edge, (span.end + known.at_once if near else known.end)


def speaking(found: re.Match[str], known: Known) -> Read:
    """Beside or while somebody speaks: before they begin to, after they have stopped."""
    spoken = known.spoken(found["who"] or "")
    if not spoken:
        return (
            LOST
            if found["when"].lower() not in _APART.split("|")
            else f"“{_words(found.group())}” cannot be looked up: no speech was perceived."
        )
    begin, stop = min(s.start for s in spoken), max(s.end for s in spoken)
    verb, when = found["verb"] or "", found["when"].lower()
    if re.match("stop|finish|end", verb, re.I) or (when == "after" and not verb):
        begin = stop
    elif verb or when == "once":
        stop = begin
    return _stretch(known, Span(start=begin, end=stop), when, bool(found["near"]))


def happening(found: re.Match[str], known: Known) -> Read:
    """Beside or while something happens that a cue tells."""
    when = found["when"].lower()
    if when.startswith("when") and _ASKED.search(found.string[: found.start()]):
        return None
    return _stretch(known, known.happened(found["event"]), when, bool(found["near"]))


def between(found: re.Match[str], known: Known) -> Read:
    """From one thing that happens to another."""
    one, other = known.happened(found[1]), known.happened(found[2])
    if one is None or other is None or one.end >= other.start:
        return None
    return one.end, other.start


def turn(found: re.Match[str], known: Known) -> Read:
    """Turns by their numbers."""
    one, other = int(found[2]), int(found[3] or found[2])
    own = [t for t in known.turns if one <= t.number <= other]
    return _beside(known, own, (found[1] or "in").lower(), f"turn {one}", known.turns)


def own_turn(found: re.Match[str], known: Known) -> Read:
    """A turn by its place among all, or among somebody's."""
    turns, whose = known.turns, found["whose"].lower()
    if whose != "the":
        owner = known.owner(found["whose"])
        if owner is None:
            return f"Whose turn “{_words(found.group())}” is cannot be told: ask with a name."
        turns = [t for t in turns if t.speaker == owner]
    place = found["place"].lower()
    number = _PLACES.get(place) or int(re.sub(r"\D", "", place))
    own = turns[-1:] if number < 0 else turns[number - 1 : number]
    return _beside(known, own, found["when"].lower(), f"“{place} {found['turn']}”", turns)


def _beside(known: Known, own: Sequence[Turn], when: str, name: str, turns: Sequence[Turn]) -> Read:
    if not own:
        return f"There is no {name}: there {'is' if len(turns) == 1 else 'are'} {len(turns)}."
    span = Span(start=own[0].span.start, end=own[-1].span.end)
    if when in _APART.split("|"):
        edge = span.end if when == "after" else span.start
        return _stretch(known, Span(start=edge, end=edge), when, False)
    return span.start, span.end


def unclear(found: re.Match[str], known: Known) -> Read:
    """A time of a kind that is not known."""
    return f"I did not understand the time “{_words(found[1])}”: {known.hint}."


def untold(found: re.Match[str], known: Known) -> Read:
    """Something that no cue tells, and that asks for a part of the clip only."""
    return f"No cue tells when “{_words(found['all'])}” is: {known.hint}."


def lost(found: re.Match[str], known: Known) -> Read:
    """Something that no cue tells, and that may be there all the time."""
    return None if _ASKED.search(found.string[: found.start()]) else LOST


def _words(text: str) -> str:
    return " ".join(text.split())


ORDER = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_PLACES = {w: n for n, w in enumerate(ORDER, 1)} | {"opening": 1, "last": -1, "final": -1, "closing": -1}
_TURN = r"(?:turn|line|message|utterance|reply|post|comment|remark|statement)"
_AUX = r"(?:do|does|did|is|are|was|were|has|have|had|will|would|can|could|should|exactly)"
_ASKED = re.compile(r"\b(?:tell|tells|know|knows|say|show|see|find|wonder|me|us|out|since)\W*$", re.I)
"""Before "when" where it asks: "can you tell when she smiles"."""
_APART = "before|until|till|after"
"""What asks for a part of the clip that is surely not all of it."""

_WHOLE = (
    r"(?:(?:the|this|that|her|his|their|all of the|most of the) )?(?:whole |entire |rest of the )?(?:clip|video|film|movie|recording|audio"
    r"|scene|conversation|talk|dialogue|call|interview|time|interaction|exchange|meeting|session|speech|text|story|chat|game|picture|passage|piece|part)"
)
_NO_EVENT = (
    rf"(?!(?:and|or|all|not|you|i|we|looking|watching|listening|seeing|hearing|considering|{_AUX})\b)"
    rf"(?!(?:that|this|these|it|then|now|again|more|(?:the )?(?:very )?(?:{START}|{END})|{_WHOLE})\W*(?:$|[,;?!.]))"
)
"""What is no event after "before", "when" …: the clip itself, those who look at it, and what only a conversation tells."""

_OVER = r"(?=\W*(?:$|[,;?!.])|\s+(?:and|but|or) (?:how|why|what|who|when|then|is|are|was|were|does|do|did)\b)"
"""Where a clause ends."""
_EVENT = rf"{_NO_EVENT}[^\s,;?!.][^,;?!.]*?{_OVER}"
_NEAR = r"(?P<near>(?:right|just|immediately|directly|shortly|straight) )?"
_MEANWHILE = (
    rf"when(?:ever)?(?! (?:in|at|on|{_AUX})\b)|(?<!a )while|once(?= \S+ \S)|during|throughout|as soon as|the moment"
)
_WHEN = rf"(?:{_NEAR}(?P<when>{_APART}|{_MEANWHILE}))"
_CLAUSE = rf"{_WHEN} (?P<event>{_EVENT})"
_PART = rf"(?P<all>(?:{_APART}) {_EVENT})"
_THEY = r"(?:she|he|they|anyone|anybody|someone|somebody|P\d+|(?:the|her|his|their) \w+|\w+)"
_WHOM = r"(?:she|he|they|it|anyone|anybody|someone|somebody|P\d+|the \w+|[a-z]+)"
_FEEL = r"(?:feel|look|sound|react|respond|seem|appear)(?:s|ing)?"
_SPEAKING = r"(?:(?:is|are|was|were)\s+)?(?:(?P<verb>starts?|begins?|stops?|finish(?:es)?|ends?)\s+)?(?:to\s+)?(?:speak|talk)(?:s|ing)?"
_HOW = r"^\W*(?:(?:and|but|so|then)\b\W*)*(?:how|what) (?:does|do|did|is|was|are|were)"
_PAIR = rf"between ((?:\w+ing|quotation\d+)\b[^,;?!.]*?) and ([^,;?!.]+?){_OVER}"

READINGS: tuple[tuple[str, Callable[[re.Match[str], Known], Read]], ...] = (
    (rf"\b{_WHEN} (?:(?P<who>{_THEY}) )?{_SPEAKING}(?=\W*$|,)", speaking),
    (rf"\b{_CLAUSE}", happening),
    (rf"\b{_PAIR}", between),
    (rf"{FOLLOWS}{_PART}(?=\W*$|\s*,)", untold),
    (
        rf"{_HOW} (?:[^,;?!.]*?\b{_FEEL}(?: (?:about|towards?) (?:it|that|this|him|her|them))?|{_WHOM})(?: \w+ly)? {_PART}",
        untold,
    ),
    (rf"{_HOW} [^,;?!.]*?\b{_FEEL} (?P<all>{_PAIR})", untold),
    (rf"\b(?:{_MEANWHILE}) {_EVENT}(?=\W*$|\s*,)", lost),
    (r"\b(?:at )?(frame (?:number )?\d+|the \d+(?:st|nd|rd|th) frame)\b", unclear),
    (rf"\b(?:in|during|of) (the (?:{'|'.join(_PLACES)}) (?:scene|shot))\b", unclear),
)
"""After the readings that tell seconds; first match wins."""

TURNS: tuple[tuple[str, Callable[[re.Match[str], Known], Read]], ...] = (
    (rf"(?:\b(in|at|during|of|between|from|before|after|until|till) |{FOLLOWS}(?<!\w))(?:the )?{_TURN}s? (?:number |no\.? ?)?"
     rf"(\d+)(?:\s*{TO}\s*(\d+))?\b", turn),
    (rf"\b(?P<when>in|at|during|with|before|after|until|till) (?P<whose>the|her|his|their|(?:\w+ )?\w+['’]s) (?:very )?"
     rf"(?P<place>{'|'.join(_PLACES)}|\d+(?:st|nd|rd|th)) (?P<turn>{_TURN})\b", own_turn),
)  # fmt: skip
"""Before all other readings: "in the last line" is no last third."""
