"""`cuechain ui`: the page in the browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cuechain.agents.terminal import BaseUrl


def ui(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; a wider one needs --token or --users.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")] = 7860,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", help="A model that may be picked, the first by default; several times for several."
        ),
    ] = None,
    base_url: BaseUrl = None,
    token: Annotated[
        str | None, typer.Option("--token", envvar="CUECHAIN_TOKEN", help="A secret that the browser has to bring.")
    ] = None,
    users: Annotated[Path | None, typer.Option("--users", help="File with lines of name:password, chmod 600.")] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name under which the page is reached.")
    ] = None,
    most_mb: Annotated[int, typer.Option("--most-mb", min=1, help="MiB of one clip.")] = 500,
) -> None:
    """Ask about clips in the browser; conversations are kept on this machine.

    For example: cuechain ui, then open the address that it tells
    """
    from cuechain.agents import settings
    from cuechain.agents.errors import MissingExtraError
    from cuechain.agents.web import bindable, run, users_of

    loaded = settings.load(base_url=base_url)
    known = users_of(users) if users else {}
    bindable(host, token, known)
    print("CueChain is starting …", file=sys.stderr, flush=True)
    try:
        from cuechain.agents.ui.app import application

        app, stop = application(
            loaded,
            models=tuple(dict.fromkeys((*(model or (loaded.model,)), "embedded", "rules"))),
            most=most_mb * 2**20,
            host=host,
            token=token,
            users=known,
            names=name or (),
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError("the page", "ui") from error
    told = "CueChain is at {address}" + ("/?token=… (with your token)" if token else "")
    run(app, host, port, stopping=stop, told=told)
