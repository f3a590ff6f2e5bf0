"""What people labelled: perceived by the real tools, explained by a teacher, with the slots that people judged as they judged them.

What was perceived and explained is written to a journal as it is made. A run that was stopped reads it beside the data and goes on
where it ended; the cue cache keeps what single senses found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from cuechain import prompts
from cuechain.agents import registry
from cuechain.agents import settings as settings_module
from cuechain.agents.conversation import as_text
from cuechain.agents.errors import ConfigError, MediaError, ReplyError, ToolError
from cuechain.agents.llm.labels import polarity
from cuechain.agents.perception import senses
from cuechain.agents.pipeline import check, keyframes
from cuechain.agents.question.focus import within
from cuechain.agents.runs import question_of, sheet_of
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, Question, Sample, Sentiment, Target
from cuechain.finetune.gathering.items import Item, Refusal, drawn, read_item
from cuechain.finetune.gathering.seen import name64
from cuechain.finetune.gathering.sources import Source, text_group
from cuechain.finetune.gathering.teacher import Teacher
from cuechain.finetune.judged import against, allowed, gold_of, labels_in, leading, said, tells
from cuechain.finetune.targets import plainly, right

MOST_IMAGES = 4
"""Keyframes of one clip: with the 576 tokens that LLaVA-1.5 spends on one, more leave little room for the sheet."""

POLARITIES: dict[str, Sentiment] = {x: x for x in ("positive", "negative", "neutral", "mixed")}
"""Words for how a sense by itself was judged; a Target has them as fields under the sense's name."""

_ALONE = {"words": "valence_text", "voice": "valence_voice", "face": "valence_face"}
"""Sense to the number under which readers tell what it was judged as by itself (CH-SIMS)."""


class Labelled(Source):
    """What sources of labelled things have."""

    questions: tuple[str, ...] = ()
    """What is asked; each item draws one. By default its own question, else the task's."""
    teacher: str = "embedded"
    """Spec string of the model that writes the reasons."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of perception and of the teacher, as in cuechain.toml."""
    images: bool = False
    """Keep keyframes (JPEG) and show them beside the sheet: rows for vision models."""

    def samples(self, seed: int) -> Iterator[Sample | Refusal]:
        """What is labelled, ids with the source's name in front, and what cannot be used."""
        raise NotImplementedError

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        settings = _settings(self)
        for name in self.weights():
            task: Task = registry.get("tasks", name)
            check(Question(text="?", task=name, labels=self.set_of(task)))
        path = folder / "perceived" / f"{self.called}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        maker = _Maker(self, settings, folder, seed)
        with path.open("r+", encoding="utf-8") as journal:
            head = json.dumps({"made": _digest(self, settings, seed)})
            fresh = journal.readline() != head + "\n"
            if fresh:
                journal.seek(0)
                journal.truncate()
                journal.write(head + "\n")
            for sample in self.samples(seed):
                if isinstance(sample, Refusal):
                    yield sample
                    continue
                key = hashlib.sha256(sample.model_dump_json().encode()).hexdigest()[:20]
                found = None
                if not fresh:
                    place = journal.tell()
                    found = _entry(journal.readline(), key)
                    if (
                        found is None
                    ):  # its end, a line that was cut off, or other data: from here on it is written anew
                        journal.seek(place)
                        journal.truncate()
                        fresh = True
                if found is None:
                    found = list(maker.of(sample))
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


