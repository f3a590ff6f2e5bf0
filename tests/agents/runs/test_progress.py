"""What one sees of a run, in a terminal, in a log, and at its end."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from cuechain.agents import cli
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import RunError
from cuechain.agents.runs import Progress, Run
from cuechain.agents.runs.display import follow, printable
from cuechain.agents.runs.progress import Watch, cause_of
from cuechain.agents.values import Sample, Usage


def items(count: int) -> list[Sample]:
    return [Sample(id=f"clip{n}.mp4", files=(f"/data/my clips/clip{n}.mp4",)) for n in range(count)]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_counts_rate_and_what_is_left():
    clock = Clock()
    watch = Watch(items(100), clock=clock)
    assert watch.eta is None and watch.stage == "starting"
    for n in range(40):
        watch.take(Progress(f"clip{n}.mp4", "kept"))
    assert watch.rate == 0 and watch.left == 60
    for n in range(40, 60):
        clock.now += 2
        watch.take(Progress(f"clip{n}.mp4", "abstained" if n % 2 else "answered"))
    assert (watch.done, watch.left) == (60, 40)
    assert watch.rate == pytest.approx(0.5) and watch.eta == pytest.approx(80)
    assert "60 of 100 done" in watch.line() and "80 s to go" in watch.line()
    watch.note("the server is away; waiting for it")
    assert watch.line().endswith("the server is away; waiting for it")


def test_the_first_item_after_others_that_are_kept_tells_no_wild_rate():
    clock = Clock()
    watch = Watch(items(100), clock=clock)
    clock.now = 4
    for n in range(12):
        watch.take(Progress(f"clip{n}.mp4", "kept"))
    clock.now = 4.01
    watch.take(Progress("clip12.mp4", "answered"))
    assert watch.record()["items_per_second"] < 1


def test_a_run_that_something_unforeseen_ends_does_not_say_that_it_is_finished(tmp_path, capsys):
    def steps():
        yield Progress("clip0.mp4", "answered")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        follow(steps(), Watch(items(3)), tmp_path, "again", "json")
    told = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert told["ended"] == "ended early" and told["left"] == 2


def test_failures_are_grouped_by_cause_and_named():
    watch = Watch([*items(30), Fault("row 3", "missing", "there is no x.mp4"), Fault("row 9", "missing", "no y.mp4")])
    for n in range(9):
        watch.take(Progress(f"clip{n}.mp4", "failed", f"MediaError: /data/my clips/clip{n}.mp4 is empty (0 bytes)"))
    watch.take(Progress("clip9.mp4", "failed", "MediaError: /data/my clips/clip9.mp4 does not exist"))
    for n in range(10, 30):
        watch.take(Progress(f"clip{n}.mp4", "answered"))
    told = "\n".join(watch.summary("runs/x", "cuechain batch clips -o runs/x"))
    assert "20 answered, 10 failed" in told
    assert "9 × such as MediaError: /data/my clips/clip0.mp4 is empty" in told
    assert "clip0.mp4, clip1.mp4, clip2.mp4, clip3.mp4, clip4.mp4 and 4 more" in told
    assert "1 × MediaError: /data/my clips/clip9.mp4 does not exist" in told
    assert "try them again: cuechain batch clips -o runs/x" in told
    assert "2 × missing: row 3, row 9" in told and "there is no x.mp4" in told
    assert "faults.jsonl" in told and "faults.jsonl" not in "\n".join(watch.summary("run", "again", "interrupted"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("MediaError: a.mp4 is empty (0 bytes)", "MediaError: b b.mp4 is empty (0 bytes)", True),
        (
            "MediaError: https://h/a.mp4 cannot be fetched: 404",
            "MediaError: https://h/q.mp4 cannot be fetched: 404",
            True,
        ),
        ("the file ends at 3.5 s", "the file ends at 12 s", True),
        ("MediaError: a.mp4 is empty", "MediaError: b b.mp4 does not exist", False),
    ],
)
def test_a_cause_is_what_errors_have_in_common(one: str, other: str, same: bool):
    assert (cause_of(one, ("a.mp4",)) == cause_of(other, ("b b.mp4",))) is same


def test_tokens_are_counted_and_money_only_where_prices_are_given():
    clock = Clock()
    watch = Watch(items(2), (0.5, 2.0), clock)
    clock.now = 10
    for n in range(2):
        watch.take(
            Progress(f"clip{n}.mp4", "answered", usage=Usage(calls=3, input_tokens=500_000, output_tokens=50_000))
        )
    told = "\n".join(watch.summary("x", "again"))
    assert "1,000,000 read, 100,000 written in 6 requests, 10,000.0 written/s" in told
    assert watch.cost == pytest.approx(0.7) and "cost 0.7000 at 0.5 and 2 a million" in told
    watch = Watch(items(2))
    watch.take(Progress("clip0.mp4", "answered", usage=Usage(calls=1, input_tokens=5, output_tokens=5)))
    assert watch.cost is None and "cost" not in "\n".join(watch.summary("x", "again"))
    watch = Watch(items(2))
    watch.take(Progress("clip0.mp4", "answered", usage=Usage(calls=1)))
    assert "tokens" not in "\n".join(watch.summary("x", "again"))  # a planner has none


def test_the_same_bytes_twice_are_told():
    watch = Watch(items(3))
    for n, digest in enumerate(("x", "y", "x")):
        watch.take(Progress(f"clip{n}.mp4", "answered", bytes=digest))
    assert "1 × the same bytes twice: clip2.mp4 and clip0.mp4" in "\n".join(watch.summary("x", "again"))


def test_json_lines_tell_each_item_and_the_end(tmp_path, capsys):
    steps = [Progress("clip0.mp4", "kept"), Progress("clip1.mp4", "answered"), Progress("clip2.mp4", "failed", "E: no")]
    follow(iter(steps), Watch([*items(3), Fault("f", "broken", "no row")]), tmp_path, "again", "json")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["item", "item", "summary"]
    assert lines[1]["id"] == "clip2.mp4" and lines[1]["error"] == "E: no" and lines[1]["left"] == 0
    end = lines[-1]
    assert (end["done"], end["failed"], end["again"]) == (2, 1, "again")
    assert end["failures"] == [{"error": "E: no", "count": 1, "ids": ["clip2.mp4"]}]
    assert end["faults"] == [{"id": "f", "reason": "broken", "detail": "no row"}]


def test_quiet_tells_of_problems_alone(tmp_path, capsys):
    follow(iter([Progress("clip0.mp4", "answered")]), Watch(items(1)), tmp_path, "again", "quiet")
    assert not capsys.readouterr().err
    steps = [Progress("clip0.mp4", "answered"), Progress("clip1.mp4", "failed", "E: no")]
    follow(iter(steps), Watch(items(2)), tmp_path, "again", "quiet")
    assert "1 × E: no" in capsys.readouterr().err


def test_a_run_of_nothing_but_failures_is_an_error(tmp_path, capsys):
    with pytest.raises(RunError, match="none of the 2 items"):
        follow(iter(Progress(f"clip{n}.mp4", "failed", "E: no") for n in range(2)), Watch(items(2)), tmp_path, "again")
    assert "2 × such as E: no" in capsys.readouterr().err
    with pytest.raises(RunError, match="no item"):
        follow(iter(()), Watch([Fault("f", "broken", "no row")]), tmp_path, "again")
    assert "1 × broken" in capsys.readouterr().err


def test_nothing_that_is_told_steers_the_terminal(tmp_path, capsys):
    steps = [Progress("a\x1b[2J", "failed", "E: \x9b31m\r\nno"), Progress("b", "answered")]
    follow(iter(steps), Watch(items(2)), tmp_path, "again")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", capsys.readouterr().err)
    assert printable("a\x1bb") == "a?b"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good and bad files, and where their run goes."""
    folder = tmp_path_factory.mktemp("mixed")
    texts = {"good.txt": "I am so happy!", "again.txt": "I am so happy!", "sad.txt": "I miss her so much."}
    for name, text in texts.items():
        (folder / name).write_text(text)
    for name in ("empty.mp4", "empty.txt"):
        (folder / name).touch()
    (folder / "noise.mp4").write_bytes(os.urandom(5000))
    (folder / "noise.jpg").write_bytes(b"\xff\xd8\xff" + os.urandom(5000))
    (folder / "zeros.txt").write_bytes(bytes(100))
    (folder / "list.mp4").write_text("#EXTM3U\nhttp://169.254.169.254/latest\n")
    (folder / "bomb.png").write_bytes(_bomb())
    (folder / "huge.txt").write_bytes(b"x " * 1_100_000)
    (folder / "broken.json").write_text('[{"text": ')
    (folder / "\x1b[31mred.txt").write_text("Fine.")
    (folder / "loop.mp4").symlink_to("loop.mp4")
    return folder


