import json

import pytest

from cuechain.agents.llm.schema import InvalidError, json_schema, parsed
from cuechain.agents.values import Answer, EmotionAnswer

GOOD = {"emotion": {"label": "joy"}, "claims": [{"text": "a, }", "cites": ["F1"]}], "sentiment": "positive"}
TEXT = json.dumps(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"Here is {{my}} answer:\n{TEXT}\nHope that helps {{really}}!",
        f'<think>maybe {{"sentiment": "negative"}} …</think>\n{TEXT}',
        TEXT.replace("]}", "],}").replace('"F1"]', '"F1", ]'),
        f'First: {{"sentiment": "negative"}}. No, rather: {TEXT}',
        f"[{TEXT}]",
        TEXT.replace("a, }", "a, }\\n").replace("\\n", "\n").replace("a, }\n", "a, }"),
    ],
)
def test_an_object_is_found_whatever_stands_around_it(text: str):
    assert parsed(text, Answer) == Answer.model_validate(GOOD)


def test_a_raw_line_break_in_a_string_is_read():
    assert parsed(TEXT.replace("a, }", "a\nb"), Answer).claims[0].text == "a\nb"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "{}",
        "[1, 2]",
        TEXT[:-1],
        TEXT[: len(TEXT) // 2],
        TEXT.replace('"joy"', "3"),
        TEXT.replace('"joy"', '"joy", "intensity": 1.2'),
        TEXT.replace('"joy"', '"joy", "intensity": "0.5"'),
        TEXT.replace('"joy"', '"joy", "intensity": NaN'),
        f"<think>{TEXT}",
        '{"a":' * 1_500,
        "{" * 5_000,
    ],
)
def test_what_is_not_valid_is_told_fast(text: str):
    with pytest.raises(InvalidError):
        parsed(text, Answer)


def test_the_problem_is_that_of_the_answer_not_of_a_part():
    with pytest.raises(InvalidError, match="sentiment"):
        parsed(TEXT.replace("positive", "sunny"), Answer)


def test_the_schema_is_strict_mode():
    schema = json_schema(EmotionAnswer)
    pending, objects = [schema], 0
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            pending += node.values()
            if "properties" in node:
                objects += 1
                assert node["required"] == list(node["properties"]) and node["additionalProperties"] is False
            assert not {"default", "title", "description"} & set(node)
            assert "$ref" not in node or len(node) == 1
    assert objects >= 4
    assert {"type": "null"} in schema["properties"]["relation"]["anyOf"]
