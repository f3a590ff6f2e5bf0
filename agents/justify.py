"""Labels that people gave, explained from the cues; or the finding that the cues do not bear them out.

The answer that comes out names the label it was told, so it says nothing about how well a model finds labels: such a run is not scored.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from cuechain import prompts
from cuechain.agents.errors import ConfigError, ReplyError
from cuechain.agents.evidence import grounded, stance_of
from cuechain.agents.explain import explain
from cuechain.agents.llm import Model, Planner
from cuechain.agents.llm.labels import meaning, polarity
from cuechain.agents.pipeline import think
from cuechain.agents.reason import OPEN, labels_of
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, Claim, CueSheet, Plan, Question, Stance, Step, Target, Usage
from cuechain.agents.verify import verify

STEP = "known"
"""Name of the step that says what a case was told, and whether the cues bear it out: `{"labels": [...], "supported": true}`."""

CHANCE = 1.0
"""Multiple of its share by chance from which a label that some cue points to counts as borne out by a planner. On 200 development comments
of GoEmotions (28 labels), what people named is borne out in 70 % of those with a feeling, and another label drawn at random in 6 %; with
0 it would be 71 % and 12 %. On 200 lines of MELD's dev part, seven labels and words alone, it is 32 % and 10 %; with 0, 34 % and 10 %
(benchmarks/justify.py)."""

HALF = 0.5
"""Confidence of a planner in a label that it would not have chosen: it takes it on trust, and says no more than "probably"."""


def supported(case: Case) -> bool | None:
    """Whether the cues bear out the label that a case was told; None for a case that was told none."""
    told = next((s.output for s in case.steps if s.name == STEP), None)
    return None if told is None else bool(json.loads(told)["supported"])


def explainable(question: Question, task: Task, target: Target, model: Model) -> tuple[str, ...]:
    """The labels of people that can be explained.

    Raises:
        ConfigError: They gave none, or one outside the label set; or the task has no labels.
    """
    known = _closed(question, task)
    if model.planner is not None and not task.feelings:
        known = labels_of(question, task) or OPEN  # a planner ranks a set even where any word may be used
    gold = target.spelled(known).labels or ()
    if not gold or task.said is None:
        raise ConfigError("there is no label to explain", "take a dataset with labels, or name their column")
    if known and (outside := [label for label in gold if label not in known]):
        raise ConfigError(f"'{outside[0]}' is not one of {', '.join(known)}", "--labels names the set of the column")
    return gold


def _closed(question: Question, task: Task) -> tuple[str, ...]:
    """The closed label set; empty where any word may be used."""
    return labels_of(question, task) if question.labels or not task.open_vocabulary else ()


def explained_for(
    sheet: CueSheet, question: Question, task: Task, target: Target, model: Model, settings: Settings
) -> Case:
    """The label that people gave, explained from the cues; an answer that abstains and says what the cues show where they do not fit.

    A chat model is told the label and asked to explain it or to say that nothing shows it. A planner decides as always; the label is
    borne out where the planner comes to it by itself, or gives it more than its share by chance while some cue alone points to it.

    Args:
        sheet: What was perceived.
        question: What is asked.
        task: Its answer type and templates.
        target: What people said; labels count, and for a chat model the fields and numbers beside them.
        model: A planner or a chat model.
        settings: Time-outs, retries, temperature.

    Raises:
        ConfigError: People gave no label, one outside the label set, or the task has none; a planner that cannot answer the task.
        ModelError, ReplyError: The model did not answer.
    """
    gold, known = explainable(question, task, target, model), _closed(question, task)
    once = settings.model_copy(update={"votes": 1})
    if model.planner is None:
        case = _replied(sheet, question, task, target, model, once)
    else:
        case = think(sheet, question, task, replace(model, planner=Told(model.planner, gold, CHANCE)), once)
    assert case.answer is not None and task.said is not None
    borne = not case.answer.abstain and (task.said(case.answer).labels or ("",))[0] in gold
    answer = case.answer if borne else _elsewhere(sheet, task, case.answer, gold)
    verdict = verify(sheet, answer, known)
    if case.verdict is not None:
        verdict = verdict.model_copy(update={"repaired": case.verdict.repaired})
    step = Step(name=STEP, output=json.dumps({"labels": gold, "supported": borne}, ensure_ascii=False))
    made = {"answer": answer, "verdict": verdict, "explanation": explain(sheet, answer, verdict)}
    return case.model_copy(update={**made, "steps": (*case.steps, step)})


class Told:
    """A planner that has been told what people named."""

    def __init__(self, planner: Planner, gold: Sequence[str], least: float = 0.0) -> None:
        """Tell it.

        Args:
            planner: Who was told.
            gold: Labels that people named.
            least: Probability from which it takes one of them, as a multiple of a label's share by chance.
        """
        self._planner = planner
        self._gold = gold
        self._least = least

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """Its plan, with the label that people named in front where some cue by itself points to it."""
        plan = self._planner.plan(sheet, question, labels, person)
        told = [g for g in self._gold if g in plan.labels]  # labels of many tasks are no feelings
        label = max(told, key=lambda g: plan.labels[g], default=None)
        # Neutral is the want of a sign: no cue speaks for it, so it is nothing to be argued for.
        if label is None or meaning(label)[0] == "neutral" or not grounded(plan, label):
            return plan
        mass = plan.labels[label]
        if label == max(plan.labels, key=lambda n: plan.labels[n]) or mass < self._least / len(plan.labels):
            return plan
        own = max(mass, HALF)
        rest = sum(p for n, p in plan.labels.items() if n != label) or 1.0
        shares = {n: (1 - own) * p / rest for n, p in plan.labels.items() if n != label}
        return plan.model_copy(
            update={"labels": {label: own, **shares}, "sentiment": {polarity(meaning(label)[1]): 1.0}}
        )


def _replied(sheet: CueSheet, question: Question, task: Task, target: Target, model: Model, settings: Settings) -> Case:
    """What a chat model says that is told the label; what the check finds in it is told to the model once."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    from cuechain.agents.llm.reply import ask
    from cuechain.agents.llm.schema import json_schema

    labels = _closed(question, task)
    text = prompts.render(
        "teacher/explain",
        sheet=sheet,
        question=question,
        target=target.model_copy(update={"text": ""}),  # its words are what an explanation is compared with
        labels=labels,
        schema=json.dumps(json_schema(task.answer)),
    )
    messages = [SystemMessage(prompts.render("system")), HumanMessage(text)]
    first = ask(model, messages, schema=task.answer, settings=settings)
    steps, usage, repaired = [Step(name="explain", output=first.text, seconds=first.seconds)], first.usage, 0
    answer = task.worded(sheet, first.value) if task.worded else first.value
    problems = verify(sheet, answer, labels).problems
    if problems:
        again = [*messages, AIMessage(first.text), HumanMessage(prompts.render("repair", problems=problems))]
        try:
            second = ask(model, again, schema=task.answer, settings=settings)
        except ReplyError:
            pass  # the first answer stands, with its problems shown
        else:
            steps.append(Step(name="repair", output=second.text, seconds=second.seconds))
            usage: Usage = usage + second.usage
            better = task.worded(sheet, second.value) if task.worded else second.value
            if (left := len(verify(sheet, better, labels).problems)) < len(problems):
                answer, repaired = better, len(problems) - left
    verdict = verify(sheet, answer, labels).model_copy(update={"repaired": repaired})
    return Case(
        question=question,
        sheet=sheet,
        steps=tuple(steps),
        answer=answer,
        verdict=verdict,
        model=model.spec,
        template_hash=prompts.template_hash(),
        timings={"reason": round(sum(s.seconds for s in steps), 4)},
        usage=usage,
    )


