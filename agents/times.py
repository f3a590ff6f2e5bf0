"""Times that a question names: "between 5 and 9 seconds", "the last three seconds", "before 0:20", as a stretch of the clip."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cuechain.agents.values import Span

AROUND = 1.5
"""Seconds before and after a single moment that are meant with it: about the length of a spoken phrase."""

SLACK = 0.05
"""Seconds by which a time may miss the clip's end: players and containers round."""

SHORT = 0.5
"""Seconds before or after speech in which nothing can be told apart."""

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {w: n for n, w in enumerate(_ONES)} | {w: 10 * n for n, w in enumerate(_TENS, 2)}
_WORD = rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})"

_SEC, _MIN = r"(?:seconds?|secs?|s)\b", r"(?:minutes?|mins?)\b"
_UNIT = rf"(?:{_SEC}|{_MIN})"
_NUM = r"(?:(?<=\s)[-−])?(?<![\w.:])\d+(?:[.,]\d+)?(?![\d:])"
_CLOCK = r"(?<![\w.:])(?:\d+:)?\d{1,2}:\d{2}(?:\.\d+)?(?![\d:])(?!\s*[ap]\.?m\b)"
_TIME = rf"(?:{_CLOCK}|{_NUM}\s*{_MIN}(?:\s*(?:and\s+)?{_NUM}\s*{_SEC})?|{_NUM}\s*{_SEC}|(?:second|minute)\s+{_NUM})"
_BARE = rf"{_NUM}(?=\s*(?:$|[,;?!.]))"
"""A number without a unit counts as seconds at the end of a clause alone: not in "7 pm", nor in "5 people"."""

_TO = r"(?:and|to|until|till|up to|through|-|–|—)"
_UP_TO, _ON_FROM = (
    r"(?:before|until|till|up to|prior to|earlier than)",
    r"(?:after|since|from|past|beyond|later than)",
)
_START, _END = r"(?:beginning|start|opening|outset)", r"(?:end|ending|close|finish)"
_AT_THE = r"(?:\b(?:at|in|near|by|towards?|around|during|about) (?:the )?(?:very )?)"
_WHOM = r"(?:she|he|they|it|anyone|anybody|someone|somebody|P\d+|the \w+|[a-z]+)"
_THEY = r"(?:she|he|they|anyone|anybody|someone|somebody|P\d+|(?:the|her|his|their) \w+)"
_SPEAKING = r"(?:(starts?|begins?|stops?|finish(?:es)?|ends?)\s+)?(?:to\s+)?(?:speak|talk)(?:s|ing)?"
_FOLLOWS = r"^\W*(?:(?:and|but|so|what|how|about)\b\W*)*"
_COMPARED = re.compile(rf"\b(?:compared|than) (?:with |to |at |in )*the (?:{_START}|{_END})\b", re.I)
"""The beginning beside the end is the whole clip."""
_SCALE = re.compile(r"\b(scale|rate|score|out of)\b", re.I)


@dataclass(frozen=True)
class Known:
    """What is known of a clip when a time is looked up."""

    end: float
    """Length, in seconds."""
    spoken: Sequence[Span] = ()
    """When somebody speaks, for "before she speaks"."""
    happened: Callable[[str], Span | None] = lambda _: None
    """When something happens, for "after the door shuts"."""


@dataclass(frozen=True)
class Named:
    """A time that a question names."""

    words: str
    """The question's words for it, numbers as digits."""
    span: Span | None = None
    """The stretch that is meant."""
    problem: str = ""
    """Why there is none: a sentence."""
    rest: str = ""
    """The question without those words."""


def named(question: str, known: Known) -> Named | None:
    """The time that a question names; None where it names none.

    Args:
        question: The user's words.
        known: The clip.
    """
    end = known.end
    text = _digits(re.sub(r"(?<!\w)(['\"“‘])(?:(?!\1).)+?['\"”’](?!\w)", " ", question))
    for pattern, read in _READINGS:
        if not (found := re.search(pattern, text, re.I)):
            continue
        span = read(found, known)
        if span is None:
            continue
        words = " ".join(found.group().split())
        rest = f"{text[: found.start()]} {text[found.end() :]}"
        if isinstance(span, str):
            return Named(words, problem=span, rest=rest)
        start, stop = span
        if start > end + SLACK or stop < 0 or (start >= end and stop > end + SLACK):
            return Named(words, problem=f"The clip is {end:.1f} s long, and “{words}” lies outside it.", rest=rest)
        return Named(words, Span(start=max(0.0, min(start, end)), end=min(stop, end)), rest=rest)
    return None


