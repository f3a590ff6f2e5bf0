"""How far people agree among themselves, where a file has several raters: what no model can be asked to exceed by much."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from cuechain.agents.values import Target


def agreement(targets: Sequence[Target]) -> dict[str, float]:
    """Krippendorff's alpha, and the kappas where they are defined: Cohen's for two raters, Fleiss' for equally many on every item.

    A rater who gave several labels agrees with another who gave exactly these. Items with fewer than two raters do not count.

    Args:
        targets: What people said of each item.

    Returns:
        Name to value; empty where no item has two raters.
    """
    items = [t.raters for t in targets if len(t.raters) > 1]
    if not items:
        return {}
    units = [[" + ".join(sorted(labels)) or "none" for labels in item.values()] for item in items]
    found = {"Krippendorff's alpha": krippendorff_alpha(units)}
    names = sorted({name for item in items for name in item})
    if len(names) == 2:
        pairs = [[" + ".join(sorted(item[name])) or "none" for item in items] for name in names]
        found["Cohen's kappa"] = cohen_kappa(*pairs)
    with suppress(ConfigError):  # not equally many raters: alpha alone takes that
        found["Fleiss' kappa"] = fleiss_kappa(units)
    return {"items with several raters": float(len(items)), **{k: v for k, v in found.items() if np.isfinite(v)}}