def _bomb() -> bytes:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


BAD = {
    "empty.mp4",
    "empty.txt",
    "noise.mp4",
    "noise.jpg",
    "zeros.txt",
    "list.mp4",
    "bomb.png",
    "huge.txt",
    "broken.json",
}


def command(folder, out, *more):
    return [sys.executable, "-m", "cuechain", "batch", str(folder), "-t", "emotion", "-m", "rules", "-s", "transcript,words",
            "--workers", "0", "-o", str(out), *more]  # fmt: skip


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """A run over them, and what it told."""
    out = tmp_path_factory.mktemp("runs") / "run"
    return out, subprocess.run(command(folder, out), capture_output=True, text=True, check=False)


def test_bad_files_among_good_ones_are_each_told(folder, run):
    out, ended = run
    assert ended.returncode == 0, ended.stderr
    cases = {c.sample.id: c for c in Run(out).cases()}
    assert {id for id, case in cases.items() if case.status == "failed"} == BAD
    assert len(cases) == len(BAD) + 4 and Run(out).finished == len(cases)
    assert all(name in ended.stderr for name in BAD)
    assert "the same bytes twice: good.txt and again.txt" in ended.stderr
    assert "\x1b" not in ended.stderr and f"try them again: cuechain batch {folder}" in ended.stderr


def test_the_live_display_shows_what_went_wrong_last_and_goes_away(folder, tmp_path):
    """In a real terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    run = subprocess.Popen(command(folder, tmp_path / "run"), stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux tells that nobody holds the other end
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert run.wait() == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert "last problem: " in shown and " left" in shown and "items/s" in shown
    assert "9 failed in " in shown, "and the summary stays"
    assert "\x1b[31mred" not in seen.decode(), "a file's name is no command"


def test_show_finds_items_and_failures_of_a_run(run, monkeypatch, capsys):
    def show(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuechain", "show", str(run[0]), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    code, told, _ = show("--item", "sad.txt")
    assert code == 0 and told.startswith("sad.txt") and "good.txt" not in told
    code, told, _ = show("--failed")
    assert all(name in told for name in BAD) and "sad.txt" not in told
    assert json.loads(show("--item", "empty.mp4", "--json")[1])["status"] == "failed"
    code, _, wrong = show("--item", "SAD")
    assert code == 1 and "did you mean sad.txt" in wrong
