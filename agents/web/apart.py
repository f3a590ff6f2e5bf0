"""Gradio's queues, each for its owner alone.

Gradio delivers what an event gives, and cancels it, for whoever names the `session_hash` that a browser made up. Here each owner's hashes
are put into a space of the owner's own before Gradio reads them: another's hash names nothing there.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from cuechain.agents.web.asked import MIB
from cuechain.agents.web.guard import owner_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuechain.agents.web.guard import App, Message, Receive, Scope, Send

_KEY = "session_hash"
_BEAT = "/gradio_api/heartbeat/"
_MOST = MIB
"""Bytes of a body that is read whole; the guard lets no larger one through to paths that take no files."""


def apart(app: App, besides: Sequence[str] = ()) -> App:
    """A Gradio application whose queues, state and heartbeats belong to the owner of the request that began them.

    Stands behind `guarded`, which tells the owner.

    Args:
        app: The application.
        besides: Beginnings of paths that are not Gradio's; what is sent to them stays as it is.
    """

    async def own(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(tuple(besides)):
            await app(scope, receive, send)
            return
        space = hashlib.sha256(owner_of(_Scoped(scope)).encode()).hexdigest()[:32]
        if _KEY.encode() in scope.get("query_string", b"") or b"%" in scope.get("query_string", b""):
            told = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            scope["query_string"] = urlencode([(k, space + v if k == _KEY else v) for k, v in told]).encode()
        if scope["path"].startswith(_BEAT):
            scope["path"] = _BEAT + space + scope["path"].removeprefix(_BEAT)
            scope["raw_path"] = scope["path"].encode()
        if scope["method"] == "POST":
            body = await _whole(receive)
            if body is None:
                return
            try:
                said: Any = json.loads(body) if body else {}
            except (ValueError, RecursionError):
                said = None
            if not isinstance(said, dict):
                await _refuse(send)
                return
            if isinstance(said.get(_KEY), str):
                said[_KEY] = space + said[_KEY]
                body = json.dumps(said).encode()
            kept = [(k, v) for k, v in scope["headers"] if k.lower() not in (b"content-length", b"transfer-encoding")]
            scope["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
            receive = _replayed(body, receive)
        await app(scope, receive, send)

    return own


class _Scoped:
    """What `owner_of` reads."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope


async def _whole(receive: Receive) -> bytes | None:
    """A body; None where whoever sent it has gone."""
    body = b""
    while len(body) <= _MOST:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body
    return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more; then what comes after it."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"error": "the body is no JSON object"}'})
