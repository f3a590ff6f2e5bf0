"""What the API answers, for its description: the shapes of sessions, jobs and problems."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from cuechain.agents.serve.job import State
from cuechain.agents.values import Case, CueSheet, Value


class _Answer(Value):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Problem(_Answer):
    """What went wrong."""

    error: str
    """What is wrong."""
    hint: str = ""
    """What to do about it; absent where there is nothing to say."""


class SessionShown(_Answer):
    """A session."""

    id: str
    """Asks name it."""
    title: str
    """Its own, or its first question."""
    created: str
    """ISO 8601, UTC."""
    clips: tuple[str, ...]
    """Names of its clips."""


class JobShown(_Answer):
    """A job. Fields that do not apply are absent."""

    id: str
    """Its address is /v1/jobs/ID."""
    kind: str
    """ask or perceive."""
    session: str
    """Ask on about the same clips with it."""
    state: State
    """How far it is."""
    created: str
    """ISO 8601, UTC."""
    started: str | None = None
    """When its work began."""
    ended: str | None = None
    """When it was over."""
    before: int | None = None
    """Jobs that wait before it."""
    error: str | None = None
    """Why it failed."""
    hint: str | None = None
    """What to do about it."""
    turn: int | None = None
    """The answer's number in its session, from 1."""
    case: Case | None = None
    """The answer of a question: case.explanation.text is the prose, case.answer the labels and claims, case.sheet the cues."""
    sheet: CueSheet | None = None
    """The cues of a perception."""


def _problem(told: str) -> dict[str, Any]:
    return {"model": Problem, "description": told}


RETRY: dict[str, Any] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
COMMON: dict[int | str, dict[str, Any]] = {
    401: _problem("no right password or token"),
    429: {**_problem("too much at once; Retry-After says when to try again"), "headers": RETRY},
}
"""Answers that every path may give."""
FOUND: dict[int | str, dict[str, Any]] = {404: _problem("there is none of yours")}
"""Of paths that name a session, a clip or a job."""
KEPT: dict[int | str, dict[str, Any]] = {413: _problem("more than is taken"), 507: _problem("the disk is full")}
"""Of paths that keep something."""
REFUSED: dict[int | str, dict[str, Any]] = {422: _problem("it cannot be used as it is; error says why")}
"""Of paths with a body."""
SESSION: dict[str, Any] = {"model": SessionShown, "description": "the session"}
_JOB: dict[str, Any] = {"model": JobShown}
JOB: dict[int | str, dict[str, Any]] = {200: {**_JOB, "description": "the job"}, **FOUND}
ASKED: dict[int | str, dict[str, Any]] = {
    200: {**_JOB, "description": "the job, over, with what it found"},
    202: {**_JOB, "description": "the job, not over yet; its address in Location"},
    422: {"description": "it cannot be used (error, hint), or the job failed over its clips or its question"},
    500: {**_JOB, "description": "the job failed within the server"},
    **FOUND,
    **KEPT,
}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "Video, audio, image, text, subtitles or a conversation; may come several times.",
                        }
                    },
                }
            }
        },
    }
}
ABOUT = """How does this person feel, and why? POST a clip to /v1/clips, then a question to /v1/ask.

Who asks: a server that was started with --users takes HTTP Basic (curl -u NAME:PASSWORD), one with --token takes \
"Authorization: Bearer TOKEN"; without either only this machine is answered, and nothing has to be brought.

MCP: the same server speaks it at /mcp (streamable HTTP, the same password or token), with the tools ask, perceive, sessions, \
delete_session and one for each sense. For local files there is the program `cuechain mcp`.

Every problem is told as {"error": …, "hint": …}. Jobs end with the server; answers lie in their sessions."""
EXAMPLE = """S=$(curl -s -F file=@clip.mp4 {address}/v1/clips | jq -r .id)
curl -s --json "{{\\"session\\": \\"$S\\", \\"question\\": \\"How does she feel?\\"}}" "{address}/v1/ask?wait=60" \\
  | jq '.state, .error, .case.explanation.text'
# still "running"? It goes on: curl -s {address}/v1/jobs/ID"""
SCHEMES = {"password": {"type": "http", "scheme": "basic"}, "token": {"type": "http", "scheme": "bearer"}}
"""How who asks is known; which of them, the start of the server tells."""
