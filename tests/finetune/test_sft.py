"""Instruction tuning of tiny random models of the real classes, by TRL."""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image
from tests.agents.llm import tiny
from typer.testing import CliRunner

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError, ModelError, RunError
from cuechain.agents.llm.reply import ask
from cuechain.finetune import rows
from cuechain.finetune.cli import app
from cuechain.finetune.config import read
from cuechain.finetune.rows import Message, Row
from cuechain.finetune.sft import SFTConfig, sft, trainer
from cuechain.finetune.tuning.training import last, run

for _extra in ("torch", "transformers", "peft", "trl", "datasets"):
    pytest.importorskip(_extra, reason="needs the extra finetune")

CONFIGS = Path(__file__).parents[2] / "finetune/configs"


def row(id: int, reply: str = "sad", **more: Any) -> Row:
    prompt = (
        Message(role="system", content="Be brief."),
        Message(role="user", content=f"How does she feel? {'So. ' * id}"),
    )
    told = {"group": "g", "origin": "written", "step": "conclude", "prompt": prompt} | more
    return Row(id=str(id), completion=(Message(role="assistant", content=reply),), **told)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("sft")
    tiny.llama(folder / "llama")
    tiny.llava(folder / "llava")
    Image.new("RGB", (40, 30), "red").save(folder / "a.png")
    rows.write(folder / "text.jsonl", [row(n) for n in range(8)])
    rows.write(folder / "seen.jsonl", [row(n, images=("a.png",) * (n % 3)) for n in range(8)])
    return folder


def config(made: Path, out: Path, name: str = "llama", **keys: Any) -> SFTConfig:
    told = {
        "model": str(made / name),
        "data": made / ("seen.jsonl" if name == "llava" else "text.jsonl"),
        "out": out,
        "device": "cpu",
        "rate": 1e-2,
        "steps": 8,
        "batch": 4,
        "accumulate": 1,
        "save_every": 4,
        "log_every": 1,
        "dropout": 0.0,
    }
    return SFTConfig(**(told | keys))


def losses(folder: Path) -> tuple[float, float]:
    loss = json.loads((folder / "card.json").read_text())["loss"]
    return loss["first"], loss["last"]


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", ["llama", "llava"])
def test_the_loss_falls_on_the_reply_alone(made: Path, tmp_path: Path, name: str, side: str):
    made_by, base = trainer(config(made, tmp_path, name))
    base.tokenizer.padding_side = side
    batch = next(iter(made_by.get_train_dataloader()))
    reply = base.tokenizer("sad</s>", add_special_tokens=False)["input_ids"]
    pictures = 0
    for ids, labels, mask in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
        held = ids[mask == 1].tolist()
        assert held[-len(reply) :] == reply and held[0] == base.tokenizer.bos_token_id
        assert labels[labels != -100].tolist() == reply
        assert labels[mask == 1].tolist() == [-100] * (len(held) - len(reply)) + reply
        pictures += held.count(base.tokenizer.convert_tokens_to_ids("<image>"))
    assert name == "llama" or pictures == 4 * len(batch["pixel_values"]) > 0  # 28 / 14 patches each way


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("llama", {}),
        ("llama", {"stream": True}),
        ("llava", {"projector": "tuned"}),
        ("llava", {"method": "full"}),
        ("llava", {"method": "qlora", "checkpointing": True}),
    ],
    ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values())),
)
def test_it_learns_and_ask_takes_what_it_wrote(made: Path, tmp_path: Path, name: str, keys: dict[str, Any]):
    if keys.get("method") == "qlora":
        pytest.importorskip("bitsandbytes")
    told = config(made, tmp_path, name, steps=12, save_every=100, **keys)
    folder = sft(told)
    first, end = losses(folder)
    assert end < 0.3 < first
    card = json.loads((folder / "card.json").read_text())
    assert card["steps"] == 12 and list(card["sha256"]) == ["data"] and card["config"]["rate"] == 1e-2
    assert card["spec"] in (folder / "README.md").read_text()
    asked = settings.load(max_tokens=16, retries=0, device="cpu")
    from langchain_core.messages import HumanMessage, SystemMessage

    reply = ask(
        llm.load(card["spec"], asked),
        [SystemMessage("Be brief."), HumanMessage("How does she feel? So. ")],
        settings=asked,
    )
    assert reply.text.strip() == "sad"


