"""Bad answers with one flaw each, made from a good one without a language model.

`wrong_cite` cites cues that say something else; `blind` is what follows where the senses that conflict are hidden; `claimed` answers
where nothing can be said; `abstained` does not where something can. Each keeps sentences of the good answer where it can and comes
out about as long, so that neither length nor style tells the two apart.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from cuechain.agents import llm, registry, settings
from cuechain.agents.llm.labels import meaning, polarity
from cuechain.agents.llm.schema import InvalidError, parsed
from cuechain.agents.llm.serialise import SETTING, role
from cuechain.agents.question.focus import focus
from cuechain.agents.realise import realise
from cuechain.agents.reason import OPEN, reason
from cuechain.agents.tasks import Task
from cuechain.agents.values import CLASHES, Answer, Claim, CueSheet, Emotion, Question
from cuechain.agents.verify import verify
from cuechain.finetune.judged import is_answer, of_feelings
from cuechain.finetune.rows import Message, Row, asked
from cuechain.finetune.targets import SAID, named_in, plainly
from cuechain.finetune.tuning.rewards import combined

_EVIDENCE = {"cites": 1.0, "decisive": 1.0, "holds": 1.0}


@dataclass(frozen=True)
class Judged:
    """A row whose reply is an answer, taken apart."""

    row: Row
    sheet: CueSheet
    question: Question
    task: Task
    answer: Answer
    labels: tuple[str, ...]

    @property
    def plain(self) -> Row:
        """The row with its answer as this project writes JSON: a bad answer must not differ in its spaces or its order of keys."""
        return self.row.model_copy(
            update={"completion": (Message(role="assistant", content=self.answer.model_dump_json()),)}
        )

    @property
    def kept(self) -> list[Claim]:
        """Sentences after the first that do not name the right feeling: a wrong answer may say them too."""
        right = self.answer.emotion.label if self.answer.emotion else None
        return [
            c for c in self.answer.claims[1:] if c.cites and (right is None or named_in(c.text or "", [right]) is None)
        ]


Flaw = Callable[[Judged, random.Random], Answer | None]


def judged(row: Row) -> Judged | None:
    """A row with its answer; None for a step that ends in no answer, a reply that is none, and sentences that are made from tuples."""
    task: Task = registry.get("tasks", row.task)
    if not is_answer(row) or not row.sheet or task.worded is not None:
        return None
    try:
        answer = parsed(row.completion[0].content, task.answer)
    except InvalidError:
        return None
    turn = (asked(row) or ("", None))[1]
    question = Question(text=question_of(row), task=row.task, labels=row.gold.allowed or ("open",), turn=turn)
    return Judged(row, row.perceived, question, task, answer, row.gold.allowed or task.labels or OPEN)


def question_of(row: Row) -> str:
    """What was asked, as the prompt quotes it; empty where it is written in another way."""
    return (asked(row) or ("", None))[0]


def wrong_cite(found: Judged, chance: random.Random) -> Answer | None:
    """Some sentences cite a cue that says something else: another person's or sense's first, one that the check catches first."""
    claims = list(found.answer.claims)
    places = [n for n, c in enumerate(claims) if c.cites and set(found.sheet.cues) - set(c.cites)]
    if found.answer.abstain or not places:
        return None
    for n in chance.sample(places, k=chance.randint(1, len(places))):
        claims[n] = claims[n].model_copy(update={"cites": _others(found, claims[n], chance)})
    worse = found.answer.model_copy(update={"claims": tuple(claims)})
    held = {"sheet": found.sheet, "gold": found.row.gold, "task": found.task.name, "weights": _EVIDENCE}
    # Another cue may carry a sentence as well; where nothing speaks against it, it is no worse.
    return (
        worse if combined(worse.model_dump_json(), **held) < combined(found.answer.model_dump_json(), **held) else None
    )


def _others(found: Judged, claim: Claim, chance: random.Random) -> tuple[str, ...]:
    rest = [i for i in found.sheet.cues if i not in claim.cites and i not in found.row.gold.decisive]
    rest = rest or [i for i in found.sheet.cues if i not in claim.cites]
    said = set(re.findall(r"\w+", (claim.text or "").lower()))

    def far(id: str) -> tuple[int, int, float]:
        moved = found.answer.model_copy(update={"claims": (claim.model_copy(update={"cites": (id,)}),)})
        caught = len(verify(found.sheet, moved, ()).problems)
        return -caught, len(said & set(re.findall(r"\w+", found.sheet.cues[id].text.lower()))), chance.random()

    return tuple(sorted(rest, key=far)[: len(claim.cites)])


def blind(found: Judged, chance: random.Random) -> Answer | None:
    """What follows where the senses on one side of a conflict are hidden, as if nothing conflicted."""
    if not of_feelings(found.task) or found.answer.emotion is None or found.answer.relation not in CLASHES:
        return None
    for hidden_said in (False, True):  # mostly it is the words that are taken at their word
        ids = {i for i, c in found.sheet.cues.items() if c.sense in SETTING or (c.sense in SAID) != hidden_said}
        seen = _planned(found, found.sheet.only(ids))
        if seen.emotion is None or not _wrong(seen.emotion.label, found.row.gold.labels):
            continue
        more = [c for c in found.kept if set(c.cites) <= ids]
        claims = _filled(found, [seen.claims[0], *more, *seen.claims[1:]])
        relation = "agree" if len({found.sheet.cues[i].sense for c in claims for i in c.cites}) > 1 else "single"
        return _answered(found, seen, relation, claims)
    return None


def claimed(found: Judged, chance: random.Random) -> Answer | None:
    """A feeling where none can be told: calm read from silence as often as the feeling that the little there is points to."""
    if not of_feelings(found.task) or not found.answer.abstain or not found.row.gold.abstain:
        return None
    person, labels = found.answer.person, list(found.labels)
    ids = [i for i, c in found.sheet.cues.items() if role(c, person) != "other"] or list(found.sheet.cues)
    planner = _rules()
    assert planner.planner is not None
    plan = planner.planner.plan(found.sheet, found.question, found.labels, person)
    calm = [n for n in labels if meaning(n)[0] == "neutral"]
    loud = max(
        (n for n in labels if n not in calm), key=lambda n: (plan.labels.get(n, 0.0), chance.random()), default=None
    )
    label = calm[0] if calm and (loud is None or chance.random() < 0.5) else loud
    if label is None:
        return None
    lines = [Claim(cites=(i,)) for i in sorted(ids, key=lambda i: -plan.weight.get(i, 0.0))]
    seen = found.task.answer(
        person=person,
        emotion=Emotion(label=label),
        sentiment=polarity(meaning(label)[1]),
        relation="single" if len({found.sheet.cues[i].sense for i in ids}) < 2 else "agree",
        claims=(Claim(cites=tuple(ids[:2]), points=label), *lines),
    )
    seen = realise(found.sheet, seen, focus(found.sheet, found.question.text, found.labels))
    return _answered(found, seen, seen.relation, _filled(found, [*seen.claims, *found.kept]))


def abstained(found: Judged, chance: random.Random) -> Answer | None:
    """No answer where there is one: the evidence is told and waved away."""
    if found.answer.abstain or found.row.gold.abstain is not False:
        return None
    own = [i for i, c in found.sheet.cues.items() if role(c, found.answer.person) in ("self", "unknown")]
    said = Claim(cites=tuple(chance.sample(own, k=min(1, len(own)))), stance="weak")
    empty = found.task.answer(person=found.answer.person, abstain=True, claims=(said,))
    empty = realise(found.sheet, empty, focus(found.sheet, found.question.text, found.labels))
    rest = [c.model_copy(update={"stance": "weak"}) for c in found.kept]
    return plainly(empty.model_copy(update={"claims": tuple(_filled(found, [*empty.claims, *rest]))}))


FLAWS: dict[str, Flaw] = {"wrong_cite": wrong_cite, "blind": blind, "claimed": claimed, "abstained": abstained}
"""Those that no language model is needed for."""


@cache
def _rules() -> llm.Model:
    return llm.load("rules", settings.load())


def _planned(found: Judged, sheet: CueSheet) -> Answer:
    """What the published prototypes alone make of a sheet."""
    done = reason(sheet, found.question, found.task, _rules(), settings.load())
    return realise(sheet, done.answer, done.focus)


def _wrong(label: str, right: Sequence[str]) -> bool:
    return label not in right and meaning(label)[0] not in {meaning(r)[0] for r in right}


def _filled(found: Judged, claims: Sequence[Claim]) -> list[Claim]:
    """The first claim, and of the others those that bring it nearest to the length of the good answer."""
    wanted = sum(len((c.text or "").split()) for c in found.answer.claims)
    chosen, used = [claims[0]], len((claims[0].text or "").split())
    for claim in claims[1:]:
        size = len((claim.text or "").split())
        if claim.text in {c.text for c in chosen} or abs(used + size - wanted) >= abs(used - wanted):
            continue
        chosen.append(claim)
        used += size
    return chosen


def _answered(found: Judged, seen: Answer, relation: str | None, claims: Sequence[Claim]) -> Answer:
    """The wrong answer in the form of the good one, with numbers where that has some."""
    assert seen.emotion is not None
    good = found.answer.emotion
    emotion = Emotion(
        label=seen.emotion.label,
        intensity=good.intensity if good else None,
        confidence=good.confidence if good else None,
    )
    update = {"person": found.answer.person, "span": found.answer.span, "emotion": emotion, "relation": relation}
    if hasattr(seen, "emotions"):
        update["emotions"] = (emotion,)
    return plainly(seen.model_copy(update=update | {"claims": tuple(claims)}))
