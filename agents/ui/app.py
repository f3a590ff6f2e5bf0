"""The page as an application: our own routes for clips, Gradio for the rest, all behind the guard."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.report import fragment
from cuechain.agents.sessions import Sessions
from cuechain.agents.ui.blocks import blocks
from cuechain.agents.ui.clips import add_routes
from cuechain.agents.ui.page import Page
from cuechain.agents.ui.talks import Talks
from cuechain.agents.web import PAGE_POLICY, apart, guarded, owner_of

if TYPE_CHECKING:
    from cuechain.agents.settings import Settings
    from cuechain.agents.web.guard import App

CLOSED = (
    "/gradio_api/file", "/gradio_api/upload", "/gradio_api/proxy", "/gradio_api/stream", "/gradio_api/deep_link",
    "/gradio_api/runs", "/gradio_api/run", "/gradio_api/call", "/gradio_api/api/", "/gradio_api/component_server",
    "/gradio_api/openapi", "/gradio_api/info", "/gradio_api/token", "/gradio_api/user", "/monitoring", "/docs", "/redoc",
)  # fmt: skip
"""Beginnings of Gradio's paths that the page does not use. Files pass through our own routes alone, so Gradio's, which serve its cache to
whoever knows a path and fetch addresses, are shut."""


def application(
    settings: Settings,
    *,
    models: Sequence[str],
    most: int,
    host: str = "127.0.0.1",
    token: str | None = None,
    users: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
) -> tuple[App, Callable[[], None]]:
    """The page, ready to be served, and what ends the connections that open pages keep.

    Args:
        settings: How to perceive and reason; `settings.home` is where conversations are kept.
        models: Specs that may be picked, the first one by default.
        most: Bytes of one clip.
        host: What the server will listen on.
        token: Who may ask; see `guarded`.
        users: Who may ask; see `guarded`.
        names: Further host names of the server.
    """
    # Gradio reads these when it is imported.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(settings.home / "gradio")
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    import gradio as gr
    from fastapi import FastAPI
    from starlette.routing import Mount, Route

    here = Path(__file__).parent / "static"
    page = Page(settings.home, Talks(settings), tuple(models), most)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, lambda request: Sessions(settings.home, owner_of(request)))
    for name, kind, shared in (("page.js", "text/javascript", fragment.js()), ("page.css", "text/css", fragment.css())):
        content = shared + (here / name).read_text("utf-8")
        app.router.routes.append(Route(f"/{name}", partial(_given, content, kind)))
    gr.mount_gradio_app(
        app,
        blocks(page),
        "/",
        server_name=host,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        blocked_paths=[str(settings.home)],
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css="#bar, #desk { visibility: hidden; }",  # until page.css is there; Gradio would rewrite its selectors
    )
    served: Any = next(route for route in app.routes if isinstance(route, Mount))
    door = guarded(
        closed(apart(app, besides=("/clips",))),
        host=host,
        token=token,
        users=users,
        names=names,
        most_bytes=most,
        uploads=("/clips",),
        policy=PAGE_POLICY,
    )
    return door, served.app.stop_event.set


def _given(content: str, kind: str, _: Any) -> Any:
    from fastapi.responses import Response

    return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})


def theme() -> Any:
    """Gradio's plain theme with the fonts of the reader's system; nothing is fetched."""
    from gradio.themes import Base
    from gradio.themes.utils import colors, sizes

    return Base(
        primary_hue=colors.indigo,
        neutral_hue=colors.stone,
        font=["system-ui", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
        radius_size=sizes.radius_md,
    )


def closed(app: App) -> App:
    """The application without the paths of Gradio that the page does not use."""

    async def shut(
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        if scope["type"] == "http" and scope["path"].replace("//", "/").startswith(CLOSED):
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"not found"})
            return
        await app(scope, receive, send)

    return shut
