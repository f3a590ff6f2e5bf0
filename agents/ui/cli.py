"""`cuechain ui`: the page in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def ui(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")] = 7860,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Who answers; see `cuechain list models`.")] = None,
    also: Annotated[
        list[str] | None, typer.Option("--also", help="A further model that may be picked; may be repeated.")
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible server.")] = None,
    token: Annotated[
        str | None, typer.Option("--token", envvar="CUECHAIN_TOKEN", help="A secret for everybody who may ask.")
    ] = None,
    users: Annotated[
        Path | None, typer.Option("--users", help="A file with a line name:password for each user.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A further host name under which the page is reached.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="MB that one clip may have.")] = 500,
) -> None:
    """Ask about clips in the browser; conversations are kept on this machine.

    For example: cuechain ui --port 7860
    """
    from cuechain.agents import settings
    from cuechain.agents.errors import MissingExtraError
    from cuechain.agents.web import bindable, run, users_of

    loaded = settings.load(model=model, base_url=base_url)
    known = users_of(users) if users else None
    bindable(host, token, known)
    try:
        from cuechain.agents.ui.app import application

        picks = dict.fromkeys((loaded.model, *(also or ()), "embedded", "rules"))
        app = application(
            loaded, models=tuple(picks), most=most * 2**20, host=host, token=token, users=known, names=tuple(name or ())
        )
    except ImportError as error:
        raise MissingExtraError(error.name or "gradio", "ui") from error
    typer.echo(f"http://{host}:{port}/   (Ctrl-C stops it)", err=True)
    run(app, host, port)
