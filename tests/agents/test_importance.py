"""Weighing with real planners, over a run, and on the command line."""

import json
import sys

import pytest

import cuechain
from cuechain.agents import cli, llm, settings
from cuechain.agents.errors import ConfigError
from cuechain.agents.importance.asking import weigh_sheet, weights_of
from cuechain.agents.importance.dataset import overall, run_weighed
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import Case, CueSheet, Question, Sample, Target
from cuechain.agents.weigh import judged

from .scoring.golden import assert_agrees, cases
from .sheets import cue, masked, two_people

ASKED = Question(text="How does the person feel, and why?")


def weighed(sheet, question=ASKED, spec="rules", **more):
    chosen = settings.load(retries=0)
    return weigh_sheet(sheet, question, llm.load(spec, chosen), chosen, **more)


@pytest.mark.parametrize("case", [c for c in cases("modality_importance_score") if c.id == "data_set"])
def test_a_data_set_agrees_with_the_reference(case):
    senses = case.inputs["modalities"]
    items = {i["id"]: judged(i["correct_by_subset"], senses) for i in case.inputs["items"]}
    assert_agrees(
        {k: {s: f.score for s, f in i.senses.items()} for k, i in items.items()}, case.expected["per_item_mis"]
    )
    assert {k: i.kind for k, i in items.items()} == case.expected["per_item_label"]
    found = overall(list(items.values()))
    assert_agrees(found.scores, case.expected["mean_mis"])
    assert_agrees(found.right, case.expected["accuracy_by_subset"])
    assert found.kinds == case.expected["label_counts"] and found.n == len(items)
    means = judged(found.right, senses)
    for sense, told in case.expected["mis_of_mean_accuracy"].items():
        assert means.senses[sense].score == pytest.approx(told["mis"]["value"], abs=1e-6)
        assert means.senses[sense].together == pytest.approx(told["mean_with"]["value"], abs=1e-6)
        assert means.senses[sense].without == pytest.approx(told["mean_without"]["value"], abs=1e-6)
        assert means.senses[sense].with_alone == pytest.approx(told["variant_with_singleton"]["value"], abs=1e-6)
        assert found.low[sense] <= found.scores[sense] <= found.high[sense]


def test_words_that_hide_what_the_face_shows_are_the_conflict():
    found = weighed(masked())
    assert found.answer.label == "sadness"
    assert [c.sense for c in found.conflicts] == ["words"] and found.conflicts[0].label == "joy"
    assert "face" in found.alone and found.by_answer.senses["face"].score > 0


def test_the_embedded_planner_says_in_each_set_what_it_says_of_that_sheet_alone():
    chosen = settings.load()
    model = llm.load("embedded", chosen)
    found = weigh_sheet(masked(), ASKED, model, chosen)
    answer = think(masked(), ASKED, check(ASKED), model, chosen).answer
    assert (found.answer.label, found.answer.confidence) == (answer.emotion.label, answer.emotion.confidence)
    only = think(masked().only({"T1", "W1"}), ASKED, check(ASKED), model, chosen).answer
    assert found.sets["words"].label == (only.emotion.label if only.emotion else None)


def test_every_set_is_about_the_person_that_the_whole_is_about():
    """P2's face is longer in view than P1's, but the question is about P1, of whom more is known."""
    sheet = CueSheet(
        cues={
            "T1": cue("transcript", 'the speaker says "this is the third time, I am furious"', 0.0, 8.0, "P1", salience=0.9),
            "F1": cue("face", "the brows clearly draw down (AU4, strong)", 0.5, 1.0, "P1", measures={"au4": 0.9, "au23": 0.7}),
            "F2": cue("face", "the lip corners pull up and the cheeks rise (AU6+12, strong)", 2.0, 6.0, "P2",
                      measures={"au6": 0.8, "au12": 0.9}),
        }
    )  # fmt: skip
    found = weighed(sheet)
    assert found.answer.label == "anger"
    assert found.sets["face"].label != "joy"


def test_a_label_that_is_right_is_weighed_too_and_one_outside_the_set_is_told():
    found = weighed(masked(), gold=("Joy",)).by_gold
    assert [k for k, right in found.right.items() if right] == ["words"] and found.senses["words"].with_alone > 0
    with pytest.raises(ConfigError, match="glee"):
        weighed(masked(), gold=("glee",))


def test_weights_act_on_the_answer_and_it_is_told_what_it_would_be_without():
    found = weighed(masked(), weights={"words": 6.0, "face": 0.0, "voice": 0.3})
    assert found.senses == ("words", "voice")
    assert found.answer.label == "joy" and found.unweighted.label == "sadness"
    assert weighed(masked()).unweighted is None


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"voyce": 2.0}, "voyce"),
        ({"transcript": 2.0}, "transcript"),
        ({"voice": -1.0}, "-1"),
        ({"voice": float("inf")}, "inf"),
        ({"voice": 0.0, "words": 0.0, "face": 0.0}, "every sense"),
    ],
)
def test_weights_that_are_none_are_told(weights, message):
    with pytest.raises(ConfigError, match=message):
        weighed(masked(), weights=weights)


