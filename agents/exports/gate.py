"""The quality gate: which cases of a run go out, and why the others do not. It asks no model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cuechain.agents.judged import agrees, confidence, gold_of, name_of, said
from cuechain.agents.justify import supported
from cuechain.agents.values import Answer, Case, Target, Verdict


@dataclass(frozen=True)
class Demands:
    """What a case must hold to; nothing by default."""

    verified: bool = False
    """The check found nothing wrong."""
    confidence: float = 0.0
    """Least confidence, 0 to 1; an answer that states none does not reach any."""
    precision: float = 0.0
    """Least share of an answer's sentences in which the check found nothing wrong, 0 to 1."""
    votes: float = 0.0
    """Least share of several sampled answers that agree, 0 to 1; a case that was asked once does not reach any."""
    agrees: bool = False
    """The answer says what people said; where they said nothing, nothing is demanded."""
    supported: bool = False
    """A label that the case was told is borne out by the cues; where none was told, nothing is demanded."""

    @property
    def any(self) -> bool:
        """Whether anything is demanded at all: a case without an answer then meets none of it."""
        return self != Demands()


@dataclass(frozen=True)
class Refusal:
    """A case that stays behind."""

    id: str
    """Of its item."""
    reason: str
    """One of a few words, to be counted."""
    detail: str
    """What exactly, in a sentence."""


@dataclass
class Gate:
    """Lets cases through, and counts what it does not."""

    demands: Demands
    """What a case must hold to."""
    kept: int = 0
    """Cases that went through."""
    reasons: Counter[str] = field(default_factory=Counter[str])
    """Why the others did not."""

    def through(self, cases: Iterable[Case]) -> Iterator[Case | Refusal]:
        """Each case that holds to the demands, and for each other why not."""
        for case in cases:
            refusal = refused(case, self.demands)
            if refusal is None:
                self.kept += 1
                yield case
            else:
                self.reasons[refusal.reason] += 1
                yield refusal


def refused(case: Case, demands: Demands) -> Refusal | None:
    """Why a case does not hold to what is demanded; None where it does."""
    for reason, detail in _problems(case, demands):
        return Refusal(name_of(case), reason, detail)
    return None


def _problems(case: Case, demands: Demands) -> Iterator[tuple[str, str]]:
    if not demands.any:
        return
    answer, verdict = case.answer, case.verdict
    if demands.supported and supported(case) is False:
        yield "unsupported", f"the cues do not bear out {' or '.join(gold_of(case))}"
    if answer is None:
        yield "failed", case.error or "the case has no answer"
        return
    if demands.verified and (verdict is None or not verdict.ok):
        code, text = (
            (verdict.problems[0].code, verdict.problems[0].text) if verdict else ("none", "nothing was checked")
        )
        yield f"verdict_{code}", text
    if demands.precision and (share := precision(answer, verdict)) < demands.precision:
        yield "precision", f"{share:.0%} of its sentences hold, the least is {demands.precision:.0%}"
    if demands.votes:
        share = votes(case)
        if share is None:
            yield "no_votes", "it was asked once, so nothing is known of how often it would say so"
        elif share < demands.votes:
            yield "votes", f"{share:.0%} of the sampled answers agree, the least is {demands.votes:.0%}"
    if demands.confidence:
        sure = confidence(answer)
        if answer.abstain:
            yield "abstained", "it gives no answer"
        elif sure is None:
            yield "no_confidence", "the answer does not say how sure it is"
        elif sure < demands.confidence:
            yield "confidence", f"it is {sure:.0%} sure, the least is {demands.confidence:.0%}"
    if demands.agrees and agrees(case) is False:
        told = said(case)
        yield "gold", f"it says {_told(told)}, people said {_told(case.sample.target if case.sample else None)}"


def precision(answer: Answer, verdict: Verdict | None) -> float:
    """Share of an answer's sentences in which the check found nothing wrong; 0 where there are none, or nothing was checked."""
    if verdict is None or not answer.claims:
        return 0.0
    wrong = {p.claim for p in verdict.problems if p.claim is not None}
    return 1 - len(wrong) / len(answer.claims)


def votes(case: Case) -> float | None:
    """Share of several sampled answers that say what the case says; None where it was asked once. What cannot be read counts against it."""
    counted = next((s.output for s in case.steps if s.name == "votes"), None)
    if counted is None:
        return None
    counts: dict[str, int] = json.loads(counted)
    unread = counts.pop("unreadable", 0)
    return max(counts.values(), default=0) / max(1, unread + sum(counts.values()))


def _told(target: Target | None) -> str:
    if target is None:
        return "nothing"
    named = target.labels or tuple(f"{k} {v}" for k, v in target.fields.items())
    return " and ".join(named) if named else "something else"
