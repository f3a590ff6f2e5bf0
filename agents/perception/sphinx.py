"""PocketSphinx, the recogniser that ships with its English model: words it is unsure of are left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cuechain.agents.media import RATE
from cuechain.agents.perception.speech import clean
from cuechain.agents.perception.written import Utterance
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np


def sphinx(sound: np.ndarray, stretches: list[Span]) -> Iterator[Utterance]:
    """What is said, by PocketSphinx; unsure words as `…`.

    Args:
        sound: Waveform at RATE.
        stretches: Where somebody speaks.
    """
    import numpy as np
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE, loglevel="FATAL")
    for stretch in stretches:
        piece = clean(sound[round(stretch.start * RATE) : round(stretch.end * RATE)])
        if len(piece) < RATE // 10:
            continue
        decoder.start_utt()
        decoder.process_raw((piece * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        words = [s.word.split("(")[0] for s in decoder.seg() or () if s.word[0] not in "<["]
        if words:
            yield Utterance(" ".join(words), stretch, confidence=0.3, kept=0.0)
