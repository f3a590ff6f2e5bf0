"""What is told while a question is answered, step by step."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from cuechain.agents import settings
from cuechain.agents.sessions import Feedback, Session, Sessions
from cuechain.agents.ui import talks as room
from cuechain.agents.ui.answers import marking, split, turns
from cuechain.agents.ui.talks import Talks
from cuechain.agents.ui.views import Live, senses
from cuechain.agents.values import Case

QUESTION = "How does the writer feel?"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = Sessions(tmp_path).create("letter")
    letter = tmp_path / "letter.txt"
    letter.write_text("I am so happy today!\n", "utf-8")
    made.add_file(letter, letter.name)
    return made


def scripted(tmp_path: Path) -> str:
    """A chat model that answers in three steps."""
    claim = {"text": "She probably feels glad.", "cites": ["T1"], "stance": "supports", "points": None}
    answer = {
        "person": None, "span": None, "emotion": {"label": "joy", "intensity": 0.5, "confidence": 0.7},
        "sentiment": "positive", "relation": "single", "claims": [claim], "abstain": False,
    }  # fmt: skip
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in ("seen", "inferred", json.dumps(answer))), "utf-8")
    return f"scripted:{path}"


def test_a_text_is_shown_as_it_is_written(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "PAUSE", 0.0)
    talks, spec = Talks(settings.load(home=tmp_path)), scripted(tmp_path)
    *states, case = [
        (state.said, state.now) if isinstance(state, Live) else state
        for state in talks.ask(session, QUESTION, spec, "ask", (), ())
    ]
    assert isinstance(case, Case) and case.answer
    said = list(dict.fromkeys(text for text, _ in states if text))
    assert len(said) > 1 and said[-1] == "She probably feels glad."
    assert all(said[-1].startswith(part) for part in said)
    assert [c.question.text for c in session.cases()] == [QUESTION]


def test_a_second_question_waits_for_the_first(session: Session, tmp_path: Path):
    talks = Talks(settings.load(home=tmp_path))
    first = talks.ask(session, QUESTION, "rules", "ask", (), ())
    next(first), next(first)  # it has begun
    second: list[Live | Case] = []
    thread = threading.Thread(target=lambda: second.extend(talks.ask(session, "Why?", "rules", "ask", (), ())))
    thread.start()
    thread.join(0.3)
    assert [s.now for s in second if isinstance(s, Live)] == ["First the question before …"]
    assert isinstance(list(first)[-1], Case)
    thread.join(20)
    assert isinstance(second[-1], Case)
    assert len(session.cases()) == 2


def test_a_question_that_is_stopped_leaves_the_conversation_free(session: Session, tmp_path: Path):
    talks = Talks(settings.load(home=tmp_path))
    stopped = talks.ask(session, QUESTION, "rules", "ask", (), ())
    next(stopped), next(stopped)
    stopped.close()
    assert isinstance(list(talks.ask(session, QUESTION, "rules", "ask", (), ()))[-1], Case)


def test_a_failure_names_no_folder(session: Session, tmp_path: Path):
    session.files[0].unlink()
    *_, last = Talks(settings.load(home=tmp_path)).ask(session, QUESTION, "rules", "ask", (), ())
    assert isinstance(last, Live) and last.error
    assert str(tmp_path) not in last.error + last.hint


def test_what_somebody_else_wrote_is_escaped(session: Session, tmp_path: Path):
    bad = "<img src=x onerror=alert(1)>"
    *_, case = Talks(settings.load(home=tmp_path)).ask(session, f"{bad}?", "rules", "ask", (), ())
    assert isinstance(case, Case) and case.answer
    claims = tuple(c.model_copy(update={"text": bad}) for c in case.answer.claims)
    cues = {i: c.model_copy(update={"text": f"{bad}\"'"}) for i, c in case.sheet.cues.items()}
    shown = turns(
        [
            case.model_copy(
                update={
                    "answer": case.answer.model_copy(update={"claims": claims}),
                    "sheet": case.sheet.model_copy(update={"cues": cues}),
                }
            )
        ],
        [],
    )
    assert "<img" not in shown and "&lt;img" in shown
    assert "<img" not in senses([bad], [], None, 0, bad)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Flat [V2].", ["Flat ", ["V2"], "."]),
        ("Sad [F11, T4]. Glad [W1]", ["Sad ", ["F11", "T4"], ". Glad ", ["W1"]]),
        ("[sic] no [12] cites []", ["[sic] no [12] cites []"]),
        ("", []),
    ],
)
def test_citations_in_prose(text: str, parts: list[str | list[str]]):
    assert split(text) == parts


def test_a_clip_that_cannot_be_used_does_not_spoil_the_conversation(session: Session, tmp_path: Path):
    talks = Talks(settings.load(home=tmp_path))
    first = session.files
    assert isinstance(list(talks.ask(session, QUESTION, "rules", "ask", (), ()))[-1], Case)
    with (tmp_path / "letter.txt").open("rb") as stream:
        session.add_file(stream, "gone.mp4").unlink()
    told = list(talks.perceive(session, "rules"))[-1]
    assert told.error
    assert session.files == first
    assert isinstance(list(talks.ask(session, QUESTION, "rules", "ask", (), ()))[-1], Case)


@pytest.mark.parametrize("text", ["What is the capital of France?", "asdkjh qwe"])
def test_a_question_about_no_feeling_gets_no_large_feeling(session: Session, tmp_path: Path, text: str):
    *_, case = Talks(settings.load(home=tmp_path)).ask(session, text, "rules", "ask", (), ())
    assert isinstance(case, Case)
    shown = turns([case], [])
    assert 'class="verdict"' not in shown and "meter" not in shown
    assert 'class="lead"' in shown


def test_what_somebody_corrected_is_the_heading(session: Session, tmp_path: Path):
    *_, case = Talks(settings.load(home=tmp_path)).ask(session, QUESTION, "rules", "ask", (), ())
    assert isinstance(case, Case) and case.answer and case.answer.emotion
    shown = turns([case], [Feedback(turn=1, text="Never [T1, Z99].", label="disgust")])
    assert '<strong class="label">disgust</strong>' in shown and "meter" not in shown
    assert f"the answer was <strong>{case.answer.emotion.label}</strong>" in shown
    assert "There is no cue Z99" in shown and 'data-cue="Z99"' not in shown
    assert "There is no cue" not in turns([case], [Feedback(turn=1, text="Never [T1].", label="disgust")])


def test_each_clip_keeps_the_marks_of_the_last_answer_about_it(session: Session, tmp_path: Path):
    *_, case = Talks(settings.load(home=tmp_path)).ask(session, QUESTION, "rules", "ask", (), ())
    assert isinstance(case, Case) and case.answer
    one = next(iter(case.sheet.cues.values()))
    cues = {i: one.model_copy(update={"media": m}) for i, m in (("T1", "m1"), ("T2", "m1"), ("T3", "m2"))}
    media = tuple(case.sheet.media[0].model_copy(update={"id": m}) for m in ("m1", "m2"))
    sheet = case.sheet.model_copy(update={"cues": cues, "media": media})

    def citing(*ids: str) -> Case:
        claim = case.answer.claims[0].model_copy(update={"cites": ids})  # type: ignore[union-attr]
        return case.model_copy(update={"answer": case.answer.model_copy(update={"claims": (claim,)})})  # type: ignore[union-attr]

    kept = marking([citing("T1"), citing("T2", "T3"), citing("T3"), citing()], sheet)
    assert [[c.cites for c in k.answer.claims] for k in kept if k.answer] == [[("T2",)], [("T3",)]]


def test_clips_that_are_not_perceived_yet_are_known(session: Session, tmp_path: Path):
    talks = Talks(settings.load(home=tmp_path))
    assert not talks.perceived(session)
    list(talks.perceive(session, "rules"))
    assert talks.perceived(session)


def test_codes_of_movements_are_explained(session: Session, tmp_path: Path):
    *_, case = Talks(settings.load(home=tmp_path)).ask(session, QUESTION, "rules", "ask", (), ())
    assert isinstance(case, Case)
    shown = turns([case], [Feedback(turn=1, text="A smile (AU12) <b>[T1].")])
    assert '<abbr title="Action unit 12:' in shown and ">AU12</abbr>) &lt;b&gt;" in shown
