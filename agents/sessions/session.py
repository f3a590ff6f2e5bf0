"""One conversation on disk: a folder with its clips, its cases, what people thought of them, and its own cue cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from filelock import FileLock
from pydantic import Field, ValidationError

from cuechain.agents import atomic
from cuechain.agents.catalogue import case_of
from cuechain.agents.errors import CueChainError, SessionError
from cuechain.agents.sessions.files import copy, drop_half, free, safe_name
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, Value


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


class Record(Value):
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

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.id, self.owner, self.title, self.created = record.id, record.owner, record.title, record.created

    @property
    def files(self) -> tuple[Path, ...]:
        """The clips, in the order in which they came."""
        return tuple(self.folder / "media" / name for name in read(self.folder).files)

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
                target = free(folder, safe_name(name))
                target.touch()
            try:
                if isinstance(source, Path):
                    with source.open("rb") as stream:
                        copy(stream, target, most)
                else:
                    copy(source, target, most)
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

    def remove_file(self, path: Path) -> None:
        """Take a clip out of the session; a copy that the session keeps is deleted, a user's own file is not."""
        media = self.folder / "media"
        with self._locked():
            record = read(self.folder)
            left = tuple(name for name in record.files if media / name != path)
            write(self.folder, record.model_copy(update={"files": left}))
            if path.parent == media:
                path.unlink(missing_ok=True)

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
            record = read(self.folder)
            if name not in record.files:
                write(self.folder, record.model_copy(update={"files": (*record.files, name)}))

    def _update(self, **changed: str) -> None:
        with self._locked():
            write(self.folder, read(self.folder).model_copy(update=changed))

    def _locked(self) -> FileLock:
        if not self.folder.is_dir():
            raise SessionError(f"session {self.id} was deleted", "start another one")
        return FileLock(self.folder / ".lock")

    def _line(self, name: str, line: str) -> None:
        path = self.folder / f"{name}.jsonl"
        try:
            with path.open("a+b") as file:
                drop_half(file)
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


def read(folder: Path) -> Record:
    """What session.json says.

    Raises:
        SessionError: The folder holds no session.
    """
    try:
        return Record.model_validate_json((folder / "session.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise SessionError(f"{folder.name} is no session", "start another one") from error


def write(folder: Path, record: Record) -> None:
    """Write session.json, whole or not at all."""
    atomic.write(folder / "session.json", record.model_dump_json(indent=2) + "\n")
