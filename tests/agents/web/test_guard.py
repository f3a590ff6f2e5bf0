"""The guard before an application that tells who asks and what it got, on a real socket."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.sessions import Sessions
from cuechain.agents.web import access, bindable, clips_of, contained, guarded, owner_of, running, users_of

TOKEN = "a-token-of-twenty-four-letters"
USERS = {"ann": "correct horse", "bob": "battery staple"}
Serve = Callable[..., int]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads all, then says in whose behalf; opens CORS, which the guard has to close again."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    said = json.dumps({"owner": owner_of(type("R", (), {"scope": scope})), "size": size, "path": scope["path"]})
    headers = [(b"content-type", b"application/json"), (b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said.encode()})


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """serve(app, **of_guarded) listens on a free port of this machine and gives it."""
    import uvicorn

    servers: list[tuple[Any, threading.Thread]] = []

    def start(app: Any = echo, host: str = "127.0.0.1", **guard: Any) -> int:
        config = running.configured(guarded(app, host=host, **guard))
        server, listener = uvicorn.Server(config), running.bound("127.0.0.1", 0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        servers.append((server, thread))
        return listener.getsockname()[1]

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def local(serve: Serve) -> int:
    return serve(most_bytes=3000, uploads=("/up",), most_body=1000)


@pytest.fixture(scope="module")
def wide(serve: Serve) -> int:
    return serve(host="0.0.0.0", token=TOKEN, users=USERS, names=("clips.example",), unasked=("/health",))


def talk(port: int, text: str | bytes, wait: float = 5.0) -> tuple[int, dict[str, str], bytes]:
    """Raw bytes in, the answer's status, headers and body out; status 0 where the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        line.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        got = b""
        while b"\r\n\r\n" not in got and (piece := line.recv(65536)):
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        if not head:
            return 0, {}, b""
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (one.partition(":") for one in lines)}
        while len(body) < int(headers.get("content-length", 0)) and (piece := line.recv(65536)):
            body += piece
        if "transfer-encoding" in headers:
            while not body.endswith(b"0\r\n\r\n") and (piece := line.recv(65536)):
                body += piece
            body = body.split(b"\r\n", 1)[1].rsplit(b"\r\n0\r\n", 1)[0]
        return int(first.split()[1]), headers, body


def request(
    port: int, line: str = "GET / HTTP/1.1", body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    told = {"host": f"127.0.0.1:{port}", **({"content-length": str(len(body))} if body else {})}
    told |= {k.replace("_", "-"): v for k, v in headers.items()}
    head = "".join(f"{k}: {v}\r\n" for k, v in told.items() if v)
    return talk(port, f"{line}\r\n{head}\r\n".encode("latin-1") + body)


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "LOCALHOST", "127.3.2.1"])
def test_this_machine_needs_no_secret(host: str):
    bindable(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "example.com", "", "localhost.example.com", "127.0.0.1.example"]
)
def test_wider_needs_one(host: str):
    with pytest.raises(ConfigError, match="nothing says who may ask"):
        bindable(host)
    with pytest.raises(ConfigError, match="nothing says who may ask"):
        bindable(host, None, {})
    bindable(host, TOKEN)
    bindable(host, None, USERS)


@pytest.mark.parametrize(
    ("token", "users"),
    [
        ("", {}),
        ("short", {}),
        (None, {"ann": "short"}),
        (None, {"local": "long enough"}),
        (None, {"a b": "long enough"}),
    ],
)
def test_a_secret_that_is_none(token: str | None, users: dict[str, str]):
    with pytest.raises(ConfigError):
        bindable("127.0.0.1", token, users)


