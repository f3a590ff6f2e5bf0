"""Thumbs, edits and re-asks become records that fine-tuning reads; what cannot be used is counted with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cuechain.agents.feedback.anonymous import anonymous
from cuechain.agents.feedback.kept import found
from cuechain.agents.feedback.records import Tally
from cuechain.agents.sessions import Feedback, Session, Sessions
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    Question,
)

from .made import SAD, asked, exported, sheet, told


def test_thumbs_and_edits_with_where_they_come_from(session: Session, case: Case):
    for _ in range(3):
        session.add(case)
    other = told(asked("Why is she so quiet?"), *SAD)
    session.add(other)
    session.rate(Feedback(turn=1, rating="up", at="2026-01-02T03:04:05+00:00"))
    session.rate(Feedback(turn=4, rating="up"))
    session.rate(Feedback(turn=4, rating="down", text="She is angry [F1].", note="look again"))
    made, tally = exported(session.folder)
    assert [(r.thumb, r.provenance.how, r.provenance.turn) for r in made] == [("up", "thumb", 1), ("down", "edit", 4)]
    one, two = made
    assert one.edited is None and two.edited and two.edited["emotion"]["label"] == "anger"
    assert one.provenance.session == session.id and one.provenance.owner == "local"
    assert one.provenance.model == "rules" and one.provenance.template_hash == case.template_hash != ""
    assert one.provenance.at == "2026-01-02T03:04:05+00:00" and one.group == "ab" * 32
    assert (tally.sessions, tally.turns, tally.rated, tally.revised) == (1, 4, 2, 1)
    assert tally.made == {"thumb_up": 1, "thumb_down": 1, "edit": 1}


def test_an_answer_to_the_same_question_that_was_liked_is_what_the_other_should_have_been(session: Session, case: Case):
    better = told(asked("how does she feel and why"), Claim(text="She hides that she is sad.", cites=("F1", "T1")))
    for one in (case, better, told(asked("Is she angry?"), *SAD)):
        session.add(one)
    session.rate(Feedback(turn=1, rating="down"))
    session.rate(Feedback(turn=2, rating="up"))
    session.rate(Feedback(turn=3, rating="down"))
    made, tally = exported(session.folder)
    assert [(r.provenance.how, r.provenance.chosen_turn, r.thumb) for r in made] == [
        ("reask", 2, "down"), ("thumb", None, "up"), ("thumb", None, "down"),
    ]  # fmt: skip
    assert made[0].edited and made[0].edited["claims"][0]["text"] == "She hides that she is sad."
    assert made[0].case == case and not tally.refused
    # A person's own edit is better than another answer; both make a pair.
    session.rate(Feedback(turn=1, rating="down", text="She grieves [F1]."))
    made, _ = exported(session.folder)
    assert [(r.provenance.how, r.thumb) for r in made[:2]] == [("edit", "down"), ("reask", None)]


def test_an_answer_from_other_cues_is_no_pair(session: Session, case: Case):
    grown = dict(case.sheet.cues) | {"F1": case.sheet.cues["F2"], "F2": case.sheet.cues["F1"]}
    other = told(asked(seen=sheet().model_copy(update={"cues": grown})), Claim(text="She is low.", cites=("F1",)))
    session.add(case)
    session.add(other)
    session.rate(Feedback(turn=1, rating="down"))
    session.rate(Feedback(turn=2, rating="up"))
    made, tally = exported(session.folder)
    assert all(r.edited is None for r in made) and len(made) == 2 and tally.refused == {"other_cues": 1}


def test_thumbs_that_contradict_each_other(session: Session, case: Case):
    for _ in range(3):
        session.add(case)
    session.rate(Feedback(turn=1, rating="up"))
    session.rate(Feedback(turn=2, rating="down"))
    made, tally = exported(session.folder)
    assert not made and tally.refused == {"contradictory": 2}
    assert "liked and disliked" in tally.shown["contradictory"][0]
    session.rate(Feedback(turn=1))
    session.rate(Feedback(turn=2, rating="up", text="She is angry [F1]."))
    made, tally = exported(session.folder)  # liked, and yet another label: the edit counts
    assert [(r.thumb, bool(r.edited)) for r in made] == [(None, True)]
    assert tally.refused == {"contradictory": 1, "no_judgement": 1}


def test_broken_files_and_turns_that_are_not_there(session: Session, case: Case, tmp_path: Path):
    failed = case.model_copy(update={"answer": None, "status": "failed", "error": "no model"})
    lines = [case.model_dump_json(), '{"half": ', failed.model_dump_json()]
    (session.folder / "cases.jsonl").write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    said = [Feedback(turn=n, rating="up").model_dump_json() for n in (1, 2, 3, 9)]
    said += ["[]", '{"turn": 1, "rating": "maybe"}', '{"turn": 1, "rat']
    (session.folder / "feedback.jsonl").write_bytes("\r\n".join(said).encode())
    made, tally = exported(session.folder)
    assert [r.provenance.turn for r in made] == [1] and tally.turns == 1
    assert tally.refused == {"broken_case": 2, "failed": 1, "no_such_turn": 1, "broken_line": 3}
    (session.folder / "cases.jsonl").write_text("")
    (session.folder / "feedback.jsonl").write_text("")
    assert exported(session.folder)[0] == []


def test_what_was_looked_up_teaches_nothing(session: Session):
    session.add(asked("What does she say?"))
    session.rate(Feedback(turn=1, rating="up"))
    made, tally = exported(session.folder)
    assert not made
    assert tally.refused == {"looked_up": 1}


def test_only_ones_own_sessions_of_a_home(tmp_path: Path, case: Case):
    home = tmp_path / "home"
    for owner in ("local", "anna", "ben"):
        session = Sessions(home, owner).create()
        session.add(case.model_copy(update={"model": owner}))
        session.rate(Feedback(turn=1, rating="up"))
    assert [r.provenance.owner for r in exported(home=home)[0]] == ["local"]
    assert found([home], home, everyone=False).others == 2
    for paths in ([home], [home / "sessions"]):
        assert len(exported(*paths, everyone=True)[0]) == 3
    named = next(r.provenance.session for r in exported(home, everyone=True)[0] if r.provenance.owner == "anna")
    assert [r.provenance.owner for r in exported(home / "sessions" / named, home / "sessions" / named)[0]] == ["anna"]


def test_no_names_are_left_where_none_are_wanted(session: Session, case: Case, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/anna")
    path = "/home/anna/videos/anna at home.mp4"
    case = case.model_copy(
        update={
            "model": "hf:/home/anna/models/base+../tuned/adapter",
            "question": Question(text="Why is she sad in anna at home.mp4?"),
            "error": f"{path}: no sound; see /home/anna/log",
        }
    )
    session.add(case)
    session.rate(Feedback(turn=1, rating="down", text="She is angry [F1].", note="this is my sister Anna"))
    (record,), _ = exported(session.folder)
    plain = anonymous(record)
    text = plain.model_dump_json()
    assert not [word for word in ("anna", "Anna", "local", session.id, "tuned/") if word in text]
    assert plain.case.question.text == "Why is she sad in m1.mp4?" and plain.case.model == "hf:base+adapter"
    assert plain.case.sheet.cues == case.sheet.cues and plain.edited == record.edited
    assert plain.group == record.group == "ab" * 32 and type(plain.case.answer) is type(case.answer)


def test_fine_tuning_reads_it(session: Session, case: Case, tmp_path: Path):
    """Each record becomes the rows that it was made for."""
    pytest.importorskip("datasketch")
    from cuechain.finetune.data import RowsConfig, make
    from cuechain.finetune.rows import read

    better = told(asked(), Claim(text="She hides that she is really sad.", cites=("F1", "T1")))
    for one in (case, better, told(asked("Why is she so quiet?"), *SAD)):
        session.add(one)
    session.rate(Feedback(turn=1, rating="down"))
    session.rate(Feedback(turn=2, rating="up"))
    session.rate(Feedback(turn=3, text="She is angry about what she says [T1]."))
    made, _ = exported(session.folder)
    (tmp_path / "f.jsonl").write_text("".join(anonymous(r).model_dump_json() + "\n" for r in made))
    source = {"kind": "feedback", "files": [tmp_path / "f.jsonl"], "order": "label"}
    make(RowsConfig.model_validate({"out": tmp_path / "rows", "sources": [source], "dev": 0.0}))
    pairs = list(read(tmp_path / "rows/pairs_train.jsonl"))
    texts = [json.loads(m.content)["claims"][0]["text"] for p in pairs for m in (*p.completion, *p.rejected)]
    assert texts == [
        "She hides that she is really sad.", "She is sad.", "She is angry about what she says.", "She is sad.",
    ]  # fmt: skip
    assert [r.thumb for r in read(tmp_path / "rows/thumbs_train.jsonl")] == ["down", "up"]
    assert not (tmp_path / "rows/refused.jsonl").exists()
    assert {r.group for r in pairs} == {"ab" * 32}


def test_what_is_taught_on_the_way_to_a_corrected_answer_agrees_with_it(session: Session, case: Case, tmp_path: Path):
    pytest.importorskip("datasketch")
    from cuechain.finetune.data import RowsConfig, make
    from cuechain.finetune.rows import read

    silent = Answer(person="P1", abstain=True, claims=(Claim(text="This cannot be told.", stance="weak"),))
    session.add(case.model_copy(update={"answer": silent}))
    agreed = case.model_copy(update={"answer": case.answer and case.answer.model_copy(update={"relation": "agree"})})
    session.add(agreed)
    session.rate(Feedback(turn=1, text="She is sad: her inner brows rise [F2]."))
    session.rate(Feedback(turn=2, text="She is angry about what she says [T1]."))
    made, _ = exported(session.folder)
    (tmp_path / "f.jsonl").write_text("".join(r.model_dump_json() + "\n" for r in made))
    source = {"kind": "feedback", "files": [tmp_path / "f.jsonl"]}
    make(RowsConfig.model_validate({"out": tmp_path / "rows", "sources": [source], "dev": 0.0}))
    rows = list(read(tmp_path / "rows/train.jsonl"))
    sad, angry = (r.completion[0].content for r in rows if r.step == "infer")
    assert "does not allow" not in sad + angry and "Relation" not in sad + angry
    assert sad.endswith("Decisive: F2") and angry.endswith("Decisive: T1")
    assert [r.gold.decisive for r in rows if r.step == "conclude"] == [("F2",), ("T1",)]
    for pair in read(tmp_path / "rows/pairs_train.jsonl"):  # what nobody judged is not what tells the two apart
        good, bad = (json.loads(m.content)["relation"] for m in (*pair.completion, *pair.rejected))
        assert good is bad is None


def test_one_is_told_as_one():
    from cuechain.agents.feedback.cli import _lines

    one, two = next(iter(_lines(Tally(sessions=1, turns=1)))), next(iter(_lines(Tally(sessions=2, turns=2))))
    assert one.startswith("1 session or file, 1 answer, ") and two.startswith("2 sessions or files, 2 answers, ")
