"""SemEval-2024 task 3, as its scorer computes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.protocols import ecac
from tests.agents.scoring.golden import Case, assert_agrees, cases


@pytest.mark.parametrize("case", cases("semeval2024_ecac"))
def test_agrees_with_the_reference(case: Case):
    gold, predicted = case.inputs["gold"], case.inputs["prediction"]
    if case.inputs["subtask"] == 2:
        got = asdict(ecac.utterances(gold, predicted))
    else:
        parts = asdict(ecac.spans(gold, predicted))
        got = {name.replace("_", f"_{part}_"): value for part, score in parts.items() for name, value in score.items()}
    assert_agrees(got, case.expected)


def test_a_span_stands_where_its_tokens_first_occur():
    assert ecac.located("I lost the keys again , oh no !", "I lost the keys again ,") == (0, 5)
    assert ecac.located("the dog and the dog", "the dog") == (0, 2)
    assert ecac.located("the dogs", "the dog") == (0, 0)
    assert ecac.located("oh no !", " !? ") == (0, 0)


def talk(*pairs: Any, number: int = 1) -> dict[str, Any]:
    return {
        "conversation_ID": number,
        "conversation": [{"utterance_ID": 1, "text": "oh no"}],
        "emotion-cause_pairs": pairs,
    }


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        ([], "1 conversations have no prediction, the first is 1"),
        ([talk(), talk()], "stands twice"),
        ([talk(["1_bliss", "1_0_2"])], "'bliss' is no emotion of the task"),
        ([talk(["1_joy", "1_oh no"])], "names no two token positions"),
        ([talk(["one_joy", "1_0_2"])], "is no emotion–cause pair"),
        ([talk(["1_joy", "U1_0_2"])], "is no emotion–cause pair"),
    ],
)
def test_a_malformed_prediction_is_told(predicted: list[Any], message: str):
    with pytest.raises(ConfigError, match=message):
        ecac.spans([talk(["1_joy", "1_oh no"])], predicted)
