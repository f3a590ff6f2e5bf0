"""Tiny random models of real classes, saved to disk as a hub checkpoint would be."""

import json
from pathlib import Path
from typing import Any

from cuechain.agents.values import Answer

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for b in m['content'] %}"
    "{% if b['type'] == 'image' %}<image>{% else %}{{ b['text'] }}{% endif %}{% endfor %}{% endif %}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<pad>", "<s>", "</s>", "<image>", "<|user|>", "<|assistant|>", "<|system|>"]


def tokenizer(template: str | None = TEMPLATE) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE(unk_token=None))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    bpe.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    corpus = ["How does she feel? The voice shakes and the smile is small.", json.dumps(Answer().model_dump())] * 20
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, special_tokens=SPECIAL)
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens={"image_token": "<image>"},
    )
    made.padding_side = "left"
    made.chat_template = template
    return made


def llama_config(size: int, width: int = 64, layers: int = 2, **more: Any) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=size,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.2,
        **more,
    )


def llama(path: Path, *, seed: int = 0, template: str | None = TEMPLATE, width: int = 64, layers: int = 2) -> Path:
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(seed)
    words = tokenizer(template)
    LlamaForCausalLM(llama_config(len(words), width, layers)).save_pretrained(path)
    words.save_pretrained(path)
    return path


def closing_llama(path: Path) -> Path:
    """A Llama that wants to be done: it closes every string, list and object as soon as it may.

    One large constant entry of the embedding survives the final norm, so that a column of the head acts as a bias.
    """
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(0)
    words = tokenizer()
    model = LlamaForCausalLM(llama_config(len(words)))
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 500.0
        model.lm_head.weight[:, 0] = 0.0
        for text in ('"', '"]', '"}', "]", "}", '",', "</s>"):
            ids = words(text, add_special_tokens=False)["input_ids"]
            if len(ids) == 1:  # within a string a bracket closes nothing
                model.lm_head.weight[ids[0], 0] = 10.0 if '"' not in text else 11.0
    model.save_pretrained(path)
    words.save_pretrained(path)
    return path


def llava(path: Path) -> Path:
    import torch
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    torch.manual_seed(0)
    words = tokenizer()
    vision = CLIPVisionConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        projection_dim=32,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=llama_config(len(words)),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
    )
    LlavaForConditionalGeneration(config).save_pretrained(path)
    LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        tokenizer=words,
        patch_size=14,
        vision_feature_select_strategy="default",
        chat_template=TEMPLATE,
        num_additional_image_tokens=1,
    ).save_pretrained(path)
    return path


def lora(base: Path, path: Path, *, targets: Any = ("q_proj", "v_proj"), layers: Any = None) -> Any:
    """A random adapter, saved; returns the adapted model as it is in memory."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    config = LoraConfig(
        r=4,
        lora_alpha=64,
        task_type="CAUSAL_LM",
        target_modules=list(targets),
        layers_to_transform=layers,
        init_lora_weights=False,
    )
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config).eval()
    model.save_pretrained(path)
    return model


def lora_of_llava(base: Path, path: Path) -> Any:
    """A random adapter of the language part that replaces the projector, saved; returns the adapted model."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(7)
    config = LoraConfig(
        r=4,
        lora_alpha=64,
        task_type="CAUSAL_LM",
        target_modules=r".*language_model.*\.(q_proj|v_proj)",
        modules_to_save=["multi_modal_projector"],
        init_lora_weights=False,
    )
    model = get_peft_model(AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32), config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "modules_to_save" in name:
                weight.add_(0.05 * torch.randn_like(weight))
    model.save_pretrained(path)
    return model
