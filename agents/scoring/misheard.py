"""Transcripts as a recogniser that errs would have written them, and what the senses that read words find in them then."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import cache

from cuechain.agents.media import Clip
from cuechain.agents.perception import senses
from cuechain.agents.perception.texts.language import COMMON, line_language
from cuechain.agents.perception.texts.reading import tokenizer
from cuechain.agents.perception.transcript import quoted
from cuechain.agents.settings import Settings
from cuechain.agents.textualize import textualize
from cuechain.agents.values import Cue, CueSheet, Gap

SHARES = {"substituted": 0.6, "deleted": 0.2, "inserted": 0.2}
"""Kinds of word errors. Ours: substitutions lead in recognisers of every make; their exact share differs from one to the next."""

NEAR = 5
"""Words of like sound that one is mistaken for: the commonest ones, as a recogniser's language model would have it."""

READERS = ("words", "situation")
"""Senses that know nothing but the words: they read again when those change. The voice keeps its times."""

_CORE = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)
_CODES = {c: str(n) for n, group in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for c in group}


def misheard(text: str, rate: float, chance: random.Random) -> tuple[str, int]:
    """A text with word errors: each word errs with probability `rate`, so that the expected word error rate is just that.

    A substitute is one of the NEAR commonest words that sound alike (the same Soundex code) in the vocabulary of the words model
    (WordPiece of MiniLM, some 20,000 whole words in order of how common they are); for words of one or two letters and for those that
    sound like no other, a common English word. What is inserted is a common word. Capital and punctuation stay, as recognisers set them
    by the sentence. Signs without a letter or digit are no words, and stay.

    Args:
        text: The words.
        rate: Expected word error rate, 0 to 1.
        chance: Where the draws come from.

    Returns:
        The text, perhaps empty, and the number of errors.
    """
    kept: list[str] = []
    errors = 0
    for word in text.split():
        if not any(c.isalnum() for c in word) or chance.random() >= rate:
            kept.append(word)
            continue
        errors += 1
        (kind,) = chance.choices(list(SHARES), list(SHARES.values()))
        if kind == "substituted":
            kept.append(_mistaken(word, chance))
        elif kind == "inserted":
            kept += [word, chance.choice(_common())]
    return " ".join(kept), errors


def soundex(word: str) -> str:
    """How a word sounds, roughly: its first letter and three digits (Russell 1918, as the US National Archives apply it); empty without
    a letter of a to z in front."""
    letters = [c for c in word.lower() if "a" <= c <= "z"]
    if not letters or not word[:1].isascii() or not word[:1].isalpha():
        return ""
    code, last = letters[0].upper(), _CODES.get(letters[0], "")
    for c in letters[1:]:
        digit = _CODES.get(c, "")
        if digit and digit != last:
            code += digit
        if c not in "hw":  # h and w do not part two consonants of one group, vowels do
            last = digit
    return (code + "000")[:4]


def _mistaken(word: str, chance: random.Random) -> str:
    found = _CORE.match(word)
    before, core, after = found.groups() if found else ("", word, "")
    near = [w for w in _alike().get(soundex(core), ()) if w != core.lower()][:NEAR] if len(core) > 2 else []
    said = chance.choice(near or [w for w in _common() if w != core.lower()])
    return before + (said.capitalize() if core[:1].isupper() else said) + after


@cache
def _common() -> tuple[str, ...]:
    return tuple(sorted(w for w in COMMON if w.isalpha()))


@cache
def _alike() -> dict[str, tuple[str, ...]]:
    """Soundex code to the words of the vocabulary that have it, the commonest first: BERT's vocabulary is ordered so."""
    vocabulary: dict[str, int] = tokenizer().get_vocab()
    words = sorted((w for w in vocabulary if len(w) > 2 and w.isascii() and w.isalpha()), key=lambda w: vocabulary[w])
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(soundex(word), []).append(word)
    return {code: tuple(same) for code, same in found.items()}


def reworded(cue: Cue, words: str) -> Cue:
    """A transcript cue with other words in its quotation marks, as the transcript sense would have made it."""
    said = quoted(cue)
    begin = cue.text.index(f'"{said}"') + 1
    text = cue.text[:begin] + words + cue.text[begin + len(said) :]
    count = len([w for w in words.split() if any(c.isalnum() for c in w)])
    measures = {k: v for k, v in cue.measures.items() if k != "language"} | {"words": count}
    language = line_language(words) if count else None
    if language:
        measures["language"] = language
    return cue.model_copy(update={"text": text, "measures": measures, "salience": 0.3 if count < 2 else 0.6})


def reread(sheet: CueSheet, cues: Sequence[Cue], settings: Settings) -> CueSheet:
    """A sheet of other cues, what carries words read again by the senses that read them; with the same cues it is the same sheet.

    Args:
        sheet: As it was perceived.
        cues: What it shall hold instead, cues of READERS left out; a sheet that names no media keeps its own of these.
        settings: Which senses are in use, language, budget.
    """
    there = {c.sense for c in sheet.cues.values()} | {g.sense for g in sheet.gaps}
    used = [s for s in senses(settings) if s.name in READERS] if sheet.media and there & set(READERS) else []
    kept = [c for c in sheet.cues.values() if c.sense in READERS] if not used else []
    gaps = [g for g in sheet.gaps if not used or g.sense not in READERS]
    several = len(sheet.media) > 1
    for media in sheet.media if used else ():
        heard = [c for c in cues if not several or c.media == media.id]
        heard = [c for c in heard if c.sense in ("transcript", "screen")]
        for sense in used if heard else ():
            for found in sense(settings).perceive(Clip(media), heard):
                if isinstance(found, Gap):
                    gaps.append(found)
                else:
                    kept.append(found.model_copy(update={"media": media.id}) if several else found)
    return assembled(sheet, [*cues, *kept], gaps, settings)


def assembled(sheet: CueSheet, cues: Iterable[Cue], gaps: Iterable[Gap], settings: Settings) -> CueSheet:
    """A sheet of other cues and gaps about the same media, as the pipeline would have put it together."""
    made = textualize(sheet.media, sorted(cues, key=lambda c: c.sense), gaps, budget=settings.budget)
    return made.model_copy(update={"dropped": made.dropped + sheet.dropped})
