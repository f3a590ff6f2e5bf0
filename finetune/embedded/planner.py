"""`cuechain finetune planner`: trains the embedded planner from a pretrained encoder, in stages, on the CPU.

What a batch costs is in losses.py. Each step draws its batch from a seed of its own: a run that was stopped goes on
as if it had not been.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.serialise import batch, label_row, row
from cuechain.agents.values import EKMAN
from cuechain.finetune.config import CORPUS, PlannerConfig, Stage, read
from cuechain.finetune.embedded.augment import augmented
from cuechain.finetune.embedded.encoder import build, encoder_folder
from cuechain.finetune.embedded.examples import Example, read_examples
from cuechain.finetune.embedded.lines import Lines, read_lines
from cuechain.finetune.embedded.losses import SHARE, Priors
from cuechain.finetune.embedded.losses import losses as slot_losses

if TYPE_CHECKING:
    from tokenizers import Tokenizer


BARE = ("texts", "talk")
"""Files whose sheets hold one text each and stay as they are."""


UNSEEN = 400
"""Texts of corpora's development parts that calibrate what texts alone say."""


def drawn(examples: list[Example], count: int, stage: Stage, chance: random.Random, alike: bool) -> list[Example]:
    """Some examples of a file; with `alike`, of similar length, which spares padding."""
    if not alike:
        return chance.choices(examples, k=count)
    some = chance.choices(examples, k=count * 6)
    some.sort(key=lambda e: sum(len(c.text) for c in e.sheet.cues.values()))
    first = chance.randrange(len(some) - count + 1)
    return some[first : first + count]


def train(config: PlannerConfig, tell: Any = print) -> Path:
    """Run the stages, going on from the last checkpoint; the finished network's file.

    Raises:
        ConfigError: A file of examples is missing.
        MissingExtraError: torch or transformers are not installed.
    """
    source = encoder_folder(config.encoder)
    net = build(source, seed=config.seed)
    import torch
    from tokenizers import Tokenizer

    torch.set_num_threads(config.threads)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    names = sorted({name for stage in config.stages for name in stage.mix})
    files = {name: read_examples(config.data / f"{name}.jsonl") for name in names}
    held = [x for found in files.values() for x in found if x.author in config.hold_out]
    files = {name: [x for x in found if x.author not in config.hold_out] for name, found in files.items()}
    if empty := [name for name, found in files.items() if not found]:
        raise ConfigError(f"no examples in {empty[0]}.jsonl", "run `cuechain finetune data` first")
    lines = read_lines(CORPUS / "lines" / "train")
    priors = Priors(files["texts"]) if "texts" in files else None
    if config.start is not None:
        _begin(net, config.start)
    config.out.mkdir(parents=True, exist_ok=True)
    last = config.out / "last.pt"
    begun = torch.load(last, map_location="cpu", weights_only=True) if last.is_file() else None
    if begun is not None:
        net.load_state_dict(begun["net"])
    for number, stage in enumerate(config.stages):
        if begun is not None and begun["stage"] > number:
            continue
        _freeze(net, stage.frozen)
        optimizer = _optimizer(net, stage.rate)
        step = 0
        if begun is not None and begun["stage"] == number:
            optimizer.load_state_dict(begun["optimizer"])
            step = begun["step"]
        net.train()
        while step < stage.steps:
            chance = random.Random(f"{config.seed}/{stage.name}/{step}")
            torch.manual_seed(chance.randrange(2**31))
            losses = _step(net, optimizer, files, stage, step, chance, tokenizer, priors, lines)
            step += 1
            if step % 20 == 0 or step == stage.steps:
                tell(f"{stage.name} {step}/{stage.steps} " + " ".join(f"{k} {v:.3f}" for k, v in losses.items()))
            if step % config.save_every == 0 or step == stage.steps:
                _save(
                    {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "stage": number, "step": step}, last
                )
        _save(net.state_dict(), config.out / f"stage-{stage.name}.pt")
    done = config.out / "planner.pt"
    _save(net.state_dict(), done)
    if held:
        unseen = config.data / "texts_dev.jsonl"  # texts have their own calibration
        held += read_examples(unseen)[:UNSEEN] if unseen.is_file() else []
        predict(net, tokenizer, held, config.out / "predictions.jsonl")
    return done


