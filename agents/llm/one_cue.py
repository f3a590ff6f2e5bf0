"""What one cue alone speaks for: its measures where it has them, else its wording, whatever tool wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cuechain.agents.llm.labels import affinity, is_known, meaning, vader
from cuechain.agents.llm.prototypes import (
    ACTION_UNITS,
    COMBINED,
    IRONIC,
    MISHAPS,
    MOVEMENTS,
    PRAISE,
    SAYINGS,
    SIGNS,
    SOUNDS,
    UNMOVED,
    UNSURE,
    USUAL,
    VOICE,
)
from cuechain.agents.values import Cue

_NOT = re.compile(
    r"(\bno\b|\bnot\b|n't\b|without|absent|lacks?|never|neither|nor\b|none|below threshold|instead of|hardly)[^,;.]{0,28}$",
    re.I,
)
_UNIT = re.compile(r"\bAU ?0?(\d{1,2})(?:[LR]\b)?|(?<=[+/])0?(\d{1,2})\b", re.I)
_SCORE = re.compile(r"([a-z][a-z_\- ]*?)\s*[:=(]*\s*\(?([01]?\.\d+|[01]\.0|\d{1,3} ?%)", re.I)


@dataclass
class Evidence:
    """What one cue speaks for."""

    scores: dict[str, float] = field(default_factory=dict[str, float])
    """Ekman label to weight, not normalised."""
    units: dict[str, float] = field(default_factory=dict[str, float])
    """Action units seen, 0 to 1."""
    absent: set[str] = field(default_factory=set[str])
    """Action units said to be missing."""
    ironic: bool = False
    """It sounds or looks as if the words were not meant."""
    strength: float = 0.0
    """Sum of the positive scores: 0 for a cue that says nothing."""

    def add(self, scores: Mapping[str, float], by: float = 1.0) -> None:
        """Add weights."""
        for label, score in scores.items():
            self.scores[label] = self.scores.get(label, 0.0) + by * score


def hedge(cue: Cue) -> float:
    """How far a cue counts: its reliability and confidence, else its own hedges."""
    if cue.reliability is not None or cue.confidence is not None:
        return 0.3 + 0.7 * (cue.reliability or 0.6) ** 0.5 * (cue.confidence or 0.6) ** 0.5
    text = cue.text.lower()
    if re.search(r"possibly|weak|slight|faint|maybe|might|brief|barely|trace", text):
        return 0.65
    return 1.2 if re.search(r"clearly|strong|hard\b|marked|pronounced|very", text) else 1.0


def read_cue(cue: Cue) -> Evidence:
    """What a cue alone speaks for, whatever sense it comes from."""
    found = Evidence()
    if cue.sense == "face":
        _face(cue, found)
    elif cue.sense == "voice":
        _voice(cue, found)
    elif cue.sense == "words":
        _words(cue, found)
    elif cue.sense == "situation":
        _classified(cue, found)
    elif cue.sense == "transcript":
        _transcript(cue, found)
    elif cue.sense == "sound":
        _signs(cue, found)
    if UNSURE.search(cue.text):
        found.scores = {label: 0.2 * score for label, score in found.scores.items()}
    found.scores = {label: score * hedge(cue) for label, score in found.scores.items() if score > 0}
    found.strength = sum(found.scores.values())
    return found


def _present(pattern: str | re.Pattern[str], text: str) -> tuple[bool, bool]:
    """Whether a pattern occurs, and whether it occurs denied."""
    seen = denied = False
    for hit in re.finditer(pattern, text, re.I):
        if _NOT.search(text[: hit.start()]):
            denied = True
        else:
            seen = True
    return seen, denied


def _face(cue: Cue, found: Evidence) -> None:
    for name, value in cue.measures.items():
        unit = re.fullmatch(r"au(\d+)(_left|_right)?", name)
        if unit and isinstance(value, (int, float)) and value >= 0.2:
            found.units[unit[1]] = max(found.units.get(unit[1], 0.0), float(value))
    found.ironic |= _lopsided(cue.measures, "au12") or _lopsided(cue.measures, "au14")
    if not found.units:
        for hit in _UNIT.finditer(cue.text):
            unit = hit[1] or hit[2]
            if _NOT.search(cue.text[: hit.start()]):
                found.absent.add(unit)
            else:
                found.units[unit] = max(found.units.get(unit, 0.0), _amount(cue.text[hit.end() : hit.end() + 48]))
        for pattern, units in MOVEMENTS:
            seen, denied = _present(pattern, cue.text)
            for unit in units.split("+"):
                if seen and not denied:
                    found.units.setdefault(unit, 0.8)
                elif denied:
                    found.absent.add(unit)
        found.absent -= set(found.units)
        if UNMOVED.search(cue.text):
            found.absent.add("6")
        found.ironic |= bool(IRONIC.search(cue.text))
    for unit, amount in found.units.items():
        found.add(ACTION_UNITS.get(unit, {}), amount)
    found.add(combined(found.units))
    if (
        "12" in found.units and "6" in found.absent
    ):  # a smile without the cheeks is polite, not felt (Ekman, Davidson & Friesen 1990)
        found.scores["joy"] = 0.2 * found.scores.get("joy", 0.0)
    _signs(cue, found)


def _lopsided(measures: Mapping[str, float | str], unit: str) -> bool:
    """Whether one side moves far more than the other: both are told of every smile."""
    left, right = (measures.get(f"{unit}_{side}", 0.0) for side in ("left", "right"))
    return (
        isinstance(left, float) and isinstance(right, float) and abs(left - right) >= 0.35 and min(left, right) <= 0.25
    )


def combined(units: Mapping[str, float]) -> dict[str, float]:
    """What units add by being seen together."""
    more: dict[str, float] = {}
    for together, never, adds in COMBINED:
        if together <= set(units) and not never & set(units):
            for label, score in adds.items():
                more[label] = more.get(label, 0.0) + score * min(units[u] for u in together)
    return more


def _amount(after: str) -> float:
    """Intensity 0 to 1 of a unit from the words behind it: "2.8 of 5", a FACS letter, weak or strong; 0.8 when nothing is said."""
    scale = re.search(r"(\d(?:\.\d+)?) ?(?:of|/) ?5", after)
    if scale:
        return float(scale[1]) / 5
    letter = re.match(r"[^.;]{0,30}?\(?\b([A-E])\b(?!U)", after)
    if letter:
        return {"A": 0.2, "B": 0.4, "C": 0.6, "D": 0.8, "E": 1.0}[letter[1]]
    word = re.match(r"[^.;+]{0,40}?\b(trace|weak|slight|mild|moderate|strong|marked|severe)", after)
    return {"trace": 0.2, "weak": 0.4, "slight": 0.4, "mild": 0.4, "moderate": 0.6}.get(word[1], 1.0) if word else 0.8


def _signs(cue: Cue, found: Evidence) -> None:
    for hit in re.finditer(r"often (?:seen|heard|met) with (\w+)(?: or (\w+))?", cue.text):
        named = [word for word in hit.groups() if word and meaning(word)[0] is not None]
        for word in named:
            found.add(affinity(word), 0.6 / len(named))
    for pattern, scores in SIGNS:
        seen, denied = _present(pattern, cue.text)
        if (seen or ("neutral" in scores and denied)) and not found.units.keys() & {"12", "4", "1"} & (
            {"4", "1"} if "neutral" in scores else set()
        ):
            found.add(scores)


BESIDE_TONE = 0.3
"""What prosody counts for where a tone of the same utterance is told in a cue of its own, which was read from the same sound."""

TONE = 1.2
"""What the share of an acted tone counts for, where the utterance differs from the speaker's others."""


