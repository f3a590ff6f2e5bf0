"""Preference tuning of tiny random models of the real classes: what is preferred becomes likelier, stops are survived, bad data is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from PIL import Image
from tests.agents.llm import tiny

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.turns import tokenized
from cuechain.agents.values import Cue, CueSheet
from cuechain.finetune import rows
from cuechain.finetune.config import CORPUS, read
from cuechain.finetune.prefer import PreferConfig, prefer, trainer
from cuechain.finetune.rows import Gold, Message, Row
from cuechain.finetune.tuning.online import PairsConfig

for _extra in ("torch", "transformers", "peft", "datasets", "trl"):
    pytest.importorskip(_extra, reason="needs the extra finetune")

GOOD, BAD = "The voice shakes and she is sad.", "The smile is small and she is glad."
SHEET = CueSheet(
    cues={
        "T1": Cue(sense="transcript", text='the speaker says "fine"', source="t@1"),
        "F1": Cue(sense="face", text="the lip corners are pulled down", source="t@1"),
    }
)


def row(number: int, good: str = GOOD, bad: str = BAD, **more: Any) -> Row:
    said = f"How does she feel, {number}?"
    told = {
        "id": f"r{number}",
        "group": "g",
        "origin": "written",
        "step": "conclude",
        "prompt": (Message(role="system", content="Be brief."), Message(role="user", content=said)),
        "rejected": (Message(role="assistant", content=bad),) if bad else (),
    }
    return Row(completion=(Message(role="assistant", content=good),), **(told | more))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("prefer")
    rows.write(folder / "pairs.jsonl", map(row, range(8)))
    tiny.llama(folder / "base")
    return folder


def made(folder: Path, **keys: Any) -> PreferConfig:
    common = {
        "model": str(folder / "base"),
        "data": folder / "pairs.jsonl",
        "out": folder / "run",
        "device": "cpu",
        "rate": 1e-2,
        "batch": 4,
        "accumulate": 1,
        "steps": 4,
        "log_every": 1,
    }
    return PreferConfig(**(common | keys))


def reported(config: PreferConfig) -> dict[str, Any]:
    return json.loads((config.out / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def first(folder: Path) -> Path:
    """The adapter of a plain run."""
    return prefer(made(folder, out=folder / "first"))


def test_what_is_chosen_becomes_likelier(folder: Path, first: Path):
    told = reported(made(folder, out=folder / "first"))
    assert told["trainer"] == "dpo" and [s["step"] for s in told["steps"]] == [1, 2, 3, 4]
    assert told["first"]["rewards/margins"] == pytest.approx(0, abs=1e-4)  # the reference is where it starts
    assert told["last"]["rewards/margins"] > 1 and told["last"]["rewards/accuracies"] == 1
    assert told["last"]["rewards/chosen"] > 0 > told["last"]["rewards/rejected"]


def likelihood(spec: str, reply: str) -> float:
    """Log-likelihood of a reply to the prompt of row 0, by the model that `ask` would load."""
    import torch

    held = llm.load(spec, settings.load(device="cpu", max_tokens=16)).chat.checkpoint
    prompt = tokenized(held, [SystemMessage("Be brief."), HumanMessage("How does she feel, 0?")])["input_ids"]
    rest = held.tokenizer(f"{reply}</s>", add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        logits = held.model(torch.cat([prompt, rest], 1)).logits[0, prompt.shape[1] - 1 : -1]
    return float(logits.log_softmax(-1).gather(1, rest[0, :, None]).sum())


def test_the_adapter_answers_where_ask_loads_it(folder: Path, first: Path):
    base, tuned = f"hf:{folder / 'base'}", f"hf:{folder / 'base'}+{first}"
    assert likelihood(tuned, GOOD) > likelihood(base, GOOD) + 5
    assert likelihood(tuned, BAD) < likelihood(base, BAD) - 5
    # What the report calls a reward is beta times this difference.
    gain = 0.1 * (likelihood(tuned, GOOD) - likelihood(base, GOOD))
    assert gain == pytest.approx(reported(made(folder, out=folder / "first"))["last"]["rewards/chosen"], rel=0.3)


@pytest.mark.parametrize("loss", [{"ipo": 1.0}, {"sigmoid": 1.0, "sft": 0.2}])
def test_other_losses(folder: Path, loss: dict[str, float]):
    config = made(folder, out=folder / "-".join(loss), loss=loss)
    prefer(config)
    told = reported(config)
    assert told["loss"] == loss and told["last"]["loss"] < told["first"]["loss"]
    assert told["last"]["rewards/margins"] > 1


def test_it_goes_on_from_an_adapter_and_from_where_it_was_stopped(folder: Path, first: Path):
    from safetensors.torch import load_file
    from transformers import TrainerCallback

    class Pulled(TrainerCallback):
        """The plug, after the checkpoint of step 2."""

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            raise KeyboardInterrupt

    whole = prefer(made(folder, out=folder / "whole", adapter=first, save_every=2))
    config = made(folder, out=folder / "stopped", adapter=first, save_every=2)
    stopped, base = trainer(config)
    stopped.add_callback(Pulled)
    with pytest.raises(KeyboardInterrupt):
        from cuechain.finetune.tuning.training import run

        run(stopped, config, base, "prefer")
    resumed = prefer(config)
    for told in (reported(made(folder, out=folder / "whole")), reported(config)):
        assert told["first"]["rewards/margins"] == pytest.approx(0, abs=1e-4)  # against the adapter, not the base
        assert [s["step"] for s in told["steps"]] == [1, 2, 3, 4]
    one, other = (load_file(p / "adapter_model.safetensors") for p in (whole, resumed))
    assert all((one[k] - other[k]).abs().max() < 1e-6 for k in one)
    assert not (resumed / "ref").exists()
    spec = f"hf:{folder / 'base'}+"
    assert likelihood(f"{spec}{resumed}", BAD) < likelihood(f"{spec}{first}", BAD) - 5


def test_in_four_bit_and_with_a_dev_file_on_cpu(folder: Path):
    pytest.importorskip("bitsandbytes")
    config = made(folder, out=folder / "four", method="qlora")
    prefer(config)
    assert reported(config)["last"]["rewards/margins"] > 1
    with pytest.raises(ConfigError, match="stop learning"):
        trainer(made(folder, method="qlora", dev=folder / "pairs.jsonl"))
    with pytest.raises(ConfigError, match="stop learning"):
        trainer(made(folder, method="qlora", trainer="grpo", samples=4))


def test_it_stops_when_the_dev_pairs_get_no_better(folder: Path):
    rows.write(folder / "against.jsonl", [row(n, BAD, GOOD) for n in range(4)])
    config = made(folder, out=folder / "dev", dev=folder / "against.jsonl", patience=1, save_every=1, steps=20)
    prefer(config)
    told = reported(config)
    assert told["steps"][-1]["step"] < 5 and told["dev_first"]["eval_loss"] < told["dev_last"]["eval_loss"]


def test_a_model_that_sees_learns_from_pairs_with_several_images(folder: Path):
    base = tiny.llava(folder / "llava")
    for name in ("red", "blue"):
        Image.new("RGB", (40, 30), name).save(folder / f"{name}.png")
    shown = [("red.png", "blue.png")[: n % 3] for n in range(8)]
    some = [row(n, images=images) for n, images in enumerate(shown)]
    rows.write(folder / "seen.jsonl", [*some, row(8, images=("gone.png",))])
    config = made(folder, model=str(base), data=folder / "seen.jsonl", out=folder / "sees", projector="tuned")
    adapter = prefer(config)
    assert reported(config)["last"]["rewards/margins"] > 1
    left = json.loads((adapter / "card.json").read_text(encoding="utf-8"))["left_out"]["seen.jsonl"]
    assert list(left.values()) == [1] and "image" in next(iter(left))
    assert likelihood(f"hf:{base}+{adapter}", GOOD) > likelihood(f"hf:{base}", GOOD) + 5
    with pytest.raises(ConfigError, match="cannot see"):
        trainer(made(folder, data=folder / "seen.jsonl"))


def test_thumbs_and_pairs_taken_apart(folder: Path):
    some = [row(n, GOOD if n % 2 else BAD, "", thumb="up" if n % 2 else "down") for n in range(6)]
    rows.write(folder / "thumbs.jsonl", [*some, row(9)])
    config = made(folder, data=folder / "thumbs.jsonl", out=folder / "kto", trainer="kto", steps=6)
    adapter = prefer(config)
    told = reported(config)
    assert told["loss"] == {"kto": 1.0} and told["last"]["loss"] < told["first"]["loss"]
    tuned, base = f"hf:{folder / 'base'}+{adapter}", f"hf:{folder / 'base'}"
    assert likelihood(tuned, GOOD) > likelihood(base, GOOD) and likelihood(tuned, BAD) < likelihood(base, BAD)


def test_the_rarer_thumb_counts_more(folder: Path):
    rows.write(folder / "rare.jsonl", [row(n, bad="", thumb="down" if n == 0 else "up") for n in range(5)])
    found, _ = trainer(made(folder, data=folder / "rare.jsonl", trainer="kto"))
    assert (found.args.desirable_weight, found.args.undesirable_weight) == (1.0, 4.0)


# Rewards

SAD, GLAD = ('{"emotion":{"label":"%s"},"claims":[]}' % label for label in ("sadness", "joy"))  # noqa: UP031


def answered(number: int = 0, reply: str = SAD, **gold: Any) -> Row:
    right = {"labels": ("sadness",), "allowed": ("joy", "sadness"), "abstain": False} | gold
    asked = (Message(role="user", content="How?"),)
    return row(
        number,
        reply,
        "",
        step="direct",
        prompt=asked,
        sheet=SHEET.model_dump_json(),
        gold=Gold(**right),
        id=f"a{number}",
    )


@pytest.fixture(scope="module")
def torn(folder: Path) -> Path:
    """A model that knows two answers and says each of them half of the times."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = tiny.llama(folder / "torn")
    model, words = AutoModelForCausalLM.from_pretrained(path), AutoTokenizer.from_pretrained(path)
    said = [f"<s><|user|>How?</s><|assistant|>{reply}</s>" for reply in (SAD, GLAD)]
    batch = words(said, return_tensors="pt", padding=True, padding_side="right", add_special_tokens=False)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(60):
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(path)
    return path


