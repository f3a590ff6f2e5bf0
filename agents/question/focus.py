"""What a question is about: who, when, which kind of answer. Looked up by code, so that a model need not search."""

from __future__ import annotations

import re

from cuechain.agents.llm.labels import is_known, meaning
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.question.material import no_clip, time_of
from cuechain.agents.question.occasions import ORDER, QUOTED
from cuechain.agents.values import Cue, CueSheet, Focus, QuestionKind, Span

_KINDS: tuple[tuple[QuestionKind, str], ...] = (
    (
        "sarcasm",
        r"\b(sarcas\w*|ironic\w*|irony|mean(s|t)? (it|what)|serious about|sincere\w*|joking|kidding|really (mean|pleased|happy|glad))\b",
    ),
    ("which_sense", r"\bwhich (sense|cue|signal|channel|modality)|(face|voice|words) or (the )?(face|voice|words)\b"),
    (
        "change",
        r"\b(chang\w*|shift\w*|turn(s|ed)? (from|into)|over time|develop\w*|before and after|from (?!\d).+ to"
        r"|(compared|than) (with |to |at |in )*the (start|beginning|end))\b",
    ),
    ("when", r"^\s*(when|at (what|which) (time|moment|point))\b|\b(what|which) moment\b"),
    ("who", r"^\s*(who|whose|which (person|one|speaker))\b"),
    ("cause", r"\b(what (made|makes|caused?|triggers?|upsets?|is .* about)|because of what|cause|reason)\b"),
    (
        "everyone",
        r"\b(they|them|everyone|everybody|each|all of them|both|these people|the people|the group"
        r"|(?<!of )(the|these|those) (two|three|four|five)"
        r"|(do|are|did|were) (the \w+|(?-i:[A-Z])\w+)(, (the \w+|(?-i:[A-Z])\w+))*,? and (the \w+|(?-i:[A-Z])\w+))\b",
    ),
    ("yes_no", r"^\s*(is|are|was|were|does|do|did|has|have|can|could|would|will)\b"),
    ("why", r"^\s*(and |but |so )?why\b"),
)
"""First match wins; everything else asks how somebody feels."""

_AFFECT = re.compile(
    r"\b(how|feel\w*|emotion\w*|mood|react\w*|seem\w*|look\w*|express\w*|attitude|sentiment|show\w*|sign\w*|face|voice|mind|state"
    r"|think\w*|(what|how) about|and|now|then|before|after|but|so)\b",
    re.I,
)
"""Words of questions about feelings, and of follow-ups; a question with none of them, and no feeling's name, asks something else."""

_PRONOUNS = {
    "she": "she", "her": "she", "hers": "she", "woman": "she", "girl": "she", "lady": "she", "mother": "she",
    "he": "he", "him": "he", "his": "he", "man": "he", "boy": "he", "guy": "he", "father": "he",
    "they": "they", "them": "they", "their": "they", "people": "they",
}  # fmt: skip
_NOUNS = ("speaker", "person", "customer", "patient", "participant", "caller", "child", "student", "teacher", "writer")

MOSTLY = 0.5
"""Share of a cue, or of the stretch that is asked for, that both have in common where the cue counts as one of the stretch. Ours."""

_OWNED = r"\b(?:his|her|their) $"
"""Before the name of somebody who is somebody's: "sarcastic with her mother"."""
_PRONOUN = r"\b(?:he|she|they|him)\b"
"""Somebody else who is spoken of before."""


def focus(sheet: CueSheet, question: str, labels: tuple[str, ...]) -> Focus:
    """Who, when and what kind of answer a question is about.

    A person that is not in the sheet is kept as asked: the answer then abstains. Where several could be meant, it is the one with
    the most evidence, and the answer names that person.
    """
    when = time_of(sheet, question)
    time = when.named if when else None
    kind = _kind(sheet, question)
    if time:
        own = _kind(sheet, time.rest)
        kind = kind if (kind, own) == ("how", "other") else own
    # What words mean, what comes before them tells too. "What has changed by the end?" names one side of a change: the answer needs both.
    whole = (kind == "sarcasm" and time and time.event) or (
        kind == "change"
        and time
        and not re.search(rf"\b(in|during|within|over|from|between) (the )?{re.escape(time.words)}", question)
    )
    person = _person(sheet, question, time.words if time else "")
    return Focus(
        person=person,
        span=None if whole or time is None else time.span,
        kind=kind,
        label=_label(question, labels),
        pronoun=_pronoun(sheet, question, person),
    )


def untimed(sheet: CueSheet, question: str) -> str:
    """Why the time or the file that a question names cannot be looked up, as a sentence; empty where it can, or where it names none."""
    question = question.strip().partition("\n")[0]
    time = time_of(sheet, question)
    return (time.named.problem if time else "") or no_clip(sheet, question)


