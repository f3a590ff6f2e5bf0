"""The causal planner's base, rows and pairs, and plans of a tiny one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cuechain.agents.values import EKMAN, Question
from cuechain.finetune import rows
from cuechain.finetune.config import CORPUS, read
from cuechain.finetune.embedded.causal import CausalConfig, CausalPlanner, careless, make, slots
from cuechain.finetune.embedded.examples import Example, read_examples, write_examples, written

SHEETS = [x for path in sorted((CORPUS / "train").glob("*.jsonl")) for x in written(path)]


@pytest.fixture(scope="module")
def folder(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("causal")
    for name in ("written", "joined", "generated", "texts"):
        write_examples(out / f"{name}.jsonl", read_examples(tiny / "written.jsonl")[:20])
    counts = make(CausalConfig(data=out, encoder=str(tiny), out=out, copies=2, texts=10))
    assert counts["first"] == 50 and counts["rows"] == 60 and 0 < counts["pairs"] <= 40
    return out


def test_the_base_keeps_what_the_encoder_knew_and_reads_any_word(tiny: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

    model, words = AutoModelForCausalLM.from_pretrained(folder / "base"), AutoTokenizer.from_pretrained(folder / "base")
    encoder, pieces = AutoModel.from_pretrained(tiny), AutoTokenizer.from_pretrained(tiny)
    one, two = words.convert_tokens_to_ids("the"), pieces.convert_tokens_to_ids("the")
    assert len(words) < len(pieces) and words.unk_token_id not in words("zebra crossings")["input_ids"]
    assert torch.equal(model.get_input_embeddings().weight[one], encoder.get_input_embeddings().weight[two])
    assert torch.equal(model.bert.encoder.layer[1].output.dense.weight, encoder.encoder.layer[1].output.dense.weight)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    ids = words("the voice shakes", return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        short, whole = model.eval()(ids[:, :2]).logits, model(ids).logits
    assert torch.allclose(short, whole[:, :2], atol=1e-5)  # it does not look ahead


def test_pairs_hold_what_a_careless_reader_fills_in() -> None:
    told = [x for x in SHEETS if careless(x)]
    assert len(told) > 0.7 * len(SHEETS)
    assert all(careless(x) != slots(x) for x in told)
    sarcastic = next(x for x in told if x.relation == "sarcastic")
    assert "agree" in str(careless(sarcastic)) and "sarcastic" in slots(sarcastic)
    assert all(slots(x) == "none none none" for x in SHEETS if x.abstain)


def test_rows_show_the_person_and_not_the_answer(folder: Path) -> None:
    for row in rows.read(folder / "rows.jsonl"):
        assert row.step == "plan" and row.prompt[-1].content.endswith("plan:") and row.gold.allowed == EKMAN


def test_a_plan_is_shares_of_what_may_stand_in_each_slot(folder: Path) -> None:
    example: Example = SHEETS[0]
    plan = CausalPlanner(folder / "base").plan(
        example.sheet, Question(text="?"), ("joy", "deep sorrow"), example.person
    )
    assert list(plan.labels) == ["joy", "deep sorrow"]
    for shares in (plan.labels, plan.relation, plan.sentiment):
        assert sum(shares.values()) == pytest.approx(1)


def test_shipped_config_reads() -> None:
    assert read(CausalConfig, CORPUS.parent / "configs" / "causal.yaml").copies == 4
