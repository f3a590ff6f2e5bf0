"""A small lexicon of words and phrases that name a feeling, written for this project, and idioms whose words mislead.

Only words that name a feeling or plainly carry it are listed; what merely causes feelings (a funeral, a prize) is not. A star stands for
any ending.
"""

from __future__ import annotations

import re

_FEELINGS = {
    "joy": """
        happy, happier, happiest, happily, happiness, joy, joyful, joyous, delight*, glad, gladly, cheerful,
        thrilled, ecstatic, excited, exciting, overjoyed, elated, pleased, proud, proudly, enjoy*, yay,
        woohoo, hooray, haha, hehe, lol, lmao, rofl, relieved, grateful, thankful, blissful, love, loves,
        loved, loving, adore*, amused, hilarious, wonderful, fantastic, blessed, over the moon, on cloud nine,
        can't wait, made my day, so much fun, can not wait, cannot wait, thank god, thank goodness, could not
        be happier, never been better, never been happier, looking forward to
    """,
    "sadness": """
        sad, sadly, sadder, sadness, unhappy, sorrow*, grief, griev*, mourn*, heartbroken, heartbreaking,
        depressed, depressing, depression, miserable, misery, lonely, loneliness, hopeless, despair*,
        devastated, gloomy, tearful, sob, sobbing, cry, crying, cried, weep*, wept, hurts, heartache,
        melancholy, disappoint*, homesick, miss you, miss him, miss her, miss them, missing you, let down,
        broke my heart, breaks my heart, feel empty, feeling down, feel alone, all alone, give up on, lost
        everything, wish you were here, in tears, feel so low
    """,
    "anger": """
        angry, angrier, angrily, anger, angers, furious, fury, rage, raging, outrage*, mad, annoy*, irritat*,
        infuriat*, frustrat*, resent*, hate, hates, hated, hating, hatred, pissed, livid, fuming, wtf,
        bullshit, bastard*, asshole*, idiot, idiots, moron*, ridiculous, unacceptable, shut up, fed up, sick
        of, sick and tired, had enough, how dare, leave me alone, go to hell, screw you, fuck you, fuck off,
        piss off, drives me crazy, drive me crazy, get out of my, none of your business, what the hell, for
        god's sake
    """,
    "fear": """
        afraid, scared, scary, scare*, terrified, terrifying, terror, fear, fears, feared, fearful,
        frightened, frightening, panic*, anxious, anxiety, anxiously, worried, worry, worries, worrying,
        nervous, dread*, horrified, petrified, uneasy, phobia, freaking out, freak out, scared to death, can't
        breathe, in danger, oh no, what if
    """,
    "surprise": """
        surprise, surprised, surprising, surprisingly, astonish*, amazed, shocked, shocking, stunned,
        speechless, unbelievable, unexpected, unexpectedly, wow, whoa, woah, omg, astounded, gobsmacked,
        startled, oh my god, oh my gosh, no way, didn't expect, did not expect, never expected, didn't see
        that coming, can't believe, cannot believe, couldn't believe, out of nowhere, out of the blue, you're
        kidding, are you serious, all of a sudden
    """,
    "disgust": """
        disgust*, gross, grossed, revolting, repuls*, nauseat*, nauseous, vomit*, sickening, yuck, yucky, eww,
        ew, ugh, vile, loathsome, loathe*, filthy, putrid, repugnant, stinks, creepy, makes me sick, made me
        sick, throw up, threw up, makes my skin crawl, can't stomach
    """,
}

IDIOMS = {
    "never been better": "wonderful",
    "never been happier": "overjoyed",
    "never felt better": "wonderful",
    "could not be happier": "overjoyed",
    "couldn't be happier": "overjoyed",
    "could not be better": "wonderful",
    "couldn't be better": "wonderful",
    "couldn't have asked for more": "wonderful",
    "no problem": "okay",
    "no worries": "okay",
    "not bad at all": "good",
    "can't wait": "excited",
    "can not wait": "excited",
    "cannot wait": "excited",
    "can't complain": "okay",
    "to die for": "wonderful",
    "killed it": "excellent",
    "killing it": "excellent",
    "break a leg": "good luck",
    "no offense": "okay",
    "over the moon": "overjoyed",
    "on cloud nine": "overjoyed",
    "fed up": "annoyed",
    "sick of": "annoyed by",
    "had enough of": "annoyed by",
    "freaking out": "panicking",
    "miss you": "sad without you",
    "breaks my heart": "makes me heartbroken",
    "broke my heart": "made me heartbroken",
    "in tears": "crying",
    "pretty please": "please",
    "like that": "so",  # VADER counts every "like" as liking
    "looks like": "seems",
    "look like": "seem",
    "feels like": "seems",
    "feel like": "seem",
    "felt like": "seemed",
    "sounds like": "seems",
    "something like": "about",
    "like this": "so",
    "just like": "as",
    "would like": "want",
}
"""What a phrase means, in words that the polarity lexicon reads rightly."""

_NEGATORS = re.compile(
    r"\b(?:not|never|no|nor|without|hardly|isn't|wasn't|aren't|don't|doesn't|didn't|won't|wouldn't|can't|ain't|dont|"
    r"cannot|haven't|hasn't|nothing|nobody)\b(?:\W+\w+){0,2}\W*$"
)


def _pattern(entry: str) -> re.Pattern[str]:
    listed = sorted((" ".join(words.split()) for words in entry.split(",")), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(re.escape(w).replace(r"\*", r"\w*") for w in listed) + r")\b")


_PATTERNS = {label: _pattern(entry) for label, entry in _FEELINGS.items()}


def named_feelings(text: str) -> dict[str, list[tuple[int, int]]]:
    """Label to where the words that name it begin and end; negated ones ("not happy") are left out.

    Args:
        text: Lower case, straight apostrophes.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for label, pattern in _PATTERNS.items():
        hits = [m.span() for m in pattern.finditer(text) if not _NEGATORS.search(text[: m.start()])]
        if hits:
            found[label] = hits
    return found
