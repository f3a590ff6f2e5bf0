"""Answers of a model to sheets and questions, kept in a journal: what was answered once is not asked again.

A journal belongs to one model as it was: other weights, other code, prompts or settings begin a new one.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import cuechain.agents
from cuechain import prompts
from cuechain.agents import llm
from cuechain.agents.errors import ModelError, ReplyError, RunError
from cuechain.agents.llm import Model
from cuechain.agents.llm.embedded import WEIGHTS
from cuechain.agents.pipeline import check, think
from cuechain.agents.scoring.explanations import cited, removals
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, CueSheet, Question, Target
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.judged import leading, said

DEAD = 5
"""Failures before any answer after which a model is given up: the server is away, the key is wrong, the memory too small."""
_REASONING = ("direct", "base_url", "temperature", "max_tokens", "four_bit")
"""Settings that change what is answered."""


class Record(BaseModel):
    """What is kept of one answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """Digest of sheet, question and images."""
    failure: str = ""
    """Kind of the error where there is no answer; ReplyError: the model replied, but in no form that could be read."""
    error: str = ""
    """Its message."""
    abstains: bool = False
    """The answer is that none is possible."""
    label: str | None = None
    """The leading label that was named."""
    told: str = ""
    """All that was told, a Target as JSON, where that is more than a label."""
    confidence: float | None = None
    """How sure, 0 to 1; None where the model did not say."""
    sentiment: str | None = None
    """Overall polarity."""
    relation: str | None = None
    """How the senses relate."""
    cites: tuple[str, ...] = ()
    """Cues that are cited for or against the conclusion, in order, each once; those that are called weak or a setting are left out."""
    claims: int = 0
    """Sentences."""
    problems: tuple[str, ...] = ()
    """Codes of what the check found, after the repair round of a chat model."""
    text: str = ""
    """The sentences with their citations."""
    words: int = 0
    """Of the sentences, without citations."""
    calls: int = 0
    """Requests to a chat model, repairs among them; stretches for a planner."""
    seconds: float = 0.0
    """Wall time, repairs included."""
    first: bool = False
    """The first answer after loading: its time holds that of loading."""

    @property
    def named(self) -> str | None:
        """The label of an answer that does not abstain."""
        return None if self.failure or self.abstains else self.label or None


def record_of(key: str, case: Case, seconds: float, *, first: bool = False) -> Record:
    """What is kept of a finished case."""
    answer, verdict = case.answer, case.verdict
    assert answer is not None and verdict is not None and case.explanation is not None
    told = said(answer, check(case.question))
    more = told.model_dump_json(exclude_defaults=True) if told != Target(labels=told.labels and told.labels[:1]) else ""
    own = getattr(answer, "confidence", None)
    return Record(
        key=key,
        abstains=answer.abstain,
        label=leading(told),
        told=more,
        confidence=own if own is not None else answer.emotion.confidence if answer.emotion else None,
        sentiment=answer.sentiment,
        relation=answer.relation,
        cites=cited(answer, case.sheet),
        claims=len(answer.claims),
        problems=tuple(p.code for p in verdict.problems),
        text=case.explanation.text,
        words=sum(len((c.text or "").split()) for c in answer.claims),
        calls=case.usage.calls,
        seconds=round(seconds, 4),
        first=first,
    )


