# ruff: noqa: E501 - the patterns are tables, and read best a movement a line
"""What one cue alone speaks for: published prototypes of face and voice, and the words of classifiers, people and events.

Measures are read where a cue has them; else its wording, whatever tool wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cuechain.agents.llm.labels import affinity, is_known, meaning, vader
from cuechain.agents.values import Cue

ACTION_UNITS: dict[str, dict[str, float]] = {
    "1": {"sadness": 0.45, "fear": 0.3, "surprise": 0.25},
    "2": {"surprise": 0.5, "fear": 0.25},
    "4": {"anger": 0.5, "sadness": 0.25, "fear": 0.2, "disgust": 0.1},
    "5": {"surprise": 0.45, "fear": 0.5, "anger": 0.15},
    "6": {"joy": 0.9},
    "7": {"anger": 0.35, "fear": 0.2, "disgust": 0.1},
    "9": {"disgust": 1.2},
    "10": {"disgust": 0.9, "anger": 0.1},
    "12": {"joy": 0.7},
    "14": {"disgust": 0.4, "anger": 0.15},
    "15": {"sadness": 0.8, "disgust": 0.15},
    "16": {"disgust": 0.4},
    "17": {"sadness": 0.4, "disgust": 0.15, "anger": 0.15},
    "20": {"fear": 1.0},
    "23": {"anger": 0.8},
    "24": {"anger": 0.6},
    "26": {"surprise": 0.3, "fear": 0.05},
    "27": {"surprise": 0.6, "fear": 0.1},
}
"""FACS action unit to what it speaks for. Membership: EMFACS (Friesen & Ekman 1983) prototypes joy 6+12, sadness 1+4+15, surprise 1+2+5+26,
fear 1+2+4+5+7+20+26, anger 4+5+7+23, disgust 9/10+15+16, contempt 12/14 on one side. Shares among prototypes: ours, larger where a unit
belongs to few."""

COMBINED: tuple[tuple[frozenset[str], frozenset[str], dict[str, float]], ...] = (
    (frozenset({"1", "2"}), frozenset({"4"}), {"surprise": 0.5, "sadness": -0.45}),
    (frozenset({"1", "2", "5"}), frozenset({"4", "20"}), {"surprise": 0.4, "fear": -0.2}),
    (frozenset({"1", "2", "4"}), frozenset(), {"fear": 0.7, "anger": -0.4, "sadness": -0.4}),
    (frozenset({"1", "4"}), frozenset({"2"}), {"sadness": 0.5, "anger": -0.4}),
    (frozenset({"1", "15"}), frozenset(), {"sadness": 0.4}),
    (frozenset({"4", "5"}), frozenset({"1", "2"}), {"anger": 0.5, "fear": -0.3}),
    (frozenset({"4", "7"}), frozenset({"1"}), {"anger": 0.4}),
    (frozenset({"6", "12"}), frozenset(), {"joy": 0.4}),
)
"""Units together (first), none of those (second): what their meeting adds to the single units (same sources)."""

MOVEMENTS: tuple[tuple[str, str], ...] = (
    (r"inner (ends of the )?(eye)?brows? (are |is |possibly |clearly )*(raise|rise|up|lift|pull|go|drawn up)\w*", "1"),
    (r"inner brow", "1"),
    (r"(?<!inner )(?<!inner ends of the )(eye)?brows? (are |both |shoot |slightly |briefly |go |possibly |clearly )*(raise|rise|up|lift|high)\w*|raised (eye)?brows|outer brow", "1+2"),
    (r"brows? (are |is |possibly |clearly |pulled |pull |drawn |draw |slightly |strongly )*(lower|down|together|knit|furrow|contract|draw)\w*|brows?[^,;.]{0,40}(together|knit|furrow|oblique)|brows?: (lowered|drawn|knit)|frown|furrowed|brow lowerer", "4"),
    (r"upper (eye)?lids?( are| go| possibly| clearly)* (raise|rise|up|lift)\w*|eyes?( are| go| open)* wide|wide(ned)? eyes|eyes widen|wide-eyed", "5"),
    (r"cheeks? (are |possibly |clearly |lift and )*(raise|rise|full|lift|up|push)\w*|crow'?s feet|eyes? (are )?(crinkl|crease)\w*|crinkled eyes|full-cheeked|duchenne", "6"),
    (r"(eye)?lids?( are| possibly| clearly)* (tight|narrow|tense)\w*|eyes? narrow\w*|narrowed eyes|squint|glare|lids: tight", "7"),
    (r"nose (is |possibly |clearly )*wrinkl\w*|wrinkled nose|wrinkles the nose", "9"),
    (r"upper lip (is |possibly |clearly )*(raise|rise|lift|curl|pull)\w*|lip curl|sneer", "10"),
    (r"(lip|mouth) corners? (are |possibly |clearly |briefly )*(pull\w* |turn\w* |go |drawn |draw |move )*(up|back|rais)\w*|corners of the (mouth|lips) (\w+ )?(pull|turn|go|move|lift|rise|up|raise)\w*( up)?|smil(e|es|ed|ing)\b|grin|lip corner puller|beam(s|ing)\b", "12"),
    (r"dimple|smirk|one[- ]sided (smile|lip|mouth)|one lip corner|lip corner on (the|one)", "14"),
    (r"(lip|mouth) corners? (are |possibly |clearly |briefly )*(pull\w* |turn\w* |go |drop|drawn |draw |move |sink)*(down|drop|depress|fall|sag)\w*|corners of the (mouth|lips) (\w+ )?(drop|go down|down|turn down|pull down|sink)\w*|pout", "15"),
    (r"chin (is |boss |possibly |clearly )*(rais|bunch|tighten|dimpl|pucker|trembl|quiver|push|wrinkl)\w*|chin raiser", "17"),
    (r"lips? (are |possibly |clearly )*stretch\w*|mouth (is )?stretch\w*|lip stretcher", "20"),
    (r"lips? (are |possibly |clearly )*(tighten|thin|narrow|tight)\w*|tight lips|lip tightener|lips go thin", "23"),
    (r"lips? (are |possibly |clearly |together )*press\w*|pressed lips|lip pressor|mouth (is )?pressed", "24"),
    (r"jaw (is |possibly |clearly )*(drop|open|hang|fall)\w*|mouth (falls|drops|hangs|is|wide|agape)* ?open\w*|agape|jaw drop", "26"),
)  # fmt: skip
"""Plain wording of a movement to action units."""

SIGNS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"\btears?\b|weep|\bcry|\bsob|eyes? (well|wet|moist|glisten|shin)\w*|wip(es?|ed|ing) (\w+ )?(\w+ )?eyes?", {"sadness": 0.9, "joy": 0.15}),
    (r"laugh(?!ing stock)|chuckl|giggl", {"joy": 0.9}),
    (r"nostrils? flare?|flared nostrils|teeth (are )?(bared|clenched|together)|jaw (is )?(clench|set|tight|hard)\w*|clenched (jaw|teeth|fist)|fist|slam|point(s|ing|ed)? (a )?finger|stab|jab", {"anger": 0.8}),
    (r"eyes? roll|roll(s|ed|ing)? (\w+ )?eyes", {"disgust": 0.4, "anger": 0.45}),
    (r"head (turns|turned|drawn|pulled|jerks) (away|back)|recoil|\bgag|\bretch|tongue (out|protru|push)|\bugh\b|lean(s|ed)? away", {"disgust": 0.8}),
    (r"flinch|shak(es|ing|y) hands|hands? (shak|trembl)\w*|freez|frozen|swallow|back(s|ed|ing) away|peek|cower|glanc\w+ (\w+ )?(behind|at the (door|exit))|bit(es|ing) (\w+ )?lip", {"fear": 0.7}),
    (r"gaze (\w+ )?(drop|down|fall|low)\w*|look(s|ed|ing)? (down|at the floor|away)|eyes? (down|drop|lowered|on the floor)|shoulders (drop|slump|sag)|slump|head (hang|sink|bow|low)\w*", {"sadness": 0.45}),
    (r"lean(s|ed|ing)? (back|in)\w* (with|,) (a )?smil|cheer|clap|jump(s|ed|ing)? up|hug|fist pump|danc|thumbs up", {"joy": 0.7}),
    (r"gasp|startl|blinks? (twice|rapidly|fast)|freezes for|head (jerks|snaps)|sharp (in-?breath|intake)|intake of breath", {"surprise": 0.55, "fear": 0.2}),
    (r"no action unit|no (clear |strong |notable )*movement|face (is )?(still|at rest|relaxed|neutral|hardly moves)|hardly moves|neutral (face|expression|mouth|brows)|blank|expressionless|resting (face|expression)|all units below|below threshold|steady gaze|relaxed (face|mouth|brows)", {"neutral": 0.8}),
)  # fmt: skip
"""Further signs in any visible or audible cue; everyday knowledge, shares ours."""

VOICE: dict[str, dict[str, float]] = {
    "anger": {"pitch": 0.6, "range": 0.7, "loud": 1.0, "fast": 0.7, "unsteady": 0.0, "hard": 1.0, "bright": -0.3},
    "joy": {"pitch": 0.7, "range": 0.8, "loud": 0.5, "fast": 0.5, "unsteady": -0.2, "hard": -0.4, "bright": 1.2},
    "fear": {"pitch": 0.9, "range": -0.2, "loud": -0.1, "fast": 0.6, "unsteady": 1.0, "hard": 0.2, "bright": -0.3},
    "sadness": {
        "pitch": -0.6,
        "range": -0.7,
        "loud": -0.9,
        "fast": -0.9,
        "unsteady": 0.6,
        "hard": -0.5,
        "bright": -0.8,
    },
    "disgust": {"pitch": -0.5, "range": 0.1, "loud": -0.1, "fast": -0.5, "unsteady": -0.2, "hard": 0.5, "bright": -0.4},
    "surprise": {"pitch": 0.9, "range": 0.8, "loud": 0.3, "fast": 0.1, "unsteady": -0.1, "hard": -0.3, "bright": 0.3},
}
"""Direction of each vocal feature per emotion: Juslin & Laukka (2003), table 7, and Scherer (2003), table 2, coarsened to -1 … 1;
`hard` is tense, harsh phonation with abrupt onsets, `bright` a smiling, warm timbre."""

SOUNDS: tuple[tuple[str, str, float], ...] = (
    (r"high(er)?\b(?! noise)|pitch(ed)? (is |goes |jumps |clearly |possibly )*(up|ris|jump|climb)\w*|shrill|squeak|rising", "pitch", 1.0),
    (r"\blow(er|ered)?\b(?! variation)(?! noise)|pitch (is |goes |clearly )*(down|drop|fall|sink)\w*|deep(er)?\b", "pitch", -1.0),
    (r"wide(r)? (\w+ )?(swing|range|variation|pitch|movement)|lively|swing|animated|melodic|varied|sing-?song|exaggerat", "range", 1.0),
    (r"flat|monoton|narrow|little (pitch )?(variation|movement)|low pitch variation|toneless|colou?rless", "range", -1.0),
    (r"loud(er|ly)?\b|shout|yell|scream|raised (voice|level)|louder", "loud", 1.0),
    (r"quiet|soft(er|ly)?\b|whisper|faint|low level|under (his|her|their) breath|murmur|hushed", "loud", -1.0),
    (r"\bfast|quick|rapid|hurried|rush|tumbl|(?<!not )sped", "fast", 1.0),
    (r"\bslow|drag|pauses?\b|halting|hesita|trail(s|ing)? off|long pause", "fast", -1.0),
    (r"trembl|shak(y|es|ing)|unsteady|quiver|waver|tremor|crack|breaks?\b|broken|breaking|jitter|stutter|stammer|\bthin\b|choke|catch(es)? in|gasping", "unsteady", 1.0),
    (r"harsh|hard\b|hard onsets|sharp|clipped|tense|pressed|biting|growl|rough|strained|tight|cutting|snap|staccato|abrupt", "hard", 1.0),
    (r"bright|warm|smil(e|ing)|laugh|giggl|chuckl|light\b|cheer|lilt", "bright", 1.0),
    (r"sigh|heavy|dull|lifeless|sob|weep|cry", "bright", -1.0),
)  # fmt: skip
"""Wording of a voice to features."""

SAYINGS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"scared|afraid|terrif|frighten|what if|(can'?t|cannot) breathe|help me|oh no\b|panick|worr(y|ied)|nervous|don'?t like this|who'?s there|hear that|smoke|run\b", {"fear": 0.8}),
    (r"gross|disgust|vile|\beww?\b|\bugh\b|yuck|stink|smell|mou?ld|rotten|vomit|throw up|slim(e|y)|maggot|filth|sick to|revolting|repuls", {"disgust": 0.9}),
    (r"no way|oh my god|omg|what\?!?|wait,? what|are you serious|really\?|seriously\?|i (didn'?t|never) (expect|know|told)|out of nowhere|wow|whoa|you'?re kidding|since when|how does it", {"surprise": 0.7}),
    (r"\bdied\b|passed away|funeral|\bmiss (him|her|you|them|it)|alone|nobody (came|called)|\blost (him|her|my|the)|goodbye|wish (he|she|i|they)|gone\b|never (see|come)|sorry for your|last (night|time|day) (in|with|of)", {"sadness": 0.7}),
    (r"how dare|stupid|idiot|ridiculous|unacceptable|sick of|fed up|enough|third time|again\?|\bshut up|don'?t (you )?(touch|tell|talk)|get out|liar|lied|your fault|whose fault|unbelievable|damn|hell\b", {"anger": 0.7}),
    (r"thank (god|you so)|we (won|did it|made it)|i (won|passed|got (it|the|in))|it worked|yes+!|best (day|thing|news)|so (happy|glad|proud)|love (it|this|you)|congrat|hooray|woo|can'?t stop smiling|beautiful|amazing|clean\b.*scan|scan.*clean", {"joy": 0.8}),
)  # fmt: skip
"""What people say to what it speaks for; a minimal lexicon of everyday words and events, ours."""

MISHAPS = re.compile(
    r"cancel|delay|broke|crash|late\b|fail|lost\b|queue|hours?\b|again|stuck|rain|leak|bill\b|fine\b.*\$|wrong|spill|error|down\b"
    r"|waiting|nobody|another|third|meeting|traffic|overtime|ruin|refus|declin|stain|dead\b|empty|mess\b",
    re.I,
)
"""Everyday mishaps: warm words beside one are suspect (Riloff et al. 2013, sarcasm as positive sentiment with a negative situation)."""
PRAISE = re.compile(
    r"\b(great|lovely|wonderful|perfect|fantastic|brilliant|awesome|thanks|nice|delighted|thrilled|love|amazing|genius|"
    r"best|congratulations|bravo|charming|marvell?ous|super|exactly what|just what|good job|well done|of course)\b",
    re.I,
)
IRONIC = re.compile(
    r"flat|monoton|drawn[- ]out|drawl|stretch(es|ed)? (out )?(the )?(word|vowel|'|\")|lengthen|slow clap|eye ?roll|rolls? (\w+ )?eyes|deadpan|smirk|"
    r"sing-?song|exaggerat|elongat|one[- ]sided|\b(left|right)( side)? only|AU ?14|AU ?R?L?12[LR]|unilateral|sarcas|iron(y|ic)|dry\b|over-?emphas",
    re.I,
)
"""Ways of saying and looking that turn words around (Cheang & Pell 2008: slower, lower, flatter; smirks and eye rolls, ours)."""

USUAL = re.compile(
    r"(at|near|close to|within|like) (his|her|their|its|the)?[^,;]{0,24}(usual|baseline|average|normal|own level)|even (pace|tone)|steady|calm|"
    r"matter-of-fact|unremarkable|no (change|deviation)|ordinary|neutral|(pitch|level|pace|voice) even\b",
    re.I,
)
"""A voice that does nothing out of the way."""
UNSURE = re.compile(
    r"unreliable|uncertain|not separable|cannot be (decided|separated|assigned)|could not be|no (human )?face|not assigned|\[(unclear|unintelligible|"
    r"untranslatable|no dialogue|inaudible)|confidence (is )?(very )?low|low confidence|overlap|cartoon|avatar|filter'?s?\b|synthetic|dubb|drowned|"
    r"tracked for 0|occluded|too (dark|small|far|noisy)|wind noise|noise dominates|no baseline available|only a (few|single)|not kept|masks? cover",
    re.I,
)
"""A tool's own word that it did not perceive well: such a cue counts for a fifth."""
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
        if re.search(
            r"(doesn'?t|does not|never|not|no) (reach|involv|crinkl)\w*|cheeks? (are |do |is )?(not|never|unmoved|still)|(no|without) (cheek|eye)|only (with )?the mouth|mouth[- ]only|eyes (stay|remain|are) (still|cold|flat|dull)|fake|forced",
            cue.text,
            re.I,
        ):
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
