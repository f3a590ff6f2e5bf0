"""Conversations kept on disk: one folder each, with its clips, its cases, what people thought of them, and its own cue cache.

Whatever a conversation leaves behind lies in its folder, so deleting the folder deletes all of it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from filelock import FileLock
from pydantic import Field, ValidationError

from cuechain.agents.atomic import write
from cuechain.agents.catalogue import case_of
from cuechain.agents.errors import ConfigError, CueChainError, MediaError, SessionError
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, Value

LOCAL = "local"
"""Owner of what is asked without a user name: whoever sits at this machine."""

_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")
_PIECE = 1 << 20
_LONGEST = 80
"""Characters of a stored file's name: file systems take 255 bytes, and a character has up to four."""


class Feedback(Value):
    """What somebody thought of one answer."""

    turn: int = Field(ge=1)
    """The answer, counted from 1 in its session."""
    rating: Literal["up", "down"] | None = None
    """Thumb; None where only an edit was made."""
    text: str | None = None
    """The answer as it should be, with citations in brackets as they are shown."""
    label: str | None = None
    """The label that is right."""
    note: str = ""
    """Whatever else was written."""
    at: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """When, in ISO 8601, UTC."""


class _Record(Value):
    """session.json."""

    id: str
    """Name of the folder."""
    owner: str
    """User name; LOCAL for whoever sits at the machine."""
    title: str = ""
    """What a list of sessions calls it."""
    created: str
    """ISO 8601, UTC."""
    files: tuple[str, ...] = ()
    """Names in media/, or whole paths of files that are used where they lie."""


class Session:
    """One conversation on disk; several processes may use it at once."""

    def __init__(self, folder: Path, record: _Record) -> None:
        self.folder = folder
        self.id, self.owner, self.title, self.created = record.id, record.owner, record.title, record.created

    @property
    def files(self) -> tuple[Path, ...]:
        """The clips, in the order in which they came."""
        return tuple(self.folder / "media" / name for name in _read(self.folder).files)

    @property
    def memory(self) -> Path:
        """File of what an agent remembers over turns."""
        return self.folder / "memory.sqlite"

    def settings(self, base: Settings) -> Settings:
        """The same settings with this session's own cue cache."""
        return base.model_copy(update={"cache": self.folder / "cache"})

    def add_file(self, source: Path | BinaryIO, name: str, most: int | None = None) -> Path:
        """Copy a clip into the session.

        Args:
            source: What to copy; a stream is read piece by piece.
            name: What its owner calls it; a harmless form of it is kept.
            most: Bytes that it may have.

        Raises:
            MediaError: It is larger than `most`; nothing is kept.
            SessionError: It cannot be read or kept.
        """
        folder = self.folder / "media"
        try:
            folder.mkdir(exist_ok=True)
            with self._locked():
                target = _free(folder, safe_name(name))
                target.touch()
            try:
                if isinstance(source, Path):
                    with source.open("rb") as stream:
                        _copy(stream, target, most)
                else:
                    _copy(source, target, most)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise SessionError(f"{name} cannot be kept: {error.strerror or error}", "check the free space") from error
        self._remember(target.name)
        return target

    def link_file(self, path: Path) -> Path:
        """Add a clip of the local user's own, used where it lies."""
        whole = path.absolute()
        self._remember(str(whole))
        return whole

    def add(self, case: Case) -> int:
        """Keep an answer; gives its turn, from 1.

        Raises:
            SessionError: The session was deleted, or its folder cannot be written.
        """
        with self._locked():
            self._line("cases", case.model_dump_json(exclude_defaults=True))
            return sum(1 for _ in self._lines("cases"))

    def cases(self) -> list[Case]:
        """All answers in order; a line that was cut off while it was written is left out."""
        return [case for line in self._lines("cases") if (case := _whole(line)) is not None]

    def rate(self, feedback: Feedback) -> None:
        """Keep what somebody thought of an answer.

        Raises:
            SessionError: There is no such turn, or the folder cannot be written.
        """
        turns = len(self.cases())
        if feedback.turn > turns:
            raise SessionError(f"session {self.id} has no answer {feedback.turn}", f"it has {turns}")
        with self._locked():
            self._line("feedback", feedback.model_dump_json())

    def feedback(self) -> list[Feedback]:
        """What was said of the answers, the last word on each, in order of turns."""
        last: dict[int, Feedback] = {}
        for line in self._lines("feedback"):
            try:
                one = Feedback.model_validate_json(line)
            except ValidationError:
                continue
            last[one.turn] = one
        return [last[turn] for turn in sorted(last)]

    def rename(self, title: str) -> None:
        """Give it another title."""
        self._update(title=title)
        self.title = title

    def _remember(self, name: str) -> None:
        with self._locked():
            record = _read(self.folder)
            if name not in record.files:
                _write(self.folder, record.model_copy(update={"files": (*record.files, name)}))

    def _update(self, **changed: str) -> None:
        with self._locked():
            _write(self.folder, _read(self.folder).model_copy(update=changed))

    def _locked(self) -> FileLock:
        if not self.folder.is_dir():
            raise SessionError(f"session {self.id} was deleted", "start another one")
        return FileLock(self.folder / ".lock")

    def _line(self, name: str, line: str) -> None:
        path = self.folder / f"{name}.jsonl"
        try:
            with path.open("a+b") as file:
                _drop_half(file)
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SessionError(
                f"session {self.id} cannot be written: {error.strerror}", "check the free space"
            ) from error

    def _lines(self, name: str) -> Iterator[str]:
        path = self.folder / f"{name}.jsonl"
        if path.is_file():
            yield from (line for line in path.read_text("utf-8", "replace").split("\n") if line.strip())


