"""The quality gate: what may become rows, and why the rest may not. It asks no model.

In this order: ids that were there before, evaluation items, labels outside the set, length, the mechanical check of the answer
(agents.verify), agreement with what people said, precision of the citations, duplicates and near-duplicates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from cuechain.agents.datasets.files import cells, opened, suffix_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.one_cue import spoken
from cuechain.agents.values import Answer, CueSheet
from cuechain.agents.verify import verify
from cuechain.finetune.config import Config
from cuechain.finetune.gathering.items import Item, Refusal
from cuechain.finetune.gathering.seen import Alike, Names, normal
from cuechain.finetune.gathering.tables import objects
from cuechain.finetune.judged import against, leading, people, said, tells

SAID = frozenset({"transcript", "screen"})
"""Senses whose cues hold words of the clip itself."""
_DERIVED = frozenset({"words", "situation"})
"""Senses that read what others heard or saw."""
TOLD = 4
"""Words from which a text is known again as an evaluation item: "Oh, I see" is said everywhere."""
_TEXTS = (".txt", ".srt", ".vtt", ".md")


class GateConfig(Config):
    """What the gate demands."""

    precision: float = Field(default=0.5, ge=0, le=1)
    """Least share of the cues that an answer rests on which decide, where somebody chose those that do."""
    shortest: int = Field(default=4, ge=1)
    """Words of an answer's sentences together, at least."""
    longest: int = Field(default=250, ge=1)
    """And at most."""
    sheet: int = Field(default=20_000, ge=100)
    """Characters of the cues of a sheet, at most: about 5,000 tokens."""
    alike: float = Field(default=0.85, gt=0, le=1)
    """Jaccard similarity of runs of three words from which a sheet is a duplicate of an earlier one; 1 for equal ones alone."""


class Evaluation:
    """Texts and media that measure and so must not train: names of both, kept on disk."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Read the files, and all files in the folders.

        Raises:
            ConfigError: One is not there, or cannot be read.
        """
        self._names = Names()
        self.files = self.texts = self.media = 0
        for path in paths:
            if not path.exists():
                raise ConfigError(
                    f"evaluation: no file or folder {path}", "what measures must be known, or it may be trained on"
                )
            for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
                self.files += 1
                self._add(file)

    def _add(self, file: Path) -> None:
        kind = suffix_of(file)
        if kind in (".csv", ".tsv"):  # the first line may be a header or not
            self.texts += sum(self._text(cell) for _, row in cells(file, errors="strict") for cell in row or ())
        elif kind == ".jsonl":
            self.texts += sum(self._text(text) for _, found in objects(file) for text in _strings(found))
        elif kind == ".json":
            with opened(file, "replace") as lines:
                try:
                    self.texts += sum(self._text(text) for text in _strings(json.load(lines)))
                except ValueError as error:
                    raise ConfigError(f"evaluation: {file.name} is not JSON: {error}") from error
        elif kind in _TEXTS:
            with opened(file, "replace") as lines:
                self.texts += sum(self._text(line) for line in lines)
        else:
            with file.open("rb") as raw:
                self.media += self._names.add(hashlib.file_digest(raw, "sha256").hexdigest())

    def _text(self, text: str) -> bool:
        return sum(self._names.add(form) for form in _forms(text)) > 0

    def leak(self, sheet: CueSheet) -> str:
        """What of a sheet is an evaluation item; empty where nothing is."""
        for media in sheet.media:
            if media.sha256 in self._names:
                return f"the file {media.path or media.id} is one of those that measure"
        said = [c.text for c in sheet.cues.values() if c.sense in SAID]
        for text in [*said, *(m.text for m in sheet.media if m.text)]:
            if any(form in self._names for form in _forms(text)):
                return f"“{text[:120]}” is said in what measures"
        return ""


def _forms(text: str) -> list[str]:
    """The forms in which a text is known again: whole, and what is quoted in it; none where it is too short to be its own."""
    found = {normal(text), normal(spoken(text))}
    return [f for f in sorted(found) if f.count(" ") >= TOLD - 1 or (not f.isascii() and len(f) >= 3 * TOLD)]


