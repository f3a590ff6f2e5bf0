"""Agreement between raters: worked examples of the papers, and by hand."""

from __future__ import annotations

import math

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.agreement import Level, cohen_kappa, fleiss_kappa, krippendorff_alpha

OBSERVERS = (  # Krippendorff (2011), data with gaps: four observers, twelve units
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
UNITS = list(zip(*([None if x == "." else int(x) for x in line.split()] for line in OBSERVERS), strict=True))


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example_of_alpha(level: Level, alpha: float) -> None:
    assert krippendorff_alpha(UNITS, level) == pytest.approx(alpha, abs=5e-4)


def test_alpha_of_two_observers_by_hand() -> None:
    # Ten pairs of 0 and 1; coincidences 0-0 10, 0-1 4 each way, 1-1 2; n0 14, n1 6: 1 - 19 · 8 / (2 · 14 · 6) = 0.0952
    units = [(0, 0)] * 5 + [(1, 1)] + [(0, 1)] * 4
    for level in ("nominal", "ordinal", "interval"):
        assert krippendorff_alpha(units, level) == pytest.approx(1 - 19 * 8 / 168)
    assert krippendorff_alpha(
        [("no" if a == 0 else "yes", "no" if b == 0 else "yes") for a, b in units]
    ) == pytest.approx(1 - 19 * 8 / 168)


def test_alpha_at_its_ends() -> None:
    assert krippendorff_alpha([("a", "a"), ("b", "b")]) == 1
    assert krippendorff_alpha([("a", "b"), ("b", "a")]) < 0
    for units in ([("a", "a"), ("a", "a")], [], [("a", None), ("b", float("nan"))]):
        assert math.isnan(krippendorff_alpha(units))
    with pytest.raises(ConfigError, match="rank"):
        krippendorff_alpha([("low", "high")], "ordinal")


def test_the_published_example_of_fleiss() -> None:
    # Fourteen raters, ten subjects, five categories: the example of the literature, kappa 0.210
    counts = (
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    )  # fmt: skip
    units = [[category for category, n in enumerate(row) for _ in range(n)] for row in counts]
    assert fleiss_kappa(units) == pytest.approx(0.210, abs=5e-4)
    assert fleiss_kappa([("a", "a"), ("b", "b")]) == 1
    assert math.isnan(fleiss_kappa([("a", "a"), ("a", "a")])) and math.isnan(fleiss_kappa([]))


def test_fleiss_wants_as_many_ratings_everywhere() -> None:
    for units in ([("a", "b"), ("a", "b", "b")], [("a",), ("b",)], [(), ()]):
        with pytest.raises(ConfigError, match="equally many"):
            fleiss_kappa(units)


def test_cohen_by_hand() -> None:
    # 20 and 15 agree of 50; first says yes 25, second 30: observed 0.7, expected 0.5
    one = ["yes"] * 20 + ["yes"] * 5 + ["no"] * 10 + ["no"] * 15
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(one, other) == pytest.approx(0.4)
    assert cohen_kappa([*one, None], [*other, "yes"]) == pytest.approx(0.4)
    assert math.isnan(cohen_kappa(["a", "a"], ["a", "a"])) and math.isnan(cohen_kappa([], []))
    with pytest.raises(ConfigError, match="1 ratings but 2"):
        cohen_kappa(["a"], ["a", "b"])
