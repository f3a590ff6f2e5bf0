"""Answers of a planner to questions about its answer: what speaks for another feeling, what would change it, how sure it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from cuechain.agents.agent.followups import Asked, Reply
from cuechain.agents.evidence import stance_of
from cuechain.agents.focus import within
from cuechain.agents.inquire import inquired
from cuechain.agents.llm import Model
from cuechain.agents.llm.labels import meaning
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.llm.weighted import kin, of_senses
from cuechain.agents.pipeline import check, concluded
from cuechain.agents.planned import planned
from cuechain.agents.realise import adjective, realise
from cuechain.agents.reason import OPEN, Reasoned, labels_of, reason
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, Claim, CueSheet, Focus, Plan, Step
from cuechain.agents.weigh import Heard, named, weigh

MOST = 3
"""Sentences of evidence behind the one that answers."""

CLOSE = 0.5
"""Share of the answer's probability from which another feeling comes close to it; as `planned` names several feelings."""


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
    if asked.reply in ("nothing", "whom", "used", "unheard"):
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
        text = f"Nothing was perceived of {named(senses)}" if senses else f"{_capital(asked.lead)[:-1]} nothing is left"
        text += f": {why}" if why else ""
    elif asked.reply == "used":
        cites = tuple(i for i in asked.cites if i in sheet.cues)
        text = f"The last answer went by {'this' if len(cites) == 1 else 'these'}: " + "; ".join(
            dict.fromkeys(sheet.cues[i].text for i in cites)
        )
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
        if asked.reply == "degree" and wanted is not None and _kin(wanted, answer.emotion.label):
            answer = _degree(answer, found)
        elif wanted is not None:
            answer = _why_not(sheet, answer, plan, found, wanted)
        elif asked.reply == "against":
            answer = _counter(sheet, answer, plan, found)
        elif asked.reply == "sure":
            answer = _sure(sheet, answer, plan, found)
        else:
            answer = _change(sheet, answer, plan, asked, task, model, settings)
    elif plan is not None and found.person in (*sheet.people, None):
        answer = _undecided(sheet, answer, plan, found, wanted, asked.reply)
    return Reasoned(realise(sheet, answer, found), found, steps, usage)


def _steps(found: Focus) -> list[Step]:
    return [Step(name="focus", output=found.model_dump_json())]


def _kin(one: str, other: str) -> bool:
    return one == other or (meaning(one)[0] is not None and meaning(one)[0] == meaning(other)[0])


def _pointing(sheet: CueSheet, plan: Plan, person: str | None) -> list[str]:
    """Cues of the person that by themselves point somewhere, the weightiest first."""
    own = [i for i in plan.points if i in sheet.cues and sheet.cues[i].sense not in SETTING]
    own = [i for i in own if person is None or sheet.cues[i].person in (person, None)]
    return sorted(own, key=lambda i: -plan.weight.get(i, 0.0))