class Sessions:
    """The sessions of one owner; those of others do not exist here."""

    def __init__(self, home: Path, owner: str = LOCAL) -> None:
        self.root = home / "sessions"
        self.owner = owner

    def create(self, title: str = "") -> Session:
        """Begin a session.

        Raises:
            SessionError: The folder cannot be written.
        """
        id = secrets.token_urlsafe(12)
        folder = self.root / id
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise SessionError(f"{folder} cannot be made: {error.strerror}", "set CUECHAIN_HOME") from error
        made = _Record(
            id=id, owner=self.owner, title=title, created=datetime.now(UTC).isoformat(timespec="microseconds")
        )
        _write(folder, made)
        return Session(folder, made)

    def all(self) -> list[Session]:
        """The owner's sessions, newest first; folders that hold none are passed over."""
        found: list[Session] = []
        for path in self.root.glob("*/session.json"):
            try:
                found.append(self.get(path.parent.name))
            except SessionError:
                continue
        return sorted(found, key=lambda s: s.created, reverse=True)

    def get(self, id: str) -> Session:
        """The session of this id.

        Raises:
            SessionError: There is none, or it is another owner's, which is told in the same words.
        """
        if _ID.fullmatch(id):
            folder = self.root / id
            try:
                record = _read(folder)
            except SessionError:
                record = None
            if record is not None and record.owner == self.owner:
                return Session(folder, record)
        raise SessionError(f"there is no session {id[:40]!r}", "`cuechain chat --sessions` lists them")

    def delete(self, id: str) -> None:
        """Delete a session with its media, cues, answers, memory and feedback.

        Raises:
            SessionError: There is none, or it cannot be deleted.
        """
        session = self.get(id)
        try:
            # Out of sight at once, so that nobody writes into a folder that is half gone.
            doomed = session.folder.with_name(f".deleted-{id}")
            session.folder.rename(doomed)
            shutil.rmtree(doomed)
        except OSError as error:
            raise SessionError(f"session {id} cannot be deleted: {error.strerror}", "delete its folder") from error


def safe_name(name: str) -> str:
    """A harmless form of a file's name: its last part, printable, without leading dots, its suffix kept.

    Raises:
        ConfigError: Nothing is left of it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = re.sub(r"[^\w.,()+ -]", "_", last).strip(" .").lstrip("-")
    if not clean:
        raise ConfigError("the file has no name", "give it one with a suffix, such as clip.mp4")
    stem, dot, suffix = clean.rpartition(".")
    return clean if len(clean) <= _LONGEST else (stem or clean)[: _LONGEST - 10] + (dot + suffix[:8] if stem else "")


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that is not taken: clip.mp4, clip-2.mp4 …"""
    path = folder / name
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path


def _copy(stream: BinaryIO, target: Path, most: int | None) -> None:
    size = 0
    with target.open("wb") as out:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if most is not None and size > most:
                raise MediaError(f"the file has more than {most / 2**20:.0f} MiB", "cut it, or raise the limit")
            out.write(piece)


def _drop_half(file: BinaryIO) -> None:
    """Cut off a last line that was not written to its end, so that lines and turns count the same."""
    size = end = file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _PIECE)
        file.seek(begin)
        if (place := file.read(end - begin).rfind(b"\n")) >= 0:
            end = begin + place + 1
            break
        end = begin
    if end < size:
        file.truncate(end)


def _whole(line: str) -> Case | None:
    try:
        return case_of(line)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        CueChainError,
    ):  # half a line, or a task that is no longer there
        return None


def _read(folder: Path) -> _Record:
    try:
        return _Record.model_validate_json((folder / "session.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise SessionError(f"{folder.name} is no session", "start another one") from error


def _write(folder: Path, record: _Record) -> None:
    write(folder / "session.json", record.model_dump_json(indent=2) + "\n")
