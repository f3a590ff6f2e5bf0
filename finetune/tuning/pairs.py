"""Preference pairs: from rows with a good answer, from a model's own answers, and from what people corrected."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from pydantic import ValidationError

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.reason import labels_of
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case
from cuechain.finetune.judged import said
from cuechain.finetune.rows import Gold, Message, Row
from cuechain.finetune.targets import conversation, final, rests_on
from cuechain.finetune.tuning.flaws import FLAWS, judged

ALIKE = 1.5
"""How many times as long the longer of two replies may be, in words: a length that tells the two apart would be learnt instead."""


@dataclass
class Tally:
    """What became of the rows, by flaw."""

    made: Counter[str] = field(default_factory=Counter[str])
    """Pairs."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """Rows for which there is no such flaw, or whose bad answer came out the same or of another length."""
    words: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Words of all good and of all bad replies."""

    def count(self, pair: Row) -> None:
        """Count a pair."""
        flaw = pair.flaw or "given"
        self.made[flaw] += 1
        held = self.words.setdefault(flaw, [0, 0])
        held[0] += len(pair.completion[0].content.split())
        held[1] += len(pair.rejected[0].content.split())

    def lines(self) -> Iterator[str]:
        """One line for each flaw: pairs, mean words of both replies, rows without."""
        for flaw in sorted(self.made | self.refused):
            good, bad = (w / max(1, self.made[flaw]) for w in self.words.get(flaw, [0, 0]))
            yield f"{flaw}: {self.made[flaw]} pairs, {good:.1f} words chosen, {bad:.1f} rejected; {self.refused[flaw]} rows without"


def similar_length(one: str, other: str) -> bool:
    """Whether the longer text has at most ALIKE times the words of the shorter."""
    few, many = sorted((len(one.split()), len(other.split())))
    return many <= ALIKE * max(1, few)


def paired(row: Row, rejected: str, flaw: str) -> Row | None:
    """The pair; None where both replies say the same or differ in length."""
    good = row.completion[0].content
    if " ".join(rejected.split()) == " ".join(good.split()) or not similar_length(good, rejected):
        return None
    bad = (Message(role="assistant", content=rejected),)
    return row.model_copy(update={"id": f"{row.id}/{flaw}", "rejected": bad, "flaw": flaw})


Maker = Callable[[Row, random.Random], Row | None]
"""Makes the pair of a row; None where it cannot be made."""


def rejected(row: Row, flaw: str, chance: random.Random) -> Row | None:
    """The pair of a row whose bad answer has one of FLAWS; None where it cannot have it."""
    found = judged(row)
    worse = FLAWS[flaw](found, chance) if found else None
    return paired(found.plain, worse.model_dump_json(), flaw) if found and worse else None


def pairs(
    rows: Iterable[Row], flaws: Mapping[str, float], seed: int, tally: Tally, asked: Mapping[str, Maker] | None = None
) -> Iterator[Row]:
    """A pair for each row and flaw that go together; rows that are pairs already are passed on.

    Args:
        rows: Good answers; what cannot have a flaw is counted as refused.
        flaws: Name to the share of rows that get it. Few rows abstain: with every row answered away by `abstained`, and those few
            alone answered by `claimed`, a model would learn never to abstain.
        seed: Each row draws from a seed of its own: its pair does not depend on the rows before it.
        tally: Counts.
        asked: Makers of flaws that are not in FLAWS (see online.py).

    Raises:
        ConfigError: A sheet cannot be read.
    """
    for row in rows:
        try:
            _ = row.perceived
        except ValidationError as error:
            raise ConfigError(f"row {row.id}: its sheet cannot be read: {error.errors()[0]['msg']}") from error
        if row.rejected:
            tally.count(row)
            yield row
            continue
        for flaw, share in flaws.items():
            chance = random.Random(f"{seed}/{row.id}/{flaw}")
            if chance.random() >= share:
                continue
            maker = (asked or {}).get(flaw)
            pair = maker(row, chance) if maker else rejected(row, flaw, chance)
            if pair is None:
                tally.refused[flaw] += 1
            else:
                tally.count(pair)
                yield pair


def pair_of_edit(case: Case, edited: Answer, group: str = "") -> Row | None:
    """A person's correction as a pair: the edited answer is chosen, the model's is rejected; None where nothing was changed.

    Args:
        case: What was asked and answered.
        edited: The answer as the person left it, of the task's type.
        group: Speaker, dialogue or person; the clip by default.
    """
    if case.answer is None or edited == case.answer:
        return None
    row = _row_of(case, edited, group)
    worse = case.answer
    if edited.relation is None and not edited.abstain:  # or the pair would teach to leave open how the senses relate
        worse = worse.model_copy(update={"relation": None})
    bad = (Message(role="assistant", content=final(registry.get("tasks", row.task), worse)),)
    return row.model_copy(update={"id": f"{row.id}/edited", "rejected": bad, "flaw": "edited"})


def thumb(case: Case, up: bool, group: str = "") -> Row | None:
    """A person's thumb as a row for KTO; None for a case that failed."""
    if case.answer is None:
        return None
    row = _row_of(case, case.answer, group)
    thumbed: Literal["up", "down"] = "up" if up else "down"
    # Of an answer that was liked its label is taken for right; of one that was not, nothing is known.
    gold = row.gold if up else Gold(allowed=row.gold.allowed)
    return row.model_copy(update={"id": f"{row.id}/thumb", "thumb": thumbed, "gold": gold})


def _row_of(case: Case, answer: Answer, group: str) -> Row:
    """The last turn of the conversation as it was held; that of a planner, which holds none, as `--direct` asks for it."""
    task: Task = registry.get("tasks", case.question.task)
    taken = {s.name: s.output for s in case.steps}
    chained = all(name in taken for name, _ in task.steps)
    held = list(conversation(case.sheet, case.question, task, answer, "reason" if chained else "label"))
    step, prompt, reply = held[-1]
    if chained:  # what the model itself had observed and inferred, not what would have been better
        real = iter([taken[name] for name, _ in task.steps[:-1]])
        prompt = tuple(Message(role="assistant", content=next(real)) if m.role == "assistant" else m for m in prompt)
    clip = case.sheet.media[0].sha256 if case.sheet.media else ""
    sheet = case.sheet.model_dump_json(exclude_defaults=True)
    name = sha256(f"{sheet}{case.question.model_dump_json()}{case.answer and case.answer.model_dump_json()}".encode())
    return Row(
        id=name.hexdigest()[:16],
        group=group or clip or sha256(sheet.encode()).hexdigest()[:16],
        origin="feedback",
        step=step,
        task=task.name,
        prompt=prompt,
        completion=(reply,),
        sheet=sheet,
        gold=gold_by(case, answer),
    )


def gold_by(case: Case, answer: Answer) -> Gold:
    """What replies are judged by where a person holds an answer to a case for right."""
    task: Task = registry.get("tasks", case.question.task)
    return Gold(
        labels=(said(answer, task).labels or ())[:1],
        allowed=labels_of(case.question, task),
        abstain=answer.abstain,
        relation=answer.relation,
        decisive=rests_on(case.sheet, answer),
    )