def _digits(text: str) -> str:
    """Number words before a unit as digits: "twenty-five seconds", "from five to nine seconds", "half a minute"."""
    text = re.sub(rf"\bhalf an? ({_UNIT})", r"0.5 \1", text, flags=re.I)
    text = re.sub(rf"\b(?:a )?couple (?:of )?({_UNIT})", r"2 \1", text, flags=re.I)
    text = re.sub(rf"\b(?:a )?(?:few|several) ({_UNIT})", r"3 \1", text, flags=re.I)
    text = re.sub(rf"\b(before|after|until|at) an? ({_UNIT})(?! (?:time|person|look))", r"\1 1 \2", text, flags=re.I)
    number = rf"\b({_WORD})(?:[- ]({_WORD}))?\b"
    behind = rf"(?=\s*(?:{_TO}\s*(?:{_WORD}(?:[- ]{_WORD})?|\d+(?:\.\d+)?)\s*)?{_UNIT})"
    text = re.sub(number + behind, lambda m: str(_worth(m[1]) + _worth(m[2])), text, flags=re.I)
    alone = rf"\b(between|from) ({_WORD}) (and|to) (?={_WORD}\b|\d)"
    text = re.sub(alone, lambda m: f"{m[1]} {_worth(m[2])} {m[3]} ", text, flags=re.I)
    after = rf"\b(between \d+ and|before|after) ({_WORD})(?=\s*(?:$|[,;?!.]))"
    return re.sub(after, lambda m: f"{m[1]} {_worth(m[2])}", text, flags=re.I)


def _worth(word: str | None) -> int:
    return _WORDS[word.lower()] if word else 0


def _seconds(text: str, like: str = "") -> float:
    """A time in seconds; a bare number has the unit of the other end of its range."""
    text = text.strip().lower().replace("−", "-").replace(",", ".")
    if ":" in text:
        total = 0.0
        for part in text.split(":"):
            total = total * 60 + float(part)
        return total
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)] or [1.0]
    unit = text if re.search(r"[a-z]", text) else like.lower()
    if re.search(r"\d\s*min|^min", unit) or (unit is text and "min" in text):
        return 60 * numbers[0] + (numbers[1] if len(numbers) > 1 else 0.0)
    return numbers[0]


_Read = tuple[float, float] | str | None


def _part(found: re.Match[str], known: Known) -> _Read:
    which, parts = found[1].lower(), {"half": 2, "third": 3, "quarter": 4}[found[2].lower()]
    number = {"first": 0, "second": 1}.get(which, parts - 1)
    return number * known.end / parts, (number + 1) * known.end / parts


def _middle(found: re.Match[str], known: Known) -> _Read:
    return known.end / 3, 2 * known.end / 3


def _edge(found: re.Match[str], known: Known) -> _Read:
    length = min(_seconds(found[2]), known.end)
    return (0.0, length) if found[1].lower() in ("first", "opening", "initial") else (known.end - length, known.end)


def _range(found: re.Match[str], known: Known) -> _Read:
    one, other = found[2], found[3]
    if not re.search(r"[a-z:]", one + other, re.I) and (
        (found[1] or "").lower() != "between" or _SCALE.search(found.string)
    ):
        return None  # "from 1 to 10" may be a scale
    first, second = _seconds(one, other), _seconds(other, one)
    return min(first, second), max(first, second)


def _from_start(found: re.Match[str], known: Known) -> _Read:
    return 0.0, _seconds(found[1])


def _to_end(found: re.Match[str], known: Known) -> _Read:
    begin = _seconds(found[1])
    return begin, max(begin, known.end)


def _moment(found: re.Match[str], known: Known) -> _Read:
    at = _seconds(found[1])
    if not 0 <= at <= known.end + SLACK:
        return at, at  # not around it: "at 36 s" of 35 s is outside
    return at - AROUND, at + AROUND


def _first(found: re.Match[str], known: Known) -> _Read:
    return None if _COMPARED.search(found.string) else (0.0, known.end / 3)


def _last(found: re.Match[str], known: Known) -> _Read:
    return None if _COMPARED.search(found.string) else (2 * known.end / 3, known.end)


