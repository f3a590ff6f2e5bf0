"""Adapters of tiny random models, merged, converted and named for `ask`."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image
from tests.agents.llm import tiny
from typer.testing import CliRunner

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError, ModelError, RunError
from cuechain.finetune.cli import app
from cuechain.finetune.config import read
from cuechain.finetune.tuning.merge import TOLERANCE, MergeConfig, export

for _extra in ("torch", "transformers", "peft"):
    pytest.importorskip(_extra, reason="needs the extra finetune")

CONFIGS = Path(__file__).parents[2] / "finetune/configs"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("merge")
    tiny.llama(folder / "llama")
    tiny.llava(folder / "llava")
    tiny.lora(folder / "llama", folder / "text")
    tiny.lora_of_llava(folder / "llava", folder / "seen")
    return folder


def told(made: Path, adapter: str, out: Path | None, **keys: Any) -> MergeConfig:
    return MergeConfig(adapter=made / adapter, out=out, device="cpu", **keys)


def held(spec: str) -> Any:
    return llm.load(spec, settings.load(max_tokens=16, device="cpu")).chat.checkpoint


def logits(checkpoint: Any, image: bool) -> Any:
    import torch

    text = "<s><|user|>" + "<image>" * image + "How does she feel?</s><|assistant|>"
    if image:
        red = Image.new("RGB", (28, 28), "red")
        batch = checkpoint.processor(images=red, text=text, return_tensors="pt", add_special_tokens=False)
    else:
        batch = checkpoint.tokenizer(text, return_tensors="pt", add_special_tokens=False)
    with torch.inference_mode():
        return checkpoint.model(**batch).logits


@pytest.mark.parametrize(("base", "adapter", "image"), [("llama", "text", False), ("llava", "seen", True)])
def test_a_merged_model_says_what_base_and_adapter_said(
    made: Path, tmp_path: Path, base: str, adapter: str, image: bool
):
    spec = export(told(made, adapter, tmp_path / "merged"))
    assert spec == f"hf:{tmp_path / 'merged'}"
    one = logits(held(f"hf:{made / base}+{made / adapter}"), image)
    two, without = logits(held(spec), image), logits(held(f"hf:{made / base}"), image)
    assert (one - two).abs().max() <= TOLERANCE["float32"] * one.abs().max()
    assert (one - without).abs().max() > 0.1 * one.abs().max()
    assert not list(tmp_path.glob("*.part"))


def test_in_bfloat16_it_is_the_same_but_for_rounding(made: Path, tmp_path: Path):
    one = logits(held(f"hf:{made / 'llama'}+{made / 'text'}"), image=False)
    two = logits(held(export(told(made, "text", tmp_path / "merged", dtype="bfloat16"))), image=False)
    assert 0 < (one - two).abs().max() <= TOLERANCE["bfloat16"] * one.abs().max()


def test_an_adapter_that_is_kept(made: Path):
    assert export(told(made, "text", None)) == f"hf:{made / 'llama'}+{made / 'text'}"


def test_in_eight_bit_the_next_tokens_are_nearly_the_same(made: Path, tmp_path: Path):
    ctranslate2 = pytest.importorskip("ctranslate2")
    import numpy as np

    spec = export(told(made, "text", tmp_path / "merged", int8=True))
    assert spec == f"hf:{tmp_path / 'merged'}"
    checkpoint = held(spec)
    ids = checkpoint.tokenizer("<s><|user|>How does she feel?</s>", add_special_tokens=False)["input_ids"]
    words = checkpoint.tokenizer.convert_ids_to_tokens(ids)
    served = ctranslate2.Generator(str(tmp_path / "merged/int8"), device="cpu", intra_threads=1)
    two = np.array(served.forward_batch([words]))[0]
    import torch

    with torch.inference_mode():
        one = checkpoint.model(input_ids=torch.tensor([ids])).logits[0].numpy()
    assert two.shape == one.shape
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.99
    assert (tmp_path / "merged/int8/tokenizer.json").is_file()


@pytest.mark.parametrize(
    ("adapter", "keys", "kind", "said"),
    [
        ("text", {"model": "llava"}, ModelError, "adapter of another base"),
        ("seen", {"int8": True}, ConfigError, "CTranslate2 does not take"),
        ("llama", {}, ConfigError, "holds no adapter"),
        ("text", {"push": "mine"}, ConfigError, "has no owner"),
        ("text", {"push": "a/b/c"}, ConfigError, "push: "),
        ("text", {"push": "me/mine"}, ConfigError, "HF_HUB_OFFLINE"),
    ],
)
def test_what_cannot_be_exported_is_told_and_leaves_nothing(
    made: Path, tmp_path: Path, adapter: str, keys: dict[str, Any], kind: type[Exception], said: str
):
    keys = keys | ({"model": str(made / keys["model"])} if "model" in keys else {})
    with pytest.raises(kind, match=said):
        export(told(made, adapter, tmp_path / "merged", **keys))
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_written_over(made: Path, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ConfigError, match="is there already"):
        export(told(made, "text", tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_full_disk_leaves_nothing(made: Path, tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(RunError, match="cannot write"):
            export(told(made, "text", tmp_path / "merged"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"model": "x"}, "nothing to do with a `model` alone"),
        ({"adapter": "x", "int8": True}, "`int8` needs `out`"),
        ({"adapter": "x", "checkpoint": "y"}, "'checkpoint'"),
        ({"out": "x"}, "'data'"),  # as a file of the embedded planner
        ({"checkpoint": "x", "data": "y", "out": "z", "encoder": "none"}, "encoder"),
    ],
)
def test_the_verb_reads_both_kinds_of_file(tmp_path: Path, keys: dict[str, Any], said: str):
    (tmp_path / "export.yaml").write_text(yaml.safe_dump(keys))
    found = CliRunner().invoke(app, ["export", str(tmp_path / "export.yaml")])
    assert isinstance(found.exception, ConfigError) and said in str(found.exception)


def test_the_verb_prints_the_spec(made: Path, tmp_path: Path):
    (tmp_path / "export.yaml").write_text(f"adapter: {made / 'text'}\n")
    found = CliRunner().invoke(app, ["export", str(tmp_path / "export.yaml")])
    assert found.stdout == f"hf:{made / 'llama'}+{made / 'text'}\n"


def test_the_configuration_that_ships():
    assert read(MergeConfig, CONFIGS / "merge.yaml").int8
