"""Files by address: https:// and whatever fsspec knows (s3://, gs://, memory:// …), kept below the cache folder, each whole or absent.

A file is fetched once. Before a later process uses it again, its server is asked whether it has changed; where the server is away,
what is kept is used. What was cut off goes on where it ended, as long as the server says that the file is still the same. Many
processes may want one file at once; one of them fetches it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.fetch import store, web
from cuechain.agents.fetch.address import is_address, is_web, name_of, shown
from cuechain.agents.fetch.kept import Kept, LaterError, no_room
from cuechain.agents.fetch.room import in_use, make_room
from cuechain.agents.fetch.store import listed

if TYPE_CHECKING:
    from cuechain.agents.settings import Settings

__all__ = ["fetched", "is_address", "is_web", "listed", "local", "shown", "size_of"]

_asked: set[tuple[str, Path]] = set()
"""Addresses that this process has asked about, with the place where they are kept."""


@contextmanager
def local(place: str | Path, settings: Settings) -> Generator[Path]:
    """A path of this machine for what may be an address; without a cache folder, for as long as the context lasts.

    An error about the file names the address.

    Raises:
        MediaError: It is not there, cannot be fetched, or is too large.
        MissingExtraError: The package for this kind of address is not installed.
        RunError: The cache folder cannot be written.
    """
    if not is_address(place):
        yield Path(str(place))
        return
    address, cache = str(place), settings.cache
    if cache is None:
        with tempfile.TemporaryDirectory(prefix="cuechain-") as folder:
            yield from _named(address, fetched(address, Path(folder), settings.retries))
        return
    held = False
    while not held:  # another process may have made room just now
        path = fetched(address, cache, settings.retries)
        with in_use(path) as held:
            if held:
                if settings.cache_limit is not None:
                    make_room(cache / "files", settings.cache_limit)
                yield from _named(address, path)


def _named(address: str, path: Path) -> Generator[Path]:
    try:
        yield path
    except (MediaError, ConfigError) as error:
        raise type(error)(error.message.replace(str(path), shown(address)), error.hint) from error


def fetched(address: str, cache: Path, retries: int = 3) -> Path:
    """Where a file lies below the cache folder; it is fetched where it is not there, or has changed.

    Args:
        address: https://, s3:// …
        cache: Of the settings; the file goes below its `files`, into a folder named by a hash of the address.
        retries: Further tries after an error that may pass.

    Raises:
        MediaError: It is not there, cannot be fetched, or is too large.
        MissingExtraError: The package for this kind of address is not installed.
        RunError: The folder cannot be written.
    """
    digest = hashlib.sha256(address.encode()).hexdigest()[:40]
    folder = cache / "files" / digest[:2] / digest
    kept = Kept(folder / name_of(address), address)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if (address, kept.path) not in _asked or not kept.path.is_file():
                _tried(kept, retries)
                _asked.add((address, kept.path))
    except OSError as error:
        raise no_room(folder, error) from error
    return kept.path


def _tried(kept: Kept, retries: int) -> None:
    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, LaterError) else 0.0
        return max(wait_exponential_jitter(initial=0.5, max=20, jitter=0.5)(state), asked)

    tries = Retrying(
        stop=stop_after_attempt(retries + 1), wait=pause, retry=retry_if_exception_type(LaterError), reraise=True
    )
    try:
        tries(web.fetch if is_web(kept.address) else store.fetch, kept)
    except LaterError as error:
        if kept.path.is_file():  # it is whole, and nobody can say whether it has changed
            return
        raise MediaError(
            f"{shown(kept.address)} cannot be fetched: {error}", f"it was tried {retries + 1} times; try again later"
        ) from error


def size_of(address: str) -> int | None:
    """Bytes of a file, asked without fetching it; None where the server does not tell.

    Raises:
        MediaError: It is not there, or the server cannot be reached.
        MissingExtraError: The package for this kind of address is not installed.
    """
    return web.size_of(address) if is_web(address) else store.size_of(address)
