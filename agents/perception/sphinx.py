"""PocketSphinx, the recogniser that ships with its own English model: words that it is unsure of are left out, and guesses refused.

PocketSphinx always answers something, for German, music and babble too. Each stretch is decoded twice, once trusting the language model
as it does by default and once trusting it half as much. What was really heard keeps its posterior probability; what the language
model made up loses it. The limits below were set on German speech alone (`benchmarks/sphinx.py`), where every word is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cuechain.agents.media import RATE
from cuechain.agents.perception.speech import clean
from cuechain.agents.perception.written import Utterance
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

SURE = 0.5
"""Mean posterior of a word in the two passes from which it is kept; one German word in twelve gets there."""

MADE_OUT = 0.3
"""Share of kept words in all that is said from which a clip is told at all; German reaches about 0.1."""

_HOPE = 0.3
"""Posterior in the first pass alone below which a word hardly ever gets to SURE in both."""

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


def heard_enough(kept: int, words: int) -> bool:
    """Whether an utterance with this many sure words of this many is told. No German one of 70 is, so neither are answers of a word."""
    return kept >= 2 + 0.3 * words


def sphinx(sound: np.ndarray, stretches: list[Span]) -> list[Utterance]:
    """What is said, by PocketSphinx; unsure words as `…`.

    Args:
        sound: Waveform at RATE.
        stretches: Where somebody speaks.

    Returns:
        Utterances of which enough was made out; empty when that is too little of the whole.
    """
    passes = decoders()
    found: list[Utterance] = []
    kept = heard = 0
    seconds = 0.0
    for stretch in stretches:
        piece = clean(sound[round(stretch.start * RATE) : round(stretch.end * RATE)])
        if len(piece) < RATE // 10:
            continue
        words = scored(piece, passes)
        sure = [score >= SURE for _, score in words]
        kept, heard, seconds = kept + sum(sure), heard + len(words), seconds + stretch.length
        if seconds > _TRIAL and kept < MADE_OUT * heard:
            break
        if heard_enough(sum(sure), len(words)):
            confidence = sum(score for _, score in words if score >= SURE) / sum(sure)
            text = _quoted([w.text if s else None for (w, _), s in zip(words, sure, strict=True)])
            found.append(Utterance(text, stretch, confidence=min(1.0, confidence), kept=sum(sure) / len(words)))
    return found if kept >= max(2.0, MADE_OUT * heard) else []


def decoders() -> tuple[Any, Any]:
    """The two passes: PocketSphinx's own weights of the language model (6.5, 8.5 and 9.5 in its three searches), and half of them."""
    from pocketsphinx import Decoder

    # Bounds on the search: music and foreign speech, where nothing fits, otherwise take four times as long as clear words.
    narrow = {"samprate": RATE, "loglevel": "FATAL", "maxhmmpf": 3000, "maxwpf": 10}
    return Decoder(**narrow), Decoder(**narrow, lw=3.5, fwdflatlw=4.5, bestpathlw=5.0)


def scored(piece: np.ndarray, passes: tuple[Any, Any]) -> list[tuple[Word, float]]:
    """Words of the first pass, each with its mean posterior in both.

    Args:
        piece: Waveform of one utterance at RATE.
        passes: See `decoders`.
    """
    first = _decoded(piece, passes[0])
    # The second pass takes twice as long, and longer where nothing fits: only where the first leaves hope.
    hope = heard_enough(sum(word.posterior >= _HOPE for word in first), len(first))
    second = _decoded(piece, passes[1]) if hope else []
    return [
        (word, (word.posterior + max((o.posterior for o in second if _same(word, o)), default=0.0)) / 2)
        for word in first
    ]


def _decoded(piece: np.ndarray, decoder: Any) -> list[Word]:
    import numpy as np

    decoder.start_utt()
    decoder.process_raw((piece * 32767).astype(np.int16).tobytes(), full_utt=True)
    decoder.end_utt()
    return [
        Word(s.word.split("(")[0], s.start_frame, s.end_frame, min(1.0, float(s.prob)))
        for s in decoder.seg() or ()
        if s.word[0] not in "<["  # silence and noise
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
