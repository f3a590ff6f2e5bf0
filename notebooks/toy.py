"""A toy language model for these notebooks: a real Llama of transformers, tiny, with random weights. It can learn answers by heart and
knows nothing else; it stands where a chat model of 7 or 8 billion weights would. Everything here runs in seconds on a CPU."""

import contextlib
import csv
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def quiet() -> None:
    """No progress bars, one thread."""
    warnings.filterwarnings("ignore", "IProgress")
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger("bitsandbytes").setLevel(logging.CRITICAL)
    import datasets
    import torch
    import transformers

    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def rows(out: Path, labelled: list[tuple[str, str]], question: str, teacher: str = "rules") -> list:
    """Rows for instruction tuning from labelled texts: perceived by the real senses, explained by a teacher."""
    from cuechain.finetune import rows as files
    from cuechain.finetune.data import RowsConfig, make

    out.mkdir(parents=True)
    with (out / "texts.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *labelled])
    source = {"kind": "corpus", "name": "texts", "table": out / "texts.csv", "columns": {"text": "text", "label": "label"}}
    source |= {"settings": {"cache": str(out / "cues")}, "teacher": teacher, "tasks": {"ask": 1}, "order": "label", "questions": [question]}
    make(RowsConfig.model_validate({"out": out, "dev": 0.0, "sources": [source]}))
    return list(files.read(out / "train.jsonl"))


def llama(folder: Path, texts: list[str]) -> Path:
    """A Llama of two narrow layers with random weights, and a tokenizer whose pieces are stretches of these very texts."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
    how = trainers.BpeTrainer(
        vocab_size=2000,
        max_token_length=200,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words.train_from_iterator(texts, how)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=4096, pad_token_id=0, bos_token_id=1, eos_token_id=2, initializer_range=0.1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def parrot(work: Path, labelled: list[tuple[str, str]], question: str, steps: int = 20) -> Path:
    """A toy that answers: all its weights are tuned until it says of these texts what the teacher says of them. Its folder."""
    from cuechain.finetune.sft import SFTConfig, sft

    quiet()
    held = rows(work / "parrot", labelled, question)
    base = llama(work / "parrot/base", [m.content for row in held for m in (*row.prompt, *row.completion)])
    how = {"rate": 5e-3, "batch": len(held), "accumulate": 1, "steps": steps, "warmup": 0.1, "log_every": steps, "device": "cpu"}
    config = SFTConfig(model=str(base), data=work / "parrot/train.jsonl", out=work / "parrot/sft", method="full", **how)
    with hushed():
        return sft(config)


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Without the lines and warnings that trainers write."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
