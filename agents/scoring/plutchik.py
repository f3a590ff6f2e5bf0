"""The default wheel: Plutchik's, with the words that are used for its emotions.

Plutchik (1980), A general psychoevolutionary theory of emotion: eight primaries on a circle, each in three intensities, and a dyad between
each two neighbours. A dyad is a blend, so it stands for both its primaries: who says love says joy and trust. Neutral, which the wheel
does not have, is its hub. The words beside each emotion are ours, from everyday English; what is not here has the emotion that
`agents/llm/labels.py` gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import CORE, synonyms
from cuechain.agents.scoring.wheels import Wheel

PRIMARIES = ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation")
"""The inner ring, in the order of the circle: neighbours are alike, opposites four apart."""

INTENSITIES: dict[str, tuple[str, str, str]] = {
    "joy": ("serenity", "joy", "ecstasy"),
    "trust": ("acceptance", "trust", "admiration"),
    "fear": ("apprehension", "fear", "terror"),
    "surprise": ("distraction", "surprise", "amazement"),
    "sadness": ("pensiveness", "sadness", "grief"),
    "disgust": ("boredom", "disgust", "loathing"),
    "anger": ("annoyance", "anger", "rage"),
    "anticipation": ("interest", "anticipation", "vigilance"),
}
"""Primary to its mild, plain and intense form."""

DYADS: dict[str, tuple[str, str]] = {
    "love": ("joy", "trust"),
    "submission": ("trust", "fear"),
    "awe": ("fear", "surprise"),
    "disapproval": ("surprise", "sadness"),
    "remorse": ("sadness", "disgust"),
    "contempt": ("disgust", "anger"),
    "aggressiveness": ("anger", "anticipation"),
    "optimism": ("anticipation", "joy"),
}
"""Dyad to the two neighbours that it blends."""

_WORDS = """
serenity: serene, peaceful, peace, tranquil, tranquility, content, contentment, contented, satisfied, satisfaction, comfortable, at ease
joy: joyful, joyous, happy, happiness, glad, pleased, pleasure, pleasant, cheerful, cheer, merry, delight, delighted, amused, amusement,
 enjoyment, enjoy, fun, playful, smiling, good mood, upbeat, lighthearted, rejoice
ecstasy: ecstatic, elated, elation, euphoric, euphoria, exhilarated, thrilled, overjoyed, jubilant, blissful, bliss, exuberant
acceptance: accepting, tolerant, agreeable, welcoming, approval, approving, friendly, friendliness, understanding, open,
 accepted, appreciated, valued, belonging
trust: trusting, trustful, confident, confidence, secure, safe, reassured, faith, belief, supportive, warm, warmth, kind, kindness,
 brave, bravery, courageous, courage, loyal, loyalty
admiration: admiring, respect, respectful, esteem, appreciation, appreciative, impressed, inspired, adoration
apprehension: apprehensive, uneasy, unease, wary, hesitant, worried, worry, concern, concerned, nervous, nervousness, insecure, cautious,
 uncertain, doubtful, suspicious, suspicion, sceptical, skeptical, uncomfortable, unsettled, shy, self-conscious
fear: fearful, afraid, scared, frightened, anxious, anxiety, alarmed, threatened, tense, intimidated, overwhelmed, pressured,
 vulnerable, unsafe, shaken
terror: terrified, horror, horrified, panic, panicked, petrified, dread
distraction: distracted, confused, confusion, perplexed, puzzled, bewildered, baffled
surprise: surprised, startled, shock, shocked, unexpected, disbelief, incredulous, realization
amazement: amazed, astonished, astonishment, astounded, stunned, speechless, wonderstruck
pensiveness: pensive, wistful, thoughtful, nostalgic, nostalgia, melancholy, melancholic, reflective, sentimental,
 withdrawn, numb
sadness: sad, unhappy, sorrow, sorrowful, gloomy, down, downcast, disappointed, disappointment, dejected, lonely, loneliness, hurt,
 depressed, discouraged, tearful, crying, upset, helpless, miserable, dismal, lost,
 empty, exhausted, rejected, abandoned, isolated, humiliated, humiliation, worthless, inferior, powerless, betrayed
