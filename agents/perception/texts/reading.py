"""The words model: what a sentence says of feelings, read by a small encoder that ships with the package.

One pass of a six-layer MiniLM in int8 fills four heads: 28 feelings of GoEmotions, the polarity of the wording, how strong five emotions
are, and what people usually feel in such an event. weights/words/README.md tells how it was made and how good it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cuechain.agents.errors import ToolError
from cuechain.agents.weights import session

if TYPE_CHECKING:
    import numpy as np

WEIGHTS = Path(__file__).parents[2] / "weights" / "words"
"""The weights that ship."""

FEELINGS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire", "disappointment",
    "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
    "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip
"""GoEmotions' labels in the order of its labels.txt (Demszky et al. 2020)."""

INTENSE = ("anger", "fear", "joy", "sadness", "surprise")
"""Emotions whose strength BRIGHTER's English part rates."""

REACTIONS = (
    "joy", "pride", "relief", "excitement", "gratitude", "interest", "calm", "tiredness", "sadness", "anger", "fear", "shame",
    "surprise", "neutral",
)  # fmt: skip
"""Groups of the reactions that people wrote to ATOMIC's events."""

OUTPUTS = ("feelings", "valence", "intensity", "reaction")
"""Names of the network's outputs, in order; all but the valence are logits."""

LIMIT = 96
"""Tokens of one text; utterances have thirty words at most."""

BATCH = 32
"""Texts that go through the encoder together, of like length."""


class Calibration(BaseModel):
    """words.json: what was fitted on texts that were not trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: tuple[float, ...]
    """Factor of each feeling's logit (Platt 1999)."""
    bias: tuple[float, ...]
    """Added to each feeling's scaled logit."""
    threshold: tuple[float, ...]
    """Calibrated probability from which a feeling is told: the best F1 on the development part."""
    precision: tuple[float, ...]
    """Share of told feelings that people had chosen too, on the same part."""

    @property
    def by_label(self) -> dict[str, float]:
        """Label of FEELINGS to precision."""
        return dict(zip(FEELINGS, self.precision, strict=True))

    reaction: float
    """Factor of the reactions' logits: the inverse of a temperature (Guo et al. 2017)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model says of one text."""

    feelings: dict[str, float]
    """Label of FEELINGS to calibrated probability; several may hold, so they do not sum to 1."""
    told: tuple[str, ...]
    """Labels over their thresholds, likeliest first."""
    valence: float
    """Polarity of the wording, -1 to 1."""
    intensity: dict[str, float]
    """Emotion of INTENSE to strength, 0 to 1."""
    reaction: dict[str, float]
    """Group of REACTIONS to the share of people who would name it; sums to 1."""


def read(texts: Sequence[str]) -> list[Reading]:
    """Read texts, in batches of like length.

    Raises:
        ToolError: The weights cannot be read.
    """
    import numpy as np

    ids = [tokenizer().encode(text[:2000]).ids[:LIMIT] for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(ids[i]))
    found: list[Reading | None] = [None] * len(texts)
    for begin in range(0, len(order), BATCH):
        part = order[begin : begin + BATCH]
        outputs = _session().run(list(OUTPUTS), batch([ids[i] for i in part]))
        for place, i in enumerate(part):
            feelings, valence, intensity, reaction = (np.asarray(out[place], np.float64) for out in outputs)
            found[i] = reading(feelings, valence, intensity, reaction, calibration())
    return [one for one in found if one is not None]


def batch(ids: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """Token ids as arrays (B, T) int64: ids and mask, padded with 0."""
    import numpy as np

    length = max(map(len, ids))
    tokens, mask = np.zeros((len(ids), length), np.int64), np.zeros((len(ids), length), np.int64)
    for row, one in enumerate(ids):
        tokens[row, : len(one)] = one
        mask[row, : len(one)] = 1
    return {"input_ids": tokens, "attention_mask": mask}


def reading(
    feelings: np.ndarray, valence: np.ndarray, intensity: np.ndarray, reaction: np.ndarray, how: Calibration
) -> Reading:
    """One text's outputs (28,), (1,), (5,), (14,), calibrated."""
    import numpy as np

    p = 1 / (1 + np.exp(-np.clip(np.asarray(how.scale) * feelings + np.asarray(how.bias), -40, 40)))
    share = np.exp(how.reaction * (reaction - reaction.max()))
    share = share / share.sum()
    order = np.argsort(-p)
    return Reading(
        feelings=dict(zip(FEELINGS, p.tolist(), strict=True)),
        told=tuple(FEELINGS[i] for i in order if p[i] >= how.threshold[i]),
        valence=float(np.clip(valence[0], -1, 1)),
        intensity=dict(zip(INTENSE, (1 / (1 + np.exp(-intensity))).tolist(), strict=True)),
        reaction=dict(zip(REACTIONS, share.tolist(), strict=True)),
    )


@cache
def tokenizer() -> Any:
    """WordPiece of MiniLM, lower case; without padding and truncation."""
    from tokenizers import Tokenizer

    try:
        found: Any = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    except Exception as error:  # tokenizers raises bare Exception
        raise ToolError(f"the words model's tokenizer cannot be read: {error}", "install cuechain anew") from error
    found.no_padding()
    found.no_truncation()
    return found


@cache
def calibration() -> Calibration:
    """What was fitted for the weights that ship."""
    try:
        return Calibration.model_validate_json((WEIGHTS / "words.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise ToolError(f"the words model's calibration cannot be read: {error}", "install cuechain anew") from error


@cache
def _session() -> Any:
    try:
        return session(WEIGHTS / "words.onnx")
    except Exception as error:  # whatever onnxruntime raises
        raise ToolError(f"the words model cannot be read: {error}", "install cuechain anew") from error
