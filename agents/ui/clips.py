"""Clips come in and are shown: the two routes through which files pass, so that none goes through Gradio's own cache."""

from __future__ import annotations

import mimetypes
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from cuechain.agents.errors import CueChainError, MediaError, SessionError
from cuechain.agents.sessions import Session, Sessions, safe_name
from cuechain.agents.ui.copies import Copies
from cuechain.agents.ui.playable import playable, viewable
from cuechain.agents.ui.uploads import Clips
from cuechain.agents.web import BusyError, Coming, FullError, look, owner_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request, Response

SHOWN = ("video/", "audio/", "image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")
"""Types that a browser is told; everything else (a page, an SVG with a script) is handed out as plain text."""


_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache"}
_COPIES = {"copy.mp4": (playable, "video/mp4"), "copy.png": (viewable, "image/png")}
"""Copies by the name that a page asks for: how each is made, and its type."""


def address(session: Session, file: Path) -> str:
    """Where the page finds a clip, relative to itself."""
    return f"clips/{session.id}/{quote(file.name)}"


def add_routes(app: FastAPI, sessions: Callable[[Request], Sessions]) -> None:
    """Add the routes that take and give clips.

    Args:
        app: The application; nothing else may be mounted over these routes before.
        sessions: The sessions of whoever sends a request.
    """
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route

    copies, uploads, clips = Copies(), Coming(), Clips()

    def refused(error: CueChainError, status: int) -> Response:
        return JSONResponse({"error": error.message, "hint": error.hint}, status)

    async def take(request: Request) -> Response:
        """The body is the clip; its name, and the session where there is one, come as headers. The guard counts the bytes."""
        # A header of our own cannot be sent by another site's page: the browser would ask first, and is told no.
        name = unquote(request.headers.get("x-name", ""))
        if not name:
            return refused(MediaError("the file has no name", "drop it on the page"), 400)
        mine = sessions(request)
        try:
            session = mine.get(id) if (id := request.headers.get("x-session")) else None
            mine.root.mkdir(parents=True, exist_ok=True)
            length = request.headers.get("content-length", "")
            size = int(length) if length.isdecimal() else 0
            with (
                uploads.place(owner_of(request), size, mine.root),
                clips.place(session),
                tempfile.TemporaryDirectory(prefix=".coming-", dir=mine.root) as folder,
            ):
                coming = Path(folder) / safe_name(name)
                with coming.open("wb") as out:
                    async for piece in request.stream():
                        out.write(piece)
                await run_in_threadpool(look, coming)
                session = session or mine.create(coming.name)
                kept = await run_in_threadpool(session.add_file, coming, coming.name)
        except BusyError as error:
            return refused(error, 429)
        except FullError as error:
            return refused(error, 507)
        except SessionError as error:
            return refused(error, 404)
        except CueChainError as error:
            return refused(error, 422)
        return JSONResponse({"session": session.id, "name": kept.name})

    def found(request: Request) -> tuple[Session, Path]:
        """The session and the file that an address names.

        Raises:
            SessionError: They are not there for whoever asks.
        """
        session = sessions(request).get(request.path_params["session"])
        file = next((f for f in session.files if f.name == request.path_params["name"] and f.is_file()), None)
        if file is None:
            raise SessionError("there is no such clip")
        return session, file

    async def give(request: Request) -> Response:
        try:
            _, file = found(request)
        except SessionError as error:
            return refused(error, 404)
        kind = mimetypes.guess_type(file.name)[0] or ""
        return FileResponse(file, media_type=kind if kind.startswith(SHOWN) else "text/plain", headers=_HEADERS)

    async def copy(request: Request) -> Response:
        """The clip in a form that every browser shows, made when one is first asked for."""
        form = request.path_params["form"]
        try:
            session, file = found(request)
            if form not in _COPIES:
                raise SessionError("there is no such copy")
            make, kind = _COPIES[form]
            target = session.folder / "copies" / f"{file.name}{Path(form).suffix}"
            made = await copies.made(owner_of(request), file, target, make, request.is_disconnected)
        except CueChainError as error:
            return refused(error, 404)
        if made is None:  # nobody hears this
            return Response(status_code=499)
        return FileResponse(made, media_type=kind, headers=_HEADERS)

    app.router.routes += [
        Route("/clips", take, methods=["POST"]),
        Route("/clips/{session}/{name}", give, methods=["GET", "HEAD"]),
        Route("/clips/{session}/{name}/{form}", copy, methods=["GET", "HEAD"]),
    ]
