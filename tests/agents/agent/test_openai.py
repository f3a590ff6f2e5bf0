"""The agent over the real ChatOpenAI and a local server of its protocol."""

import json

import pytest

from cuechain.agents.agent import Conversation
from cuechain.agents.pipeline import Looked, Said
from cuechain.agents.settings import Settings
from tests.agents.agent.conftest import answer
from tests.agents.llm.test_remote import Act, Server, running, server  # noqa: F401

pytest.importorskip("langchain_openai", reason="needs the extra remote")


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Anna: I hate this! I am so angry with you.\nBen: Oh, I am so happy, I love it!\n")
    return path


def made(server: Server, cache, **more) -> Settings:  # noqa: F811
    return Settings(model="openai:tiny", base_url=server.url, timeout=10, retries=0, cache=cache, **more)


GIVEN = Act(json.dumps(answer(("Anna probably feels angry.", ("T1",)), label="anger")))


def test_calls_results_and_a_streamed_answer(server: Server, letter, cache):  # noqa: F811
    server.acts = [
        Act(calls=(("transcript", "{}"), ("listen", '{"span": {"start": 0, "end": 3}}'))),
        Act(calls=(("transcript", "{broken"),)),
        Act("She is angry, by her words."),
        GIVEN,
    ]
    events = list(Conversation([letter], made(server, cache)).events("How does Anna feel?"))
    case = events[-1].case
    assert case.answer.emotion.label == "anger" and case.verdict.ok and case.usage.input_tokens == 44
    assert {e.tool for e in events if isinstance(e, Looked)} == {"transcript", "listen"}
    assert "".join(e.text for e in events if isinstance(e, Said)) == "Anna probably feels angry."
    first, second, third, last = server.requests
    assert {t["function"]["name"] for t in first["tools"]} >= {"listen", "look", "transcript", "search", "compare"}
    assert [m["role"] for m in second["messages"]] == ["system", "user", "assistant", "tool", "tool"]
    results = {m["tool_call_id"]: m["content"] for m in second["messages"] if m["role"] == "tool"}
    assert "I hate this!" in results["c0"] and "(nothing was found)" in results["c1"]
    assert "malformed arguments" in third["messages"][-1]["content"]
    assert last["tool_choice"] == "none" and last["stream"] and last["response_format"]["type"] == "json_schema"


def test_a_server_without_tools_gets_the_fixed_chain(server: Server, letter, cache):  # noqa: F811
    server.acts = [
        Act(refuses_tools=True),
        Act("observed"),
        Act("inferred"),
        GIVEN,
        Act("observed"),
        Act("inferred"),
        GIVEN,
    ]
    talking = Conversation([letter], made(server, cache))
    assert talking.ask("How does Anna feel?").verdict.ok
    assert talking.ask("and why?").verdict.ok
    assert ["tools" in r for r in server.requests] == [True] + [False] * 6
    assert "about Anna" in server.requests[-1]["messages"][1]["content"][0:4000] or "about Anna" in str(
        server.requests[-1]
    )
