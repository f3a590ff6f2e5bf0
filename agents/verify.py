"""The mechanical check, outside any model: does each claim say no more than the cues it cites?

It cannot judge meaning. It finds what can be found without understanding: citations that do not exist, the wrong person, time or
sense, quotes and numbers that no cited cue holds, words that say the opposite of the cue, and claims made from a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cuechain.agents.values import (
    Answer,
    AspectAnswer,
    CauseAnswer,
    Claim,
    Cue,
    CueSheet,
    EmotionAnswer,
    LabelAnswer,
    LabelsAnswer,
    Problem,
    Span,
    Verdict,
)

SENSE_WORDS = {
    "voice": r"voice|vocal\w*|tone of voice|pitch\w*|loud\w*|quiet(?:er|ly)|intonation|speaks? (?:fast|slow|soft)\w*|pace|pauses?",
    "face": r"fac(?:e|ial)\w*|smil\w+|frown\w*|brows?|eyebrows?|lips?|eyes?|eyelids?|mouth|cheeks?|nose|gaze\w*|blink\w*"
    r"|nods?|jaw|chin|grimac\w*",
    "transcript": r"says?|said|words|quot\w+|utter\w*|writes?|wrote",
    "scene": r"scene|background|lighting|camera|shot|close-up",
    "screen": r"on screen|caption\w*|on-screen|sign reads|displayed text",
}
"""Words by which a claim says that it speaks of a sense."""

_SERVES = {"transcript": {"transcript", "words", "screen"}}
"""What is said about "words" may rest on any of these; every other sense serves itself alone."""

OPPOSITES = (
    ("higher", "lower"), ("louder", "quieter"), ("faster", "slower"), ("up", "down"), ("raise", "lower"), ("raised", "lowered"),
    ("positive", "negative"), ("smile", "frown"), ("wider", "narrower"), ("open", "closed"), ("tense", "relaxed"),
    ("lively", "flat"), ("fast", "slow"), ("loud", "quiet"), ("high", "low"),
)  # fmt: skip

_QUOTE = re.compile(r"[\"“”]([^\"“”]{2,})[\"“”]")
_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?")
_TIME = re.compile(
    r"\b(\d+(?:\.\d+)?)(?:\s*(?:-|–|to|and)\s*(\d+(?:\.\d+)?))?\s*(?:s|sec|seconds)\b|\b(\d{1,2}):(\d{2})\b"
)
_TOLERANCE_SECONDS = 1.0
"""A time in a claim may miss its cue by this much: models round."""


def verify(sheet: CueSheet, answer: Answer, labels: tuple[str, ...]) -> Verdict:
    """Check every claim of an answer against the sheet.

    Args:
        sheet: What could be cited.
        answer: Claims with text.
        labels: The closed label set; empty when any word was allowed.
    """
    problems: list[Problem] = []
    for label in _labels(answer):
        if labels and label not in labels:
            problems.append(_problem("label_not_in_set", None, f"'{label}' is not one of {', '.join(labels)}"))
    if not answer.abstain and _unsaid(answer):
        what = "chooses no label" if isinstance(answer, LabelAnswer) else "names no feeling"
        problems.append(_problem("empty", None, f"the answer {what} and does not abstain"))
    if not answer.claims:
        problems.append(_problem("empty", None, "the answer has no sentences"))
    if answer.person is not None and not answer.abstain and sheet.people and answer.person not in sheet.people:
        problems.append(_problem("wrong_person", None, f"nobody in the sheet is called '{answer.person}'"))
    for number, claim in enumerate(answer.claims):
        problems.extend(_check(sheet, answer, number, claim))
    return Verdict(problems=tuple(problems), claims=len(answer.claims))


def _labels(answer: Answer) -> list[str]:
    """The labels that an answer takes from the set that was asked for."""
    if isinstance(answer, LabelAnswer):
        several = answer.labels if isinstance(answer, LabelsAnswer) else ()
        return list(dict.fromkeys([*([answer.label] if answer.label else []), *several]))
    if isinstance(answer, CauseAnswer):
        return list(dict.fromkeys(pair.emotion for pair in answer.pairs))
    if isinstance(answer, AspectAnswer):
        return list(dict.fromkeys(o.aspect for o in answer.opinions))
    named = [answer.emotion, *(answer.emotions if isinstance(answer, EmotionAnswer) else ())]
    return list(dict.fromkeys(e.label for e in named if e))


def _unsaid(answer: Answer) -> bool:
    """Whether the slot that answers the task is empty; tuples may be none at all."""
    if isinstance(answer, LabelAnswer):
        return answer.label is None
    return type(answer) in (Answer, EmotionAnswer) and answer.emotion is None


def _check(sheet: CueSheet, answer: Answer, number: int, claim: Claim) -> Iterable[Problem]:
    text = (claim.text or "").strip()
    if not text:
        yield _problem("empty", number, "the claim has no text")
        return
    for cite in claim.cites:
        if cite not in sheet.cues:
            yield _problem(
                "unknown_cite", number, f"there is no cue {cite}; the sheet has {', '.join(sheet.cues) or 'none'}"
            )
    cited = [sheet.cues[i] for i in claim.cites if i in sheet.cues]
    if not claim.cites and not answer.abstain:
        yield _problem("no_cite", number, "the claim cites no cue; cite what carries it, or leave it out")
    yield from _persons(sheet, answer, number, claim, text, cited)
    if answer.span is not None and claim.stance == "supports" and not answer.abstain:
        yield from _outside(answer.span, number, cited)
    yield from _senses(sheet, number, text, cited, abstains=answer.abstain)
    if cited:
        yield from _contents(number, text, cited, _labels(answer) if number == 0 else [])


def _persons(
    sheet: CueSheet, answer: Answer, number: int, claim: Claim, text: str, cited: list[Cue]
) -> Iterable[Problem]:
    about = {c.person for c in cited if c.person}
    outside = _QUOTE.sub(" ", text)
    own = " ".join(c.text for c in cited)
    others = outside
    for name in sorted(about, key=len, reverse=True):  # "Ann" is not spoken of where "Ann and Bo" are
        others = re.sub(rf"\b{re.escape(name)}\b", " ", others)
    for name in sheet.people:
        named = rf"\b{re.escape(name)}\b"
        if about and name not in about and re.search(named, others) and not re.search(named, own):
            yield _problem(
                "wrong_person", number, f"the claim speaks of {name}, the cited cues of {', '.join(sorted(about))}"
            )
            return
    if answer.person and about and answer.person not in about and claim.stance == "supports" and not answer.abstain:
        told = ", ".join(sorted(about))
        if not re.search("|".join(rf"\b{re.escape(o)}\b" for o in about), outside):
            yield _problem(
                "wrong_person", number, f"the answer is about {answer.person}, but the cited cues are of {told}"
            )


def _outside(asked: Span, number: int, cited: list[Cue]) -> Iterable[Problem]:
    """What is of another time than the answer cannot carry it."""
    spans = [c.span for c in cited if c.span]
    near = [s for s in spans if s.end + _TOLERANCE_SECONDS >= asked.start and s.start - _TOLERANCE_SECONDS <= asked.end]
    if cited and len(spans) == len(cited) and not near:
        told = f"{asked.start:.1f} to {asked.end:.1f} s"
        yield _problem("wrong_time", number, f"the answer is about {told}, and every cited cue is of another time")


def _senses(sheet: CueSheet, number: int, text: str, cited: list[Cue], *, abstains: bool) -> Iterable[Problem]:
    """A claim that speaks of a sense must cite it; one whose sense is a gap is made from nothing."""
    outside = re.sub(r"\bwithout the \w+(?: and the \w+)*", " ", _QUOTE.sub(" ", text).lower())
    own = " ".join(c.text.lower() for c in cited)
    have = {c.sense for c in cited}
    perceived = {c.sense for c in sheet.cues.values()}
    gaps = {g.sense for g in sheet.gaps if g.span is None} - perceived
    for sense, pattern in SENSE_WORDS.items():
        serving = _SERVES.get(sense, {sense})
        found = re.search(rf"\b(?:{pattern})\b", outside)
        if not found or serving & have or found.group() in own or abstains:
            continue
        if sense in gaps and not serving & perceived:
            yield _problem(
                "from_gap", number, f"'{found.group()}' speaks of the {sense}, which was not perceived at all"
            )
        elif cited:
            yield _problem("wrong_sense", number, f"'{found.group()}' speaks of the {sense}, but no cited cue is of it")


def _contents(number: int, text: str, cited: list[Cue], labels: list[str]) -> Iterable[Problem]:
    cue_text = _plain(" ".join(c.text for c in cited))
    for quote in _QUOTE.findall(text):
        # What a quote leaves out ("…") splits it; each piece must stand in a cited cue.
        if not all(_plain(piece) in cue_text for piece in re.split(r"\.\.\.|…", quote)):
            yield _problem("wrong_quote", number, f"“{quote.strip()}” does not stand in the cited cues")
    rest = _QUOTE.sub(" ", text)
    spans = [c.span for c in cited if c.span]
    for match in _TIME.finditer(rest):
        times = [float(g) for g in match.group(1, 2) if g]
        if match.group(3):
            times = [int(match.group(3)) * 60 + float(match.group(4))]
        near = [t for t in times if any(s.start - _TOLERANCE_SECONDS <= t <= s.end + _TOLERANCE_SECONDS for s in spans)]
        if spans and len(near) < len(times) and _number(times[0]) not in _numbers(cited):
            yield _problem("wrong_time", number, f"{match.group().strip()} lies outside the cited cues' times")
    for label in labels:  # the claim that gives the answer: its label is a judgement, not what a cue says
        rest = re.sub(rf"(?<![\w-]){re.escape(label)}(?!\w)", " ", rest)
    outside_times = _TIME.sub(" ", rest)
    for value in _NUMBER.findall(outside_times):
        if _number(float(value.replace("−", "-"))) not in _numbers(cited) and not re.search(
            rf"\b[A-Z]+{re.escape(value.lstrip('+-−'))}\b", rest
        ):
            yield _problem("unsupported", number, f"the number {value} stands in no cited cue")
    words, own = set(re.findall(r"[a-z]+", rest.lower())), set(re.findall(r"[a-z]+", cue_text))
    for one, two in (*OPPOSITES, *((b, a) for a, b in OPPOSITES)):
        if one in words and two not in words and two in own and one not in own:
            yield _problem("unsupported", number, f"the claim says '{one}', the cited cue says '{two}'")


def _numbers(cited: list[Cue]) -> set[float]:
    """Every number that a cited cue holds: in its person's name, text, times or measures, as printed with up to two decimals."""
    found: set[float] = set()
    for cue in cited:
        words = f"{cue.person or ''} {cue.text}"
        found.update(_number(float(n.replace("−", "-"))) for n in _NUMBER.findall(words))
        values = [v for v in cue.measures.values() if isinstance(v, float | int)]
        values += [cue.span.start, cue.span.end] if cue.span else []
        found.update(abs(round(v, digits)) for v in values for digits in (0, 1, 2))
    return found


def _number(value: float) -> float:
    return abs(value)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _problem(code: str, claim: int | None, text: str) -> Problem:
    return Problem(code=code, claim=claim, text=text)