def test_users_come_from_a_file_of_ones_own(tmp_path: Path):
    path = tmp_path / "users"
    path.write_text("# who\nann:correct: horse\n\nbob:battery staple\n")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        users_of(path)
    path.chmod(0o600)
    assert users_of(path) == {"ann": "correct: horse", "bob": "battery staple"}
    for wrong in ("ann\n", "ann:one\nann:two\n", "# nobody\n"):
        path.write_text(wrong)
        with pytest.raises(ConfigError):
            users_of(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        users_of(tmp_path / "none")


def test_the_local_user_is_let_in_and_answers_carry_the_headers(local: int):
    status, headers, body = request(local)
    assert status == 200
    assert json.loads(body) == {"owner": "local", "size": 0, "path": "/"}
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "a:b:c", "", "localhost@evil"]
)
def test_another_host_name_is_refused_here(local: int, host: str):
    assert talk(local, f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n")[0] == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "[::1]:80", "127.0.0.1"])
def test_this_machine_under_its_names(local: int, host: str):
    assert request(local, host=host)[0] == 200


def test_hosts_of_a_server_that_others_reach(wide: int):
    said = {"authorization": f"Bearer {TOKEN}"}
    assert request(wide, host="192.168.1.5:8000", **said)[0] == 200
    assert request(wide, host="clips.example", **said)[0] == 200
    assert request(wide, host="evil.example", **said)[0] == 421
    assert talk(wide, "GET / HTTP/1.1\r\nhost: a\r\nhost: 127.0.0.1\r\n\r\n")[0] in (400, 421)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://[::1"},
        {"origin": "file://127.0.0.1"},
        {"origin": "http://127.0.0.1:1"},  # another server of this machine
        {"origin": "http://evil.example@127.0.0.1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_another_site_cannot_write(local: int, headers: dict[str, str]):
    assert request(local, "POST / HTTP/1.1", b"x", **headers)[0] == 403
    assert request(local, "DELETE / HTTP/1.1", **headers)[0] == 403


def test_our_own_page_can_write(local: int):
    assert request(local, "POST / HTTP/1.1", b"x", origin=f"http://127.0.0.1:{local}")[0] == 200
    assert request(local, "POST / HTTP/1.1", b"x", sec_fetch_site="same-origin")[0] == 200
    assert request(local, "POST / HTTP/1.1", b"x")[0] == 200  # no browser


def test_a_preflight_gets_nothing(local: int):
    status, headers, _ = request(
        local, "OPTIONS / HTTP/1.1", origin="http://evil.example", access_control_request_method="POST"
    )
    assert status == 403
    assert not [h for h in headers if h.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/a%00b", "/../etc/passwd", "/%2e%2e/etc/passwd", "/a/..%2f..%2fetc", "/a%5cb", "/a%0d%0ab"]
)
def test_paths_that_no_application_should_see(local: int, path: str):
    assert request(local, f"GET {path} HTTP/1.1")[0] == 400


def test_large_bodies(local: int):
    assert request(local, "POST / HTTP/1.1", b"x" * 1000)[0] == 200
    assert request(local, "POST / HTTP/1.1", b"x" * 1001)[0] == 413
    assert request(local, "POST /up HTTP/1.1", b"x" * 3000)[0] == 200
    assert request(local, "POST /up HTTP/1.1", b"x" * 3001)[0] == 413
    # told to be small, or nothing told: counted while it comes
    chunks = b"".join(b"100\r\n" + b"x" * 256 + b"\r\n" for _ in range(20)) + b"0\r\n\r\n"
    head = f"POST /up HTTP/1.1\r\nhost: 127.0.0.1:{local}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    status, _, body = talk(local, head + chunks)
    assert status == 413
    assert "hint" in json.loads(body)


def test_an_application_that_turns_every_error_into_its_own_answer(serve: Serve):
    async def stubborn(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await echo(scope, receive, send)
            return
        try:
            while (await receive()).get("more_body"):
                pass
        except Exception:
            pass
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"there was an error"})

    port = serve(stubborn, most_body=100)
    head = f"POST / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    assert talk(port, head + b"100\r\n" + b"x" * 256 + b"\r\n0\r\n\r\n")[0] == 413


def test_slow_bodies_and_slow_heads(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    port = serve(idle=0.3, seconds=0.8)
    head = f"POST / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-length: 100\r\n\r\n"
    begin = time.monotonic()
    assert talk(port, head)[0] == 408  # says nothing more
    assert time.monotonic() - begin < 1

    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:  # says a letter now and then
        line.sendall(head.encode())
        for _ in range(4):
            time.sleep(0.2)
            line.sendall(b"x")
        assert line.recv(100).startswith(b"HTTP/1.1 408")

    monkeypatch.setattr(running, "HEADER_SECONDS", 0.3)
    assert talk(port, "GET / HTTP/1.1\r\nhost: 127")[0] == 0
    assert talk(port, b"")[0] == 0
    assert request(port)[0] == 200


def test_who_asks(wide: int):
    def owner(**headers: str) -> str | int:
        status, _, body = request(wide, **headers)
        return json.loads(body)["owner"] if status == 200 else status

    assert owner() == 401
    assert owner(authorization=f"Bearer {TOKEN}") == "local"
    assert owner(authorization=f"bearer  {TOKEN}") == "local"
    assert owner(authorization=basic("ann", USERS["ann"])) == "ann"
    assert owner(authorization=basic("bob", USERS["bob"])) == "bob"
    assert request(wide, "GET /health HTTP/1.1")[0] == 200
    assert request(wide, "GET /health/ HTTP/1.1")[0] == 401
    assert request(wide, "GET /health/../v1 HTTP/1.1")[0] == 400


def test_a_browser_brings_the_token_once(wide: int):
    status, headers, _ = request(wide, f"GET /page?a=1&token={TOKEN} HTTP/1.1")
    assert (status, headers["location"]) == (303, "/page?a=1")
    assert "HttpOnly" in headers["set-cookie"] and TOKEN not in headers["set-cookie"]
    cookie = headers["set-cookie"].split(";")[0]
    assert json.loads(request(wide, cookie=f"x=1; {cookie}")[2])["owner"] == "local"
    # A path that a browser would take for another server does not lead there.
    assert request(wide, f"GET //evil.example?token={TOKEN} HTTP/1.1")[1]["location"] == "/evil.example"
    assert request(wide, f"POST /?token={TOKEN} HTTP/1.1", b"x")[0] == 401


@pytest.mark.parametrize(
    "said",
    [
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer",
        f"Basic {TOKEN}",
        basic("ann", "battery staple"),
        basic("nobody", ""),
        basic("", ""),
        basic("local", TOKEN),
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        TOKEN,
    ],
)
def test_wrong_secrets(serve: Serve, said: str):
    port = serve(host="0.0.0.0", token=TOKEN, users=USERS)
    status, headers, body = request(port, authorization=said)
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic")
    assert TOKEN not in body.decode()


def test_who_guesses_is_slowed_down_and_nobody_is_locked_out(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(access, "PAUSE", 0.2)
    port = serve(host="0.0.0.0", token=TOKEN, users=USERS)
    found = [request(port, authorization=basic("ann", f"guess {n}"))[0] for n in range(20)]
    assert found == [401] * 20

    def timed(said: str) -> tuple[int, float]:
        begin = time.monotonic()
        return request(port, authorization=said)[0], time.monotonic() - begin

    wrong, right = timed(basic("ann", "guess")), timed(basic("ann", USERS["ann"]))
    assert (wrong[0], right[0]) == (429, 200)
    assert wrong[1] >= 0.2 and right[1] >= 0.2  # the time does not tell which is which
    status, took = timed(f"Bearer {TOKEN}")
    assert status == 200 and took < 0.2
    assert request(port, authorization=basic("ann", "guess"))[1]["retry-after"] == "60"
    begin = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        many = list(pool.map(lambda n: request(port, authorization=basic("ann", f"more {n}"))[0], range(40)))
    assert set(many) == {429}
    assert (
        time.monotonic() - begin >= 0.2 * access.QUEUE / access.AT_ONCE
    )  # so many a second are looked at, and the rest not at all


def test_the_right_password_is_no_guess(serve: Serve):
    port = serve(host="0.0.0.0", users=USERS)
    for _ in range(30):
        assert request(port, authorization=basic("ann", USERS["ann"]))[0] == 200


def test_a_header_does_not_make_another_address(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(access, "PAUSE", 0.0)
    port = serve(host="0.0.0.0", users=USERS)
    found = [
        request(port, authorization=basic("ann", f"guess {n}"), x_forwarded_for=f"9.9.9.{n}")[0] for n in range(21)
    ]
    assert found == [401] * 20 + [429]


def test_web_sockets_of_other_sites_are_refused():
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message["type"])

    async def accepts(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    def open_(origin: bytes) -> str:
        said.clear()
        headers = [(b"host", b"localhost:1"), (b"origin", origin)]
        scope = {"type": "websocket", "path": "/", "headers": headers, "query_string": b""}
        asyncio.run(guarded(accepts, host="127.0.0.1")(scope, None, send))  # type: ignore[arg-type]
        return said[0]

    assert open_(b"http://localhost:1") == "websocket.accept"
    assert open_(b"http://evil.example") == "websocket.close"


def test_a_port_that_is_taken(local: int):
    with pytest.raises(ConfigError, match="cannot listen"):
        running.run(echo, "127.0.0.1", local)
    with pytest.raises(ConfigError, match="cannot listen"):
        running.run(echo, "127.0.0.1", 99999)


def test_files_outside_are_not_opened(tmp_path: Path):
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        (folder / "clip.txt").write_text("Great.")
    (other / "clip.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nsecret\n")
    assert contained([own / "clip.txt"], [own]) == [own / "clip.txt"]

    (own / "link.txt").symlink_to(other / "clip.txt")
    (own / "film.txt").write_text("x")
    (own / "film.srt").symlink_to(other / "clip.srt")
    (own / "circle").symlink_to(own / "circle")
    (own / "talk.json").write_text(json.dumps({"turns": [{"text": "a", "file": str(other / "clip.txt")}]}))
    (own / "up.json").write_text(json.dumps({"turns": [{"text": "a", "file": "../other/clip.txt"}]}))
    (own / "well.json").write_text(json.dumps({"turns": [{"text": "a", "file": "well.json"}]}))
    for name in ("../other/clip.txt", "link.txt", "film.txt", "talk.json", "up.json"):
        with pytest.raises(MediaError, match="not in the folders"):
            contained([own / name], [own])
    for name in ("circle", "none.txt", "a\0b"):
        with pytest.raises(MediaError, match="not in the folders"):
            contained([own / name], [own])
    with pytest.raises(MediaError, match="regular"):
        contained([own], [own])
    assert contained([own / "well.json"], [own])
    assert contained([own / "link.txt"], [own, other]) == [other / "clip.txt"]


def test_clips_of_a_session_lead_nowhere(tmp_path: Path):
    session = Sessions(tmp_path).create()
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    session.add_file(io.BytesIO(b"Great."), "day.txt")
    assert [path.name for path in clips_of(session)] == ["day.txt"]
    session.link_file(secret)  # the local user's own, where it lies
    assert [path.name for path in clips_of(session)] == ["day.txt", "secret.txt"]
    talk = {"turns": [{"text": "a", "file": "../../../secret.txt"}]}
    session.add_file(io.BytesIO(json.dumps(talk).encode()), "talk.json")
    with pytest.raises(MediaError, match="not in the folders"):
        clips_of(session)


def test_a_conversation_does_not_tell_which_files_exist(tmp_path: Path):
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "a.txt").write_text("secret")
    said: set[tuple[str, str]] = set()
    for folder in (tmp_path, tmp_path / "none", own):  # there, not there, in a folder that may be opened
        (own / "talk.json").write_text(json.dumps({"turns": [{"text": "a", "file": str(folder / "a.txt")}]}))
        with pytest.raises(MediaError) as refused:
            contained([own / "talk.json"], [own])
        said.add((refused.value.message, refused.value.hint))
    assert len(said) == 1
    assert "turns" in said.pop()[1]


def test_a_clip_that_has_become_a_link_is_not_followed(tmp_path: Path):
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        (folder / "note.txt").write_text("Great.")
    session = Sessions(tmp_path).create()
    session.link_file(own / "note.txt")
    assert clips_of(session) == clips_of(session, [own]) == [own / "note.txt"]
    with pytest.raises(MediaError, match="not in the folders"):
        clips_of(session, [other])
    (own / "note.txt").unlink()
    (own / "note.txt").symlink_to(other / "note.txt")
    for folders in (None, [own]):
        with pytest.raises(MediaError, match="not in the folders"):
            clips_of(session, folders)
