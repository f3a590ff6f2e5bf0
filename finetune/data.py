"""`cuechain finetune data`: sources → judged sheets → quality gate → rows, split by group; and examples for the embedded planner.

Rows are written as they are made and nothing is held: a table may be larger than memory.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer
from pydantic import Field, model_validator

from cuechain.agents.errors import RunError
from cuechain.finetune.config import CORPUS, DataConfig, read
from cuechain.finetune.embedded.examples import Example, brighter, chats, goemotions, write_examples, written
from cuechain.finetune.embedded.generate import generated
from cuechain.finetune.embedded.lines import alone, read_lines
from cuechain.finetune.gathering.cases import Cases, Feedback
from cuechain.finetune.gathering.corpora import Corpus
from cuechain.finetune.gathering.gate import Evaluation, Gate, GateConfig
from cuechain.finetune.gathering.items import Item, Refusal, drawn
from cuechain.finetune.gathering.mixes import rows_of
from cuechain.finetune.gathering.published import Published
from cuechain.finetune.gathering.sources import Generated, Place, Source, Written
from cuechain.finetune.judged import leading, said
from cuechain.finetune.rows import Row

Part = Literal["train", "dev"]
SHOWN = 3
"""Refusals of each reason that the report shows; all are in refused.jsonl."""


class RowsConfig(DataConfig):
    """`cuechain finetune data`: what becomes rows, what the gate demands, and how they are split."""

    generated: int | None = Field(default=None, ge=0)  # type: ignore[assignment]
    """Examples for the embedded planner, with this many composed sheets; None writes none."""
    sources: tuple[
        Annotated[Written | Published | Corpus | Cases | Feedback | Generated, Field(discriminator="kind")], ...
    ] = ()
    """Where rows come from, in order: of two that are alike the first stays."""
    evaluation: tuple[Place, ...] = ()
    """Files and folders that measure: none of their texts and media gets into rows."""
    gate: GateConfig = GateConfig()
    """What an item must hold to."""
    dev: float = Field(default=0.05, ge=0, lt=1)
    """Share of groups that are kept for development."""
    hold_out: tuple[str, ...] = ()
    """Groups (speakers, authors …) that are kept for it in any case."""

    @model_validator(mode="after")
    def _something(self) -> RowsConfig:
        if not self.sources and self.generated is None:
            raise ValueError("neither `sources` (rows) nor `generated` (planner examples)")
        names = Counter(s.called for s in self.sources)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"two sources are called '{twice[0]}': give each a name")
        return self


class Report:
    """What became of everything, counted."""

    def __init__(self) -> None:
        self._refused: dict[str, Counter[str]] = {}
        self._kept: Counter[str] = Counter()
        self._rows: dict[str, Counter[str]] = {}
        self._labels: dict[str, Counter[str]] = {}
        self._examples: dict[str, list[str]] = {}
        self._notes: list[str] = []

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal."""
        self._refused.setdefault(refusal.origin, Counter())[refusal.reason] += 1
        shown = self._examples.setdefault(refusal.reason, [])
        if len(shown) < SHOWN:
            shown.append(f"{refusal.id}: {refusal.detail}")

    def keep(self, item: Item, part: Part) -> None:
        """Count an item that stays."""
        self._kept[item.origin] += 1
        answer = item.answer
        told = said(answer, item.task)
        other = "abstains" if answer and answer.abstain else "none" if answer is None else item.question.task
        label = leading(told) or other
        self._labels.setdefault(part, Counter())[label] += 1

    def count(self, file: str, row: Row) -> None:
        """Count a row."""
        self._rows.setdefault(file, Counter())[f"{row.origin}/{row.task}/{row.flaw or row.thumb or row.step}"] += 1

    def split(self, config: RowsConfig) -> None:
        """Note which side of the split was asked for and got no group: with few groups chance may give it none."""
        wanted: dict[Part, bool] = {"train": True, "dev": bool(config.dev or config.hold_out)}
        if self._kept:
            self._notes += [
                f"no {part}.jsonl: not one group (speaker, clip …) of what was kept fell on that side; `hold_out` names groups for dev"
                for part, asked in wanted.items()
                if asked and part not in self._labels
            ]

    def told(self, evaluation: Evaluation | None) -> dict[str, Any]:
        """All of it, for report.json."""
        return {
            "kept": dict(self._kept),
            "refused": {origin: dict(c.most_common()) for origin, c in self._refused.items()},
            "examples": self._examples,
            "rows": {file: {"all": c.total(), **dict(sorted(c.items()))} for file, c in sorted(self._rows.items())},
            "labels": {part: dict(c.most_common()) for part, c in self._labels.items()},
            "evaluation": vars_of(evaluation),
            "notes": self._notes,
        }

    def lines(self) -> Iterator[str]:
        """For a reader at a terminal."""
        for origin in dict.fromkeys([*self._kept, *self._refused]):
            refused = self._refused.get(origin, Counter())
            why = ", ".join(f"{reason} {n}" for reason, n in refused.most_common())
            yield f"{origin}: {self._kept[origin]} kept, {refused.total()} refused" + (f" ({why})" if why else "")
        for file, counts in sorted(self._rows.items()):
            yield f"{file}: {counts.total()} rows"
        yield from self._notes


def vars_of(evaluation: Evaluation | None) -> dict[str, int]:
    """How much of what measures is known."""
    return {} if evaluation is None else {k: getattr(evaluation, k) for k in ("files", "texts", "media")}


