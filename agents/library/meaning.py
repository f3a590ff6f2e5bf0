"""What texts are compared by: vectors of a small sentence encoder that ships, and stemmed words.

The encoder knows English. weights/meaning/README.md tells where it is from and what it finds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import MissingExtraError, ToolError
from cuechain.agents.perception.texts.reading import BATCH, LIMIT, batch, tokenizer
from cuechain.agents.weights import session

if TYPE_CHECKING:
    import numpy as np

WEIGHTS = Path(__file__).parents[1] / "weights" / "meaning"
"""The weights that ship; their tokenizer is that of the words model."""

WIDTH = 384
"""Numbers in a vector."""

_SAID = re.compile(r'^.{1,60}? says "(.*)"$', re.S)
_FIGURE = re.compile(r"[-+−±]?\b\d+\.\d+\b")


_UNIT = re.compile(r"\bAU ?(\d{1,2}(?:\+\d{1,2})*)\b")

MOVEMENTS = {
    "1": "raised inner brows", "2": "raised outer brows", "4": "frown", "5": "wide eyes", "6": "lifted cheeks",
    "7": "narrowed eyes", "9": "wrinkled nose", "10": "raised upper lip", "12": "smile", "14": "dimple",
    "15": "mouth corners pulled down", "17": "raised chin", "20": "stretched lips", "23": "tight lips",
    "24": "pressed lips", "25": "parted lips", "26": "dropped jaw", "27": "mouth wide open", "43": "closed eyes",
    "45": "blink",
}  # fmt: skip
"""Action unit (FACS: Ekman & Friesen 1978) to what people call it: nobody looks for lip corners that pull up."""

FEWEST = 4
"""Letters under which a text means nothing by itself ("A", "Hm."); it is found by its words alone."""


def plain(sense: str, text: str) -> str:
    """A cue as it is compared: what was said without its frame; anything else after the name of its sense, movements by their names.

    Decimals are left out: many measured cues differ in them alone, and are read once.
    """
    said = _SAID.match(text) if sense == "transcript" else None
    if said:
        return said[1]
    named = _UNIT.sub(lambda found: f"{_movements(found[1])} ({found[0]})", text)
    return f"{sense}: {_FIGURE.sub('', named)}"


def _movements(units: str) -> str:
    return ", ".join(MOVEMENTS[unit] for unit in units.split("+") if unit in MOVEMENTS)


def key(read: str) -> int:
    """A number of 64 bits that stands for a text."""
    return int.from_bytes(hashlib.blake2b(read.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def vectors(texts: Sequence[str]) -> np.ndarray:
    """Vectors of length 1 (N, WIDTH) float32, 0 for a text of a few letters; the beginning of a long text decides.

    Raises:
        ToolError: The weights cannot be read.
    """
    import numpy as np

    ids = [tokenizer().encode(text[:2000]).ids[:LIMIT] for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(ids[i]))
    found = np.zeros((len(texts), WIDTH), np.float32)
    for begin in range(0, len(order), BATCH):
        part = order[begin : begin + BATCH]
        found[part] = _session().run(["meaning"], batch([ids[i] for i in part]))[0]
    found[[sum(map(str.isalpha, text[:100])) < FEWEST for text in texts]] = 0
    return found


def words(text: str) -> list[str]:
    """Stems of its words in order (Porter's English stemmer, the second: Porter 2001); other languages' words mostly stay as they are.

    Raises:
        MissingExtraError: snowballstemmer is not installed.
    """
    return [stem(word) for word in re.findall(r"\w+", text.lower())]


@cache
def _stemmer() -> Any:
    try:
        import snowballstemmer
    except ImportError as error:
        raise MissingExtraError("searching a run", "batch") from error
    return snowballstemmer.stemmer("english")


@lru_cache(100_000)
def stem(word: str) -> str:
    """The stem of a word in lower case."""
    return str(_stemmer().stemWord(word))


@cache
def _session() -> Any:
    try:
        return session(WEIGHTS / "meaning.onnx")
    except Exception as error:  # whatever onnxruntime raises
        raise ToolError(f"the search encoder cannot be read: {error}", "install cuechain anew") from error
