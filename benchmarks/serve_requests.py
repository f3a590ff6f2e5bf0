"""Requests that somebody means badly, or that went wrong on the way, and what the server may answer.

Raw bytes over a socket: an HTTP library would not send most of them. `tests/agents/serve/test_bad_requests.py` holds the answers,
`benchmarks/serve.py` prints them.
"""

from __future__ import annotations

import base64
import json
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MIB = 2**20


@dataclass(frozen=True)
class Target:
    """The server, an owner who asks it, and what another owner has there."""

    port: int
    authorization: str
    session: str
    """With a clip, of the owner."""
    other: str
    """Another owner's session."""
    job: str
    """Another owner's job."""
    most: int
    """Bytes that an upload may have."""


@dataclass(frozen=True)
class Bad:
    """One request."""

    name: str
    send: Callable[[Target], list[bytes | float]]
    """Pieces, and seconds of silence between them."""
    answers: tuple[int, ...]
    """Statuses that are right; 0 where the connection is closed without an answer."""


def talk(port: int, pieces: list[bytes | float], wait: float = 60.0) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer; status 0 where the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        got = b""
        try:
            for piece in pieces:
                if isinstance(piece, bytes):
                    line.sendall(piece)
                else:
                    time.sleep(piece)
        except OSError:  # the server has heard enough
            pass
        try:
            while b"\r\n\r\n" not in got and (piece := line.recv(65536)):
                got += piece
            head, _, body = got.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (one.partition(":") for one in lines[1:])}
            while len(body) < int(headers.get("content-length", 0)) and (piece := line.recv(65536)):
                body += piece
        except ConnectionResetError:
            pass
        return (int(head.split()[1]), headers, body) if got.startswith(b"HTTP/") else (0, {}, b"")


def request(target: Target, line: str, body: bytes = b"", **headers: str | None) -> bytes:
    """One request with the owner's password; a header that is None is left out."""
    told: dict[str, str | None] = {"host": f"127.0.0.1:{target.port}", "authorization": target.authorization}
    if body:
        told |= {"content-length": str(len(body)), "content-type": "application/json"}
    told |= {k.replace("_", "-"): v for k, v in headers.items()}
    head = "".join(f"{k}: {v}\r\n" for k, v in told.items() if v is not None)
    return f"{line} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def upload(
    name: str | bytes, data: bytes = b"Great, just great.", session: str = ""
) -> Callable[[Target], list[bytes | float]]:
    """An upload of one file."""

    def send(target: Target) -> list[bytes | float]:
        where = f"/v1/clips?session={session}" if session else "/v1/clips"
        return [request(target, f"POST {where}", form(name, data), content_type="multipart/form-data; boundary=xx")]

    return send


def form(name: str | bytes, data: bytes) -> bytes:
    """A multipart body with one file."""
    raw = name if isinstance(name, bytes) else name.encode()
    return (
        b'--xx\r\ncontent-disposition: form-data; name="file"; filename="'
        + raw
        + b'"\r\n\r\n'
        + data
        + b"\r\n--xx--\r\n"
    )


def _plain(line: str, body: bytes = b"", **headers: str | None) -> Callable[[Target], list[bytes | float]]:
    return lambda target: [request(target, line, body, **headers)]


def _of(line: str, body: bytes = b"", **headers: str | None) -> Callable[[Target], list[bytes | float]]:
    """The same, with the ids of another owner's things filled in."""
    return lambda target: [
        request(
            target,
            line.format(other=target.other, job=target.job),
            body.replace(b"{other}", target.other.encode()),
            **headers,
        )
    ]


def _asked(**fields: Any) -> Callable[[Target], list[bytes | float]]:
    def send(target: Target) -> list[bytes | float]:
        told = {"session": target.session, "question": "How is she?", **fields}
        return [request(target, "POST /v1/ask", json.dumps(told).encode())]

    return send


def _body(text: bytes, **headers: str | None) -> Callable[[Target], list[bytes | float]]:
    return _plain("POST /v1/ask", text, **headers)