class Journal:
    """A model with a file of its answers; what failed is tried again by the next run, but a reply that cannot be read is an answer."""

    def __init__(self, spec: str, settings: Settings, path: Path) -> None:
        """Read what an earlier run left; the model itself is loaded at the first question that is new.

        Raises:
            RunError: The file cannot be read or written.
        """
        self.spec, self.path, self.kept = spec, path, 0
        self._settings = settings
        self._model: Model | None = None
        self._records: dict[str, Record] = {}
        self._failed = self._answered = 0
        head = json.dumps({"model": spec, "made": fingerprint(spec, settings)})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
            if lines[:1] == [head]:
                self._read(lines[1:-1])  # what stands after the last line's end was cut off while it was written
            path.write_text("".join(f"{x}\n" for x in (head, *self._lines())), encoding="utf-8")
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}") from error
        self.kept = len(self._records)

    def _read(self, lines: Sequence[str]) -> None:
        for number, line in enumerate(lines, 2):
            try:
                one = Record.model_validate_json(line)
            except ValidationError as error:
                raise RunError(f"{self.path}, line {number} is broken", "remove the file to ask anew") from error
            if one.failure in ("", "ReplyError"):
                self._records[one.key] = one

    def _lines(self) -> list[str]:
        return [one.model_dump_json(exclude_defaults=True) for one in self._records.values()]

    def answer(self, sheet: CueSheet, question: Question, images: Sequence[str] = ()) -> Record:
        """The answer to a question about a sheet, from the file or else from the model.

        Args:
            sheet: All that may be cited.
            question: What is asked.
            images: Paths of keyframes, for a vision model.

        Raises:
            CueChainError: The model cannot be loaded, or fails from the start.
            RunError: The file cannot be written.
        """
        key = _key(sheet, question, images)
        if key in self._records:
            return self._records[key]
        if self._model is None:
            self._model = llm.load(self.spec, self._settings)
        one = self._asked(key, sheet, question, images, self._model)
        self._records[key] = one
        try:
            with self.path.open("a", encoding="utf-8") as out:
                out.write(one.model_dump_json(exclude_defaults=True) + "\n")
        except OSError as error:
            raise RunError(f"cannot write {self.path}: {error.strerror}", "what was answered is kept") from error
        return one

    def _asked(self, key: str, sheet: CueSheet, question: Question, images: Sequence[str], model: Model) -> Record:
        begin = time.perf_counter()
        try:
            shown = [Path(i).read_bytes() for i in images] if model.vision else []
            case = think(sheet, question, check(question), model, self._settings, images=shown)
        except ReplyError as error:
            self._answered += 1
            return Record(key=key, failure="ReplyError", error=str(error), seconds=time.perf_counter() - begin)
        except Exception as error:  # whatever a model's library raises: one item must not end a comparison of thousands
            self._failed += 1
            if self._failed >= DEAD and not self._answered and not self.kept:
                raise ModelError(f"{self.spec} failed {DEAD} times before any answer: {error}") from error
            return Record(key=key, failure=type(error).__name__, error=str(error))
        self._answered += 1
        return record_of(key, case, time.perf_counter() - begin, first=self._answered == 1)


def _key(sheet: CueSheet, question: Question, images: Sequence[str]) -> str:
    asked = [sheet.model_dump_json(), question.model_dump_json(), *images]
    return hashlib.blake2b("\0".join(asked).encode(), digest_size=12).hexdigest()


def fingerprint(spec: str, settings: Settings) -> str:
    """Digest of all that decides what a model answers: its files, the code that reasons, the prompts, the settings.

    A file counts by name, size and time of change; a model of a hub or a server by its name alone.
    """
    digest = hashlib.blake2b(_code(), digest_size=12)
    digest.update(
        json.dumps([spec, prompts.template_hash(), *(str(getattr(settings, n)) for n in _REASONING)]).encode()
    )
    scheme, _, rest = spec.partition(":")
    places = [Path(p).expanduser() for p in (rest, *rest.split("+")) if p]
    for place in [WEIGHTS] if spec == "embedded" else places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place] if place.is_file() else []
        # A card says how good a model is; what it says decides no answer.
        for file in (f for f in files if f.is_file() and f.suffix != ".md"):
            stat = file.stat()
            digest.update(f"{scheme}/{file.name}/{stat.st_size}/{stat.st_mtime_ns}".encode())
    return digest.hexdigest()


@cache
def _code() -> bytes:
    """Digest of the code right of the border, as it was when this process began to use it."""
    code = Path(cuechain.agents.__file__).parent
    files = (p for p in sorted(code.rglob("*.py")) if p.relative_to(code).parts[0] != "perception")
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).digest()


@dataclass(frozen=True)
class Tried:
    """One item as a model met it."""

    own: Record
    """Its answer."""
    wrong: Record | None = None
    """The answer to the same question about another item's cues."""
    bare: Record | None = None
    """The answer without all cues that the own one cites; None where it names no label or cites nothing."""
    cited: Record | None = None
    """The answer without as many of the cited cues, leading ones first, as there are others; None where there are none."""
    other: Record | None = None
    """The answer without as many cues that are not cited, drawn at random."""


def tried(journal: Journal, item: Item, wrong: CueSheet | None, *, faith: bool) -> Tried:
    """All answers about one item.

    Args:
        journal: The model.
        item: What it is asked.
        wrong: Another item's cues; None to leave that out.
        faith: Whether to ask again without cues.
    """
    own = journal.answer(item.sheet, item.question, item.images)
    found: dict[str, Any] = {"own": own}
    if wrong is not None:
        found["wrong"] = journal.answer(wrong, item.question)
    if faith and own.named is not None and own.cites:

        def without(ids: Sequence[str]) -> Record:
            return journal.answer(item.sheet.only(set(item.sheet.cues) - set(ids)), item.question, item.images)

        out = removals(own.cites, list(item.sheet.cues), item.id)
        found["bare"] = without(out.bare)
        if out.other:
            found |= {"cited": without(out.cited), "other": without(out.other)}
    return Tried(**found)
