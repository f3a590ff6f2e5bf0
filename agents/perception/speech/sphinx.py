"""PocketSphinx, the recogniser that ships with its own English model: words that it is unsure of are left out, and guesses refused.

PocketSphinx always answers something, for German, music and babble too. Each stretch is decoded twice, once trusting the language model
as it does by default and once trusting it half as much. What was really heard keeps its posterior probability; what the language
model made up loses it. Stretches over which noise, music or an echo lies are not listened to: there it is as sure of wrong words as of
right ones. `benchmarks/transcript.py` measures what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.activity import clean
from cuechain.agents.perception.speech.decoders import Decoding, decoder
from cuechain.agents.perception.texts.written import Utterance
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

SURE = 0.5
"""Posterior of a word in both passes from which it is kept; one German word in seven gets there."""

MADE_OUT = 0.3
"""Share of kept words in all that is said from which a clip is told at all; German reaches about 0.15."""

# Narrow beams, a third of the time: music and foreign speech, where nothing fits, would take four times as long as clear words.
_BEAMS = {"maxhmmpf": 1000, "maxwpf": 5, "beam": 1e-40, "pbeam": 1e-40, "wbeam": 1e-22}

USUAL: dict[str, Any] = {"samprate": RATE, "loglevel": "FATAL"} | _BEAMS
"""Options of the first pass."""

DOUBTING: dict[str, Any] = USUAL | {"lw": 3.5, "bestpathlw": 5.0, "fwdflat": False}
"""Options of the second pass, which trusts the language model less; the weights are 6.5 and 9.5 by default."""

_FALL = 18.0
"""Decibels by which the level of clear speech falls within 60 ms again and again (97th percentile of the loud frames), when a vowel is
cut off by a stop or a pause. Clear recordings reach 19 to 26; an echo of half a second (60 dB in 0.5 s is 7 in 60 ms) 9 to 14, speech
over music or babble 10 dB below it 9 to 17."""

_TRIAL = 60.0
"""Seconds of speech after which a clip of guesses is given up, so that an hour of it does not take twenty minutes."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a decoding."""

    text: str
    """Lower case, without the number of its pronunciation."""
    start: int
    """First frame of 10 ms."""
    end: int
    """Last frame."""
    posterior: float
    """Probability in the word lattice."""


class MadeOut(NamedTuple):
    """What PocketSphinx made of a clip."""

    utterances: list[Utterance]
    """Utterances of which enough was made out; empty when that is too little of the whole."""
    share: float
    """Share of the words that are told, about, 0 to 1."""
    blurred: int
    """Stretches that were not listened to."""


def sphinx(sound: np.ndarray, stretches: list[Span]) -> MadeOut:
    """What is said, by PocketSphinx; unsure words as `…`.

    Args:
        sound: Waveform at RATE.
        stretches: Where somebody speaks.
    """
    clear = [s for s in stretches if is_clear(sound[round(s.start * RATE) : round(s.end * RATE)])]
    found: list[Utterance] = []
    kept = heard = told = 0
    seconds = 0.0
    for stretch, words in recognised(sound, clear):
        sure = [score >= SURE for _, score in words]
        kept, heard, seconds = kept + sum(sure), heard + len(words), seconds + stretch.length
        if seconds > _TRIAL and kept < MADE_OUT * heard:
            break
        if sum(sure) >= 2 + MADE_OUT * len(words):  # no German one of 60 gets there, nor does an answer of a word
            confidence = sum(score for _, score in words if score >= SURE) / sum(sure)
            text = _quoted([w.text if s else None for (w, _), s in zip(words, sure, strict=True)])
            found.append(Utterance(text, stretch, None, confidence, kept=sum(sure) / len(words), language="en"))
            told += sum(sure)
    if kept < max(2.0, MADE_OUT * heard):
        found, told = [], 0
    spoken = heard * sum(s.length for s in stretches) / seconds if seconds else 0.0
    return MadeOut(found, told / spoken if spoken else 0.0, len(stretches) - len(clear))


def is_clear(piece: np.ndarray) -> bool:
    """Whether the level falls as fast as speech does that nothing lies over."""
    import numpy as np

    hop = RATE // 100
    piece = clean(piece)
    if len(piece) < 12 * hop:
        return False
    power = (piece[: len(piece) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    level = 10 * np.log10((power[1:] + power[:-1]) / 2 + 1e-10)
    loud = level[:-6] > np.percentile(level, 95) - 15
    return bool(loud.any()) and float(np.percentile((level[:-6] - level[6:])[loud], 97)) >= _FALL


def recognised(sound: np.ndarray, stretches: Iterable[Span]) -> Iterator[tuple[Span, list[tuple[Word, float]]]]:
    """Words of the first pass, each with its lesser posterior of both, stretch by stretch.

    Each pass has a process of its own, since PocketSphinx lets no other thread of its process run. The second pass of a stretch runs
    beside the first one of the next, and only where the first leaves hope. Both processes are kept for the next clip.

    Raises:
        ToolError: A process could not be started, or died.
    """
    before: tuple[Span, list[Word], bool] | None = None
    with ExitStack() as stack:
        one, other = stack.enter_context(decoder(USUAL)), None
        for stretch in stretches:
            piece = clean(sound[round(stretch.start * RATE) : round(stretch.end * RATE)])
            one.send(piece)
            first = _words(one)
            if before:
                yield _scored(*before, other)
            hope = sum(word.posterior >= SURE for word in first) >= 2 + MADE_OUT * len(first)
            if hope:
                other = other or stack.enter_context(decoder(DOUBTING))
                other.send(piece)
            before = stretch, first, hope
        if before:
            yield _scored(*before, other)


def _scored(
    stretch: Span, first: list[Word], hope: bool, doubting: Decoding | None
) -> tuple[Span, list[tuple[Word, float]]]:
    second = _words(doubting) if hope and doubting else []
    return stretch, [
        (word, min(word.posterior, max((o.posterior for o in second if _same(word, o)), default=0.0))) for word in first
    ]


def _words(decoding: Decoding) -> list[Word]:
    return [
        Word(text.split("(")[0], start, end, min(1.0, posterior))
        for text, start, end, posterior in decoding.received()
        if text[0] not in "<["  # silence and noise
    ]


def _same(one: Word, other: Word) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return one.text == other.text and shared > 0.3 * (one.end - one.start)


def _quoted(words: list[str | None]) -> str:
    """Words as a line, one `…` for each row of unsure ones."""
    shown: list[str] = []
    for word in words:
        if word is None:
            if shown[-1:] != ["…"]:
                shown.append("…")
        else:
            shown.append("I" + word[1:] if word == "i" or word.startswith("i'") else word)
    return " ".join(shown)
