"""What a good reply would have been: an answer with its reasons becomes the conversation that `ask` would have held about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from cuechain import prompts
from cuechain.agents.llm.labels import is_known, meaning, polarity
from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.llm.serialise import role
from cuechain.agents.reason import labels_of, turns
from cuechain.agents.tasks import Task
from cuechain.agents.values import (
    Answer,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Flip,
    Opinion,
    Question,
    Sextuple,
    Stance,
    Target,
)
from cuechain.finetune.embedded.examples import Example
from cuechain.finetune.rows import Gold, Message, Row, Step

Order = Literal["reason", "label"]
"""reason: the task's chain of replies, the answer last; label: the answer at once."""

_CITE = re.compile(r"\s*\[([A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)\]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z'\"“])")
SAID = frozenset({"transcript", "words", "situation", "screen"})
"""Senses that carry what is said or written."""
MOST_WORDS = 6
"""Cues that a tuple whose words stand nowhere rests on, at most."""


def claims_of(text: str, example: Example) -> tuple[Claim, ...]:
    """Sentences that cite `[id]` as claims; one that cites nothing rests on what decides, or on what the next one cites.

    Args:
        text: A rationale of `example`, good or bad.
        example: Its sheet tells which cues decide.
    """
    found: list[Claim] = []
    for sentence in _SENTENCE.split(text.strip()):
        cites = tuple(dict.fromkeys(i for group in _CITE.findall(sentence) for i in re.split(r"\s*,\s*", group)))
        plain = re.sub(r"\s+([.,;:!?])", r"\1", _CITE.sub("", sentence)).strip()
        if not cites and not example.abstain:
            cites = (example.decisive or ()) if not found else found[-1].cites
        if plain:
            found.append(Claim(text=plain, cites=cites, stance=_stance(cites, example)))
    return tuple(found)


def _stance(cites: Sequence[str], example: Example) -> Stance:
    decisive = set(example.decisive or ())
    if decisive & set(cites) or not decisive:
        return "supports" if cites else "context"
    said = all(example.sheet.cues[i].sense in SAID for i in cites if i in example.sheet.cues)
    return "conflicts" if said and example.relation in ("masked", "sarcastic") else "weak"


def answer_of(example: Example, kind: type[Answer] = Answer) -> Answer:
    """The answer that an example holds for right, with its rationale as claims."""
    claims = claims_of(example.rationale, example)
    if example.abstain or example.emotion is None:
        return kind(person=example.person, abstain=True, claims=claims)
    emotion = Emotion(label=example.emotion, intensity=example.intensity)
    found = kind(
        person=example.person,
        emotion=emotion,
        sentiment=example.sentiment,
        relation=example.relation,
        claims=claims,
    )
    if isinstance(found, EmotionAnswer):
        named = [emotion, *(Emotion(label=label) for label in example.also)]
        return found.model_copy(update={"emotions": tuple(named)})
    return found


def named_in(text: str, labels: Sequence[str]) -> str | None:
    """The first label that a text names, in any of the words for it; None where it names none."""
    for word in filter(is_known, re.findall(r"[a-z]+", text.lower())):
        group = meaning(word)[0]
        if word in labels or group in labels:
            return word if word in labels else group
    return None


def rejected_of(example: Example, labels: Sequence[str], kind: type[Answer] = Answer) -> Answer | None:
    """The answer that the rejected rationale would have come with; None where it names no other feeling than the right one.

    It names the feeling in its words ("P1 is nervous"): that is read off. A rejected answer to a sheet without an answer claims one.
    """
    label = named_in(example.rejected, labels)
    claims = claims_of(example.rejected, example.model_copy(update={"abstain": False}))
    if label in (None, example.emotion, *example.also):
        return None
    sentiment = polarity(meaning(label)[1])
    return kind(
        person=example.person, emotion=Emotion(label=label), sentiment=sentiment, relation="agree", claims=claims
    )


def plainly(answer: Answer) -> Answer:
    """An answer without what a planner notes beside its sentences: nobody asks a chat model for that."""
    return answer.model_copy(update={"claims": tuple(c.model_copy(update={"points": None}) for c in answer.claims)})


def gold_of(example: Example, labels: Sequence[str]) -> Gold:
    """What replies about an example are judged by."""
    return Gold(
        labels=() if example.emotion is None else (example.emotion, *example.also),
        allowed=tuple(labels),
        abstain=example.abstain,
        relation=example.relation,
        decisive=example.decisive or (),
    )


def rests_on(sheet: CueSheet, answer: Answer) -> tuple[str, ...]:
    """The cues that an answer's supporting sentences cite, in their order; none where it abstains."""
    cites = (i for c in answer.claims if c.stance == "supports" for i in c.cites if i in sheet.cues)
    return () if answer.abstain else tuple(dict.fromkeys(cites))


def observed(sheet: CueSheet, answer: Answer, decisive: Sequence[str]) -> str:
    """The first reply of the chain about a person: whom it is about, and the cues that matter, without a judgement."""
    kept = [i for i, cue in sheet.cues.items() if role(cue, answer.person) != "other"]
    first = [i for i in kept if i in decisive]
    cues = {i: sheet.cues[i] for i in [*first, *(i for i in kept if i not in first)]}
    return prompts.render("reply/observe", asks_whom=True, person=answer.person, cues=cues, gaps=sheet.gaps)


def cited(sheet: CueSheet, answer: Answer) -> str:
    """The first reply of other chains: the cues that the answer rests on, in the order of the sheet; all where it cites none."""
    ids = {i for c in answer.claims for i in c.cites}
    cues = {i: c for i, c in sheet.cues.items() if i in ids} or sheet.cues
    return prompts.render("reply/observe", asks_whom=False, person=None, cues=cues, gaps=sheet.gaps)


