"""`rules`: fusion of published prototypes. The baseline in every table, and the yardstick of the embedded planner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm import Model
from cuechain.agents.llm.labels import CORE, spread
from cuechain.agents.llm.one_cue import Evidence, combined, read_cue
from cuechain.agents.llm.serialise import RELATIONS, SENTIMENTS, asked, role
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, CueSheet, Plan, Question, Relation, Sentiment

SENSES = {"face": 1.0, "voice": 0.8, "words": 0.8, "transcript": 0.9, "situation": 0.4}
"""How far each sense counts. Ours: a face detector names a movement, a words classifier is often wrong about what is meant, and what an
event does to most people it need not do to this one."""
BODY = ("face", "voice")
SAID = ("words", "transcript", "situation")
"""What is said, how it is worded and what it tells of: one source."""
SHARP = 1.6
"""Exponent that turns summed evidence into probabilities; fitted on the training authors of the written sheets."""


@dataclass(frozen=True)
class Reading:
    """A sheet read by the rules, before it is cast into a Plan."""

    core: dict[str, float]
    """Ekman label to probability."""
    relation: dict[Relation, float]
    """Relation to probability."""
    abstain: float
    """Probability that nothing can be said."""
    evidence: dict[str, Evidence]
    """Cue id to what it alone speaks for; cues of other persons are not there."""
    strength: float
    """All evidence together."""


def normal(scores: dict[Any, float]) -> dict[Any, float]:
    """Scores that sum to 1; even where all are 0."""
    total = sum(scores.values())
    return {k: v / total for k, v in scores.items()} if total > 0 else {k: 1 / len(scores) for k in scores}


def lean(scores: dict[str, float]) -> float:
    """Valence of evidence, -1 to 1; 0 without any."""
    total = sum(scores.values())
    return sum(CORE[k][0] * v for k, v in scores.items()) / total if total else 0.0


def reading(sheet: CueSheet, person: str | None) -> Reading:
    """Weigh everything that speaks of a person."""
    who = asked(sheet, person)
    evidence: dict[str, Evidence] = {}
    by_sense: dict[str, dict[str, float]] = {}
    for place, (key, cue) in enumerate(sheet.cues.items()):
        kind = role(cue, who)
        if kind not in ("self", "unknown") or cue.sense not in SENSES:
            continue
        if kind == "unknown" and len(sheet.people) > 1:
            continue  # somebody said it, but not necessarily this one
        found = read_cue(cue)
        evidence[key] = found
        late = 0.8 + 0.4 * place / max(
            1, len(sheet.cues) - 1
        )  # where a feeling changes, how it ended is what is asked for
        held = by_sense.setdefault(cue.sense, dict.fromkeys(EKMAN, 0.0))
        for label, score in found.scores.items():
            held[label] += score * late
    if "face" in by_sense:
        for label, more in _together(sheet, evidence).items():
            by_sense["face"][label] = max(0.0, by_sense["face"][label] + more)
    for sense, held in by_sense.items():  # five cues of one sense are not five witnesses
        total = sum(held.values())
        if total:
            scale = SENSES[sense] * min(1.6, total**0.6) / total
            by_sense[sense] = {k: v * scale for k, v in held.items()}
    body = {k: sum(by_sense.get(s, {}).get(k, 0.0) for s in BODY) for k in EKMAN}
    said = {k: sum(by_sense.get(s, {}).get(k, 0.0) for s in SAID) for k in EKMAN}
    relation = _relation(evidence, by_sense, body, said, sheet)
    core = _felt(body, said, relation)
    strength = sum(body.values()) + sum(said.values())
    return Reading(core, relation, _abstain(strength), evidence, strength)


def _together(sheet: CueSheet, evidence: dict[str, Evidence]) -> dict[str, float]:
    """What units of different cues add by being seen at one time; a tool may report one movement a cue."""
    faces = [(sheet.cues[k].span, e) for k, e in evidence.items() if sheet.cues[k].sense == "face" and e.units]
    best: dict[str, float] = {}
    for span, own in faces:
        beside = [e for s, e in faces if s is None or span is None or s.overlap(span) > 0]
        if len(beside) < 2:
            continue
        units: dict[str, float] = {}
        for one in beside:
            for unit, amount in one.units.items():
                units[unit] = max(amount, units.get(unit, 0.0))
        alone = combined(own.units)
        more = {k: 0.6 * (v - alone.get(k, 0.0)) for k, v in combined(units).items()}
        if sum(more.values()) > sum(best.values()):
            best = more
    return best


def _feeling(scores: dict[str, float]) -> float:
    """Evidence of anything but calm."""
    return sum(v for k, v in scores.items() if k != "neutral")


def _relation(
    evidence: dict[str, Evidence],
    by_sense: dict[str, dict[str, float]],
    body: dict[str, float],
    said: dict[str, float],
    sheet: CueSheet,
) -> dict[Relation, float]:
    spoke = [s for s, held in by_sense.items() if sum(held.values()) > 0.05]
    families = {"words" if s in SAID else s for s in spoke}
    scores: dict[Relation, float] = {"agree": 1.0, "masked": 0.05, "sarcastic": 0.05, "mixed": 0.12, "single": 0.05}
    if len(families) <= 1:
        scores["single"] = 2.0
        if any(e.ironic for k, e in evidence.items() if sheet.cues[k].sense == "transcript"):
            scores["sarcastic"] = 0.8
        return normal(scores)
    sweet, sour = lean(said), lean({k: v for k, v in body.items() if k != "neutral"})
    force = min(1.0, _feeling(body) / 0.8)
    ironic = sum(e.ironic for e in evidence.values())
    praised = any(e.ironic for k, e in evidence.items() if sheet.cues[k].sense == "transcript")
    polite = any("12" in e.units and "6" in e.absent for e in evidence.values())
    clash = force * max(0.0, min(1.0, (sweet - sour - 0.25) * 1.6)) if sweet > -0.15 else 0.0
    other = force * max(0.0, min(1.0, (sour - sweet - 0.5) * 1.2)) if sour > 0.2 else 0.0
    scores["masked"] += 1.3 * clash + (0.6 if polite else 0.0) + 0.5 * other
    scores["sarcastic"] += (0.9 * ironic * (0.4 + clash) if sweet > 0 or praised else 0.15 * ironic) + (
        0.6 if praised else 0.0
    )
    scores["mixed"] += 0.5 * other + 0.1 * clash
    return normal(scores)


def _felt(body: dict[str, float], said: dict[str, float], relation: dict[Relation, float]) -> dict[str, float]:
    """Fuse. Strong contradicting evidence of face and voice takes the say from polite words; irony turns them round."""
    masked, sarcastic = relation["masked"], relation["sarcastic"]
    trusted = 1 - 0.9 * max(masked, sarcastic)
    felt = {k: body[k] + trusted * said[k] for k in EKMAN}
    if sarcastic > 0.3:
        felt["joy"] *= 0.3
        felt["anger"] += 0.7 * sarcastic
        felt["disgust"] += 0.35 * sarcastic
    if masked > 0.3:
        felt["neutral"] *= 0.3
        felt["joy"] *= 0.5 if lean(said) >= 0 else 1.0
    felt["neutral"] += 0.15
    return normal({k: (v + 0.04) ** SHARP for k, v in felt.items()})


def _abstain(strength: float) -> float:
    """Nothing usable: near 1. The slope is ours."""
    return 1 / (1 + math.exp(8 * (strength - 0.25)))


def sentiments(core: dict[str, float], relation: dict[Relation, float]) -> dict[Sentiment, float]:
    """Polarity from the emotions' valence; surprise is pleasant, unpleasant or neither."""
    scores: dict[Sentiment, float] = {
        "positive": core["joy"] + 0.3 * core["surprise"],
        "negative": core["sadness"] + core["anger"] + core["fear"] + core["disgust"] + 0.25 * core["surprise"],
        "neutral": core["neutral"] + 0.45 * core["surprise"],
        "mixed": 0.05 + 0.6 * relation["mixed"],
    }
    return normal({k: scores[k] for k in SENTIMENTS})


