"""What is an address, and how it is shown."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

LONGEST = 100
"""Characters of a file's name."""


def is_address(place: str | os.PathLike[str]) -> bool:
    """Whether this is an address rather than a path of this machine. A `Path` never is one."""
    return isinstance(place, str) and _ADDRESS.match(place) is not None


def is_web(address: str) -> bool:
    """Whether an address is one of http or https."""
    return address.lower().startswith(("http://", "https://"))


def shown(address: str) -> str:
    """An address as it may be printed: without a password, and without the query, which holds keys where links are signed."""
    if not is_address(address):
        return address
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    path = re.split(r"[?#]", path, maxsplit=1)[0] if is_web(address) else path
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def path_of(address: str) -> str:
    """The path of an address, without what a web address has after it."""
    return unquote(urlsplit(address).path) if is_web(address) else address.partition("://")[2]


def name_of(address: str) -> str:
    """The last part of an address as the name of a file, so that its suffix says what is in it."""
    name = re.sub(r"[^\w.\- ]", "_", path_of(address).rstrip("/").rpartition("/")[2]).strip(". ")
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:LONGEST]}{dot}{suffix[:LONGEST]}" or "file"
