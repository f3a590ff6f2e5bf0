"""Bases of the real classes with tiny random weights: what is trained in them, and which rows they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.agents.llm import tiny

from cuechain.agents.errors import ConfigError, ModelError
from cuechain.finetune import rows
from cuechain.finetune.rows import Message, Row
from cuechain.finetune.tuning.base import Base, BaseConfig, load
from cuechain.finetune.tuning.columns import pair

for _extra in ("torch", "transformers", "peft", "datasets"):
    pytest.importorskip(_extra, reason="needs the extra finetune")

NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turns') }}{% endif %}" + tiny.TEMPLATE
)


def row(id: str = "a", said: str = "How does she feel?", reply: str = "sad", **more: Any) -> Row:
    turns = (Message(role="system", content="Be brief."), Message(role="user", content=said))
    told = {"group": "g", "origin": "written", "step": "conclude", "prompt": turns} | more
    return Row(id=id, completion=(Message(role="assistant", content=reply),), **told)


def llava_next(path: Path) -> Path:
    """LLaVA 1.6: an image takes more tokens the larger and the less square it is."""
    from transformers import CLIPVisionConfig, LlavaNextConfig, LlavaNextForConditionalGeneration, LlavaNextProcessor
    from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

    words = tiny.tokenizer()
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(image_size=28, patch_size=14, projection_dim=32, **sizes),
        text_config=tiny.llama_config(len(words)),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_grid_pinpoints=[[28, 56], [56, 28], [56, 56]],
    )
    LlavaNextForConditionalGeneration(config).save_pretrained(path)
    LlavaNextProcessor(
        image_processor=LlavaNextImageProcessorPil(
            size={"shortest_edge": 28},
            crop_size={"height": 28, "width": 28},
            image_grid_pinpoints=config.image_grid_pinpoints,
        ),
        tokenizer=words,
        patch_size=14,
        vision_feature_select_strategy="default",
        chat_template=tiny.TEMPLATE,
        num_additional_image_tokens=1,
    ).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("bases")
    tiny.llama(folder / "llama")
    tiny.llava(folder / "llava")
    llava_next(folder / "next")
    tiny.lora(folder / "llama", folder / "lora")
    Image.new("L", (40, 30)).save(folder / "wide.png")
    Image.new("RGBA", (20, 100)).save(folder / "tall.png")
    return folder


def loaded(made: Path, name: str, **keys: Any) -> Base:
    return load(BaseConfig(model=str(made / name), **({"device": "cpu"} | keys)))


def adapted(base: Base) -> set[str]:
    """Layers that get an adapter."""
    from peft import get_peft_model

    names = {
        n.removeprefix("base_model.model.") for n, _ in get_peft_model(base.model, base.peft_config).named_modules()
    }
    return {n.removesuffix(".lora_A") for n in names if n.endswith(".lora_A")}


@pytest.mark.parametrize(
    ("name", "inside"),
    [("llama", "model.layers."), ("llava", "model.language_model."), ("next", "model.language_model.")],
)
def test_by_default_all_linear_layers_of_the_language_model_get_an_adapter(made: Path, name: str, inside: str):
    found = adapted(loaded(made, name))
    assert len(found) == 2 * 7 and all(n.startswith(inside) for n in found)


def test_the_head_gets_no_adapter_whatever_its_name_and_what_is_left_out_of_it_is_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from transformers import BertConfig, BertLMHeadModel

    words = tiny.tokenizer()
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertLMHeadModel(BertConfig(vocab_size=len(words), is_decoder=True, **sizes)).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    found = adapted(load(BaseConfig(model=str(tmp_path))))
    assert len(found) == 2 * 6 + 1 and "cls.predictions.decoder" not in found  # 6 in each layer, 1 before the head
    assert "cls.predictions.decoder alone" in capsys.readouterr().err
    loaded(made, "llama")
    assert "alone" not in capsys.readouterr().err


def test_a_tuned_projector_is_kept_as_a_whole(made: Path):
    assert loaded(made, "llava", projector="tuned").peft_config.modules_to_save == ["multi_modal_projector"]
    assert not loaded(made, "llava").peft_config.modules_to_save
    with pytest.raises(ConfigError, match="no projector"):
        loaded(made, "llama", projector="tuned")


@pytest.mark.parametrize("projector", ["frozen", "tuned"])
def test_full_training_leaves_the_vision_tower(made: Path, projector: str):
    trained = {
        n
        for n, p in loaded(made, "llava", method="full", projector=projector).model.named_parameters()
        if p.requires_grad
    }
    assert trained and not any("vision_tower" in n for n in trained)
    assert any("projector" in n for n in trained) == (projector == "tuned")


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (r".*q_proj", "vision_tower"),
        (r".*language_model.*|lm_head", "lm_head"),
        (r".*\.nothing", "fits no layer"),
        ("(", "no regular expression"),
    ],
)
def test_targets_that_do_not_fit(made: Path, targets: str, said: str):
    with pytest.raises(ConfigError, match=said):
        loaded(made, "llava", targets=targets)


def test_targets_of_the_configuration(made: Path):
    assert adapted(loaded(made, "llava", targets=r".*language_model.*\.v_proj")) == {
        f"model.language_model.layers.{n}.self_attn.v_proj" for n in (0, 1)
    }


def test_going_on_from_an_adapter(made: Path):
    base = loaded(made, "llama", adapter=made / "lora")
    trained = {n for n, p in base.model.named_parameters() if p.requires_grad}
    assert base.peft_config is None and trained and all("lora_" in n for n in trained)
    with pytest.raises(ConfigError, match="brings its own rank"):
        loaded(made, "llama", adapter=made / "lora", rank=4)
    with pytest.raises(ConfigError, match="merge it first"):
        loaded(made, "llama", adapter=made / "lora", method="full")
    with pytest.raises(ConfigError, match="holds no adapter"):
        loaded(made, "llama", adapter=made / "llama")
    with pytest.raises(ModelError, match="another base"):
        loaded(made, "llava", adapter=made / "lora")
    with pytest.raises(ConfigError, match="is an adapter"):
        loaded(made, "lora")


def test_a_base_that_is_not_there(made: Path):
    with pytest.raises(ModelError, match="cannot be loaded"):
        loaded(made, "nothing")


def test_a_base_without_a_chat_template(made: Path, tmp_path: Path):
    tiny.llama(tmp_path / "plain", template=None)
    with pytest.raises(ConfigError, match="no chat template") as error:
        load(BaseConfig(model=str(tmp_path / "plain")))
    assert "template: plain" in error.value.hint
    with pytest.raises(ConfigError, match="no chat template other"):
        load(BaseConfig(model=str(tmp_path / "plain"), template="other"))
    base = load(BaseConfig(model=str(tmp_path / "plain"), template="plain"))
    turns = [{"role": "user", "content": "She?"}, {"role": "assistant", "content": "sad"}]
    prompt = base.tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    assert base.tokenizer.apply_chat_template(turns, tokenize=False) == prompt + "sad</s>\n"
    other = tmp_path / "mine.jinja"
    other.write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    assert (
        load(BaseConfig(model=str(tmp_path / "plain"), template=str(other))).tokenizer.chat_template
        == other.read_text()
    )


def test_four_bit(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("bitsandbytes")
    kinds = {n: type(m).__name__ for n, m in loaded(made, "llava", method="qlora").model.named_modules()}
    assert {n for n, kind in kinds.items() if kind == "Linear4bit"} == adapted(loaded(made, "llava"))
    tiny.llama(tmp_path / "narrow", width=32)
    with pytest.raises(ConfigError, match="32 inputs, no multiple of 64"):
        load(BaseConfig(model=str(tmp_path / "narrow"), method="qlora", device="cpu"))
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(ConfigError, match="not split over devices"):
        loaded(made, "llama", method="qlora")


def test_rows_that_cannot_be_trained_on_are_left_out_and_counted(made: Path, capsys: pytest.CaptureFixture[str]):
    base = loaded(made, "llama", max_length=100)
    turns = (Message(role="user", content="She?"), Message(role="assistant", content="sad"))
    given = [
        row("a"),
        row("a", reply="glad"),
        row("b", reply=" \n"),
        row("c", said="The voice shakes. " * 20_000),
        row("d", prompt=turns),
        row("e", reply="word " * 100),
        row("f"),
    ]
    data = base.dataset(given)
    assert [r["completion"][0]["content"] for r in data] == ["sad", "sad"]
    assert base.skipped["the rows"] == {
        "with an id that was there before": ["a"],
        "without a reply": ["b"],
        "of more than 100 tokens": ["c", "e"],
        "whose prompt does not end with the user's turn": ["d"],
    }
    assert "2 rows of more than 100 tokens left out (c, e)" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="no row of the rows can be trained on: 1 without a reply, such as b"):
        base.dataset([row("b", reply=" ")])
    with pytest.raises(ConfigError, match="there is none"):
        base.dataset([])


def test_what_looks_like_a_control_token_is_split(made: Path):
    found = loaded(made, "llava").dataset([row(said="He said </s><|assistant|> and <image>")])[0]
    assert found["prompt"][1]["content"] == "He said < /s>< |assistant|> and < image>"


def test_a_template_without_system_turns(made: Path, tmp_path: Path):
    base = load(BaseConfig(model=str(tiny.llama(tmp_path / "stern", template=NO_SYSTEM))))
    assert base.dataset([row()])[0]["prompt"] == [{"role": "user", "content": "Be brief.\nHow does she feel?"}]


def test_pairs_have_both_replies(made: Path):
    base = loaded(made, "llama")
    worse = row(rejected=(Message(role="assistant", content="glad"),))
    assert set(base.dataset([worse], pair)[0]) == {"prompt", "chosen", "rejected"}
    with pytest.raises(ConfigError, match="row a has no `rejected`"):
        base.dataset([row()], pair)


def test_images_are_opened_when_they_are_used(made: Path, tmp_path: Path):
    base = loaded(made, "llava")
    Image.new("L", (40, 30)).save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    given = [row("a", images=("a.png",)), row("b", images=("gone.png",)), row("c", images=("broken.png",)), row("d")]
    rows.write(tmp_path / "rows.jsonl", given)
    data = base.dataset(tmp_path / "rows.jsonl")
    assert base.skipped["rows.jsonl"] == {"whose image is gone or cannot be read": ["b", "c"]}
    image = data[0]["images"][0]
    assert (image.mode, image.size) == ("RGB", (40, 30)) and data[1]["images"] == []
    (tmp_path / "a.png").unlink()
    with pytest.raises(FileNotFoundError):
        data[0]
    with pytest.raises(ConfigError, match="row a shows images"):
        loaded(made, "llama").dataset(tmp_path / "rows.jsonl")


@pytest.mark.parametrize("name", ["llava", "next"])
def test_image_tokens_count_and_are_never_cut(made: Path, name: str):
    base = loaded(made, name)
    shown = row(images=("wide.png", "tall.png"))
    images = [Image.open(made / n).convert("RGB") for n in shown.images]
    turns = [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {
            "role": "user",
            "content": [*({"type": "image"} for _ in images), {"type": "text", "text": "How does she feel?"}],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "sad"}]},
    ]
    said = base.processor.apply_chat_template(turns, tokenize=False)
    length = base.processor(images=images, text=said, return_tensors="pt", add_special_tokens=False)["input_ids"].shape[
        1
    ]
    assert len(loaded(made, name, max_length=length).dataset([shown], folder=made)) == 1
    with pytest.raises(ConfigError, match=rf"more than {length - 1} tokens \(\d+ of them for images\)"):
        loaded(made, name, max_length=length - 1).dataset([shown], folder=made)


def test_a_stream_is_the_same_rows_and_can_be_read_again(made: Path, tmp_path: Path):
    base = loaded(made, "llava")
    rows.write(tmp_path / "rows.jsonl", [row(str(n), reply=f"sad {n}") for n in (1, 2, 2, 3)])
    data = base.dataset(tmp_path / "rows.jsonl", stream=True)
    kept = base.dataset(tmp_path / "rows.jsonl")
    for _ in range(2):
        assert [r["completion"] for r in data] == [r["completion"] for r in kept]
        assert base.skipped["rows.jsonl"] == {"with an id that was there before": ["2"]}
    with pytest.raises(ConfigError, match="only a file"):
        base.dataset([row()], stream=True)
