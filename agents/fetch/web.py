"""Files of web servers."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import cuechain
from cuechain.agents.errors import MediaError
from cuechain.agents.fetch.address import shown
from cuechain.agents.fetch.kept import About, Kept, LaterError

if TYPE_CHECKING:
    import httpx

CONNECT, STALL = 15.0, 30.0
"""Seconds until a server must have taken a connection, and between two pieces that it sends."""

REDIRECTS = 5

LONGEST_WAIT = 60.0
"""Seconds of a Retry-After that are waited at most."""


def fetch(kept: Kept) -> None:
    """One try. What is kept is left alone where the server says, or by what it tells it seems, that it has not changed.

    Raises:
        LaterError: It may pass.
        MediaError: It is not there, or not to be had.
        RunError: The disk is full.
    """
    import httpx

    about, (at, begun) = kept.about, kept.begun()
    headers: dict[str, str] = {}
    if about:
        at = 0
        headers |= {"If-None-Match": about.tag} if about.tag else {}
        headers |= {"If-Modified-Since": about.modified} if about.modified else {}
    elif at:
        headers |= {"Range": f"bytes={at}-", "If-Range": begun.tag or begun.modified}
    try:
        with _client().stream("GET", kept.address, headers=headers) as reply:
            if reply.status_code == 304 and about:
                return
            if reply.status_code == 416:  # it has become shorter
                kept.drop()
                raise LaterError("it has changed while it was fetched")
            _checked(kept.address, reply)
            told = _told(reply)
            if about and not told.differs(about) and (told.sure or told.size is not None):
                return
            resumed = reply.status_code == 206
            if resumed and not reply.headers.get("content-range", "").startswith(f"bytes {at}-"):
                kept.drop()
                raise LaterError("the server sent another part of it than was asked for")
            kept.write(reply.iter_bytes(), told, at if resumed else 0)
    except httpx.InvalidURL as error:
        raise MediaError(f"{shown(kept.address)} is no address: {error}", "check it") from error
    except httpx.TooManyRedirects as error:
        raise MediaError(f"{shown(kept.address)} cannot be fetched: it is redirected for ever", "check it") from error
    except httpx.UnsupportedProtocol as error:
        raise MediaError(f"{shown(kept.address)} cannot be fetched: {error}", "check it") from error
    except httpx.TransportError as error:
        raise LaterError(_cause(error)) from error


@cache
def _client() -> httpx.Client:
    import httpx

    return httpx.Client(
        follow_redirects=True,
        max_redirects=REDIRECTS,
        timeout=httpx.Timeout(STALL, connect=CONNECT),
        # Compressed on the way, it would not have the length of the file, and could not go on where it ended.
        headers={"Accept-Encoding": "identity", "User-Agent": f"cuechain/{cuechain.__version__}"},
    )


def _checked(address: str, reply: httpx.Response) -> None:
    """Refuse what is no file."""
    status = reply.status_code
    if status in (200, 206):
        return
    told = f"{status} {reply.reason_phrase}".strip()
    if status in (408, 425, 429) or status >= 500:
        asked = reply.headers.get("retry-after", "")
        raise LaterError(told, min(LONGEST_WAIT, float(asked)) if asked.isdigit() else 0.0)
    hint = "check the address" if status in (404, 410) else "does it want a key, or has the link run out?"
    raise MediaError(f"{shown(address)} cannot be fetched: {told}", hint)


def _told(reply: httpx.Response) -> About:
    tag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
    size = reply.headers.get("content-length", "")
    if reply.status_code == 206:
        size = re.sub(r".*/", "", reply.headers.get("content-range", ""))
    if reply.headers.get("content-encoding", "identity") != "identity":
        size = ""
    return About(int(size) if size.isdigit() else None, "" if tag.startswith("W/") else tag, modified)


def _cause(error: Exception) -> str:
    return "the server does not answer in time" if "Timeout" in type(error).__name__ else str(error) or "it was cut off"


def size_of(address: str) -> int | None:
    """Bytes of a file; None where the server does not tell.

    Raises:
        MediaError: It is not there, or the server cannot be reached.
    """
    import httpx

    try:
        reply = _client().head(address)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise MediaError(f"{shown(address)} cannot be reached: {_cause(error)}", "check the address") from error
    if reply.status_code in (404, 410):
        told = f"{reply.status_code} {reply.reason_phrase}"
        raise MediaError(f"{shown(address)} cannot be fetched: {told}", "check the address")
    return None if reply.status_code >= 400 else _told(reply).size  # signed links often allow GET alone
