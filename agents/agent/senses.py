"""Senses that a question asks for alone, or wants left out: "what about her voice?", "and if you ignored the words?"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = {
    "voice": "voice", "tone": "voice", "tone of voice": "voice", "sound of the voice": "voice",
    "face": "face", "facial expression": "face", "expression": "face", "facial expressions": "face",
    "words": "words", "what she says": "words", "what he says": "words", "what they say": "words", "what is said": "words",
    "transcript": "words", "text": "words",
}  # fmt: skip
_SENSE = rf"(?:(?:the|his|her|their|its) )?({'|'.join(sorted(_NAMES, key=len, reverse=True))})"
_OUT = re.compile(
    rf"\b(?:ignor\w+|without|leav\w+ out|left out|disregard\w*|forget|except(?: for)?|apart from|not counting|if not for)"
    rf" {_SENSE}(?:(?:,| and| or) (?:the )?{_SENSE})?\b", re.I
)  # fmt: skip
_ALONE = re.compile(
    rf"^\W*(?:(?:and|but|so|then)\b\W*)*(?:(?:what|how) about|(?:and|only|just))\b\W*(?:only |just )?{_SENSE}(?: (?:alone|only))?\W*$"
    rf"|\b(?:only|just|alone) (?:(?:by|from|on|to|with|at|in) )?{_SENSE}\b"
    rf"|\b{_SENSE} (?:alone|only)\b", re.I
)  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """Senses (`words`, `voice`, `face`) that a question is about."""

    only: frozenset[str] = frozenset()
    """Those that it asks for alone."""
    without: frozenset[str] = frozenset()
    """Those that it wants left out."""

    @property
    def lead(self) -> str:
        """How the answer begins."""
        names = " and ".join(f"the {name}" for name in sorted(self.only or self.without))
        return f"by {names} alone" if self.only else f"without {names}" if names else ""

    def has(self, sense: str) -> bool:
        """Whether a sense counts."""
        return sense in self.only if self.only else sense not in self.without


def chosen(question: str) -> Chosen:
    """Which senses a question asks for; all of them where it names none."""
    if out := _OUT.search(question):
        return Chosen(without=frozenset(_NAMES[name.lower()] for name in out.groups() if name))
    if alone := _ALONE.search(question):
        return Chosen(only=frozenset(_NAMES[name.lower()] for name in alone.groups() if name))
    return Chosen()


def impersonal(question: str) -> str:
    """The question without whose sense it is: "what about her voice?" asks of nobody else."""
    return re.sub(rf"\b(?:his|her|their) (?={'|'.join(_NAMES)})\b", "the ", question, flags=re.I)
