"""What stands before an application: where a request comes from, who makes it, how large and how slow it may be.

Plain ASGI, so that it stands before FastAPI, Gradio and MCP alike. What it keeps off:

* another site's page that talks to this server (DNS rebinding, cross-site requests): Host and Origin are checked, CORS stays closed;
* who brings no token or password, and who guesses them;
* bodies that are too large or come too slowly, counted while they come;
* paths that no application should have to think about (NUL, `..`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

from cuechain.agents.sessions import LOCAL
from cuechain.agents.web.access import COOKIE, Access
from cuechain.agents.web.asked import MIB, Asked, Refusal, large, misled, too_large

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

API_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy of a server that shows no pages with scripts."""
PAGE_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""Content-Security-Policy of a page that is made of inline scripts and loads nothing from elsewhere."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=()"),
)


class _BodyRefused(Exception):
    """The body is too large or too slow; ends whoever reads it."""


def owner_of(request: Any) -> str:
    """In whose behalf a request is made.

    Args:
        request: What has a `scope` (Starlette's and FastAPI's requests), or wraps such a thing as `request` (Gradio's).
    """
    scope = getattr(request, "scope", None) or request.request.scope
    return scope["state"]["owner"]


def guarded(
    app: App,
    *,
    host: str,
    token: str | None = None,
    users: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
    most_bytes: int = 500 * MIB,
    uploads: Sequence[str] = (),
    most_body: int = MIB,
    seconds: float = 600.0,
    idle: float = 20.0,
    unasked: Sequence[str] = (),
    policy: str = API_POLICY,
) -> App:
    """An application behind the guard. `owner_of(request)` tells the application who asks.

    Args:
        app: Any ASGI application.
        host: What the server listens on; `bindable` has allowed it.
        token: A secret for everybody: as `Authorization: Bearer`, or once as `?token=`, which becomes a cookie.
        users: User name to password, as HTTP Basic.
        names: Further host names under which browsers and proxies reach the server.
        most_bytes: Size of a body that is sent to a path of `uploads`.
        uploads: Beginnings of paths that take files.
        most_body: Size of any other body.
        seconds: Time for the whole body.
        idle: Time between two pieces of it.
        unasked: Paths that need no token or password.
        policy: Content-Security-Policy of answers that bring none.
    """
    access = Access(token, dict(users or {}))

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        told = Asked(scope)
        answer = _Answer(scope, send, policy)
        most = most_bytes if told.path.startswith(tuple(uploads)) else most_body
        refused = misled(told, host, names) or too_large(told, most)
        if refused:
            await answer.refuse(*refused)
            return
        owner: str | Refusal = LOCAL
        if not access.open and told.path not in unasked:
            if told.token is not None and access.is_token(told.token):
                await answer.enter(told.without_token, access.cookie)
                return
            owner = await _known(told, access)
            if not isinstance(owner, str):
                await answer.refuse(*owner)
                return
        scope.setdefault("state", {})["owner"] = owner
        if scope["type"] == "websocket":
            await app(scope, receive, send)
            return
        body = _Body(receive, most, seconds, idle)
        answer.body = body
        try:
            await app(scope, body.receive, answer.send)
        except _BodyRefused:
            await answer.late()

    return guard


async def _known(told: Asked, access: Access) -> str | Refusal:
    """Who asks, or the answer to who brings no right secret. Only wrong ones are counted; where there were many, passwords take longer."""
    said = told.headers.get("authorization", "")
    guesses = bool(said) or told.token is not None
    # A token is too long to be guessed, and it is looked at at once: passwords that are tried beside it cost its bearer nothing.
    suspect = guesses and access.suspect(told.client)
    waited = not said.lower().startswith("basic") or await access.slowed(told.client)
    owner = access.owner(said, told.cookie) if waited else None
    if owner is not None:
        return owner
    if guesses and waited:
        access.guessed(told.client)
    if suspect or not waited:
        return 429, "too many wrong passwords or tokens", "wait a minute", {"retry-after": "60"}
    if access.users:
        asked, hint = 'Basic realm="cuechain", charset="UTF-8"', "give a user name and a password"
    else:
        asked, hint = "Bearer", "give the token: as Authorization: Bearer, or once in the address as ?token="
    return 401, "who asks is not known", hint, {"www-authenticate": asked}


class _Body:
    """A request's body, counted and timed while it comes."""

    def __init__(self, receive: Receive, most: int, seconds: float, idle: float) -> None:
        self._receive, self._most, self._idle = receive, most, idle
        self._until = asyncio.get_running_loop().time() + seconds
        self._size = 0
        self._whole = False
        self.refused: Refusal | None = None

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            _BodyRefused: Too much came, or too slowly.
        """
        if self._whole:  # from here on only a disconnect can come, which may take as long as it likes
            return await self._receive()
        left = self._until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(left, self._idle))):
                message = await self._receive()
        except TimeoutError:
            self.refused = (408, "the body came too slowly", "", {"connection": "close"})
            raise _BodyRefused from None
        self._size += len(message.get("body", b""))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        if self._size > self._most:
            self.refused = large(self._most)
            raise _BodyRefused
        return message


class _Answer:
    """What goes back: with our headers, without those that would open CORS."""

    def __init__(self, scope: Scope, send: Send, policy: str) -> None:
        self._kind: str = scope["type"]
        self._secure = scope.get("scheme") == "https"
        self._send, self._policy = send, policy
        self._started = self._replaced = False
        self.body: _Body | None = None

    async def send(self, message: Message) -> None:
        """Pass on what the application says, unless its body was refused meanwhile."""
        if message["type"] == "http.response.start":
            if self.body is not None and self.body.refused:
                await self.late()
                return
            self._started = True
            message["headers"] = self._headers(message.get("headers", ()))
        if not self._replaced:
            await self._send(message)

    async def late(self) -> None:
        """Say why the body was refused while the application read it, if nothing was said yet."""
        if not (self._started or self._replaced) and self.body is not None and self.body.refused:
            self._replaced = True
            await self.refuse(*self.body.refused)

    async def refuse(self, status: int, error: str, hint: str, further: Mapping[str, str]) -> None:
        """An error as the API tells all of them."""
        if self._kind == "websocket":
            await self._send({"type": "websocket.close", "code": 1008, "reason": error})
            return
        said = {"error": error} | ({"hint": hint} if hint else {})
        await self._whole(status, json.dumps(said).encode(), {"content-type": "application/json", **further})

    async def enter(self, path: str, cookie: str) -> None:
        """Let a browser in that brought the token in the address, and take the token out of the address."""
        kept = f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000" + "; Secure" * self._secure
        await self._whole(303, b"", {"location": path, "set-cookie": kept})

    async def _whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        told = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        told.append((b"content-length", str(len(body)).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": self._headers(told)})
        await self._send({"type": "http.response.body", "body": body})

    def _headers(self, told: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        kept = [(k, v) for k, v in told if not k.lower().startswith(b"access-control-")]
        there = {k.lower() for k, _ in kept}
        ours = (*_HEADERS, (b"content-security-policy", self._policy.encode()), (b"cache-control", b"no-store"))
        return [*kept, *((k, v) for k, v in ours if k not in there)]
