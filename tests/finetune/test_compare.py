"""Two models over held-out sheets, rows and texts: every figure by hand, real planners, a scripted chat model, and runs that stop."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.agents.llm import tiny
from typer.testing import CliRunner

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, ModelError, RunError
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, CueSheet, Question
from cuechain.finetune import rows
from cuechain.finetune.cli import app
from cuechain.finetune.compare import CompareConfig, run
from cuechain.finetune.config import CORPUS
from cuechain.finetune.embedded.examples import Example, write_examples, written
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.judging import heldout, judge
from cuechain.finetune.judging.answers import Journal, Record, Tried, tried
from cuechain.finetune.judging.report import into_card
from cuechain.finetune.rows import Gold
from cuechain.finetune.targets import pair_of, rows_of

DEV = CORPUS / "dev" / "da.jsonl"
SHEETS = list(written(DEV))
ASK = registry.get("tasks", "ask")
NAN = float("nan")


def item(id: str, labels: tuple[str, ...] = ("joy",), **more: Any) -> Item:
    gold = Gold(labels=labels, allowed=ASK.labels, abstain=not labels, **more)
    return Item(
        id=id, unit=id, group=id, origin="test", sheet=CueSheet(), question=Question(text="How is she?"), gold=gold
    )


def record(label: str | None = "joy", **more: Any) -> Record:
    return Record(key="k", label=label, abstains=label is None, **more)


def some(path: Path, count: int, start: int = 0) -> Path:
    lines = DEV.read_text(encoding="utf-8").splitlines()[start : start + count]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def figure(told: dict[str, Any], section: str, name: str) -> dict[str, Any]:
    return next(r for r in told["figures"] if (r["section"], r["name"]) == (section, name))


# Figures


def test_macro_f1_by_hand_with_several_right_labels() -> None:
    said = ["joy", "anger", "joy", None]
    right = [{"joy", "surprise"}, {"anger"}, {"anger"}, {"sadness"}]
    labels = ["joy", "anger", "sadness"]
    # joy: 1 hit, 1 wrong → 2/3; anger: 1 hit, 1 missed → 2/3; sadness: missed → 0
    value = judge.macro_f1(said, right, labels)(np.ones((1, 4)))
    assert value[0] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_figures_of_answers_by_hand() -> None:
    items = [
        item("a", ("joy",), relation="masked", decisive=("F1", "V1")),
        item("b", ("anger", "disgust"), relation="agree", decisive=("F1",)),
        item("c", ("sadness",), relation="agree"),
        item("d", ()),
        item("e", ()),
        item("f", ("fear",)),
    ]
    own = [
        record("joy", cites=("F1", "T1"), claims=2, problems=("no_cite",), relation="masked", words=10, confidence=0.9),
        record("disgust", cites=("F1",), claims=2, relation="masked", words=30),
        record(None, claims=1),
        record(None, claims=1),
        record("joy", claims=1),
        Record(key="k", failure="ReplyError"),
    ]
    lines = judge.figures(items, [Tried(r) for r in own])

    def value(section: str, name: str) -> tuple[float, int]:
        line = lines[section, name]
        return round(float(line.figure(np.ones((1, 6)))[0]), 4), line.n

    assert value("Label", "accuracy") == (0.5, 4)  # c abstains, f cannot be read: both wrong
    assert value("Label", "accuracy, masked or sarcastic") == (1.0, 1)
    assert value("Label", "relation between senses") == (0.3333, 3)
    assert value("Abstention", "found where no answer is possible") == (0.5, 2)
    assert value("Abstention", "false, where one is") == (0.25, 4)
    assert value("Abstention", "accuracy where a label is named") == (1.0, 2)
    assert value("Evidence", "cited cues that decide (precision)") == (0.75, 2)
    assert value("Evidence", "deciding cues that are cited (recall)") == (0.75, 2)
    assert value("Evidence", "problems in the check, per sentence") == (round(1 / 7, 4), 5)
    assert value("Calibration", "Brier score of the named label") == (0.01, 1)
    assert value("Form", "replies that could be read") == (round(5 / 6, 4), 6)
    assert value("Form", "words per answer")[0] == 8.0


def test_faithfulness_by_hand() -> None:
    stays, goes = record("joy"), record("anger")
    found = [
        Tried(record("joy"), bare=goes, cited=goes, other=stays),
        Tried(record("joy"), bare=record(None), cited=goes, other=goes),
        Tried(record("joy"), bare=goes),
        Tried(record(None)),
    ]
    lines = judge.figures([item(x) for x in "abcd"], found)
    values = {n: (float(x.figure(np.ones((1, 4)))[0]), x.n) for (s, n), x in lines.items() if s == "Faithfulness"}
    assert list(values.values()) == [(1.0, 3), (1.0, 2), (0.5, 2), (2.0, 2)]


def test_a_better_answer_is_there_then_checked_then_right_then_short() -> None:
    worse = [
        Record(key="k", failure="ModelError"),
        record("joy", problems=("no_cite",), words=1),
        record("anger", words=1),
        record("joy", words=30),
        record("joy", words=20),
    ]
    better = [record("anger", words=50), record("anger", words=9), *[record("joy", words=20)] * 3]
    found = judge.wins([item(x) for x in "abcde"], worse, better)
    assert (found.second, found.first, found.ties, found.rate.value) == (4, 0, 1, 0.9)
    assert found.decided == {"failure": 1, "problems": 1, "label": 1, "length": 1}
    assert judge.wins([item("a", ())], [record("joy")], [record(None)]).second == 1  # right is to abstain


# Held-out data


def test_rows_give_an_item_for_each_sheet_and_question(tmp_path: Path) -> None:
    made = [r for x in SHEETS[:4] for order in ("reason", "label") for r in rows_of(x, ASK, order)]
    made += [p for x in SHEETS[:4] if (p := pair_of(x, ASK))]
    made[0] = made[0].model_copy(update={"id": "blank", "sheet": ""})
    path = tmp_path / "dev.jsonl"
    rows.write(path, made)
    skipped: Counter[str] = Counter()
    found = heldout.items_of(path, ("text", "label"), "ask", (), skipped)
    alone = [heldout.of_example(x) for x in SHEETS[:4]]
    assert [(i.sheet, i.question, i.gold) for i in found] == [(i.sheet, i.question, i.gold) for i in alone]
    assert skipped["rows about a sheet and question that were there already"] >= 4
    assert sum(skipped.values()) + len(found) == len(made)


def test_a_question_is_read_from_its_own_line(tmp_path: Path) -> None:
    cue = Cue(sense="transcript", text='says: x\nQuestion: "Is she angry?"', person="P1", source="test@1")
    example = SHEETS[0].model_copy(update={"sheet": CueSheet(cues={"T1": cue}), "question": 'How "fine" is she?'})
    rows.write(tmp_path / "x.jsonl", rows_of(example, ASK, "label"))
    (found,) = heldout.items_of(tmp_path / "x.jsonl", ("text", "label"), "ask", (), Counter())
    assert isinstance(found, Item) and found.question.text == 'How "fine" is she?'


def test_texts_are_read_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text('Said,Felt\n"I love it, thank you!",joy\n,joy\nI hate this.,anger\nHm.,boredom\n', encoding="utf-8")
    skipped: Counter[str] = Counter()
    found = heldout.items_of(path, ("Said", "Felt"), "ask", ("joy", "anger"), skipped)
    assert [x.label for x in found if isinstance(x, heldout.Text)] == ["joy", "anger"] and sum(skipped.values()) == 2
    one = found[0].perceived() if isinstance(found[0], heldout.Text) else None
    assert (
        one
        and one.gold.allowed == ("joy", "anger")
        and {"transcript", "words"} <= {c.sense for c in one.sheet.cues.values()}
    )
    assert heldout.by_words(one) == "joy"
    with pytest.raises(ConfigError, match="'Emotion'"):
        heldout.items_of(path, ("Said", "Emotion"), "ask", (), Counter())


@pytest.mark.parametrize(("text", "named"), [('{"a": 1}\n', "keys a"), ("no json\n", "line 1"), ("", "keys")])
def test_other_files_are_refused(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError, match=named):
        heldout.items_of(path, ("text", "label"), "ask", (), Counter())


def test_a_wrong_sheet_is_somebody_elses_under_the_own_name() -> None:
    items = [heldout.of_example(x) for x in SHEETS]
    wrong = heldout.wrong_sheets(items)
    for own, other in zip(items, wrong, strict=True):
        assert [c.text for c in other.cues.values()] != [c.text for c in own.sheet.cues.values()]
        asked = heldout.focus(own.sheet, own.question.text, ASK.labels).person
        theirs = next(i for i in items if len(i.sheet.cues) == len(other.cues) and i.sheet.gaps == other.gaps)
        if asked and theirs.sheet.people and other.people:
            assert asked in other.people


def test_an_open_word_counts_as_its_kind() -> None:
    free = item("a").model_copy(update={"gold": Gold(labels=("delighted",))})
    assert heldout.heard(free, "happy") in heldout.accepted(free)
    closed = item("b", ("joy",))
    assert heldout.heard(closed, "happy") not in heldout.accepted(closed)


# Whole runs


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("compare")
    config = CompareConfig(
        models=("rules", "embedded"),
        data=(some(folder / "a.jsonl", 8), some(folder / "b.jsonl", 4, 8)),
        out=folder / "out" / "report.md",
    )
    return run(config), config.out


def test_planners_are_compared_whole(told: tuple[dict[str, Any], Path]) -> None:
    found, out = told
    assert json.loads(out.with_suffix(".json").read_text())["n"] == found["n"] == 12
    accuracy = figure(found, "Label", "accuracy")
    names = list(accuracy["values"])
    assert names[0].startswith("majority") and names[1:] == ["strongest words cue", "rules", "embedded"]
    gap = accuracy["values"]["embedded"]["value"] - accuracy["values"]["rules"]["value"]
    assert accuracy["difference"]["value"] == pytest.approx(gap)
    control = figure(found, "Control: the cues of another item", "accuracy")["values"]["embedded"]["value"]
    assert control < accuracy["values"]["embedded"]["value"]
    assert figure(found, "Faithfulness", "label changes without all cited cues")["values"]["rules"]["value"] > 0.5
    assert {r["name"] for r in found["figures"] if r["section"] == "Accuracy by file"} == {"a.jsonl", "b.jsonl"}
    wins = found["wins"]
    assert wins["first"] + wins["second"] + wins["ties"] == 12
    text = out.read_text()
    assert "# embedded against rules" in text and "nan" not in text and "n = 12" in text


def test_what_was_answered_is_not_asked_again(told: tuple[dict[str, Any], Path], monkeypatch: Any) -> None:
    found, out = told
    journals = sorted(out.with_suffix("").glob("*.jsonl"))
    assert len(journals) == 2
    half = journals[0].read_text().splitlines(keepends=True)
    journals[0].write_text("".join(half[:20]) + half[20][:30])  # stopped in the middle of a line
    asked = Counter[str]()
    from cuechain.finetune.judging import answers

    real = answers.think
    monkeypatch.setattr(answers, "think", lambda *a, **k: asked.update(x=1) or real(*a, **k))
    again = run(CompareConfig.model_validate(found["config"]))
    assert asked["x"] == len(half) - 20

    def bare(report: dict[str, Any]) -> list[Any]:
        return [r for r in report["figures"] if r["name"] != "seconds per answer"]

    assert json.dumps(bare(again)) == json.dumps(bare(found))
    journals[1].write_text(journals[1].read_text().replace('"label"', '"lable"'))
    with pytest.raises(RunError, match="line 2"):
        run(CompareConfig.model_validate(found["config"]))


def test_other_weights_or_settings_begin_a_new_journal(tmp_path: Path) -> None:
    example = heldout.of_example(SHEETS[0])
    weights = tmp_path / "planner"
    weights.mkdir()
    shipped = CORPUS.parents[1] / "agents" / "weights" / "planner"
    for name in ("planner.onnx", "tokenizer.json", "planner.json"):
        (weights / name).symlink_to(shipped / name)
    spec = f"embedded:{weights}"
    first = Journal(spec, Settings(), tmp_path / "j.jsonl")
    first.answer(example.sheet, example.question)
    assert Journal(spec, Settings(), tmp_path / "j.jsonl").kept == 1
    (weights / "README.md").write_text("a card decides nothing")
    assert Journal(spec, Settings(), tmp_path / "j.jsonl").kept == 1
    (weights / "planner.json").unlink()
    (weights / "planner.json").write_text((shipped / "planner.json").read_text())
    assert Journal(spec, Settings(), tmp_path / "j.jsonl").kept == 0
    first = Journal("rules", Settings(), tmp_path / "r.jsonl")
    first.answer(example.sheet, example.question)
    assert Journal("rules", Settings(temperature=0.5), tmp_path / "r.jsonl").kept == 0


def reply(label: str, cites: list[str], example: Example) -> str:
    claim = {"text": f"It looks like {label}.", "cites": cites, "stance": "supports"}
    return json.dumps({"emotion": {"label": label, "confidence": 0.8}, "claims": [claim], "person": example.person})


def scripted(path: Path, replies: list[Any]) -> str:
    path.write_text(yaml.safe_dump(replies))
    return f"scripted:{path}"


def test_single_failures_are_counted(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("CUECHAIN_DIRECT", "1")
    monkeypatch.setenv("CUECHAIN_RETRIES", "0")
    good = [x for x in SHEETS if not x.abstain][:1][0]
    spec = scripted(
        tmp_path / "s.yaml",
        [reply(str(good.emotion), [next(iter(good.sheet.cues))], good), "no JSON", "none again", {"error": "it broke"}],
    )
    journal = Journal(spec, Settings(direct=True, retries=0), tmp_path / "j.jsonl")
    items = [heldout.of_example(good), *(heldout.of_example(x) for x in SHEETS[3:5])]
    found = [tried(journal, i, None, faith=False).own for i in items]
    assert [r.failure for r in found] == ["", "ReplyError", "ModelError"]
    assert found[0].named == good.emotion and found[0].confidence == 0.8 and "it broke" in found[2].error
    lines = judge.figures(items, [Tried(r) for r in found])
    assert float(lines["Form", "replies that could be read"].figure(np.ones((1, 3)))[0]) == 0.5
    # What failed is asked again by the next run; a reply that could not be read was an answer.
    assert Journal(spec, Settings(direct=True, retries=0), tmp_path / "j.jsonl").kept == 2


def test_a_model_that_never_answers_ends_the_run(tmp_path: Path) -> None:
    spec = scripted(tmp_path / "dead.yaml", [{"error": "no such host"}] * 50)
    journal = Journal(spec, Settings(direct=True, retries=0), tmp_path / "j.jsonl")
    with pytest.raises(ModelError, match="before any answer"):
        for x in SHEETS:
            journal.answer(x.sheet, Question(text="How?"))


def test_an_adapter_is_compared_with_its_base(tmp_path: Path, monkeypatch: Any) -> None:
    for extra in ("torch", "transformers", "peft", "llguidance"):
        pytest.importorskip(extra, reason="needs the extra hf")
    base = tiny.closing_llama(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 8192}))
    tiny.lora(base, tmp_path / "adapter")
    flags = {"DIRECT": "1", "MAX_TOKENS": "200", "RETRIES": "0", "DEVICE": "cpu"}
    for name, value in flags.items():
        monkeypatch.setenv(f"CUECHAIN_{name}", value)
    import torch

    torch.set_num_threads(1)
    cues = {"F1": Cue(sense="face", text="a broad smile", person="P1", source="test@1")}
    small = Example(id="a", author="x", sheet=CueSheet(cues=cues), question="How is P1?", person="P1", emotion="joy")
    data = tmp_path / "few.jsonl"
    write_examples(data, [small, small.model_copy(update={"id": "b", "question": "And now?"})])
    models = (f"hf:{base}", f"hf:{base}+{tmp_path / 'adapter'}")
    found = run(CompareConfig(models=models, data=(data,), out=tmp_path / "r.md", control=False, faith=False))
    read = figure(found, "Form", "replies that could be read")
    assert read["values"][models[0]]["value"] == 1.0  # the base closes its brackets
    assert figure(found, "Form", "seconds per answer")["n"][models[1]] <= 1  # the first one holds the loading
    assert "rules" in read["values"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["rules", "rules", "--data", str(DEV)], "both models"),
        (["rules", "rulez", "--data", str(DEV), "--most", "1"], "rulez"),
        (["rules", "embedded", "--data", "gone.jsonl"], "gone.jsonl"),
        (["rules", "embedded", "--data", str(DEV), "--data", str(DEV)], "two items"),
        (["rules", "embedded", "--data", str(DEV), "--columns", "text"], "two columns"),
    ],
)
def test_wrong_use_is_named(tmp_path: Path, given: list[str], named: str) -> None:
    done = CliRunner().invoke(app, ["compare", *given, "-o", str(tmp_path / "x.md")])
    assert isinstance(done.exception, ConfigError) and named in str(done.exception)


def test_the_verb_writes_a_card(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("---\nlibrary_name: peft\n---\n\n# Mine\n")
    data = some(tmp_path / "few.jsonl", 3)
    given = ["compare", "embedded", "rules", "--data", str(data), "-o", str(tmp_path / "r.md"), "--no-control"]
    done = CliRunner().invoke(app, [*given, "--no-faith", "--card", str(tmp_path)])
    assert done.exit_code == 0, done.output
    text = card.read_text()
    assert text.startswith("---\nlibrary_name: peft\n---\n\n# Mine\n\n<!-- cuechain compare: few.jsonl -->\n")
    assert "--no-control --no-faith" in text and "Faithfulness" not in text and "Control" not in text


def test_a_section_of_a_card_is_replaced_where_it_stands(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("# Mine\n")
    into_card(card, "a", "old \\1")
    into_card(card, "b", "other")
    card.write_text(card.read_text() + "\nThe end.\n")
    into_card(tmp_path, "a", "new \\2")
    text = card.read_text()
    assert "old" not in text and text.index("new \\2") < text.index("other") < text.index("The end.")
    card.write_text(text.replace("<!-- end of cuechain compare: a -->", ""))
    with pytest.raises(ConfigError, match="broken"):
        into_card(card, "a", "x")
