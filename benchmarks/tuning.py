"""What `cuechain finetune sft` costs beside TRL alone, and LLaVA-1.5-7B in 4 bit where there is a GPU.

    python benchmarks/tuning.py

- On the CPU: the same rows, the same small Llama with random weights and the same arguments, once by the command and once by SFTTrainer
  as TRL documents it, in turns in one process. CPU time from loading the base to the saved adapter; median of the ratios.
- On a GPU: LLaVA-1.5-7B's architecture with random weights (built and saved here, 14 GB), QLoRA with checkpointing on rows of one image and
  some text; by the command and by TRL alone. Of a step of LoRA, 4 floating-point operations count for each weight of the language model
  and token (forward, and backward to the inputs; Kaplan et al. 2020, arXiv:2001.08361, halved for weights that stay); what checkpointing
  computes again does not count.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from figures import Figure

from cuechain.finetune.rows import Message, Row, write
from cuechain.finetune.sft import SFTConfig, sft

TURNS = 3
PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12}
"""Dense bfloat16 operations per second, from the data sheets."""
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for b in m['content'] %}"
    "{% if b['type'] == 'image' %}<image>{% else %}{{ b['text'] }}{% endif %}{% endfor %}{% endif %}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SAID = "the voice shakes and rises (V1), the smile is small (F1), and the words are friendly (W1); how does she feel, and why? "


def tokenizer() -> Any:
    """Bytes alone, so that every row has as many tokens as characters."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<image>", "<|user|>", "<|assistant|>", "<|system|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate([*special, *letters])}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    made.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    made.add_special_tokens(special)
    words = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens={"image_token": "<image>"},
    )
    words.chat_template = TEMPLATE
    return words


def rows(count: int, images: tuple[str, ...] = ()) -> Iterator[Row]:
    """Rows of 500 to 1,000 characters."""
    for n in range(count):
        prompt = (Message(role="user", content=f"{n} " + SAID * (4 + n % 5)),)
        reply = (Message(role="assistant", content=f'{{"emotion": "fear", "cites": ["V{n % 9}"]}}'),)
        told: dict[str, Any] = {"group": str(n), "origin": "generated", "step": "conclude", "images": images}
        yield Row(id=str(n), prompt=prompt, completion=reply, **told)


def plain(config: SFTConfig) -> float:
    """TRL alone with the same arguments; seconds of training, without loading."""
    import trl
    from datasets import Dataset, Image, List
    from peft import LoraConfig
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

    from cuechain.finetune import rows as files
    from cuechain.finetune.tuning.base import four_bit
    from cuechain.finetune.tuning.columns import completion
    from cuechain.finetune.tuning.training import arguments

    sees = hasattr(AutoConfig.from_pretrained(config.model), "vision_config")
    kind = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    more = four_bit(config) if config.method == "qlora" else {}
    model = kind.from_pretrained(config.model, dtype="bfloat16" if config.bf16 else "float32", **more)
    found = [completion(r) | ({"images": list(r.images)} if sees else {}) for r in files.read(config.data)]
    data = Dataset.from_list(found)
    made = trl.SFTTrainer(
        model=model,
        args=trl.SFTConfig(**arguments(config)),
        train_dataset=data.cast_column("images", List(Image())) if sees else data,
        processing_class=(AutoProcessor if sees else AutoTokenizer).from_pretrained(config.model),
        peft_config=LoraConfig(
            r=config.rank,
            lora_alpha=config.alpha,
            lora_dropout=config.dropout,
            task_type="CAUSAL_LM",
            target_modules=(r".*language_model.*\." if sees else r".*\.") + "(q|k|v|o|gate|up|down)_proj",
        ),
    )
    done = made.train()
    made.save_model(str(config.out / "adapter"))
    return float(done.metrics["train_runtime"])


