"""What a question is about: who, when, which kind of answer. Looked up by code, so that a model need not search."""

from __future__ import annotations

import re

from cuechain.agents.llm.labels import is_known, meaning
from cuechain.agents.values import Cue, CueSheet, Focus, QuestionKind, Span

_KINDS: tuple[tuple[QuestionKind, str], ...] = (
    (
        "sarcasm",
        r"\b(sarcas\w*|ironic\w*|irony|mean(s|t)? it|serious about|sincere\w*|joking|kidding|really (mean|pleased|happy|glad))\b",
    ),
    ("which_sense", r"\bwhich (sense|cue|signal|channel|modality)|(face|voice|words) or (the )?(face|voice|words)\b"),
    ("change", r"\b(chang\w*|shift\w*|turn(s|ed)? (from|into)|over time|develop\w*|before and after|from (?!\d).+ to)\b"),
    ("when", r"^\s*(when|at (what|which) (time|moment|point))\b|\b(what|which) moment\b"),
    ("who", r"^\s*(who|whose|which (person|one|speaker))\b"),
    ("cause", r"\b(what (made|makes|caused?|triggers?|upsets?|is .* about)|because of what|cause|reason)\b"),
    ("everyone", r"\b(they|them|everyone|everybody|each|all of them|both|these people|the people|the group)\b"),
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

_CLOCK = r"(?:(\d{1,2}):(\d{2})(?:\.(\d+))?|(\d+(?:\.\d+)?)\s*(?:s|sec|secs|seconds)\b)"
_PRONOUNS = {
    "she": "she", "her": "she", "hers": "she", "woman": "she", "girl": "she", "lady": "she", "mother": "she",
    "he": "he", "him": "he", "his": "he", "man": "he", "boy": "he", "guy": "he", "father": "he",
    "they": "they", "them": "they", "their": "they", "people": "they",
}  # fmt: skip
_NOUNS = ("speaker", "person", "customer", "patient", "participant", "caller", "child", "student", "teacher", "writer")

_AROUND_SECONDS = 1.5
"""A single moment is asked for with this much before and after it: about the length of a spoken phrase."""


_OWNED = r"\b(?:his|her|their) $"
"""Before the name of somebody who is somebody's: "sarcastic with her mother"."""
_PRONOUN = r"\b(?:he|she|they|him)\b"
"""Somebody else who is spoken of before."""


def focus(sheet: CueSheet, question: str, labels: tuple[str, ...]) -> Focus:
    """Who, when and what kind of answer a question is about.

    A person that is not in the sheet is kept as asked: the answer then abstains. Where several could be meant, it is the one with
    the most evidence, and the answer names that person.
    """
    return Focus(
        person=_person(sheet, question),
        span=_span(sheet, question),
        kind=_kind(sheet, question),
        label=_label(question, labels),
        pronoun=_pronoun(sheet, question),
    )


def within(sheet: CueSheet, span: Span | None) -> CueSheet:
    """The cues that touch a stretch, and those without a time."""
    if span is None:
        return sheet
    return sheet.only(
        {i for i, c in sheet.cues.items() if c.span is None or c.span.overlap(span) > 0 or _inside(c.span, span)}
    )


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
    return span.start <= cue.start <= span.end


def _kind(sheet: CueSheet, question: str) -> QuestionKind:
    named = any(re.search(rf"\b{re.escape(p)}\b", question, re.I) for p in sheet.people)
    for kind, pattern in _KINDS:
        if kind == "everyone" and (named or len(sheet.people) < 2):
            continue  # "they" is then one person
        if re.search(pattern, question, re.I):
            return kind
    words = re.findall(r"[a-z]+", question.lower())
    return "how" if len(words) < 2 or _AFFECT.search(question) or any(map(is_known, words)) else "other"


def _person(sheet: CueSheet, question: str) -> str | None:
    people = sheet.people
    question = re.sub(r"(?<!\w)(['\"“‘])(?:(?!\1).)+?['\"”’](?!\w)", " ", question)  # what is quoted names nobody
    called = [
        (found.start(), -len(word), name)
        for name in people
        for word in (name, *_parts(name, people))
        if (found := re.search(rf"\b{re.escape(word)}\b", question, re.I if word == name else 0))
    ]
    others = [c for c in called if not re.search(_OWNED, question[: c[0]], re.I)]
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
    if len(people) <= 1:
        return people[0] if people else None
    weight = {
        p: sum(c.salience * (c.span.length if c.span else 1.0) for c in sheet.cues.values() if c.person == p)
        for p in people
    }
    return max(people, key=lambda p: (weight[p], p))


def _parts(name: str, people: tuple[str, ...]) -> list[str]:
    """Words by which a person may be called for short: "Fergus" of "Caller Fergus", where nobody else has them."""
    words = [w for w in name.split() if len(w) > 2 and w[0].isupper()] if " " in name else []
    return [w for w in words if sum(w in other.split() for other in people) == 1]


def _span(sheet: CueSheet, question: str) -> Span | None:
    end = max((c.span.end for c in sheet.cues.values() if c.span), default=0.0)
    if not end:
        return None
    times = [
        int(m[0]) * 60 + float(f"{m[1]}.{m[2] or 0}") if m[1] else float(m[3])
        for m in re.findall(_CLOCK, question, re.I)
    ]
    first_or_last = re.search(r"\b(first|last) " + _CLOCK, question, re.I)
    if first_or_last and times:
        length = min(times[0], end)
        return Span(start=0, end=length) if first_or_last[1].lower() == "first" else Span(start=end - length, end=end)
    if len(times) >= 2:
        return Span(start=min(times[:2]), end=max(times[:2]))
    if times:
        return Span(start=max(0.0, times[0] - _AROUND_SECONDS), end=times[0] + _AROUND_SECONDS)
    if re.search(r"\b(at|in|near|towards?) the (beginning|start|opening)\b|\bat first\b", question, re.I):
        return Span(start=0, end=end / 3)
    if re.search(r"\b(at|in|near|towards?) the (end|close|finish)\b", question, re.I):
        return Span(start=end * 2 / 3, end=end)
    return None


def _label(question: str, labels: tuple[str, ...]) -> str | None:
    """The label that the question names, by itself or by a word of the same meaning ("sad" for sadness)."""
    words = re.findall(r"[a-z]+", question.lower())
    for label in labels:
        if label.lower() in words:
            return label
    for word in words:
        if len(word) < 3 or word in _PRONOUNS or word in _NOUNS:
            continue
        group = meaning(word)[0] if is_known(word) else None
        same = [label for label in labels if group and meaning(label)[0] == group]
        if same:
            return same[0]
    return None


def _pronoun(sheet: CueSheet, question: str) -> str:
    words = re.findall(r"[A-Za-z]+", question.lower())
    if len(sheet.people) > 1:
        return _person(sheet, question) or "the person"
    for word in words:
        if word in _PRONOUNS:
            return _PRONOUNS[word]
    noun = next((w for w in words if w in _NOUNS), None)
    if noun:
        return f"the {noun}"
    only = sheet.people[0] if sheet.people else ""
    return only if only and not re.fullmatch(r"P\d+", only) else "the person"