def _voice(cue: Cue, found: Evidence) -> None:
    tones = {k: float(v) for k, v in cue.measures.items() if k.startswith("tone_") and isinstance(v, (int, float))}
    if tones:
        # Without contrast between the speaker's utterances a tone may be no more than how this speaker, or this language, always sounds.
        more = cue.measures.get("arousal_rel")
        if isinstance(more, (int, float)):
            for name, share in tones.items():
                found.add(affinity(name.removeprefix("tone_")), TONE * share)
        return
    features = dict(_measured(cue.measures)) or _sounding(cue.text)
    for label, profile in VOICE.items():
        score = sum(profile[f] * max(-1.0, min(1.0, way)) for f, way in features.items())
        if score > 0:
            found.add({label: (BESIDE_TONE if "tone" in cue.measures else 0.9) * score / len(features) ** 0.5})
    if USUAL.search(cue.text):
        found.add({"neutral": 0.7})
    elif "common range" in cue.text:
        found.add({"neutral": 0.3})
    _signs(cue, found)
    _classified(cue, found)
    found.ironic |= bool(IRONIC.search(cue.text))


def _sounding(text: str) -> dict[str, float]:
    """Vocal features from wording; a number with its unit speaks before the words around it."""
    features: dict[str, float] = {}
    for feature, unit, least, full in (("pitch", r"(?:st\b|semitones?)", 0.8, 2.5), ("loud", r"dB\b", 1.5, 4.0)):
        hit = re.search(rf"([-+−–]?)\s?(\d+(?:\.\d+)?) ?{unit}", text, re.I)
        # Decibels of a recording's noise or of a voice's harmonics are no loudness.
        other = r"within|range|of variation|noise|ratio|\bsnr\b|\bhnr\b|harmonic"
        if hit and not re.search(other, text[max(0, hit.start() - 30) : hit.end() + 12], re.I):
            low = hit[1] in ("-", "−", "–") or re.search(
                r"under|below|lower|quieter|down", text[hit.start() - 25 : hit.end() + 25], re.I
            )
            amount = float(hit[2])
            features[feature] = 0.0 if amount < least else (-1 if low else 1) * min(1.0, amount / full)
    for pattern, feature, way in SOUNDS:
        seen, denied = _present(pattern, text)
        if seen and not denied and feature not in ("pitch", "loud"):
            features[feature] = features.get(feature, 0.0) + way
        elif seen and not denied:
            features.setdefault(feature, way)
    return {feature: way for feature, way in features.items() if way}


