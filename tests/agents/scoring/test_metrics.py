"""Sound metrics of labels: against scikit-learn where both define the same, by hand where they part."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics import classification as one
from cuechain.agents.scoring.metrics import multilabel as many

LABELS = ("joy", "anger", "fear")


def test_figures_agree_with_scikit_learn_where_all_labels_occur() -> None:
    chance = np.random.default_rng(1)
    truth, said = (np.array(LABELS)[chance.integers(0, 3, 200)].tolist() for _ in range(2))
    table = one.confusion(truth, said, LABELS).table
    told = metrics.precision_recall_fscore_support(truth, said, labels=list(LABELS))
    for ours, theirs in zip((one.precision, one.recall, one.f1, one.support), told, strict=True):
        assert ours(table) == pytest.approx(theirs)
    for average in ("weighted", "macro", "micro"):
        assert getattr(one, f"{average}_f1")(table) == pytest.approx(metrics.f1_score(truth, said, average=average))
    assert one.uar(table) == pytest.approx(metrics.balanced_accuracy_score(truth, said))
    assert one.accuracy(table) == pytest.approx(metrics.accuracy_score(truth, said))
    stacked = np.stack([table, 2 * table])
    assert one.macro_f1(stacked) == pytest.approx([one.macro_f1(table)] * 2)


def test_what_cannot_be_counted_is_told() -> None:
    found = one.confusion(
        ["joy", "joy", "anger", None, "", "boredom"], ["joy", "happy", None, "joy", "joy", "joy"], LABELS
    )
    assert found.table.tolist() == [[1, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert (found.unjudged, found.unknown, found.silent, found.outside) == (2, {"boredom": 1}, 1, {"happy": 1})


def test_no_answer_and_an_invented_label_are_missed_but_are_no_class() -> None:
    table = one.confusion(["joy", "joy", "anger", "anger"], ["joy", "happy", "anger", None], LABELS[:2]).table
    # both labels: one hit, two items, one answer → F1 2/3
    assert one.accuracy(table) == 0.5
    assert one.macro_f1(table) == one.weighted_f1(table) == one.micro_f1(table) == pytest.approx(2 / 3)


def test_what_is_undefined_is_nan_and_left_out_of_means() -> None:
    table = one.confusion(["joy", "anger"], ["joy", "joy"], LABELS).table
    assert one.precision(table) == pytest.approx([0.5, np.nan, np.nan], nan_ok=True)
    assert one.recall(table) == pytest.approx([1, 0, np.nan], nan_ok=True)
    assert one.f1(table) == pytest.approx([2 / 3, 0, np.nan], nan_ok=True)
    assert one.macro_f1(table) == pytest.approx(1 / 3) and one.uar(table) == 0.5
    nothing = one.confusion([], [], LABELS).table
    for figure in (one.accuracy, one.uar, one.macro_f1, one.weighted_f1, one.micro_f1):
        assert np.isnan(figure(nothing))


def test_a_label_that_is_only_said_counts_as_zero() -> None:
    table = one.confusion(["joy", "joy"], ["joy", "fear"], LABELS).table
    assert one.macro_f1(table) == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.parametrize("count", [one.confusion, many.sets])
def test_lists_that_do_not_fit(count: object) -> None:
    with pytest.raises(ConfigError, match="2 right"):
        count(["joy", "joy"], ["joy"], LABELS)  # type: ignore[operator]
    with pytest.raises(ConfigError, match="twice"):
        count(["joy"], ["joy"], ("joy", "joy"))  # type: ignore[operator]


# Sets


def test_sets_agree_with_scikit_learn_where_all_labels_occur() -> None:
    chance = np.random.default_rng(2)
    truth, said = (chance.random((100, 3)) < 0.4 for _ in range(2))
    names = [[[n for n, x in zip(LABELS, row, strict=True) if x] for row in side] for side in (truth, said)]
    found = many.sets(names[0], names[1], LABELS)
    counts, times = many.hits(found)
    total = np.tensordot(times, counts, 1)
    assert times.sum() == 100 and len(times) < 64
    told = metrics.precision_recall_fscore_support(truth, said)
    for ours, theirs in zip((many.precision, many.recall, many.f1), told, strict=False):
        assert ours(total) == pytest.approx(theirs)
    assert many.macro_f1(total) == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert many.micro_f1(total) == pytest.approx(metrics.f1_score(truth, said, average="micro"))
    assert many.label_jaccard(total) == pytest.approx(metrics.jaccard_score(truth, said, average=None))
    assert many.exact(found).mean() == pytest.approx(metrics.accuracy_score(truth, said))
    theirs = metrics.jaccard_score(truth, said, average="samples", zero_division=1)
    assert many.jaccard(found).mean() == pytest.approx(theirs)


def test_an_empty_set_is_an_answer_and_none_is_not() -> None:
    found = many.sets([[], [], ["joy"], None], [[], None, None, ["joy"]], LABELS)
    assert many.jaccard(found).tolist() == many.exact(found).tolist() == [1, 0, 0]
    assert found.unjudged == 1


def test_invented_labels_cost() -> None:
    found = many.sets([["joy"], ["joy", "rage"]], [["joy", "elated"], ["joy", "joy"]], LABELS)
    assert many.jaccard(found).tolist() == [0.5, 1.0]
    assert many.exact(found).tolist() == [0, 1]
    assert (found.outside, found.unknown) == ({"elated": 1}, {"rage": 1})
    counts, times = many.hits(found)
    total = np.tensordot(times, counts, 1)
    assert many.micro_f1(total) == pytest.approx(4 / 5)  # two hits, one false positive
    assert many.macro_f1(total) == 1.0  # joy alone occurs
    assert many.f1(total) == pytest.approx([1, np.nan, np.nan], nan_ok=True)


def test_no_items_have_no_figures() -> None:
    counts, times = many.hits(many.sets([], [], LABELS))
    assert np.isnan(many.macro_f1(np.tensordot(times, counts, 1)))
