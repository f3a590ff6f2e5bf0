"""A labelled table of texts, recordings, videos or images: perceived by the real tools, explained by a teacher.

What was perceived and explained is written to a journal as it is made. A run that was stopped reads it beside the table and goes on
where it ended; the cue cache keeps what single senses found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from cuechain import prompts
from cuechain.agents import settings as settings_module
from cuechain.agents.errors import ConfigError, MediaError, ReplyError
from cuechain.agents.focus import within
from cuechain.agents.llm.labels import is_known, meaning
from cuechain.agents.perception import senses
from cuechain.agents.pipeline import SheetReady, keyframes, see
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import CueSheet, Question, Sentiment, Span
from cuechain.finetune.config import Config
from cuechain.finetune.gathering.items import Item, Refusal, drawn, read_item
from cuechain.finetune.gathering.sources import Place, Source, text_group
from cuechain.finetune.gathering.tables import table
from cuechain.finetune.gathering.teacher import Teacher
from cuechain.finetune.rows import Gold
from cuechain.finetune.targets import plainly

MOST_IMAGES = 4
"""Keyframes of one clip: with the 576 tokens that LLaVA-1.5 spends on one, more leave little room for the sheet."""


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


class Corpus(Source):
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
    """What is asked; each record draws one."""
    teacher: str = "embedded"
    """Spec string of the model that writes the reasons."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of perception and of the teacher, as in cuechain.toml."""
    images: bool = False
    """Keep keyframes (JPEG) and show them beside the sheet: rows for vision models."""

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        yield from _journalled(self, folder, seed)


def _journalled(source: Corpus, folder: Path, seed: int) -> Iterator[Item | Refusal]:
    """Items of all records: those of an earlier run from its journal, as long as table and journal tell of the same."""
    settings = _settings(source)
    path = folder / "perceived" / f"{source.called}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    maker = _Maker(source, settings, folder, seed)
    with path.open("r+", encoding="utf-8") as journal:
        head = json.dumps({"made": _digest(source, settings, seed)})
        fresh = journal.readline() != head + "\n"
        if fresh:
            journal.seek(0)
            journal.truncate()
            journal.write(head + "\n")
        for number, record in table(source.table, source.header):
            key = hashlib.sha256(json.dumps([number, record], sort_keys=True).encode()).hexdigest()[:20]
            found = None
            if not fresh:
                place = journal.tell()
                found = _entry(journal.readline(), key)
                if found is None:  # its end, a line that was cut off, or another table: from here on it is written anew
                    journal.seek(place)
                    journal.truncate()
                    fresh = True
            if found is None:
                found = list(maker.of(number, record))
                journal.write(json.dumps({"key": key, "found": [_told(f) for f in found]}) + "\n")
                journal.flush()
            yield from found


def _told(found: Item | Refusal) -> Any:
    return found.model_dump_json(exclude_defaults=True) if isinstance(found, Item) else vars(found)


def _entry(line: str, key: str) -> list[Item | Refusal] | None:
    try:
        entry = json.loads(line)
        if entry["key"] != key or not line.endswith("\n"):
            return None
        return [read_item(f) if isinstance(f, str) else Refusal(**f) for f in entry["found"]]
    except (ValueError, KeyError, TypeError):
        return None


