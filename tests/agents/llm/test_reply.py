import json
import time
from pathlib import Path
from threading import Event

import pytest
from langchain_core.messages import HumanMessage

from cuechain.agents import llm, settings
from cuechain.agents.errors import ModelError, ReplyError
from cuechain.agents.llm.reply import ask
from cuechain.agents.settings import Settings
from cuechain.agents.values import Answer

GOOD = {
    "person": "P1",
    "emotion": {"label": "sadness", "intensity": 0.6, "confidence": 0.7},
    "sentiment": "negative",
    "relation": "masked",
    "claims": [{"text": "She is sad.", "cites": ["V1", "F2"]}],
    "abstain": False,
}
ASKED = [HumanMessage("How does she feel?")]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


def scripted(path: Path, *replies: object):
    (path / "r.jsonl").write_text("\n".join(json.dumps(r) for r in replies), "utf-8")
    return llm.load(f"scripted:{path / 'r.jsonl'}", settings.load())


def quick(**flags: object) -> Settings:
    return settings.load(**flags)


def test_text_with_usage_and_time(tmp_path: Path):
    reply = ask(scripted(tmp_path, "It is sadness."), ASKED, settings=quick())
    assert (reply.text, reply.value) == ("It is sadness.", None)
    assert (reply.usage.calls, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 4, 3)
    assert 0 <= reply.seconds < 5


def test_a_value_and_its_tokens_as_they_come(tmp_path: Path):
    heard: list[str] = []
    text = json.dumps(GOOD)
    reply = ask(scripted(tmp_path, text), ASKED, schema=Answer, settings=quick(), on_token=heard.append)
    assert reply.value.relation == "masked" and reply.value.claims[0].cites == ("V1", "F2")
    assert "".join(heard) == reply.text == text and len(heard) > 5


@pytest.mark.parametrize("streamed", [False, True])
def test_what_may_pass_is_tried_again(tmp_path: Path, streamed: bool):
    model = scripted(tmp_path, {"error": "busy", "retryable": True}, {"error": "busy", "retryable": True}, "fine")
    reply = ask(model, ASKED, settings=quick(retries=2), on_token=(lambda t: None) if streamed else None)
    assert reply.text == "fine"


def test_tries_end(tmp_path: Path):
    model = scripted(tmp_path, *[{"error": "busy", "retryable": True}] * 3, "too late")
    with pytest.raises(ModelError, match="busy"):
        ask(model, ASKED, settings=quick(retries=2))


def test_what_will_not_pass_is_not_tried_again(tmp_path: Path):
    model = scripted(tmp_path, {"error": "no such model"}, "never read")
    with pytest.raises(ModelError, match="no such model"):
        ask(model, ASKED, settings=quick(retries=5))
    assert ask(model, ASKED, settings=quick()).text == "never read"


def test_an_invalid_reply_gets_one_more_round_that_names_the_problem(tmp_path: Path):
    model = scripted(tmp_path, json.dumps(GOOD | {"relation": "angry"}), json.dumps(GOOD))
    seen = []
    taken = type(model.chat)._take
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(model.chat), "_take", lambda chat, messages: seen.append(messages) or taken(chat, messages))
        reply = ask(model, ASKED, schema=Answer, settings=quick())
    assert reply.value.relation == "masked" and reply.usage.calls == 2
    assert [m.type for m in seen[1]] == ["human", "ai", "human"]
    assert "relation" in seen[1][2].text and "sarcastic" in seen[1][2].text


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("I'm sorry, but I can't help with that.", "no complete JSON object"),
        ("\x00\ufffd%PDF-1.7 }{ ]] {", "no complete JSON object"),
        (json.dumps(GOOD)[:120], "no valid reply"),
        ("{}", "no complete JSON object"),
        (json.dumps(GOOD | {"extra": 1}), "extra"),
    ],
)
def test_twice_invalid_is_an_error_that_shows_the_reply(tmp_path: Path, bad: str, said: str):
    with pytest.raises(ReplyError, match=said) as error:
        ask(scripted(tmp_path, bad, bad), ASKED, schema=Answer, settings=quick())
    assert bad.strip()[:40] in error.value.message and error.value.hint
    assert len(error.value.message) < 800


def test_an_empty_text_is_an_error_at_once(tmp_path: Path):
    with pytest.raises(ReplyError, match="empty"):
        ask(scripted(tmp_path, "", "late"), ASKED, settings=quick())


def test_a_model_that_never_ends_meets_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = scripted(tmp_path, "never")
    monkeypatch.setattr(type(model.chat), "_take", lambda chat, messages: Event().wait(30))
    begin = time.monotonic()
    with pytest.raises(ModelError, match="in time") as error:
        ask(model, ASKED, settings=quick(timeout=0.1, retries=0))
    assert error.value.retryable and time.monotonic() - begin < 5


def test_a_listener_that_fails_ends_the_request(tmp_path: Path):
    def listener(token: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(scripted(tmp_path, "one two"), ASKED, settings=quick(), on_token=listener)
