"""Run an application until it is stopped."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ConfigError

if TYPE_CHECKING:
    from cuechain.agents.web.guard import App

HEADER_SECONDS = 10.0
"""Time for the head of a request; a connection that has sent none by then is closed."""
MOST_CONNECTIONS = 250
"""Connections at once; further ones are told 503."""
GRACE = 5
"""Seconds that running answers get to end when the server is stopped."""


def run(app: App, host: str, port: int, *, told: str = "", stopping: Callable[[], object] | None = None) -> None:
    """Serve an ASGI application until Ctrl-C or SIGTERM, then let it end what it has begun.

    Args:
        app: The application, behind `guarded`.
        host: Name or address to listen on; `bindable` has allowed it.
        port: Port; 0 for any that is free.
        told: What standard error is told first; {address} stands for the address.
        stopping: Called when it begins to stop, before running answers are waited for.

    Raises:
        ConfigError: The address cannot be listened on.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if stopping is not None:
                stopping()
            await super().shutdown(sockets)

    listener = bound(host, port)
    name = f"[{host}]" if ":" in host else host
    print(told.format(address=f"http://{name}:{listener.getsockname()[1]}"), file=sys.stderr, flush=True)
    try:
        Server(configured(app)).run(sockets=[listener])
    finally:
        listener.close()


def configured(app: App) -> Any:
    """How uvicorn serves an application."""
    import uvicorn

    return uvicorn.Config(
        app,
        http=_impatient(),
        log_level="warning",
        access_log=False,  # addresses may hold the token
        server_header=False,
        proxy_headers=False,  # anybody can send X-Forwarded-For, and wrong passwords are counted by address
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: The address is taken, or not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot listen on {host}:{port}: {reason}", "choose another --port or --host") from error


def _impatient() -> type[asyncio.Protocol]:
    """uvicorn's protocol, which by itself waits for the head of a request as long as the other side likes."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        _seen: Any = ()
        _check: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._check = self.loop.call_later(HEADER_SECONDS, self._wait)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._check is not None:
                self._check.cancel()
            super().connection_lost(exc)

        def _wait(self) -> None:
            """Close the connection when it has waited for the same next request since the last look."""
            if self.transport.get_protocol() is not self:  # it became a web socket
                return
            cycle: Any = self.cycle  # None before the first request
            waiting = cycle is None or cycle.response_complete
            if waiting and (cycle is None or cycle is self._seen):
                self.transport.abort()
                return
            self._seen = cycle if waiting else ()
            self._check = self.loop.call_later(HEADER_SECONDS, self._wait)

    return Impatient
