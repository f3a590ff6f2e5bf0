"""`cuechain report` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cuechain.agents.errors import ConfigError, CueChainError, RunError, SessionError
from cuechain.agents.report.at_hand import found
from cuechain.agents.report.cli import report
from cuechain.agents.report.page import MOST_CASES
from cuechain.agents.sessions import Sessions
from cuechain.agents.values import Case, Media, Sample
from tests.agents.report.made import case

DEMO = Path(__file__).parents[3] / "examples" / "demo.mp4"


def call(*arguments: Any) -> Any:
    import typer

    app = typer.Typer()
    app.command()(report)
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def stored(path: Path, *cases: Case) -> Path:
    path.write_text("".join(one.model_dump_json(exclude_defaults=True) + "\n" for one in cases), "utf-8")
    return path


def items(count: int) -> list[Case]:
    return [case(question=f"question {n}", sample=Sample(id=f"i{n}")) for n in range(count)]


def test_a_clip_becomes_a_page(tmp_path: Path):
    target = tmp_path / "page.html"
    done = subprocess.run(
        [Path(sys.executable).with_name("cuechain"), "report", DEMO, "-s", "words,transcript",
         "-q", "How does she feel, and why?", "-o", target],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    html = target.read_text("utf-8")
    assert "How does she feel, and why?" in html
    assert "Which sense mattered" in html
    assert html.count("<img ") >= 1
    assert not list(tmp_path.glob("*.part"))


def test_a_text_alone(tmp_path: Path):
    call("--text", "I lost </script><script>my keys", "-o", tmp_path / "r.html", "--no-weigh")
    html = (tmp_path / "r.html").read_text("utf-8")
    assert html.count("<script>") == 1
    assert "Which sense mattered" not in html


def test_a_stored_case_and_a_conversation(tmp_path: Path):
    one = tmp_path / "case.json"
    one.write_text(case().model_dump_json(), "utf-8")
    call(one, "-o", tmp_path / "one.html")
    assert "How does she feel?" in (tmp_path / "one.html").read_text("utf-8")
    talk = tmp_path / "talk"
    talk.mkdir()
    stored(talk / "cases.jsonl", case(), case(question="And why?"))
    for source in (talk, talk / "cases.jsonl"):
        call(source, "-o", tmp_path / "talk.html")
        html = (tmp_path / "talk.html").read_text("utf-8")
        assert html.count("<article ") == 1
        assert "And why?" in html


def test_a_session_by_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUECHAIN_HOME", str(tmp_path / "home"))
    session = Sessions(tmp_path / "home").create()
    with pytest.raises(SessionError, match="no answer"):
        call("-o", tmp_path / "r.html", "--", session.id)
    session.add(case())
    session.add(case(question="And why?"))
    for source in (session.id, session.folder):
        call("-o", tmp_path / "r.html", "--", source)
        assert "And why?" in (tmp_path / "r.html").read_text("utf-8")
        (tmp_path / "r.html").unlink()
    with pytest.raises(RunError, match="no file, folder or session nothing-here"):
        call("nothing-here", "-o", tmp_path / "r.html")


def test_clips_of_a_session_that_was_moved(tmp_path: Path):
    session = Sessions(tmp_path / "home").create()
    clip = session.add_file(DEMO, "demo.mp4")
    moved = session.folder.rename(tmp_path / "moved")
    assert found(Media(id="m1", kind="video", path=str(clip)), moved).path == moved / "media" / "demo.mp4"


def test_an_item_of_a_run(tmp_path: Path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "manifest.json").write_text(json.dumps({"task": "ask", "model": "embedded"}), "utf-8")
    stored(run / "cases.jsonl", *items(MOST_CASES + 5))
    call(run, "--item", "i7", "-o", tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text("utf-8")
    assert "question 7" in html
    assert "question 8" not in html
    with pytest.raises(ConfigError, match="more than the"):
        call(run, "-o", tmp_path / "r.html")
    with pytest.raises(RunError, match="no item 'nope'") as caught:
        call(run, "--item", "nope", "-o", tmp_path / "r.html")
    assert "items" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no file was given"),
        (("nowhere.mp4",), "does not exist"),
        (("{case}", "-q", "Why?"), "brings its question"),
        (("{case}", "{case}"), "one file of cases"),
        (("{case}", "--embed-media", "--no-keyframes"), "leaves out"),
        (("{case}", "-o", "{folder}"), "is a folder"),
        (("{empty}",), "is empty"),
        (("{other}",), "is not a Case"),
        (("{text}", "--item", "i1"), "is no run folder"),
        (("{case}", "-o", "{folder}/no/where.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, arguments: tuple[str, ...], told: str):
    places = {name: tmp_path / file for name, file in (
        ("case", "case.json"), ("empty", "cases.jsonl"), ("other", "other.json"), ("text", "a.txt"), ("folder", "."),
    )}  # fmt: skip
    places["case"].write_text(case().model_dump_json(), "utf-8")
    places["empty"].write_text("", "utf-8")
    places["other"].write_text(json.dumps({**json.loads(case().model_dump_json()), "new": 1}), "utf-8")
    places["text"].write_text("I am glad", "utf-8")
    given = [a.format(**places) for a in arguments]
    target = [] if "-o" in given else ["-o", str(tmp_path / "r.html")]
    with pytest.raises(CueChainError, match=told):
        call(*given, *target)
    assert not (tmp_path / "r.html").exists()


def test_what_a_model_cannot_weigh_is_left_out(tmp_path: Path):
    one = tmp_path / "case.json"
    one.write_text(case(model="openai:gone").model_dump_json(), "utf-8")
    call(one, "-o", tmp_path / "r.html")
    assert "Which sense mattered" not in (tmp_path / "r.html").read_text("utf-8")
    call(one, "--model", "rules", "-o", tmp_path / "r.html")
    assert "Which sense mattered" in (tmp_path / "r.html").read_text("utf-8")