def _digest(source: Labelled, settings: Settings, seed: int) -> str:
    """Names all that decides about a journal but the data themselves."""
    tools = [s.source() for s in senses(settings, [])]
    told = [source.model_dump_json(), seed, tools, prompts.template_hash()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _settings(source: Labelled) -> Settings:
    unknown = set(source.settings) - set(Settings.model_fields)
    if unknown:
        raise ConfigError(
            f"{source.called}: no setting '{sorted(unknown)[0]}'", f"there are {', '.join(Settings.model_fields)}"
        )
    return settings_module.load(**source.settings)


class _Maker:
    """From one sample to items."""

    def __init__(self, source: Labelled, settings: Settings, folder: Path, seed: int) -> None:
        self._source = source
        self._settings = settings
        self._folder = folder
        self._seed = seed
        self._teacher = Teacher(source.teacher, settings)
        self._last: tuple[Any, CueSheet] | None = None

    def of(self, sample: Sample) -> Iterator[Item | Refusal]:
        """The items of a sample, one for each time that it is taken for a task."""
        asked: list[tuple[str, Task, Question]] = []
        for id, task, labels in self._source.asked(sample.id, self._seed):
            question = self._question(id, sample, task, labels)
            if refusal := self._unfit(sample, task, question):
                yield refusal
            else:
                asked.append((id, task, question))
        if not asked:
            return
        try:
            sheet = self._perceived(sample)
        except (MediaError, ToolError) as error:
            yield Refusal(sample.id, self._source.called, "media", str(error))
            return
        images = self._images(sample, sheet) if self._source.images else ()
        for id, task, question in asked:
            yield self._item(id, sample, sheet, task, question, images)

    def _question(self, id: str, sample: Sample, task: Task, labels: tuple[str, ...]) -> Question:
        question = question_of(sample, task, labels)
        if not (texts := self._source.questions):
            return question
        return question.model_copy(update={"text": texts[int(drawn(self._seed, id, "question") * len(texts))]})

    def _unfit(self, sample: Sample, task: Task, question: Question) -> Refusal | None:
        """Why a sample cannot be asked about."""
        name = self._source.called
        try:
            check(question)
        except ConfigError as error:
            return Refusal(sample.id, name, "broken", error.message)
        known = allowed(question, task)
        target = sample.target.spelled(known)
        if outside := [x for x in labels_in(target, task) if known and x not in known]:
            return Refusal(sample.id, name, "label_outside", f"'{outside[0]}' is not one of {', '.join(known)}")
        if not tells(target, task):
            return Refusal(sample.id, name, "no_label", f"people said nothing that the task {task.name} asks for")
        return None

    def _item(
        self, id: str, sample: Sample, sheet: CueSheet, task: Task, question: Question, images: tuple[str, ...]
    ) -> Item | Refusal:
        target = sample.target.spelled(allowed(question, task))
        gold = gold_of(target, question, task)
        try:
            answer = self._answer(sheet, question, task, target, closed=bool(gold.allowed))
        except ReplyError as error:
            return Refusal(id, self._source.called, "teacher", error.message)
        clip = next((m.sha256 for m in sheet.media if m.kind != "text"), "")
        words = as_text(sample.turns) or sample.text or ""
        return Item(
            id=id,
            # Each turn of a conversation may be asked about: all of that is one piece of evidence.
            unit=f"{self._source.called}-{name64(words):x}" if sample.turns else sample.id,
            group=sample.group or clip or text_group(words),
            origin=self._source.called,
            sheet=sheet,
            question=question,
            answer=plainly(answer),
            gold=gold,
            senses=_alone(target),
            images=images,
        )

    def _answer(self, sheet: CueSheet, question: Question, task: Task, target: Target, *, closed: bool) -> Answer:
        """What people said with reasons; what the teacher itself said, where that is something else: the gate tells of it."""
        if task.worded is not None and task.taught is not None:
            return right(sheet, task, target)
        answer = self._teacher.answer(sheet, question, task, target)
        told = said(answer, task)
        if task.taught is None or answer.abstain or against(told, target, task, closed=closed):
            return answer
        lead = leading(told)
        if target.labels and lead in target.labels:  # of several it is the one that the reasons are given for
            labels = (lead, *(x for x in target.labels if x != lead))
            target = target.model_copy(update={"labels": labels})
        return task.taught(answer, target)

    def _perceived(self, sample: Sample) -> CueSheet:
        """The sheet; of stretches of one file, and of turns of one conversation, the whole is perceived once."""
        whole = sample.files, sample.turns, sample.text
        if self._last is None or self._last[0] != whole:
            self._last = whole, sheet_of(sample.model_copy(update={"span": None}), self._settings)
        return within(self._last[1], sample.span)

    def _images(self, sample: Sample, sheet: CueSheet) -> tuple[str, ...]:
        """Keyframes as files that bear the clip's name; what is there already is not made again."""
        clip = next((m.sha256[:24] for m in sheet.media if {"video", "image"} & set(m.streams)), "")
        if not clip:
            return ()
        names = [f"images/{clip}-{n}.jpg" for n in range(MOST_IMAGES)]
        if not (self._folder / names[0]).is_file():
            (self._folder / "images").mkdir(parents=True, exist_ok=True)
            inputs = [*sample.files, *(t.file for t in sample.turns if t.file)]
            frames = keyframes(inputs, self._settings, MOST_IMAGES)
            for name, frame in reversed(list(zip(names, frames, strict=False))):  # where the first one is, all are
                (self._folder / name).write_bytes(frame)
        return tuple(name for name in names if (self._folder / name).is_file())


def _alone(target: Target) -> dict[str, Sentiment]:
    """How senses by themselves were judged."""
    told = {s: POLARITIES[x] for s in _ALONE if (x := target.fields.get(s)) in POLARITIES}
    return {s: polarity(target.scores[n]) for s, n in _ALONE.items() if n in target.scores} | told
