"""What the words of a text judge, without a parser: words that judge, the phrase beside them, and the clause that gives a reason.

Rules of English order alone, kept few: a predicate ("the screen is dim"), a word with a valence in VADER's lexicon beside a noun ("great
screen") or as a verb ("I love the screen"). They find what is said plainly; what is only meant, they miss.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cuechain.agents.llm.labels import polarity, vader
from cuechain.agents.tasks import english
from cuechain.agents.tasks.turns import Line, plain

Polarity = Literal["positive", "neutral", "negative"]

CARRIES = 1.5
"""Valence, of 4, from which a word of VADER's lexicon judges by itself ("ok" has 1.2). Chosen with the rules on the product reviews of
Hu & Liu (2004): the phrase judged is an annotated one (same last word) in 19 % of 2,127, the noun before the strongest word in 8 % of
2,734 (benchmarks/tuples.py --only reviews)."""

NEUTRAL = 0.05
"""Compound score under which a clause is neither well nor ill meant: VADER's own limit (Hutto & Gilbert 2014)."""

LONGEST = 4
"""Words of a phrase that is judged, at most."""


_TOKEN = re.compile(r"\w+?(?=n['’]t\b)|n['’]t\b|\w+(?:-\w+)*|['’]\w+|[^\w\s]")
_NOTE = re.compile(r"\[[^\]]*\]")
"""What stands in brackets is not said: "[picture: …]"."""
_SENTENCE = re.compile(r"[^.!?;…]+(?:[.!?;…]+|$)")


@dataclass(frozen=True)
class Judged:
    """One thing that a turn judges."""

    line: Line
    """The turn."""
    target: str
    """What it is about, in the words of the conversation."""
    aspect: str
    """Which side of it; the target itself where no side is named."""
    opinion: str
    """The words that judge."""
    sentiment: Polarity
    """Of the clause."""
    rationale: str
    """The clause that gives the reason, else the rest of what is said."""
    weight: float
    """How plainly it is said; to choose one of several."""


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        return self.text.lower()


@dataclass(frozen=True)
class _Found:
    """Places in the words of a clause."""

    opinion: tuple[int, int]
    phrase: tuple[int, int] | None
    weight: float

    @property
    def place(self) -> tuple[int, int]:
        """From the first to the last word of both."""
        parts = (self.opinion, self.phrase or self.opinion)
        return min(p[0] for p in parts), max(p[1] for p in parts)


def judgements(lines: Sequence[Line]) -> list[Judged]:
    """Everything that the turns judge, in order; a phrase that only points back ("they are loud") takes the one judged before it."""
    raw = [(line, *one) for line in lines for one in _clauses(line)]
    names = Counter(plain(n) for _, _, _, _, named, _ in raw for n in named if n)
    topic = _topic(lines, names)
    done: list[Judged] = []
    before = topic
    for line, opinion, sentiment, rationale, named, weight in raw:
        aspect, target = named[0] or before, named[1]
        if not aspect:
            continue
        done.append(Judged(line, target or topic or aspect, aspect, opinion, sentiment, rationale, weight))
        before = aspect
    return done


def strongest(found: Sequence[Judged]) -> list[Judged]:
    """Of each turn the plainest judgement; of equals the last, for people agree first and judge then."""
    best: dict[int, Judged] = {}
    for one in found:
        if one.line.number not in best or one.weight >= best[one.line.number].weight:
            best[one.line.number] = one
    return [best[n] for n in sorted(best)]