def _chunked(pieces: list[bytes | float], line: str = "POST /v1/ask") -> Callable[[Target], list[bytes | float]]:
    return lambda target: [request(target, line, transfer_encoding="chunked", content_type="application/json"), *pieces]


def _much(target: Target) -> list[bytes | float]:
    head = request(
        target, "POST /v1/clips", transfer_encoding="chunked", content_type="multipart/form-data; boundary=xx"
    )
    start = form("a.mp4", b"")[: -len(b"\r\n--xx--\r\n")]
    piece = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"
    return [head, b"%x\r\n" % len(start) + start + b"\r\n", *([piece] * (target.most // MIB + 2)), b"0\r\n\r\n"]


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


_KEY = base64.b64encode(bytes(16)).decode()
_SOCKET: dict[str, str | None] = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec_websocket_key": _KEY,
    "sec_websocket_version": "13",
}

REQUESTS: tuple[Bad, ...] = (
    # where to
    Bad("path: up and out", _plain("GET /../../etc/passwd"), (400,)),
    Bad("path: up and out, encoded", _plain("GET /%2e%2e/%2e%2e/etc/passwd"), (400,)),
    Bad("path: as an id", _plain("GET /v1/sessions/..%2f..%2f..%2fetc%2fpasswd"), (400,)),
    Bad("path: backslashes", _plain("GET /v1/sessions/..%5c..%5cwindows"), (400,)),
    Bad("path: NUL", _plain("GET /v1/sessions/a%00b"), (400,)),
    Bad("path: line break", _plain("GET /v1/sessions/a%0d%0aset-cookie:x"), (400,)),
    Bad("path: absolute", _plain("GET //etc/passwd"), (404,)),
    Bad("path: twice encoded", _plain("GET /v1/sessions/%252e%252e%252fetc"), (404,)),
    Bad("path: a dot as an id", _plain("DELETE /v1/sessions/."), (404,)),
    Bad("path: id of 10,000 letters", _plain(f"GET /v1/sessions/{'a' * 10_000}"), (404,)),
    Bad("path: of 100,000 letters", _plain(f"GET /{'a' * 100_000}"), (0, 400, 431)),
    Bad("path: server's own files", _plain("GET /v1/sessions/session.json"), (404,)),
    # whose
    Bad("another's session: look", _of("GET /v1/sessions/{other}"), (404,)),
    Bad("another's session: answers", _of("GET /v1/sessions/{other}/cases"), (404,)),
    Bad(
        "another's session: feedback", _of("POST /v1/sessions/{other}/feedback", b'{"turn": 1, "rating": "up"}'), (404,)
    ),
    Bad("another's session: delete", _of("DELETE /v1/sessions/{other}"), (404,)),
    Bad("another's session: ask", _of("POST /v1/ask", b'{"session": "{other}", "question": "How is she?"}'), (404,)),
    Bad("another's session: perceive", _of("POST /v1/perceive", b'{"session": "{other}"}'), (404,)),
    Bad("another's session: upload", lambda t: upload("a.txt", session=t.other)(t), (404,)),
    Bad("another's job: look", _of("GET /v1/jobs/{job}"), (404,)),
    Bad("another's job: events", _of("GET /v1/jobs/{job}/events"), (404,)),
    Bad("another's job: cancel", _of("DELETE /v1/jobs/{job}"), (404,)),
    # who
    Bad("no password", _plain("GET /v1/sessions", authorization=None), (401,)),
    Bad("no password: API page", _plain("GET /docs", authorization=None), (401,)),
    Bad("no password: MCP", _plain("POST /mcp", b"{}", authorization=None), (401,)),
    Bad("wrong password", _plain("GET /v1/sessions", authorization=_basic("ann", "guess")), (401,)),
    Bad("unknown user", _plain("GET /v1/sessions", authorization=_basic("root", "")), (401,)),
    Bad("wrong token", _plain("GET /v1/sessions", authorization="Bearer AAAAAAAAAAAAAAAAAAAAAAAA"), (401,)),
    Bad("wrong token in the address", _plain("GET /v1/sessions?token=AAAAAAAAAAAAAAAA", authorization=None), (401,)),
    Bad("wrong cookie", _plain("GET /v1/sessions", authorization=None, cookie="cuechain=AAAA"), (401,)),
    Bad("password that is no base64", _plain("GET /v1/sessions", authorization="Basic \xff\xff"), (400, 401)),
    # from where
    Bad("wrong host (DNS rebinding)", _plain("GET /v1/sessions", host="evil.example"), (421,)),
    Bad(
        "two hosts",
        lambda t: [request(t, "GET /v1/sessions").replace(b"\r\n\r\n", b"\r\nhost: evil\r\n\r\n")],
        (400, 421),
    ),
    Bad("no host", lambda t: [b"GET /v1/sessions HTTP/1.0\r\n\r\n"], (421,)),
    Bad("another site writes", _body(b"{}", origin="http://evil.example"), (403,)),
    Bad("another site deletes", _plain("DELETE /v1/sessions/a", origin="null"), (403,)),
    Bad("another site's form", _body(b"{}", content_type="text/plain", sec_fetch_site="cross-site"), (403,)),
    Bad("another port of this machine", _body(b"{}", origin="http://127.0.0.1:1"), (403,)),
    Bad(
        "preflight",
        _plain("OPTIONS /v1/ask", origin="http://evil.example", access_control_request_method="POST"),
        (403,),
    ),
    Bad("another site's web socket", _plain("GET /v1/jobs", origin="http://evil.example", **_SOCKET), (403,)),
    # how much, how slowly
    Bad("body: 1 TB told", _body(b"{}", content_length=str(10**12)), (413,)),
    Bad("body: upload over the limit told", _plain("POST /v1/clips", b"x", content_length=str(10**12)), (413,)),
    Bad("body: upload over the limit, untold", _much, (0, 413)),
    Bad(
        "body: JSON over the limit, untold",
        _chunked([b"200000\r\n" + bytes(2 * MIB) + b"\r\n", b"0\r\n\r\n"]),
        (0, 413),
    ),
    Bad("body: upload sent to where none is taken", _plain("POST /v1/ask", bytes(2 * MIB)), (0, 413)),
    Bad("body: MCP over the limit", _plain("POST /mcp", bytes(2 * MIB)), (0, 413)),
    Bad("body: never comes", _body(b"", content_length="1000"), (408,)),
    Bad("body: shorter than told", _body(b'{"a"', content_length="1000"), (408,)),
    Bad("head: never ends", lambda t: [b"GET /v1/sessions HTTP/1.1\r\nhost: 127"], (0,)),
    Bad("body: length below zero", _body(b"{}", content_length="-1"), (400,)),
    Bad("body: two lengths (smuggling)", _body(b"{}", content_length="2\r\ncontent-length: 3"), (400,)),
    Bad("body: length and chunks (smuggling)", _body(b"0\r\n\r\n", transfer_encoding="chunked"), (400,)),
    Bad("body: chunk without a length", _chunked([b"zz\r\nxx\r\n"]), (0, 400)),
    # uploads
    Bad("upload: no boundary", _plain("POST /v1/clips", b"x", content_type="multipart/form-data"), (400,)),
    Bad(
        "upload: breaks off",
        _plain("POST /v1/clips", form("a.mp4", b"x")[:60], content_type="multipart/form-data; boundary=xx"),
        (400, 422),
    ),
    Bad(
        "upload: garbage",
        _plain("POST /v1/clips", b"\x00\xff" * 999, content_type="multipart/form-data; boundary=xx"),
        (400,),
    ),
    Bad(
        "upload: another boundary",
        _plain("POST /v1/clips", form("a", b"x"), content_type="multipart/form-data; boundary=yy"),
        (400,),
    ),
    Bad("upload: JSON", _plain("POST /v1/clips", b"{}"), (422,)),
    Bad(
        "upload: no file",
        _plain("POST /v1/clips", b"--xx--\r\n", content_type="multipart/form-data; boundary=xx"),
        (400, 422),
    ),
    Bad(
        "upload: 1,000 files",
        _plain(
            "POST /v1/clips",
            form("a.txt", b"x")[:-8] * 1000 + b"--xx--\r\n",
            content_type="multipart/form-data; boundary=xx",
        ),
        (400,),
    ),
    Bad(
        "upload: a part's head of 1 MB",
        _plain("POST /v1/clips", form("a" * 900_000, b"x"), content_type="multipart/form-data; boundary=xx"),
        (400,),
    ),
    Bad(
        "upload: an address instead of a file", _plain("POST /v1/clips", b'{"url": "http://169.254.169.254/"}'), (422,)
    ),
    Bad("name: up and out", upload("../../../../tmp/evil.txt"), (201,)),
    Bad("name: absolute", upload("/etc/cron.d/evil.txt"), (201,)),
    Bad("name: Windows", upload("C:\\\\windows\\\\evil.txt"), (201,)),
    Bad("name: NUL", upload(b"a\x00.txt"), (201, 400, 422)),
    Bad("name: not UTF-8", upload(b"\xff\xfe\xfa.txt"), (201, 422)),
    Bad("name: right-to-left, emoji", upload("\u202egnp.\U0001f600.txt"), (201,)),
    Bad("name: markup", upload("<script>alert(1)</script>.txt"), (201,)),
    Bad("name: of the record", upload("../session.json", b'{"owner": "bob", "turns": [{"text": "Great."}]}'), (201,)),
    Bad("name: of 5,000 letters", upload("a" * 5000 + ".txt"), (201, 400)),
    Bad("name: dots", upload(".."), (422,)),
    Bad("name: empty", upload(""), (422,)),
    # what is asked
    Bad("JSON: broken", _body(b'{"question": '), (422,)),
    Bad("JSON: nested 100,000 deep", _body(b"[" * 100_000 + b"]" * 100_000), (400, 422)),
    Bad("JSON: a number of 100,000 digits", _body(b'{"question": ' + b"1" * 100_000 + b"}"), (400, 422)),
    Bad("JSON: not UTF-8", _body(b'{"question": "\xff\xfe"}'), (400, 422)),
    Bad("JSON: packed (zip bomb)", _body(zlib.compress(bytes(10 * MIB)), content_encoding="gzip"), (400, 422)),
    Bad("JSON: half a letter", _body(b'{"question": "\\ud800", "text": "a"}'), (400, 422)),
    Bad("JSON: wrong types", _asked(question=["x"]), (422,)),
    Bad("JSON: a field that is not there", _asked(base_url="http://169.254.169.254/"), (422,)),
    Bad("question: empty", _asked(question="  "), (422,)),
    Bad("question: 100,000 letters", _asked(question="a" * 100_000), (422,)),
    Bad("task: a path", _asked(task="../../etc/passwd"), (422,)),
    Bad("task: a module", _asked(task="os:system"), (422,)),
    Bad("sense: unknown", _asked(without=["smell"]), (422,)),
    Bad("model: a file", _asked(model="scripted:/etc/passwd"), (422,)),
    Bad("model: an address", _asked(model="hf:http://169.254.169.254/"), (422,)),
    Bad("labels: one", _asked(labels=["joy"]), (422,)),
    Bad("labels: 1,000", _asked(labels=[str(n) for n in range(1000)]), (422,)),
    Bad("session: an address", _asked(session="http://169.254.169.254/"), (404,)),
    Bad("session: a path", _asked(session="../../etc"), (404,)),
    Bad("session: 10,000 letters", _asked(session="a" * 10_000), (422,)),
    Bad("wait: for ever", _plain("POST /v1/ask?wait=1e99", b'{"question": "a", "text": "a"}'), (422,)),
    Bad("wait: no number", _plain("POST /v1/ask?wait=nan", b'{"question": "a", "text": "a"}'), (422,)),
    Bad(
        "feedback: a turn that is not there",
        lambda t: [request(t, f"POST /v1/sessions/{t.session}/feedback", b'{"turn": 99}')],
        (404,),
    ),
    Bad("MCP: no JSON-RPC", _plain("POST /mcp", b'{"a": 1}', accept="application/json, text/event-stream"), (400,)),
    # how
    Bad("method: TRACE", _plain("TRACE /v1/sessions"), (405,)),
    Bad("method: CONNECT", _plain("CONNECT evil.example:80"), (0, 400, 404, 405)),
    Bad("method: made up", _plain("HACK /v1/sessions"), (405,)),
    Bad("method: PUT", _plain("PUT /v1/sessions", b"{}"), (405,)),
    Bad("method: delete all", _plain("DELETE /v1/sessions"), (405,)),
    Bad("method: overridden", _plain("GET /v1/sessions/x", x_http_method_override="DELETE"), (404,)),
    Bad("proxy: whole address", _plain("GET http://169.254.169.254/latest/meta-data"), (400, 404)),
    Bad("head: a header of 100 KB", _plain("GET /v1/sessions", x="a" * 100_000), (0, 400, 431)),
    Bad(
        "head: a header with a line break",
        lambda t: [b"GET / HTTP/1.1\r\nhost: a\r\nx: a\n b: c\x00\r\n\r\n"],
        (400, 421),
    ),
    Bad("no HTTP: TLS", lambda t: [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n"], (400,)),
    Bad("no HTTP: noise", lambda t: [bytes(range(256)) * 8 + b"\r\n\r\n"], (400,)),
)


def _png(width: int, height: int) -> bytes:
    """A picture that tells a size and packs zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(4 * MIB), 9)) + chunk(b"IEND", b"")


def _avi(width: int, height: int) -> bytes:
    """A film that tells a size and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)

    avih = chunk(b"avih", struct.pack("<14I", 40_000, 0, 0, 16, 10**6, 0, 1, 0, width, height, 0, 0, 0, 0))
    strh = chunk(b"strh", b"vidsMJPG" + struct.pack("<12I", 0, 0, 0, 1, 25, 0, 10**6, 0, 0, 0, 0, 0))
    strf = chunk(b"strf", struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", 0, 0, 0, 0, 0))
    head = chunk(b"LIST", b"hdrl" + avih + chunk(b"LIST", b"strl" + strh + strf))
    return chunk(b"RIFF", b"AVI " + head + chunk(b"LIST", b"movi" + chunk(b"00dc", bytes(1000))))


def clips(listener: int) -> Iterator[tuple[str, str, bytes]]:
    """Files that are refused, or come to nothing when they are perceived: what it is, its name, its bytes.

    Args:
        listener: A port of this machine; whoever connects to it was led there.
    """
    here = f"http://127.0.0.1:{listener}/a.ts"
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{here}\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    yield "playlist of addresses (SSRF)", "a.m3u8", hls.encode()
    yield "playlist that calls itself a film", "a.mp4", hls.encode()
    yield "list of files to join", "a.mkv", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "conversation that names a file", "a.json", b'{"turns": [{"text": "a", "file": "/etc/passwd"}]}'
    yield "conversation that names a file above", "b.json", b'{"turns": [{"text": "a", "file": "../session.json"}]}'
    yield "conversation that names an address", "c.json", json.dumps({"turns": [{"text": "a", "file": here}]}).encode()
    yield "conversation nested 100,000 deep", "d.json", b"[" * 100_000
    yield (
        "picture with a reference",
        "a.svg",
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{here}"/></svg>'.encode(),
    )
    yield "picture of 4 gigapixels", "a.png", _png(65_000, 65_000)
    yield "picture that ends too early", "b.png", _png(4_000, 4_000)[:200]
    yield "film of 256 megapixels", "a.avi", _avi(16_000, 16_000)
    yield "film without pictures", "b.avi", _avi(64, 64)
    yield "PostScript program", "a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n"
    yield "archive", "a.zip", b"PK\x03\x04" + bytes(1000)
    yield "program", "a.exe", b"MZ" + bytes(1000)
    yield "empty file", "a.wav", b""
    yield "text of NULs", "a.txt", bytes(1000)
    yield "text of 3 MB", "b.txt", b"sad " * 750_000
