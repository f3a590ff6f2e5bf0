"""What acted tone an utterance resembles: a posterior over seven tones, learned from acted German speech.

Shipped as `weights/tone/tone.json`, made by `cuechain finetune tone`. The model: the measures of an utterance are those of its tone, plus
an offset of the speaker, microphone and room that the whole session shares, plus chance, all normal; that is linear discriminant analysis
with a random effect (two-covariance model, Brümmer & de Villiers 2010). Where several utterances of one speaker are known, the offset is
estimated from them together with their tones, in turns (expectation-maximisation, Dempster, Laird & Rubin 1977): a speaker who is angry all
the time is not taken for one whose usual is that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cuechain.agents import weights
from cuechain.agents.perception.acoustics.phonation import SLOWER
from cuechain.agents.perception.acoustics.pitch import track
from cuechain.agents.perception.acoustics.timbre import slowed, timbre

if TYPE_CHECKING:
    import numpy as np

LEAST_VOICED = 0.1
"""Seconds of voice under which nothing can be measured; whether it is enough to tell a tone is for the sense to judge."""

HIGH, LOW = frozenset({"anger", "joy", "fear"}), frozenset({"sadness", "boredom", "neutral"})
"""Tones of high and of low arousal. Disgust is neither: its portrayals differ too much (Schuller et al. 2009 put EmoDB's with the low)."""

_BAD = frozenset({"anger", "fear", "sadness", "boredom", "disgust"})
"""Tones of negative valence (Schuller et al. 2009); joy is positive, neutral lies between."""

_FAR = 4.0
"""Deviations beyond which a measure is taken for a mistake and cut."""

SAME, LEAST = 0.3, 3
"""Deviation of arousal under which the utterances of a speaker are all in one tone, which may as well be how this speaker always sounds;
and utterances that such a judgement needs."""

_TURNS = 12
"""Rounds of estimating offset and tones in turn; after that nothing moves any more."""


class Tone(NamedTuple):
    """What one utterance resembles."""

    posterior: dict[str, float]
    """Share of each acted tone, calibrated on speakers that were held out; the sum is 1. All seven are taken for equally likely before."""
    relative: bool
    """Whether the speaker's other utterances were known."""

    @property
    def arousal(self) -> float:
        """-1 calm to 1 energetic: the share of the tones of high arousal less that of the low ones."""
        return sum(p * ((name in HIGH) - (name in LOW)) for name, p in self.posterior.items())

    @property
    def valence(self) -> float:
        """-1 to 1: the share of joy less that of the negative tones; a voice alone tells it poorly."""
        return sum(p * ((name == "joy") - (name in _BAD)) for name, p in self.posterior.items())


class Head(NamedTuple):
    """Learned numbers; `d` measures, `c` tones."""

    names: list[str]
    """(d,): measures of `timbre`, in order."""
    tones: list[str]
    """(c,)."""
    mean: np.ndarray
    """(d,): of all training utterances."""
    spread: np.ndarray
    """(d,): their standard deviation."""
    turn: np.ndarray
    """(d, d): to a space in which chance has unit variance and the offsets are uncorrelated."""
    centres: np.ndarray
    """(c, d): the tones in that space."""
    offsets: np.ndarray
    """(d,): variance of the sessions' offsets in that space."""
    warmth: tuple[float, float]
    """Factors on the log likelihood (inverse temperatures, Guo et al. 2017) for one utterance and for a session: measures are not as
    independent, nor tones as normal, as the model has it."""

    def posteriors(self, rows: np.ndarray, *, session: bool) -> np.ndarray:
        """Shares of each tone.

        Args:
            rows: (n, d) measures.
            session: Whether the rows are one speaker's in one clip; they then share an offset.

        Returns:
            (n, c), each row with sum 1.
        """
        place = cut((rows - self.mean) / self.spread) @ self.turn.T
        shares = self._shares(place, 1 + self.offsets, self.warmth[session])
        for _ in range(_TURNS if session else 0):
            left = (place - shares @ self.centres).mean(axis=0)
            n = len(rows)
            offset = left * self.offsets / (self.offsets + 1 / n)
            shares = self._shares(place - offset, 1 + self.offsets / (1 + n * self.offsets), self.warmth[1])
        return shares

    def _shares(self, place: np.ndarray, variance: np.ndarray, warmth: float) -> np.ndarray:
        import numpy as np

        near = -0.5 * warmth * ((place[:, None] - self.centres) ** 2 / variance).sum(axis=2)
        shares = np.exp(near - near.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)


def cut(rows: np.ndarray) -> np.ndarray:
    """Standardised measures without what is too far out to be true."""
    import numpy as np

    return np.clip(rows, -_FAR, _FAR)


@cache
def shipped() -> Head:
    """The head that comes with the package."""
    import numpy as np

    told = json.loads((Path(weights.__file__).parent / "tone/tone.json").read_text("utf-8"))
    arrays = {name: np.array(told[name]) for name in ("mean", "spread", "turn", "centres", "offsets")}
    return Head(names=told["names"], tones=told["tones"], warmth=tuple(told["warmth"]), **arrays)


def heard(sound: np.ndarray) -> dict[str, float] | None:
    """The measures of one utterance, None with too little voice.

    Args:
        sound: Its waveform at RATE.
    """
    slow = slowed(sound)
    part = track(slow, SLOWER)
    return timbre(slow, part) if part.voiced >= LEAST_VOICED * SLOWER else None


def tones(said: Sequence[Mapping[str, float] | None], *, session: bool, head: Head | None = None) -> list[Tone | None]:
    """What each utterance resembles; None where it has no measures.

    Args:
        said: As from `heard`.
        session: Whether all are one speaker's in one clip.
        head: Another head than the one that ships.
    """
    import numpy as np

    head = head or shipped()
    found: list[Tone | None] = [None] * len(said)
    there = [i for i, one in enumerate(said) if one is not None]
    rows = [[one[name] for name in head.names] for one in said if one is not None]
    if rows:
        shares = head.posteriors(np.array(rows), session=session)
        for i, share in zip(there, shares.tolist(), strict=True):
            found[i] = Tone(dict(zip(head.tones, share, strict=True)), session)
    return found


def ahead(said: Sequence[Tone | None]) -> list[float | None]:
    """Arousal of each utterance of one speaker less the mean of the others, -2 to 2.

    None where it has no tone, and for all where they do not differ (`SAME`, `LEAST`): what they share is an offset of speaker, language
    and microphone as likely as a tone, and nothing in the clip tells the two apart.
    """
    import numpy as np

    arousal = np.array([tone.arousal for tone in said if tone])
    if len(arousal) < LEAST or arousal.std() < SAME:
        return [None] * len(said)
    return [
        float((tone.arousal - arousal.mean()) * len(arousal) / (len(arousal) - 1)) if tone else None for tone in said
    ]