def on_cpu() -> Iterator[Figure]:
    """The ratio of CPU times, on a Llama of 2 layers and 0.4 million weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    words, ratios = tokenizer(), list[float]()
    sizes = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **sizes)).save_pretrained(folder / "base")
        words.save_pretrained(folder / "base")
        write(folder / "rows.jsonl", rows(32))
        for turn in range(TURNS + 1):
            took: dict[str, float] = {}
            for who, work in (("command", sft), ("trl", plain)):
                told = SFTConfig(
                    model=str(folder / "base"),
                    data=folder / "rows.jsonl",
                    out=folder / f"{who}-{turn}",
                    device="cpu",
                    steps=8,
                    accumulate=1,
                )
                begin = time.process_time()
                work(told)
                took[who] = time.process_time() - begin
            if turn:  # the first one pays for imports
                ratios.append(took["command"] / took["trl"])
    value = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    data = "generated rows, random weights"
    yield Figure("finetune sft", "CPU time / TRL alone, whole run", value, "TRL alone 1", TURNS, data)


def on_gpu(steps: int = 20) -> Iterator[Figure]:
    """QLoRA of LLaVA-1.5-7B: memory, speed, share of the card's peak."""
    import torch
    from PIL import Image
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    words = tokenizer()
    vision = CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        image_size=336,
        patch_size=14,
        projection_dim=768,
    )
    # The defaults of LlamaConfig are those of the 7B model.
    config = LlavaConfig(
        vision_config=vision,
        text_config=LlamaConfig(vocab_size=32064, max_position_embeddings=4096, pad_token_id=0),
        image_token_id=words.convert_tokens_to_ids("<image>"),
    )
    card = torch.cuda.get_device_name()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with torch.device("cuda"):
            torch.set_default_dtype(torch.bfloat16)
            made = LlavaForConditionalGeneration(config)
            torch.set_default_dtype(torch.float32)
        weights = sum(p.numel() for n, p in made.named_parameters() if "language_model" in n and "embed" not in n)
        made.save_pretrained(folder / "base")
        del made
        torch.cuda.empty_cache()
        LlavaProcessor(
            image_processor=CLIPImageProcessorPil(size={"shortest_edge": 336}, crop_size={"height": 336, "width": 336}),
            tokenizer=words,
            patch_size=14,
            vision_feature_select_strategy="default",
            chat_template=TEMPLATE,
            num_additional_image_tokens=1,
        ).save_pretrained(folder / "base")
        Image.effect_noise((640, 480), 60).convert("RGB").save(folder / "a.png")
        write(folder / "rows.jsonl", rows(steps * 4, (str(folder / "a.png"),)))
        took: dict[str, float] = {}
        for who, work in (("command", sft), ("trl", plain)):
            told = SFTConfig(
                model=str(folder / "base"),
                data=folder / "rows.jsonl",
                out=folder / who,
                method="qlora",
                checkpointing=True,
                steps=steps,
                batch=4,
                accumulate=1,
                log_every=steps,
            )
            torch.cuda.reset_peak_memory_stats()
            found = work(told)
            took[who] = found if isinstance(found, float) else _seconds(told)
            if who == "command":
                peak = torch.cuda.max_memory_allocated() / 2**30
                tokens = 4 * steps * (576 + sum(_length(r) for r in rows(steps * 4)) / (4 * steps))
            torch.cuda.empty_cache()
    rate = tokens / took["command"]
    limit = next((v for k, v in PEAK.items() if k in card), None)
    data = f"LLaVA-1.5-7B, random weights, QLoRA, 4 rows of one image, {card}"
    yield Figure("finetune sft", "peak memory, GiB", f"{peak:.1f}", "goal 16", steps, data)
    yield Figure("finetune sft", "tokens/s", f"{rate:.0f}", f"TRL alone {tokens / took['trl']:.0f}", steps, data)
    if limit:
        yield Figure("finetune sft", "share of bf16 peak", f"{4 * weights * rate / limit:.1%}", "-", steps, data)


def _length(row: Row) -> int:
    """Tokens of a row without its image: its bytes, and the tokens of the template."""
    return len(row.prompt[0].content) + len(row.completion[0].content) + 4


def _seconds(config: SFTConfig) -> float:
    """Seconds that training took, from the log of the last checkpoint's run."""
    import json

    return float(json.loads((config.out / "adapter/card.json").read_text(encoding="utf-8"))["seconds"])


def figures(data: Path) -> Iterator[Figure]:
    """The ratio on the CPU, and LLaVA where there is a CUDA device; `data` is not used."""
    import torch

    yield from on_cpu()
    if torch.cuda.is_available():
        yield from on_gpu()
    else:
        print("tuning: LLaVA-1.5-7B in 4 bit was not run, for there is no CUDA device", file=sys.stderr)


if __name__ == "__main__":
    for figure in figures(Path()):
        print(figure.sense, figure.what, figure.value, figure.baseline, figure.n, figure.data, sep=" | ")
