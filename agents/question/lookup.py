"""Questions about what was perceived: the cues themselves answer them, without a feeling and without a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.question.happenings import act, doing
from cuechain.agents.values import Claim, Cue, CueSheet, Focus

MOST = 8
"""Cues told in one answer: more are not read; those that stand out come first."""

FAINT = 0.25
"""Salience up to which a cue tells that somebody is there, and no more."""

NEAR = 0.5
"""Seconds by which what happens at a moment may miss it."""

COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

MOST_WORDS = 10
"""Words of a question that only asks what was perceived; a longer one wants a judgement on the way."""

_JUDGES = re.compile(
    r"\b(feel\w*|felt|moods?|emotion\w*|mean(s|t|ing)?|why|how (is|are|was|were|does|do|did|has|have))\b"
    r"|\w[,;:.!?]+\s+\w|\b(goes|going|happen\w*) (on )?(in|inside|with|to)\b",
    re.I,
)
"""Signs that a question wants more than what was perceived: a judgement, or a second clause."""

Found = tuple[Claim, ...]


def looked_up(sheet: CueSheet, text: str, found: Focus) -> Found | None:
    """What the cues answer; None where the question is about a feeling.

    Args:
        sheet: All that may be cited.
        text: The question.
        found: Whom and when it is about.
    """
    if found.label or _JUDGES.search(text) or len(text.split()) > MOST_WORDS:
        return None
    for pattern, answer in _ANSWERS:
        if (match := re.search(pattern, text, re.I)) and (claims := answer(sheet, text, found, match)) is not None:
            return claims
    return None


def counted(n: int) -> str:
    """A number as a word."""
    return COUNTS[n] if n < len(COUNTS) else "more than ten"


def listed(names: Sequence[str]) -> str:
    """`P1, P2 and P3`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"


def _of(sheet: CueSheet, text: str, found: Focus) -> dict[str, Cue]:
    """Cues of the stretch, and of the person where the question names one."""
    named = found.person if found.person and re.search(rf"\b{re.escape(found.person)}\b", text, re.I) else None
    span = found.span
    return {
        i: c
        for i, c in sheet.cues.items()
        if (named is None or c.person == named)
        and (span is None or (c.span is not None and c.span.start <= span.end and c.span.end >= span.start))
    }


def _claim(text: str, cites: Iterable[str] = ()) -> Claim:
    return Claim(text=f"{text[0].upper()}{text[1:].rstrip('.')}.", cites=tuple(cites), stance="supports")


def _lines(sheet: CueSheet, cues: dict[str, Cue]) -> Found:
    """A sentence for each cue, in order of time; of many, those that stand out."""
    kept = sorted(cues, key=lambda i: -cues[i].salience)[:MOST]
    claims = [_claim(_line(sheet, c), (i,)) for i, c in cues.items() if i in kept]
    rest = [i for i in cues if i not in kept]
    return (*claims, *([_claim("other cues stand out less", rest[:MOST])] if rest else []))


def _line(sheet: CueSheet, cue: Cue) -> str:
    when = f"at {cue.span.start:.1f}–{cue.span.end:.1f} s" if cue.span else ""
    who = cue.person if cue.person and len(sheet.people) > 1 else ""
    place = ", ".join(p for p in (who, when) if p)
    return f"{place}: {cue.text}" if place else cue.text


def _without(sheet: CueSheet, senses: Sequence[str], text: str) -> Found:
    """That there is nothing of it, and why."""
    why = "; ".join(dict.fromkeys(g.reason for g in sheet.gaps if g.sense in senses))
    return (_claim(f"{text}{f' ({why})' if why else ''}"),)


