"""A labelled table of texts, recordings, videos or images with columns of any names; read a record at a time, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import is_known, meaning
from cuechain.agents.values import Sample, Span, Target
from cuechain.finetune.config import Config
from cuechain.finetune.gathering.items import Refusal
from cuechain.finetune.gathering.labelled import POLARITIES, Labelled
from cuechain.finetune.gathering.sources import Place
from cuechain.finetune.gathering.tables import table


class Columns(Config):
    """Which column holds what."""

    label: str
    """The gold label, or several."""
    text: str | None = None
    """What is said or written."""
    media: str | None = None
    """A file's path."""
    id: str | None = None
    """Names a record; its line number by default."""
    group: str | None = None
    """Speaker, dialogue, author or clip; by default the file, of a text alone the text."""
    start: str | None = None
    """Seconds, where the record is a stretch of its file."""
    end: str | None = None
    """Seconds."""
    senses: dict[str, str] = Field(default_factory=dict)
    """Sense (words, voice, face) to the column with its own polarity, where people judged the senses one by one."""


class Corpus(Labelled):
    """A labelled table."""

    kind: Literal["corpus"]
    table: Place
    """CSV, TSV or JSON lines, perhaps gzipped."""
    columns: Columns
    """Which column holds what."""
    header: tuple[str, ...] = ()
    """Names of the columns, for a table without a header line."""
    media: Place | None = None
    """Folder of the files; the table's own by default."""
    names: Place | None = None
    """File with one label a line, for a table that numbers its labels from 0."""
    separator: str = ","
    """Between several labels of a record."""
    map: dict[str, str | None] | Literal["ekman"] = Field(default_factory=dict[str, str | None])
    """Label of the table to a label that is asked for (null leaves the record out), or `ekman`: each to its basic emotion."""
    questions: tuple[str, ...] = ("How does this person feel, and why?",)

    def samples(self, seed: int) -> Iterator[Sample | Refusal]:
        for number, record in table(self.table, self.header):
            if (found := self._read(number, record, seed)) is not None:
                yield found

    def _read(self, number: int, record: dict[str, Any] | None, seed: int) -> Sample | Refusal | None:
        """A record as a sample; None where it is left out."""
        columns, id = self.columns, f"{self.called}-{number}"
        if record is None:
            return Refusal(id, self.called, "broken", f"{self.table.name}, line {number} is no record")
        wanted = {v for k, v in columns.model_dump().items() if k != "senses" and v} | set(columns.senses.values())
        if lost := sorted(wanted - set(record)):
            raise ConfigError(
                f"{self.table.name}, line {number} has no column '{lost[0]}'", f"it has {', '.join(map(str, record))}"
            )
        id = f"{self.called}-{record[columns.id]}" if columns.id else id
        if not any(self.asked(id, seed)):
            return None
        labels = self._labels(id, str(record[columns.label] or ""))
        if not isinstance(labels, tuple):
            return labels
        text = str(record[columns.text]).strip() if columns.text else ""
        named = str(record[columns.media]).strip() if columns.media else ""
        if not text and not named:
            return Refusal(id, self.called, "media", "neither text nor file")
        try:
            timed = columns.start and columns.end
            span = Span(start=float(record[columns.start]), end=float(record[columns.end])) if timed else None
        except ValueError as error:
            return Refusal(id, self.called, "media", str(error))
        return Sample(
            id=id,
            group=str(record[columns.group]) if columns.group else "",
            text=text or None,
            files=(str((self.media or self.table.parent) / named),) if named else (),
            span=span,
            target=Target(
                labels=labels,
                fields={s: p for s, c in columns.senses.items() if (p := _polarity(record[c]))},
            ),
        )

    def _labels(self, id: str, told: str) -> tuple[str, ...] | Refusal | None:
        """The gold labels in the words that are asked for; None where the record is left out."""
        found: list[str] = []
        for part in filter(None, (p.strip() for p in told.split(self.separator))):
            name = part
            if self._names:
                if not part.isdigit() or int(part) >= len(self._names) or not self._names[int(part)]:
                    wrong = f"'{part}' is no number of a label in {self.names}"
                    return Refusal(id, self.called, "label_outside", wrong)
                name = self._names[int(part)].strip()
            if self.map == "ekman":
                name = (meaning(name)[0] if is_known(name) else None) or name
            elif name in self.map:
                if (other := self.map[name]) is None:
                    return None
                name = other
            found.append(name)
        return tuple(dict.fromkeys(found)) or Refusal(id, self.called, "no_label", "the label is empty")

    @cached_property
    def _names(self) -> list[str]:
        return self.names.read_text(encoding="utf-8").split("\n") if self.names else []


def _polarity(told: Any) -> str | None:
    """A polarity told as a word, or as a number whose sign counts, as in CMU-MOSI and CH-SIMS."""
    word = str(told).strip().lower()
    if word in POLARITIES:
        return word
    try:
        value = float(word)
    except ValueError:
        return None
    return "positive" if value > 0 else "negative" if value < 0 else "neutral"
