"""What can be asked of the server, whichever protocol asks: sessions, clips and jobs of one owner."""

from __future__ import annotations

import io
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, CueChainError, SessionError
from cuechain.agents.pipeline import check
from cuechain.agents.serve.job import Job, Limits
from cuechain.agents.serve.jobs import Jobs
from cuechain.agents.serve.order import LISTED, Order, placeless
from cuechain.agents.sessions import Session, Sessions
from cuechain.agents.settings import Settings
from cuechain.agents.values import Question
from cuechain.agents.web import room

LONGEST_TITLE = 80
"""Characters of a question that become the title of its session."""


class Service:
    """The jobs, and whose they are. Threads may call it at once."""

    def __init__(
        self,
        settings: Settings,
        models: Sequence[str] = (),
        limits: Limits | None = None,
        folders: Sequence[Path] | None = None,
    ) -> None:
        self.settings = settings
        self.folders = None if folders is None else tuple(folders)
        """Where the local user's own files may lie, those of earlier sessions too; None where requests name no files."""
        self.models = tuple(models) or (settings.model,)
        """Spec strings that may be asked for; the first answers where none is named. A request names no other, for a spec can name files
        and addresses."""
        for spec in self.models:
            if ":" not in spec:
                registry.target("models", spec)
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for rest in settings.home.glob("sessions/.deleted-*"):  # of a server that was killed while it deleted
            shutil.rmtree(rest, ignore_errors=True)
        self.jobs = Jobs(settings, limits or Limits())

    def sessions(self, owner: str) -> Sessions:
        """The sessions of an owner."""
        return Sessions(self.settings.home, owner, LISTED)

    def session(self, owner: str, id: str | None) -> Session:
        """A session of an owner; a new one where none is named."""
        return self.sessions(owner).get(id) if id else self.sessions(owner).create()

    def keep(self, session: Session, source: BinaryIO, name: str, most: int) -> Path:
        """Copy a clip into a session."""
        room(self.settings.home, 0)
        return session.add_file(source, name, most)

    def ask(
        self,
        owner: str,
        question: str,
        session: str | None = None,
        *,
        files: Sequence[Path] = (),
        text: str | None = None,
        task: str = "ask",
        labels: Sequence[str] = (),
        without: Sequence[str] = (),
        model: str | None = None,
    ) -> Job:
        """Queue a question about the clips of a session, or about a text.

        Args:
            owner: Who asks.
            question: The words.
            session: Id of the session; a new one where none is given.
            files: Files of the local user that join the session.
            text: A text that joins it.
            task: Registered name of the task.
            labels: Label set; empty for the task's own.
            without: Senses that are left out.
            model: One of `models`.

        Raises:
            ConfigError: Something of it is not valid.
            SessionError: There is no such session.
            BusyError: The queue is full.
        """
        check(Question(text=question, task=task, labels=tuple(labels)))
        known(without)
        spec = model or self.models[0]
        if spec not in self.models:
            raise ConfigError(f"this server does not offer the model {spec[:80]!r}", f"it has {', '.join(self.models)}")
        order = Order(
            kind="ask",
            owner=owner,
            session=session or "",
            question=question,
            task=task,
            labels=tuple(labels),
            without=tuple(without),
            model=spec,
        )
        return self._queued(order, files, text)

    def perceive(
        self,
        owner: str,
        session: str | None = None,
        *,
        files: Sequence[Path] = (),
        text: str | None = None,
        senses: Sequence[str] = (),
    ) -> Job:
        """Queue the perception of a session's clips, without a question. See `ask`."""
        known(senses)
        order = Order(kind="perceive", owner=owner, session=session or "", senses=tuple(senses))
        return self._queued(order, files, text)

    def cases(self, owner: str, session: str) -> list[dict[str, Any]]:
        """Answers of a session, as plain values."""
        kept = self.session(owner, session)
        return [placeless(case.model_dump(mode="json", exclude_none=True), kept) for case in kept.cases()]

    def remove(self, owner: str, session: str, name: str) -> None:
        """Take one clip out of a session; answers that were given about it stay.

        Raises:
            SessionError: There is none of this name.
        """
        kept = self.session(owner, session)
        path = next((path for path in kept.files if path.name == name), None)
        if path is None:
            raise SessionError(f"session {session} has no clip {name[:80]!r}", f"GET /v1/sessions/{session} names them")
        kept.remove_file(path)

    def delete(self, owner: str, session: str) -> None:
        """Delete a session with all that belongs to it; its jobs are stopped before.

        Raises:
            SessionError: There is none.
        """
        sessions = self.sessions(owner)
        self.jobs.forget(sessions.get(session).id)
        sessions.delete(session)

    def _queued(self, order: Order, files: Sequence[Path], text: str | None) -> Job:
        """Queue an order with what joins its session; a session that is made for it does not outlive a refusal."""
        self.jobs.check(order.owner)
        if not order.session and not files and text is None:
            raise ConfigError("nothing to look at", "name a session with clips, or give a text")
        if text is not None and not text.strip():
            raise ConfigError("the text is empty", "give some words")
        session = self.session(order.owner, order.session)
        try:
            for path in files:
                session.link_file(path)
            if text is not None:
                self.keep(session, io.BytesIO(text.encode("utf-8", "replace")), "text.txt", 2**20)
            if not session.files:
                hint = "POST /v1/clips?session=… adds one" if self.folders is None else "name files"
                raise ConfigError(f"session {session.id} has no clips", hint)
            if order.question and not session.title:
                session.rename(textwrap.shorten(order.question, LONGEST_TITLE, placeholder=" …"))
            return self.jobs.submit(order.model_copy(update={"session": session.id, "folders": self.folders}))
        except CueChainError:
            if not order.session:
                self.sessions(order.owner).delete(session.id)
            raise


def known(senses: Sequence[str]) -> None:
    """See that senses are registered.

    Raises:
        ConfigError: One is not.
    """
    for name in senses:
        registry.target("perception", name)