def _cue(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found | None:
    id = match[2].upper()
    if id in sheet.people:
        return None
    if id not in sheet.cues:
        return (_claim(f"there is no cue {id}"),)
    return (_claim(f"{_line(sheet, sheet.cues[id])}; {_trust(sheet.cues[id])}", (id,)),)


def _trust(cue: Cue) -> str:
    share = cue.reliability
    if share is None:
        return f"how often such a {cue.sense} cue is right is not known"
    often = (
        "usually right"
        if share >= 0.75
        else "right more often than not"
        if share >= 0.5
        else "wrong more often than not"
    )
    return f"a {cue.sense} cue of this kind is {often}"


def _reliable(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found | None:
    name = match[2]
    whole = rf"{re.escape(name)}(?!\d)"
    cues = {
        i: c for i, c in sheet.cues.items() if name.lower() in (i.lower(), c.sense) or re.search(whole, c.text, re.I)
    }
    if not cues:
        return (_claim(f"no cue here has {name}"),) if re.search(r"\d", name) else None
    same: dict[str, list[str]] = {}
    for i, cue in cues.items():
        same.setdefault(_trust(cue), []).append(i)
    return tuple(_claim(trust, ids[:MOST]) for trust, ids in same.items())


def _weakest(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found | None:
    cues = {i: c for i, c in _of(sheet, text, found).items() if c.sense not in SETTING}
    cues = {i: c for i, c in cues.items() if c.salience > FAINT} or cues  # that a face is there tells nothing of it
    if not cues:
        return None

    def carries(id: str) -> float:
        own = [0.5 if v is None else v for v in (cues[id].confidence, cues[id].reliability)]
        return own[0] * own[1] * (1.0 if "reliab" in text else cues[id].salience)

    weak = match[1].lower() in ("weakest", "least")
    best = min(cues, key=carries) if weak else max(cues, key=carries)
    lead = f"the {'weakest' if weak else 'strongest'} cue, by how much it stands out and how often its kind is right, is this"
    return (_claim(f"{lead}: {_line(sheet, cues[best])}", (best,)),)


def _said(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found:
    words = {i: c for i, c in _of(sheet, text, found).items() if c.sense == "transcript"}
    if not words:
        return _without(sheet, ("transcript",), "no spoken or written words were perceived there")
    claims = [_claim(_line(sheet, c), (i,)) for i, c in words.items()]
    return tuple(claims)


def _when(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found | None:
    asked = act(text)
    if asked is None:
        return None
    cues = {i: c for i, c in _of(sheet, text, found).items() if re.search(asked[1], c.text, re.I)}
    return _lines(sheet, cues) or (_claim(f"no cue tells of that (“{asked[0]}”)"),)


def _happens(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found:
    cues = _of(sheet, text, found)
    if moment := re.search(r"\bat (\d+(?:\.\d+)?) ?s", text, re.I):
        t = float(moment[1])
        cues = {i: c for i, c in cues.items() if c.span and c.span.start - NEAR <= t <= c.span.end + NEAR}
    return _lines(sheet, cues) or (_claim("no cue was perceived there"),)


def _missing(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found:
    gaps = dict.fromkeys(f"{g.sense}: {g.reason}" for g in sheet.gaps)
    return tuple(_claim(g) for g in gaps) or (_claim("nothing is missing that could have been perceived"),)


def _does(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found | None:
    asked = act(text)
    return _doers(sheet.only(set(_of(sheet, text, found))), asked) if asked else None


def _doers(sheet: CueSheet, asked: tuple[str, str]) -> Found:
    """Who of those that were perceived does something."""
    cues = {i: c for i, c in doing(sheet, asked[1]).items() if c.person}
    if not cues:
        return (_claim(f"no cue tells of that (“{asked[0]}”)"),)
    who = list(dict.fromkeys(c.person for c in cues.values() if c.person))
    several = len(sheet.people) > 1
    told = f"{counted(len(who))} of {counted(len(sheet.people))}, going by the cues: {listed(who)}"
    return (_claim(told if several else "yes, as far as the cues tell", cues), *_lines(sheet, cues))


def _many(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found | None:
    people = sheet.people
    first = [next(i for i, c in sheet.cues.items() if c.person == p) for p in people]
    if asked := act(text):
        return _doers(sheet, asked)
    if not re.fullmatch(
        r"(people|persons?|faces?|speakers?|voices?|men|women|children|kids|girls|boys)", match[1], re.I
    ):
        return None
    if re.search(r"\b(feel\w*|seem\w*|look\w*)\b", text, re.I) or found.label:
        return None
    kind = match[1].lower()
    if kind.startswith(("voice", "speaker")):
        heard = {c.person: i for i, c in sheet.cues.items() if c.person and c.sense in ("voice", "transcript")}
        if not heard:
            return _without(sheet, ("voice",), "no voice was told apart")
        return (
            _claim(
                f"{counted(len(heard))} {'voice was' if len(heard) == 1 else 'voices were'} told apart", heard.values()
            ),
        )
    unknown = (
        "" if re.match(r"people|person|face|speaker|voice", kind) else f"how many of them are {kind}, no cue tells; "
    )
    first = [next(i for i, c in sheet.cues.items() if c.person == p) for p in people]
    head = f"{unknown}{counted(len(people))} {'person was' if len(people) == 1 else 'people were'} told apart"
    more = [i for i, c in sheet.cues.items() if c.sense == "scene" and re.search(r"\b(people|persons?)\b", c.text)]
    gaps = [_claim(f"{g.sense}: {g.reason}") for g in sheet.gaps if g.sense == "face" and "more faces" in g.reason]
    return (_claim(head, first), *(_claim(sheet.cues[i].text, (i,)) for i in more[:1]), *gaps)


def _whose(sheet: CueSheet, text: str, found: Focus, match: re.Match[str]) -> Found:
    heard = {i: c for i, c in _of(sheet, text, found).items() if c.sense in ("voice", "transcript")}
    if not heard:
        return _without(sheet, ("voice", "transcript"), "no voice was perceived")
    by: dict[str | None, list[str]] = {}
    for i, c in heard.items():
        by.setdefault(c.person, []).append(i)
    claims = [_claim(f"the voice is put down to {p}", ids[:3]) for p, ids in by.items() if p]
    return (*claims, *([_claim("whose voice it is, no cue tells", by[None][:3])] if None in by else []))


_SUBJECT = r"(?!.*\b(face|voice|cues?|feel\w*)\b)"
_ANSWERS: tuple[tuple[str, Callable[[CueSheet, str, Focus, re.Match[str]], Found | None]], ...] = (
    (r"\bhow (reliable|trustworthy|accurate|good) (?:is|are) (?:the )?(\w+)", _reliable),
    (r"\b(what(?:'s| is| does| are)|show|explain|tell)\b.*?\b([a-z]\d+)\b", _cue),
    (r"\bwhich (?:cue|sign|evidence)s? (?:is|are) (?:the )?(weakest|strongest|least|most)\b", _weakest),
    (rf"\bwhat (?:does|did|do|is|was|are|were|has|have)\b{_SUBJECT}.*\b(?:say|saying|said|spoken)\b|\btranscript\b", _said),
    (r"^\W*(?:and |but )?(?:when|at (?:what|which) (?:time|moment|second)s?)\b", _when),
    (r"\bwhat (?:happens|happened|is happening|goes on|is going on|(?:can|do|did) you (?:see|hear))\b", _happens),
    (r"\bwhat(?:'s| is| was| else is) (?:missing|not (?:seen|heard|perceived|known))\b", _missing),
    (r"\bhow many (?:of (?:them|the) )?(\w+)", _many),
    (
        r"^\W*(?:and |but |so )?(?:who(?: is| was)?|(?:does|do|did|is|are|was|were) \w+(?: all| both)?) (?:really )?"
        r"(?:smil|frown|blink|nod|laugh|cry|cries|weep)",
        _does,
    ),
    (r"\bwhose (?:voice|words)\b|\bwho (?:is |was )?(?:speak|talk)\w*\b|\bwho sa(?:ys|id)\b", _whose),
)  # fmt: skip
"""What is asked, and the function that answers it; first match wins, and a function may pass."""