def _clauses(line: Line) -> Iterator[tuple[str, Polarity, str, tuple[str, str], float]]:
    """(words that judge, sentiment, reason or else the sentence, aspect and target, weight) of each thing that a turn judges."""
    sentences = [m.group().strip() for m in _SENTENCE.finditer(_NOTE.sub(" ", line.text))]
    for place, sentence in enumerate(sentences):
        if sentence.endswith("?"):  # who asks does not judge yet
            continue
        clause, reason = english.parted(sentence)
        words = [_Word(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(clause)]
        found = _found(words)
        following = sentences[place + 1] if place + 1 < len(sentences) else ""
        following = "" if following.endswith("?") else following.strip(" .,;!?")
        rationale = reason or following or clause.strip(" .,;!?")
        for n, one in enumerate(found):
            opinion = _text(words, one.opinion, clause)
            # What lies between the others that the sentence judges.
            begin = found[n - 1].place[1] if n else 0
            end = found[n + 1].place[0] if n + 1 < len(found) else len(words)
            sentiment = _polarity(opinion, _text(words, (begin, end), clause), reason or following, line)
            yield opinion, sentiment, rationale, _names(one, words), one.weight + (1.0 if reason else 0.0)


def _found(words: Sequence[_Word]) -> list[_Found]:
    """The words of a clause that judge most plainly, and those beside them that judge something else, each with the phrase that they
    judge, in order."""
    lexicon: dict[str, float] = vader().lexicon
    found = [f for place, w in enumerate(words) if w.low in english.COPULA and (f := _predicate(words, place, lexicon))]
    for place, word in enumerate(words):
        valence = abs(lexicon.get(word.low, 0.0))
        following = words[place + 1].low if place + 1 < len(words) else ""
        before = words[place - 1].low if place else ""
        verb = place and (
            before in english.PRONOUN | english.ADVERB | english.VERBS
            or following in english.PRONOUN | english.DETERMINER
        )
        if word.low in english.LIKES and verb and before not in english.COPULA:
            found.append(_Found((_back(words, place), place + 1), _after(words, place + 1), 1.5 + valence / 8))
        elif valence >= CARRIES and word.low not in english.POLITE | english.LIKES:
            begin = _back(words, place)
            phrase = _after(words, place + 1, near=True) or _between(words, begin) or _before(words, begin)
            found.append(_Found((begin, place + 1), phrase, 1.0 + valence / 8))
    found += [f for place, w in enumerate(words) if w.low in english.FINDS and (f := _verdict(words, place))]
    kept: list[_Found] = []
    for one in sorted(found, key=lambda f: (f.weight, f.opinion), reverse=True):
        apart = all(one.place[1] <= other.place[0] or other.place[1] <= one.place[0] for other in kept)
        if not kept or (one.phrase and (one.weight >= 1.5 or one.phrase[0] == one.opinion[1]) and apart):
            kept.append(one)
    return sorted(kept, key=lambda f: f.opinion)


def _verdict(words: Sequence[_Word], place: int) -> _Found | None:
    """ "I find the screen really dim": what stands last in the phrase after the verb, about what stands before it."""
    begin = end = place + 1
    while end < len(words) and (
        _names_something(words[end])
        or words[end].low in english.DETERMINER | english.ADVERB | english.PREPOSITION | {"it", "them"}
    ):
        end += 1
    opinion = _back(words, end - 1) if end - begin >= 2 and _names_something(words[end - 1]) else begin
    return _Found((opinion, end), _trimmed(words, begin, opinion), 2.0) if opinion > begin else None


def _predicate(words: Sequence[_Word], place: int, lexicon: dict[str, float]) -> _Found | None:
    """ "The screen is really dim": what stands after the verb, about what stands before it."""
    if place and words[place - 1].low == "there":
        return None
    begin = at = place + 1
    while at < len(words) and (words[at].low in english.ADVERB or _adverb(words, at)):
        at += 1
    if at >= len(words) or words[at].low in english.STOP or not words[at].text[0].isalpha():
        return None
    word, following = words[at].low, words[at + 1].low if at + 1 < len(words) else ""
    charged = abs(lexicon.get(word, 0.0)) >= CARRIES
    if not charged and not words[at].text.islower():
        return None
    doing = (
        word.endswith("ing")
        and following
        and following[0].isalpha()
        and following not in english.JOIN | english.PREPOSITION
    )
    if doing or (words[place].low in english.UNSURE and not charged):
        return None
    return _Found((begin, at + 1), _before(words, place), 3.0 if charged else 2.0)


def _adverb(words: Sequence[_Word], place: int) -> bool:
    """Whether a word in -ly says how: "really dim", where "friendly" stands alone."""
    return words[place].low.endswith("ly") and place + 1 < len(words) and _names_something(words[place + 1])


def _before(words: Sequence[_Word], end: int) -> tuple[int, int] | None:
    """The phrase that ends before a place or a few words earlier, without articles."""
    while end > 0 and not _names_something(words[end - 1]):
        if words[end - 1].low in english.POINTS:
            return None
        end -= 1
    begin = end
    while begin > 0 and (
        _names_something(words[begin - 1]) or words[begin - 1].low in english.DETERMINER | english.PREPOSITION
    ):
        begin -= 1
    return _trimmed(words, begin, end)


def _between(words: Sequence[_Word], end: int) -> tuple[int, int] | None:
    """ "I find the screen dim": what stands between the verb and the word that judges."""
    for begin in range(end - 1, max(-1, end - LONGEST - 3), -1):
        if words[begin].low in english.OPENS:
            return _trimmed(words, begin + 1, end)
    return None


def _after(words: Sequence[_Word], begin: int, *, near: bool = False) -> tuple[int, int] | None:
    """The phrase that begins at a place; `near`: with no word between."""
    while not near and begin < len(words) and words[begin].low in english.DETERMINER | english.ADVERB:
        begin += 1
    end = begin
    while end < len(words) and _names_something(words[end]):
        end += 1
    if end < len(words) and end > begin and words[end].low == "of":
        far = _after(words, end + 1)
        end = far[1] if far else end
    return (begin, end) if end > begin else None


def _trimmed(words: Sequence[_Word], begin: int, end: int) -> tuple[int, int] | None:
    while begin < end and (
        words[begin].low in english.STOP or not words[begin].text[0].isalnum() or words[begin].low.endswith("ly")
    ):
        begin += 1
    while end > begin and (words[end - 1].low in english.STOP or words[end - 1].low.endswith("ly")):
        end -= 1
    return (begin, end) if end > begin else None


def _back(words: Sequence[_Word], place: int) -> int:
    """Where the adverbs before a word begin."""
    while place > 0 and (words[place - 1].low in english.ADVERB or words[place - 1].low.endswith("ly")):
        place -= 1
    return place - (words[place].low in ("n't", "n’t") and place > 0)


def _names_something(word: _Word) -> bool:
    return (word.text[0].isalnum() and word.low not in english.STOP) or word.low in ("'s", "’s")


def _names(found: _Found, words: Sequence[_Word]) -> tuple[str, str]:
    """Aspect and target of a phrase: "battery of the phone" and "the phone's battery" name both; else the target is empty."""
    if found.phrase is None:
        return "", ""
    inside = words[slice(*found.phrase)]
    for place, word in enumerate(inside):
        if word.low in english.PREPOSITION:
            far = _after(inside, place + 1)
            return _joined(inside[:place]), _joined(inside[slice(*far)]) if far else ""
        if word.low in ("'s", "’s") and place and place + 1 < len(inside):
            return _joined(inside[place + 1 :]), _joined(inside[:place])
    return _joined(inside), ""


def _joined(words: Sequence[_Word]) -> str:
    kept = words[-LONGEST:]
    return " ".join(w.text for w in kept).replace(" '", "'").replace(" ’", "’").strip(" -—–,")


def _topic(lines: Sequence[Line], names: Counter[str]) -> str:
    """What the conversation is about: the named phrase that stands in most turns, of equals the first."""
    proper = Counter(
        m.group()
        for line in lines
        for m in re.finditer(r"(?<=[a-z,] )[A-Z][\w-]+(?: [A-Z][\w-]+)*", line.text)
        if m.group().lower() not in english.STOP and all(m.group() != other.speaker for other in lines)
    )
    texts = [f" {plain(line.text)} " for line in lines]
    ranked = [(sum(f" {plain(name)} " in t for t in texts) + (name in proper), name) for name in [*proper, *names]]
    return max((r for r in ranked if r[0] > 1), key=lambda r: r[0], default=(0, ""))[1]


def _text(words: Sequence[_Word], span: tuple[int, int], clause: str) -> str:
    return clause[words[span[0]].start : words[span[1] - 1].end]


def _polarity(opinion: str, clause: str, reason: str, line: Line) -> Polarity:
    """By the lexicon in the words that judge, else in their clause (after its "but"), else in the reason; where it knows none of these
    words, by what a text model hears in the turn."""
    for text in (opinion, re.split(r"\bbut\b", clause)[-1], reason):
        score = float(vader().polarity_scores(text)["compound"])
        if abs(score) > NEUTRAL:
            return "positive" if score > 0 else "negative"
    heard = polarity(line.valence or 0.0)
    return "neutral" if heard == "mixed" else heard
