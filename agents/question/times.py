"""Times that a question names: "between 5 and 9 seconds", "the last three seconds", "before 0:20", as a stretch of the clip."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cuechain.agents.question.occasions import (
    AROUND,
    END,
    FOLLOWS,
    LOST,
    QUOTED,
    READINGS,
    START,
    TO,
    TURNS,
    Known,
    Read,
)
from cuechain.agents.values import Span

SLACK = 0.05
"""Seconds by which a time may miss the clip's end: players and containers round."""

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

_UP_TO, _ON_FROM = (
    r"(?:before|until|till|up to|prior to|earlier than)",
    r"(?:after|since|from|past|beyond|later than)",
)
_AT_THE = r"(?:\b(?:at|in|near|by|towards?|around|during|about) (?:the )?(?:very )?)"
_OF_IT = r"(?! of (?!(?:the|this|that)\b))"
"""Not the end of her marriage."""
_COMPARED = re.compile(rf"\b(?:compared|than) (?:with |to |at |in )*the (?:{START}|{END})\b", re.I)
"""The beginning beside the end is the whole clip."""
_SCALE = re.compile(r"\b(scale|rate|score|out of)\b", re.I)


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
    lost: bool = False
    """Whether no cue tells when it is, and all of the clip may be meant."""
    event: bool = False
    """Whether cues alone tell when it is, not a clock."""


def named(question: str, known: Known) -> Named | None:
    """The time that a question names; None where it names none.

    Args:
        question: The user's words.
        known: The clip.
    """
    end, quotes = known.end, [m[0] for m in QUOTED.finditer(question)]
    number = iter(range(len(quotes)))
    text = _digits(
        QUOTED.sub(lambda _: f"quotation{next(number)}", question)
    )  # a time in it is no time of the question

    def said(words: str) -> str:
        return re.sub(r"\bquotation(\d+)\b", lambda m: quotes[int(m[1])], words)

    known = replace(known, happened=lambda clause, told=known.happened: told(said(clause)))
    for pattern, read in _READINGS:
        if not (found := re.search(pattern, text, re.I)):
            continue
        span = read(found, known)
        if span is None:
            continue
        words = said(" ".join(found.group().split()))
        rest = said(f"{text[: found.start()]} {text[found.end() :]}")
        if not known.clock and read in _SECONDS:
            span = f"“{words}” cannot be looked up: there are no times, {known.hint}."
        event = (pattern, read) in READINGS
        if isinstance(span, str):
            return Named(words, problem=said(span), rest=rest, lost=span == LOST, event=event)
        start, stop = span
        if start > end + SLACK or stop < 0 or (start >= end and stop > end + SLACK):
            return Named(words, problem=f"The clip is {end:.1f} s long, and “{words}” lies outside it.", rest=rest)
        return Named(words, Span(start=max(0.0, min(start, end)), end=min(stop, end)), rest=rest, event=event)
    return None


def _digits(text: str) -> str:
    """Number words before a unit as digits: "twenty-five seconds", "from five to nine seconds", "half a minute"."""
    text = re.sub(rf"\bhalf an? ({_UNIT})", r"0.5 \1", text, flags=re.I)
    text = re.sub(rf"\b(?:a )?couple (?:of )?({_UNIT})", r"2 \1", text, flags=re.I)
    text = re.sub(rf"\b(?:a )?(?:few|several) ({_UNIT})", r"3 \1", text, flags=re.I)
    text = re.sub(rf"\b(before|after|until|at) an? ({_UNIT})(?! (?:time|person|look))", r"\1 1 \2", text, flags=re.I)
    number = rf"\b({_WORD})(?:[- ]({_WORD}))?\b"
    behind = rf"(?=\s*(?:{TO}\s*(?:{_WORD}(?:[- ]{_WORD})?|\d+(?:\.\d+)?)\s*)?{_UNIT})"
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


