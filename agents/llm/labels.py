"""What a label means: its share of Ekman's emotions, its valence and its arousal. Any label set is mapped through this table.

Groups follow the Ekman mapping published with GoEmotions (Demszky et al. 2020), with words of everyday questions added; valence and
arousal are rounded after Russell & Mehrabian (1977), Evidence for a three-factor theory of emotions, table 1, and Russell (1980).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cuechain.agents.values import CLASHES, EKMAN, Sentiment

CORE: dict[str, tuple[float, float]] = {
    "joy": (0.8, 0.5),
    "sadness": (-0.65, -0.3),
    "anger": (-0.5, 0.6),
    "fear": (-0.65, 0.6),
    "surprise": (0.2, 0.65),
    "disgust": (-0.6, 0.35),
    "neutral": (0.0, 0.0),
}
"""Ekman's labels: valence and arousal, each -1 to 1."""

_TABLE = """
joy: happiness .8 .5; happy .8 .5; amusement .6 .4; amused .6 .4; approval .5 .1; excitement .7 .75;
 excited .7 .75; gratitude .7 .1;
 grateful .7 .1; love .85 .4; optimism .6 .3; relief .6 -.3; relieved .6 -.3; pride .75 .4; proud .75 .4;
 admiration .6 .2; caring .6 .1;
 desire .5 .5; hope .5 .2; hopeful .5 .2; cheerful .8 .5; delighted .85 .6; contentment .7 -.4; content .7 -.4;
 satisfied .6 -.1;
 satisfaction .6 -.1; enthusiasm .7 .7; enthusiastic .7 .7; positive .7 .2; glad .7 .3; trust .5 0;
 loving .85 .3; pleased .7 .2; elation .85 .8;
 playful .6 .5; fun .7 .5; triumph .8 .7; tenderness .6 -.1; affection .7 .2; thankful .7 .1; interest .4 .4;
 interested .4 .4
sadness: sad -.65 -.3; disappointment -.5 -.2; disappointed -.5 -.2; embarrassment -.45 .3; embarrassed -.45 .3;
 grief -.8 -.1; remorse -.55 0;
 guilt -.55 .2; shame -.6 .1; ashamed -.6 .1; lonely -.65 -.4; loneliness -.65 -.4; hurt -.6 .1;
 depressed -.7 -.4; gloomy -.6 -.4;
 hopeless -.7 -.3; despair -.8 .1; unhappy -.65 -.2; regret -.5 -.1; nostalgia -.1 -.2; tired -.3 -.7;
 pain -.6 .3; suffering -.7 .2;
 melancholy -.5 -.4; resignation -.5 -.5; heartbroken -.8 0; bored -.5 -.6; boredom -.5 -.6; sympathy -.2 0;
 negative -.6 .1
anger: angry -.5 .6; annoyance -.4 .4; annoyed -.4 .4; disapproval -.4 .2; mad -.5 .6; rage -.6 .9; fury -.6 .9;
 furious -.6 .9;
 frustration -.5 .5; frustrated -.5 .5; irritation -.4 .45; irritated -.4 .45; indignation -.5 .55;
 hostility -.55 .5; jealousy -.5 .4;
 impatience -.35 .5; resentment -.5 .3; outrage -.6 .8; aggression -.5 .7; hate -.65 .6
fear: afraid -.65 .6; scared -.65 .6; fearful -.65 .6; nervousness -.45 .55; nervous -.45 .55; anxiety -.5 .6;
 anxious -.5 .6; worry -.45 .4;
 worried -.45 .4; panic -.7 .85; terror -.8 .85; terrified -.8 .85; horror -.75 .75; stress -.5 .6;
 stressed -.5 .6; unease -.4 .3;
 dread -.65 .4; insecure -.5 .2; tense -.4 .6; distress -.6 .5; concern -.3 .2; apprehension -.4 .4
surprise: surprised .2 .65; astonishment .3 .75; astonished .3 .75; amazement .5 .7; amazed .5 .7;
 realization .1 .3; confusion -.2 .3;
 confused -.2 .3; curiosity .3 .4; curious .3 .4; shock -.1 .8; shocked -.1 .8; disbelief -.2 .5;
 startled -.2 .8; puzzled -.1 .3
disgust: disgusted -.6 .35; contempt -.55 .2; contemptuous -.55 .2; revulsion -.7 .45; loathing -.65 .45;
 repulsed -.7 .4; aversion -.5 .3;
 distaste -.5 .2; scorn -.55 .3; disdain -.5 .2
neutral: calm .3 -.5; none 0 0; indifferent -.05 -.3; unemotional 0 -.2; no_emotion 0 0; composed .2 -.3;
 relaxed .6 -.5; serious -.1 0;
 focused .1 .2; concentration .1 .2; other 0 0; normal 0 0
"""

