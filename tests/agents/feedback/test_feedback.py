"""Thumbs, edits and re-asks become records that fine-tuning reads; what cannot be used is counted with its reason."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.agents import sheets

from cuechain.agents import cli, llm, pipeline, settings
from cuechain.agents.explain import explain
from cuechain.agents.feedback.anonymous import anonymous
from cuechain.agents.feedback.edits import RefusedError, corrected
from cuechain.agents.feedback.kept import found
from cuechain.agents.feedback.records import Record, Tally, records
from cuechain.agents.sessions import Feedback, Session, Sessions
from cuechain.agents.tasks.ask import ASK
from cuechain.agents.tasks.emotion import EMOTION
from cuechain.agents.tasks.sextuple import SEXTUPLE
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Media,
    Question,
    Sample,
    SextupleAnswer,
)
from cuechain.agents.verify import verify

RULES = settings.Settings(model="rules")


def sheet(path: str = "/home/anna/videos/anna at home.mp4", sha: str = "ab" * 32) -> CueSheet:
    media = Media(id="m1", kind="video", path=path, duration=8.0, streams=("video", "audio"), sha256=sha)
    return sheets.masked().model_copy(update={"media": (media,)})


def asked(words: str = "How does she feel, and why?", seen: CueSheet | None = None, task: Any = ASK) -> Case:
    """A case as `rules` answers it."""
    question = Question(text=words, task=task.name)
    return pipeline.think(seen or sheet(), question, task, llm.load("rules", RULES), RULES)


def told(case: Case, *claims: Claim, label: str = "sadness") -> Case:
    """The case with an answer of its own words."""
    answer = Answer(person="P1", emotion=Emotion(label=label, confidence=0.7), sentiment="negative", claims=claims)
    verdict = verify(case.sheet, answer, ())
    made = {"answer": answer, "verdict": verdict, "explanation": explain(case.sheet, answer, verdict)}
    return case.model_copy(update=made)


SAD = (
    Claim(text="She is sad.", cites=("F1", "V1")),
    Claim(
        text='She says "I am fine, really, everything is wonderful", which by itself would fit joy.',
        cites=("T1",),
        stance="conflicts",
        points="joy",
    ),
    Claim(text="The inner brows rise.", cites=("F2",)),
)  # fmt: skip


@pytest.fixture
def case() -> Case:
    return told(asked(), *SAD)


def edited(case: Case, text: str | None = None, label: str | None = None) -> Answer:
    return corrected(case, Feedback(turn=1, text=text, label=label), RULES)


def refusal(case: Case, text: str | None = None, label: str | None = None) -> str:
    with pytest.raises(RefusedError) as error:
        edited(case, text, label)
    return error.value.reason


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Sessions(tmp_path / "home").create()


def exported(*paths: Path, home: Path = Path("nowhere"), everyone: bool = False) -> tuple[list[Record], Tally]:
    tally = Tally()
    return records((p.read() for p in found(paths, home, everyone=everyone).places), RULES, tally), tally


def test_prose_is_read_back_as_it_is_shown(case: Case):
    assert case.explanation
    shown = case.explanation.text
    assert refusal(case, shown) == refusal(case, f"  {shown.replace(' ', '  ')}\n") == "unchanged"
    left = edited(case, shown.replace("She is sad", "She hides it"))
    assert left.claims[0].text == "She hides it." and left.claims[0].cites == ("F1", "V1")
    assert left.claims[1:] == case.answer.claims[1:]  # type: ignore[union-attr]  # their stance and what they point to too
    assert left.emotion == case.answer.emotion  # type: ignore[union-attr]


def test_a_full_stop_in_a_quote_ends_no_sentence(case: Case):
    line = case.sheet.cues["T1"].model_copy(update={"text": 'the speaker says "Oh. I am fine. Really."'})
    heard = case.sheet.model_copy(update={"cues": dict(case.sheet.cues) | {"T1": line}})
    left = edited(
        told(asked(seen=heard), *SAD),
        'She is sad [F1]. She says "Oh. I am fine. Really." [T1]. Her voice is lower [v1].',
    )
    assert [c.cites for c in left.claims] == [("F1",), ("T1",), ("V1",)]
    assert left.claims[1].text == 'She says "Oh. I am fine. Really.".'


def test_what_cites_nothing_rests_on_what_was_cited_before(case: Case):
    left = edited(case, "She is down. The inner brows rise [F2]. That is plain.")
    assert [c.cites for c in left.claims] == [("F1", "V1", "T1", "F2"), ("F2",), ("F2",)]


@pytest.mark.parametrize(
    ("first", "label"),
    [
        ("She is angry [F1].", "anger"),
        ("She is not sad but furious [F1].", "anger"),
        ("She isn't at all happy [F1].", "sadness"),
        ("She is not sad, not afraid, rather than angry: surprised [F1].", "surprise"),
        ("She feels low [F1].", "sadness"),
        ("She is sad, though she sounds happy [F1].", "sadness"),
    ],
)
def test_the_first_sentence_says_the_label(case: Case, first: str, label: str):
    left = edited(case, first)
    assert left.emotion and left.emotion.label == label and left.emotion.confidence == 0.7


@pytest.mark.parametrize(
    ("was", "label", "relation"),
    [
        ("masked", "anger", None),  # what was wrong may have been wrong about the senses too
        ("agree", "grief", "agree"),  # another word for the same feeling
        ("single", "anger", "single"),  # only one sense is usable, whatever is felt
        (None, "anger", None),
    ],
)
def test_another_label_leaves_open_how_the_senses_relate(case: Case, was: Any, label: str, relation: str | None):
    assert case.answer
    case = case.model_copy(update={"answer": case.answer.model_copy(update={"relation": was})})
    free = case.question.model_copy(update={"labels": ("anger", "sadness", "grief", "joy")})
    left = edited(case.model_copy(update={"question": free}), "So it is [F1].", label)
    assert left.emotion and left.emotion.label == label and left.relation == relation


@pytest.mark.parametrize("words", ["This cannot be told from the clip", "What she feels is impossible to tell"])
def test_an_edit_may_say_that_there_is_no_answer(case: Case, words: str):
    left = edited(case, f"{words}: the voice is lower [V1].")
    assert left.abstain and left.emotion is left.sentiment is left.relation is None and left.person == "P1"
    assert not edited(case, f"{words} [V1].", "anger").abstain  # a label says more


def test_a_label_of_many_and_its_polarity():
    one = asked(task=EMOTION)
    left = edited(one, "She is happy [F1].")
    assert isinstance(left, EmotionAnswer) and [e.label for e in left.emotions] == ["joy"]
    assert left.sentiment == "positive"
    assert edited(one, "So it is [F1].", "Fear").emotion.label == "fear"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("She is sad [F9].", None, "unknown_cite"),
        ("She is sad [F1]. It is so [X1, F1].", None, "unknown_cite"),
        ("   ", None, "empty_edit"),
        ("She is angry or afraid [F1].", None, "unclear_label"),
        ("She is sad [F1].", "melancholic", "label_outside"),
        (None, "sadness", "unchanged"),
        ("She is sad [F1].", "anger", "label_and_text"),
        ("The voice is lower and she is sad [F1].", None, "wrong_sense"),
        ('She is sad: she says "I hate you all" [T1].', None, "wrong_quote"),
        (None, "disgust", "not_borne_out"),
    ],
)
def test_edits_that_cannot_be_used(case: Case, text: str | None, label: str | None, reason: str):
    assert refusal(case, text, label) == reason


def test_a_label_alone_is_explained_where_the_cues_bear_it_out(case: Case):
    left = edited(told(case, Claim(text="She is glad.", cites=("T1",)), label="joy"), label="sadness")
    assert left.emotion and left.emotion.label == "sadness"
    assert {"F1", "F2", "V1"} & {i for c in left.claims for i in c.cites}
    assert not verify(case.sheet, left, ASK.labels).problems


def test_a_label_beside_prose_that_was_left_as_it_was_is_a_label_alone(case: Case):
    glad = told(case, Claim(text="She is glad.", cites=("T1",)), label="joy")
    assert glad.explanation
    assert edited(glad, glad.explanation.text, "sadness") == edited(glad, None, "sadness")
    assert refusal(glad, glad.explanation.text, "disgust") == "not_borne_out"
    assert refusal(glad, glad.explanation.text, "joy") == "unchanged"


def test_sentences_that_are_made_from_slots_are_not_edited(case: Case):
    made = case.model_copy(
        update={"question": Question(text="Who feels what?", task=SEXTUPLE.name), "answer": SextupleAnswer(claims=SAD)}
    )
    assert refusal(made, "She is angry [F1].") == "made_sentences"


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


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("CUECHAIN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    verbs = {kind: list(getattr(cli.app, kind)) for kind in ("registered_commands", "registered_groups")}

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cuechain", "feedback", *map(str, arguments)])
        for kind, known in verbs.items():  # each call adds those of plugins
            monkeypatch.setattr(cli.app, kind, list(known))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(str(ended.value.code)), out, err

    return call


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


@pytest.fixture
def batch(case: Case, tmp_path: Path) -> Path:
    """A run of which one item failed twice, and another was answered at its second time."""
    folder = tmp_path / "runs" / "my clips"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"task": "ask", "model": "rules"}')
    failed = {"answer": None, "status": "failed", "error": "no\x1bface"}
    angry = told(asked("Is she cross?"), Claim(text="She is angry.", cites=("F1",)), label="anger")
    lines = [
        one.model_copy(update={"sample": Sample(id=id, group=id), **more})
        for id, one, more in (
            ("a.mp4", case, {}), ("b.mp4", case, failed), ("c.mp4", case, failed), ("c.mp4", angry, {}), ("b.mp4", case, failed),
        )
    ]  # fmt: skip
    (folder / "cases.jsonl").write_text("".join(one.model_dump_json() + "\n" for one in lines))
    return folder


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
