"""Clips come in and are shown: the two routes through which files pass, so that none goes through Gradio's own cache."""

from __future__ import annotations

import mimetypes
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from cuechain.agents.errors import CueChainError, MediaError, SessionError
from cuechain.agents.media import opened
from cuechain.agents.probe import container_of
from cuechain.agents.sessions import Session, Sessions, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request, Response

MOST_CLIPS = 12
"""Clips of one conversation."""

SHOWN = ("video/", "audio/", "image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")
"""Types that a browser is told; everything else (a page, an SVG with a script) is handed out as plain text."""


def address(session: Session, file: Path) -> str:
    """Where the page finds a clip, relative to itself."""
    return f"clips/{session.id}/{quote(file.name)}"


def add_routes(app: FastAPI, sessions: Callable[[Request], Sessions], most: int) -> None:
    """Add the routes that take and give clips.

    Args:
        app: The application; nothing else may be mounted over these routes before.
        sessions: The sessions of whoever sends a request.
        most: Bytes of one clip.
    """
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import FileResponse, JSONResponse
    from starlette.routing import Route

    def refused(error: CueChainError, status: int) -> Response:
        return JSONResponse({"error": error.message, "hint": error.hint}, status)

    async def take(request: Request) -> Response:
        """The body is the clip; its name, and the session where there is one, come as headers."""
        too_large = MediaError(
            f"the file is larger than {most / 2**20:.0f} MB", "cut it, or start with a higher --most"
        )
        # A header of our own cannot be sent by another site's page: the browser would ask first, and is told no.
        name = unquote(request.headers.get("x-name", ""))
        if not name:
            return refused(MediaError("the file has no name", "drop it on the page"), 400)
        if int(request.headers.get("content-length") or 0) > most:
            return refused(too_large, 413)
        mine = sessions(request)
        try:
            session = mine.get(id) if (id := request.headers.get("x-session")) else None
            if session and len(session.files) >= MOST_CLIPS:
                raise MediaError(f"this conversation has {MOST_CLIPS} clips", "start another one")
            mine.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".coming-", dir=mine.root) as folder:
                coming = Path(folder) / safe_name(name)
                size = 0
                with coming.open("wb") as out:
                    async for piece in request.stream():
                        size += len(piece)
                        if size > most:
                            return refused(too_large, 413)
                        out.write(piece)
                await run_in_threadpool(_look, coming)
                session = session or mine.create(coming.name)
                kept = await run_in_threadpool(session.add_file, coming, coming.name)
        except SessionError as error:
            return refused(error, 404)
        except CueChainError as error:
            return refused(error, 422)
        return JSONResponse({"session": session.id, "name": kept.name})

    async def give(request: Request) -> Response:
        try:
            session = sessions(request).get(request.path_params["session"])
        except SessionError as error:
            return refused(error, 404)
        wanted = request.path_params["name"]
        file = next((f for f in session.files if f.name == wanted and f.is_file()), None)
        if file is None:
            return refused(SessionError("there is no such clip"), 404)
        kind = mimetypes.guess_type(file.name)[0] or ""
        headers: dict[str, Any] = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache"}
        return FileResponse(file, media_type=kind if kind.startswith(SHOWN) else "text/plain", headers=headers)

    app.router.routes += [
        Route("/clips", take, methods=["POST"]),
        Route("/clips/{session}/{name}", give, methods=["GET", "HEAD"]),
    ]


def _look(path: Path) -> None:
    """Open a file and decode its first piece, so that one that cannot be used never becomes part of a conversation."""
    if path.stat().st_size == 0:
        raise MediaError("the file is empty", "choose another one")
    try:
        with opened(path) as clip:
            next(clip.frames(1.0), None)
            if clip.media.kind == "audio":
                _hear(path)
    except CueChainError as error:  # whoever sent the file knows it by its name, and need not know where it lies here
        raise MediaError(error.message.replace(str(path), path.name), error.hint) from error


def _hear(path: Path) -> None:
    import av

    with container_of(path) as container:
        try:
            next(container.decode(audio=0))
        except (av.FFmpegError, StopIteration) as error:
            raise MediaError(f"nothing in {path.name} could be decoded", "is the file complete?") from error
