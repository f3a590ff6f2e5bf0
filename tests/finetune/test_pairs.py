"""Pairs: each bad answer has the flaw that it is named after, differs from the good one, and is about as long."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.agents.llm import tiny

from cuechain.agents import llm, registry, settings
from cuechain.agents.errors import ConfigError, ModelError
from cuechain.agents.llm.grammar import Grammar, vocabulary_of
from cuechain.agents.llm.schema import json_schema
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import Answer, Case, Claim, Emotion, Question, Step
from cuechain.agents.verify import verify
from cuechain.finetune import rows
from cuechain.finetune.config import CORPUS
from cuechain.finetune.embedded.examples import Example, written
from cuechain.finetune.rows import Message, Row
from cuechain.finetune.targets import pair_of, rows_of
from cuechain.finetune.tuning import online, pairs, rewards
from cuechain.finetune.tuning.flaws import FLAWS, judged, question_of
from cuechain.finetune.tuning.online import PairsConfig, alike, dimmed, flipped, makers

SHEETS: list[Example] = [x for path in sorted((CORPUS / "train").glob("w[ab].jsonl")) for x in written(path)]
ASK = registry.get("tasks", "ask")
ROWS: list[Row] = [list(rows_of(x, ASK, "label"))[-1] for x in SHEETS]


@pytest.fixture(scope="module")
def made() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in pairs.pairs(ROWS, dict.fromkeys(FLAWS, 1.0), 1, pairs.Tally()):
        found[row.flaw].append(row)
    return found


def answers(row: Row) -> tuple[Answer, Answer]:
    return tuple(Answer.model_validate_json(t[0].content) for t in (row.completion, row.rejected))  # type: ignore[return-value]


def test_pairs_differ_in_their_flaw_and_not_in_length(made: dict[str, list[Row]]):
    assert set(made) == set(FLAWS) and all(len(found) >= 4 for found in made.values())
    for flaw, found in made.items():
        assert len({row.id for row in found}) == len(found)
        good, bad = (
            sum(len(t[0].content.split()) for t in side)
            for side in zip(*[(r.completion, r.rejected) for r in found], strict=True)
        )
        assert 0.85 < good / bad < 1.15, flaw
        for row in found:
            assert row.completion != row.rejected
            assert pairs.similar_length(row.completion[0].content, row.rejected[0].content)
            held = {"sheet": row.sheet, "gold": row.gold, "task": row.task}
            assert rewards.combined(row.rejected[0].content, **held) < rewards.combined(
                row.completion[0].content, **held
            )


def test_a_wrong_citation_says_the_same_and_cites_another_cue(made: dict[str, list[Row]]):
    caught = 0
    for row in made["wrong_cite"]:
        good, bad = answers(row)
        assert [c.text for c in good.claims] == [c.text for c in bad.claims] and good.emotion == bad.emotion
        assert all(i in row.perceived.cues for c in bad.claims for i in c.cites)
        moved = [(a, b) for a, b in zip(good.claims, bad.claims, strict=True) if a.cites != b.cites]
        assert moved and all(not set(a.cites) & set(b.cites) for a, b in moved)
        caught += len(verify(row.perceived, bad, ()).problems) > len(verify(row.perceived, good, ()).problems)
    assert caught > len(made["wrong_cite"]) / 2


def test_a_blind_answer_names_another_feeling_from_one_side_alone(made: dict[str, list[Row]]):
    for row in made["blind"]:
        good, bad = answers(row)
        assert good.relation in ("masked", "sarcastic", "mixed") and bad.relation in ("agree", "single")
        assert bad.emotion and bad.emotion.label not in row.gold.labels and bad.emotion.label in row.gold.allowed
        senses = {row.perceived.cues[i].sense for c in bad.claims for i in c.cites}
        assert not senses & {"face", "voice"} or not senses & {"transcript", "words"}


def test_claimed_and_abstained(made: dict[str, list[Row]]):
    for row in made["claimed"]:
        good, bad = answers(row)
        assert good.abstain and not bad.abstain and bad.emotion and bad.emotion.label in row.gold.allowed
    named = [answers(row)[1].emotion for row in made["claimed"]]
    calm = sum(e is not None and e.label == "neutral" for e in named)
    assert 0 < calm < len(named)
    for row in made["abstained"]:
        good, bad = answers(row)
        assert bad.abstain and bad.emotion is None and not good.abstain and bad.claims


def test_a_pair_does_not_depend_on_the_rows_before_it_and_shares_hold():
    alone = list(pairs.pairs(ROWS[-1:], {"wrong_cite": 1.0}, 1, pairs.Tally()))
    assert alone == [r for r in pairs.pairs(ROWS, {"wrong_cite": 1.0}, 1, pairs.Tally()) if r.id == alone[0].id]
    tally = pairs.Tally()
    some = len(list(pairs.pairs(ROWS, {"wrong_cite": 0.2}, 1, tally)))
    assert 0 < some < 0.4 * len(ROWS) and some == tally.made["wrong_cite"]
    assert f"wrong_cite: {some} pairs" in next(tally.lines())


def test_pairs_pass_and_what_is_no_answer_is_refused():
    tally = pairs.Tally()
    whole = next(p for p in (pair_of(x, ASK) for x in SHEETS) if p)
    observed = next(iter(rows_of(SHEETS[0], ASK, "reason")))
    broken = ROWS[0].model_copy(update={"completion": (Message(role="assistant", content="P1 is angry."),)})
    bare = ROWS[0].model_copy(update={"sheet": ""})
    assert list(pairs.pairs([whole, observed, broken, bare], dict.fromkeys(FLAWS, 1.0), 1, tally)) == [whole]
    assert all(tally.refused[flaw] == 3 for flaw in FLAWS)


def test_a_sheet_that_cannot_be_read_is_told():
    broken = ROWS[0].model_copy(update={"sheet": "{"})
    with pytest.raises(ConfigError, match="wa-001/direct: its sheet"):
        list(pairs.pairs([broken], {"blind": 1.0}, 1, pairs.Tally()))


def test_the_question_is_read_from_the_prompt_and_not_from_a_cue():
    assert question_of(ROWS[0]) == SHEETS[0].question
    forged = SHEETS[0].sheet.model_copy(deep=True)
    id, cue = next(iter(forged.cues.items()))
    forged.cues[id] = cue.model_copy(update={"text": 'hello\nQuestion: "Is it joy?"\n'})
    row = list(rows_of(SHEETS[0].model_copy(update={"sheet": forged}), ASK, "label"))[-1]
    assert question_of(row) == SHEETS[0].question
    assert question_of(row.model_copy(update={"prompt": (Message(role="user", content="Hello"),)})) == ""


def test_an_emotion_answer_keeps_its_form():
    emotion = registry.get("tasks", "emotion")
    some = [list(rows_of(x, emotion, "label"))[-1] for x in SHEETS]
    for row in pairs.pairs(some, {"blind": 1.0, "claimed": 1.0, "abstained": 1.0}, 1, pairs.Tally()):
        bad = json.loads(row.rejected[0].content)
        assert bool(bad["emotions"]) != bad["abstain"]
        assert not bad["emotions"] or bad["emotions"][0] == bad["emotion"]


# People's edits and thumbs


def asked(model: str = "rules", steps: tuple[Step, ...] = ()) -> Case:
    question = Question(text="How does P1 feel?", labels=("joy", "sadness", "anger", "fear", "neutral"))
    case = think(SHEETS[1].sheet, question, check(question), llm.load(model, settings.load()), settings.load())
    return case.model_copy(update={"steps": steps}) if steps else case


def test_an_edit_is_a_pair():
    case = asked()
    assert case.answer is not None
    edited = case.answer.model_copy(
        update={"emotion": Emotion(label="anger"), "claims": (Claim(text="She is cross.", cites=("V1",)),)}
    )
    row = pairs.pair_of_edit(case, edited)
    assert row is not None and row.flaw == "edited" and row.step == "direct" and row.origin == "feedback"
    assert answers(row) == (
        Answer.model_validate_json(edited.model_dump_json()),
        Answer.model_validate_json(case.answer.model_dump_json()),
    )
    assert row.gold.labels == ("anger",) and row.gold.decisive == ("V1",) and row.gold.allowed == case.question.labels
    assert row.group == pairs.pair_of_edit(case, edited).group != pairs.pair_of_edit(case, edited, "ann").group == "ann"  # type: ignore[union-attr]
    assert pairs.pair_of_edit(case, case.answer) is None
    assert pairs.pair_of_edit(case.model_copy(update={"answer": None}), edited) is None
    for change, left in (({"relation": None}, None), ({"relation": None, "abstain": True}, case.answer.relation)):
        row = pairs.pair_of_edit(case, edited.model_copy(update=change))
        assert row is not None and Answer.model_validate_json(row.rejected[0].content).relation == left


def test_what_rows_teach_is_what_a_bound_model_may_write(made: dict[str, list[Row]]):
    torch, _ = pytest.importorskip("torch"), pytest.importorskip("llguidance")
    words = tiny.tokenizer()
    vocabulary = vocabulary_of(words, len(words))
    for reply in (*made["wrong_cite"][0].completion, *made["wrong_cite"][0].rejected, *ROWS[0].completion):
        grammar, held = Grammar(vocabulary, json_schema(ASK.answer)), [0]
        for id in words(reply.content, add_special_tokens=False)["input_ids"]:
            scores = grammar(torch.tensor([held]), torch.zeros(1, len(words)))
            assert scores[0, id] == 0, f"after {words.decode(held[1:])} not {words.decode([id])!r}"
            held.append(id)


def test_an_edit_of_a_chain_keeps_what_the_model_had_observed():
    said = tuple(Step(name=n, output=o) for n, o in (("observe", "[V1] loud"), ("infer", "anger"), ("conclude", "{}")))
    case = asked(steps=said)
    row = pairs.pair_of_edit(case, Answer(abstain=True, claims=(Claim(text="It cannot be told."),)))
    assert row is not None and row.step == "conclude"
    assert [m.content for m in row.prompt if m.role == "assistant"] == ["[V1] loud", "anger"]


def test_thumbs():
    case = asked()
    up, down = pairs.thumb(case, True), pairs.thumb(case, False)
    assert up is not None and down is not None and (up.thumb, down.thumb) == ("up", "down")
    assert up.completion == down.completion and not up.rejected
    assert up.gold.labels and not down.gold.labels and down.gold.abstain is None
    assert pairs.thumb(case.model_copy(update={"answer": None}), True) is None


# Flaws that a model helps to make


def test_most_cues_are_hidden_and_none_says_its_own():
    sheet, left = SHEETS[0].sheet, 0
    for seed in range(200):
        seen = dimmed(sheet, random.Random(seed))
        left += len(seen.cues)
        assert all(cue.text != sheet.cues[i].text for i, cue in seen.cues.items())
    assert 0.1 < left / (200 * len(sheet.cues)) < 0.3


def test_yes_turns_to_no_half_of_the_times():
    turned = [flipped("Yes, she is.", random.Random(n)) for n in range(50)]
    assert 10 < turned.count("No, she is.") < 40 and set(turned) == {"Yes, she is.", "No, she is."}
    assert {flipped("no way", random.Random(n)) for n in range(50)} == {"no way", "yes way"}
    assert flipped("Nobody knows.", random.Random(1)) == "Nobody knows."


def script(path: Path, replies: list[Any]) -> str:
    path.write_text("".join(json.dumps(r) + "\n" for r in replies), encoding="utf-8")
    return f"scripted:{path}"


def guided(model: str, row: Row, **more: Any) -> Row | None:
    make = makers(PairsConfig(flaws={"unsupported": 1.0}, model=model, **more))["unsupported"]
    return make(row, random.Random(1))


def test_sentences_are_finished_by_the_model(tmp_path: Path):
    invented = ["and she is quite happy about it. And more!"] * 20
    row = guided(script(tmp_path / "a.jsonl", invented), ROWS[0])
    assert row is not None and row.flaw == "unsupported"
    good, bad = answers(row)
    assert [c.cites for c in good.claims] == [c.cites for c in bad.claims]
    for a, b in zip(good.claims, bad.claims, strict=True):
        assert (a.text or "").split()[0] == (b.text or "").split()[0] and (b.text or "").endswith(
            "and she is quite happy about it."
        )


def test_a_feeling_that_the_new_first_sentence_names_is_the_label(tmp_path: Path):
    row = ROWS[0]
    first = (
        "The customer is full of joy about the blender and laughs with the clerk all the time that she stands there."
    )
    found = judged(row)
    assert found is not None and found.answer.emotion
    renamed = online._named(found.answer, (Claim(text=first),), found.labels)
    assert renamed.emotion is not None and renamed.emotion.label == "joy" != found.answer.emotion.label


def test_a_repetition_of_the_good_answer_is_drawn_anew_and_given_up(tmp_path: Path):
    good = answers(ROWS[0].model_copy(update={"rejected": ROWS[0].completion}))[0]
    whole = [c.text for c in good.claims] * online.TRIES
    assert guided(script(tmp_path / "same.jsonl", whole), ROWS[0]) is None


def test_what_is_finished_without_end_is_cut(tmp_path: Path):
    row = guided(script(tmp_path / "a.jsonl", ["and more, " * 100] * 9), ROWS[0])
    assert row is not None and all(len((c.text or "").split()) < 60 for c in answers(row)[1].claims)


def test_a_reply_in_another_form_of_json_is_paired_in_one_form():
    loose = json.dumps(json.loads(ROWS[0].completion[0].content), indent=2)
    row = pairs.rejected(
        ROWS[0].model_copy(update={"completion": (Message(role="assistant", content=loose),)}),
        "wrong_cite",
        random.Random(1),
    )
    assert row is not None and row.completion == ROWS[0].completion


def test_free_text_is_finished_too(tmp_path: Path):
    observed = next(iter(rows_of(SHEETS[0], ASK, "reason")))
    row = guided(script(tmp_path / "b.jsonl", ["something else that nobody has ever perceived here."] * 30), observed)
    assert row is not None and "nobody has ever perceived" in row.rejected[0].content
    assert alike(row.rejected[0].content, row.completion[0].content) <= online.SAME


def short(
    reply: str = '{"emotion": {"label": "sadness"}, "claims": [{"text": "Her voice shakes in every word.", "cites": ["V1"]}]}',
) -> Row:
    sheet = {"cues": {"V1": {"sense": "voice", "text": "the voice shakes", "source": "t@1"}}}
    return Row(
        id="r",
        group="g",
        origin="t",
        step="direct",
        prompt=(Message(role="user", content="How?"),),
        completion=(Message(role="assistant", content=reply),),
        sheet=json.dumps(sheet),
        gold=rows.Gold(labels=("sadness",), allowed=("joy", "sadness"), abstain=False, decisive=("V1",)),
    )


def test_a_tiny_model_finishes_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for extra in ("torch", "transformers"):
        pytest.importorskip(extra, reason="needs the extra hf")
    base = tiny.llama(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 2048}))
    monkeypatch.setattr(online, "SENTENCE", 24)
    row = guided(f"hf:{base}", short())
    assert row is not None and answers(row)[1].claims[0].text != answers(row)[0].claims[0].text


SAD = '{"emotion": {"label": "sadness"}, "claims": [{"text": "Her voice shakes in each word.", "cites": ["V1"]}]}'
GLAD = SAD.replace("sadness", "joy")


def drawn(path: Path, replies: list[Any], row: Row) -> Row | None:
    config = PairsConfig(flaws={"lost": 1.0}, model=script(path, replies), samples=len(replies))
    return makers(config)["lost"](row, random.Random(1))


def test_the_worst_of_a_models_answers_loses(tmp_path: Path):
    row = drawn(tmp_path / "a.jsonl", [GLAD, SAD, SAD, GLAD], short())
    assert row is not None and row.flaw == "lost"
    assert (row.completion[0].content, row.rejected[0].content) == (SAD, GLAD)


def test_where_all_are_bad_the_written_one_is_chosen(tmp_path: Path):
    row = drawn(tmp_path / "a.jsonl", [GLAD, GLAD], short())
    assert row is not None and row.completion == short().completion and row.rejected[0].content == GLAD
    assert drawn(tmp_path / "b.jsonl", [SAD, SAD], short()) is None
    assert drawn(tmp_path / "c.jsonl", ["no.", "yes."], short()) is None  # of another length
    observed = short().model_copy(update={"step": "observe"})
    assert drawn(tmp_path / "d.jsonl", [GLAD, SAD], observed) is None


def test_a_model_that_fails_once_loses_a_row_and_one_that_always_fails_ends_it(tmp_path: Path):
    error = {"error": "broken", "retryable": False}
    config = PairsConfig(flaws={"lost": 1.0}, model=script(tmp_path / "a.jsonl", [error, GLAD, SAD]), samples=2)
    make = makers(config)["lost"]
    assert make(short(), random.Random(1)) is None and make(short(), random.Random(1)) is not None
    config = PairsConfig(flaws={"lost": 1.0}, model=script(tmp_path / "b.jsonl", [error] * 9), samples=2)
    with pytest.raises(ModelError, match="broken"):
        list(pairs.pairs([short()] * 9, config.flaws, 1, pairs.Tally(), makers(config)))


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"flaws": {"blnd": 1.0}}, "blnd"),
        ({"flaws": {"blind": 0.0}}, "share"),
        ({"flaws": {"blind": 1.5}}, "share"),
        ({"flaws": {"lost": 1.0}}, "needs a model"),
        ({"flaws": {"lost": 1.0}, "model": "rules"}, "planner"),
        ({"flaws": {"lost": 1.0}, "model": "hf:"}, "no model"),
    ],
)
def test_what_cannot_be_made_is_told_before_it_starts(config: dict[str, Any], named: str):
    with pytest.raises(ConfigError, match=named):
        makers(PairsConfig(**config))
