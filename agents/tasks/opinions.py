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
from cuechain.agents.tasks.turns import Line, plain

Polarity = Literal["positive", "neutral", "negative"]

CARRIES = 1.5
"""Valence, of 4, from which a word of VADER's lexicon judges by itself ("ok" has 1.2). Chosen with the rules on the product reviews of
Hu & Liu (2004): the phrase judged is an annotated one (same last word) in 18 % of 1,983, the noun before the strongest word in 7 %."""

NEUTRAL = 0.05
"""Compound score under which a clause is neither well nor ill meant: VADER's own limit (Hutto & Gilbert 2014)."""

LONGEST = 4
"""Words of a phrase that is judged, at most."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TOKEN = re.compile(r"\w+?(?=n['’]t\b)|n['’]t\b|\w+(?:-\w+)*|['’]\w+|[^\w\s]")
_NOTE = re.compile(r"\[[^\]]*\]")
"""What stands in brackets is not said: "[picture: …]"."""
_SENTENCE = re.compile(r"[^.!?;…]+(?:[.!?;…]+|$)")
_COPULA = _set("is are was were be been being seem seems seemed feel feels felt look looks looked sound sounds sounded taste tastes"
               " remain remains become becomes became get gets got")  # fmt: skip
_PRONOUN = _set(
    "i you he she it we they me him her us them this that these those there what who which one everything something nothing"
)
_DETERMINER = _set("a an the this that these those my your his her its our their some any each every such no both all")
_ADVERB = _set("so very really quite too pretty just not n't rather more most less even still also always never only almost much as bit"
               " somewhat far way simply super well often sometimes already definitely now then here somehow around")  # fmt: skip
_PREPOSITION = _set(
    "of in on at for with from during about to by into over under than like without within between among through"
)
_JOIN = _set(
    "and but or that because since though although while when if as how so yet whereas unless until then why where which who"
)
_OPENS = _set(
    "think thinks thought find finds found believe believes say says said guess feel consider considered agree mean know"
)
_FINDS = _set("find finds found consider considered")
_VERBS = _set("do does did have has had can could will would should may might must make makes made let go goes went come comes came"
              " give gives gave take takes took use used need needs keep keeps help helps offer offers add adds don going"
              " called")  # fmt: skip
_LIKES = _set("love loves loved like likes liked enjoy enjoys enjoyed hate hates hated dislike dislikes disliked prefer adore appreciate"
              " appreciated admire miss missed recommend regret")  # fmt: skip
_POLITE = _set(
    "agree agreed yes sure true thanks thank please well hope wish like kind point right hey ok okay no want"
)
"""Words with a valence that mostly greet, agree or mean something else."""
_REASON = _set("because since due thanks considering")
_AS = re.compile(
    r",?\s\b(?:as)\s+(?:it|they|he|she|we|you|i|the|this|that|these|those|my|our|their|its|there)\b", re.IGNORECASE
)
_STOP = _PRONOUN | _DETERMINER | _ADVERB | _PREPOSITION | _JOIN | _OPENS | _VERBS | _COPULA | _LIKES


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


def judgements(lines: Sequence[Line]) -> list[Judged]:
    """Everything that the turns judge, in order; a phrase that only points back ("they are loud") takes the one judged before it."""
    raw = [(line, *one) for line in lines for one in _clauses(line.text)]
    names = Counter(plain(n) for _, _, _, found, words in raw for n in _names(found, words) if n)
    topic = _topic(lines, names)
    done: list[Judged] = []
    before = topic
    for line, clause, reason, found, words in raw:
        aspect, target = (*_names(found, words), "")[:2]
        aspect = aspect or before
        if not aspect:
            continue
        target = target or topic or aspect
        opinion = _text(words, found.opinion, clause)
        done.append(
            Judged(
                line,
                target,
                aspect,
                opinion,
                _polarity(clause, reason, line),
                reason or clause.strip(" .,;!?"),
                found.weight,
            )
        )
        before = aspect
    return done


def strongest(found: Sequence[Judged]) -> list[Judged]:
    """Of each turn the plainest judgement; of equals the last, for people agree first and judge then."""
    best: dict[int, Judged] = {}
    for one in found:
        if one.line.number not in best or one.weight >= best[one.line.number].weight:
            best[one.line.number] = one
    return [best[n] for n in sorted(best)]


def _clauses(text: str) -> Iterator[tuple[str, str, _Found, list[_Word]]]:
    """(clause, reason, places, words) of each sentence that judges."""
    sentences = [m.group().strip() for m in _SENTENCE.finditer(_NOTE.sub(" ", text))]
    for place, sentence in enumerate(sentences):
        if sentence.endswith("?"):  # who asks does not judge yet
            continue
        clause, reason = _parted(sentence)
        words = [_Word(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(clause)]
        found = _found(words)
        if found is None:
            continue
        following = sentences[place + 1] if place + 1 < len(sentences) else ""
        following = "" if following.endswith("?") else following.strip(" .,;!?")
        bonus = 1.0 if reason else 0.0
        yield clause, reason or following, _Found(found.opinion, found.phrase, found.weight + bonus), words


def _parted(sentence: str) -> tuple[str, str]:
    """A sentence without its reason, and the reason from its first word on; empty where none is given."""
    cuts = [m.start() for w in _REASON if (m := re.search(rf"\b{w}\b", sentence, re.IGNORECASE))]
    cuts += [m.start() for m in [_AS.search(sentence)] if m]
    which = re.search(r",\s+which\b", sentence)
    cuts += [which.start()] if which else []
    cut = min((c for c in cuts if sentence[:c].strip(" ,")), default=None)
    if cut is None:
        if cuts and "," in sentence:  # the reason stands first
            first, _, rest = sentence.partition(",")
            return rest, first.strip()
        return sentence, ""
    return sentence[:cut], sentence[cut:].strip(" ,.;!?")


def _found(words: Sequence[_Word]) -> _Found | None:
    """The words of a clause that judge most plainly, and the phrase that they judge."""
    lexicon: dict[str, float] = vader().lexicon
    found = [f for place, w in enumerate(words) if w.low in _COPULA and (f := _predicate(words, place, lexicon))]
    for place, word in enumerate(words):
        valence = abs(lexicon.get(word.low, 0.0))
        following = words[place + 1].low if place + 1 < len(words) else ""
        verb = place and (words[place - 1].low in _PRONOUN | _ADVERB | _VERBS or following in _PRONOUN | _DETERMINER)
        if word.low in _LIKES and verb:
            found.append(_Found((place, place + 1), _after(words, place + 1), 1.5 + valence / 8))
        elif valence >= CARRIES and word.low not in _POLITE | _LIKES:
            begin = _back(words, place)
            phrase = _after(words, place + 1, near=True) or _between(words, begin) or _before(words, begin)
            found.append(_Found((begin, place + 1), phrase, 1.0 + valence / 8))
    found += [f for place, w in enumerate(words) if w.low in _FINDS and (f := _verdict(words, place))]
    return max(found, key=lambda f: (f.weight, f.opinion), default=None)


def _verdict(words: Sequence[_Word], place: int) -> _Found | None:
    """ "I find the screen really dim": what stands last in the phrase after the verb, about what stands before it."""
    begin = end = place + 1
    while end < len(words) and (
        _names_something(words[end]) or words[end].low in _DETERMINER | _ADVERB | _PREPOSITION | {"it", "them"}
    ):
        end += 1
    opinion = _back(words, end - 1) if end - begin >= 2 and _names_something(words[end - 1]) else begin
    return _Found((opinion, end), _trimmed(words, begin, opinion), 2.0) if opinion > begin else None


def _predicate(words: Sequence[_Word], place: int, lexicon: dict[str, float]) -> _Found | None:
    """ "The screen is really dim": what stands after the verb, about what stands before it."""
    begin = place + 1
    at = begin
    while at < len(words) and (words[at].low in _ADVERB or words[at].low.endswith("ly")):
        at += 1
    if at >= len(words) or words[at].low in _STOP or not words[at].text[0].isalpha():
        return None
    word, following = words[at].low, words[at + 1].low if at + 1 < len(words) else ""
    charged = abs(lexicon.get(word, 0.0)) >= CARRIES
    if not charged and not words[at].text.islower():
        return None
    doing = word.endswith("ing") and following and following[0].isalpha() and following not in _JOIN | _PREPOSITION
    if doing or (words[place].low in _set("get gets got feel felt look looked") and not charged):
        return None
    return _Found((begin, at + 1), _before(words, place), 3.0 if charged else 2.0)


def _before(words: Sequence[_Word], end: int) -> tuple[int, int] | None:
    """The phrase that ends before a place or a few words earlier, without articles."""
    while end > 0 and not _names_something(words[end - 1]):
        end -= 1
    begin = end
    while begin > 0 and (_names_something(words[begin - 1]) or words[begin - 1].low in _DETERMINER | _PREPOSITION):
        begin -= 1
    return _trimmed(words, begin, end)


def _between(words: Sequence[_Word], end: int) -> tuple[int, int] | None:
    """ "I find the screen dim": what stands between the verb and the word that judges."""
    for begin in range(end - 1, max(-1, end - LONGEST - 3), -1):
        if words[begin].low in _OPENS:
            return _trimmed(words, begin + 1, end)
    return None


def _after(words: Sequence[_Word], begin: int, *, near: bool = False) -> tuple[int, int] | None:
    """The phrase that begins at a place; `near`: with no word between."""
    while not near and begin < len(words) and words[begin].low in _DETERMINER | _ADVERB:
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
        words[begin].low in _STOP or not words[begin].text[0].isalnum() or words[begin].low.endswith("ly")
    ):
        begin += 1
    while end > begin and (words[end - 1].low in _STOP or words[end - 1].low.endswith("ly")):
        end -= 1
    return (begin, end) if end > begin else None


def _back(words: Sequence[_Word], place: int) -> int:
    """Where the adverbs before a word begin."""
    while place > 0 and (words[place - 1].low in _ADVERB or words[place - 1].low.endswith("ly")):
        place -= 1
    return place


def _names_something(word: _Word) -> bool:
    return (word.text[0].isalnum() and word.low not in _STOP) or word.low in ("'s", "’s")


def _names(found: _Found, words: Sequence[_Word]) -> tuple[str, str]:
    """Aspect and target of a phrase: "battery of the phone" and "the phone's battery" name both; else the target is empty."""
    if found.phrase is None:
        return "", ""
    inside = words[slice(*found.phrase)]
    for place, word in enumerate(inside):
        if word.low in _PREPOSITION:
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
        if m.group().lower() not in _STOP and all(m.group() != other.speaker for other in lines)
    )
    texts = [f" {plain(line.text)} " for line in lines]
    ranked = [(sum(f" {plain(name)} " in t for t in texts) + (name in proper), name) for name in [*proper, *names]]
    return max(ranked, key=lambda r: r[0], default=(0, ""))[1]


def _text(words: Sequence[_Word], span: tuple[int, int], clause: str) -> str:
    return clause[words[span[0]].start : words[span[1] - 1].end]


def _polarity(clause: str, reason: str, line: Line) -> Polarity:
    """By the lexicon in the clause, else in its reason; where it knows no word of them, by what a text model hears in the turn."""
    for text in (clause, reason):
        score = float(vader().polarity_scores(text)["compound"])
        if abs(score) > NEUTRAL:
            return "positive" if score > 0 else "negative"
    heard = polarity(line.valence or 0.0)
    return "neutral" if heard == "mixed" else heard