def test_the_reward_rises_and_the_right_answer_with_it(folder: Path, torn: Path):
    others = [answered(1).model_copy(update={"step": "observe"}), answered(2, labels=("rage",))]
    rows.write(folder / "asked.jsonl", [answered(), *others])
    config = made(
        folder,
        **{"model": str(torn), "data": folder / "asked.jsonl", "out": folder / "grpo", "trainer": "grpo"},
        **{"rewards": {"label": 1.0, "valid": 0.5}, "samples": 16, "batch": 16, "reply": 40, "max_length": 200},
        **{"steps": 5, "rate": 3e-3},
    )
    adapter = prefer(config)
    told = reported(config)
    assert told["first"]["rewards/label/mean"] < 0.9 and told["last"]["reward"] > told["first"]["reward"]
    left = json.loads((adapter / "card.json").read_text(encoding="utf-8"))["left_out"]["asked.jsonl"]
    assert left == {"whose reply is no answer": 1, "whose right label is not among those that are asked for": 1}

    def odds(spec: str) -> float:
        from cuechain.agents.llm.checkpoint import Checkpoint

        held: Checkpoint = llm.load(spec, settings.load(device="cpu", max_tokens=16)).chat.checkpoint
        return _score(held, SAD) - _score(held, GLAD)

    assert odds(f"hf:{torn}+{adapter}") > odds(f"hf:{torn}") + 0.5