def _part(found: re.Match[str], known: Known) -> Read:
    which, parts = found[1].lower(), {"half": 2, "third": 3, "quarter": 4}[found[2].lower()]
    number = {"first": 0, "second": 1}.get(which, parts - 1)
    return number * known.end / parts, (number + 1) * known.end / parts


def _middle(found: re.Match[str], known: Known) -> Read:
    return known.end / 3, 2 * known.end / 3


def _edge(found: re.Match[str], known: Known) -> Read:
    length = min(_seconds(found[2]), known.end)
    return (0.0, length) if found[1].lower() in ("first", "opening", "initial") else (known.end - length, known.end)


def _range(found: re.Match[str], known: Known) -> Read:
    one, other = found[2], found[3]
    if not re.search(r"[a-z:]", one + other, re.I) and (
        (found[1] or "").lower() != "between" or _SCALE.search(found.string)
    ):
        return None  # "from 1 to 10" may be a scale
    first, second = _seconds(one, other), _seconds(other, one)
    return min(first, second), max(first, second)


def _from_start(found: re.Match[str], known: Known) -> Read:
    return 0.0, _seconds(found[1])


def _to_end(found: re.Match[str], known: Known) -> Read:
    begin = _seconds(found[1])
    return begin, max(begin, known.end)


def _moment(found: re.Match[str], known: Known) -> Read:
    at = _seconds(found[1])
    if not 0 <= at <= known.end + SLACK:
        return at, at  # not around it: "at 36 s" of 35 s is outside
    return at - AROUND, at + AROUND


def _first(found: re.Match[str], known: Known) -> Read:
    return None if _COMPARED.search(found.string) else (0.0, known.end / 3)


def _last(found: re.Match[str], known: Known) -> Read:
    return None if _COMPARED.search(found.string) else (2 * known.end / 3, known.end)


_SECONDS = (_edge, _range, _from_start, _to_end, _moment)
"""What only a clock tells."""

_READINGS = (
    *TURNS,
    (r"\b(?:(?:in|at|during|of) )?(?:the )?(first|second|last|final) (half|third|quarter)\b", _part),
    (rf"{FOLLOWS}(?:(?:in|at|around|towards?|near) )?the middle\W*$|\b(?:in |around )?the middle of the (?:clip|video|film|recording)"
     r"\b|\bhalfway\b", _middle),
    (rf"\b(?:(?:in|during|for|over|of) )?(?:the )?(?:very )?(first|last|final|opening|closing|initial) ((?:{_TIME})|{_UNIT})", _edge),
    (rf"\bfrom (?:the )?{START} (?:to|until|till) ({_TIME}|{_BARE})", _from_start),
    (rf"\b(?:from )?({_TIME}) (?:to|until|till) (?:the )?{END}\b", _to_end),
    (rf"(?:\b(between|from|in|during|at) (?:seconds? )?)?({_TIME}|{_NUM})\s*{TO}\s*({_TIME}|{_BARE})", _range),
    (rf"\b{_UP_TO} (?:the )?({_TIME}|{_BARE})(?: mark)?", _from_start),
    (rf"\b{_ON_FROM} (?:the )?({_TIME}|{_BARE})(?: mark)?(?: on(?:wards?)?)?", _to_end),
    (rf"(?:\b(?:at|around|about|near|in) (?:the )?)?(?<!for )(?<!every )({_TIME})(?: mark)?(?: in(?=\W*$))?", _moment),
    (rf"\b(?:at|around) ({_BARE})", _moment),
    (rf"{_AT_THE}{START}\b{_OF_IT}|\bat first\b|\bearly on\b|\bthe (?:first|opening) (?:few )?(?:moments?|part|bit)\b", _first),
    (rf"{_AT_THE}{END}\b{_OF_IT}|\blate on\b|\bthe (?:last|final|closing) (?:few )?(?:moments?|part|bit)\b", _last),
    *READINGS,
)  # fmt: skip
"""First match wins."""