def _digest(source: Corpus, settings: Settings, seed: int) -> str:
    """Names all that decides about a journal but the table itself."""
    tools = [s.source() for s in senses(settings, [])]
    told = [source.model_dump_json(), seed, tools, prompts.template_hash()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _settings(source: Corpus) -> Settings:
    unknown = set(source.settings) - set(Settings.model_fields)
    if unknown:
        raise ConfigError(
            f"{source.called}: no setting '{sorted(unknown)[0]}'", f"there are {', '.join(Settings.model_fields)}"
        )
    return settings_module.load(**source.settings)


class _Maker:
    """From one record to items."""

    def __init__(self, source: Corpus, settings: Settings, folder: Path, seed: int) -> None:
        self._source = source
        self._settings = settings
        self._folder = folder
        self._seed = seed
        self._teacher = Teacher(source.teacher, settings)
        self._names = source.names.read_text(encoding="utf-8").split("\n") if source.names else []
        self._last: tuple[Path | None, CueSheet] | None = None

    def of(self, number: int, record: dict[str, Any] | None) -> Iterator[Item | Refusal]:
        """The items of a record, one for each task that it is taken for."""
        source, columns = self._source, self._source.columns
        line = f"{source.called}-{number}"
        if record is None:
            yield Refusal(line, source.called, "broken", f"{source.table.name}, line {number} is no record")
            return
        wanted = {v for k, v in columns.model_dump().items() if k != "senses" and v} | set(columns.senses.values())
        if lost := sorted(wanted - set(record)):
            raise ConfigError(
                f"{source.table.name}, line {number} has no column '{lost[0]}'", f"it has {', '.join(map(str, record))}"
            )
        unit = f"{source.called}-{record[columns.id]}" if columns.id else line
        taken = list(self._source.asked(unit, self._seed))
        if not taken:
            return
        labels, why = self._labels(str(record[columns.label] or ""), taken[0][2])
        if why or not labels:
            if why != "left out":
                yield Refusal(unit, source.called, "label_outside" if labels is None else "no_label", why)
            return
        try:
            sheet, inputs = self._perceived(record)
        except (MediaError, ValueError) as error:
            yield Refusal(unit, source.called, "media", str(error))
            return
        images = self._images(inputs, sheet) if source.images else ()
        for id, task, asked in taken:
            yield self._item(id, unit, record, sheet, task, asked, labels, images)

    def _item(
        self,
        id: str,
        unit: str,
        record: dict[str, Any],
        sheet: CueSheet,
        task: Task,
        asked: tuple[str, ...],
        labels: tuple[str, ...],
        images: tuple[str, ...],
    ) -> Item | Refusal:
        source, columns = self._source, self._source.columns
        questions = source.questions
        text = questions[int(drawn(self._seed, id, "question") * len(questions))]
        question = Question(text=text, task=task.name, labels=asked)
        try:
            answer = self._teacher.answer(sheet, question, task, labels)
        except ReplyError as error:
            return Refusal(id, source.called, "teacher", error.message)
        clip = next((m.sha256 for m in sheet.media if m.kind != "text"), "")
        own = str(record[columns.text]) if columns.text and not clip else ""
        return Item(
            id=id,
            unit=unit,
            group=str(record[columns.group]) if columns.group else clip or text_group(own),
            origin=source.called,
            sheet=sheet,
            question=question,
            answer=plainly(answer),
            gold=Gold(labels=labels, allowed=asked, abstain=False),
            senses={s: p for s, c in columns.senses.items() if (p := _polarity(record[c]))},
            images=images,
        )

    def _labels(self, told: str, asked: tuple[str, ...]) -> tuple[tuple[str, ...] | None, str]:
        """The gold labels as the question has them; else None, or (), with the reason."""
        source = self._source
        found: list[str] = []
        for part in filter(None, (p.strip() for p in told.split(source.separator))):
            name = part
            if self._names:
                if not part.isdigit() or int(part) >= len(self._names) or not self._names[int(part)]:
                    return None, f"'{part}' is no number of a label in {source.names}"
                name = self._names[int(part)].strip()
            if source.map == "ekman":
                name = (meaning(name)[0] if is_known(name) else None) or name
            elif name in source.map:
                if (other := source.map[name]) is None:
                    return (), "left out"
                name = other
            if name not in asked:
                return None, f"'{name}' is not one of {', '.join(asked)}"
            found.append(name)
        return tuple(dict.fromkeys(found)), "" if found else "the label is empty"

    def _perceived(self, record: dict[str, Any]) -> tuple[CueSheet, list[Path]]:
        columns = self._source.columns
        text = str(record[columns.text]).strip() if columns.text else None
        named = str(record[columns.media]).strip() if columns.media else ""
        path = (self._source.media or self._source.table.parent) / named if named else None
        if path is None and not text:
            raise MediaError("neither text nor file")
        if self._last is None or text or self._last[0] != path:
            self._last = path, self._seen([path] if path else [], text or None)
        sheet = self._last[1]
        if columns.start and columns.end:
            stretch = Span(start=float(record[columns.start]), end=float(record[columns.end]))
            sheet = within(sheet, stretch)
        return sheet, [path] if path else []

    def _seen(self, inputs: list[Path], text: str | None) -> CueSheet:
        for event in see(inputs, self._settings, text=text):
            if isinstance(event, SheetReady):
                return event.sheet
        raise AssertionError("perceiving ends with SheetReady")

    def _images(self, inputs: list[Path], sheet: CueSheet) -> tuple[str, ...]:
        """Keyframes as files that bear the clip's name; what is there already is not made again."""
        clip = next((m.sha256[:24] for m in sheet.media if {"video", "image"} & set(m.streams)), "")
        if not clip:
            return ()
        names = [f"images/{clip}-{n}.jpg" for n in range(MOST_IMAGES)]
        if not (self._folder / names[0]).is_file():
            (self._folder / "images").mkdir(parents=True, exist_ok=True)
            frames = keyframes(inputs, self._settings, MOST_IMAGES)
            for name, frame in reversed(list(zip(names, frames, strict=False))):  # where the first one is, all are
                (self._folder / name).write_bytes(frame)
        return tuple(name for name in names if (self._folder / name).is_file())


_POLARITIES: dict[str, Sentiment] = {
    "positive": "positive",
    "negative": "negative",
    "neutral": "neutral",
    "mixed": "mixed",
}


def _polarity(told: Any) -> Sentiment | None:
    """A polarity told as a word, or as a number whose sign counts, as in CMU-MOSI and CH-SIMS."""
    word = str(told).strip().lower()
    if word in _POLARITIES:
        return _POLARITIES[word]
    try:
        value = float(word)
    except ValueError:
        return None
    return "positive" if value > 0 else "negative" if value < 0 else "neutral"
