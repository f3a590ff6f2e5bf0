"""Every reference value of the published scorers of single items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cuechain.agents.errors import RunError
from cuechain.agents.scoring.protocols import brighter, mmaffben, mosi, single, tweeteval
from tests.agents.scoring.golden import Case, assert_agrees, cases


@pytest.mark.parametrize("case", cases("single_label_classification"))
def test_single(case: Case) -> None:
    given = case.inputs
    truth, said = given["truth"], given["prediction"]
    if "mask" in given:
        assert_agrees(single.conv_emotion(truth, said, given["mask"]), case.expected)
        return
    found = {
        "sklearn_conventions": single.conventions(truth, said, given["inventory"]),
        "dfer_style_from_confusion_matrix": single.mae_dfer(truth, said),
        "r1_omni_style": single.r1_omni(truth, said),
    }
    assert_agrees(found, case.expected)


@pytest.mark.parametrize("case", cases("mosi_sims_regression"))
def test_mosi_and_sims(case: Case) -> None:
    given = case.inputs
    if "scores" in given:
        found = mosi.three_classes(given["truth"], given["scores"])
    else:
        score = mosi.sims if given["dataset"].startswith("SIMS") else mosi.mosi
        found = score(given["truth"], given["prediction"])
    assert set(found) == set(case.expected["full_precision"])
    assert_agrees({"full_precision": found, "as_printed_rounded_to_4_decimals": mosi.printed(found)}, case.expected)


@pytest.mark.parametrize("case", cases("tweeteval"))
def test_tweeteval(case: Case) -> None:
    if "task_scores" in case.inputs:
        found = {"tweeteval_score": tweeteval.benchmark(case.inputs["task_scores"])}
        assert_agrees(found, case.expected)
        return
    found = tweeteval.tweeteval(case.inputs["task"], case.inputs["gold"], case.inputs["prediction"])
    assert ("message" in found) == ("message" in case.expected)
    expected = {key: value for key, value in case.expected.items() if key != "message"}  # its words are the file's
    assert set(found.get("per_class", ())) == set(expected.get("per_class", ()))
    assert_agrees(found, expected)


def test_a_benchmark_with_a_task_missing() -> None:
    assert tweeteval.benchmark({"emotion": 0.7}) == tweeteval.FAILED


@pytest.mark.parametrize("case", cases("semeval2025_brighter"))
def test_brighter(case: Case) -> None:
    truth, said = ({row[0]: row[1:] for row in case.inputs[name]} for name in ("gold", "prediction"))
    if case.expected.get("evaluation_repository") == {"rejected": True}:
        with pytest.raises(RunError, match="zzz_99999"):
            brighter.joined(truth, said)
        return
    right, answers = brighter.joined(truth, said)
    if case.inputs["track"] == "a":
        found = brighter.track_a(right, answers)
        assert_agrees(
            {"evaluation_repository": {"rounded4": found, "full_precision": found}, "notebook": found}, case.expected
        )
    else:
        found = brighter.track_b(right, answers, case.inputs["emotions"])
        assert_agrees({"rounded4": found["rounded"], "full_precision": found}, case.expected)


READERS: dict[str, Any] = {
    "EIreg": mmaffben.intensity,
    "EIoc": mmaffben.ordinal_intensity,
    "Voc": mmaffben.ordinal_valence,
    "Vreg": mmaffben.strength,
    "CFAPS_emoint": mmaffben.intensity,
    "CHSIMS_strength": mmaffben.strength,
    "onlineshopping": lambda text: mmaffben.polarity(text, neutral=False),
    "MMS": mmaffben.polarity,
    "MELD_sen": mmaffben.polarity,
    "CHSIMS_pol": mmaffben.polarity,
    "EMOTIC_vad": lambda text: list(mmaffben.dimensions(text)),
    "constant_prediction": mmaffben.strength,
}


@pytest.mark.parametrize("case", cases("mmaffben"))
def test_mmaffben(case: Case) -> None:
    kind, _, name = case.id.partition("_")
    name = (
        name.removeprefix("labels_").removeprefix("value_").removeprefix("SemEval2018_").removesuffix("_absent_classes")
    )
    if name in mmaffben.INVENTORIES:
        inventory = mmaffben.INVENTORIES[name]
        if kind == "parse":
            assert list(inventory) == case.inputs["inventory"]
            rows = [mmaffben.labels(text, inventory) for text in case.inputs["texts"]]
            found: Any = {"positions": [np.flatnonzero(row) for row in rows], "vector_length": len(rows[0])}
        else:
            both = [
                np.array([mmaffben.labels(item[side], inventory) for item in case.inputs["items"]])
                for side in ("gold", "prediction")
            ]
            found = mmaffben.label_scores(both[0], both[1])
        assert_agrees(found, case.expected)
        return
    read = READERS[name]
    if kind == "parse":
        assert_agrees({"values": [read(text) for text in case.inputs["texts"]]}, case.expected)
        return

    def sides(items: list[dict[str, str]]) -> tuple[list[Any], list[Any]]:
        return [read(item["gold"]) for item in items], [read(item["prediction"]) for item in items]

    if "items_by_emotion" in case.inputs:
        found = mmaffben.correlations(
            {emotion: sides(items) for emotion, items in case.inputs["items_by_emotion"].items()}
        )
    elif name == "EMOTIC_vad":
        columns = [np.array(side).T.tolist() for side in sides(case.inputs["items"])]
        names = ("valence", "arousal", "dominance")
        found = {key: mmaffben.correlation(*pair) for key, *pair in zip(names, *columns, strict=True)}
    elif "pearson_r" in case.expected:
        found = {"pearson_r": mmaffben.correlation(*sides(case.inputs["items"]))}
    else:
        found = mmaffben.polarity_scores(*sides(case.inputs["items"]))
    assert_agrees(found, case.expected)


def test_an_answer_that_is_no_text_names_no_label() -> None:
    assert not mmaffben.labels(None, mmaffben.EKMAN).any()


def test_words_that_separate_do_so_inside_words_too() -> None:
    assert np.flatnonzero(mmaffben.labels("1or2", mmaffben.EKMAN)).tolist() == [1, 2]