def _strings(found: Any) -> Iterator[str]:
    """Every text in a JSON value; of cues those that hold words of the clip."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, list):
        for one in found:
            yield from _strings(one)
    elif isinstance(found, dict) and not ("sense" in found and found["sense"] not in SAID):
        for one in found.values():
            yield from _strings(one)


class Gate:
    """Lets items through or says why not. It remembers names alone, on disk."""

    def __init__(self, config: GateConfig, evaluation: Evaluation | None = None) -> None:
        self._config = config
        self._evaluation = evaluation
        self._ids = Names()
        self._units = Names()
        self._said = Names()
        self._alike = Alike(config.alike)

    def refuse(self, item: Item) -> Refusal | None:
        """Why an item does not stay; None where it does."""
        for reason, detail in self._problems(item):
            return Refusal(item.id, item.origin, reason, detail)
        self._units.add(item.unit)
        self._said.add(_said(item))
        return None

    def _problems(self, item: Item) -> Iterator[tuple[str, str]]:
        if not self._ids.add(item.id):
            yield "duplicate_id", f"the id {item.id} was there before"
        if self._evaluation and (leak := self._evaluation.leak(item.sheet)):
            yield "leak", leak
        if outside := [label for label in item.gold.labels if item.gold.allowed and label not in item.gold.allowed]:
            yield "label_outside", f"'{outside[0]}' is not one of {', '.join(item.gold.allowed)}"
        if (size := sum(len(c.text) for c in item.sheet.cues.values())) > self._config.sheet:
            yield "long", f"the cues have {size:,} characters, the limit is {self._config.sheet:,}"
        if item.answer is not None:
            yield from self._answer(item, item.answer)
        if _said(item) in self._said:
            yield "duplicate", "the same was asked of the same sheet and answered in the same words"
        elif item.unit not in self._units and (other := self._alike.add(evidence(item.sheet), item.unit)):
            yield "duplicate", f"nearly the same cues as {other}"

    def _answer(self, item: Item, answer: Answer) -> Iterator[tuple[str, str]]:
        words = sum(len((c.text or "").split()) for c in answer.claims)
        if not words:
            yield "empty", "the answer has no sentence"
        elif (
            item.task.worded is None or answer.abstain
        ):  # sentences that are made from other slots are not what is learnt
            if words < self._config.shortest:
                yield "short", f"{words} words, the least is {self._config.shortest}"
            elif words > self._config.longest:
                yield "long", f"{words} words, the most is {self._config.longest}"
        problems = verify(item.sheet, answer, item.gold.allowed).problems
        if problems:
            yield f"verdict_{problems[0].code}", problems[0].text
        told, truth = said(answer, item.task), people(item.gold)
        if item.gold.abstain and not answer.abstain:
            yield "label", f"it says {leading(told) or 'something'} where nothing can be told"
        if tells(truth, item.task) and answer.abstain:
            yield "unsupported", f"no cue was found to speak for {leading(truth) or 'what people said'}"
        elif wrong := against(told, truth, item.task, closed=True):
            yield "label", wrong
        if (share := precision(answer, item.gold.decisive)) is not None and share < self._config.precision:
            yield "precision", f"{share:.0%} of the cues that it rests on decide"


def _said(item: Item) -> str:
    """Evidence, question and replies; a sheet that is taken twice by its weight is told apart by the end of its id."""
    replies = [item.answer.model_dump_json() if item.answer else "", *(p.model_dump_json() for p in item.pairs)]
    return "\n".join([item.unit, item.question.model_dump_json(), item.id.partition("~")[2], *replies])


def precision(answer: Answer, decisive: Sequence[str]) -> float | None:
    """Share of the cues that supporting claims cite which decide; None where nobody chose, or nothing is cited."""
    cited = {i for c in answer.claims if c.stance == "supports" for i in c.cites}
    return len(cited & set(decisive)) / len(cited) if decisive and cited else None


def evidence(sheet: CueSheet) -> str:
    """The words of a sheet by which its likes are found; what a sense reads from the words of another is left out."""
    derived = _DERIVED if any(c.sense in SAID for c in sheet.cues.values()) else ()
    return " ".join(normal(spoken(c.text)) for c in sheet.cues.values() if c.sense not in derived)
