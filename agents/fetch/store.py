"""Files of stores that fsspec opens: S3, Google Cloud Storage, Azure, SFTP …"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from cuechain.agents.errors import ConfigError, CueChainError, MediaError, MissingExtraError
from cuechain.agents.fetch.address import is_web, shown
from cuechain.agents.fetch.kept import About, Kept, LaterError

PIECE = 2**20
"""Bytes that are read at once."""

_TAGS = ("ETag", "etag", "md5Hash", "content_md5")
_TIMES = ("LastModified", "updated", "last_modified", "mtime", "created")
"""Where stores tell them: S3, Google and Azure, SFTP and files, memory."""


def opened(address: str) -> tuple[Any, str]:
    """The file system of fsspec that an address belongs to, and the path in it.

    Raises:
        ConfigError: Nobody knows this kind of address.
        MissingExtraError: Its package is not installed.
    """
    try:
        from fsspec.core import url_to_fs
        from fsspec.registry import known_implementations
    except ImportError as error:
        raise MissingExtraError("fsspec, which opens such addresses,", "batch") from error
    scheme = address.partition("://")[0]
    try:
        return url_to_fs(address)
    except ImportError as error:
        package = str(known_implementations.get(scheme, {}).get("class", scheme)).partition(".")[0]
        if package == "fsspec":  # its own file systems need others' libraries, and say so
            package = error.name or scheme
        missing = MissingExtraError(f"{package}, which opens {scheme}:// addresses,", "batch")
        missing.hint = f"pip install {package}"
        raise missing from error
    except ValueError as error:
        raise ConfigError(f"{shown(address)}: {error}", "https://, s3://, gs://, and what else fsspec knows") from error


def fetch(kept: Kept) -> None:
    """One try. What is kept is left alone where the store tells the same of it as before.

    Raises:
        LaterError: It may pass.
        MediaError: It is not there, or not to be had.
        RunError: The disk is full.
    """
    files, place = opened(kept.address)
    with _told(kept.address):
        about, before = _about(files, place, kept.address), kept.about
        if before and not about.differs(before):
            return
        at, begun = kept.begun()
        at = at if begun == about else 0
        with files.open(place, "rb") as source:
            source.seek(at)
            kept.write(iter(lambda: source.read(PIECE), b""), about, at)


def size_of(address: str) -> int | None:
    """Bytes of a file; None where the store does not tell.

    Raises:
        MediaError: It is not there, or the store cannot be reached.
    """
    files, place = opened(address)
    try:
        with _told(address):
            return _about(files, place, address).size
    except LaterError as error:
        raise MediaError(f"{shown(address)} cannot be reached: {error}", "check the address") from error


def listed(pattern: str) -> list[str]:
    """Addresses that a pattern (`s3://bucket/**/*.mp4`) or a folder of a store stands for, in order.

    Raises:
        ConfigError: Its kind of address cannot be listed.
        MediaError: The store cannot be reached.
        MissingExtraError: The package for this kind of address is not installed.
    """
    if is_web(pattern):
        raise ConfigError(f"{shown(pattern)}: a web server lists no files", "name the files in a table, one a row")
    files, place = opened(pattern)
    try:
        with _told(pattern):
            found = files.glob(place, detail=True) if re.search(r"[*?\[]", place) else files.find(place, detail=True)
            return sorted(str(files.unstrip_protocol(p)) for p, of in found.items() if of.get("type") != "directory")
    except LaterError as error:
        raise MediaError(f"{shown(pattern)} cannot be listed: {error}", "check the address") from error


def _about(files: Any, place: str, address: str) -> About:
    told: dict[str, Any] = files.info(place)
    if told.get("type") == "directory":
        raise MediaError(f"{shown(address)} is a folder", "give a file; `cuechain batch` takes folders and patterns")
    tag, time = (next((str(told[key]) for key in keys if told.get(key)), "") for keys in (_TAGS, _TIMES))
    return About(told.get("size"), tag, time)


@contextmanager
def _told(address: str) -> Generator[None]:
    """Errors of stores as ours; each store has its own."""
    try:
        yield
    except (CueChainError, LaterError):
        raise
    except FileNotFoundError as error:
        raise MediaError(f"{shown(address)} does not exist", "check the address") from error
    except PermissionError as error:
        raise MediaError(f"{shown(address)} may not be read", "check the keys that the store wants") from error
    except OSError as error:
        raise LaterError(str(error) or type(error).__name__) from error
    except Exception as error:  # such as botocore's NoCredentialsError
        said = " ".join(str(error).split())[:200]
        raise MediaError(
            f"{shown(address)} cannot be read: {type(error).__name__}: {said}", "check its keys"
        ) from error
