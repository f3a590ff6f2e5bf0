"""The training path on a tiny scale: examples, two stages, a stop and a resume, export, and the same plan from ONNX."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.embedded import DOUBT, EmbeddedPlanner
from cuechain.agents.llm.fusion import Calibration
from cuechain.agents.llm.serialise import label_row, role, row
from cuechain.agents.values import EKMAN, Question
from cuechain.finetune.cli import app
from cuechain.finetune.config import CORPUS, ExportConfig, PlannerConfig, Stage, read
from cuechain.finetune.embedded.augment import augmented
from cuechain.finetune.embedded.calibrate import fitted, fitted_odds
from cuechain.finetune.embedded.examples import Example, read_examples, written

SHEETS = [x for path in sorted((CORPUS / "train").glob("*.jsonl")) for x in written(path)]


def test_the_corpus_reads_and_is_split_by_author() -> None:
    parts = [list(map(written, sorted((CORPUS / part).glob("*.jsonl")))) for part in ("train", "dev", "test")]
    every = [[x for found in part for x in found] for part in parts]
    assert [len(part) for part in every] == [2310, 150, 650]
    authors = [{x.author for x in part} for part in every]
    assert len(set.union(*authors)) == sum(map(len, authors))
    assert len({x.id for part in every for x in part}) == sum(map(len, every))
    for x in (x for part in every for x in part):
        assert x.abstain == (x.emotion is None)
        assert set(x.decisive or ()) <= set(x.sheet.cues)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "wx.jsonl"
    bad.write_text('{"id": "x"}\n')
    with pytest.raises(ConfigError, match="line 1"):
        list(written(bad))


def test_augmenting_keeps_what_decides_and_whose_it_is() -> None:
    chance = random.Random(3)
    for _ in range(400):
        example, other = chance.sample(SHEETS, 2)
        seen = augmented(example, chance, other)
        assert set(seen.decisive or ()) <= set(seen.sheet.cues)
        if seen.abstain and not example.abstain:  # silenced: nothing of the person is left
            assert all(role(c, seen.person) in ("other", "setting") for c in seen.sheet.cues.values())
        elif not example.abstain:
            assert seen.emotion == example.emotion and seen.decisive


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("data: a\nout: b\nstages: []\nlearning: 3\n", "learning"),
        ("data: a\nout: b\n", "stages"),
        ("- 1\n", "file"),
        ("a: [", "YAML"),
    ],
)
def test_configs_are_checked_whole(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "planner.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=named):
        read(PlannerConfig, file)


def test_shipped_configs_read() -> None:
    folder = CORPUS.parent / "configs"
    assert read(PlannerConfig, folder / "planner.yaml").stages
    assert read(ExportConfig, folder / "export.yaml").out


def test_verbs_are_listed() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    assert all(verb in said for verb in ("data", "planner", "export"))


def test_fusion_finds_the_better_reader() -> None:
    import numpy as np

    pytest.importorskip("scipy")
    chance = np.random.default_rng(0)
    items = []
    for _ in range(200):
        right = np.eye(3)[chance.integers(3)]
        items.append((chance.normal(size=3), 2 * right, right))
    found = fitted(items, biased=False)
    assert found.rules > 1 > 0.3 > found.encoder
    odds = fitted_odds([(float(y), 0.0, float(y > 0.5)) for y in chance.random(100)])
    assert odds.encoder > 0.5 and odds.bias[0] < 0


def config(tiny: Path, out: Path, steps: int) -> PlannerConfig:
    stages = (Stage(name="sheets", mix={"written": 8}, steps=steps, rate=1e-3),)
    return PlannerConfig(
        data=tiny, out=out, encoder=str(tiny), stages=stages, save_every=2, threads=1, hold_out=("wb",)
    )


def test_trains_resumes_exports_and_plans_alike(tiny: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from cuechain.finetune.embedded.encoder import build
    from cuechain.finetune.embedded.export import drift, to_onnx
    from cuechain.finetune.embedded.planner import _tensors, train

    said: list[str] = []
    done = train(config(tiny, tmp_path / "run", 4), said.append)
    assert "emotion" in said[-1]
    held = [json.loads(line) for line in (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()]
    assert {x["author"] for x in held} == {"wb"}

    class Stopped(Exception):
        """Ctrl-C, as it were."""

    def stop(_: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):  # reports after the last step, so the checkpoint of step 2 is the last one
        train(config(tiny, tmp_path / "again", 4), stop)
    again = train(config(tiny, tmp_path / "again", 4), said.append)
    one, two = (torch.load(path, weights_only=True) for path in (done, again))
    assert all(torch.allclose(one[k], two[k], atol=1e-5) for k in one)

    net = build(tiny)
    net.load_state_dict(one)
    out = tmp_path / "weights"
    to_onnx(net, out, quantised=False)
    (out / "tokenizer.json").write_bytes((tiny / "tokenizer.json").read_bytes())
    (out / "planner.json").write_text(Calibration().model_dump_json())
    planner = EmbeddedPlanner(out)
    example: Example = read_examples(tiny / "written.jsonl")[0]
    found = planner.plan(example.sheet, Question(text=example.question), EKMAN, example.person)
    tokens = planner._tokenizer
    with torch.inference_mode():
        sheet, _, relation, *_ = net(**_tensors([row(tokens, example.sheet, example.question, example.person)]))
        label = net(**_tensors([label_row(tokens, name) for name in EKMAN]))[1]
    expected = torch.softmax((sheet @ label.T)[0], 0)  # a bare Calibration lets the encoder speak alone
    doubted = [(1 - DOUBT) * p + DOUBT / len(EKMAN) for p in expected.tolist()]
    assert list(found.labels.values()) == pytest.approx(doubted, abs=1e-4)
    assert list(found.relation.values()) == pytest.approx(torch.softmax(relation[0], 0).tolist(), abs=1e-4)
    to_onnx(net, out)
    assert drift(net, out, tokens, read_examples(tiny / "written.jsonl")[:5])["cosine_distance_max"] < 0.1


def test_generated_sheets_hold_the_real_words_cue() -> None:
    """Composed around texts of the corpora, with the words sense itself reading the line."""
    from cuechain.finetune.embedded.examples import text_sheet
    from cuechain.finetune.embedded.generate import generated

    chance = random.Random(0)
    texts = [
        Example(
            id=k, author="goemotions", sheet=text_sheet(said, chance), said=said, question="", person=None, emotion=k
        )
        for k, said in zip(
            EKMAN, ("I love it", "I miss her", "I hate you", "I am scared", "wow", "gross", "fine"), strict=True
        )
    ]
    made = list(generated(texts, 12, chance))
    words = [c for x in made for c in x.sheet.cues.values() if c.sense == "words"]
    assert len(made) == 12 and words and all(c.text.startswith("the words") for c in words)
