"""The sessions of one owner."""

from __future__ import annotations

import re
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from cuechain.agents.errors import SessionError
from cuechain.agents.sessions.session import Record, Session, read, write

LOCAL = "local"
"""Owner of what is asked without a user name: whoever sits at this machine."""

_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")


class Sessions:
    """The sessions of one owner; those of others do not exist here."""

    def __init__(self, home: Path, owner: str = LOCAL, hint: str = "`cuechain chat --sessions` lists them") -> None:
        """Sessions of an owner.

        Args:
            home: Where they are kept.
            owner: Whose.
            hint: Where their ids are told, for whoever names one that is not there.
        """
        self.root = home / "sessions"
        self.owner = owner
        self.hint = hint

    def create(self, title: str = "") -> Session:
        """Begin a session.

        Raises:
            SessionError: The folder cannot be written.
        """
        id = next(
            id for id in iter(lambda: secrets.token_urlsafe(12), "") if id[0].isalnum()
        )  # "-…" reads as an option
        folder = self.root / id
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise SessionError(f"{folder} cannot be made: {error.strerror}", "set CUECHAIN_HOME") from error
        made = Record(
            id=id, owner=self.owner, title=title, created=datetime.now(UTC).isoformat(timespec="microseconds")
        )
        write(folder, made)
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
                record = read(folder)
            except SessionError:
                record = None
            if record is not None and record.owner == self.owner:
                return Session(folder, record)
        raise SessionError(f"there is no session {id[:40]!r}", self.hint)

    def answers(self, place: str) -> Path | None:
        """The file of a conversation's answers.

        Args:
            place: Id of a session, or folder of a conversation.

        Raises:
            SessionError: It has no answers yet.
        """
        folder = Path(place)
        if _ID.fullmatch(place) and not folder.exists():
            try:
                folder = self.get(place).folder
            except SessionError:
                return None
        talk = (folder / "session.json").is_file()
        if (folder / "cases.jsonl").is_file() and (talk or not (folder / "manifest.json").exists()):
            return folder / "cases.jsonl"
        if talk:
            raise SessionError(f"session {folder.name} has no answer yet", "ask: `cuechain chat --resume ID`")
        return None

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
