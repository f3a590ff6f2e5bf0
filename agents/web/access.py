"""Who may ask: everybody at this machine, or who brings a token or a password."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cuechain.agents.errors import ConfigError
from cuechain.agents.sessions import LOCAL

COOKIE = "cuechain"
SHORTEST_TOKEN = 16
"""Characters; a token is meant to be made by a machine (`openssl rand -hex 24`)."""
SHORTEST_PASSWORD = 8
"""Characters, as NIST SP 800-63B asks of passwords at least."""
GUESSES = 20
"""Wrong passwords or tokens that one address may try in a minute; then it is slowed down."""
PAUSE = 2.0
"""Seconds that a password of an address that guesses waits before it is looked at."""
AT_ONCE = 4
"""Passwords of such an address that wait their pause at once: two a second are looked at."""
QUEUE = 24
"""Requests of such an address that may stand behind one another."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine and no other can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bindable(host: str, token: str | None = None, users: Mapping[str, str] | None = None) -> None:
    """Let a server listen on `host`: on this machine always, where others reach it only with a token or users.

    Args:
        host: Name or address to listen on.
        token: One secret for everybody who may ask.
        users: User name to password.

    Raises:
        ConfigError: Others could ask without a secret, or a secret is too short to be one.
    """
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"the token has under {SHORTEST_TOKEN} characters", "make one: openssl rand -hex 24")
    for name, password in (users or {}).items():
        if not _NAME.fullmatch(name) or name == LOCAL:
            raise ConfigError(f"'{name[:64]}' cannot be a user name", "letters, digits and . _ @ - after the first")
        if len(password) < SHORTEST_PASSWORD:
            raise ConfigError(f"the password of {name} has under {SHORTEST_PASSWORD} characters", "give a longer one")
    if not is_loopback(host) and token is None and not users:
        raise ConfigError(
            f"'{host}' can be reached from other machines, and nothing says who may ask",
            "give --token or --users, or listen on 127.0.0.1",
        )


def users_of(path: Path) -> dict[str, str]:
    """User names and passwords of a file with a line `name:password` for each; lines that begin with # are passed over.

    Raises:
        ConfigError: It cannot be read, others may read it, or a line is none.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} can be read by others", f"chmod 600 {path}")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "give a file with lines of name:password") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not colon or name in found:
            raise ConfigError(f"{path}, line {number}: no name:password, or a name twice")
        found[name] = password
    if not found:
        raise ConfigError(f"{path} names nobody", "give a file with lines of name:password")
    return found


@dataclass
class Access:
    """Who may ask. Without token and users everybody may, as the local user."""

    token: str | None = None
    """Its bearer is the local user."""
    users: Mapping[str, str] = field(default_factory=dict[str, str])
    """User name to password."""
    _guesses: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    _queues: dict[str, _Queue] = field(default_factory=dict[str, "_Queue"])

    @property
    def open(self) -> bool:
        """True when nothing has to be brought."""
        return self.token is None and not self.users

    def owner(self, authorization: str, cookie: str) -> str | None:
        """The name in whose behalf a request is made; None where it brings no right secret."""
        if self.open:
            return LOCAL
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer" and self.is_token(value.strip()):
            return LOCAL
        if scheme.lower() == "basic" and (name := self._of_password(value.strip())):
            return name
        if self.token is not None and _same(cookie, self.cookie):
            return LOCAL
        return None

    def is_token(self, told: str) -> bool:
        """Whether it is the token, in time that does not tell how much of it is right."""
        return self.token is not None and _same(told, self.token)

    @property
    def cookie(self) -> str:
        """What a browser keeps in the token's stead."""
        return hmac.new((self.token or "").encode(), b"cuechain browser", hashlib.sha256).hexdigest()

    async def slowed(self, address: str) -> bool:
        """Wait as long as a password of this address has to; False where too many of its requests wait already.

        The right one waits with the wrong ones, or the speed of the answer would tell it; nobody is locked out.
        """
        if not self.suspect(address):
            return True
        queue = self._queues.setdefault(address, _Queue())
        if queue.waiting >= QUEUE:
            return False
        queue.waiting += 1
        try:
            async with queue.places:
                await asyncio.sleep(PAUSE)
        finally:
            queue.waiting -= 1
            if not queue.waiting:
                self._queues.pop(address, None)
        return True

    def guessed(self, address: str) -> None:
        """Count a wrong secret from an address."""
        if len(self._guesses) > 10_000:
            self._guesses.clear()  # a flood from everywhere must not fill the memory
        recent = self._guesses.setdefault(address, [])
        recent.append(time.monotonic())
        del recent[:-GUESSES]

    def suspect(self, address: str) -> bool:
        """Whether an address guessed too often within the last minute."""
        since = time.monotonic() - 60
        recent = [at for at in self._guesses.get(address, ()) if at > since]
        if not recent:
            self._guesses.pop(address, None)
        return len(recent) >= GUESSES

    def _of_password(self, encoded: str) -> str | None:
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            return None
        right = _same(password, self.users.get(name, ""))  # the same work for a name that nobody has
        return name if right and name in self.users else None


@dataclass
class _Queue:
    """Requests of one address that wait to be looked at."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0


def _same(told: str, right: str) -> bool:
    """Equal, in a time that depends on neither: digests have one length."""
    ours, theirs = (hashlib.sha256(one.encode("utf-8", "surrogatepass")).digest() for one in (told, right))
    return hmac.compare_digest(ours, theirs)
