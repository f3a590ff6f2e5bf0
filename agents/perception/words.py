"""What the words themselves carry: polarity by VADER, and feelings that they name."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from cuechain.agents.perception.language import COMMON, NAMES, line_language
from cuechain.agents.perception.lexicon import IDIOMS, named_feelings
from cuechain.agents.perception.sense import Sense
from cuechain.agents.perception.transcript import quoted
from cuechain.agents.values import EKMAN, Cue, Gap, Span

if TYPE_CHECKING:
    from cuechain.agents.media import Clip
    from cuechain.agents.settings import Settings

_CLEAR, _SOME, _NONE = 0.7, 0.3, 0.05
"""Compound score above which words are clearly, probably, possibly of one polarity; 0.05 is VADER's own limit (Hutto & Gilbert 2014)."""

_RELIABILITY = 0.55
"""Measured: of TweetEval's tweets (validation part) 56 % get the right one of three polarities and 5 to 20 % the opposite one, the more
the weaker the score; of GoEmotions' comments that name a feeling 86 % (joy), 68 % (sadness), 58 % (anger), 53 % (fear, surprise) and
41 % (disgust) are labelled so. Sarcasm and what merely happens to people are missed."""
_MADE_OUT = "the words that were made out"

_REPEATED = re.compile(r"([a-z])\1{2,}", re.IGNORECASE)
_LAUGH = re.compile(r"\b(?:a?(?:ha){2,}h?|(?:he){3,}|(?:lo)+l+|lmf?ao+|rofl+)\b", re.IGNORECASE)
_IDIOM = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(IDIOMS, key=len, reverse=True))) + r")\b", re.IGNORECASE)
_NEGATED = re.compile(r"^(?:not|no|never|nor|without|hardly|\w+n't|cannot|dont|cant)$")


class Words(Sense):
    """Polarity and named feelings of each utterance."""

    name: ClassVar[str] = "words"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "what the words carry: polarity (VADER) and feelings they name; English only"
    streams: ClassVar[frozenset[str]] = frozenset({"audio", "subtitles", "text", "image"})
    after: ClassVar[tuple[str, ...]] = ("transcript", "screen")

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        return str(settings.language)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        said = [(cue, words) for cue in heard if cue.sense == "transcript" and (words := quoted(cue))]
        if (
            clip.media.kind == "image"
        ):  # a note or a meme says what it says on the picture; a film's street signs say nothing
            shown = [cue for cue in heard if cue.sense == "screen" and quoted(cue)]
            said += [(shown[0], " ".join(map(quoted, shown)))] if shown else []
        if not said:
            yield Gap(sense=self.name, reason="there are no words to read")
            return
        whole = line_language(" ".join(words for _, words in said[:200]))
        foreign: list[tuple[str, Span | None]] = []
        for cue, words in said:
            language = str(
                cue.measures.get("language") or line_language(words) or self.settings.language or whole or ""
            )
            if language == "en" or (not language and self._known(words)):
                yield self._cue(cue, words)
            elif foreign and foreign[-1][0] == language:
                foreign[-1] = (language, _joined(foreign[-1][1], cue.span))
            else:
                foreign.append((language, cue.span))
        for language, span in foreign:
            name = NAMES.get(language, "in another language than English")
            reason = f"the words seem to be {name}, and their feeling can be read in English only"
            if not language:
                reason = "the words are too few to tell their language"
            yield Gap(sense=self.name, reason=reason, span=span)

    @staticmethod
    def _known(words: str) -> bool:
        """Whether a line too short for its language to be told holds an English word or a sign (emoji) that can be read."""
        score, carriers = polarity(words)
        tokens = _tokens(words)
        return bool(score or carriers or _named(tokens) or any(t.plain.strip(".,!?").lower() in COMMON for t in tokens))

    def _cue(self, cue: Cue, words: str) -> Cue:
        valence, carriers = polarity(words)
        named = _named(_tokens(words))
        measures: dict[str, float | str] = {"valence": round(valence, 2)}
        total = sum(map(len, named.values()))
        for label, hits in named.items():
            # Words name a feeling; whose it is, and whether it is meant, they do not say: never all of the weight.
            measures[label] = round(0.8 * len(hits) / total, 2)
        carriers = [(w, v) for w, v in carriers if not _NEGATED.match(w.lower())]  # a bare "no" carries nothing
        strong = [w for w, v in carriers if v > 0.5], [w for w, v in carriers if v < -0.5]
        strength = max(abs(valence), 0.5 if named else 0.0)
        plain = not named and strength < _NONE and not (strong[0] and strong[1])
        kept = cue.measures.get("kept_share", 1.0)
        kept = kept if isinstance(kept, float | int) else 1.0
        if "line" in cue.measures:
            measures["line"] = cue.measures["line"]
        if plain and kept > 0.9:  # where words are missing, the feeling may be in them
            measures["neutral"] = 0.6
        confidence = 0.5 if plain or (strong[0] and strong[1]) else min(0.9, 0.25 + 0.6 * strength)
        confidence *= kept
        if words.rstrip(" '").endswith("?"):
            confidence *= 0.7  # what is asked is not what is felt
        return Cue(
            sense=self.name,
            text=_clause(
                valence, strong, named, "the words on the picture" if cue.sense == "screen" else _subject(kept)
            ),
            span=cue.span,
            person=cue.person,
            confidence=round(confidence, 2),
            reliability=round(_RELIABILITY * (cue.reliability or 1.0), 2),
            salience=0.1 if plain else round(min(0.9, 0.25 + 0.6 * strength), 2),
            measures=measures,
            source=self.source(),
        )


