"""Rewards that can be checked: what a reply is worth against a row's sheet and gold, without any model.

Each function has the form that TRL's GRPOTrainer calls, `f(completions, **columns) -> list`, and works alone with plain strings.
The columns are those of a Row: `sheet` and `gold` as JSON strings (or values), `task` by name. None means that nobody judged that.

A policy finds what a reward forgets, so each is written against the cheapest way to it: a claim that cites everything, an
abstention that says nothing, one good sentence six times, a verdict beside its opposite, a reply without end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.schema import InvalidError, parsed
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Claim, CueSheet
from cuechain.agents.verify import verify
from cuechain.finetune.judged import TUPLES, agreement, people, said, tells
from cuechain.finetune.rows import Gold

Reply = str | Sequence[Mapping[str, Any]]
"""A completion: text, or TRL's list of one assistant message."""

LONGEST_REPLY = 20_000
"""Characters beyond which a reply is not even read."""
MOST_CITES = 4
"""Cues that a sentence can rest on; in the written corpus 99 % of the sentences cite fewer."""
WORDS = (8, 80)
"""Words of all claims together; 99 % of the written answers have 27 to 57."""
SENTENCES = 6
"""What the prompt allows."""


class Reward(Protocol):
    """One number for each completion, mostly 0 to 1; None where the row does not say what is right."""

    def __call__(
        self, completions: Sequence[Reply], *, sheet: Sequence[Any], gold: Sequence[Any], task: Sequence[str], **_: Any
    ) -> list[float | None]: ...


@dataclass(frozen=True)
class _Read:
    """A reply and what it is held against."""

    text: str
    answer: Answer | None
    sheet: CueSheet
    gold: Gold
    task: Task

    @property
    def dodges(self) -> bool:
        """It abstains where it need not, or nobody said that it should: nothing was risked, so nothing is earned by it."""
        return self.answer is not None and self.answer.abstain and not self.gold.abstain


def _reward(one: Callable[[_Read], float | None]) -> Reward:
    """A judgement of one reply as a function of a batch in TRL's form."""

    def batch(
        completions: Sequence[Reply], *, sheet: Sequence[Any], gold: Sequence[Any], task: Sequence[str], **_: Any
    ) -> list[float | None]:
        return [one(_read(c, s, g, t)) for c, s, g, t in zip(completions, sheet, gold, task, strict=True)]

    batch.__name__ = one.__name__.strip("_")  # TRL's logs name a reward by it
    batch.__doc__ = one.__doc__
    return batch


def _read(reply: Reply, sheet: Any, gold: Any, task: str) -> _Read:
    text = reply if isinstance(reply, str) else "".join(str(turn.get("content") or "") for turn in reply)
    known: Task = registry.get("tasks", task)
    answer, perceived = _answer(text, task), _sheet(sheet)
    if (
        answer is not None and known.worded is not None
    ):  # its sentences are made from its other slots, as they are in use
        answer = known.worded(perceived, answer)
    return _Read(text, answer, perceived, _gold(gold), known)


@lru_cache(maxsize=1024)
def _answer(text: str, task: str) -> Answer | None:
    if len(text) > LONGEST_REPLY:
        return None
    kind: type[Answer] = registry.get("tasks", task).answer
    try:
        return parsed(text, kind)
    except InvalidError:
        return None


def _sheet(given: Any) -> CueSheet:
    if isinstance(given, CueSheet):
        return given
    return _sheet_of(given) if given else CueSheet()


@lru_cache(maxsize=256)
def _sheet_of(text: str) -> CueSheet:
    return CueSheet.model_validate_json(text)


def _gold(given: Any) -> Gold:
    if isinstance(given, Gold):
        return given
    return Gold.model_validate_json(given) if isinstance(given, str) else Gold.model_validate(given)


def _plain(claim: Claim) -> str:
    return " ".join(re.findall(r"\w+", (claim.text or "").lower()))


def _label(read: _Read) -> float | None:
    """What people said is told: a label, several, fields or tuples (`judged.agreement`); an answer that also abstains tells nothing."""
    truth = people(read.gold)
    if read.gold.abstain or not tells(truth, read.task):
        return None
    if read.answer is None or read.answer.abstain:
        return 0.0
    return agreement(said(read.answer, read.task), truth, read.task, closed=bool(read.gold.allowed))


def _valid(read: _Read) -> float:
    """The reply is JSON of the task's answer type and nothing else; half where prose stands around it or it contradicts itself."""
    if read.answer is None:
        return 0.0
    bare = read.text.strip()
    alone = bare.startswith("{") and bare.endswith("}") and _single(bare)
    coherent = read.answer.abstain != _tells_something(read)
    return 1.0 if alone and coherent else 0.5


