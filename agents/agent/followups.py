"""What a follow-up means: "and before that?", "what about the man?", "why not anger?" become whole questions, by code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from cuechain import prompts
from cuechain.agents.agent.gaps import PARTLY
from cuechain.agents.agent.senses import Chosen, chosen, impersonal
from cuechain.agents.explain import is_looked_up
from cuechain.agents.inquire import SEVERAL
from cuechain.agents.llm.labels import is_known
from cuechain.agents.llm.weighted import kin
from cuechain.agents.pipeline import check
from cuechain.agents.question.focus import focus, placed, timed, untimed, within
from cuechain.agents.question.material import named_clip, time_of
from cuechain.agents.realise import adjective
from cuechain.agents.reason import OPEN, labels_of
from cuechain.agents.values import Answer, Case, Cue, CueSheet, EmotionAnswer, Focus, Question, Span

Reply: TypeAlias = Literal[
    "plain", "why_not", "change", "sure", "degree", "against", "used", "nothing", "whom", "unheard"
]
"""What kind of answer is wanted: that of an ordinary question; what speaks for another feeling; what would change the answer; how sure it
is; how strong the feeling is; what speaks against it; which cues it went by; that there is nothing before or after; that several people
could be meant; that nothing was perceived of the sense that is asked for."""

_THAT = r"(that|this|it|then)"
_BEFORE = re.compile(
    rf"\bbefore {_THAT}\b|^\W*(and |but |so )?(what )?(happened |was |about )?(before|earlier)\W*$", re.I
)
_AFTER = re.compile(
    rf"\b(after|since) {_THAT}\b|^\W*(and |but |so )?(what )?(happens |comes |about )?(after(wards)?|later|next|then)\W*$", re.I
)  # fmt: skip
_MIND = re.compile(r"\bchange (your|the|its) (mind|answer|verdict|conclusion)\b|\bwhat would (it take|change)\b", re.I)
_SURE = re.compile(
    r"\b(are you|how) (really |quite |so )?(sure|certain|confident)\b|^\W*(really|sure|certain)\W*$", re.I
)
_NOT = re.compile(
    r"\bwhy (is|are|was|were|does|do|did)?\s*(it|she|he|they|this|that)?\s*(not|n't|n’t)\b|\bwhy \w+n['’]?t\b", re.I
)
_COULD = re.compile(
    r"\b(could|might|can)(n['’]t| not)? (it|this|that|she|he|they) (not )?(be|feel)\b|^\W*(and )?not\b", re.I
)
_STATED = re.compile(
    r"\byou(['’]re| are) (wrong|mistaken)\b"
    r"|^\W*((so|but|and|then|no|well|i think)\b\W*)*(she|he|they|it)( (is|are|was|were|feels?|seems?)|['’](s|re))\b",
    re.I,
)
"""A statement in place of a question: "you are wrong, she is happy"."""
_DEGREE = re.compile(
    r"\bhow (?!many|much|often|long|old|sure|about|does|do|did|is|are|was|were)(\w+) (is|are|was|were|does|do|did)\b",
    re.I,
)
_AGAINST = re.compile(r"\b(speaks?|points?|evidence|cues?|signs?|is there|what('s| is)) against\b", re.I)
_USED = re.compile(
    r"\b(which|what) (cues?|evidence|signs?)\b.*\b(you|answer|used?|rel(y|ied)|based)\b|\bbased on (what|which)\b", re.I
)
_ABOUT = re.compile(r"^\W*(and |but |so )*(what|how) about\b|^\W*(and|but) (the|her|him|them)\b", re.I)
_SAME_STRETCH = re.compile(r"^\W*(and |but |so )?(why|how so|when|what about|how about|really|and|but)\b", re.I)
_PRONOUN = re.compile(r"\b(she|her|he|him|his|they|them|woman|girl|man|boy|guy|lady|other( one| person)?)\b", re.I)
_HERS = ("she", "her", "woman", "girl", "lady")

_AND = re.compile(r"^\W*((and|but|so|then)\b\W*)+", re.I)

LONG = 300.0
"""Seconds from which only the stretch is perceived that a question names: less takes about a minute as a whole."""

SHORTEST = 5.0
"""Seconds that "before that" reaches back at least: an utterance or two."""

OVER = 1.0
"""Seconds, and at most a quarter of itself, that what comes before something may reach into it."""

BEGIN = 0.3
"""Seconds from the beginning or the end within which nothing can be told apart."""


@dataclass(frozen=True)
class Asked:
    """A question as it is understood."""

    question: Question
    """The user's words; for a chat model, with what they leave out."""
    about: Focus
    """Whom, when, and what kind of answer."""
    reply: Reply = "plain"
    """What is wanted."""
    label: str | None = None
    """The feeling that "why not" asks about."""
    lead: str = ""
    """What the answer begins with: "Before that"."""
    cites: tuple[str, ...] = ()
    """Cues that the last answer went by."""
    clip: str | None = None
    """Id of the clip that is meant, where there are several; None for all."""
    senses: Chosen = field(default_factory=Chosen)
    """Senses that are meant."""
    beside: Span | None = None
    """What the last answer was about, where this one is about what comes before or after it."""

    def part(self, sheet: CueSheet) -> CueSheet:
        """The cues of the clip, the senses and the time that are meant."""
        return sheet.only({i for i, c in sheet.cues.items() if self._meant(c)})

    def _meant(self, cue: Cue) -> bool:
        if self.clip not in (None, cue.media) or not self.senses.has(kin(cue.sense)):
            return False
        if self.beside is None or cue.span is None:
            return True
        before = self.lead.startswith("before")
        over = cue.span.end - self.beside.start if before else self.beside.end - cue.span.start
        return over <= min(OVER, cue.span.length / 4)