def _speaking(found: re.Match[str], known: Known) -> _Read:
    if not known.spoken:
        return f"“{' '.join(found.group().split())}” cannot be looked up: no speech was perceived."
    before = found[1].lower() in ("before", "until")
    stops = bool(re.match("stop|finish|end", found[2] or "", re.I))
    # "before she speaks" is before she begins to, "after she speaks" after she has stopped.
    ends = stops or not (before or found[2])
    edge = max(s.end for s in known.spoken) if ends else min(s.start for s in known.spoken)
    if (edge if before else known.end - edge) < SHORT:
        return f"There is nothing {found[1].lower()} that: speech {'ends' if ends else 'begins'} at {edge:.1f} s."
    return (0.0, edge) if before else (edge, known.end)


def _happening(found: re.Match[str], known: Known) -> _Read:
    """Before or after something that a cue tells. What is over in a moment goes on while it is answered: then from its begin."""
    span = known.happened(found[2])
    if span is None:
        return None
    before = found[1].lower() in ("before", "until")
    edge = span.end if not before and span.length > AROUND else span.start
    if (edge if before else known.end - edge) < SHORT:
        return f"There is nothing {found[1].lower()} that: it is at {span.start:.1f}–{span.end:.1f} s."
    return (0.0, edge) if before else (edge, known.end)


def _unclear(found: re.Match[str], known: Known) -> _Read:
    return f"I did not understand the time “{' '.join(found[1].split())}”: ask with seconds, for example “before 5 seconds”."


def _untold(found: re.Match[str], known: Known) -> _Read:
    return f"No cue tells when “{' '.join(found[1].split())}” is: ask with seconds, for example “before 5 seconds”."


_READINGS = (
    (r"\b(?:(?:in|at|during|of) )?(?:the )?(first|second|last|final) (half|third|quarter)\b", _part),
    (rf"{_FOLLOWS}(?:(?:in|at|around|towards?|near) )?the middle\W*$|\b(?:in |around )?the middle of the (?:clip|video|film|recording)"
     r"\b|\bhalfway\b", _middle),
    (rf"\b(?:(?:in|during|for|over|of) )?(?:the )?(?:very )?(first|last|final|opening|closing|initial) ((?:{_TIME})|{_UNIT})", _edge),
    (rf"\bfrom (?:the )?{_START} (?:to|until|till) ({_TIME}|{_BARE})", _from_start),
    (rf"\b(?:from )?({_TIME}) (?:to|until|till) (?:the )?{_END}\b", _to_end),
    (rf"(?:\b(between|from|in|during|at) (?:seconds? )?)?({_TIME}|{_NUM})\s*{_TO}\s*({_TIME}|{_BARE})", _range),
    (rf"\b{_UP_TO} (?:the )?({_TIME}|{_BARE})(?: mark)?", _from_start),
    (rf"\b{_ON_FROM} (?:the )?({_TIME}|{_BARE})(?: mark)?(?: on(?:wards?)?)?", _to_end),
    (rf"(?:\b(?:at|around|about|near|in) (?:the )?)?(?<!for )(?<!every )({_TIME})(?: mark)?(?: in(?=\W*$))?", _moment),
    (rf"\b(?:at|around) ({_BARE})", _moment),
    (rf"{_AT_THE}{_START}\b|\bat first\b|\bearly on\b|\bthe (?:first|opening) (?:few )?(?:moments?|part|bit)\b", _first),
    (rf"{_AT_THE}{_END}\b|\blate on\b|\bthe (?:last|final|closing) (?:few )?(?:moments?|part|bit)\b", _last),
    (rf"\b(before|until|after) {_THEY} {_SPEAKING}(?=\W*$|,)", _speaking),
    (rf"\b(before|after|until) ((?:{_THEY}|\w+) [^,;?!.]+)", _happening),
    (rf"{_FOLLOWS}((?:before|after|until) {_THEY} (?!and\b|or\b)\w+[^,?!.]*)", _untold),
    (rf"^\W*how (?:does|do|did|is|was|are|were) {_WHOM} (?:\w+ )?((?:before|after|until) {_THEY} \w+[^,?!.]*)", _untold),
    (r"\b(?:at )?(frame (?:number )?\d+|the \d+(?:st|nd|rd|th) frame)\b", _unclear),
)  # fmt: skip
"""First match wins."""
