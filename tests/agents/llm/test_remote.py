"""A real local server speaks /v1/chat/completions, well and badly."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError, MissingExtraError, ModelError, ReplyError
from cuechain.agents.llm import reply as reply_module
from cuechain.agents.llm.reply import Reply, ask
from cuechain.agents.values import Answer

pytest.importorskip("langchain_openai", reason="needs the extra remote")

GOOD = json.dumps(
    {
        "person": None,
        "span": None,
        "emotion": {"label": "joy", "intensity": 0.5, "confidence": 0.8},
        "sentiment": "positive",
        "relation": "single",
        "claims": [{"text": "Joy.", "cites": ["F1"], "stance": "supports", "points": None}],
        "abstain": False,
    }
)


@dataclass
class Act:
    """What the server does with one request."""

    text: str = GOOD
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    refusal: str | None = None
    finish: str = "stop"
    sleep: float = 0.0
    drip: bool = False
    cut: bool = False
    refuses_format: bool = False
    refuses_tools: bool = False
    calls: tuple[tuple[str, str], ...] = ()
    """Tool calls: name and arguments, which should be JSON."""


class Server:
    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.poison = ""
        """Words of a question that it cannot answer."""
        self.port = 0
        self.start()
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Listen, where it did before."""
        self.http = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.port = self.http.server_port
        Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Be away."""
        self.http.shutdown()
        self.http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.requests.append(body)
                server.keys.append(self.headers["authorization"])
                act = server.acts.pop(0) if len(server.acts) > 1 else server.acts[0]
                if server.poison and server.poison in json.dumps(body):
                    act = Act("out of memory", status=500)
                with suppress(OSError):  # the client left
                    self._act(act, body)

            def _act(self, act: Act, body: dict[str, Any]) -> None:
                time.sleep(act.sleep)
                if act.refuses_format and "response_format" in body:
                    act = Act("unknown field response_format", status=400)
                if act.refuses_tools and "tools" in body:
                    act = Act('"auto" tool choice is not enabled on this server', status=400)
                if act.status != 200:
                    error = {"error": {"message": act.text, "type": "error", "code": None}}
                    return self._whole(act.status, json.dumps(error).encode(), act.headers)
                if act.raw is not None:
                    return self._whole(200, act.raw, {})
                if not body.get("stream"):
                    message = {"role": "assistant", "content": act.text, "refusal": act.refusal}
                    calls = [
                        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": args}}
                        for n, (name, args) in enumerate(act.calls)
                    ]
                    message |= {"content": None, "tool_calls": calls} if calls else {}
                    choice = {"index": 0, "finish_reason": act.finish, "message": message}
                    return self._whole(200, json.dumps(self._form("chat.completion", [choice], True)).encode(), {})
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                pieces = [act.text[i : i + 9] for i in range(0, len(act.text), 9)]
                deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
                deltas += [{"refusal": act.refusal}] if act.refusal else [{"content": p} for p in pieces]
                for delta in deltas[: 3 if act.cut else None]:
                    self._event(
                        self._form("chat.completion.chunk", [{"index": 0, "delta": delta, "finish_reason": None}])
                    )
                    time.sleep(0.3 if act.drip else 0)
                if act.cut:
                    return None
                self._event(
                    self._form("chat.completion.chunk", [{"index": 0, "delta": {}, "finish_reason": act.finish}])
                )
                if body.get("stream_options", {}).get("include_usage"):
                    self._event(self._form("chat.completion.chunk", [], True))
                self.wfile.write(b"data: [DONE]\n\n")
                return None

            def _form(self, kind: str, choices: list[Any], usage: bool = False) -> dict[str, Any]:
                form = {"id": "x", "object": kind, "created": 0, "model": "tiny", "choices": choices}
                counted = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
                return form | ({"usage": counted} if usage else {})

            def _event(self, form: dict[str, Any]) -> None:
                self.wfile.write(b"data: " + json.dumps(form).encode() + b"\n\n")
                self.wfile.flush()

            def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in ({"content-type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    running.acts, running.requests, running.keys = [], [], []
    reply_module._unbound.clear()
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return running


def asked(server: Server, *acts: Act, schema: Any = Answer, streamed: bool = False, **flags: Any) -> Reply[Any]:
    server.acts = list(acts)
    made = settings.load(**({"base_url": server.url, "timeout": 5.0, "retries": 0} | flags))
    model = llm.load("openai:tiny", made)
    messages = [SystemMessage("Be brief."), HumanMessage("How does she feel?")]
    return ask(model, messages, schema=schema, settings=made, on_token=(lambda t: None) if streamed else None)


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_bound_to_its_schema(server: Server, streamed: bool):
    reply = asked(server, Act(), streamed=streamed, temperature=0.3, max_tokens=77)
    assert reply.value.emotion.label == "joy" and reply.text == GOOD
    assert (reply.usage.calls, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 11, 5)
    body = server.requests[0]
    assert body["model"] == "tiny" and body["temperature"] == 0.3 and body["max_tokens"] == 77
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    form = body["response_format"]
    assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
    assert form["json_schema"]["schema"]["required"][0] == "person"
    assert server.keys[0] == "Bearer none"


@pytest.mark.parametrize("streamed", [False, True])
def test_text(server: Server, streamed: bool):
    heard: list[str] = []
    server.acts = [Act("The voice shakes, and slows.")]
    made = settings.load(base_url=server.url, api_key="abc", retries=0)
    model = llm.load("openai:tiny", made)
    reply = ask(model, [HumanMessage("?")], settings=made, on_token=heard.append if streamed else None)
    assert reply.text == "The voice shakes, and slows." and reply.usage.output_tokens == 5
    assert "response_format" not in server.requests[0] and server.keys == ["Bearer abc"]
    assert not streamed or (len(heard) > 2 and "".join(heard) == reply.text)


@pytest.mark.parametrize(("status", "streamed"), [(500, False), (503, True), (429, False)])
def test_a_failing_server_is_asked_again(server: Server, status: int, streamed: bool):
    reply = asked(server, Act("oh", status=status), Act(), retries=1, streamed=streamed)
    assert reply.value.emotion.label == "joy" and len(server.requests) == 2 and reply.usage.calls == 1


def test_the_wait_that_a_server_asks_for_is_kept(server: Server):
    begin = time.monotonic()
    asked(server, Act("slow down", status=429, headers={"retry-after": "2"}), Act(), retries=1)
    assert time.monotonic() - begin >= 2


@pytest.mark.parametrize(
    ("status", "text", "hint"),
    [
        (401, "bad key", "key"),
        (403, "forbidden", "key"),
        (404, "no model tiny", "base-url"),
        (400, "This model's maximum context length is 4096 tokens", "--budget"),
        (400, "Unsupported value: 'temperature' does not support 0", "TEMPERATURE=1"),
        (429, "You exceeded your quota: insufficient_quota", "quota"),
    ],
)
def test_what_will_not_pass_says_what_to_check(server: Server, status: int, text: str, hint: str):
    with pytest.raises(ModelError) as error:
        asked(server, Act(text, status=status), retries=3)
    assert not error.value.retryable and hint in error.value.hint
    assert len(server.requests) == 1 or status == 400  # a 400 may be about response_format, so it is tried once without


@pytest.mark.parametrize("streamed", [False, True])
def test_a_server_without_response_format_is_asked_without_it_from_then_on(server: Server, streamed: bool):
    assert asked(server, Act(refuses_format=True), streamed=streamed).value.emotion.label == "joy"
    assert asked(server, Act(refuses_format=True), streamed=streamed).value.emotion.label == "joy"
    assert ["response_format" in r for r in server.requests] == [True, False, False]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_slow_server_meets_the_deadline(server: Server, streamed: bool):
    with pytest.raises(ModelError, match="in time") as error:
        asked(server, Act(sleep=1.5), timeout=0.3, streamed=streamed)
    assert error.value.retryable


def test_a_server_that_drips_for_ever_meets_the_deadline(server: Server):
    begin = time.monotonic()
    with pytest.raises(ModelError, match="in time"):
        asked(server, Act(drip=True), timeout=0.5, streamed=True)  # no pause is longer than the time-out
    assert time.monotonic() - begin < 3


@pytest.mark.parametrize("streamed", [False, True])
def test_a_server_that_is_down(server: Server, streamed: bool):
    with pytest.raises(ModelError, match="cannot be reached") as error:
        asked(server, Act(), base_url="http://127.0.0.1:9/v1", streamed=streamed)
    assert "refused" in error.value.message
    assert error.value.retryable and "--base-url" in error.value.hint


@pytest.mark.parametrize("raw", [b"<html>hello</html>", b'{"half": ', b"{}", b'{"choices": []}', b""])
def test_a_body_that_is_no_completion(server: Server, raw: bytes):
    for streamed in (False, True):
        with pytest.raises(ModelError) as error:
            asked(server, Act(raw=raw), streamed=streamed)
        assert "--base-url" in error.value.hint


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("text", ["lorem ipsum }{", GOOD[:70], "", "I'm sorry, I can't help with that."])
def test_garbage_half_and_empty_replies(server: Server, text: str, streamed: bool):
    with pytest.raises(ReplyError) as error:
        asked(server, Act(text), streamed=streamed)
    assert len(server.requests) == 2 and "valid reply" in server.requests[1]["messages"][-1]["content"]
    assert text[:30] in error.value.message


def test_a_reply_that_is_mended(server: Server):
    reply = asked(server, Act(GOOD[:70]), Act("Sure:\n```json\n" + GOOD + "\n```"))
    assert reply.value.sentiment == "positive" and reply.usage.calls == 2


@pytest.mark.parametrize("streamed", [False, True])
def test_a_refusal(server: Server, streamed: bool):
    with pytest.raises(ReplyError, match="I cannot judge"):
        asked(server, Act("", refusal="I cannot judge people."), streamed=streamed)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_reply_that_is_cut_off(server: Server, streamed: bool):
    with pytest.raises(ReplyError, match="cut off") as error:
        asked(server, Act(GOOD[:70], finish="length"), streamed=streamed)
    assert "MAX_TOKENS" in error.value.hint


def test_a_stream_that_breaks_off_is_no_reply(server: Server):
    with pytest.raises(ModelError, match="broke off"):
        asked(server, Act(cut=True), streamed=True, schema=None)
    assert asked(server, Act(cut=True), Act("whole"), streamed=True, schema=None, retries=1).text == "whole"


def test_environment_gives_address_and_key(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "from-env")
    assert asked(server, Act(), base_url=None).value.sentiment == "positive"
    assert server.keys == ["Bearer from-env"]


def test_openai_itself_wants_a_key_and_a_name(server: Server):
    with pytest.raises(ConfigError, match="key"):
        llm.load("openai:gpt", settings.load())
    with pytest.raises(ConfigError, match="no model"):
        llm.load("openai:", settings.load())


def test_an_address_without_http_is_told(server: Server):
    with pytest.raises(ConfigError, match="no address"):
        llm.load("openai:x", settings.load(base_url="localhost:8000/v1"))


def test_images_are_for_those_who_look():
    assert llm.load("openai:x", settings.load(base_url="http://h/v1", look=True)).vision
    assert not llm.load("openai:x", settings.load(base_url="http://h/v1")).vision


def test_an_unknown_provider_offers_the_near_ones():
    with pytest.raises(ConfigError, match="opnai") as error:
        llm.load("opnai:gpt", settings.load())
    assert "openai" in error.value.hint
    with pytest.raises(ConfigError) as error:
        llm.load("zzzzqq:gpt", settings.load())
    assert "embedded" in error.value.hint and "LangChain" in error.value.hint


def test_a_provider_that_is_not_installed_says_how_to(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("langchain")
    with pytest.raises(MissingExtraError) as error:
        llm.load("upstage:x", settings.load())
    assert error.value.hint == "pip install langchain-upstage"


def test_another_provider_is_made_by_langchain(server: Server, monkeypatch: pytest.MonkeyPatch):
    from cuechain.agents.llm.remote import load_any

    server.acts = [Act("hello")]
    made = settings.load(base_url=server.url, api_key="k", retries=0)
    model = load_any("openai:tiny", made)
    assert ask(model, [HumanMessage("?")], settings=made).text == "hello" and not model.constrains