grief: grieving, heartbroken, despair, devastated, anguish, mourning, desperate, hopeless
boredom: bored, weary, uninterested, disinterested, apathetic, apathy, tedium, listless
disgust: disgusted, repulsed, revulsion, revolted, distaste, aversion, nauseated, nauseous, sickened, gross, appalled, repelled
loathing: loathe, abhorrence, detest, abhor
annoyance: annoyed, irritated, irritation, impatient, impatience, frustrated, frustration, bothered, displeased, displeasure, grumpy,
 dissatisfied, dissatisfaction
anger: angry, mad, cross, indignant, indignation, resentful, resentment, hostile, hostility, bitter, offended, accusing,
 jealous, jealousy, envious, envy, provoked, defensive
rage: enraged, furious, fury, outraged, outrage, livid, wrath, infuriated, hatred
interest: interested, curious, curiosity, attentive, intrigued, fascinated, engaged, inquisitive, absorbed
anticipation: anticipating, expectant, expectation, expecting, eager, eagerness, longing, desire, looking forward,
 determined, determination, ambitious
vigilance: vigilant, alert, watchful
love: loving, affection, affectionate, tenderness, tender, fond, adoring, caring, compassion, romantic
submission: submissive, obedient, compliant, yielding
awe: awed, awestruck, reverence, wonder
disapproval: disapproving, reproachful, critical, judgmental, dismayed, dismay
remorse: remorseful, regret, regretful, guilt, guilty, repentant, apologetic, sorry
contempt: contemptuous, scorn, scornful, disdain, disdainful, mocking, mockery, sarcastic, sarcasm, derision, dismissive
aggressiveness: aggressive, aggression, combative, defiant, vengeful, violent
optimism: optimistic, hope, hopeful, encouraged, enthusiasm, enthusiastic, excited, excitement, energetic, passionate
"""


@cache
def plutchik(level: int = 1) -> Wheel:
    """Plutchik's wheel with its words, their forms, and every emotion word of `agents/llm/labels.py`.

    Args:
        level: 1: the eight primaries and neutral; 2: each primary in three intensities, the dyads by themselves, and neutral.

    Raises:
        ConfigError: Another level.
    """
    if level not in (1, 2):
        raise ConfigError(f"a wheel has no clusters at level {level}", "1 is the inner ring, 2 the one around it")
    inner: dict[str, tuple[str, ...]] = {mood: (primary,) for primary, moods in INTENSITIES.items() for mood in moods}
    inner |= DYADS
    words: dict[str, str] = {name: name for name in inner}
    for entry in re.split(r"\n(?=\w)", _WORDS.strip()):
        emotion, _, told = entry.partition(":")
        for word in told.split(","):
            words.setdefault(" ".join(word.split()), emotion)
    for core in CORE:
        for label in synonyms(core):
            words.setdefault(label.replace("_", " "), words.get(core, core))
    for word, emotion in list(words.items()):
        for form in _forms(word):
            words.setdefault(form, emotion)
    places = {word: inner.get(emotion, (emotion,)) if level == 1 else (emotion,) for word, emotion in words.items()}
    return Wheel(f"plutchik_level{level}", places)


def _forms(word: str) -> Iterator[str]:
    """What English makes of a word by regular endings; some are no words and harm nobody. A negating ending is not among them."""
    if " " in word:
        return
    stems = {word}
    if word.endswith(("e", "ed")):
        stems.add(word[:-1].removesuffix("e"))
    if re.search(r"[^aeiou]y$", word):
        stems.add(word[:-1] + "i")
    if re.search(r"[^aeiou][aeiou][bdgmnpt]$", word):
        stems.add(word + word[-1])
    for stem in sorted(stems):
        for ending in (
            "s",
            "es",
            "d",
            "ed",
            "ing",
            "ingly",
            "edly",
            "ly",
            "ness",
            "er",
            "est",
            "ful",
            "fully",
            "fulness",
        ):
            yield stem + ending
