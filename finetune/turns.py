"""Learn how voices differ between speakers and within one, for `agents/perception/turns.py`.

    python -m cuechain.finetune.turns DATA/train/emodb_flac agents/weights/turns/turns.json

EmoDB (CC0): ten German actors in seven emotions each. What the emotions change is what must not count as another voice.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

RIDGE = 0.1
"""Share of its own diagonal that is added to the covariance within speakers."""

ALONE = 0.3
"""Share of the covariance between ten speakers that is replaced by its diagonal: ten points fill nine directions only."""


def voices(folder: Path) -> tuple[Any, list[str]]:
    """(n, 20) voices of the clips that hold enough of one, and their speakers."""
    import numpy as np

    from cuechain.agents.media import opened
    from cuechain.agents.perception.turns import voice

    found: list[Any] = []
    names: list[str] = []
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            with opened(folder / row["file"]) as clip:
                described = voice(np.array(clip.sound))
            if described is not None:
                found.append(described[0])
                names.append(row["speaker"])
    return np.stack(found), names


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
    learned = {name: value.round(5).tolist() for name, value in fitted(*voices(folder)).items()}
    out.write_text(json.dumps(learned) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