def understood(sheet: CueSheet, question: Question, cases: Sequence[Case], *, plans: bool) -> Asked:
    """What a question means after the answers so far.

    Args:
        sheet: All that may be cited.
        question: The user's words.
        cases: Earlier answers, in order.
        plans: Whether a planner answers; a chat model is told in words what was left out.
    """
    task = check(question)
    labels = task.feelings or labels_of(question, task) or OPEN
    clip = named_clip(sheet, question.text)
    whole, sheet = sheet, Asked(question, Focus(), clip=clip).part(sheet)
    text = question.text.strip().partition("\n")[0]
    found = focus(sheet, _AND.sub("", text) or text, labels)
    last = next((c for c in reversed(cases) if c.answer is not None and not untimed(c.sheet, c.question.text)), None)
    feelings = task.answer in (Answer, EmotionAnswer) and task.fill is None
    senses = chosen(text)
    if senses.lead and found.kind == "other":
        found = found.model_copy(update={"kind": "how"})
    asked = Asked(question, found, cites=_cites(cases), clip=clip, senses=senses, lead=senses.lead)
    if last is not None and last.answer is not None:
        asked = _carried(sheet, asked, _about(last))
        asked = _moved(sheet, asked, _about(last))
    several = asked.about.kind in ("who", "everyone") or SEVERAL.search(text)
    if clip is None and len(whole.media) > 1 and asked.about.person in sheet.people and not several:
        clips = {c.media for c in sheet.cues.values() if c.person == asked.about.person}
        asked = replace(asked, clip=next(iter(clips)) if len(clips) == 1 else None)
    heard = {kin(c.sense) for c in sheet.cues.values() if c.person in (asked.about.person, None)}
    if feelings and senses.lead and not any(map(senses.has, heard)) and asked.reply == "plain":
        asked = replace(asked, reply="unheard")
    if feelings and asked.reply == "plain":
        asked = _reconsidered(asked, labels)
    about = asked.about
    if any(g.reason.endswith(PARTLY) for g in sheet.gaps) and about.person and not _told(sheet, question.text, found):
        # Between two stretches of a long clip nobody knows who is who.
        there = within(sheet, about.span)
        if about.person not in there.people:
            other = focus(there, question.text, labels)
            asked = replace(asked, about=about.model_copy(update={"person": other.person, "pronoun": other.pronoun}))
    follows = any(p.search(text) for p in (_SAME_STRETCH, _SURE, _MIND, _NOT, _AND)) or asked.about != found
    if plans or last is None or not follows:
        return asked
    felt = last.answer.emotion.label if last.answer and last.answer.emotion else None
    told = prompts.render(
        "agent/follow_up", text=question.text.strip(), span=asked.about.span, person=asked.about.person, label=felt
    )
    return replace(asked, question=question.model_copy(update={"text": told}))


def needed(sheet: CueSheet, question: Question, cases: Sequence[Case]) -> Span | None:
    """The stretch of a long clip that a question is about, as far as that can be told before it is perceived; None for all of it."""
    length = sheet.media[0].duration if len(sheet.media) == 1 else None
    if length is None or length < LONG:
        return None
    # Times are read against what was perceived, which may be nothing yet.
    everything = Cue(sense="media", text="the clip", span=Span(start=0, end=length), source="media")
    whole = sheet.model_copy(update={"cues": {**sheet.cues, "": everything}})
    when = time_of(whole, question.text.strip().partition("\n")[0])
    if when and when.named.event:
        return None  # what happens when is told by cues that are not there yet
    if untimed(whole, question.text):  # nothing more need be perceived to say so
        return Span(start=0, end=SHORTEST)
    return understood(whole, question, cases, plans=True).about.span


def _about(case: Case) -> Focus:
    """What an answer was about."""
    told = next((s.output for s in case.steps if s.name == "focus"), None)
    if told:
        return Focus.model_validate_json(told)
    found = focus(case.sheet, case.question.text, ())
    person = case.answer.person if case.answer else None
    return found.model_copy(update={"person": person or found.person, "span": found.span})


def _cites(cases: Sequence[Case]) -> tuple[str, ...]:
    """What the last answer about a feeling went by; what was looked up in between does not count."""
    answers = [c.answer for c in reversed(cases) if c.answer is not None]
    claims = next((a.claims for a in answers if not is_looked_up(a)), ())
    return claims[0].cites if claims else ()


