"""`cuechain feedback` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cuechain.agents.sessions import Sessions
from cuechain.agents.values import (
    Case,
)

from .made import exported


def test_from_the_terminal(run: Any, case: Case, tmp_path: Path):
    (tmp_path / "case.json").write_text(case.model_dump_json(indent=2), "utf-8")
    code, _, err = run("add", "case.json", "--down", "--edit", "She is angry [F77].")
    assert code == 2 and "F77" in err and "unknown_cite" not in err and "--down alone" in err
    assert not (tmp_path / "case.feedback.jsonl").exists()
    assert run("add", "case.json")[0] == run("add", "case.json", "--up", "--turn", 2)[0] == 2
    assert run("add", "case.json", "--up")[0] == 0
    assert run("add", "case.json", "--down", "--edit", "She is angry [F1].")[0] == 0
    code, out, err = run("export", "case.json", "-o", "out/feedback.jsonl", "--json")
    assert code == 0 and json.loads(out)["records"] == {"edit": 1, "thumb_down": 1} and json.loads(out)["revised"] == 1
    code, out, err = run("export", "case.json")
    assert code == 0 and out == (tmp_path / "out/feedback.jsonl").read_text()
    assert "sent nowhere" in err and "names of files" in err
    code, out, _ = run("list", "case.json")
    assert code == 0 and "usable: edit 1, thumb down 1" in out


def test_a_sentence_that_cites_nothing_is_told_what_it_is_taken_to_rest_on(run: Any, case: Case, tmp_path: Path):
    (tmp_path / "case.json").write_text(case.model_dump_json(indent=2), "utf-8")
    code, _, err = run("add", "case.json", "--edit", "She is sad about her job. Her voice is lower [V1]. So it is.")
    assert code == 0 and '"She is sad about her job." cites nothing' in err and "[F1, V1, T1, F2]" in err
    assert '"So it is." cites nothing' in err and "[V1]" in err
    _, _, err = run("add", "case.json", "--edit", "She is sad about her job [F1].")
    assert "cites nothing" not in err


def test_sessions_from_the_terminal(run: Any, case: Case, tmp_path: Path):
    session = Sessions(tmp_path / "home").create()
    session.add(case)
    assert run("list")[1].startswith("1 session or file, 1 answer, 0 of them")
    assert run("add", session.id, "--turn", 1, "--label", "anger", "--edit", "So it is [F1].")[0] == 0
    assert [f.label for f in session.feedback()] == ["anger"]
    assert json.loads(run("list", "--json")[1])["records"] == {"edit": 1}
    code, out, err = run("export", "nobody")
    assert code == 1 and "nobody" in err and not out
    assert run("export", "--json")[0] == 2


def test_an_answer_of_a_run_is_named_by_its_item(run: Any, batch: Path):
    for arguments, said in (
        (("--up",), "--item"),
        (("--up", "--turn", 1), "--item"),
        (("--up", "--item", "b.mp4"), "no?face"),
        (("--up", "--item", "C.mp4"), "c.mp4"),
        (("--up", "--item", "a.mp4", "--turn", 1), "--turn"),
    ):
        code, _, err = run("add", batch, *arguments)
        assert code == 2 and said in err, (arguments, err)
    assert not (batch / "feedback.jsonl").exists()
    code, _, err = run("add", batch, "--item", "c.mp4", "--up")
    assert code == 0 and "c.mp4" in err and "Is she cross?" in err and "anger" in err
    (record,), tally = exported(batch)
    assert record.case.sample and record.case.sample.id == "c.mp4" and record.thumb == "up"
    assert (tally.turns, tally.rated) == (2, 1)  # a.mp4 and c.mp4 are answered
    assert "2 answers" in run("list", batch)[1]
    # Asked again: what was said is of an answer that no longer counts.
    again = (batch / "cases.jsonl").read_text().split("\n")[3]
    with (batch / "cases.jsonl").open("a") as file:
        file.write(again + "\n")
    made, tally = exported(batch)
    assert not made and tally.refused == {"answered_again": 1} and "c.mp4" in tally.shown["answered_again"][0]


def test_the_only_item_of_a_run_needs_no_name(run: Any, batch: Path):
    lines = (batch / "cases.jsonl").read_text().split("\n")
    (batch / "cases.jsonl").write_text("\n".join(lines[2:4]) + "\n")
    code, _, err = run("add", batch, "--down")
    assert code == 0 and "c.mp4" in err
    assert [r.provenance.turn for r in exported(batch)[0]] == [2]


def test_what_is_kept_outside_of_the_sessions_is_told_with_the_command_that_reads_it(
    run: Any, case: Case, batch: Path, tmp_path: Path
):
    (tmp_path / "a case.json").write_text(case.model_dump_json(indent=2), "utf-8")
    for place, more in (("a case.json", ()), ("runs/my clips", ("--item", "a.mp4"))):
        _, _, err = run("add", place, "--up", *more)
        assert "kept in " in err and f"cuechain feedback export '{place}' -o feedback.jsonl" in err
        assert run("export", place, "-o", "feedback.jsonl")[0] == 0
        assert len((tmp_path / "feedback.jsonl").read_text().splitlines()) == 1
    session = Sessions(tmp_path / "home").create()
    session.add(case)
    _, _, err = run("add", "--up", "--", session.id)
    assert "cuechain feedback export -o feedback.jsonl" in err and "How does she feel, and why?" in err
    for command in ("list", "export"):
        code, out, err = run(command)
        assert code == 0 and "of a run" in err and f"cuechain feedback {command} RUN case.json" in err
        assert "RUN" not in out and "RUN" not in run(command, "a case.json")[2]


def test_the_last_answer_of_a_session_is_meant_where_none_is_named(run: Any, case: Case, tmp_path: Path):
    session = Sessions(tmp_path / "home").create()
    session.add(case)
    session.add(case.model_copy(update={"answer": None, "status": "failed", "error": "no model"}))
    code, _, err = run("add", "--item", "a.mp4", "--up", "--", session.id)
    assert code == 2 and "--turn" in err
    assert run("add", "--up", "--", session.id)[0] == 0 and [f.turn for f in session.feedback()] == [1]
    for turn, why in ((2, "no model"), (3, "1 answer")):
        code, _, err = run("add", "--up", "--turn", turn, "--", session.id)
        assert code == 2 and why in err


def test_nothing_there_is_no_fault(run: Any):
    code, out, err = run("export")
    assert code == 0 and out == "" and "nothing was exported" in err
