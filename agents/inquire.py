"""Questions that one answer about one person does not meet: what was perceived, who of several, and who is meant at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cuechain.agents.llm import Model
from cuechain.agents.llm.labels import meaning
from cuechain.agents.planned import planned
from cuechain.agents.question.focus import beside, focus, placed, together, untimed
from cuechain.agents.question.lookup import COUNTS, counted, listed, looked_up
from cuechain.agents.question.material import foreign, named_clip, of_clip, time_of
from cuechain.agents.question.occasions import ORDER
from cuechain.agents.realise import adjective, realise
from cuechain.agents.reason import OPEN, Reasoned, labels_of, reason
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Claim, CueSheet, Focus, Plan, Question, Step, Usage

CLOSE = 0.05
"""Difference of two confidences that is told as none."""


SEVERAL = re.compile(
    r"^\W*(and |but |so )?(who|which( one| person| clip| picture| video)?( of (them|the \w+|these))?)\b"
    r"|\b(any|some)(one|body)\b|\b(nobody|no one)\b|\bcompare[ds]?\b|\bdifference between\b|\bhow many\b",
    re.I,
)
_MOST = re.compile(r"\b(\w{3,}(est|ier)|angrier|sadder|calmer|most|more|least|less)\b", re.I)
_CLIPS = re.compile(r"\b(clip|video|film|file|recording|picture|image|photo|text)s?\b", re.I)
_OTHERS = ("which_sense", "sarcasm", "change", "when", "cause", "why")
"""Kinds of questions that are about one answer, whoever is mentioned."""
_NOUN = re.compile(r"\bthe (?:\w+ )?(man|woman|boy|girl|guy|lady|child|kid|mother|father|mum|dad|baby)\b", re.I)

_NUMBER = re.compile(
    r"\b(?:the|these|those|all) (two|three|four|five)\b(?! (?!people|persons|men|women|girls|boys|children|kids|speakers|faces|of)\w+s\b)"
    r"|\b(?:do|are|were|did) both\b|\bboth(?: of them| people)?(?=\W*$)",
    re.I,
)
"""How many people a question speaks of."""


@dataclass(frozen=True)
class _One:
    """One of several that are compared."""

    name: str
    person: str | None
    answer: Answer
    plan: Plan | None

    def felt(self, label: str) -> bool:
        """Whether the answer is that feeling or one of its kind."""
        given = self.answer.emotion.label if self.answer.emotion else None
        return given is not None and (given == label or meaning(given)[0] == meaning(label)[0] is not None)

    @property
    def sure(self) -> float:
        return (self.answer.emotion.confidence or 0.0) if self.answer.emotion else 0.0


def inquired(
    sheet: CueSheet, question: Question, task: Task, model: Model, settings: Settings, about: Focus | None = None
) -> Reasoned:
    """A planner's answer to a question of any kind.

    Args:
        sheet: All that may be cited.
        question: What is asked.
        task: Its labels.
        model: A planner.
        settings: How to reason.
        about: Whom and when the question is about, where that is known.

    Raises:
        ConfigError, ModelError: See `reason`.
    """
    if model.planner is None or task.fill is not None or task.fill_turns is not None or question.turn is not None:
        return reason(sheet, question, task, model, settings, about=about)
    labels = task.feelings or labels_of(question, task) or OPEN
    text = question.text.strip().partition("\n")[0]
    sheet = sheet if SEVERAL.search(text) else of_clip(sheet, named_clip(sheet, text))
    if untimed(sheet, text):
        return reason(sheet, question, task, model, settings, about=about)
    found, when = about or focus(sheet, text, labels), time_of(sheet, text)
    rest = when.named.rest if when else text
    if when and when.lines is not None:
        part = sheet.only({i for i, c in sheet.cues.items() if c.measures.get("line") in when.lines})
        if not re.search(rf"\b{re.escape(found.person or '')}\b", rest, re.I) and found.person not in part.people:
            own = focus(part, rest, labels)
            found = found.model_copy(update={"person": own.person, "pronoun": own.pronoun})
        if found.person in sheet.people and found.person not in part.people:
            nothing = Claim(text=f"No cue tells what {found.person} feels “{when.named.words}”.", stance="context")
            return Reasoned(task.answer(person=found.person, abstain=True, claims=(nothing,)), found, [_focused(found)])
        sheet, question = part, question.model_copy(update={"text": rest})
    asked = rest if when and when.named.event else text
    told = [_NOWHERE] if when and when.named.lost else []
    if strange := foreign(sheet, text):
        found, told = found.model_copy(update={"kind": "how", "label": None}), [_STRANGE]
    if task.answer is Answer and not strange and (claims := looked_up(sheet, asked, found)) is not None:
        answer = Answer(span=found.span, abstain=True, claims=claims)
        return _first(sheet, told, Reasoned(answer, found, [_focused(found)]))
    done = _compared(sheet, question, rest, task, model, found, labels) if task.answer is Answer else None
    done = done or reason(sheet, question, task, model, settings, about=found)
    caveat = _caveat(sheet, rest, done.focus) if task.answer is Answer else None
    return _first(sheet, told, done, (caveat,) if caveat else ())


_NOWHERE = "No cue tells when that is, so this is about all that was perceived."
_STRANGE = (
    "Questions are read in English; this one, in another language, was taken to ask how this person feels, and why."
)


def _first(sheet: CueSheet, told: Sequence[str], done: Reasoned, last: Sequence[Claim] = ()) -> Reasoned:
    """An answer that begins with what was not understood of the question, and ends with what it does not meet."""
    if not done.answer.claims or not (told or last):
        return done
    head, *rest = realise(sheet, done.answer, done.focus).claims
    head = head.model_copy(update={"text": " ".join([*told, head.text or ""])})
    return replace(done, answer=done.answer.model_copy(update={"claims": (head, *rest, *last)}))


def _focused(found: Focus) -> Step:
    return Step(name="focus", output=found.model_dump_json())


def _caveat(sheet: CueSheet, text: str, found: Focus) -> Claim | None:
    """That who is meant cannot be told from cues, and about whom the answer is."""
    people, person = sheet.people, found.person
    first = tuple(next(i for i, c in sheet.cues.items() if c.person == p) for p in people)
    said = _NUMBER.search(text)
    number = COUNTS.index(said[1].lower()) if said and said[1] else 2 if said else 0
    if len(people) == 1 and (number > 1 or len({n.lower() for n in _NOUN.findall(text)}) > 1):
        return Claim(text="Only one person was perceived.", cites=first, stance="context")
    if people and number not in (0, len(people)):
        told = f"{counted(len(people))} people were told apart, not {counted(number)}."
        return Claim(text=told.capitalize(), cites=first, stance="context")
    absent = [p for p in (*re.findall(r"\bP\d+\b", text), *beside(sheet, text)) if p not in people]
    if absent and person in people:
        return Claim(text=f"Nothing was perceived of {listed(absent)}.", cites=first[:1], stance="context")
    if len(people) < 2 or person not in people or re.search(rf"\b{re.escape(person)}\b", text, re.I):
        return None
    place, noun = placed(sheet, text), _NOUN.search(text)
    if (place is None and noun is None) or (place is not None and len(place) == 1):
        return None
    whom = place or people
    cites = tuple(next(i for i, c in sheet.cues.items() if c.person == p) for p in whom)
    told = f"Who of {listed(whom)} is meant, no cue tells: this is about {person}."
    return Claim(text=told, cites=cites, stance="context")


def _units(sheet: CueSheet, text: str) -> list[tuple[str, str | None, CueSheet]]:
    """What is compared: name, person, and the cues of the clip."""
    named = [p for p in sheet.people if re.search(rf"\b{re.escape(p)}\b", text, re.I)]
    if len(sheet.media) < 2:
        return [(p, p, sheet) for p in together(sheet, text) or (named if len(named) > 1 else sheet.people)]
    units: list[tuple[str, str | None, CueSheet]] = []
    for number, media in enumerate(sheet.media):
        part = sheet.only({i for i, c in sheet.cues.items() if c.media == media.id})
        clip = f"the {ORDER[number] if number < len(ORDER) else 'next'} clip"
        if _CLIPS.search(text) or not part.people:
            person = focus(part, "", ()).person
            units.append((f"{person} in {clip}" if person else clip, person, part))
        else:
            units += [(f"{p} in {clip}", p, part) for p in part.people if len(named) < 2 or p in named]
    return units


def _compared(
    sheet: CueSheet, question: Question, text: str, task: Task, model: Model, found: Focus, labels: tuple[str, ...]
) -> Reasoned | None:
    """Each by itself, as if asked singly; None where the question is about one, or there is only one."""
    one = SEVERAL.search(text) and (found.label or re.search(r"compare|difference", text, re.I))
    everyone = not one and found.kind == "everyone"
    if (not everyone and not one) or found.kind in _OTHERS:
        return None
    if one and sum(bool(re.search(rf"\b{re.escape(p)}\b", text, re.I)) for p in sheet.people) == 1:
        return None
    units = _units(sheet, text)
    if len(units) < 2:
        return None
    assert model.planner is not None
    ones: list[_One] = []
    for name, person, part in units:
        own = Focus(person=person, pronoun=person or "the person", span=found.span)
        answer, _, steps, _ = planned(part, question, task, model.planner, own, labels)
        plan = next((Plan.model_validate_json(s.output) for s in steps if s.name == "plan"), None)
        ones.append(_One(name, person, answer, plan))
    if everyone and all(o.answer.abstain for o in ones):
        return None  # what is missing is told better of all at once
    claims = sorted((_each(sheet, one) for one in ones), key=lambda c: c.stance == "weak")
    first: _One | None = None
    if (label := found.label) and not everyone:
        ones.sort(key=lambda o: (not o.felt(label), -o.sure if o.felt(label) else -_share(o, label)))
        claims = [_each(sheet, one) for one in ones]
        first = ones[0]
        claims.insert(0, _head(text, ones, label, claims))
    surest = first or max(ones, key=lambda o: o.sure)
    answer = surest.answer.model_copy(update={"claims": tuple(claims), "person": first.person if first else None})
    about = found.model_copy(update={"kind": "everyone", "person": answer.person})
    return Reasoned(answer, about, [_focused(about)], Usage(calls=len(ones)))


def _share(one: _One, label: str) -> float:
    return one.plan.labels.get(label, 0.0) if one.plan else 0.0


def _each(sheet: CueSheet, one: _One) -> Claim:
    """What one of them feels, and what for."""
    own = Focus(person=one.person, pronoun=one.name, kind="everyone")
    head = one.answer.claims[0] if one.answer.claims else Claim(stance="weak")
    points = one.answer.emotion.label if one.answer.emotion else None
    cites = head.cites or tuple(i for i, c in sheet.cues.items() if c.person == one.person)[:1]
    claim = Claim(cites=cites, stance="supports" if points else "weak", points=points)
    text = realise(sheet, Answer(claims=(claim,)), own).claims[0].text or ""
    clip = one.name.partition("the ")[2]
    if clip:
        text = f"The {clip}: {text[0].lower() + text[1:] if text.startswith('What') else text}"
    return claim.model_copy(update={"text": text})


def _head(text: str, ones: Sequence[_One], label: str, claims: Sequence[Claim]) -> Claim:
    """Who of them feels it, by how sure the answers are."""
    felt, how = [o for o in ones if o.felt(label)], adjective(label)
    names = listed([o.name for o in felt])
    cites = tuple(i for c in claims[: max(1, len(felt))] for i in c.cites[:1])
    if re.search(r"\bhow many\b", text, re.I):
        told = f"{counted(len(felt))} of {counted(len(ones))} most likely {'feels' if len(felt) == 1 else 'feel'} {how}"
        told += f": {names}" if felt else ""
    elif not felt:
        told = f"nobody is clearly {how}, going by what each of them shows; {ones[0].name} comes closest"
        cites = tuple(i for c in claims for i in c.cites[:1])
    elif len(felt) > 1 and _MOST.search(text):
        level = [o.name for o in felt[1:] if felt[0].sure - o.sure < CLOSE]
        rest = [o.name for o in felt[1:] if felt[0].sure - o.sure >= CLOSE]
        told = f"{felt[0].name} is the one who most surely feels {how}"
        told += f", but {listed(level)} {'is' if len(level) == 1 else 'are'} as good as level" if level else ""
        told += f", ahead of {listed(rest)}" if rest else ""
        told += "; cues tell how sure a feeling is, not who has more of it"
    else:
        asks = re.match(r"\W*(and |but |so )?(is|are|was|were|does|do|did)\b", text, re.I)
        told = f"{'yes, it' if asks else 'it'} is {names} who {'feels' if len(felt) == 1 else 'feel'} {how}, going by the cues"
    return Claim(text=f"{told[0].upper()}{told[1:]}.", cites=cites, points=label if felt else None)