def _tells_something(read: _Read) -> bool:
    """Whether an answer fills any slot beside its sentences; of tuples there may be none."""
    assert read.answer is not None
    beside = {"person", "span", "claims", "abstain"}
    told = any(value for value in read.answer.model_dump(exclude=beside).values())
    return told or (read.task.metric in TUPLES and not read.answer.abstain)


def _single(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _cites(read: _Read) -> float:
    """Each sentence cites cues that exist, a few of them: the mean over sentences of the share that is there."""
    if read.answer is None or not read.answer.claims or read.dodges:
        return 0.0
    return sum(_cited(c, read) for c in read.answer.claims) / len(read.answer.claims)


def _cited(claim: Claim, read: _Read) -> float:
    if not claim.cites:  # what is missing need not be cited
        return 1.0 if read.answer is not None and read.answer.abstain else 0.0
    there = sum(i in read.sheet.cues for i in set(claim.cites)) / len(claim.cites)
    return there * min(1.0, MOST_CITES / len(claim.cites))


def _decisive(read: _Read) -> float | None:
    """F1 of the cues that are cited as evidence against those that decide: citing all of a sheet is no evidence."""
    chosen = set(read.gold.decisive)
    if not chosen or read.gold.abstain:
        return None
    if read.answer is None or read.answer.abstain:
        return 0.0
    cited = {i for c in read.answer.claims if c.stance in ("supports", "conflicts") for i in c.cites}
    return 2 * len(cited & chosen) / (len(cited) + len(chosen))


def _holds(read: _Read) -> float:
    """Share of sentences in which the check finds nothing wrong; said twice counts once, and a wrong answer as a whole is worth nothing."""
    if read.answer is None or not read.answer.claims or read.dodges:
        return 0.0
    problems = verify(read.sheet, read.answer, read.gold.allowed).problems
    if any(p.claim is None for p in problems):
        return 0.0
    bad = {p.claim for p in problems}
    good = {_plain(c) for n, c in enumerate(read.answer.claims) if n not in bad}
    return len(good) / len(read.answer.claims)


def _abstains(read: _Read) -> float | None:
    """It abstains when it should, saying why, and only then."""
    if read.gold.abstain is None:
        return None
    if read.answer is None or read.answer.abstain != read.gold.abstain:
        return 0.0
    if not read.answer.abstain:
        return 1.0 if _tells_something(read) else 0.0
    why = any(len(_plain(c).split()) >= 3 for c in read.answer.claims)
    return 1.0 if why and not _tells_something(read) else 0.0


def _length(read: _Read) -> float | None:
    """The answer is as long as one that people read; it falls to nothing at twice as long, or half as long, or twice as many sentences.

    None where the sentences are made from tuples: there are as many as there are things to tell.
    """
    if read.answer is None:
        return 0.0
    if read.task.worded is not None and not read.answer.abstain:
        return None
    words, lines = sum(len(_plain(c).split()) for c in read.answer.claims), len(read.answer.claims)
    around = len(read.text) / max(1, len(read.answer.model_dump_json()))  # thoughts and prose beside the object
    least, most = WORDS
    fits = (2 * words / least - 1, 2 - words / most, 2 - lines / SENTENCES, 3 - around)
    return max(0.0, min(1.0, *fits))


label, valid, cites = _reward(_label), _reward(_valid), _reward(_cites)
decisive, holds, abstains, length = _reward(_decisive), _reward(_holds), _reward(_abstains), _reward(_length)

REWARDS: dict[str, Reward] = {
    "label": label,
    "valid": valid,
    "cites": cites,
    "decisive": decisive,
    "holds": holds,
    "abstains": abstains,
    "length": length,
}
"""By the names that a configuration uses."""

WEIGHTS = {"label": 2.0, "valid": 0.5, "cites": 0.5, "decisive": 0.5, "holds": 1.0, "abstains": 1.0, "length": 0.5}
"""What each counts; ours. A right label outweighs a well-formed answer, and no answer earns it by its form alone."""


def checked(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights by name.

    Raises:
        ConfigError: A name that is no reward, or none.
    """
    for name in weights:
        if name not in REWARDS:
            raise ConfigError(f"unknown reward '{name}'", registry.did_you_mean(name, list(REWARDS)))
    if not weights:
        raise ConfigError("no reward", f"known: {', '.join(REWARDS)}")
    return dict(weights)


def combined(reply: Reply, *, sheet: Any, gold: Any, task: str, weights: Mapping[str, float] = WEIGHTS) -> float:
    """One number for one reply: the weighted mean of the rewards that apply, 0 to 1."""
    scores = {n: REWARDS[n]([reply], sheet=[sheet], gold=[gold], task=[task])[0] for n in weights}
    total = sum(weights[n] for n, s in scores.items() if s is not None)
    return sum(weights[n] * s for n, s in scores.items() if s is not None) / total if total else 0.0
