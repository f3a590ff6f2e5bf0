"""What a request says of itself, and what is wrong with where it comes from and goes to."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from cuechain.agents.web.access import COOKIE, is_loopback

MIB = 2**20

Refusal: TypeAlias = tuple[int, str, str, dict[str, str]]
"""Status, what is wrong, what to do about it, further headers."""

MOST_HEAD = 32 * 1024
"""Bytes of a request's address and headers."""

_SAFE = ("GET", "HEAD", "OPTIONS")


class Asked:
    """What the guard reads of a request."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.kind: str = scope["type"]
        self.method: str = scope.get("method", "GET")
        self.path: str = scope["path"]
        self.client: str = (scope.get("client") or ("",))[0]
        self._query: bytes = scope.get("query_string", b"")
        self.headers: dict[str, str] = {}
        self.hosts = 0
        self.size = len(self.path) + len(self._query)
        """Bytes of the head, nearly."""
        for name, value in scope["headers"]:
            key = name.decode("latin-1").lower()
            self.hosts += key == "host"
            self.size += len(name) + len(value)
            self.headers.setdefault(key, value.decode("latin-1"))

    @property
    def token(self) -> str | None:
        """The token of the address, of a request that changes nothing."""
        if self.method != "GET" or b"token=" not in self._query:
            return None
        return dict(parse_qsl(self._query.decode("latin-1"))).get("token")

    @property
    def without_token(self) -> str:
        """The same address without it, on this server whatever the path looks like."""
        rest = urlencode([(k, v) for k, v in parse_qsl(self._query.decode("latin-1")) if k != "token"])
        path = "/" + self.path.lstrip("/\\").encode("ascii", "replace").decode()
        return path + (f"?{rest}" if rest else "")

    @property
    def cookie(self) -> str:
        """The value of our cookie; empty without one."""
        pairs = (pair.strip().partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return next((value for name, _, value in pairs if name == COOKIE), "")


def misled(told: Asked, host: str, names: Sequence[str]) -> Refusal | None:
    """What is wrong with where a request goes to and comes from."""
    if told.size > MOST_HEAD:
        return 431, f"the head of the request has more than {MOST_HEAD // 1024} KiB", "", {}
    if any(ord(c) < 32 or c in "\\\x7f" for c in told.path) or ".." in told.path.split("/"):
        return 400, "the path is not valid", "", {}
    if told.hosts != 1 or not _is_ours(told.headers["host"], host, names):
        return 421, "this server has another name", "open it by its address, or start it with --name", {}
    if told.method in _SAFE and told.kind == "http" and "access-control-request-method" not in told.headers:
        return None
    origin = told.headers.get("origin")
    if origin is not None:
        same = origin.lower() in (f"{scheme}://{told.headers['host'].lower()}" for scheme in ("http", "https"))
    else:
        same = told.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    return None if same else (403, "another site may not ask this server", "", {})


def _is_ours(told: str, host: str, names: Sequence[str]) -> bool:
    """Whether a Host header names this server.

    A name that somebody else's DNS may lead here is none; an address cannot be led elsewhere, so on a server that others reach any will do.
    """
    try:
        name = (urlsplit(f"//{told}").hostname or "").lower()
        _ = urlsplit(f"//{told}").port
    except ValueError:
        return False
    if name in (host.lower().strip("[]"), *(n.lower() for n in names)) or is_loopback(name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return not is_loopback(host)


def too_large(told: Asked, most: int) -> Refusal | None:
    """What is wrong with the length that a request tells beforehand."""
    length = told.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        return 400, "the length of the body is not valid", "", {}
    if (
        "content-length" in told.headers and "transfer-encoding" in told.headers
    ):  # a proxy may have believed the other one
        return 400, "the body has two lengths", "", {}
    return large(most) if int(length[:20]) > most else None


def large(most: int) -> Refusal:
    """The answer to a body of more than `most` bytes."""
    return 413, f"the body has more than {most / MIB:.0f} MiB", "cut the clip, or raise the limit of the server", {}
