"""Rows from runs: finished Cases whose answers passed the check, and what people thought of answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from cuechain.agents import registry
from cuechain.agents.catalogue import case_of as stored
from cuechain.agents.errors import CueChainError
from cuechain.agents.explain import is_looked_up
from cuechain.agents.feedback.edits import relabelled
from cuechain.agents.reason import labels_of
from cuechain.agents.tasks import Task
from cuechain.agents.values import SCHEMA_VERSION, Answer, Case
from cuechain.finetune.embedded.examples import Example
from cuechain.finetune.gathering.items import Item, Refusal
from cuechain.finetune.gathering.seen import name64
from cuechain.finetune.gathering.sources import Place, Source, files, text_group
from cuechain.finetune.judged import gold_of, tells
from cuechain.finetune.rows import Gold, Row
from cuechain.finetune.targets import claims_of, named_in, plainly
from cuechain.finetune.tuning.pairs import gold_by, pair_of_edit, thumb


class Cases(Source):
    """Finished Cases: what `ask --json` printed, or the `cases.jsonl` of a run. Only answers that passed the check become rows, and of
    items that people judged only those that say what they said."""

    kind: Literal["cases"]
    files: tuple[Place, ...]
    """A Case as JSON (.json), or one a line (.jsonl)."""

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        for id, raw in records(files(self.files), self.called):
            case = raw if isinstance(raw, Refusal) else case_of(raw, id, self.called)
            if isinstance(case, Refusal):
                yield case
            elif case.answer is None or case.verdict is None:
                yield Refusal(id, self.called, "failed", case.error or "the case has no answer")
            elif not case.verdict.ok:
                yield Refusal(id, self.called, "verdict", case.verdict.problems[0].text)
            elif is_looked_up(case.answer):
                yield Refusal(id, self.called, "looked_up", "it tells what was perceived, and judges nothing")
            else:
                yield of_case(id, case, case.answer, self.called, _gold(case))


class Feedback(Source):
    """What people thought of answers: {"case": …, "thumb": "up" | "down", "edited": answer or text with [ids], "group": …}, one a line."""

    kind: Literal["feedback"]
    files: tuple[Place, ...]
    """JSON lines."""

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        for id, raw in records(files(self.files), self.called):
            if isinstance(raw, Refusal):
                yield raw
                continue
            case = case_of(raw.get("case"), id, self.called)
            yield case if isinstance(case, Refusal) else self._one(id, case, raw)

    def _one(self, id: str, case: Case, raw: dict[str, Any]) -> Item | Refusal:
        thumbed, edited, group = raw.get("thumb"), raw.get("edited"), str(raw.get("group") or "")
        if thumbed not in ("up", "down", None) or (thumbed is None and not edited):
            return Refusal(id, self.called, "broken", "neither `thumb` (up, down) nor `edited`")
        if case.answer is None:
            return Refusal(id, self.called, "failed", case.error or "the case has no answer")
        ready: list[Row | None] = [] if thumbed is None else [thumb(case, thumbed == "up", group)]
        right = case.answer if thumbed == "up" else None
        if edited:
            try:
                right = edited_answer(case, case.answer, edited)
            except ValueError as error:
                return Refusal(id, self.called, "broken", f"`edited`: {str(error).splitlines()[0]}")
            ready.append(pair_of_edit(case, right, group))
        gold = gold_by(case, right) if right else Gold(allowed=_allowed(case))
        made = of_case(id, case, right, self.called, gold)
        return made.model_copy(update={"group": group or made.group, "pairs": tuple(r for r in ready if r)})


def of_case(id: str, case: Case, answer: Answer | None, origin: str, gold: Gold) -> Item:
    """A case as an item. Its dataset's group is its group, else its clip; its sheet is its unit: several questions about a clip are no
    duplicates."""
    clip = (case.sample.group if case.sample else "") or next((m.sha256 for m in case.sheet.media if m.sha256), "")
    told = case.sheet.model_dump_json()
    return Item(
        id=id,
        unit=f"sheet-{name64(told)}",
        group=clip or text_group(told),
        origin=origin,
        sheet=case.sheet,
        question=case.question,
        answer=plainly(answer) if answer else None,
        gold=gold,
    )


def _gold(case: Case) -> Gold:
    """What people said of the item of a case, where they said what decides its task."""
    task: Task = registry.get("tasks", case.question.task)
    if case.sample is None or not tells(case.sample.target, task):
        return Gold(allowed=_allowed(case))
    return gold_of(case.sample.target, case.question, task)


def _allowed(case: Case) -> tuple[str, ...]:
    return labels_of(case.question, registry.get("tasks", case.question.task))


def edited_answer(case: Case, was: Answer, edited: Any) -> Answer:
    """The answer as a person left it: whole, or as sentences that cite `[ids]`; what they cite nothing for rests on what was cited before.

    Raises:
        ValueError: It is of another form.
    """
    if isinstance(edited, dict):
        return type(was).model_validate(edited)
    if not isinstance(edited, str):
        raise ValueError("neither an answer nor a text")
    cited = tuple(dict.fromkeys(i for c in was.claims for i in c.cites))
    label = named_in(edited, _allowed(case) or tuple(e.label for e in (was.emotion,) if e))
    example = Example(
        id="", author="", sheet=case.sheet, question=case.question.text, person=was.person, decisive=cited, abstain=was.abstain
    )  # fmt: skip
    answer = was.model_copy(update={"claims": claims_of(edited, example)})
    if label and was.emotion and label != was.emotion.label:
        return relabelled(answer, registry.get("tasks", case.question.task), label)
    return answer


def records(paths: Sequence[Path], origin: str) -> Iterator[tuple[str, Any]]:
    """Objects of JSON and JSON-lines files, each with a name; a line that is none is a Refusal."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate([lines.read()] if path.suffix == ".json" else lines, 1):
                if not line.strip():
                    continue
                id = f"{path.stem}-{number}"
                try:
                    raw = json.loads(line)
                    yield id, raw if isinstance(raw, dict) else Refusal(id, origin, "broken", "not a JSON object")
                except ValueError as error:
                    yield id, Refusal(id, origin, "broken", f"{path.name}, line {number}: {error}")


def case_of(raw: Any, id: str, origin: str) -> Case | Refusal:
    """A stored Case, its answer read as its task's own type; why not, where it cannot be read."""
    try:
        if raw.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
            return Refusal(
                id, origin, "version", f"a Case of version {raw['schema_version']}; this reads {SCHEMA_VERSION}"
            )
        return stored(raw)
    except CueChainError as error:
        return Refusal(id, origin, "broken", error.message)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Refusal(id, origin, "broken", f"not a Case: {str(error).splitlines()[0]}")