def test_weights_as_they_are_typed():
    assert weights_of("voice=2, words = 0.5") == {"voice": 2.0, "words": 0.5}
    assert weights_of(None) == weights_of("") == {}
    for wrong in ("voice", "voice=", "=2", "voice=much", "voice=1,voice=2", "voice=1,,", "voice=nan"):
        with pytest.raises(ConfigError, match="no weight of a sense"):
            weights_of(wrong)


@pytest.fixture
def scripted(tmp_path):
    reply = {
        "person": "P1", "span": None, "emotion": {"label": "sadness", "intensity": 0.6, "confidence": 0.7}, "sentiment": "negative",
        "relation": "masked", "abstain": False, "claims": [{"text": "Sad.", "cites": ["F1"], "stance": "supports", "points": None}],
    }  # fmt: skip
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(json.dumps(x) for x in ["seen", "felt", json.dumps(reply)] * 7))
    return f"scripted:{path}"


def test_a_chat_model_is_asked_about_each_set_and_cannot_be_weighted(scripted):
    found = weighed(masked(), spec=scripted)
    assert found.answer.label == "sadness" and found.interaction == "redundancy" and found.by_answer.kind == "agnostic"
    with pytest.raises(ConfigError, match="chat model"):
        weighed(masked(), spec=scripted, weights={"voice": 2.0})


def case(sheet, id, labels=(), **more):
    target = Target(labels=labels or None)
    return Case(question=ASKED, sheet=sheet, sample=Sample(id=id, target=target), **more)


def run():
    yield case(masked(), "a", ("sadness",))
    yield case(two_people(), "b", ("anger",))
    yield case(masked(), "c", ("glee",))
    yield case(masked().only({"T1", "W1"}), "d", ("joy",))
    yield case(
        two_people()
        .only({"T1"})
        .model_copy(update={"cues": {"V1": cue("voice", "the voice is even"), "F1": cue("face", "a face is in view")}}),
        "f",
    )
    yield case(CueSheet(), "e", ("joy",), status="failed", error="MediaError: gone")


def test_a_run_is_weighed_and_what_is_not_is_counted():
    chosen = settings.load()
    found = run_weighed(run(), llm.load("rules", chosen), chosen)
    assert list(found.items) == ["a", "b", "c", "d", "f"]
    assert found.by_answer.n == 3 and found.by_gold.n == 2
    assert found.by_answer.count == {"words": 3, "voice": 2, "face": 3}
    assert found.left_out == {
        "no cues": 1,
        "label outside the set, weighed by the answer alone": 1,
        "one sense alone": 1,
        "neither an answer nor a label": 1,
    }


@pytest.fixture
def typed(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CUECHAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuechain", "weigh", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def test_a_stored_run_is_shown_with_bars_and_as_json(typed, tmp_path):
    (tmp_path / "cases.jsonl").write_text("".join(c.model_dump_json() + "\n" for c in run()))
    code, out, err = typed("cases.jsonl", "-m", "rules")
    assert code == 0, err
    assert "█" in out and "3 items" in out and "1: no cues" in out
    assert (
        out.index("answer of all senses")
        < out.index("same alone")
        < out.index("people gave")
        < out.index("right alone")
    )
    code, out, _ = typed("cases.jsonl", "-m", "rules", "--json")
    assert code == 0 and json.loads(out)["by_gold"]["n"] == 2
    (tmp_path / "case.json").write_text(case(masked(), "a", ("joy",)).model_dump_json())
    code, out, _ = typed("case.json", "-m", "rules")
    assert code == 0 and "labelled joy" in out and "conflict" in out  # one case is shown as a clip is
    code, _, err = typed("cases.jsonl", "--gold", "joy")
    assert code == 2 and "a run brings its questions" in err
    (tmp_path / "manifest.json").write_text('{"task": "emotion", "model": "rules"}')
    code, out, _ = typed(".", "-m", "rules", "--item", "a", "--json")
    assert code == 0 and list(json.loads(out)["items"]) == ["a"]
    code, _, err = typed("cases.jsonl", "-m", "rules", "--item", "aa")
    assert code == 1 and "no item 'aa'" in err


def test_a_text_has_one_sense_and_a_conversation_is_no_run(typed, tmp_path):
    code, out, _ = typed("--text", "I lost my keys again.", "-m", "rules")
    assert code == 0 and "nothing to weigh it against" in out
    turns = [{"speaker": "Ann", "text": "I am so happy!"}, {"speaker": "Bob", "text": "I hate this."}]
    (tmp_path / "talk.json").write_text(json.dumps(turns))
    code, out, err = typed("talk.json", "How does Ann feel?", "-m", "rules", "--json")
    assert code == 0, err
    assert json.loads(out)["senses"] == ["words"]


def test_wrong_weights_are_told_before_anything_is_perceived(typed):
    code, out, err = typed("missing.mp4", "--weights", "voyce=2")
    assert code == 2 and "did you mean voice" in err and out == ""


def test_a_folder_that_is_no_run(typed, tmp_path):
    code, _, err = typed(tmp_path)
    assert code == 1 and "no run folder" in err


def test_weigh_from_python(tmp_path):
    path = tmp_path / "talk.srt"
    path.write_text("1\n00:00:00,500 --> 00:00:02,500\nI hate this! I am so angry with you.\n")
    found = cuechain.weigh(path, settings=settings.load(model="rules", cache=None))
    assert found.answer.label == "anger" and found.senses == ("words",)