def _score(held: Any, reply: str) -> float:
    import torch

    ids = held.tokenizer(f"<s><|user|>How?</s><|assistant|>{reply}</s>", add_special_tokens=False, return_tensors="pt")
    with torch.no_grad():
        logits = held.model(**ids).logits[0, :-1].log_softmax(-1)
    return float(logits.gather(1, ids["input_ids"][0, 1:, None]).sum())


# Pairs on the way


def test_pairs_are_made_once_and_found_again(folder: Path):
    said = '{"person":null,"emotion":{"label":"sadness"},"relation":"masked","claims":[%s]}'
    claims = ",".join(
        f'{{"text":"{text}","cites":["{cite}"]}}'
        for text, cite in (("She is sad.", "F1"), ("Fine is what she says.", "T1"))
    )
    rows.write(folder / "good.jsonl", [answered(0, said % claims, decisive=("F1",))])
    told: list[str] = []
    wanted = PairsConfig(flaws={"wrong_cite": 1.0, "abstained": 1.0}, rows=folder / "good.jsonl")
    config = made(folder, out=folder / "makes", pairs=wanted)
    found, _ = trainer(config, told.append)
    pairs = {line.partition(":")[0]: int(line.split()[1]) for line in told}
    assert pairs["given"] == 8 and pairs["wrong_cite"] == 1 and len(found.train_dataset) == sum(pairs.values())
    [file] = (folder / "makes").glob("pairs-*/pairs.jsonl")
    assert [r.flaw for r in rows.read(file)].count("wrong_cite") == 1
    trainer(config, told.append)
    assert len(told) == len(pairs)
    with pytest.raises(ConfigError, match="cannot read"):
        trainer(made(folder, pairs=PairsConfig(flaws={"blind": 1.0}, rows=folder / "none.jsonl")))