def reasons(task: Task, answer: Answer) -> str:
    """A reply on the way to an answer: its sentences but for the first, which tells the answer where they are the model's own."""
    own = answer.claims if task.worded else answer.claims[1:] or answer.claims
    return prompts.render("reply/reasons", claims=own)


def final(task: Task, answer: Answer) -> str:
    """The reply that is an answer: sentences that are made from its other slots are not asked for."""
    made = task.worded is not None and not answer.abstain
    return (answer.model_copy(update={"claims": ()}) if made else answer).model_dump_json()


def right(sheet: CueSheet, task: Task, target: Target) -> Answer:
    """The answer of a task whose claims are made from its other slots: these as people gave them, each with the cues that carry it.

    What is meant and nowhere said rests on the words of whoever is said to mean it.
    """
    assert task.taught is not None and task.worded is not None
    answer = task.worded(sheet, task.taught(task.answer(), target))
    slots = {name: getattr(answer, name) for name in ("sextuples", "flips", "opinions") if hasattr(answer, name)}
    made = [one for several in slots.values() for one in several]
    if not made:
        return answer
    carried = [
        claim if claim.cites else claim.model_copy(update={"cites": _words_of(sheet, one)})
        for one, claim in zip(made, answer.claims, strict=True)
    ]
    cites = iter(c.cites for c in carried)
    told = {n: tuple(x.model_copy(update={"cites": next(cites)}) for x in several) for n, several in slots.items()}
    return answer.model_copy(update={**told, "claims": tuple(carried)})


def _words_of(sheet: CueSheet, one: Sextuple | Flip | Opinion) -> tuple[str, ...]:
    """The first words of a tuple's holder, or of anybody where it has none."""
    holder = "" if isinstance(one, Opinion) else one.holder if isinstance(one, Flip) else one.holder.text
    spoken = [i for i, c in sheet.cues.items() if c.sense == "transcript" and (not holder or c.person == holder)]
    return tuple(spoken[:MOST_WORDS])


def inferred(sheet: CueSheet, answer: Answer, decisive: Sequence[str]) -> str:
    """The second reply of the chain: what each sense points to by the published prototypes, and how the senses relate."""
    points: dict[str, list[tuple[str, str]]] = {}
    for id, cue in sheet.cues.items():
        if role(cue, answer.person) in ("self", "unknown") and (label := _points(cue)):
            points.setdefault(cue.sense, []).append((id, label))
    senses = {sense: (_most(found), tuple(id for id, _ in found)) for sense, found in points.items()}
    told = {"abstains": answer.abstain, "relation": answer.relation, "decisive": tuple(decisive)}
    return prompts.render("reply/infer", senses=senses, **told)


def _points(cue: Cue) -> str | None:
    """The feeling that a cue alone speaks for most."""
    scores = read_cue(cue).scores
    best = max(scores, key=lambda label: scores[label], default=None)
    return best if best is not None and scores[best] > 0 else None


def _most(found: Sequence[tuple[str, str]]) -> str:
    labels = [label for _, label in found]
    return max(labels, key=labels.count)


def conversation(
    sheet: CueSheet, question: Question, task: Task, answer: Answer, order: Order, decisive: Sequence[str] = ()
) -> Iterator[tuple[Step, tuple[Message, ...], Message]]:
    """Each reply of the conversation about a sheet: its step, the turns before it, and the reply.

    Args:
        sheet: What is reasoned over.
        question: What is asked.
        task: Its templates.
        answer: The last reply.
        order: Whether reasons or the label come first.
        decisive: Ids of the cues that decide; where nobody chose them, those that the answer rests on.
    """
    decisive = decisive or rests_on(sheet, answer)
    said: list[Message] = [Message(role="system", content=prompts.render("system"))]
    asked = turns(sheet, question, task, direct=order == "label")
    templates = dict(task.steps)
    for place, (name, text) in enumerate(asked):
        said.append(Message(role="user", content=text))
        if place == len(asked) - 1:
            told = final(task, answer)
        elif name in task.forms:
            told = task.forms[name].part(answer).model_dump_json()
        elif templates[name] == "ask/observe":
            told = observed(sheet, answer, decisive)
        elif templates[name] == "ask/infer":
            told = inferred(sheet, answer, decisive)
        else:
            told = cited(sheet, answer) if name == "observe" else reasons(task, answer)
        reply = Message(role="assistant", content=told)
        yield name, tuple(said), reply
        said.append(reply)


def rows_of(example: Example, task: Task, order: Order, labels: Sequence[str] | None = None) -> Iterator[Row]:
    """Rows for instruction tuning from one example with a rationale."""
    chosen = tuple(labels if labels is not None else task.labels)
    question = Question(text=example.question, task=task.name, labels=chosen)
    answer, gold = answer_of(example, task.answer), gold_of(example, labels_of(question, task))
    for step, prompt, reply in conversation(example.sheet, question, task, answer, order, example.decisive or ()):
        yield Row(
            id=f"{example.id}/{step}",
            group=example.author,
            origin="written",
            step=step,
            task=task.name,
            prompt=prompt,
            completion=(reply,),
            sheet=example.sheet.model_dump_json(exclude_defaults=True),
            gold=gold,
        )


def pair_of(example: Example, task: Task, labels: Sequence[str] | None = None) -> Row | None:
    """The preference pair, label first, of an example whose author wrote a rejected rationale; None where the bad answer cannot be told."""
    (last,) = rows_of(example, task, "label", labels)
    worse = rejected_of(example, last.gold.allowed or task.labels, task.answer)
    if worse is None:
        return None
    rejected = (Message(role="assistant", content=worse.model_dump_json()),)
    return last.model_copy(update={"id": f"{example.id}/pair", "rejected": rejected, "flaw": "other_reading"})
