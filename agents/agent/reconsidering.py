"""Answers of a planner to questions about its answer: what speaks for another feeling, what would change it, how sure it is."""

from __future__ import annotations

import time
from dataclasses import replace

from cuechain.agents.agent.doubts import (
    MOST,
    akin,
    as_noun,
    aside,
    capital,
    elsewhere,
    how_strong,
    how_sure,
    undecided,
    what_against,
    what_used,
    why_not,
)
from cuechain.agents.agent.followups import Asked
from cuechain.agents.inquire import inquired
from cuechain.agents.llm import Model
from cuechain.agents.llm.weighted import kin, of_senses
from cuechain.agents.pipeline import check, concluded
from cuechain.agents.planned import planned
from cuechain.agents.question.focus import within
from cuechain.agents.realise import realise
from cuechain.agents.reason import OPEN, Reasoned, labels_of, reason
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, Claim, CueSheet, Focus, Plan, Step
from cuechain.agents.weigh import Heard, named, weigh


def answered(sheet: CueSheet, asked: Asked, model: Model, settings: Settings, timings: dict[str, float]) -> Case:
    """A planner's answer to a question as it is understood.

    Args:
        sheet: All that may be cited.
        asked: The question.
        model: A planner.
        settings: How to reason.
        timings: Seconds of perception, for the Case.
    """
    begin = time.perf_counter()
    task = check(asked.question)
    whole, sheet = sheet, asked.part(sheet)
    labels = labels_of(asked.question, task) if asked.question.labels or not task.open_vocabulary else ()
    if asked.reply in ("nothing", "whom", "unheard"):
        done = _told(sheet, asked, task)
    elif asked.reply == "plain":
        done = inquired(sheet, asked.question, task, model, settings, asked.about)
        done = replace(done, answer=_led(realise(sheet, done.answer, done.focus), asked.lead))
    else:
        done = _thought_over(sheet, asked, task, model, settings)
    return concluded(whole, asked.question, done, labels, model, begin=begin, timings=timings)


def _told(sheet: CueSheet, asked: Asked, task: Task) -> Reasoned:
    """Why there is nothing to answer."""
    found = asked.about
    if asked.reply == "whom":
        people = ", ".join(sheet.people)
        cites = tuple(next(i for i, c in sheet.cues.items() if c.person == p) for p in sheet.people)
        text = (
            f"Which of {people} is meant, no cue tells; ask with that name"
            if len(sheet.people) > 1
            else f"Nobody but {people} was perceived, and what that person is, no cue tells"
        )
    elif asked.reply == "unheard":
        cites, senses = (), sorted(asked.senses.only)
        why = "; ".join(dict.fromkeys(g.reason for g in sheet.gaps if kin(g.sense) in senses))
        text = f"Nothing was perceived of {named(senses)}" if senses else f"{capital(asked.lead)[:-1]} nothing is left"
        text += f": {why}" if why else ""
    else:
        cites = ()
        side = "beginning" if asked.lead.startswith("before") else "end"
        text = (
            f"Nothing comes {asked.lead}: the last answer reaches to the {side} of what was perceived"
            if found.span
            else f"Nothing comes {asked.lead}: the last answer was about all of it"
        )
    answer = task.answer(
        person=found.person,
        span=found.span,
        abstain=True,
        claims=(Claim(text=f"{text}.", cites=cites, stance="context"),),
    )
    return Reasoned(answer, found, _steps(found))


def _led(answer: Answer, lead: str) -> Answer:
    """The answer with the words that its first sentence begins with."""
    if not lead or not answer.claims:
        return answer
    text = answer.claims[0].text or ""
    if lead.endswith(" alone") and "going " + lead in text:
        return answer
    small = text.split(" ")[0] in ("The", "She", "He", "They", "This", "Nobody", "From")
    text = f"{lead[0].upper()}{lead[1:]}, {text[0].lower() + text[1:] if small else text}"
    return answer.model_copy(
        update={"claims": (answer.claims[0].model_copy(update={"text": text}), *answer.claims[1:])}
    )


