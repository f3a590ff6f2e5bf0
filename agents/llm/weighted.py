"""Senses as people think of them, and a planner whose senses count more or less than they would by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from cuechain.agents.llm.fusion import logit, sigmoid
from cuechain.agents.llm.model import Planner
from cuechain.agents.llm.rules import SAID
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.values import CueSheet, Plan, Question

WORDS, SCENE = "words", "scene"
FLOOR = 1e-4
"""Least probability that enters a logarithm: a value that no sense believes in stays out, and nothing becomes infinite."""

Key = TypeVar("Key", bound=str)


def kin(sense: str) -> str:
    """The sense that a perception tool belongs to for people: what is said, read and told of are `words`, the surroundings `scene`; face,
    voice and each tool of somebody else's are senses of their own."""
    return WORDS if sense in SAID else SCENE if sense in SETTING else sense


def senses_of(sheet: CueSheet) -> tuple[str, ...]:
    """The senses that have cues in a sheet: words, voice and face first, then others, the scene last."""
    order = (WORDS, "voice", "face")
    there = {kin(cue.sense) for cue in sheet.cues.values()}
    rest = sorted(there - {*order, SCENE})
    return tuple(s for s in (*order, *rest, SCENE) if s in there)


def of_senses(sheet: CueSheet, senses: frozenset[str] | set[str]) -> CueSheet:
    """The same sheet with the cues of these senses alone; its gaps stay as they are."""
    return sheet.only({i for i, c in sheet.cues.items() if kin(c.sense) in senses})


class WeightedPlanner:
    """A planner whose decisions are fused anew with a weight for each sense.

    A sense's say is how far it moves the planner's log-probabilities: log p(all) - log p(all but the sense). A weight w adds (w - 1) times
    that, so that

        log p'(y) = log p(y | all) + sum over s of (w_s - 1) [log p(y | all) - log p(y | all but s)] + const

    1 changes nothing, a weight of 0 for one sense gives exactly the decision without it, 2 counts its say twice. It is a logarithmic
    opinion pool (Genest & Zidek 1986) over what each sense adds to the others, not over what it says alone: a sense that only repeats
    the others gains little. The same holds for relation and sentiment, in log odds for `abstain`; intensity moves linearly, and a cue's
    weight as evidence is multiplied by its sense's. Probabilities that come out are no longer calibrated.
    """

    def __init__(self, planner: Planner, weights: Mapping[str, float]) -> None:
        self._planner = planner
        self._weights = dict(weights)
        self._plans: dict[tuple[tuple[str, ...], tuple[str, ...], str | None], Plan] = {}

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """See `Planner.plan`."""
        senses = senses_of(sheet)
        whole = self._once(sheet, question, labels, person)
        if len(set(senses) - {SCENE}) < 2:  # one sense alone has nothing to be weighed against
            return whole
        pulls = [
            (self._weights[s] - 1, self._once(of_senses(sheet, {*senses} - {s}), question, labels, person))
            for s in senses
            if self._weights.get(s, 1.0) != 1.0
        ]

        def fused(pick: Callable[[Plan], dict[Key, float]]) -> dict[Key, float]:
            return _fused(pick(whole), [(more, pick(rest)) for more, rest in pulls])

        sure = logit(whole.abstain) + sum(more * (logit(whole.abstain) - logit(rest.abstain)) for more, rest in pulls)
        strong = whole.intensity + sum(more * (whole.intensity - rest.intensity) for more, rest in pulls)
        return Plan(
            labels=fused(lambda p: p.labels),
            relation=fused(lambda p: p.relation),
            sentiment=fused(lambda p: p.sentiment),
            abstain=round(sigmoid(sure), 4) if pulls else whole.abstain,
            intensity=min(1.0, max(0.0, strong)),
            weight={i: min(1.0, w * self._weights.get(kin(sheet.cues[i].sense), 1.0)) for i, w in whole.weight.items()},
            points=whole.points,
        )

    def _once(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """The planner's own plan, made once for the same cues of one sheet."""
        key = (tuple(sheet.cues), labels, person)
        if key not in self._plans:
            self._plans[key] = self._planner.plan(sheet, question, labels, person)
        return self._plans[key]


def _fused(whole: dict[Key, float], pulls: list[tuple[float, dict[Key, float]]]) -> dict[Key, float]:
    """Probabilities that sum to 1."""
    import numpy as np

    if not pulls:
        return whole
    own = np.log(np.maximum(list(whole.values()), FLOOR))
    score = own + sum(more * (own - np.log(np.maximum([rest[k] for k in whole], FLOOR))) for more, rest in pulls)
    share = np.exp(score - score.max())
    return dict(zip(whole, (share / share.sum()).tolist(), strict=True))