def _elsewhere(sheet: CueSheet, task: Task, own: Answer, gold: Sequence[str]) -> Answer:
    """The answer that the label is not borne out, with the cues that point elsewhere; what a model said itself when it abstained stays."""
    named = " or ".join(gold)
    said = () if own.abstain or task.said is None else task.said(own).labels or ()
    if not said:
        # A planner's words for "cannot be told" do not name the label; a chat model was asked to say what is missing.
        head = Claim(text=f"No cue speaks for {named}.", stance="weak")
        claims = (
            own.claims
            if any(g.lower() in (c.text or "").lower() for c in own.claims for g in gold)
            else (head, *own.claims)
        )
        return task.answer(person=own.person, span=own.span, abstain=True, claims=claims)
    first = own.claims[0].cites if own.claims else ()
    head = Claim(
        text=f"The cues do not bear out {named}; they point to {said[0]}.",
        cites=first,
        stance="conflicts",
        points=said[0],
    )
    others = tuple(c.model_copy(update={"stance": _for(sheet, c, gold[0])}) for c in own.claims[1:])
    return task.answer(person=own.person, span=own.span, abstain=True, claims=(head, *others))


def _for(sheet: CueSheet, claim: Claim, label: str) -> Stance:
    """What a sentence does for a label: what points to another one of the same side does not speak for it."""
    if claim.points is None or not claim.cites or claim.cites[0] not in sheet.cues:
        return claim.stance
    found = stance_of(sheet, claim.cites[0], claim.points, label)
    return "weak" if found == "supports" and meaning(claim.points)[0] != meaning(label)[0] else found
