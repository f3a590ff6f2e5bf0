"""The published emotion-wheel scorers, and the sound score of open-vocabulary labels."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.opensets import open_vocabulary, plain
from cuechain.agents.scoring.protocols import mer
from cuechain.agents.scoring.wheels import Published, Wheel, published
from tests.agents.scoring.golden import assert_agrees, cases

CASES = {case.values[0].id: case.values[0] for case in cases("emotion_wheel")}
COUNTED = {"f1": "f1_from_means", "n": "n_items_counted"}


@pytest.fixture(scope="module")
def tables(data: Path) -> Published:
    folder = data / "eval" / "emotion_wheel"
    if not folder.is_dir():
        pytest.skip("the published wheels are not in CUECHAIN_DATA/eval/emotion_wheel")
    return published(folder)


def told(score: Any) -> dict[str, Any]:
    """Fields under the names of the golden file."""
    return {COUNTED.get(name, name): value for name, value in asdict(score).items()}


def lists(case_id: str, key: str = "annotation") -> tuple[list[Any], list[Any]]:
    items = CASES[case_id].inputs["items"]
    return [item[key] for item in items], [item["prediction"] for item in items]


def test_parse():
    case = CASES["parse"]
    assert_agrees({"parsed": [mer.parsed(raw) for raw in case.inputs["raw"]]}, case.expected)
    assert mer.parsed("[") == mer.parsed(None) == []


def test_the_tables_have_the_published_size(tables: Published):
    assert (len(tables.forms), len(tables.synonyms)) == (7386, 1255)
    assert len({word for words in tables.synonyms.values() for word in words}) == 253


def test_word_map(tables: Published):
    case = CASES["word_map"]
    wheels = mer.metrics(tables).values()
    rows = [[wheel.places.get(word, ("",))[0] for wheel in wheels] for word in case.inputs["words"]]
    assert_agrees({"rows": rows}, case.expected)


SETS = ("open_vocab_main", "open_vocab_small", "all_predictions_empty_or_oov", "no_scorable_annotation")


@pytest.mark.parametrize("case_id", SETS)
def test_set_rates(tables: Published, case_id: str):
    expected = CASES[case_id].expected
    truth, predicted = lists(case_id)
    wheels = mer.metrics(tables)
    rates = mer.set_rates(truth, predicted, tuple(wheels.values()))
    scores = {name: told(score) for name, score in zip(wheels, rates, strict=True)}
    got: dict[str, Any] = {"per_metric": scores, "wheel1_level1": scores["case3_wheel1_level1"]}
    for level in (1, 2):
        rates = mer.set_rates(truth, predicted, tables.wheels(level))
        got[f"average_over_5_wheels_level{level}"] = asdict(mer.mean_set_rates(rates))
    half = mer.set_rates(truth[::2], predicted[::2], tables.wheels(1))
    got["subset_of_every_second_item_level1"] = asdict(mer.mean_set_rates(half))
    got["mer2025_track23_score_mean_of_level1_f1_and_level2_f1"] = mer.track23(truth, predicted, tables)
    assert_agrees(got, {key: value for key, value in expected.items() if key != "item_sets"})
    items = {item["name"]: item for item in CASES[case_id].inputs["items"]}
    for name, sets in expected.get("item_sets", {}).items():
        for metric, pair in sets.items():
            wheel = wheels.get(metric) or wheels[f"case3_{metric}"]
            for side, words in zip(("annotation", "prediction"), pair, strict=True):
                found = {
                    place for raw in mer.parsed(items[name][side]) for place in wheel.places.get(mer.word(raw), ())
                }
                assert sorted(found) == sorted(words), (name, metric)


@pytest.mark.parametrize("case_id", ["hit_rate_mer2023_2024", "hit_rate_meld", "hit_rate_iemocap_four"])
def test_hit_rates(tables: Published, case_id: str):
    case = CASES[case_id]
    labels, predicted = lists(case_id, "label")
    inventory = case.inputs["label_inventory"]
    wheels = mer.metrics(tables)
    rates = mer.hit_rates(labels, predicted, inventory, tuple(wheels.values()))
    scores = {name: told(score) for name, score in zip(wheels, rates, strict=True)}
    first = [scores[f"case3_wheel{number}_level1"] for number in range(1, 6)]
    means = {name: sum(score[name] for score in first) / 5 for name in ("hit_rate", "mscore")}
    assert_agrees({"per_metric": scores, "average_over_5_wheels_level1": means}, case.expected)


def test_the_sound_recall_of_one_label_per_item_is_the_hit_rate_where_every_word_is_placed(tables: Published):
    items = [(["angry"], ["mad", "sad"]), (["sad"], ["worried"]), (["happy"], ["happily"])]
    truth, predicted = zip(*items, strict=True)
    wheel = tables.wheels(1)[:1]
    hits = mer.hit_rates([t[0] for t in truth], predicted, ["angry", "sad", "happy"], wheel)
    assert open_vocabulary(truth, predicted, wheel).recall == hits[0].hit_rate


def test_hit_or_not(tables: Published):
    case = CASES["hit_or_not"]
    wheels = tables.wheels(1)
    assert_agrees({"hit": [mer.hit_or_not(*pair, wheels) for pair in case.inputs["pairs"]]}, case.expected)


def test_sentiment():
    case = CASES["sentiment_waf"]
    items = case.inputs["items"]
    score = mer.sentiment([i["valence"] for i in items], [i["predicted_sentiment"] for i in items])
    assert_agrees(told(score), case.expected)
    assert math.isnan(mer.sentiment([0.0], ["positive"]).weighted_f1)


def test_mer2024():
    case = CASES["mer2024_ov_given_groups"]
    groups = [item["synonym_groups_text"] for item in case.inputs["items"]]
    score = mer.mer2024(*lists(case.id), groups)
    mean = (score.precision + score.recall) / 2
    assert_agrees(
        {"set_accuracy": score.precision, "set_recall": score.recall, "score_mean_of_both": mean}, case.expected
    )


def test_every_case_is_tested():
    tested = {
        "parse", "word_map", "open_vocab_main", "open_vocab_small", "all_predictions_empty_or_oov", "no_scorable_annotation",
        "hit_rate_mer2023_2024", "hit_rate_meld", "hit_rate_iemocap_four", "hit_or_not", "sentiment_waf", "mer2024_ov_given_groups",
    }  # fmt: skip
    assert CASES.keys() == tested


SMALL = Wheel(
    "small", {"joy": ("joy",), "glad": ("joy",), "sad": ("sadness",), "angry": ("anger",), "love": ("joy", "trust")}
)


def test_invented_words_cost_precision():
    honest = open_vocabulary([["glad"]], [["joy"]], [SMALL])
    inventive = open_vocabulary([["glad"]], [["joy", "zorbish", "flumptious"]], [SMALL])
    assert (honest.precision, honest.recall, honest.f1) == (1, 1, 1)
    assert (inventive.precision, inventive.recall) == (pytest.approx(1 / 3), 1)
    assert inventive.unknown_predicted == pytest.approx(2 / 3)
    assert inventive.size_predicted == 3
    assert mer.set_rates([["glad"]], [["joy", "zorbish"]], [SMALL])[0].precision == 1


def test_an_unplaced_word_that_people_used_too_is_not_invented():
    score = open_vocabulary([["glad", "wistful"]], [["joy", "wistful", "zorbish"]], [SMALL])
    assert (score.precision, score.recall) == (0.5, 1)


def test_nothing_right_is_zero_and_nothing_to_score_is_nan():
    wrong = open_vocabulary([["joy"]], [["sad"]], [SMALL])
    assert (wrong.precision, wrong.recall, wrong.f1) == (0, 0, 0)
    assert math.isnan(mer.set_rates([["joy"]], [["sad"]], [SMALL])[0].f1)
    for truth in ([[]], [["zorbish"]], []):
        nothing = open_vocabulary(truth, [["joy"]] * len(truth), [SMALL])
        assert math.isnan(nothing.f1)
        assert nothing.wheels[0].n == 0


def test_items_that_cannot_be_scored_are_counted():
    score = open_vocabulary([[], ["zorbish"], ["joy"], ["sad"]], [["joy"], ["joy"], [], ["sad"]], [SMALL])
    assert (score.n, score.no_truth, score.no_prediction) == (4, 1, 1)
    assert (score.wheels[0].n, score.wheels[0].unplaced) == (2, 1)
    assert (score.precision, score.recall) == (0.5, 0.5)


def test_neutral_is_an_emotion_word_and_degree_is_none():
    assert open_vocabulary([["neutral"]], [["Neutral"]], [SMALL]).f1 == 1
    assert open_vocabulary([["neutral"]], [["joy"]], [SMALL]).f1 == 0
    assert plain(" Very  sad") == plain("a bit sad") == plain("really_very SAD") == "sad"
    assert plain("not sad") == "not sad"


def test_the_same_word_twice_counts_once_and_a_blend_is_both():
    assert open_vocabulary([["sad", "sad"]], [["sad", "Sad", "sad"]], [SMALL]).precision == 1
    blend = open_vocabulary([["joy"]], [["love"]], [SMALL])
    assert (blend.precision, blend.recall) == (0.5, 1)


def test_bad_input_is_told(tmp_path: Path, tables: Published):
    with pytest.raises(ConfigError, match="2 truths and 1 predictions"):
        open_vocabulary([["joy"], ["sad"]], [["joy"]], [SMALL])
    with pytest.raises(ConfigError, match="a text instead of a list"):
        open_vocabulary(["joy"], [["joy"]], [SMALL])
    with pytest.raises(ConfigError, match="no wheel"):
        open_vocabulary([["joy"]], [["joy"]], [])
    with pytest.raises(ConfigError, match="level 3"):
        tables.wheels(3)
    with pytest.raises(ConfigError, match=r"cannot read .*synonym"):
        published(tmp_path)
