"""Polarity by VADER, with the words that carry it, and the feelings that words name: evidence that a reader can see in the text."""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass
from typing import Any

from cuechain.agents.llm.labels import vader
from cuechain.agents.perception.texts.lexicon import IDIOMS, named_feelings

_REPEATED = re.compile(r"([a-z])\1{2,}", re.IGNORECASE)
_LAUGH = re.compile(r"\b(?:a?(?:ha){2,}h?|(?:he){3,}|(?:lo)+l+|lmf?ao+|rofl+)\b", re.IGNORECASE)
_IDIOM = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(IDIOMS, key=len, reverse=True))) + r")\b", re.IGNORECASE)
NEGATED = re.compile(r"^(?:not|no|never|nor|without|hardly|\w+n't|cannot|dont|cant)$")
"""A word that turns the next ones round."""


def polarity(text: str) -> tuple[float, list[tuple[str, float]]]:
    """VADER's compound score, and the words that carry it with their valence in context.

    Hutto & Gilbert (2014). Before it reads, idioms are put into plain words, laughter into "haha" and drawn-out words ("soooo") into
    their usual form; a drawn-out word counts as much more as after one of VADER's boosters (0.293).

    Returns:
        Score in [-1, 1]; words as they stand in the text, strongest first, with valences in [-4, 4].
    """
    from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentiText

    analyser: Any = vader()
    tokens = tokens_of(text)
    # One item of VADER's list per piece of ours, so that a valence can be traced to its word.
    pieces = [i for i, token in enumerate(tokens) for _ in token.plain.split()]
    sentence = SentiText(" ".join(token.plain for token in tokens))
    listed: list[str] = sentence.words_and_emoticons
    valences: list[float] = []
    for index, word in enumerate(listed):
        # VADER reads "kind of" as a hedge, not as kindness.
        hedge = word.lower() == "kind" and [w.lower() for w in listed[index + 1 : index + 2]] == ["of"]
        if hedge or word.lower() in BOOSTER_DICT:
            valences.append(0.0)
        else:
            analyser.sentiment_valence(0, sentence, word, index, valences)
        if valences[-1] and tokens[pieces[index]].drawn:
            valences[-1] += 0.293 if valences[-1] > 0 else -0.293
    valences = analyser._but_check(listed, valences)
    score = float(analyser.score_valence(valences, " ".join(t.plain for t in tokens))["compound"]) if valences else 0.0
    by_token: dict[int, float] = {}
    for i, valence in zip(pieces, valences, strict=True):
        by_token[i] = by_token.get(i, 0.0) + valence
    carriers = [(_with_negator(tokens, i), v) for i, v in by_token.items() if v]
    return score, sorted(carriers, key=lambda c: -abs(c[1]))


@dataclass(frozen=True, slots=True)
class Token:
    """A word, an emoji or an idiom."""

    shown: str
    """As it stands in the text: what may be quoted."""
    plain: str
    """In the form that the lexicons know, with its punctuation."""
    drawn: bool
    """Whether it was drawn out ("soooo")."""


def tokens_of(text: str) -> list[Token]:
    """Words, emoji and idioms of a text, in order."""
    import emoji

    text = emoji.replace_emoji(text.replace("’", "'"), lambda chars, _: f" {chars} ")
    text = _IDIOM.sub(lambda m: "\u2009".join(m.group().split(" ")), text)  # held together by thin spaces
    tokens: list[Token] = []
    for token in re.split(r"[ \t\n]+", text.strip()):
        spaced = token.replace("\u2009", " ")
        core = spaced.strip(".,!?;:'\"()…")
        if emoji.is_emoji(core):
            tokens.append(Token(core, emoji.demojize(core, delimiters=("", "")).replace("_", " "), drawn=False))
            continue
        usual = IDIOMS.get(core.lower()) or _LAUGH.sub("haha", core)
        drawn = bool(_REPEATED.search(usual))
        usual = _undrawn(usual) if drawn else usual
        tokens.append(Token(core or spaced, spaced.replace(core, usual, 1) if core else spaced, drawn))
    return tokens


def _undrawn(word: str) -> str:
    """The usual form of a drawn-out word: with double letters when the lexicon knows it so ("goood"), else single ("sooo")."""
    double, single = _REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word)
    return double if double.lower() in vader().lexicon else single


def named(tokens: list[Token]) -> dict[str, list[str]]:
    """Label to the words that name it, as they stand in the text."""
    starts: list[int] = []
    joined = ""
    for token in tokens:
        starts.append(len(joined))
        # An idiom stands for itself here; its plain meaning is for the polarity lexicon alone.
        joined += (token.shown if token.shown.lower() in IDIOMS else token.plain).lower() + " "
    named: dict[str, list[str]] = {}
    for label, spans in named_feelings(joined).items():
        quotes = [
            " ".join(token.shown for token in tokens[bisect(starts, first) - 1 : bisect(starts, end - 1)])
            for first, end in spans
        ]
        named[label] = list(dict.fromkeys(quotes))
    return named


def _with_negator(tokens: list[Token], index: int) -> str:
    """A word with the negation up to three words before it, as it stands in the text."""
    shown = [t.shown for t in tokens]
    begin = next((i for i in range(max(0, index - 3), index) if NEGATED.match(shown[i].lower())), index)
    return " ".join(shown[begin : index + 1])