_STEM = re.compile(r"(ness|ment|ful|ed|ing|ation|ion|y|s)$")


PLEASANT = 0.25
"""Valence, -1 to 1, from which a feeling counts as positive, and below its negative as negative."""


def polarity(valence: float) -> Sentiment:
    """Whether a valence is positive, negative or neither."""
    return "positive" if valence > PLEASANT else "negative" if valence < -PLEASANT else "neutral"


def fitting(label: str, relation: str | None) -> tuple[Sentiment, ...]:
    """Sentiments that a feeling leaves open. Where what shows is not what is felt, or two things are felt, all of them; so too for
    surprise and for what the table cannot place. Else that of the feeling, or mixed."""
    kind, valence, _ = meaning(label)
    if relation in CLASHES or kind in ("surprise", None):
        return ("positive", "negative", "neutral", "mixed")
    return ("neutral" if kind == "neutral" else polarity(valence), "mixed")


@cache
def _known() -> dict[str, tuple[str, float, float]]:
    found: dict[str, tuple[str, float, float]] = {name: (name, *place) for name, place in CORE.items()}
    for group in re.split(r"\n(?=\w)", _TABLE.strip()):
        core, _, words = group.partition(":")
        for entry in words.split(";"):
            word, valence, arousal = entry.split()
            found[word] = (core, float(valence), float(arousal))
    return found


@cache
def vader() -> Any:
    """VADER's analyser (Hutto & Gilbert 2014) with its lexicon, read once: reading it takes as long as a hundred texts."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@cache
def meaning(label: str) -> tuple[str | None, float, float]:
    """Ekman group, valence and arousal of a label in any spelling;
    the group is None for a word that the table cannot place."""
    known = _known()
    name = re.sub(r"[\s\-]+", "_", label.strip().lower())
    if name in known:
        return known[name]
    parts = [known[part] for part in name.split("_") if part in known]
    if parts:
        return parts[-1]
    stem = _STEM.sub("", name)
    near = [w for w in known if len(stem) >= 4 and _STEM.sub("", w) == stem] or difflib.get_close_matches(
        name, known, 1, 0.85
    )
    if near:
        return known[near[0]]
    return None, float(vader().polarity_scores(label.replace("_", " "))["compound"]), 0.0


def affinity(label: str) -> dict[str, float]:
    """How much of each Ekman emotion a label holds;
    sums to 1. A finer label leans to neighbours in valence and arousal.

       The width of the neighbourhood (0.35) is ours: it lets an unknown label fall back on its valence alone.
    """
    core, valence, arousal = meaning(label)
    if core is not None and label.strip().lower() in CORE:
        return {name: float(name == core) for name in EKMAN}
    near = {name: math.exp(-((v - valence) ** 2 + (a - arousal) ** 2) / (2 * 0.35**2)) for name, (v, a) in CORE.items()}
    total = sum(near.values())
    kept = 0.8 if core is not None else 0.0
    return {name: kept * (name == core) + (1 - kept) * near[name] / total for name in EKMAN}


def spread(core: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """A distribution over Ekman's labels as one over any label set; sums to 1.

    p(label) is the core mass that the label holds, shared among the labels of a group in proportion to their affinity. Mass of a core
    emotion that no label holds goes to labels of near valence, through the neighbourhoods of `affinity`.
    """
    names = list(dict.fromkeys(labels))
    held = {label: affinity(label) for label in names}
    mass = dict.fromkeys(names, 1e-6)
    for emotion, p in core.items():
        valence, arousal = CORE[emotion]
        claims = {label: held[label][emotion] for label in names}
        total = sum(claims.values())
        if total < 0.05:  # nobody's own: the nearest in valence and arousal take it
            claims = {}
            for label in names:
                _, v, a = meaning(label)
                claims[label] = math.exp(-(2 * (v - valence) ** 2 + (a - arousal) ** 2) / (2 * 0.35**2)) + 1e-6
            total = sum(claims.values())
        for label, claim in claims.items():
            mass[label] += p * claim / total
    whole = sum(mass.values())
    return {label: m / whole for label, m in mass.items()}


@cache
def synonyms(core: str) -> tuple[str, ...]:
    """Labels of an Ekman group, its own name first."""
    return tuple(label for label, (group, _, _) in _known().items() if group == core)


def is_known(word: str) -> bool:
    """True when the table holds this very word."""
    return word.strip().lower() in _known()


def misspelt(label: str) -> str | None:
    """The word of the table that a label may be a slip of ("bored" for "borred"); None where there is none so near."""
    return next(iter(difflib.get_close_matches(label.strip().lower(), _known(), 1, 0.8)), None)