def _thought_over(sheet: CueSheet, asked: Asked, task: Task, model: Model, settings: Settings) -> Reasoned:
    assert model.planner is not None
    feelings = task.feelings or labels_of(asked.question, task) or OPEN
    wanted = asked.label if asked.reply in ("why_not", "degree") else None
    outside = wanted is not None and wanted not in feelings
    ranked = (*feelings, wanted) if wanted is not None and outside else feelings
    answer, found, steps, usage = planned(sheet, asked.question, task, model.planner, asked.about, ranked)
    plan = next((Plan.model_validate_json(s.output) for s in steps if s.name == "plan"), None)
    if plan is not None and answer.emotion is not None:
        if outside and answer.emotion.label == wanted:  # outside the label set, and yet likelier than all in it
            answer, found, _, _ = planned(sheet, asked.question, task, model.planner, asked.about, feelings)
        if (
            asked.reply == "degree"
            and wanted is not None
            and answer.emotion is not None
            and akin(wanted, answer.emotion.label)
        ):
            answer = how_strong(answer, found)
        elif wanted is not None:
            answer = why_not(sheet, answer, plan, found, wanted)
        elif asked.reply == "used":
            answer = what_used(answer)
        elif asked.reply == "against":
            answer = what_against(sheet, answer, plan, found)
        elif asked.reply == "sure":
            answer = how_sure(sheet, answer, plan, found)
        else:
            answer = _change(sheet, answer, plan, asked, task, model, settings)
    elif plan is not None and found.person in (*sheet.people, None):
        answer = undecided(sheet, answer, plan, found, wanted, asked.reply)
    return Reasoned(realise(sheet, answer, found), found, steps, usage)


def _steps(found: Focus) -> list[Step]:
    return [Step(name="focus", output=found.model_dump_json())]


def _change(
    sheet: CueSheet, answer: Answer, plan: Plan, asked: Asked, task: Task, model: Model, settings: Settings
) -> Answer:
    assert answer.emotion is not None
    given, same = answer.emotion.label, model.remembering()

    def heard(part: CueSheet) -> Heard:
        felt = reason(part, asked.question, task, same, settings, about=asked.about).answer.emotion
        return Heard(label=felt.label if felt else None, confidence=felt.confidence if felt else None)

    stretch = within(sheet, asked.about.span)
    found = weigh(stretch, heard)
    claims: list[Claim] = []
    for sense in found.senses:
        rest = found.without(sense)
        if len(found.senses) > 1 and rest.label != given:
            would = f"it would be {as_noun(rest.label)}" if rest.label else "there would be no answer"
            claims.append(
                Claim(text=f"Without {named([sense])}, {would}.", cites=_of(stretch, plan, sense), stance="context")
            )
    if len(found.senses) == 1:
        only = found.senses[0]
        verb = "speak" if only == "words" else "speaks"
        text = f"Only {named([only])} {verb} here: what another sense shows could change it."
        claims.append(Claim(text=text, cites=_of(stretch, plan, only), stance="context"))
    elif not claims:
        told = [s for s in found.senses if named([s]) in found.change] or found.senses
        cites = tuple(i for sense in told for i in _of(stretch, plan, sense)[:1])
        claims.append(Claim(text=found.change, cites=cites, stance="context"))
    against = aside(sheet, plan, elsewhere(stretch, plan, asked.about.person, given), given)
    if not against:
        text = "No single cue points elsewhere; it would take new ones."
        against = (Claim(text=text, cites=answer.claims[0].cites, stance="context"),)
    return answer.model_copy(update={"claims": (*claims[:MOST], *against)})


def _of(sheet: CueSheet, plan: Plan, sense: str) -> tuple[str, ...]:
    """The weightiest cues of a sense."""
    own = of_senses(sheet, {sense}).cues
    return tuple(sorted(own, key=lambda i: -plan.weight.get(i, 0.0))[:2])
