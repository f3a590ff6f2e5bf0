import json

import pytest

from cuechain.agents import llm, settings
from cuechain.agents.catalogue import cases
from cuechain.agents.explain import clock, facts, markdown, terminal
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import (
    AspectAnswer,
    Case,
    CauseAnswer,
    CausePair,
    Element,
    Emotion,
    EmotionAnswer,
    Flip,
    LabelAnswer,
    LabelsAnswer,
    Opinion,
    PostAnswer,
    Question,
    Sample,
    SentimentAnswer,
    Sextuple,
    SextupleAnswer,
    Span,
)

from .sheets import masked


def case(task="ask"):
    question = Question(text="How does she feel, and why?", task=task)
    return think(masked(), question, check(question), llm.load("rules", settings.load()), settings.load())


def rendered(thing) -> str:
    from rich.console import Console

    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(thing)
    return console.export_text()


def test_prose_cites_and_names_what_is_missing():
    made = case()
    assert all(f"[{', '.join(c.cites)}]" in made.explanation.text for c in made.answer.claims)
    assert made.explanation.missing == ("screen: no words on screen",)
    assert made.explanation.conflicts and "%" in made.explanation.sure


def test_markdown_and_terminal_show_answer_cues_and_gaps():
    for text in (markdown(case()), rendered(terminal(case()))):
        assert "lip corners clearly pull down" in text
        assert "F1" in text and "2.5-4.5 s" in text
        assert "no words on screen" in text
        assert "rules" in text


def test_a_cue_cannot_break_the_markdown_table():
    sheet = masked()
    sheet.cues["T1"] = sheet.cues["T1"].model_copy(update={"text": 'the speaker says "a | b\nc"'})
    made = case().model_copy(update={"sheet": sheet})
    assert "a \\| b c" in markdown(made)


def test_a_stored_case_reads_back_as_it_was(tmp_path):
    made = case("emotion")
    path = tmp_path / "case.json"
    path.write_text(made.model_dump_json())
    (back,) = cases(path)
    assert back == made and isinstance(back.answer, EmotionAnswer)
    lines = tmp_path / "cases.jsonl"
    lines.write_text(f"{json.dumps(json.loads(made.model_dump_json()))}\n\n{case().model_dump_json()}\n")
    assert len(list(cases(lines))) == 2


def test_clock():
    assert clock(Span(start=2.14, end=4)) == "2.1-4.0 s"
    assert clock(Span(start=58, end=62.5)) == "0:58.0-1:02.5"
    assert clock(None) == ""


def test_a_failed_case_says_why():
    failed = Case(question=Question(text="How?"), sheet=masked(), status="failed", error="the model is down")
    assert "the model is down" in markdown(failed) and "the model is down" in rendered(terminal(failed))


def test_markdown_names_the_item_of_a_run():
    failed = Case(
        question=Question(text="How?"), sheet=masked(), status="failed", error="no", sample=Sample(id="a_b|c.mp4")
    )
    assert "`a_b|c.mp4`" in markdown(failed)
    assert "`" not in markdown(failed.model_copy(update={"sample": None}))


RAJ = Sextuple(
    holder=Element(text="Raj"), target=Element(text="Diwali"), aspect=Element(text="fireworks"), opinion=Element(text="horrible"),
    sentiment="negative", rationale=Element(text="they scare my dog", explicit=False), cites=("T2",),
)  # fmt: skip
TURN = Flip(
    holder="Raj", target="Diwali", aspect="fireworks", initial="negative", flipped="positive",
    trigger="logical argumentation", cites=("T4",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        (EmotionAnswer(emotions=(Emotion(label="joy", confidence=0.6), Emotion(label="pride"))), [("emotion", "joy 0.60, pride")]),
        (LabelAnswer(label="sarcastic", confidence=0.8, kind="embedded"), [("label", "sarcastic"), ("kind", "embedded")]),
        (LabelsAnswer(label="fast", labels=("fast", "lively")), [("label", "fast, lively")]),
        (SentimentAnswer(label="-2", valence=-0.6, arousal=0.25), [("label", "-2"), ("valence", "-0.60"), ("arousal", "+0.25")]),
        (
            SextupleAnswer(sextuples=(RAJ,), flips=(TURN,)),
            [
                ("sextuples", "holder Raj; target Diwali; aspect fireworks; opinion horrible; sentiment negative; "
                 "rationale they scare my dog"),
                ("flips", "holder Raj; target Diwali; aspect fireworks; initial negative; flipped positive; trigger logical argumentation"),
            ],
        ),
        (CauseAnswer(pairs=(CausePair(turn=3, emotion="joy", cause=2),)), [("pairs", "turn 3; emotion joy; cause 2")]),
        (AspectAnswer(opinions=(Opinion(target="tea", sentiment="positive"),)), [("opinions", "target tea; sentiment positive")]),
        (PostAnswer(humour="funny", implication="it rains"), [("humour", "funny"), ("implication", "it rains")]),
        (LabelAnswer(abstain=True), []),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_every_tasks_slots_are_shown(given, rows):
    assert facts(given) == rows
