"""Learn how voices differ between speakers and within one, for `agents/perception/speech/turns.py`.

    python -m cuechain.finetune.senses.turns DATA/train/emodb_flac agents/weights/turns/turns.json

EmoDB (CC0): ten German actors in seven emotions each. What the emotions change is what must not count as another voice.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RIDGE = 0.1
"""Share of its own diagonal that is added to the covariance within speakers."""

ALONE = 0.3
"""Share of the covariance between ten speakers that is replaced by its diagonal: ten points fill nine directions only."""


def labelled(folder: Path) -> tuple[Any, list[str]]:
    """(n, 20) voices of the clips that hold enough of one, and their speakers."""
    import numpy as np

    from cuechain.agents.media import opened
    from cuechain.agents.perception.speech.turns import voices

    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def sounds() -> Iterator[Any]:
        for row in rows:
            with opened(folder / row["file"]) as clip:
                yield np.array(clip.sound)

    found = [(row["speaker"], one[0]) for row, one in zip(rows, voices(sounds()), strict=True) if one is not None]
    return np.stack([vector for _, vector in found]), [name for name, _ in found]


def fitted(described: Any, names: list[str]) -> dict[str, Any]:
    """The model: both covariances made diagonal at once, that within speakers the identity.

    Args:
        described: (n, 20) voices.
        names: Their speakers.
    """
    import numpy as np

    whose = np.array(names)
    parts = [described[whose == name] for name in sorted(set(names))]
    within = sum(np.cov(p.T, bias=True) * len(p) for p in parts) / len(described)
    within = within + RIDGE * np.diag(np.diag(within))
    means = np.stack([p.mean(axis=0) for p in parts])
    between = np.cov(means.T)
    between = (1 - ALONE) * between + ALONE * np.diag(np.diag(between))
    white = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(white @ between @ white.T)
    return {"mean": means.mean(axis=0), "project": (vectors.T @ white).T, "between": np.maximum(values, 1e-6)}


def main(folder: Path, out: Path) -> None:
    """Write the model of all speakers."""
    learned = {name: value.round(5).tolist() for name, value in fitted(*labelled(folder)).items()}
    out.write_text(json.dumps(learned) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
