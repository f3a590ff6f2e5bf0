"""Files by address, from a real local server that behaves and misbehaves, and from fsspec's memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cuechain.agents import fetch, settings
from cuechain.agents.errors import ConfigError, MediaError, MissingExtraError, RunError
from cuechain.agents.fetch import address, fetched, is_address, kept, listed, local, size_of, web
from cuechain.agents.pipeline import ask, see

DATA = bytes(range(256)) * 1000


@dataclass
class Page:
    """What the server does with one path."""

    data: bytes = DATA
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    tag: str = '"1"'
    cut: int | None = None
    """Bytes after which the connection ends, the first time."""
    length: int | None = None
    """Content-Length that is told; None for the right one."""
    pause: float = 0.0
    """Seconds between two pieces."""
    fails: int = 0
    """First requests that are answered by 503."""
    head: int = 200


class Server:
    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                server.asked.append((self.command, self.path, self.headers["range"]))
                page = server.pages.get(self.path.partition("?")[0], Page(b"nothing", 404))
                with suppress(OSError):  # the client left
                    self._give(page)

            def _give(self, page: Page) -> None:
                if page.fails:
                    page.fails -= 1
                    return self._whole(503, b"busy", {"retry-after": "1"} if page.headers.get("retry") else {})
                if self.command == "HEAD" and page.head != 200:
                    return self._whole(page.head, b"", {})
                if page.tag and self.headers["if-none-match"] == page.tag:
                    return self._whole(304, b"", {})
                if page.status != 200:
                    return self._whole(page.status, page.data, page.headers)
                at = 0
                if (asked := self.headers["range"]) and page.tag and self.headers["if-range"] == page.tag:
                    at = int(asked.removeprefix("bytes=").rstrip("-"))
                data = page.data[at:]
                self.send_response(206 if at else 200)
                if at:
                    self.send_header("content-range", f"bytes {at}-{len(page.data) - 1}/{len(page.data)}")
                if page.tag:
                    self.send_header("etag", page.tag)
                self.send_header("content-length", str(len(data) if page.length is None else page.length))
                self.end_headers()
                if self.command == "HEAD":
                    return None
                if page.cut is not None and not at:
                    self.wfile.write(data[: page.cut])
                    page.cut = None
                    self.close_connection = True
                    return None
                for begin in range(0, len(data), 20_000):
                    self.wfile.write(data[begin : begin + 20_000])
                    self.wfile.flush()
                    time.sleep(page.pause)
                self.close_connection = page.length is not None
                return None

            def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD" and status != 304:
                    self.wfile.write(body)

        return Handler


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    running.pages, running.asked = {}, []
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(kept, "PATIENCE", 60.0)
    forget()
    return running


def forget() -> None:
    """As a new process: every server is asked again."""
    fetch._asked.clear()


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.name != ".lock")


def test_a_file_is_fetched_once_and_asked_about_by_later_processes(server: Server, tmp_path: Path):
    server.pages["/clips/a b.mp4"] = Page()
    url = f"{server.url}/clips/a%20b.mp4"
    server.pages["/clips/a%20b.mp4"] = server.pages["/clips/a b.mp4"]
    path = fetched(url, tmp_path)
    assert path.read_bytes() == DATA and path.name == "a b.mp4" and files(tmp_path) == ["a b.mp4", "a b.mp4.about"]
    assert fetched(url, tmp_path) == path and len(server.asked) == 1
    forget()
    before = path.stat().st_mtime_ns
    assert fetched(url, tmp_path) == path and path.stat().st_mtime_ns == before and len(server.asked) == 2
    server.pages["/clips/a%20b.mp4"] = Page(DATA[:-1], tag='"2"')
    forget()
    assert fetched(url, tmp_path).read_bytes() == DATA[:-1]


def test_without_a_tag_another_size_is_another_file(server: Server, tmp_path: Path):
    server.pages["/a.wav"] = Page(tag="")
    url = f"{server.url}/a.wav"
    before = fetched(url, tmp_path).stat().st_mtime_ns
    forget()
    assert fetched(url, tmp_path).stat().st_mtime_ns == before
    server.pages["/a.wav"] = Page(DATA + b"more", tag="")
    forget()
    assert fetched(url, tmp_path).read_bytes() == DATA + b"more"


def test_what_is_kept_serves_while_the_server_is_away(server: Server, tmp_path: Path):
    server.pages["/a.wav"] = Page()
    url = f"{server.url}/a.wav"
    path = fetched(url, tmp_path)
    server.pages["/a.wav"] = Page(status=500)
    forget()
    assert fetched(url, tmp_path, retries=0) == path and path.read_bytes() == DATA


def test_what_is_cut_off_goes_on_where_it_ended(server: Server, tmp_path: Path):
    server.pages["/a.mp4"] = Page(cut=100_000)
    assert fetched(f"{server.url}/a.mp4", tmp_path).read_bytes() == DATA
    ranges = [of for _, _, of in server.asked]
    assert len(ranges) == 2 and ranges[0] is None and 0 < int(ranges[1].removeprefix("bytes=").rstrip("-")) <= 100_000


def test_what_has_changed_meanwhile_is_begun_anew(server: Server, tmp_path: Path):
    server.pages["/a.mp4"] = Page(cut=100_000)
    url = f"{server.url}/a.mp4"
    with pytest.raises(MediaError, match="cannot be fetched"):
        fetched(url, tmp_path, retries=0)
    assert "a.mp4" not in files(tmp_path)
    server.pages["/a.mp4"] = Page(DATA[::-1], tag='"2"')
    assert fetched(url, tmp_path).read_bytes() == DATA[::-1]


def test_without_a_tag_nothing_is_patched_together(server: Server, tmp_path: Path):
    server.pages["/a.mp4"] = Page(cut=100_000, tag="")
    assert fetched(f"{server.url}/a.mp4", tmp_path).read_bytes() == DATA
    assert [of for _, _, of in server.asked] == [None, None]


def test_a_file_that_is_not_as_long_as_was_told_is_no_file(server: Server, tmp_path: Path):
    server.pages["/a.mp4"] = Page(length=len(DATA) + 5)
    with pytest.raises(MediaError, match="cannot be fetched"):
        fetched(f"{server.url}/a.mp4", tmp_path, retries=0)
    assert "a.mp4" not in files(tmp_path)


def test_a_busy_server_is_asked_again_when_it_says(server: Server, tmp_path: Path):
    server.pages["/a.mp4"] = Page(fails=1, headers={"retry": "1"})
    begun = time.monotonic()
    assert fetched(f"{server.url}/a.mp4", tmp_path).read_bytes() == DATA
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize(
    ("page", "told", "asked"),
    [
        (Page(status=404), "404", 1),
        (Page(status=403), "403", 1),
        (Page(fails=9), "503", 2),
        (Page(status=302, headers={"location": "/a.mp4"}), "redirected", 6),
        (Page(status=302, headers={"location": "file:///etc/passwd"}), "file", 1),
    ],
    ids=["missing", "forbidden", "busy", "loop", "leads to a file"],
)
def test_what_cannot_be_had_is_told(server: Server, tmp_path: Path, page: Page, told: str, asked: int):
    server.pages["/a.mp4"] = page
    with pytest.raises(MediaError, match=told) as error:
        fetched(f"{server.url}/a.mp4?key=secret", tmp_path, retries=1)
    assert "secret" not in str(error.value) and error.value.hint
    assert len(server.asked) == asked and not any(name.startswith("a.mp4") for name in files(tmp_path))


def test_a_server_that_stalls_or_drips_is_left(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server.pages["/a.mp4"] = Page(pause=0.3)
    monkeypatch.setattr(kept, "PATIENCE", 0.2)
    monkeypatch.setattr(kept, "SLOWEST", 1e6)
    with pytest.raises(MediaError, match="slowly"):
        fetched(f"{server.url}/a.mp4", tmp_path, retries=0)
    monkeypatch.setattr(web, "STALL", 0.1)
    web._client.cache_clear()
    with pytest.raises(MediaError, match="in time"):
        fetched(f"{server.url}/a.mp4", tmp_path, retries=0)
    web._client.cache_clear()


def test_what_is_too_large_is_not_fetched(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server.pages["/a.mp4"] = Page()
    monkeypatch.setattr(kept, "MOST", 1000)
    with pytest.raises(MediaError, match="larger"):
        fetched(f"{server.url}/a.mp4", tmp_path)
    assert len(server.asked) == 1


def test_a_full_disk_is_no_fault_of_the_file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server.pages["/a.mp4"] = Page()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept.os, "fsync", full)
    with pytest.raises(RunError, match="No space left"):
        fetched(f"{server.url}/a.mp4", tmp_path)


def test_several_processes_fetch_one_file_once(server: Server, tmp_path: Path):
    server.pages["/a.mp4"] = Page(pause=0.05)
    code = "import sys\nfrom pathlib import Path\nfrom cuechain.agents.fetch import fetched\nprint(fetched(sys.argv[1], Path(sys.argv[2])))"
    command = [sys.executable, "-c", code, f"{server.url}/a.mp4", str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {one.communicate()[0].strip() for one in both}
    assert len(paths) == 1 and Path(paths.pop()).read_bytes() == DATA
    assert [method for method, _, _ in server.asked] == ["GET", "GET"]  # the second is told that nothing has changed
    assert files(tmp_path) == ["a.mp4", "a.mp4.about"]


def test_the_size_is_asked_without_fetching(server: Server):
    server.pages |= {"/a.mp4": Page(), "/signed.mp4": Page(head=403)}
    assert size_of(f"{server.url}/a.mp4") == len(DATA) and size_of(f"{server.url}/signed.mp4") is None
    with pytest.raises(MediaError, match="404"):
        size_of(f"{server.url}/none.mp4")
    assert {method for method, _, _ in server.asked} == {"HEAD"}


def test_a_clip_by_its_address(server: Server, film, tmp_path: Path, tone):
    clip = film(tmp_path / "c.mp4", seconds=1, sound=tone(1))
    server.pages |= {"/c.mp4": Page(clip.read_bytes()), "/no.mp4": Page(b"no film")}
    chosen = settings.load(model="rules", senses=("scene", "sound"))
    case = ask(f"{server.url}/c.mp4?sig=1", "How does she feel?", settings=chosen)
    assert case.sheet.media[0].path == f"{server.url}/c.mp4?sig=1" and case.sheet.cues
    without = chosen.model_copy(update={"cache": None})
    assert ask(f"{server.url}/c.mp4", "How does she feel?", settings=without).sheet.cues
    with pytest.raises(MediaError) as error:
        ask(f"{server.url}/no.mp4", "How does she feel?", settings=chosen)
    assert f"{server.url}/no.mp4" in error.value.message and str(chosen.cache) not in error.value.message


def test_a_path_object_is_no_address(server: Server):
    server.pages["/c.mp4"] = Page()
    with pytest.raises(MediaError, match="does not exist"):
        list(see([Path(f"{server.url}/c.mp4")], settings.load()))
    assert not server.asked


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("https://u:p@h/a/x.mp4?sig=1#t", "https://h/a/x.mp4"),
        ("s3://bucket/what?.mp4", "s3://bucket/what?.mp4"),
        ("clip.mp4", "clip.mp4"),
    ],
)
def test_what_is_printed_holds_no_key(place: str, told: str):
    assert fetch.shown(place) == told


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://h/a/x%2F..%2Fy.mp4", "y.mp4"),
        ("https://h/", "file"),
        ("https://h/..", "file"),
        ("https://h/" + "x" * 300 + ".mp4", "x" * 100 + ".mp4"),
        ("s3://b/k\x1b[2J:?.wav", "k__2J__.wav"),
    ],
)
def test_names_stay_in_their_folder(place: str, name: str):
    assert address.name_of(place) == name


@pytest.mark.parametrize("place", ["clip.mp4", "C:/clip.mp4", "why: a://b", "/tmp/x"])
def test_paths_are_no_addresses(place: str):
    assert not is_address(place)


class TestStores:
    @pytest.fixture(autouse=True)
    def memory(self) -> Iterator[Any]:
        fsspec = pytest.importorskip("fsspec", reason="needs the extra batch")
        forget()
        files = fsspec.filesystem("memory")
        files.store.clear()
        files.pipe({"/bucket/a.wav": DATA, "/bucket/deep/b.wav": DATA[:9], "/bucket/deep/c.txt": b"Hello."})
        yield files
        files.store.clear()

    def test_a_file_is_fetched_again_where_it_has_changed(self, memory: Any, tmp_path: Path):
        path = fetched("memory://bucket/a.wav", tmp_path)
        assert path.read_bytes() == DATA
        forget()
        before = path.stat().st_mtime_ns
        assert fetched("memory://bucket/a.wav", tmp_path).stat().st_mtime_ns == before
        memory.pipe("/bucket/a.wav", b"other")
        forget()
        assert fetched("memory://bucket/a.wav", tmp_path).read_bytes() == b"other"

    def test_files_that_were_used_longest_ago_make_room_and_none_that_is_in_use(self, memory: Any, tmp_path: Path):
        memory.pipe({f"/bucket/{name}.wav": DATA for name in "abcd"})
        chosen = settings.load(cache=tmp_path, cache_limit=2.5 * len(DATA) / 1e9)

        def there() -> list[str]:
            return [name for name in files(tmp_path) if not name.endswith(".about")]

        with local("memory://bucket/a.wav", chosen) as held:
            for name in "bcd":
                with local(f"memory://bucket/{name}.wav", chosen):
                    time.sleep(0.01)
            assert held.read_bytes() == DATA and there() == ["a.wav", "d.wav"]
        with local("memory://bucket/b.wav", chosen) as path:
            assert path.read_bytes() == DATA and there() == ["b.wav", "d.wav"]

    def test_what_is_not_there(self, tmp_path: Path):
        for place, told in (("memory://bucket/none.wav", "does not exist"), ("memory://bucket/deep", "is a folder")):
            with pytest.raises(MediaError, match=told):
                fetched(place, tmp_path)
            with pytest.raises(MediaError, match=told):
                size_of(place)

    def test_patterns_and_folders_are_listed(self):
        assert listed("memory://bucket/**/*.wav") == ["memory:///bucket/a.wav", "memory:///bucket/deep/b.wav"]
        assert len(listed("memory://bucket")) == 3 and listed("memory://none/") == []
        assert size_of("memory://bucket/deep/b.wav") == 9
        with pytest.raises(ConfigError, match="lists no files"):
            listed("https://h/*.wav")

    def test_a_store_that_is_not_installed_says_how(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(sys.modules, "s3fs", None)
        with pytest.raises(MissingExtraError) as error:
            fetched("s3://bucket/a.wav", tmp_path)
        assert error.value.hint == "pip install s3fs"
        with pytest.raises(ConfigError, match="foo"):
            fetched("foo://bucket/a.wav", tmp_path)

    def test_without_a_cache_nothing_is_left(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with local("memory://bucket/a.wav", settings.load().model_copy(update={"cache": None})) as path:
            assert path.read_bytes() == DATA
        assert not files(tmp_path)
