"""What was seen before, in a file that SQLite keeps: memory stays flat however many rows go by."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

PERMUTATIONS = 60
"""Values of a MinHash: the similarity is estimated to about ±0.06 at 0.8 (one standard error, sqrt(J (1 - J) / 60))."""
BANDS, ROWS = 12, 5
"""Of locality-sensitive hashing (Indyk & Motwani 1998): two texts of similarity 0.8 meet in a band with probability 0.99,
of 0.5 with 0.32; who meets is compared by the whole MinHash."""
_MEET = 40
"""Earlier texts of one band that are compared at most."""


def name64(text: str) -> int:
    """64 bits that name a text: among ten million texts two share a name with a chance of one in 400,000."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def normal(text: str) -> str:
    """Words of a text without case, punctuation or width: the form in which the same sentence is found again."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


class Names:
    """A set of texts, kept as 64-bit names in a temporary file that goes away with it."""

    def __init__(self) -> None:
        self._file = _temporary()
        self._file.execute("CREATE TABLE names (name INTEGER PRIMARY KEY)")

    def add(self, text: str) -> bool:
        """Add a text; False where it was there."""
        return self._file.execute("INSERT OR IGNORE INTO names VALUES (?)", (name64(text),)).rowcount > 0

    def __contains__(self, text: str) -> bool:
        return self._file.execute("SELECT 1 FROM names WHERE name = ?", (name64(text),)).fetchone() is not None


class Alike:
    """Texts by MinHash (Broder 1997), so that one that is nearly the same as an earlier one is found.

    datasketch hashes; its own index lives in memory (about 3 kB a text), so the bands lie in a table here.
    """

    def __init__(self, threshold: float) -> None:
        """Args: threshold: Jaccard similarity of the sets of three words, from which two texts are the same."""
        self._threshold = threshold
        self._file = _temporary()
        self._file.execute("CREATE TABLE bands (band INTEGER, text INTEGER, PRIMARY KEY (band, text)) WITHOUT ROWID")
        self._file.execute("CREATE TABLE texts (text INTEGER PRIMARY KEY, unit TEXT, hashes BLOB)")

    def add(self, text: str, unit: str) -> str | None:
        """Add a text, unless one like it is there: then the unit of that one. Texts of the same unit are never compared.

        Raises:
            MissingExtraError: datasketch is not installed.
        """
        hashes = _minhash(text)
        bands = [name64(f"{n}:{hashes[n * ROWS : n * ROWS + ROWS].tobytes().hex()}") for n in range(BANDS)]
        if (other := self._like(hashes, bands, unit)) is not None:
            return other
        inserted = self._file.execute("INSERT INTO texts (unit, hashes) VALUES (?, ?)", (unit, hashes.tobytes()))
        row = inserted.lastrowid
        self._file.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(band, row) for band in bands])
        return None

    def _like(self, hashes: np.ndarray, bands: list[int], unit: str) -> str | None:
        import numpy as np

        compared: set[int] = set()
        for band in bands:
            met = self._file.execute("SELECT text FROM bands WHERE band = ? LIMIT ?", (band, _MEET)).fetchall()
            for (row,) in met:
                if row in compared:
                    continue
                compared.add(row)
                other, kept = self._file.execute("SELECT unit, hashes FROM texts WHERE text = ?", (row,)).fetchone()
                if other != unit and np.mean(np.frombuffer(kept, hashes.dtype) == hashes) >= self._threshold:
                    return other
        return None


def _temporary() -> sqlite3.Connection:
    """A private database: in memory while it is small, then in a file that is deleted when it is closed."""
    file = sqlite3.connect("", isolation_level=None)
    for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-32000"):
        file.execute(f"PRAGMA {setting}")
    file.execute("BEGIN")  # never ended: nothing is to outlive the run
    return file


def _minhash(text: str) -> Any:
    """PERMUTATIONS values of a text's runs of three words; a shorter text is one run."""
    try:
        from datasketch import MinHash
    except ImportError as error:
        from cuechain.agents.errors import MissingExtraError

        raise MissingExtraError("datasketch", "finetune") from error
    words = text.split()
    runs = {" ".join(words[n : n + 3]).encode() for n in range(max(1, len(words) - 2))}
    made = MinHash(num_perm=PERMUTATIONS, seed=1)
    made.update_batch(sorted(runs))
    return made.hashvalues
