"""What a request can reach: its owner's conversations, and none of Gradio's own ways to files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents import settings
from cuechain.agents.sessions import Sessions
from cuechain.agents.ui.uploads import MOST_CLIPS

ANN, BEN = ("ann", "a-long-password"), ("ben", "another-password")
ADDRESS = "http://127.0.0.1:7860"
TEXT = {"X-Name": "note.txt"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[Any]:
    pytest.importorskip("gradio")
    from starlette.testclient import TestClient

    from cuechain.agents.ui.app import application

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(home))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        app, _ = application(
            settings.load(model="rules", home=home), models=("rules",), most=1000, users=dict((ANN, BEN))
        )
        with TestClient(app, base_url=ADDRESS) as made:
            yield made


def test_a_clip_is_its_owners_alone(client: Any, home: Path):
    taken = client.post("/clips", content=b"Great, just great.", headers=TEXT, auth=ANN)
    assert taken.status_code == 200
    id = taken.json()["session"]
    assert client.get(f"/clips/{id}/note.txt", auth=ANN).text == "Great, just great."
    for path in (f"/clips/{id}/note.txt", f"/clips/{id}/session.json", f"/clips/{id}/..%2Fsession.json"):
        assert client.get(path, auth=BEN).status_code in (400, 404), path
    assert client.get(f"/clips/{id}/session.json", auth=ANN).status_code == 404
    assert client.get(f"/clips/{id}/note.txt").status_code == 401
    other = client.post("/clips", content=b"mine now", headers={**TEXT, "X-Session": id}, auth=BEN)
    assert other.status_code == 404
    assert [f.name for f in Sessions(home, "ann").get(id).files] == ["note.txt"]
    assert Sessions(home, "ben").all() == []


def test_what_is_no_picture_sound_or_film_is_handed_out_as_text(client: Any):
    taken = client.post(
        "/clips", content=b"<script>alert(1)</script>", headers={"X-Name": "page.html.txt"}, auth=ANN
    ).json()
    given = client.get(f"/clips/{taken['session']}/{taken['name']}", auth=ANN)
    assert given.headers["content-type"].startswith("text/plain")
    assert given.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "content", "status", "told"),
    [
        (TEXT, b"x" * 1001, 413, "more than"),
        ({}, b"hello", 400, "name"),
        ({"X-Name": "a.mp4"}, b"no film", 422, "a.mp4"),
        ({"X-Name": "a.txt"}, b"", 422, "empty"),
        (
            {"X-Name": "a.json"},
            b'{"turns": [{"speaker": "A", "text": "Hi", "file": "/etc/hostname"}]}',
            422,
            "hostname",
        ),
        ({"X-Name": "../../"}, b"hello", 422, "name"),
        ({**TEXT, "X-Session": "../../../etc"}, b"hello", 404, "session"),
    ],
)
def test_bad_uploads(client: Any, home: Path, headers: dict[str, str], content: bytes, status: int, told: str):
    before = sorted((home / "sessions").glob("*"))
    answer = client.post("/clips", content=content, headers=headers, auth=ANN)
    assert answer.status_code == status
    assert told in answer.json()["error"]
    assert str(home) not in answer.text
    assert sorted((home / "sessions").glob("*")) == before


def test_a_body_that_does_not_tell_its_size_is_counted(client: Any):
    pieces = (b"x" * 300 for _ in range(10))
    assert client.post("/clips", content=pieces, headers=TEXT, auth=ANN).status_code == 413


def test_gradio_gives_and_takes_no_files(client: Any, home: Path):
    (home / "secret.txt").write_text("secret")
    for path in (
        f"file={home / 'secret.txt'}", f"/file={home / 'secret.txt'}", f"file/{home / 'secret.txt'}",
        "file=http://127.0.0.1:1/", "proxy=http://127.0.0.1:1/", "info", "openapi.json", "deep_link?session_hash=x",
    ):  # fmt: skip
        assert client.get(f"/gradio_api/{path}", auth=ANN).status_code in (400, 404), path
    assert client.post("/gradio_api/upload", files={"files": b"x"}, auth=ANN).status_code in (404, 413)
    assert client.post("/gradio_api/run/ask", json={"data": []}, auth=ANN).status_code == 404


def test_the_page_carries_a_policy_and_opens_no_cors(client: Any):
    page = client.get("/", auth=ANN, headers={"Origin": "http://evil.example"})
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "access-control-allow-origin" not in page.headers
    assert (
        client.post("/clips", content=b"x", headers={**TEXT, "Origin": "http://evil.example"}, auth=ANN).status_code
        == 403
    )
    assert client.get("/", auth=ANN, headers={"Host": "evil.example"}).status_code in (400, 403, 421)


def test_config_names_no_folder(client: Any, home: Path):
    assert str(home) not in client.get("/config", auth=ANN).text


def test_clips_that_come_at_once_are_no_more_than_allowed(client: Any, home: Path):
    from concurrent.futures import ThreadPoolExecutor

    id = client.post("/clips", content=b"first", headers=TEXT, auth=ANN).json()["session"]

    def send(_: int) -> int:
        def slow() -> Iterator[bytes]:
            yield b"more"
            time.sleep(0.2)

        return client.post("/clips", content=slow(), headers={**TEXT, "X-Session": id}, auth=ANN).status_code

    with ThreadPoolExecutor(30) as pool:
        told = list(pool.map(send, range(30)))
    assert set(told) <= {200, 422, 429}
    kept = Sessions(home, "ann").get(id).files
    assert len(kept) == 1 + told.count(200) <= MOST_CLIPS


def test_a_full_disk_takes_no_clip(client: Any, home: Path, monkeypatch: pytest.MonkeyPatch):
    from cuechain.agents.web import coming

    monkeypatch.setattr(coming, "FREE", 2**62)
    answer = client.post("/clips", content=b"first", headers=TEXT, auth=BEN)
    assert (answer.status_code, answer.json()["error"]) == (507, "the disk of the server is full")
    assert Sessions(home, "ben").all() == []


def test_a_picture_that_browsers_cannot_show_is_given_as_png(client: Any, tmp_path: Path):
    from PIL import Image

    Image.new("RGB", (8, 6), "red").save(tmp_path / "a.tiff", compression="tiff_deflate")
    taken = client.post("/clips", content=(tmp_path / "a.tiff").read_bytes(), headers={"X-Name": "a.tiff"}, auth=ANN)
    at = f"/clips/{taken.json()['session']}/a.tiff"
    given = client.get(f"{at}/copy.png", auth=ANN)
    assert given.headers["content-type"] == "image/png"
    assert given.content.startswith(b"\x89PNG")
    assert client.get(f"{at}/copy.exe", auth=ANN).status_code == 404
    assert client.get(f"{at}/copy.png", auth=BEN).status_code == 404