def intensity(found: Reading) -> float:
    """Strength of what is felt, 0 to 1: how much evidence there is for anything but calm. The scale is ours."""
    calm = max(found.core, key=lambda k: found.core[k]) == "neutral"
    most = max(v for k, v in found.core.items() if k != "neutral")
    return round(min(1.0, (0.25 if calm else 0.35) + 0.25 * found.strength * most), 4)


def weights(sheet: CueSheet, found: Reading) -> dict[str, float]:
    """Cue id to how much it decides, 0 to 1: its strength, as far as it says what all say together."""
    top = max(found.core.values())
    conflict = max(found.relation["masked"], found.relation["sarcastic"])
    weight = dict.fromkeys(sheet.cues, 0.0)
    for key, evidence in found.evidence.items():
        if evidence.strength:
            agreement = sum(p * found.core[k] for k, p in normal(evidence.scores).items()) / top
            # What was said is half of a conflict.
            tells = max(agreement, conflict if sheet.cues[key].sense == "transcript" else 0.0)
            weight[key] = min(1.0, evidence.strength) * (0.2 + 0.8 * min(1.0, tells))
    return weight


class RulesPlanner:
    """Fills every slot from tables; knows no more than they do."""

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """See `Planner.plan`. The question's words are not read."""
        found = reading(sheet, person)
        points: dict[str, str] = {}
        for key, evidence in found.evidence.items():
            if evidence.strength > 0.2:
                shares = spread(normal(evidence.scores), labels)
                points[key] = max(shares, key=lambda label: shares[label])
        return Plan(
            labels=spread(found.core, labels),
            relation={r: found.relation[r] for r in RELATIONS},
            sentiment=sentiments(found.core, found.relation),
            abstain=found.abstain,
            intensity=intensity(found),
            weight={key: round(w, 4) for key, w in weights(sheet, found).items()},
            points=points,
        )


def load(rest: str, settings: Settings) -> Model:
    """The planner of the spec `rules`.

    Raises:
        ConfigError: Something follows the name.
    """
    if rest:
        raise ConfigError(f"'rules' takes nothing after it, not '{rest}'")
    return Model(spec="rules", planner=RulesPlanner())