def _begin(net: Any, path: Path) -> None:
    """Take a checkpoint's weights: all of a planner's, or the encoder of the words model.

    Raises:
        ConfigError: It is not there, or of another size.
    """
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    own = {name: value.shape for name, value in net.state_dict().items()}
    fits = {name: value for name, value in found.items() if own.get(name) == value.shape}
    if lost := [name for name in own if name.startswith("bert.") and name not in fits]:
        raise ConfigError(f"{path} is of another network: it has no {lost[0]} of this size")
    net.load_state_dict(fits, strict=False)


def _save(state: Any, path: Path) -> None:
    import torch

    beside = path.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(path)


def _freeze(net: Any, layers: int) -> None:
    """Leave the lowest layers and the word table as they are; 0 trains everything."""
    still = [net.bert.embeddings, *net.bert.encoder.layer[:layers]] if layers else []
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    for part in still:
        part.requires_grad_(False)


def _optimizer(net: Any, rate: float) -> Any:
    import torch

    heads = [p for n, p in net.named_parameters() if not n.startswith("bert.")]
    return torch.optim.AdamW(
        [
            {"params": [p for p in net.bert.parameters() if p.requires_grad], "lr": rate, "top": rate},
            {"params": heads, "lr": rate * 10, "top": rate * 10},
        ],
        weight_decay=0.01,
    )


def _step(
    net: Any,
    optimizer: Any,
    files: dict[str, list[Example]],
    stage: Stage,
    step: int,
    chance: random.Random,
    tokenizer: Tokenizer,
    priors: Priors | None,
    lines: Lines,
) -> dict[str, float]:
    import torch

    warm = max(1, stage.steps // 10)
    height = (step + 1) / warm if step < warm else (stage.steps - step) / (stage.steps - warm + 1)
    for group in optimizer.param_groups:
        group["lr"] = group["top"] * height
    examples: list[Example] = []
    for name, count in sorted(stage.mix.items()):
        some = drawn(files[name], count, stage, chance, alike=name in BARE)
        if name not in BARE:
            others = chance.choices(files[name], k=count)
            some = [augmented(x, chance, o, lines) for x, o in zip(some, others, strict=True)]
        examples += some
    losses = slot_losses(net, examples, chance, tokenizer, priors)
    total = sum(SHARE[name] * value for name, value in losses.items())
    optimizer.zero_grad(set_to_none=True)
    total.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return {name: float(value.detach()) for name, value in losses.items()}


def predict(net: Any, tokenizer: Tokenizer, examples: list[Example], path: Path) -> None:
    """Write raw scores of examples, Ekman's labels asked for: what calibration and the fusion are fitted on."""
    import torch

    net.eval()
    with torch.inference_mode(), path.open("w", encoding="utf-8") as out:
        label = net(**_tensors([label_row(tokenizer, name) for name in EKMAN]))[1]
        for example in examples:
            one = row(tokenizer, example.sheet, example.question, example.person)
            sheet, _, relation, sentiment, abstain, _, weight = net(**_tensors([one]))
            found = {
                "id": example.id,
                "author": example.author,
                "emotion": (sheet @ label.T)[0].tolist(),
                "relation": relation[0].tolist(),
                "sentiment": sentiment[0].tolist(),
                "abstain": float(abstain[0]),
                "weight": dict(zip(one.cues, weight[0].tolist(), strict=False)),
            }
            out.write(json.dumps(found) + "\n")


def _tensors(rows: list[Any]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(value) for name, value in batch(rows).items()}


def main(config: Annotated[Path, typer.Option(help="YAML file of a PlannerConfig.")]) -> None:
    """Train the planner; a run that was stopped goes on."""
    typer.echo(train(read(PlannerConfig, config), typer.echo))


if __name__ == "__main__":
    typer.run(main)
