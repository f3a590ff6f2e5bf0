"""The data verb: finished answers and feedback to rows."""

from __future__ import annotations

import json
from pathlib import Path

from tests.finetune.made import TALK, config, refused, rows

from cuechain.agents.settings import Settings
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    EmotionAnswer,
    Media,
    Question,
    Sample,
    Target,
)
from cuechain.finetune.data import make


def a_case(text: str = TALK[1][1], task: str = "ask") -> Case:
    from cuechain.agents.pipeline import Done, run

    for event in run(
        [], Question(text="How does this person feel, and why?", task=task), Settings(model="rules"), text=text
    ):
        if isinstance(event, Done):
            return event.case
    raise AssertionError


def test_cases_that_passed_become_rows(tmp_path: Path) -> None:
    good, other = a_case(task="emotion"), a_case(TALK[0][1])
    assert other.answer and other.verdict
    lies = other.answer.model_copy(update={"claims": (Claim(text="The voice trembles with joy.", cites=("T1",)),)})
    told = Answer(abstain=True, claims=(Claim(text='The speaker says "hello".', cites=("T1",)),))
    looked_up = other.model_copy(update={"answer": told})
    cases = [
        good.model_dump(mode="json"),
        other.model_copy(update={"answer": lies}).model_dump(mode="json"),
        other.model_dump(mode="json") | {"schema_version": 99},
        other.model_dump(mode="json") | {"status": "failed", "answer": None, "error": "no reply"},
        {"question": 3},
        good.model_dump(mode="json") | {"question": good.question.model_dump() | {"task": "weather"}},
        looked_up.model_dump(mode="json"),
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)) + "\n{broken\n")
    (tmp_path / "one.json").write_text(a_case(TALK[2][1]).model_dump_json(indent=2))
    make(config(tmp_path, {"kind": "cases", "files": [tmp_path / "*.json*"], "order": "label"}))
    found = {r.id: r for r in rows(tmp_path)}
    assert set(found) == {"cases-1/direct", "one-1/direct"}
    answer = EmotionAnswer.model_validate_json(found["cases-1/direct"].completion[0].content)
    assert answer.emotions and found["cases-1/direct"].task == "emotion"
    assert all(c.points is None for c in answer.claims)
    assert refused(tmp_path) == {
        "cases-2": "verdict_from_gap", "cases-3": "version", "cases-4": "failed", "cases-5": "broken", "cases-6": "broken",
        "cases-7": "looked_up", "cases-8": "broken",
    }  # fmt: skip


def test_cases_of_a_run_are_held_against_what_people_said(tmp_path: Path) -> None:
    case = a_case(task="emotion")
    assert case.answer and case.answer.emotion
    label = case.answer.emotion.label
    wrong = "anger" if label != "anger" else "joy"

    def judged(id: str, group: str, *labels: str) -> Case:
        sample = Sample(id=id, group=group, target=Target(labels=labels or None))
        text = Media(id="m1", kind="text", text=id)
        return case.model_copy(update={"sample": sample, "sheet": case.sheet.model_copy(update={"media": (text,)})})

    cases = (judged("a", "dialogue", label), judged("b", "dialogue", wrong), judged("c", "other"))
    (tmp_path / "cases.jsonl").write_text("\n".join(c.model_dump_json(exclude_defaults=True) for c in cases))
    make(config(tmp_path, {"kind": "cases", "files": [tmp_path / "cases.jsonl"], "order": "label"}, gate={"alike": 1}))
    assert refused(tmp_path)["cases-2"] == "label"
    kept = {r.id: r for r in rows(tmp_path)}
    assert kept["cases-1/direct"].group == "dialogue" and kept["cases-1/direct"].gold.labels == (label,)


def test_several_questions_about_a_clip_are_no_duplicates(tmp_path: Path) -> None:
    case = a_case()
    other = case.model_copy(update={"question": case.question.model_copy(update={"text": "Is she angry?"})})
    (tmp_path / "cases.jsonl").write_text("\n".join(c.model_dump_json() for c in (case, other, case)))
    said = {"case": case.model_dump(mode="json"), "thumb": "up"}
    (tmp_path / "said.jsonl").write_text(json.dumps(said))
    sources = (
        {"kind": "cases", "files": [tmp_path / "cases.jsonl"], "order": "label"},
        {"kind": "feedback", "files": [tmp_path / "said.jsonl"], "order": "label"},
    )
    make(config(tmp_path, *sources))
    assert {r.id for r in rows(tmp_path)} == {"cases-1/direct", "cases-2/direct", "said-1/direct"}
    assert refused(tmp_path) == {"cases-3": "duplicate"}
    assert len({r.group for r in rows(tmp_path)}) == 1


def test_feedback_becomes_rows_pairs_and_thumbs(tmp_path: Path) -> None:
    one, two, three = (a_case(t[1]) for t in TALK)
    edited = "P1 is sad after all: she says that she hates it [T1]."
    assert three.answer
    whole = three.answer.model_copy(update={"claims": (Claim(text="She cried all night long.", cites=("T1",)),)})
    lines = [
        {"case": one.model_dump(mode="json"), "thumb": "up", "group": "u1"},
        {"case": two.model_dump(mode="json"), "thumb": "down", "edited": edited, "group": "u2"},
        {"case": three.model_dump(mode="json"), "edited": whole.model_dump(mode="json")},
        {"case": a_case("Nothing much happened on Monday at the office").model_dump(mode="json"), "thumb": "down"},
        {"case": one.model_dump(mode="json")},
        {"case": one.model_dump(mode="json"), "edited": {"mood": "fine"}},
        {"thumb": "up"},
    ]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, lines)))
    make(config(tmp_path, {"kind": "feedback", "files": [tmp_path / "said.jsonl"], "order": "label"}))
    taught = {r.id: Answer.model_validate_json(r.completion[0].content) for r in rows(tmp_path)}
    assert set(taught) == {"said-1/direct", "said-2/direct", "said-3/direct"}
    corrected = taught["said-2/direct"]
    assert corrected.emotion and corrected.emotion.label == "sadness" and corrected.claims[0].cites == ("T1",)
    pairs = {r.id: r for r in rows(tmp_path, "pairs_train")}
    assert set(pairs) == {"said-2/edited", "said-3/edited"} and pairs["said-2/edited"].group == "u2"
    assert "hates it" in pairs["said-2/edited"].completion[0].content
    assert "hates it" not in pairs["said-2/edited"].rejected[0].content
    thumbs = {r.id: r.thumb for r in rows(tmp_path, "thumbs_train")}
    assert thumbs == {"said-1/thumb": "up", "said-2/thumb": "down", "said-4/thumb": "down"}
    assert refused(tmp_path) == {"said-5": "broken", "said-6": "broken", "said-7": "broken"}