def _measured(measures: Mapping[str, float | str]) -> Iterator[tuple[str, float]]:
    """Vocal features from measures. Full swing: 4 semitones, 6 dB, 30 % of rate or range (about one SD between speakers' states)."""
    trust = 0.5 if measures.get("reference") == "general" else 1.0
    for name, feature, unit, centre in (
        ("f0_rel_st", "pitch", 4.0, 0.0),
        ("loudness_rel_db", "loud", 6.0, 0.0),
        ("rate_rel", "fast", 0.3, 1.0),
        ("f0_range_rel", "range", 0.5, 1.0),
        ("sharpness_rel_db", "hard", 6.0, 0.0),
        ("breaks_per_s", "unsteady", 2.0, 0.4),
        ("pause_share", "fast", -0.4, 0.2),
    ):
        value = measures.get(name)
        if isinstance(value, (int, float)) and abs(value - centre) > 0.15 * abs(unit):
            yield feature, trust * (float(value) - centre) / unit


def _classified(cue: Cue, found: Evidence) -> bool:
    """Add the label scores of a classifier, from measures or wording; whether there were any."""
    scored: dict[str, float] = {}
    if cue.sense in ("words", "situation"):
        scored = {k: float(v) for k, v in cue.measures.items() if isinstance(v, (int, float)) and is_known(k)}
    if not scored and (cue.sense == "words" or "classif" in cue.text):
        for name, number in _SCORE.findall(cue.text):
            label = name.strip().split(" ")[-1].strip("_-")
            value = float(number.strip(" %")) / (100 if "%" in number else 1)
            if meaning(label)[0] is not None and 0 < value <= 1:
                scored[label] = max(value, scored.get(label, 0.0))
    for label, value in scored.items():
        found.add(affinity(label), value)
    return bool(scored)


def _words(cue: Cue, found: Evidence) -> None:
    scored = _classified(cue, found)
    valence = cue.measures.get("valence")
    if not isinstance(valence, (int, float)) and not scored:
        hit = re.search(r"[-−–+]?[01]?\.\d+", cue.text)
        valence = float(hit[0].replace("−", "-").replace("–", "-")) if hit else None
        if valence is None and re.search(r"positive|negative", cue.text, re.I):
            valence = 0.5 if re.search("positive", cue.text, re.I) else -0.5
    if isinstance(valence, (int, float)):
        found.add(by_valence(float(valence)), 0.5 if scored else 1.0)


def by_valence(valence: float) -> dict[str, float]:
    """What a polarity of words alone speaks for; valence is -1 to 1."""
    if abs(valence) < 0.15:
        return {"neutral": 0.4}
    if valence > 0:
        return {"joy": 0.8 * valence}
    return {"anger": -0.35 * valence, "sadness": -0.35 * valence, "fear": -0.2 * valence, "disgust": -0.2 * valence}


def _transcript(cue: Cue, found: Evidence) -> None:
    said = spoken(cue.text)
    found.add(by_valence(float(vader().polarity_scores(said)["compound"])), 0.6)
    for pattern, scores in SAYINGS:
        if re.search(pattern, said, re.I):
            found.add(scores)
    found.ironic |= bool(PRAISE.search(said) and MISHAPS.search(said))


def spoken(text: str) -> str:
    """The words that were said, without what a tool put around them."""
    quoted = re.search(r"[\"“](.+)[\"”]", text)
    if quoted:
        return quoted[1]
    return re.sub(r"^[^:]{0,24}(says?|reads|said|asr|text)\s*:\s*", "", text, flags=re.I)