def polarity(text: str) -> tuple[float, list[tuple[str, float]]]:
    """VADER's compound score, and the words that carry it with their valence in context.

    Hutto & Gilbert (2014). Before it reads, idioms are put into plain words, laughter into "haha" and drawn-out words ("soooo") into
    their usual form; a drawn-out word counts as much more as after one of VADER's boosters (0.293).

    Returns:
        Score in [-1, 1]; words as they stand in the text, strongest first, with valences in [-4, 4].
    """
    from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentiText

    analyser: Any = _analyser()
    tokens = _tokens(text)
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
class _Token:
    """A word, an emoji or an idiom."""

    shown: str
    """As it stands in the text: what may be quoted."""
    plain: str
    """In the form that the lexicons know, with its punctuation."""
    drawn: bool
    """Whether it was drawn out ("soooo")."""


def _tokens(text: str) -> list[_Token]:
    import emoji

    text = emoji.replace_emoji(text.replace("’", "'"), lambda chars, _: f" {chars} ")
    text = _IDIOM.sub(lambda m: "\u2009".join(m.group().split(" ")), text)  # held together by thin spaces
    tokens: list[_Token] = []
    for token in re.split(r"[ \t\n]+", text.strip()):
        spaced = token.replace("\u2009", " ")
        core = spaced.strip(".,!?;:'\"()…")
        if emoji.is_emoji(core):
            tokens.append(_Token(core, emoji.demojize(core, delimiters=("", "")).replace("_", " "), drawn=False))
            continue
        usual = IDIOMS.get(core.lower()) or _LAUGH.sub("haha", core)
        drawn = bool(_REPEATED.search(usual))
        usual = _undrawn(usual) if drawn else usual
        tokens.append(_Token(core or spaced, spaced.replace(core, usual, 1) if core else spaced, drawn))
    return tokens


def _undrawn(word: str) -> str:
    """The usual form of a drawn-out word: with double letters when the lexicon knows it so ("goood"), else single ("sooo")."""
    double, single = _REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word)
    return double if double.lower() in _analyser().lexicon else single


def _named(tokens: list[_Token]) -> dict[str, list[str]]:
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


def _with_negator(tokens: list[_Token], index: int) -> str:
    """A word with the negation up to three words before it, as it stands in the text."""
    shown = [t.shown for t in tokens]
    begin = next((i for i in range(max(0, index - 3), index) if _NEGATED.match(shown[i].lower())), index)
    return " ".join(shown[begin : index + 1])


def _subject(kept: float) -> str:
    return "the words" if kept > 0.9 else _MADE_OUT


def _clause(valence: float, strong: tuple[list[str], list[str]], named: dict[str, list[str]], subject: str) -> str:
    whole = subject != _MADE_OUT
    hedge = (
        "clearly" if abs(valence) >= _CLEAR and whole else "probably" if abs(valence) >= _SOME else "possibly slightly"
    )
    kind = "positive" if valence > 0 else "negative"
    ranked = sorted(named, key=lambda label: (-len(named[label]), EKMAN.index(label)))[:2]
    names = " and ".join(f'{label} ("{named[label][0]}")' for label in ranked)
    if strong[0] and strong[1]:
        against = f'"{strong[0][0]}" against "{strong[1][0]}"'
        how = f"mostly {kind}" if abs(valence) >= _CLEAR else "mixed"
        base = f"{subject} are {how} ({valence:.2f}), with {against}"
    elif abs(valence) < _NONE:
        return f"{subject} possibly name {names}" if names else f"{subject} carry no clear feeling"
    else:
        carriers = strong[0] if valence > 0 else strong[1]
        shown = " and ".join(f'"{w}"' for w in carriers[:2])
        base = f"{subject} are {hedge} {kind} ({valence:.2f})" + (f", with {shown}" if shown else "")
    return f"{base}; they name {names}" if names else base


def _joined(first: Span | None, second: Span | None) -> Span | None:
    if first is None or second is None:
        return first or second
    return Span(start=min(first.start, second.start), end=max(first.end, second.end))


@cache
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