def _carried(sheet: CueSheet, asked: Asked, last: Focus) -> Asked:
    """Whom and when a question means that names neither."""
    text, found = asked.question.text, asked.about
    told = _told(sheet, text, found)
    if not told and last.person in sheet.people:
        other = _ABOUT.search(text) and (word := _PRONOUN.search(impersonal(text))) and not _same(word[1], last.pronoun)
        others = [p for p in sheet.people if p != last.person]
        unlike = len(others) == 0 and last.pronoun in ("she", "he")
        if other and (len(others) > 1 or unlike):
            kept = {"span": last.span, "person": last.person, "pronoun": last.pronoun}
            return replace(asked, about=found.model_copy(update=kept), reply="whom")
        person = others[0] if other and others else last.person
        pronoun = person if len(sheet.people) > 1 else found.pronoun if _PRONOUN.search(text) else last.pronoun
        found = found.model_copy(update={"person": person, "pronoun": pronoun})
    apart = {frozenset(c.media for c in sheet.cues.values() if c.person == p) for p in (found.person, last.person) if p}
    if (
        found.span is None
        and len(apart) < 2
        and (_SAME_STRETCH.search(text) or any(p.search(text) for p in (_SURE, _MIND, _AGAINST, _USED)))
    ):
        found = found.model_copy(update={"span": last.span})
    return replace(asked, about=found)


def _told(sheet: CueSheet, text: str, found: Focus) -> bool:
    """Whether a question names a person itself."""
    return (
        found.person not in (*sheet.people, None)
        or placed(sheet, text) is not None
        or any(
            re.search(rf"\b{re.escape(word)}\b", text, re.I)
            for person in sheet.people
            for word in (person, *(person.split() if not person.startswith("P") else ()))
        )
    )


def _same(word: str, pronoun: str) -> bool:
    """Whether "him" may be whom the last question called "he"; where it used no pronoun, nobody knows."""
    if word.lower().startswith("other"):
        return False
    return pronoun in ("she", "he") and (word.lower() in _HERS) == (pronoun == "she")


def _moved(sheet: CueSheet, asked: Asked, last: Focus) -> Asked:
    """ "Before that" and "after that", as the stretch beside the one that the last answer was about."""
    text = asked.question.text
    before, after = _BEFORE.search(text), _AFTER.search(text)
    if not (before or after) or timed(sheet, text):
        return asked
    end = _end(sheet)
    base = last.span or _moment(sheet, asked.cites, end if last.kind == "when" else end / 2)
    lead = "before that" if before else "after that"
    nothing = base is None or (base.start <= BEGIN if before else base.end >= end - BEGIN)
    if base is None or nothing:
        found = asked.about.model_copy(update={"span": base})
        return replace(asked, about=found, reply="nothing", lead=lead)
    length = max(base.length, SHORTEST)
    # What begins on the very edge belongs to the other side.
    span = (
        Span(start=max(0.0, base.start - length), end=base.start - 0.01)
        if before
        else Span(start=base.end + 0.01, end=min(end, base.end + length))
    )
    found = asked.about.model_copy(update={"span": span, "kind": "how", "label": None})
    return replace(asked, about=found, lead=lead, beside=base)


def _end(sheet: CueSheet) -> float:
    """Seconds that a clip has; of several, or where none tells its length, up to the last cue."""
    told = sheet.media[0].duration if len(sheet.media) == 1 else None
    return told or max((c.span.end for c in sheet.cues.values() if c.span), default=0.0)


def _moment(sheet: CueSheet, cites: Sequence[str], longest: float) -> Span | None:
    """The moment that an answer about the whole clip went by; None where it went by what is there all the time."""
    spans = [c.span for i in cites if (c := sheet.cues.get(i)) and c.span]
    return next((s for s in spans if s.length <= longest), None)


def _reconsidered(asked: Asked, labels: Sequence[str]) -> Asked:
    """Questions about the answer itself."""
    text, named = asked.question.text, asked.about.label
    how = asked.about.model_copy(update={"kind": "how", "label": None})
    if _MIND.search(text):
        return replace(asked, about=how, reply="change")
    if _SURE.search(text):
        return replace(asked, about=how, reply="sure")
    if _AGAINST.search(text):
        return replace(asked, about=how, reply="against")
    if _USED.search(text):
        return replace(asked, about=how, reply="used")
    if named and _DEGREE.search(text):
        return replace(asked, about=how, reply="degree", label=named)
    if _NOT.search(text) or _COULD.search(text) or _ABOUT.search(text) or _STATED.search(text):
        words = re.findall(r"[a-z]{3,}", text.lower())
        # Of words with one meaning the user's own counts ("pride", not joy), unless it is no noun ("angry").
        own = next((w for w in words if is_known(w) and (w in labels or adjective(w) != w)), None)
        if label := own or named:
            return replace(asked, about=how, reply="why_not", label=label)
    return asked