# Bad input


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ("trainer: ppo", "trainer"),
        ("loss: {sigmod: 1.0}", "sigmod"),
        ("trainer: kto\nloss: {sigmoid: 1.0}", "kto has no loss"),
        ("trainer: kto\nloss: {kto: 1.0, apo_zero_unpaired: 1.0}", "one loss"),
        ("trainer: kto\nbatch: 1", "batch"),
        ("trainer: kto\nstream: true\nsteps: 3", "stream"),
        ("trainer: kto\nsmoothing: 0.1", "smoothing: not a key of kto"),
        ("rewards: {label: 1.0}", "rewards: not a key of dpo"),
        ("trainer: grpo\nrewards: {labl: 1.0}", "unknown reward 'labl'"),
        ("trainer: grpo\nrewards: {}", "no reward"),
        ("trainer: grpo\nsamples: 3", "no multiple"),
        ("trainer: grpo\nreply: 4096", "no room"),
        ("trainer: grpo\ndev: d.jsonl\npatience: 2", "patience"),
        ("loss: {exo_pair: 1.0}", "smoothing"),
        ("beta: -1", "beta"),
        ("pairs: {flaws: {blind: 1.0}, colour: red}", "pairs.colour"),
        ("betta: 0.1", "betta"),
    ],
)
def test_keys_that_do_not_go_together(tmp_path: Path, keys: str, named: str):
    file = tmp_path / "prefer.yaml"
    file.write_text(f"model: m\ndata: d.jsonl\nout: o\n{keys}\n")
    with pytest.raises(ConfigError, match=named):
        read(PreferConfig, file)


@pytest.mark.parametrize(
    ("keys", "found", "named"),
    [
        ({}, [row(0, bad="")], "r0 has no `rejected`"),
        ({}, [row(0, GOOD, GOOD)], "rejected reply is the chosen one"),
        ({}, [row(0, GOOD, "  ")], "without a reply"),
        ({}, [row(0, GOOD * 300)], "tokens"),
        ({"trainer": "kto"}, [row(0, bad="")], "neither `thumb` nor `rejected`"),
        ({"trainer": "kto"}, [row(n, bad="", thumb="up") for n in range(4)], "all 4 rows are liked"),
        ({"trainer": "grpo", "samples": 4}, [row(0)], "no answer|without a sheet"),
        ({"trainer": "grpo", "samples": 4}, [answered(labels=("rage",))], "not among"),
        ({"trainer": "grpo", "samples": 4}, [answered().model_copy(update={"sheet": "{"})], "a0: its sheet"),
    ],
)
def test_rows_that_nothing_can_be_learnt_from(folder: Path, keys: dict[str, Any], found: list[Row], named: str):
    rows.write(folder / "bad.jsonl", found)
    with pytest.raises(ConfigError, match=named):
        trainer(made(folder, data=folder / "bad.jsonl", **keys))


def test_a_stream_leaves_out_what_a_file_does(folder: Path):
    rows.write(folder / "stream.jsonl", [row(0), row(1, GOOD, GOOD), row(2)])
    found, base = trainer(made(folder, data=folder / "stream.jsonl", out=folder / "streamed", stream=True, steps=1))
    assert len(list(found.train_dataset)) == 2
    assert list(base.skipped["stream.jsonl"].values()) == [["r1"]]


@pytest.mark.parametrize("name", ["dpo", "kto", "grpo"])
def test_shipped_configs_read(name: str):
    assert read(PreferConfig, CORPUS.parent / "configs" / f"{name}.yaml").trainer == name