class Files:
    """The files of rows, written side by side, each whole at the end or as it was before."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._open: dict[str, IO[str]] = {}

    def write(self, name: str, line: str) -> None:
        """Add a line to a file."""
        if name not in self._open:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f"{name}.part"
            self._open[name] = self._stack.enter_context(part.open("w", encoding="utf-8"))
        self._open[name].write(line + "\n")

    def finish(self) -> None:
        """Put what was written in place; files of an earlier run that nothing was written for go."""
        for file in self._open.values():
            file.close()
        for name in self._open:
            (self._folder / f"{name}.part").replace(self._folder / name)
        known = [f"{kind}{part}.jsonl" for kind in ("", "pairs_", "thumbs_") for part in ("train", "dev")]
        for name in {*known, "refused.jsonl"} - set(self._open):
            (self._folder / name).unlink(missing_ok=True)


def part_of(group: str, config: RowsConfig) -> Part:
    """The side of the split that a group falls on: by its name alone, so that a group is never on both."""
    return "dev" if group in config.hold_out or drawn(config.seed, "split", group) < config.dev else "train"


def file_of(row: Row, part: Part) -> str:
    """The file that a row belongs in: instruction tuning, pairs or thumbs."""
    return f"{'pairs_' if row.rejected else 'thumbs_' if row.thumb else ''}{part}.jsonl"


def make(config: RowsConfig, sources: Iterable[Source] | None = None) -> Report:
    """Write rows, refused.jsonl and report.json.

    Args:
        config: What is asked for.
        sources: Instead of those of the configuration.

    Raises:
        ConfigError: A file is not there or of another form.
        ModelError: A teacher does not answer; another run goes on from there.
        RunError: A file cannot be written.
    """
    try:
        return _made(config, config.sources if sources is None else sources)
    except OSError as error:
        told = f"cannot write to {config.out}: {error.strerror or error}"
        raise RunError(told, "what was perceived so far is kept, and so are the rows of an earlier run") from error


def _made(config: RowsConfig, sources: Iterable[Source]) -> Report:
    evaluation = Evaluation(config.evaluation) if config.evaluation else None
    gate, report = Gate(config.gate, evaluation), Report()
    with ExitStack() as stack:
        files = Files(config.out, stack)
        for source in sources:
            for found in source.items(config.out, config.seed):
                refusal = found if isinstance(found, Refusal) else gate.refuse(found)
                if refusal is not None:
                    report.refuse(refusal)
                    files.write("refused.jsonl", json.dumps(vars(refusal), ensure_ascii=False))
                    continue
                part = part_of(found.group, config)
                report.keep(found, part)
                for row in rows_of(found, source.order, senses=source.senses, verifier=source.verifier):
                    name = file_of(row, part)
                    report.count(name, row)
                    files.write(name, row.model_dump_json())
        report.split(config)
        files.write("report.json", json.dumps(report.told(evaluation), indent=2, ensure_ascii=False))
        files.finish()
    return report


def examples(config: DataConfig) -> dict[str, int]:
    """Write what the planner learns from, a file for each kind; how many examples each has."""
    chance = random.Random(config.seed)
    train = config.source / "train"
    texts = [*goemotions(train / "goemotions", "train", chance)]
    texts += [x for part in ("train", "dev", "test") for x in brighter(train / "brighter_eng", part, chance)]
    counts = {"texts": write_examples(config.out / "texts.jsonl", texts)}
    counts["texts_dev"] = write_examples(
        config.out / "texts_dev.jsonl", goemotions(train / "goemotions", "dev", chance)
    )
    counts["talk"] = write_examples(config.out / "talk.jsonl", chats(train / "topical_chat", chance))
    sheets = [x for path in sorted((CORPUS / "train").glob("*.jsonl")) for x in written(path)]
    counts["written"] = write_examples(config.out / "written.jsonl", sheets)
    lines = read_lines(CORPUS / "lines" / "train")
    counts["lines"] = write_examples(config.out / "lines.jsonl", alone(lines, chance))
    made = generated([x for x in texts if x.author == "goemotions"], config.generated, chance, lines)
    counts["generated"] = write_examples(config.out / "generated.jsonl", made)
    if config.tone is not None:
        counts |= _voiced(config, config.tone, texts, chance)
    return counts


def _voiced(config: DataConfig, kept: Path, texts: Sequence[Example], chance: random.Random) -> dict[str, int]:
    """Write joined.jsonl and joined_test.jsonl."""
    from cuechain.finetune.embedded.voiced import heads, joined, voices

    train = config.source / "train"
    heard = list(voices(train / "emodb_flac", heads(train / "emodb_flac", kept)))
    unheard = {f"emodb-{speaker}" for speaker in config.unheard}
    tested = list(goemotions(train / "goemotions", "test", chance))
    files = {"joined": (False, texts), "joined_test": (True, tested)}
    return {
        name: write_examples(
            config.out / f"{name}.jsonl", joined([x for x in heard if (x.author in unheard) == apart], said, chance)
        )
        for name, (apart, said) in files.items()
    }


def main(config: Annotated[Path, typer.Option(help="YAML file of a RowsConfig.")]) -> None:
    """Turn sources into rows, and corpora into examples for the embedded planner."""
    told = read(RowsConfig, config)
    if told.generated is not None:
        for name, count in examples(told).items():
            typer.echo(f"{name}: {count}")
    if told.sources:
        for line in make(told).lines():
            typer.echo(line)


if __name__ == "__main__":
    typer.run(main)
