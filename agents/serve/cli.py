"""`cuechain serve` and `cuechain mcp`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cuechain.agents.terminal import BaseUrl

Models = Annotated[
    list[str] | None, typer.Option("--model", "-m", help="A model that may be asked; several times for several.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Jobs at once, each in a process of its own.")]
Seconds = Annotated[float, typer.Option("--job-seconds", min=1, help="Time for one job.")]


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; a wider one needs --token or --users.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")] = 8000,
    token: Annotated[
        str | None, typer.Option("--token", envvar="CUECHAIN_TOKEN", help="A secret that every request has to bring.")
    ] = None,
    users: Annotated[Path | None, typer.Option("--users", help="File with lines of name:password, chmod 600.")] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name under which the server is reached.")
    ] = None,
    model: Models = None,
    workers: Workers = 2,
    waiting: Annotated[
        int, typer.Option("--waiting", min=1, help="Jobs that may wait; each user has a quarter of it.")
    ] = 64,
    job_seconds: Seconds = 1800.0,
    most_mb: Annotated[int, typer.Option("--most-mb", min=1, help="MiB of one upload.")] = 500,
    base_url: BaseUrl = None,
) -> None:
    """Offer asking and perceiving to other software: an HTTP API (/docs) and MCP (/mcp).

    For example: cuechain serve, then curl -F file=@clip.mp4 http://127.0.0.1:8000/v1/clips
    """
    from cuechain.agents import settings
    from cuechain.agents.errors import MissingExtraError
    from cuechain.agents.serve.job import Limits
    from cuechain.agents.web import bindable, guarded, run, users_of

    known = users_of(users) if users else {}
    bindable(host, token, known)
    try:
        from cuechain.agents.serve.api import api
        from cuechain.agents.serve.service import Service

        limits = Limits(workers=workers, waiting=waiting, each=max(1, waiting // 4), seconds=job_seconds)
        service = Service(settings.load(base_url=base_url), model or (), limits)
        app = api(service, most_mb * 2**20)
    except ModuleNotFoundError as error:
        raise MissingExtraError("the server", "serve") from error
    tempfile.tempdir = str(service.settings.home)  # uploads come in where there is room for them; /tmp may be memory
    door = guarded(
        app,
        host=host,
        token=token,
        users=known,
        names=name or (),
        most_bytes=most_mb * 2**20 + 2**16,
        uploads=("/v1/clips",),
        unasked=("/health",),
    )
    run(
        door,
        host,
        port,
        stopping=service.jobs.close,
        told="CueChain listens on {address} (API: {address}/docs, MCP: {address}/mcp)",
    )


def mcp(
    allow: Annotated[
        list[Path] | None,
        typer.Option("--allow", help="A folder whose files may be opened; the current one where none is named."),
    ] = None,
    model: Models = None,
    workers: Workers = 1,
    job_seconds: Seconds = 1800.0,
    base_url: BaseUrl = None,
) -> None:
    """Offer asking and perceiving to an MCP client that starts this program (stdio).

    For example: claude mcp add cuechain -- cuechain mcp --allow ~/clips
    """
    from cuechain.agents import settings
    from cuechain.agents.errors import ConfigError, MissingExtraError
    from cuechain.agents.serve.job import Limits
    from cuechain.agents.serve.service import Service
    from cuechain.agents.serve.tools import offered_to_files

    folders = [folder.resolve() for folder in allow or [Path.cwd()]]
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{folder} is not a folder", "--allow names folders")
    limits = Limits(workers=workers, seconds=job_seconds)
    service = Service(settings.load(base_url=base_url), model or (), limits, folders)
    try:
        server = offered_to_files(service)
        server.run("stdio")
    except ModuleNotFoundError as error:
        raise MissingExtraError("the MCP server", "serve") from error
    finally:
        service.jobs.close()
        service.jobs.join()
