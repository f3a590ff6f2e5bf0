"""The HTTP API: clips in, jobs that run beside each other, answers out."""
# No `from __future__ import annotations`: FastAPI reads the annotations of functions that are made within a function.

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cuechain import __version__
from cuechain.agents.catalogue import rows
from cuechain.agents.errors import ConfigError, CueChainError, MediaError, SessionError
from cuechain.agents.serve.answers import ABOUT, ASKED, COMMON, FOUND, JOB, KEPT, REFUSED, SCHEMES, SESSION, UPLOAD
from cuechain.agents.serve.job import Job
from cuechain.agents.serve.page import page
from cuechain.agents.serve.requests import Asking, Perceiving, Titled
from cuechain.agents.serve.service import Service
from cuechain.agents.serve.tools import offered_to_sessions
from cuechain.agents.serve.uploads import Uploads
from cuechain.agents.sessions import Feedback, Session
from cuechain.agents.web import BusyError, FullError, owner_of, room

LONGEST_WAIT = 60.0
"""Seconds that an answer may be waited for within one request."""
BEAT = 15.0
"""Seconds of silence after which a stream of events says that it lives."""


def api(service: Service, most_bytes: int) -> Any:
    """The application. Stands behind `guarded`, which tells who asks.

    Args:
        service: What is asked.
        most_bytes: Size of a clip.
    """
    from fastapi import FastAPI, Query, Request
    from fastapi.concurrency import run_in_threadpool
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
    from starlette.exceptions import HTTPException

    tools = offered_to_sessions(service)
    reached = tools.streamable_http_app(stateless_http=True, transport_security=_unchecked())

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        await run_in_threadpool(uploads.looks.start)
        async with tools.session_manager.run():
            yield
        await run_in_threadpool(uploads.looks.close)
        service.jobs.close()
        await run_in_threadpool(service.jobs.join)

    app = FastAPI(
        title="CueChain",
        version=__version__,
        description=ABOUT,
        responses=COMMON,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.router.routes.extend(reached.routes)  # /mcp
    jobs = service.jobs
    uploads = Uploads(service, most_bytes)

    def problem(status: int, error: str, hint: str = "", **headers: str) -> JSONResponse:
        return JSONResponse({"error": error} | ({"hint": hint} if hint else {}), status, headers)

    async def failed(_: Request, error: Exception) -> Response:
        assert isinstance(error, CueChainError)
        if isinstance(error, BusyError):
            return problem(429, error.message, error.hint, **{"retry-after": str(error.seconds)})
        if isinstance(error, SessionError) and not isinstance(error.__cause__, OSError):
            return problem(404, error.message, error.hint)
        kinds = ((ConfigError, 422), (MediaError, 422), (FullError | SessionError, 507))
        return problem(next((code for kind, code in kinds if isinstance(error, kind)), 500), error.message, error.hint)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(ascii(p).strip("'") for p in first["loc"])[:100]
        return problem(422, f"{where}: {first['msg']}", "see /docs")

    async def unheard(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail), **(dict(error.headers or {})))

    app.add_exception_handler(CueChainError, failed)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, unheard)

    def of_job(job: Job) -> dict[str, Any]:
        place = jobs.place(job)
        return job.shown() | ({} if place is None else {"before": place})

    async def waited(job: Job, seconds: float) -> Response:
        over = await jobs.finished(job, seconds) if seconds else job.over
        where = {"location": f"/v1/jobs/{job.id}"}
        status = job.status if job.state == "failed" else 200 if over else 202
        return JSONResponse(of_job(job), status, where)

    wait = Query(
        default=0.0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for the answer; 0 gives the job at once."
    )

    @app.get("/health", summary="Whether the server is up")
    async def health() -> dict[str, Any]:
        return {"status": "ok"} | jobs.counts()

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return HTMLResponse(page(app.openapi(), str(request.base_url).rstrip("/")))

    @app.get("/v1/tools", summary="Senses, with how reliable each measure is")
    def tools_() -> list[dict[str, Any]]:
        return rows("tools")

    @app.get("/v1/tasks", summary="Tasks, with their labels")
    def tasks() -> list[dict[str, Any]]:
        return rows("tasks")

    @app.get("/v1/models", summary="Models that may be asked, the default first")
    def models() -> list[dict[str, Any]]:
        return [{"name": spec} for spec in service.models]

    @app.post(
        "/v1/clips",
        status_code=201,
        summary="Add clips to a session, or begin one",
        openapi_extra=UPLOAD,
        responses={201: SESSION, **FOUND, **KEPT, **REFUSED},
    )
    async def clips(request: Request, session: str | None = Query(default=None, max_length=64)) -> dict[str, Any]:
        return shown(await uploads.taken(request, owner_of(request), session))

    @app.get("/v1/sessions", summary="Your sessions, newest first")
    def sessions(request: Request) -> list[dict[str, Any]]:
        return [shown(one) for one in service.sessions(owner_of(request)).all()]

    @app.post("/v1/sessions", status_code=201, summary="Begin a session", responses={201: SESSION, **KEPT})
    def begin(request: Request, told: Titled) -> dict[str, Any]:
        room(service.settings.home, 0)
        return shown(service.sessions(owner_of(request)).create(told.title))

    @app.get("/v1/sessions/{id}", summary="One session", responses={200: SESSION, **FOUND})
    def session_(request: Request, id: str) -> dict[str, Any]:
        return shown(service.session(owner_of(request), id))

    @app.delete(
        "/v1/sessions/{id}",
        status_code=204,
        summary="Delete a session with its clips, cues, answers and memory",
        responses=FOUND,
    )
    def delete(request: Request, id: str) -> None:
        service.delete(owner_of(request), id)

    @app.delete(
        "/v1/sessions/{id}/clips/{name}",
        status_code=204,
        summary="Take one clip out of a session; its answers stay",
        responses=FOUND,
    )
    def remove(request: Request, id: str, name: str) -> None:
        service.remove(owner_of(request), id, name)

    @app.get("/v1/sessions/{id}/cases", summary="Answers of a session, in order", responses=FOUND)
    def cases(request: Request, id: str) -> list[dict[str, Any]]:
        return service.cases(owner_of(request), id)

    @app.get("/v1/sessions/{id}/feedback", summary="What was said of the answers", responses=FOUND)
    def thought(request: Request, id: str) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in service.session(owner_of(request), id).feedback()]

    @app.post(
        "/v1/sessions/{id}/feedback", status_code=201, summary="Rate or correct an answer", responses={**FOUND, **KEPT}
    )
    def rate(request: Request, id: str, told: Feedback) -> dict[str, Any]:
        service.session(owner_of(request), id).rate(told)
        return told.model_dump(mode="json")

    @app.post("/v1/ask", summary="Ask about the clips of a session, or about a text", responses=ASKED)
    async def ask(request: Request, told: Asking, wait: float = wait) -> Response:
        asked = told.model_dump(exclude={"question", "session"})
        job = await run_in_threadpool(service.ask, owner_of(request), told.question, told.session, **asked)
        return await waited(job, wait)

    @app.post("/v1/perceive", summary="The cue sheet alone, without a question", responses=ASKED)
    async def perceive(request: Request, told: Perceiving, wait: float = wait) -> Response:
        asked = told.model_dump(exclude={"session"})
        job = await run_in_threadpool(service.perceive, owner_of(request), told.session, **asked)
        return await waited(job, wait)

    @app.get("/v1/jobs", summary="Your jobs, newest first")
    async def jobs_(request: Request) -> list[dict[str, Any]]:
        return [
            {k: v for k, v in of_job(job).items() if k not in ("case", "sheet")} for job in jobs.all(owner_of(request))
        ]

    @app.get("/v1/jobs/{id}", summary="State of a job, and what it found", responses=JOB)
    async def job_(request: Request, id: str) -> dict[str, Any]:
        return of_job(jobs.get(owner_of(request), id))

    @app.delete("/v1/jobs/{id}", summary="Cancel a job", responses=JOB)
    async def cancel(request: Request, id: str) -> dict[str, Any]:
        job = jobs.get(owner_of(request), id)
        jobs.cancel(job)
        await jobs.finished(job, 5.0)
        return of_job(job)

    @app.get("/v1/jobs/{id}/events", summary="A job's events as they come (server-sent events)", responses=FOUND)
    async def events(request: Request, id: str) -> Response:
        job = jobs.get(owner_of(request), id)
        told = request.headers.get("last-event-id", "0")
        after = int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0
        return StreamingResponse(
            _stream(jobs.followed(job, after), lambda: of_job(job)), media_type="text/event-stream"
        )

    described = app.openapi()  # kept by the application
    described["components"]["securitySchemes"] = SCHEMES
    described["security"] = [{name: []} for name in SCHEMES]
    return app


