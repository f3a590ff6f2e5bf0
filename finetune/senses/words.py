"""`cuechain finetune words`: the words model. MiniLM learns four heads at once; the running mean of its weights is exported to int8.

A run goes through the comments a few times; beside every batch of them goes one of the other corpora in turn. Thresholds and calibration
come from GoEmotions' development part; its test part is read by `benchmarks/words.py` alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cuechain.agents.errors import MissingExtraError
from cuechain.agents.perception.texts.reading import FEELINGS, INTENSE, LIMIT, OUTPUTS, REACTIONS, batch
from cuechain.finetune.config import WordsConfig, read
from cuechain.finetune.embedded.encoder import encoder_folder
from cuechain.finetune.senses.words_data import Text, comments, events, held_out, intensities, polarities, shares, told
from cuechain.finetune.senses.words_export import export

if TYPE_CHECKING:
    from torch import Tensor, nn

SHARE = {"feelings": 1.0, "valence": 6.0, "intensity": 1.0, "reaction": 0.6}
"""Weight of each head in the loss where it is trained: ours, so that the first one leads."""

BESIDE = ("valence", "reaction", "intensity", "reaction", "valence")
"""Whose turn it is beside a batch of comments."""

MANY, LONG = 24, 48
"""Texts of the other corpus in a step, and their tokens at most: one long review would pad all the others."""

DROPPED = 0.1
"""Share of features that are dropped in training."""

AVERAGED = 0.999
"""Decay of the running mean of the weights."""


def build(folder: Path, seed: int) -> nn.Module:
    """The network: a pretrained encoder, the mean of its last layer, four linear heads.

    Raises:
        MissingExtraError: torch or transformers are not installed.
    """
    try:
        import torch
        from torch import nn
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtraError("training of the words model", "finetune") from error

    torch.manual_seed(seed)

    class WordsNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = AutoModel.from_pretrained(
                folder, add_pooling_layer=False, attn_implementation="eager", attention_probs_dropout_prob=0.0
            )
            width: int = self.bert.config.hidden_size
            self.drop = nn.Dropout(DROPPED)
            self.feelings = nn.Linear(width, len(FEELINGS))
            self.valence = nn.Linear(width, 1)
            self.intensity = nn.Linear(width, len(INTENSE))
            self.reaction = nn.Linear(width, len(REACTIONS))

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
            hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            share = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = self.drop((hidden * share).sum(1) / share.sum(1))
            return self.feelings(mean), self.valence(mean), self.intensity(mean), self.reaction(mean)

    class SharedDropout(nn.Module):
        """Dropout of whole features for all tokens of a text (Gal & Ghahramani 2016): twenty times fewer random numbers, which is a
        third of a step on a CPU."""

        def forward(self, x: Tensor) -> Tensor:
            if not self.training:
                return x
            kept = torch.rand(x.shape[0], *[1] * (x.dim() - 2), x.shape[-1]) >= DROPPED
            return x * (kept.to(x.dtype) / (1 - DROPPED))

    net = WordsNet()
    net.bert.embeddings.dropout = SharedDropout()
    for layer in net.bert.encoder.layer:
        layer.attention.output.dropout = layer.output.dropout = SharedDropout()
    return net


class Corpora:
    """The training parts of all corpora as token ids with targets."""

    def __init__(self, train: Path, encode: Callable[[str], list[int]]) -> None:
        self._encode = encode
        self.feelings = [self._row(t) for t in comments(train / "goemotions", "train")]
        self.valence = [self._row(t) for t in polarities(train)]
        rated = [t for part in ("train", "dev") for t in intensities(train / "brighter_eng", part)]
        self.intensity = [self._row(t) for t in rated]
        everything = events(train / "atomic")
        unseen = held_out(iter(everything))
        self._events = [(event, shares(counts)) for event, counts in everything.items() if event not in unseen]
        # What tells of nothing in particular makes nobody feel anything in particular.
        self._plain = [(ids, t) for ids, t in self.feelings if t[-1] and sum(t) == 1]

    def _row(self, one: Text) -> tuple[list[int], tuple[float, ...]]:
        return self._encode(one.text), one.target

    def reactions(self, chance: random.Random) -> list[tuple[list[int], tuple[float, ...]]]:
        """Events as somebody would tell them, two parts of three, and plain comments."""
        some = chance.sample(self._events, MANY * 2 // 3)
        found = [(self._encode(told(event, chance)), target) for event, target in some]
        calm = tuple(0.9 if name == "neutral" else 0.1 / (len(REACTIONS) - 1) for name in REACTIONS)
        return found + [(ids, calm) for ids, _ in chance.sample(self._plain, MANY - len(found))]


def train(config: WordsConfig, tell: Callable[[str], None]) -> Path:
    """The file of the averaged weights. A run that was stopped goes on from its last checkpoint."""
    import torch
    from tokenizers import Tokenizer

    done = config.out / "words.pt"
    if done.is_file():
        return done
    config.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.threads)
    source = encoder_folder(config.encoder)
    tokenizer: Any = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    corpora = Corpora(config.source / "train", lambda text: tokenizer.encode(text[:2000]).ids[:LIMIT])
    net = build(source, config.seed)
    mean = {name: value.detach().clone() for name, value in net.state_dict().items()}
    optimizer = _optimizer(net, config.rate)
    each = len(corpora.feelings) // config.batch
    total, step = each * config.epochs, 0
    last = config.out / "last.pt"
    if last.is_file():
        begun = torch.load(last, map_location="cpu", weights_only=True)
        net.load_state_dict(begun["net"])
        optimizer.load_state_dict(begun["optimizer"])
        mean, step = begun["mean"], begun["step"]
    net.train()
    order: list[list[int]] = []
    while step < total:
        if not order or step % each == 0:
            order = _batches(corpora.feelings, config.batch, random.Random(f"{config.seed}/{step // each}"))
        chance = random.Random(f"{config.seed}/step/{step}")
        torch.manual_seed(chance.randrange(2**31))
        height = min((step + 1) / (0.06 * total), (total - step) / (0.94 * total))
        for group in optimizer.param_groups:
            group["lr"] = group["top"] * height
        beside = BESIDE[step % len(BESIDE)]
        other = corpora.reactions(chance) if beside == "reaction" else chance.sample(getattr(corpora, beside), MANY)
        losses = _step(net, optimizer, [corpora.feelings[i] for i in order[step % each]], beside, other)
        step += 1
        # The mean starts with the second half: before, the weights still travel.
        decay = AVERAGED if step > total // 2 else 0.0
        for name, value in net.state_dict().items():
            mean[name].lerp_(value, 1 - decay) if value.is_floating_point() else mean[name].copy_(value)
        if step % 50 == 0:
            tell(f"{step}/{total} " + " ".join(f"{k} {v:.3f}" for k, v in losses.items()))
        if step % config.save_every == 0:
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "mean": mean, "step": step}
            torch.save(state, last.with_suffix(".part"))
            last.with_suffix(".part").replace(last)
    torch.save(mean, done)
    return done


def _batches(rows: Sequence[tuple[list[int], Any]], size: int, chance: random.Random) -> list[list[int]]:
    """Indices in batches of like length, in random order: little is spent on padding."""
    order = list(range(len(rows)))
    chance.shuffle(order)
    pools = [sorted(order[i : i + 50 * size], key=lambda i: len(rows[i][0])) for i in range(0, len(order), 50 * size)]
    found = [pool[i : i + size] for pool in pools for i in range(0, len(pool), size)]
    found = [part for part in found if len(part) == size]
    chance.shuffle(found)
    return found


def _optimizer(net: Any, rate: float) -> Any:
    """AdamW; lower layers learn slower by a tenth each, heads ten times as fast."""
    import torch

    layers = len(net.bert.encoder.layer)
    groups: dict[float, list[Any]] = {}
    for name, parameter in net.named_parameters():
        if not name.startswith("bert."):
            factor = 10.0
        elif name.startswith("bert.encoder.layer."):
            factor = 0.9 ** (layers - 1 - int(name.split(".")[3]))
        else:
            factor = 0.9**layers
        groups.setdefault(factor, []).append(parameter)
    return torch.optim.AdamW(
        [{"params": some, "lr": rate * f, "top": rate * f} for f, some in groups.items()], weight_decay=0.01
    )


Row = tuple[list[int], tuple[float, ...]]


def _step(net: Any, optimizer: Any, rows: list[Row], beside: str, others: list[Row]) -> dict[str, float]:
    import torch
    from torch.nn import functional as F

    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        said = net(**_tensors([ids for ids, _ in rows]))[0].float()
        other = net(**_tensors([ids[:LONG] for ids, _ in others]))[OUTPUTS.index(beside)].float()
    right, wanted = torch.tensor([t for _, t in rows]), torch.tensor([t for _, t in others])
    losses: dict[str, Any] = {
        "feelings": F.binary_cross_entropy_with_logits(said, right, reduction="none").sum(1).mean()
    }
    if beside == "valence":
        losses[beside] = F.mse_loss(other, wanted)
    elif beside == "intensity":
        losses[beside] = F.binary_cross_entropy_with_logits(other, wanted, reduction="none").sum(1).mean()
    else:
        losses[beside] = F.cross_entropy(other, wanted)
    sum(SHARE[name] * loss for name, loss in losses.items()).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def _tensors(ids: list[list[int]]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(value) for name, value in batch(ids).items()}


def main(config: Annotated[Path, typer.Option(help="YAML file of a WordsConfig.")]) -> None:
    """Train the words model and write its weights for the product; a run that was stopped goes on."""
    settings = read(WordsConfig, config)
    for name, value in export(settings, train(settings, typer.echo)).items():
        typer.echo(f"{name}: {value:.4f}")


if __name__ == "__main__":
    typer.run(main)
