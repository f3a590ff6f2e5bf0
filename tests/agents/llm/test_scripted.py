from pathlib import Path

import pytest

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError, ModelError, ReplyError

YAML = """
- "The voice shakes."
- text: |
    It is sad,
    and slow.
- tool_calls: [{name: perceive_voice, args: {path: clip.mp4}}]
- {error: timeout, retryable: true}
"""


def chat_of(path: Path, text: str, name: str = "replies.yaml"):
    (path / name).write_text(text, "utf-8")
    model = llm.load(f"scripted:{path / name}", settings.load())
    assert model.chat is not None and model.planner is None and not model.constrains
    return model.chat


def test_replies_come_in_order_with_usage(tmp_path: Path):
    chat = chat_of(tmp_path, YAML)
    first = chat.invoke("two words")
    assert first.text == "The voice shakes."
    assert first.usage_metadata is not None and first.usage_metadata["input_tokens"] == 2
    assert chat.invoke("again").text == "It is sad,\nand slow.\n"
    call = chat.invoke("again").tool_calls[0]
    assert (call["name"], call["args"]) == ("perceive_voice", {"path": "clip.mp4"})
    with pytest.raises(ModelError, match="timeout") as failed:
        chat.invoke("again")
    assert failed.value.retryable
    with pytest.raises(ReplyError, match="no reply left") as out:
        chat.invoke("again")
    assert "add a reply" in out.value.hint


def test_json_lines_are_read(tmp_path: Path):
    chat = chat_of(tmp_path, '"one"\n\n{"text": "{\\"a\\": 1}"}\n', "replies.jsonl")
    assert [chat.invoke("x").text, chat.invoke("x").text] == ["one", '{"a": 1}']


def test_each_load_begins_anew(tmp_path: Path):
    assert chat_of(tmp_path, "- a\n- b").invoke("x").text == "a"
    assert chat_of(tmp_path, "- a\n- b").invoke("x").text == "a"


def test_a_stream_is_words_that_add_up_and_keeps_tool_calls(tmp_path: Path):
    chat = chat_of(tmp_path, YAML)
    pieces = [c.text for c in chat.stream("x")]
    assert pieces[:3] == ["The", " voice", " shakes."]
    assert "".join(c.text for c in chat.stream("x")) == "It is sad,\nand slow.\n"
    whole = None
    for chunk in chat.stream("x"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None and whole.tool_calls[0]["args"] == {"path": "clip.mp4"}


def test_an_agent_can_use_its_tool_calls(tmp_path: Path):
    from langchain.agents import create_agent

    def double(number: int) -> int:
        """Twice the number."""
        return 2 * number

    chat = chat_of(tmp_path, '- tool_calls: [{name: double, args: {number: 21}}]\n- "It is 42."')
    result = create_agent(chat, tools=[double]).invoke({"messages": [("user", "twice 21?")]})
    assert [m.text for m in result["messages"]][-2:] == ["42", "It is 42."]


def test_binding_a_response_format_changes_nothing(tmp_path: Path):
    chat = chat_of(tmp_path, "- a")
    assert chat.bind(response_format={"type": "json_object"}).invoke("x").text == "a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{a: 1}", "not a list"),
        ("", "not a list"),
        ("- {texts: a}", "reply 1"),
        ("- a\n- 3", "reply 2"),
        ("- tool_calls: [{args: {}}]", "reply 1"),
        ("- [", "cannot be read"),
    ],
)
def test_a_file_of_another_form_is_told(tmp_path: Path, text: str, said: str):
    with pytest.raises(ConfigError, match=said) as error:
        chat_of(tmp_path, text)
    assert error.value.hint


def test_a_missing_file_or_name_is_told(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        llm.load(f"scripted:{tmp_path / 'none.yaml'}", settings.load())
    with pytest.raises(ConfigError, match="names no file"):
        llm.load("scripted:", settings.load())
