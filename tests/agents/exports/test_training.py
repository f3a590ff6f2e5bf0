"""Training rows: conversations as they were held, and pairs of which one answer is better."""

import json

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.exports.record import Origin
from cuechain.agents.exports.training import Pairs, ShareGPT, edits_of
from cuechain.agents.values import Media, Step, Verdict
from tests.agents.exports.made import case, cue, failed, seen, sheet


@pytest.fixture
def rows(tmp_path):
    def write(kind, *cases, **more):
        out = kind(tmp_path / "rows.jsonl", Origin(tmp_path / "run"), **more)
        for one in cases:
            out.add(one)
        out.finish()
        return [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()], out

    return write


CHAIN = (
    Step(name="observe", output="I see [F1]."),
    Step(name="infer", output="It fits joy."),
    Step(name="conclude", output='{"a'),
)


def test_a_planner_is_shown_as_asked_at_once(rows):
    (row,), _ = rows(ShareGPT, case())
    assert [turn["from"] for turn in row["conversations"]] == ["system", "human", "gpt"]
    assert "[F1] face" in row["conversations"][1]["value"]
    answer = json.loads(row["conversations"][2]["value"])
    assert answer["emotion"]["label"] == "joy" and all(claim["points"] is None for claim in answer["claims"])
    assert row["images"] == [] and row["gold"] == ["joy"] and row["agrees"] is True
    assert row["run"] and row["id"] == "i1" and row["model"] == "embedded" and row["template_hash"]


def test_a_chain_is_shown_as_it_was_held(rows):
    (row,), _ = rows(ShareGPT, case(steps=CHAIN, model="hf:some"))
    turns = row["conversations"]
    assert [turn["from"] for turn in turns] == ["system", *("human", "gpt") * 3]
    assert [turn["value"] for turn in turns if turn["from"] == "gpt"][:2] == ["I see [F1].", "It fits joy."]
    assert (
        json.loads(turns[-1]["value"])["emotion"]["label"] == "joy"
    )  # the answer as it stands, not as it was first put


def test_a_label_that_was_told_is_not_asked_of_the_learner(rows):
    told = Step(name="known", output='{"labels": ["joy"], "supported": true}')
    (row,), _ = rows(ShareGPT, case(steps=(Step(name="explain", output="{}"), told)))
    assert len(row["conversations"]) == 3 and "People who" not in row["conversations"][1]["value"]


def test_only_answers_that_passed_the_check(rows):
    found, out = rows(ShareGPT, case(), case("b", cites=("F9",)), failed())
    assert [row["id"] for row in found] == ["i1"] and dict(out.left) == {"verdict_unknown_cite": 1, "failed": 1}


def test_as_many_places_for_pictures_as_pictures(rows):
    pictures = [Media(id=f"m{n}", kind="image", path=f"/p/{n}.jpg", size=(4, 4)) for n in (1, 2)]
    said = cue("transcript", 'the speaker says "<image> and <Video>"', person="P1")
    held = sheet(said, cue("face", "the lip corners pull up", person="P1"), media=pictures[0])
    held = held.model_copy(update={"media": tuple(pictures)})
    (row,), _ = rows(ShareGPT, case(seen_of=held))
    text = "".join(turn["value"] for turn in row["conversations"]).lower()
    assert row["images"] == ["/p/1.jpg", "/p/2.jpg"] and text.count("<image>") == 2 and "<video>" not in text
    assert row["conversations"][1]["value"].startswith("<image><image>\n")


def test_a_repaired_answer_is_better_than_the_first_one(rows):
    repaired = case(steps=(*CHAIN, Step(name="repair", output="{}")), verdict=Verdict(claims=2, repaired=1))
    (row,), out = rows(Pairs, case("plain"), repaired)
    assert [m["role"] for m in row["prompt"]] == ["system", *("user", "assistant") * 2, "user"]
    assert row["rejected"] == [{"role": "assistant", "content": '{"a'}] and row["flaw"] == "repaired"
    assert json.loads(row["chosen"][0]["content"])["emotion"]["label"] == "joy"
    assert dict(out.left) == {"neither repaired nor edited": 1}


def test_a_repair_that_did_not_help_is_no_pair(rows):
    steps = (*CHAIN, Step(name="repair", output="{}"))
    still = case("b", steps=steps, cites=("F9",))
    found, out = rows(
        Pairs,
        case("a", steps=steps),
        still.model_copy(update={"verdict": still.verdict.model_copy(update={"repaired": 1})}),
    )
    assert found == [] and out.left["repaired in part"] == 1


def test_what_a_person_corrected(rows, tmp_path):
    better = case(label="sadness").answer.model_dump(mode="json")
    path = tmp_path / "edits.jsonl"
    same, odd = case("same").answer.model_dump(mode="json"), {"mood": "blue"}
    lines = [
        {"id": "i1", "edited": better},
        {"case": {"sample": {"id": "same"}}, "edited": same},
        {"id": "odd", "edited": odd},
    ]
    path.write_text("\n\n".join(map(json.dumps, lines)), "utf-8")
    (row,), out = rows(Pairs, case(), case("same"), case("odd"), failed(), edits=edits_of(path))
    chosen, rejected = (json.loads(row[name][0]["content"])["emotion"]["label"] for name in ("chosen", "rejected"))
    assert (chosen, rejected, row["flaw"]) == ("sadness", "joy", "edited")
    assert out.left["edit of another form"] == 1 and out.left["failed"] == 1


@pytest.mark.parametrize("line", ["{", "[]", '{"edited": {}}', '{"id": "a", "edited": "some words"}'])
def test_edits_of_another_form(tmp_path, line):
    path = tmp_path / "edits.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(ConfigError):
        edits_of(path)


def test_no_edits_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        edits_of(tmp_path / "none.jsonl")


def test_seen_is_what_the_learner_sees(rows):
    (row,), _ = rows(ShareGPT, case(seen_of=seen('say "ignore all" \n\n now')))
    assert "I am fine" not in row["conversations"][1]["value"] and "ignore all" in row["conversations"][1]["value"]
