"""Rows in the form that each trainer of preferences wants: pairs, replies with a thumb, or prompts with what rewards need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cuechain.agents.errors import ConfigError
from cuechain.finetune.judged import is_answer
from cuechain.finetune.rows import Row, read, write
from cuechain.finetune.tuning.base import Base
from cuechain.finetune.tuning.card import digest
from cuechain.finetune.tuning.columns import pair
from cuechain.finetune.tuning.online import PairsConfig, makers
from cuechain.finetune.tuning.pairs import Tally, pairs

Left = dict[str, list[str]]
"""Why rows were left out, to their ids."""


def paired(path: Path, out: Path, config: PairsConfig, seed: int, tell: Callable[[str], None], *, cpu: bool) -> Path:
    """The pairs of a file with those that are made, in a folder where a later start finds them again.

    Args:
        path: Pairs, or rows that get pairs.
        out: Folder for the pairs.
        config: Which are made, and of what.
        seed: Of everything random.
        tell: Gets a line for each kind.
        cpu: Whether training runs on the CPU, where there may be a GPU as well.

    Raises:
        ConfigError: A file or flaw that is not there, or no model where one is needed.
        ModelError: The model fails.
    """
    from accelerate import PartialState

    sources = [path] if config.rows is None else [path, config.rows]
    key = f"{config.model_dump_json()}{seed}{[(digest(p), str(p.parent.resolve())) for p in sources]}"
    made = out / f"pairs-{sha256(key.encode()).hexdigest()[:12]}" / path.name
    with PartialState(cpu=cpu).main_process_first():
        if not made.is_file():
            tally = Tally()
            rows = (_placed(row, source.parent) for source in sources for row in read(source))
            write(made, pairs(rows, config.flaws, seed, tally, makers(config)))
            for line in tally.lines():
                tell(line)
    return made


def _placed(row: Row, folder: Path) -> Row:
    """Paths of images that hold from another folder."""
    return (
        row.model_copy(update={"images": tuple(str((folder / i).resolve()) for i in row.images)}) if row.images else row
    )


def dataset(base: Base, path: Path, trainer: str, *, seed: int, stream: bool) -> Any:
    """The rows of a file as a dataset for dpo, kto or grpo; what is left out is told, and kept in `base.skipped`.

    Raises:
        ConfigError: No row is left, or one is of another kind.
    """
    columns, sift = {"dpo": (pair, _differing), "kto": (thumbed, _unpaired), "grpo": (prompted, _rewarded)}[trainer]
    made = base.dataset(path, columns, sift=sift, stream=stream)
    # The trainer takes them in this order, and compares neighbours.
    return made.shuffle(seed=seed) if trainer == "kto" else made


def _differing(rows: Iterable[Row], left: Left) -> Iterator[Row]:
    for row in rows:
        if row.rejected and row.rejected[0].content.strip() == row.completion[0].content.strip():
            left.setdefault("whose rejected reply is the chosen one", []).append(row.id)
        else:
            yield row


def _unpaired(rows: Iterable[Row], left: Left) -> Iterator[Row]:
    """Rows with a thumb as they are, pairs as two rows."""
    for row in rows:
        if row.rejected:
            yield row.model_copy(update={"id": f"{row.id}/up", "rejected": (), "thumb": "up"})
            bad = {"completion": row.rejected, "rejected": (), "thumb": "down"}
            yield row.model_copy(update={"id": f"{row.id}/down", **bad})
        else:
            yield row


def _rewarded(rows: Iterable[Row], left: Left) -> Iterator[Row]:
    """Rows whose reply is an answer, with something to hold it against."""
    for row in rows:
        if not is_answer(row):
            left.setdefault("whose reply is no answer", []).append(row.id)
        elif not row.sheet or (not row.gold.labels and row.gold.abstain is None):
            left.setdefault("without a sheet or a right answer", []).append(row.id)
        elif row.gold.labels and row.gold.allowed and not set(row.gold.labels) & set(row.gold.allowed):
            left.setdefault("whose right label is not among those that are asked for", []).append(row.id)
        else:
            yield row


def thumbed(row: Row) -> dict[str, Any]:
    """Columns for KTO.

    Raises:
        ConfigError: The row has neither a thumb nor a rejected reply.
    """
    if row.thumb is None:
        raise ConfigError(f"row {row.id} has neither `thumb` nor `rejected`", "kto wants thumbs or pairs; see `pairs`")
    turns = {"prompt": row.prompt, "completion": row.completion}
    return {k: [m.model_dump() for m in v] for k, v in turns.items()} | {"label": row.thumb == "up"}


def prompted(row: Row) -> dict[str, Any]:
    """Columns for GRPO: the prompt, and what the rewards hold a reply against.

    Raises:
        ConfigError: The sheet is none.
    """
    try:
        sheet = row.perceived.model_dump_json(exclude_defaults=True)
    except ValidationError as error:
        raise ConfigError(f"row {row.id}: its sheet cannot be read: {error.errors()[0]['msg']}") from error
    gold = row.gold.model_dump_json()
    return {"prompt": [m.model_dump() for m in row.prompt], "sheet": sheet, "gold": gold, "task": row.task}


def balance(labels: Iterable[bool]) -> dict[str, float]:
    """The rarer of both thumbs counts more, so that both weigh the same (Ethayarajh et al. 2024, section 4.3).

    Raises:
        ConfigError: All thumbs point one way.
    """
    found = list(labels)
    up, down = sum(found), len(found) - sum(found)
    if not up or not down:
        raise ConfigError(f"all {len(found)} rows are {'liked' if up else 'disliked'}", "kto learns from both")
    return {"desirable_weight": max(1.0, down / up), "undesirable_weight": max(1.0, up / down)}