def shown(session: Session) -> dict[str, Any]:
    """A session as the API tells it."""
    names = [path.name for path in session.files]
    return {"id": session.id, "title": session.title, "created": session.created, "clips": names}


async def _stream(
    events: AsyncIterator[tuple[int, dict[str, Any]]], end: Callable[[], dict[str, Any]]
) -> AsyncIterator[str]:
    """Server-sent events; the last one, `end`, is the job."""
    import asyncio

    following = aiter(events)
    upcoming: asyncio.Future[tuple[int, dict[str, Any]]] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(following))
            done, _ = await asyncio.wait({upcoming}, timeout=BEAT)
            if not done:
                yield ": waiting\n\n"
                continue
            try:
                number, event = upcoming.result()
            except StopAsyncIteration:
                break
            upcoming = None
            yield f"id: {number}\nevent: {event['event']}\ndata: {json.dumps(event['data'])}\n\n"
        yield f"event: end\ndata: {json.dumps(end())}\n\n"
    finally:
        if upcoming is not None:
            upcoming.cancel()


def _unchecked() -> Any:
    """MCP's own check of Host and Origin, off: the guard has looked at them already."""
    from mcp.server.transport_security import TransportSecuritySettings

    return TransportSecuritySettings(enable_dns_rebinding_protection=False)
