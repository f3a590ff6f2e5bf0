"""From a judged sheet to rows: the chain of replies, the answer at once, each sense's polarity, and whether a claim holds."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Literal

from cuechain import prompts
from cuechain.agents.llm.labels import meaning, polarity
from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.llm.serialise import role
from cuechain.agents.values import Answer, Claim, CueSheet
from cuechain.agents.verify import OPPOSITES, verify
from cuechain.finetune.gathering.items import Item, copies
from cuechain.finetune.rows import Gold, Message, Row, Step
from cuechain.finetune.targets import Order, conversation
from cuechain.finetune.tuning.flaws import judged, wrong_cite

SENSES = ("words", "voice", "face")
"""Senses whose polarity is asked for by itself."""

_HEARD = {"transcript": "words", "situation": "words"}
_WORDS = 6
"""Words of a claim that says enough to be held against its cues; "Yes, as far as this clip goes" does not."""


def rows_of(
    item: Item, order: Literal["reason", "label", "both"], *, senses: float = 0, verifier: float = 0
) -> Iterator[Row]:
    """All rows of an item: those of its answer, then those that it brings along.

    Args:
        item: What the gate let through.
        order: Whether the reasons come first (three replies), or the label (one), or rows of both kinds.
        senses: Share of items that also ask for each sense's polarity; 2 takes each twice.
        verifier: Share of items whose claims are also asked about, good and spoilt.
    """
    last: Row | None = None
    if item.answer is not None:
        orders: tuple[Order, ...] = ("reason", "label") if order == "both" else (order,)
        for one in orders:
            for step, prompt, reply in conversation(
                item.sheet, item.question, item.task, item.answer, one, item.gold.decisive
            ):
                last = _row(item, step, prompt, reply.content, item.gold)
                yield last
        if copies(senses, item.id, "senses") and (row := polarities(item)):
            yield row
        if last is not None and copies(verifier, item.id, "verify"):
            yield from verdicts(item, last)
    for ready in item.pairs:
        name = ready.flaw or "thumb"
        yield ready.model_copy(update={"id": f"{item.id}/{name}", "group": item.group, "images": item.images})


def polarities(item: Item) -> Row | None:
    """What each sense says by itself, and what all say together.

    The whole is the answer's. A sense's own is what people said of it, else what the published prototypes make of its cues. None where
    the whole has no polarity, or a sense has cues that nobody judged and no prototype reads: a guess is nothing to learn.
    """
    assert item.answer is not None
    if item.answer.sentiment is None:
        return None
    person = item.answer.person
    told = {s: item.senses.get(s) or _leaning(item.sheet, s, person) for s in SENSES}
    if None in told.values() or set(told.values()) == {"unknown"}:
        return None
    prompt = prompts.render("senses/polarity", sheet=item.sheet, person=person, senses=SENSES)
    reply = prompts.render("reply/senses", senses=told, together=item.answer.sentiment)
    return _row(item, "senses", _asked(prompt), reply, Gold(labels=(item.answer.sentiment,), abstain=False))


def _leaning(sheet: CueSheet, sense: str, person: str | None) -> str | None:
    """Polarity of a sense's cues by the prototypes: unknown where it has no cue, None where they read nothing in its cues."""
    cues = [
        c
        for c in sheet.cues.values()
        if _HEARD.get(c.sense, c.sense) == sense and role(c, person) in ("self", "unknown")
    ]
    if not cues:
        return "unknown"
    weight = total = 0.0
    for cue in cues:
        for label, score in read_cue(cue).scores.items():
            weight += max(0.0, score)
            total += max(0.0, score) * meaning(label)[1]
    if not weight:
        return None
    return polarity(total / weight)


def verdicts(item: Item, last: Row) -> Iterator[Row]:
    """One claim that holds and one that does not: it cites other cues, or says another number or the opposite of its cues."""
    assert item.answer is not None
    answer = item.answer
    told = [
        c for c in answer.claims if c.cites and len((c.text or "").split()) >= _WORDS and _holds(item.sheet, answer, c)
    ]
    good = [
        c for c in told if c is not answer.claims[0]
    ] or told  # the first one is the conclusion, the others are the evidence
    if not good:
        return
    chance = random.Random(f"{item.id}/claims")
    yield _verdict(item, chance.choice(good), "yes")
    spoilt = [s for c in good if (s := _spoilt(c)) and not _holds(item.sheet, answer, s)]
    found = judged(last)
    moved = wrong_cite(found, chance) if found else None
    if moved is not None:
        spoilt += [
            c for c, was in zip(moved.claims, answer.claims, strict=True) if c.cites != was.cites and was in good
        ]
    if spoilt:
        yield _verdict(item, chance.choice(spoilt), "no")


def _holds(sheet: CueSheet, answer: Answer, claim: Claim) -> bool:
    """Whether the mechanical check finds nothing wrong with one claim."""
    alone = answer.model_copy(update={"claims": (claim,)})
    return not any(p.claim is not None for p in verify(sheet, alone, ()).problems)


def _spoilt(claim: Claim) -> Claim | None:
    """The claim with one word turned round, or else with one number changed; None where it has neither."""
    text = claim.text or ""
    for one, other in (*OPPOSITES, *((b, a) for a, b in OPPOSITES)):
        if re.search(rf"\b{one}\b", text):
            return claim.model_copy(update={"text": re.sub(rf"\b{one}\b", other, text, count=1)})
    number = re.search(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", text)
    if number is None:
        return None
    other = f"{float(number[0]) * 3 + 7:g}"
    return claim.model_copy(update={"text": text[: number.start()] + other + text[number.end() :]})


def _verdict(item: Item, claim: Claim, holds: Literal["yes", "no"]) -> Row:
    prompt = prompts.render("verify/claim", sheet=item.sheet, claim=claim.text, cites=claim.cites)
    made = _row(item, "verify", _asked(prompt), holds, Gold(labels=(holds,), allowed=("yes", "no"), abstain=False))
    return made.model_copy(update={"id": f"{made.id}-{holds}"})


def _asked(prompt: str) -> tuple[Message, ...]:
    return Message(role="system", content=prompts.render("system")), Message(role="user", content=prompt)


def _row(item: Item, step: Step, prompt: tuple[Message, ...], reply: str, gold: Gold) -> Row:
    return Row(
        id=f"{item.id}/{step}",
        group=item.group,
        origin=item.origin,
        step=step,
        task=item.question.task,
        prompt=prompt,
        completion=(Message(role="assistant", content=reply),),
        images=item.images,
        sheet=item.sheet.model_dump_json(exclude_defaults=True),
        gold=gold,
    )
