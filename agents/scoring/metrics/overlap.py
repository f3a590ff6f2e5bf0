"""Words that two texts share."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from cuechain.agents.errors import ConfigError

_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff]"
_TOKEN = re.compile(rf"{_UNSPACED}|(?:(?!{_UNSPACED})\S)+")
"""A run without blanks, or one sign of Chinese or Japanese, which put no blanks between words."""

_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True)
class OverlapScore:
    """Texts against written references."""

    f1: float
    """Mean token F1 over items, each against its best reference; NaN with no item."""
    exact: float
    """Share of items whose tokens are those of a reference in the same order; NaN with no item."""
    n: int
    """Items scored."""
    no_reference: int
    """Items without a reference: left out."""
    empty: int
    """Scored items whose text has no token: F1 0."""


@lru_cache(maxsize=2**16)
def tokens(text: str) -> tuple[str, ...]:
    """Tokens of SQuAD's evaluation (Rajpurkar et al. 2016): lower case, no punctuation, no articles, split at blanks.

    Beyond it, punctuation of every script is left out, and signs of Chinese and Japanese are tokens by themselves. Emoji stay.
    """
    bare = unicodedata.normalize("NFC", text.lower()).translate(_dropped())
    return tuple(token for token in _TOKEN.findall(bare) if token not in _ARTICLES)


@cache
def _dropped() -> dict[int, None]:
    """Punctuation, and the symbols that ASCII has among its own: currency, accents, mathematics."""
    kinds = ((code, unicodedata.category(chr(code))) for code in range(0x10000))
    return {code: None for code, kind in kinds if kind[0] == "P" or kind in ("Sc", "Sk", "Sm")}


def token_f1(reference: str, text: str) -> float:
    """Harmonic mean of token precision and recall, each token as often as both have it, 0 to 1.

    1 when neither text has a token, 0 when one has none, as SQuAD 2.0 has it.
    """
    return _f1(tokens(reference), tokens(text))


def _f1(there: Sequence[str], said: Sequence[str]) -> float:
    if there == said or set(there).isdisjoint(said):
        return float(there == said)
    return 2 * sum((Counter(there) & Counter(said)).values()) / (len(there) + len(said))


def text_overlap(references: Sequence[Sequence[str]], texts: Sequence[str]) -> OverlapScore:
    """Token F1 and exact match of texts, each against the best of its references.

    Args:
        references: Written references per item; an item without one that has a token is left out and counted.
        texts: One per item.

    Raises:
        ConfigError: Lengths differ, or an item's references are one text instead of a list.
    """
    if len(references) != len(texts):
        raise ConfigError(
            f"{len(references)} lists of references and {len(texts)} texts", "give one text for each item"
        )
    if any(isinstance(given, str) for given in references):
        raise ConfigError(
            "an item's references are one text instead of a list", "give lists, such as ['she lost her keys']"
        )
    f1: list[float] = []
    exact = empty = 0
    for given, text in zip(references, texts, strict=True):
        there = [found for found in map(tokens, given) if found]
        if there:
            said = tokens(text)
            f1.append(max(_f1(reference, said) for reference in there))
            exact += said in there
            empty += not said
    n = len(f1)
    return OverlapScore(sum(f1) / n if n else float("nan"), exact / n if n else float("nan"), n, len(texts) - n, empty)
