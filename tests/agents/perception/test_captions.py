"""Captions by a tiny LLaVA of the real classes, and what happens when the captioner cannot."""

import numpy as np
import pytest

from cuechain.agents.pipeline import perceive
from cuechain.agents.settings import load


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    path = tmp_path / "red.png"
    Image.fromarray(np.full((64, 96, 3), (200, 30, 30), np.uint8)).save(path)
    return path


def test_a_configured_captioner_describes_keyframes(picture, film, tmp_path):
    pytest.importorskip("transformers")
    from tests.agents.llm import tiny

    spec = f"hf:{tiny.llava(tmp_path / 'llava')}"
    settings = load(senses=("scene",), captioner=spec)
    said = [c for c in perceive(picture, settings).cues.values() if "captioning model" in c.text]
    assert len(said) == 1 and said[0].measures["captioner"] == spec and said[0].span is None
    shots = perceive(film(tmp_path / "two.mp4", seconds=4, shots=2), settings)
    assert len([c for c in shots.cues.values() if "captioning model" in c.text and c.span]) == 2
    assert not any("captioning" in c.text for c in perceive(picture, load(senses=("scene",))).cues.values())


def test_a_captioner_that_cannot_see_is_a_gap_beside_what_was_measured(picture):
    sheet = perceive(picture, load(senses=("scene",), captioner="rules"))
    assert sheet.cues and any("cannot see" in g.reason for g in sheet.gaps)


def test_a_model_made_for_captions_alone_just_writes(picture, tmp_path):
    pytest.importorskip("transformers")
    spec = f"hf:{blip(tmp_path / 'blip')}"
    (said,) = [
        c for c in perceive(picture, load(senses=("scene",), captioner=spec)).cues.values() if "captioning" in c.text
    ]
    assert said.text.startswith('a captioning model describes the picture as "picture picture')


def blip(path):
    """A tiny BLIP whose bias is for one word."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessorPil,
        BlipProcessor,
        PreTrainedTokenizerFast,
    )

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", "picture"]
    level = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    level.pre_tokenizer = pre_tokenizers.Whitespace()
    words = PreTrainedTokenizerFast(
        tokenizer_object=level,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        bos_token="[DEC]",
    )
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 4, "sep_token_id": 3, "eos_token_id": 3, "pad_token_id": 0}
    model = BlipForConditionalGeneration(
        BlipConfig(
            text_config={
                **small,
                **ends,
                "vocab_size": len(names),
                "encoder_hidden_size": 32,
                "max_position_embeddings": 64,
            },
            vision_config={**small, "image_size": 32, "patch_size": 16},
            image_text_hidden_size=16,
        )
    )
    with torch.no_grad():
        model.text_decoder.cls.predictions.bias[5] += 50
    model.save_pretrained(path)
    BlipProcessor(BlipImageProcessorPil(size={"height": 32, "width": 32}), words).save_pretrained(path)
    return path