def timed(sheet: CueSheet, question: str) -> bool:
    """Whether a question names a time itself."""
    return time_of(sheet, question) is not None


def within(sheet: CueSheet, span: Span | None) -> CueSheet:
    """The cues of a stretch, and those without a time. What lies mostly elsewhere tells of the stretch only where it fills half of it."""
    if span is None:
        return sheet
    return sheet.only({i for i, c in sheet.cues.items() if c.span is None or _inside(c.span, span)})


def nothing_there(sheet: CueSheet, found: Focus) -> str:
    """That a stretch has no cue of whoever is meant, as a sentence; empty where it has some, or where all of the clip is meant."""
    whose = (None, *sheet.people) if found.kind in ("everyone", "who") or found.person is None else (None, found.person)
    there = within(sheet, found.span).cues.values()
    if found.span is None or any(c.sense not in SETTING and c.person in whose for c in there):
        return ""
    who = found.person if found.person and found.kind not in ("everyone", "who") else "anybody"
    return f"From {found.span.start:.1f} to {found.span.end:.1f} s no cue tells what {who} feels."


_MOMENTS = ("peak_s", "blink_times_s")
"""Measures that are moments of the clip, in seconds; separated by blanks where there are several."""


def later(cue: Cue, seconds: float) -> Cue:
    """A cue of a stretch that was looked at alone, with the times of the whole file."""
    if not seconds:
        return cue

    def moved(moments: float | str) -> float | str:
        if isinstance(moments, str):
            return " ".join(f"{float(one) + seconds:.1f}" for one in moments.split())
        return round(moments + seconds, 3)

    span = cue.span and Span(start=cue.span.start + seconds, end=cue.span.end + seconds)
    told = {name: moved(value) if name in _MOMENTS else value for name, value in cue.measures.items()}
    text = re.sub(r"\bat (\d+\.\d) s\b", lambda m: f"at {float(m[1]) + seconds:.1f} s", cue.text)
    return cue.model_copy(update={"span": span, "measures": told, "text": text if cue.sense == "face" else cue.text})


def of_turn(sheet: CueSheet, turn: int | None) -> CueSheet:
    """The cues of one turn of a conversation, numbered from 1; all of them where none is named."""
    if turn is None:
        return sheet
    return sheet.only({i for i, c in sheet.cues.items() if c.measures.get("line") == turn})


def _inside(cue: Span, span: Span) -> bool:
    shared = cue.overlap(span)
    if not shared:
        return cue.length == 0 and span.start <= cue.start <= span.end
    return shared >= MOSTLY * min(cue.length, span.length)


def _kind(sheet: CueSheet, question: str) -> QuestionKind:
    named = any(re.search(rf"\b{re.escape(p)}\b", question, re.I) for p in sheet.people)
    for kind, pattern in _KINDS:
        if kind == "everyone" and together(sheet, question):
            return kind
        if kind == "everyone" and (named or len(sheet.people) < 2):
            continue  # "they" is then one person
        if re.search(pattern, question, re.I):
            return kind
    words = re.findall(r"[a-z]+", question.lower())
    if _PLACE.search(question) or re.match(
        r"\W*(the|at|in|on|during|between|from|near|towards?|until|by) ", question, re.I
    ):
        return "how"  # a time or a place alone asks the same about it
    return "how" if len(words) < 2 or _AFFECT.search(question) or any(map(is_known, words)) else "other"


def together(sheet: CueSheet, question: str) -> tuple[str, ...]:
    """Persons that a question asks about together, "how do Ana and Ben feel"; none where it names fewer than two so."""
    called = {w.lower(): p for p in sheet.people for w in (p, *_parts(p, sheet.people))}
    one = "|".join(map(re.escape, sorted(called, key=len, reverse=True)))
    asks = r"(?:^\W*|\b(?:do|did|does|are|were|is|have|(?:what|how) about|both|compare|between) )"
    found = re.search(rf"{asks}((?:{one})(?:(?:,|,? (?:and|or)| &) (?:{one}))+)\b", question, re.I) if one else None
    names = re.findall(rf"\b(?:{one})\b", found[1], re.I) if found else ()
    return tuple(dict.fromkeys(called[n.lower()] for n in names))


def beside(sheet: CueSheet, question: str) -> tuple[str, ...]:
    """Names that a question puts beside a person's, of whom nothing was perceived: Ben of "Ana and Ben"."""
    one, name = "|".join(map(re.escape, sheet.people)), r"((?-i:[A-Z])[a-z]+)"
    pairs = (
        re.findall(rf"\b(?:(?:{one}) (?:and|or) {name}|{name} (?:and|or) (?:{one}))\b", question, re.I) if one else []
    )
    return tuple(n for pair in pairs for n in pair if n and n not in one)