def _aside(sheet: CueSheet, plan: Plan, ids: Sequence[str], label: str, most: int = MOST) -> tuple[Claim, ...]:
    """A claim for each thing that cues say; what is said again at another time is cited with it."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for i in ids:
        same.setdefault((sheet.cues[i].sense, sheet.cues[i].text, plan.points[i]), []).append(i)
    claims = [
        Claim(cites=tuple(group), stance=stance_of(sheet, group[0], points, label), points=points)
        for (_, _, points), group in same.items()
    ]
    return tuple(sorted(claims, key=lambda c: c.stance == "weak")[:most])


def _elsewhere(sheet: CueSheet, plan: Plan, person: str | None, label: str) -> list[str]:
    """Cues that by themselves point to another feeling; neutral is the want of a sign."""
    pointing = _pointing(sheet, plan, person)
    return [i for i in pointing if not _kin(plan.points[i], label) and meaning(plan.points[i])[0] != "neutral"]


def _why_not(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus, wanted: str) -> Answer:
    assert answer.emotion is not None
    given = answer.emotion.label
    head, own = answer.claims[0], answer.claims[1:]
    who, noun = found.pronoun, _noun(wanted)
    if _kin(wanted, given):
        same = "that is what the answer says" if wanted == given else f"the answer says much the same, {_noun(given)}"
        text = f"{noun} is not ruled out: {same}"
        return answer.model_copy(update={"claims": (_first(head, text), *own[:MOST])})
    speaking = [i for i in _pointing(sheet, plan, found.person) if _kin(plan.points[i], wanted)]
    close = plan.labels.get(wanted, 0.0) >= CLOSE * plan.labels.get(given, 1.0)
    likelier = f"{who} {'show' if who == 'they' else 'shows'} no strong feeling" if given == "neutral" else _noun(given)
    text = (
        (
            f"{noun} comes close, but the cues fit {_noun(given)} better"
            if close
            else f"{noun} is less likely than {_noun(given)}"
        )
        if given != "neutral"
        else f"{noun} is less likely than that {likelier}"
    )
    text += "" if speaking else f"; no cue by itself points to {noun}"
    # Words go together with the line that they read, as the answer itself tells them.
    theirs = [c for c in own if set(c.cites) & set(speaking)]
    others = [i for i in speaking if not any(i in c.cites for c in theirs)]
    kept = [c for c in own if c not in theirs][:MOST]
    lead = tuple(i for i in head.cites if i not in speaking) or head.cites
    head = _first(head.model_copy(update={"cites": lead}), text)
    return answer.model_copy(update={"claims": (head, *kept, *theirs, *_aside(sheet, plan, others, given, 1))})


def _undecided(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus, wanted: str | None, reply: Reply) -> Answer:
    """The same where no answer was given: what there is of the feeling that is asked for, or what would be needed."""
    speaking = [i for i in _pointing(sheet, plan, found.person) if wanted and _kin(plan.points[i], wanted)][:MOST]
    if wanted is not None:
        noun = _noun(wanted)
        signs = "is what little points to it" if speaking else f"no cue by itself points to {noun}"
        text = f"No feeling can be told here, {noun} included; {'this ' if speaking else ''}{signs}"
    elif reply == "change":
        have = {kin(c.sense) for c in sheet.cues.values()}
        lacking = [s for s in ("words", "voice", "face") if s not in have]
        beside = f", and there is nothing of {named(lacking)}" if lacking else ""
        text = f"There is no answer to change; one would need a cue that points to a feeling{beside}"
    else:
        return answer
    head = answer.claims[0]
    cites = tuple(speaking) or head.cites
    return answer.model_copy(update={"claims": (head.model_copy(update={"text": _capital(text), "cites": cites}),)})


def _degree(answer: Answer, found: Focus) -> Answer:
    """How strongly; cues tell strong from faint, and no number of a scale."""
    assert answer.emotion is not None
    strength = answer.emotion.intensity or 0.0
    degree = "strongly" if strength >= 2 / 3 else "moderately" if strength >= 1 / 3 else "faintly"
    who, given = found.pronoun, answer.emotion.label
    feels = f"{who} {'seem' if who == 'they' else 'seems'} {degree} {adjective(given)}"
    text = f"cues tell strong from faint, not a place on a scale: {feels}"
    return answer.model_copy(update={"claims": (_first(answer.claims[0], text), *answer.claims[1 : 1 + MOST])})


def _counter(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus) -> Answer:
    """What speaks against the answer."""
    assert answer.emotion is not None
    given = answer.emotion.label
    against = [c for c in answer.claims[1:] if c.stance == "conflicts"]
    told = {i for c in against for i in c.cites}
    other = [i for i in _elsewhere(sheet, plan, found.person, given) if i not in told]
    claims = (*against, *_aside(sheet, plan, other, given))[:MOST]
    cites = tuple(dict.fromkeys(i for c in claims for i in c.cites)) or answer.claims[0].cites
    speaks = "this speaks against it" if claims else "no cue by itself points to another feeling"
    text = f"the answer is {_noun(given)}; {speaks}"
    return answer.model_copy(update={"claims": (Claim(text=_capital(text), cites=cites, points=given), *claims)})


def _sure(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus) -> Answer:
    assert answer.emotion is not None
    given, sure = answer.emotion.label, answer.emotion.confidence or 0.0
    lead = "quite sure" if sure >= 0.75 else "fairly sure, not certain" if sure >= 0.5 else "not sure"
    # The first claim answers, and may cite what speaks against it.
    backing = tuple(dict.fromkeys(i for c in answer.claims[1:] if c.stance == "supports" for i in c.cites))[:4]
    senses = list(dict.fromkeys(sheet.cues[i].sense for i in backing))
    names = list(dict.fromkeys("words" if s in ("transcript", "words", "situation") else s for s in senses))
    told = named(names) if names else "little"
    only = len(names) == 1
    verb = "carries" if only and names[0] != "words" else "carry"
    carried = f"{'only ' if only else ''}{told} {verb} it"
    who = found.pronoun
    state = "shows no strong feeling" if given == "neutral" else f"feels {adjective(given)}"
    state = state.replace("shows", "show").replace("feels", "feel") if who == "they" else state
    text = f"{lead} that {who} {state}; {carried}"
    against = [c for c in answer.claims if c.stance == "conflicts"]
    told_of = {i for c in against for i in c.cites}
    other = [i for i in _elsewhere(sheet, plan, found.person, given) if i not in told_of]
    claims = (Claim(text=_capital(text), cites=backing or answer.claims[0].cites, points=given), *against[:MOST])
    return answer.model_copy(
        update={"claims": (*claims, *_aside(sheet, plan, other, given, MOST - len(against[:MOST])))}
    )


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
            would = f"it would be {_noun(rest.label)}" if rest.label else "there would be no answer"
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
    against = _aside(sheet, plan, _elsewhere(stretch, plan, asked.about.person, given), given)
    if not against:
        text = "No single cue points elsewhere; it would take new ones."
        against = (Claim(text=text, cites=answer.claims[0].cites, stance="context"),)
    return answer.model_copy(update={"claims": (*claims[:MOST], *against)})


def _of(sheet: CueSheet, plan: Plan, sense: str) -> tuple[str, ...]:
    """The weightiest cues of a sense."""
    own = of_senses(sheet, {sense}).cues
    return tuple(sorted(own, key=lambda i: -plan.weight.get(i, 0.0))[:2])


def _noun(label: str) -> str:
    return "a neutral state" if label.lower() == "neutral" else label.replace("_", " ")


def _first(head: Claim, text: str) -> Claim:
    return head.model_copy(update={"text": _capital(text)})


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