def test_a_run_that_was_interrupted_goes_on_as_if_it_had_not_been(made: Path, tmp_path: Path):
    from transformers import TrainerCallback

    class CtrlC(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 3:
                os.kill(os.getpid(), signal.SIGINT)

    whole = sft(config(made, tmp_path / "whole", dropout=0.1))
    told = config(made, tmp_path / "halves", dropout=0.1)
    stopped, base = trainer(told)
    stopped.add_callback(CtrlC())
    with pytest.raises(KeyboardInterrupt):
        run(stopped, told, base, "sft")
    assert Path(last(told.out / "checkpoints") or "").name == "checkpoint-3"
    assert not (told.out / "adapter").exists()
    one, two = weights(whole), weights(sft(told))
    assert all((one[k] - two[k]).abs().max() < 1e-5 for k in one)
    with pytest.raises(ConfigError, match="holds a run with another rank"):
        sft(told.model_copy(update={"rank": 4}))


def test_a_checkpoint_that_was_not_written_to_its_end_is_not_used(tmp_path: Path):
    for step, state in ((4, "{}"), (8, '{"half'), (12, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if state is not None:
            (tmp_path / f"checkpoint-{step}/trainer_state.json").write_text(state)
    assert last(tmp_path) == str(tmp_path / "checkpoint-4")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-4"]
    assert last(tmp_path / "none") is None


def test_a_full_disk_is_told_and_the_last_checkpoint_stays(made: Path, tmp_path: Path):
    """A limit on the size of files stands in for the disk: writing fails in the same way."""
    from transformers import TrainerCallback

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Fill(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))

    told = config(made, tmp_path)
    filled, base = trainer(told)
    filled.add_callback(Fill())
    try:
        with pytest.raises(RunError, match="checkpoint-4 is kept") as error:
            run(filled, told, base, "sft")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "make room" in error.value.hint
    assert losses(sft(told))[1] < 1


def test_it_stops_when_the_dev_file_gets_worse_and_keeps_the_best(made: Path, tmp_path: Path):
    rows.write(tmp_path / "dev.jsonl", [row(n, reply="glad") for n in range(2)])
    told = config(made, tmp_path / "out", dev=tmp_path / "dev.jsonl", steps=60, save_every=2, patience=2, seed=3)
    card = json.loads((sft(told) / "card.json").read_text())
    assert card["steps"] < 60 and card["dev_loss"]["best"] < card["dev_loss"]["last"]
    assert list(card["sha256"]) == ["data", "dev"]
    state = json.loads((Path(last(told.out / "checkpoints") or "") / "trainer_state.json").read_text())
    kept = weights(Path(state["best_model_checkpoint"]))
    assert all((kept[k] == v).all() for k, v in weights(told.out / "adapter").items())


def test_four_bit_on_a_cpu_that_stops_learning_is_an_error(made: Path, tmp_path: Path):
    pytest.importorskip("bitsandbytes")
    import torch
    from bitsandbytes.functional import has_avx512bf16
    from transformers import TrainerCallback

    with pytest.raises(ConfigError, match="stop learning"):
        trainer(config(made, tmp_path, method="qlora", dev=made / "text.jsonl"))

    class Look(TrainerCallback):
        """What an evaluation, or a sample of text, does to the weights."""

        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            if state.global_step == 4:
                model.eval()
                with torch.no_grad():
                    model(input_ids=torch.tensor([[5, 6, 7]]))
                model.train()

    if not has_avx512bf16():
        pytest.skip("bitsandbytes packs weights only where the CPU has AVX512-BF16")
    told = config(made, tmp_path / "out", method="qlora", save_every=100)
    looked, base = trainer(told)
    looked.add_callback(Look())
    with pytest.raises(ModelError, match="at step 4 the weights in 4 bit are packed"):
        run(looked, told, base, "sft")


def test_an_adapter_that_cannot_learn_is_an_error(made: Path, tmp_path: Path):
    import torch

    told = config(made, tmp_path)
    dead, base = trainer(told)
    with torch.no_grad():
        for name, weight in dead.model.named_parameters():
            if "lora_A" in name:
                weight.zero_()
    with pytest.raises(ModelError, match="all gradients are 0 at step 0"):
        run(dead, told, base, "sft")


def test_a_loss_that_is_no_number_is_an_error(made: Path, tmp_path: Path):
    import torch

    told = config(made, tmp_path, method="full")
    broken, base = trainer(told)
    with torch.no_grad():
        base.model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="no numbers at step 0"):
        run(broken, told, base, "sft")


def test_packed_rows_do_not_see_each_other(made: Path, tmp_path: Path):
    import torch

    packed, base = trainer(config(made, tmp_path, packing=True, max_length=200))
    batch = next(iter(packed.get_train_dataloader()))
    starts = [*(batch["position_ids"][0] == 0).nonzero().flatten().tolist(), batch["input_ids"].shape[1]]
    model = base.model.eval()
    with torch.no_grad():
        together = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"]).logits[0]
        assert len(starts) > 4
        for begin, end in itertools.pairwise(starts):
            alone = model(input_ids=batch["input_ids"][:, begin:end]).logits[0]
            assert (together[begin:end] - alone).abs().max() < 1e-3
    assert (batch["labels"] != -100).sum() == 8 * 4
    with pytest.raises(ConfigError, match="models that read only"):
        trainer(config(made, tmp_path, "llava", packing=True))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"stream": True}, "set `steps`"),
        ({"patience": 2}, "`patience` needs `dev`"),
        ({"method": "dora"}, "'method'"),
        ({"epoch": 3}, "'epoch'"),
        ({"data": "gone.jsonl"}, "gone.jsonl"),
        ({"max_length": 16}, "more than 16 tokens"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(made: Path, tmp_path: Path, keys: dict[str, Any], said: str):
    told = {"model": str(made / "llama"), "data": str(made / "text.jsonl"), "out": str(tmp_path / "out")} | keys
    (tmp_path / "sft.yaml").write_text(yaml.safe_dump(told))
    found = CliRunner().invoke(app, ["sft", str(tmp_path / "sft.yaml")])
    assert isinstance(found.exception, ConfigError) and said in str(found.exception)


def test_the_verb_prints_the_spec_alone(made: Path, tmp_path: Path):
    told = {"model": str(made / "llama"), "data": str(made / "text.jsonl"), "out": str(tmp_path / "out"), "steps": 1}
    (tmp_path / "sft.yaml").write_text(yaml.safe_dump(told))
    found = CliRunner().invoke(app, ["sft", str(tmp_path / "sft.yaml")])
    assert found.stdout == f"hf:{made / 'llama'}+{tmp_path / 'out/adapter'}\n", found.output


def test_the_configurations_that_ship():
    from accelerate.commands.config.config_args import load_config_from_file

    for name in ("sft.yaml", "sft-llava.yaml"):
        read(SFTConfig, CONFIGS / name)
    for path in (CONFIGS / "accelerate").glob("*.yaml"):
        found = load_config_from_file(str(path))
        assert found.num_processes == (1 if path.stem == "cpu" else 4)
