"""The MCP server, with the client of the `mcp` package: over HTTP, and as a program that the client starts."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from cuechain.agents.sessions import Sessions
from tests.agents.serve.conftest import USERS, Server

SAD = "I am so sad today. Everything went wrong."


def text_of(result: Any) -> str:
    return " ".join(part.text for part in result.content if part.type == "text")


def test_over_http_each_user_has_the_own_sessions(server: Server):
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    def connected(name: str) -> Any:
        http = httpx2.AsyncClient(auth=(name, USERS[name]), timeout=60)
        return Client(streamable_http_client(f"{server.url}/mcp", http_client=http), read_timeout_seconds=60)

    progress: list[str | None] = []

    async def heard(done: float, total: float | None, message: str | None) -> None:
        progress.append(message)

    async def talk() -> None:
        with server.client("ann") as http:
            session = http.post("/v1/clips", files={"file": ("day.txt", SAD)}).json()["id"]
        async with connected("ann") as ann:
            tools = {tool.name: tool for tool in (await ann.list_tools()).tools}
            assert {"sessions", "ask", "perceive", "perceive_words", "perceive_face", "perceive_voice"} <= set(tools)
            assert "question" in tools["ask"].input_schema["required"]
            assert "ctx" not in tools["ask"].input_schema["properties"]
            schema = tools["ask"].input_schema
            assert "emotion" in schema["properties"]["task"]["enum"] and schema["additionalProperties"] is False
            assert "'enum': ['" in str(schema["properties"]["without"])
            assert "'enum': ['" in str(tools["perceive"].input_schema["properties"]["senses"])
            for name, tool in tools.items():
                assert tool.description and tool.description[0].isupper() and ".." not in tool.description, name
            assert "never an instruction" in (ann.instructions or "")

            told = await ann.call_tool("ask", {"question": "How is she?", "session": session}, progress_callback=heard)
            assert not told.is_error, text_of(told)
            assert told.structured_content["emotion"] == "sadness"
            assert told.structured_content["cited"] and told.structured_content["problems"] == []
            assert json.loads(text_of(told))["session"] == session
            assert "perceived words" in progress

            seen = await ann.call_tool("perceive_words", {"session": session})
            assert seen.structured_content["cues"] and all(cue[0] == "W" for cue in seen.structured_content["cues"])
            assert (await ann.call_tool("perceive", {"text": SAD})).structured_content["cues"]
            mine = (await ann.call_tool("sessions", {})).structured_content["result"]
            assert {"session": session, "title": "How is she?", "clips": ["day.txt"]} in mine

            for wrong, said in (
                ({"question": "How?", "session": "../../etc"}, "there is no session"),
                ({"question": "How?"}, "nothing to look at"),
                ({"question": " ", "text": "a"}, "the question is empty"),
                ({"question": "How?", "text": "a", "task": "os"}, "unknown task"),
                ({"question": "How?", "text": "KILL"}, "killed by signal 9"),
                ({"question": "How?", "session": ["a"]}, "validation error"),
                ({"question": "How?", "text": "a", "withuot": ["face"]}, "Extra inputs are not permitted"),
                ({"question": "How?", "text": "a", "without": ["smell"]}, "smell"),
            ):
                refused = await ann.call_tool("ask", wrong)
                assert refused.is_error and said in text_of(refused), wrong
        async with connected("bob") as bob:
            theirs = await bob.call_tool("ask", {"question": "How is she?", "session": session})
            assert theirs.is_error and "there is no session" in text_of(theirs)
            assert "cuechain chat" not in text_of(theirs)
            assert (await bob.call_tool("delete_session", {"session": session})).is_error
            assert session not in text_of(await bob.call_tool("sessions", {}))
        async with connected("ann") as ann:
            assert not (await ann.call_tool("delete_session", {"session": session})).is_error
            assert session not in text_of(await ann.call_tool("sessions", {}))

    asyncio.run(talk())


def test_a_call_that_is_given_up_stops_its_job(server: Server):
    import httpx2
    from mcp import Client, MCPError
    from mcp.client.streamable_http import streamable_http_client

    async def talk() -> None:
        http = httpx2.AsyncClient(auth=("cyd", USERS["cyd"]), timeout=60)
        async with Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as cyd:
            with suppress(MCPError):
                await cyd.call_tool("ask", {"question": "How?", "text": "SLEEP"}, read_timeout_seconds=1.0)

    asyncio.run(talk())
    with server.client("cyd") as cyd:
        until = time.monotonic() + 15
        while cyd.get("/v1/jobs").json()[0]["state"] != "cancelled":
            assert time.monotonic() < until
            time.sleep(0.1)


def test_over_stdio_a_local_user_opens_allowed_files_alone(tmp_path: Path):
    from mcp import Client, StdioServerParameters

    clips, other = tmp_path / "clips", tmp_path / "other"
    for folder in (clips, other):
        folder.mkdir()
        (folder / "day.txt").write_text(SAD)
    (clips / "link.txt").symlink_to(other / "day.txt")
    (clips / "talk.json").write_text(json.dumps({"turns": [{"text": "a", "file": "../other/day.txt"}]}))
    code = "from cuechain.agents.cli import main; main()"
    program = StdioServerParameters(
        command=sys.executable,
        args=["-c", code, "mcp", "--allow", str(clips), "--model", "rules"],
        env={**os.environ, "CUECHAIN_HOME": str(tmp_path / "home"), "CUECHAIN_SENSES": '["words"]'},
    )

    async def talk() -> None:
        async with Client(program, read_timeout_seconds=120) as client:
            told = await client.call_tool("ask", {"question": "How is she?", "files": ["day.txt"]})
            assert not told.is_error, text_of(told)
            assert told.structured_content["emotion"] == "sadness"
            again = await client.call_tool("ask", {"question": "Why?", "session": told.structured_content["session"]})
            assert again.structured_content["turn"] == 2
            seen = await client.call_tool("perceive_words", {"file": str(clips / "day.txt")})
            assert seen.structured_content["cues"]
            for name in ("../other/day.txt", str(other / "day.txt"), "link.txt", "talk.json", "/etc/passwd", "~/a.txt"):
                refused = await client.call_tool("perceive", {"files": [name]})
                assert refused.is_error, name
                assert "not in the folders" in text_of(refused)
            # what was allowed once, and what another program talked about, is looked at again
            id = told.structured_content["session"]
            mine = (await client.call_tool("sessions", {})).structured_content["result"]
            assert {"session": id, "title": "How is she?", "clips": ["day.txt"]} in mine
            (clips / "day.txt").unlink()
            (clips / "day.txt").symlink_to(other / "day.txt")
            elsewhere = Sessions(tmp_path / "home").create()
            elsewhere.link_file(other / "day.txt")
            for session in (id, elsewhere.id):
                refused = await client.call_tool("ask", {"question": "How is she?", "session": session})
                assert refused.is_error and "not in the folders" in text_of(refused)
                refused = await client.call_tool("delete_session", {"session": session})
                assert refused.is_error and "not in the folders" in text_of(refused)
            assert elsewhere.id not in text_of(await client.call_tool("sessions", {}))
            (clips / "day.txt").unlink()
            (clips / "day.txt").write_text(SAD)
            assert not (await client.call_tool("delete_session", {"session": id})).is_error
            assert not (tmp_path / "home" / "sessions" / id).exists() and (clips / "day.txt").exists()

    asyncio.run(talk())
