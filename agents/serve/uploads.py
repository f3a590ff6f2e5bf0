"""Clips that are sent: parsed while they come, kept in their session, so many at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ConfigError, CueChainError
from cuechain.agents.serve.looks import Looks
from cuechain.agents.serve.service import Service
from cuechain.agents.sessions import Session
from cuechain.agents.web import Coming

if TYPE_CHECKING:
    from starlette.requests import Request

FILES = 16
"""Files in one upload."""


class Uploads:
    """Takes uploads; lives in one event loop."""

    def __init__(self, service: Service, most_bytes: int) -> None:
        self._service = service
        self._most = most_bytes
        self.looks = Looks(service.settings)
        self._coming = Coming()

    async def taken(self, request: Request, owner: str, id: str | None) -> Session:
        """Keep the files of a multipart body in a session, a new one where none is named.

        Raises:
            BusyError: Too many uploads at once.
            SessionError: There is no such session.
            ConfigError: The body holds no file.
            MediaError: One cannot be used, or is too large; none is kept.
            FullError: The disk is full.
        """
        from starlette.concurrency import run_in_threadpool

        length = request.headers.get("content-length", "0")
        service = self._service
        with self._coming.place(owner, int(length) if length.isdigit() else 0, service.settings.home):
            if id:
                await run_in_threadpool(service.session, owner, id)  # before anything is read
            if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
                raise ConfigError("this is no upload", "send multipart/form-data, as curl -F file=@clip.mp4 does")
            async with request.form(max_files=FILES, max_fields=FILES) as form:
                files = [part for part in form.getlist("file") if not isinstance(part, str)]
                if not files:
                    raise ConfigError("the upload holds no file", "curl -F file=@clip.mp4")
                return await run_in_threadpool(self._kept, owner, id, files)

    def _kept(self, owner: str, id: str | None, files: list[Any]) -> Session:
        """Copy what was received and look at it; neither clips nor a session that was made for them outlive a failure."""
        session = self._service.session(owner, id)
        kept: list[Path] = []
        try:
            for file in files:
                kept.append(self._service.keep(session, file.file, file.filename or "", self._most))
            self.looks.at(owner, session.id, [path.name for path in kept])
        except CueChainError:
            for path in kept:
                session.remove_file(path)
            if not id:
                self._service.sessions(owner).delete(session.id)
            raise
        return session