def _person(sheet: CueSheet, question: str, time: str = "") -> str | None:
    people = sheet.people
    question = QUOTED.sub(" ", question)  # what is quoted names nobody
    called = [
        (found.start(), -len(word), name)
        for name in people
        for word in (name, *_parts(name, people))
        if (found := re.search(rf"\b{re.escape(word)}\b", question, re.I if word == name else 0))
    ]
    # Nor is it the one who tells the time, "before Ben speaks".
    others = [c for c in called if not re.search(_OWNED, question[: c[0]], re.I) and not _in(time, c[2], question)]
    beside = called and not others and re.search(_PRONOUN, question[: min(called)[0]], re.I)
    if called and not beside:  # the first one named; of two that begin there, the longer name
        return min(others or called)[2]
    if beside:
        people = tuple(p for p in people if p not in {c[2] for c in called}) or people
    absent = re.search(r"\bP\d+\b", question)
    if absent:
        return absent.group()
    named = [p for p in people if not re.fullmatch(r"P\d+", p)]
    stranger = re.search(r"(?<!^)(?<![.?!] )\b(?:does|is|was|did|do|about) ([A-Z][a-z]+)\b", question)
    if named and stranger:
        return stranger.group(1)
    people = placed(sheet, question) or people
    if len(people) <= 1:
        return people[0] if people else None
    weight = {
        p: sum(c.salience * (c.span.length if c.span else 1.0) for c in sheet.cues.values() if c.person == p)
        for p in people
    }
    return max(people, key=lambda p: (weight[p], p))


_PLACE = re.compile(
    r"\b(?:(first|second|third|fourth|fifth) (?:\w+ )?)?(?:on|at|in|from|to) the (?:far |very )?(left|right|middle|cent(?:re|er))\b", re.I
)  # fmt: skip
_FROM_LEFT = ("left", "centre", "right")


def placed(sheet: CueSheet, question: str) -> tuple[str, ...] | None:
    """Who may be meant by a place in the picture, as far as cues tell places; None where the question tells none."""
    asked = _PLACE.search(question)
    if not asked:
        return None
    side = asked[2].lower() if asked[2].lower() in ("left", "right") else "centre"
    there: dict[str, list[str]] = {name: [] for name in (_FROM_LEFT if side != "right" else reversed(_FROM_LEFT))}
    for person in sheet.people:
        faces = (c.text for c in sheet.cues.values() if c.person == person and c.sense == "face")
        told = next((m[1] for text in faces if (m := re.search(r"\bat the (left|centre|right)\b", text))), None)
        if told:
            there[told].append(person)
    if not asked[1] or side == "centre":
        return tuple(there[side])
    n = ORDER.index(asked[1].lower())
    for group in there.values():  # one whose place among others at the same side is unknown is one of them
        if n < len(group):
            return tuple(group)
        n -= len(group)
    return ()


def _in(time: str, name: str, question: str) -> bool:
    """Whether a question names somebody in its words for a time alone."""
    there, all = (len(re.findall(rf"\b{re.escape(name)}\b", text, re.I)) for text in (time, question))
    return 0 < there == all


def _parts(name: str, people: tuple[str, ...]) -> list[str]:
    """Words by which a person may be called for short: "Fergus" of "Caller Fergus", where nobody else has them."""
    words = [w for w in name.split() if len(w) > 2 and w[0].isupper()] if " " in name else []
    return [w for w in words if sum(w in other.split() for other in people) == 1]


def _label(question: str, labels: tuple[str, ...]) -> str | None:
    """The label that the question names, by itself or by a word of the same meaning ("sad" for sadness)."""
    words = re.findall(r"[a-z]+", question.lower())
    for label in labels:
        if label.lower() in words:
            return label
    for word in map(_plain, words):
        if len(word) < 3 or word in _PRONOUNS or word in _NOUNS or word in _BODILY:
            continue
        group = meaning(word)[0] if is_known(word) else None
        same = [label for label in labels if group and meaning(label)[0] == group]
        if same:
            return same[0]
    return None


_BODILY = ("tired", "pain", "serious", "focused", "normal", "other", "none")
"""Words of the table of feelings that ask about something else where a question has them: "is she just tired?"."""


def _plain(word: str) -> str:
    """An adjective without its degree: "happy" of "happiest" and "happier"."""
    stem = re.sub(r"(est|er)$", "", word)
    tries = (stem, f"{stem[:-1]}y", stem[:-1]) if stem != word and len(stem) > 2 else ()
    return next((t for t in tries if is_known(t)), word)


def _pronoun(sheet: CueSheet, question: str, person: str | None) -> str:
    words = re.findall(r"[A-Za-z]+", question.lower())
    if len(sheet.people) > 1:
        return person or "the person"
    for word in words:
        if word in _PRONOUNS:
            return _PRONOUNS[word]
    noun = next((w for w in words if w in _NOUNS), None)
    if noun:
        return f"the {noun}"
    only = sheet.people[0] if sheet.people else ""
    return only if only and not re.fullmatch(r"P\d+", only) else "the person"
