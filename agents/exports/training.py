"""Training rows for other programs: ShareGPT conversations, and preference pairs as TRL reads them.

Rows for this project's own commands are made by `cuechain finetune data`, which reads a run (`kind: cases`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cuechain import prompts
from cuechain.agents.errors import ConfigError
from cuechain.agents.exports.files import OneFile
from cuechain.agents.exports.gate import Demands, refused
from cuechain.agents.exports.record import Origin
from cuechain.agents.judged import agrees, gold_of, name_of, task_of
from cuechain.agents.justify import STEP
from cuechain.agents.reason import turns
from cuechain.agents.values import Answer, Case

CHECKED = Demands(verified=True)
"""What every training row must hold to: a sentence that cites what is not there is not to be learnt."""

Turns = list[tuple[str, str]]
"""(system, user or assistant; what is said)."""

_ROLES = {"system": "system", "user": "human", "assistant": "gpt"}
_MEDIA = re.compile(r"<(image|video|audio)>", re.IGNORECASE)
"""What trainers take for the place of a file, wherever it stands."""


def conversation(case: Case, answer: Answer) -> Turns:
    """What was asked and replied, the answer last; that of a planner, and of a model that was told the label, as `--direct` asks for it."""
    task = task_of(case)
    said = {s.name: s.output for s in case.steps}
    chained = STEP not in said and all(name in said for name, _ in task.steps)
    asked = turns(case.sheet, case.question, task, direct=not chained)
    held: Turns = [("system", prompts.render("system"))]
    for place, (name, text) in enumerate(asked, 1):
        held += [("user", text), ("assistant", _reply(case, answer) if place == len(asked) else said[name])]
    return held


def _reply(case: Case, answer: Answer) -> str:
    """An answer as a chat model gives it: without a planner's notes, and without sentences that are made from its other slots."""
    made = task_of(case).worded is not None and not answer.abstain
    claims = () if made else tuple(c.model_copy(update={"points": None}) for c in answer.claims)
    return answer.model_copy(update={"claims": claims}).model_dump_json()


class _Lines(OneFile):
    """JSON lines with provenance."""

    def __init__(self, path: Path, origin: Origin) -> None:
        super().__init__(path)
        self._origin = origin

    def _put(self, case: Case, row: dict[str, Any]) -> None:
        told = row | {"gold": list(gold_of(case)), "agrees": agrees(case), **self._origin.of(case)}
        self._file.out.write(json.dumps(told, ensure_ascii=False) + "\n")
        self.written += 1


class ShareGPT(_Lines):
    """`conversations` of system, human and gpt, with `images` where the case is about pictures: LLaMA-Factory, ms-swift, axolotl."""

    def add(self, case: Case) -> None:
        """Take the next case."""
        refusal = refused(case, CHECKED)
        if refusal is not None or case.answer is None:
            self.left[refusal.reason if refusal else "failed"] += 1
            return
        images = [m.path for m in case.sheet.media if m.kind == "image" and m.path]
        held = [
            {"from": _ROLES[who], "value": _MEDIA.sub(r"< \1 >", text)} for who, text in conversation(case, case.answer)
        ]
        if images:
            held[1]["value"] = "<image>" * len(images) + "\n" + held[1]["value"]
        self._put(case, {"conversations": held, "images": images})


class Pairs(_Lines):
    """`prompt`, `chosen` and `rejected` in messages: answers that a repair made better, and answers that a person corrected."""

    def __init__(self, path: Path, origin: Origin, edits: Mapping[str, dict[str, Any]] | None = None) -> None:
        """Begin the file.

        Args:
            path: The JSON lines.
            origin: The run.
            edits: Item id to the answer as a person left it.
        """
        super().__init__(path, origin)
        self._edits = edits or {}

    def add(self, case: Case) -> None:
        """Take the next case."""
        if case.answer is None:
            self.left["failed"] += 1
            return
        pairs = list(self._pairs(case, case.answer))
        if not pairs:
            self.left["neither repaired nor edited"] += 1
        for chosen, rejected, flaw in pairs:
            held = conversation(case, chosen)
            messages = [{"role": who, "content": text} for who, text in held]
            bad = [{"role": "assistant", "content": rejected}]
            self._put(case, {"prompt": messages[:-1], "chosen": messages[-1:], "rejected": bad, "flaw": flaw})

    def _pairs(self, case: Case, answer: Answer) -> Iterator[tuple[Answer, str, str]]:
        edited = self._edits.get(name_of(case))
        if edited is not None:
            try:
                better = type(answer).model_validate(edited)
            except ValidationError:
                self.left["edit of another form"] += 1
            else:
                if better != answer:
                    yield better, _reply(case, answer), "edited"
                return  # what a person left is better than any repair
        first = next(
            (s.output for s in case.steps if s.name in (task_of(case).steps[-1][0], "direct", "explain")), None
        )
        if first is None or case.verdict is None or not case.verdict.repaired:
            return
        if case.verdict.ok:
            yield answer, first, "repaired"
        else:
            self.left["repaired in part"] += 1


def edits_of(path: Path) -> dict[str, dict[str, Any]]:
    """Corrected answers by item id: lines of {"id": …, "edited": answer}, or of {"case": …, "edited": answer} as `finetune data` reads.

    Raises:
        ConfigError: The file cannot be read, or a line is of another form.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                raw = json.loads(line)
                id = raw["id"] if "id" in raw else raw["case"]["sample"]["id"]
                if isinstance(raw.get("edited"), dict):
                    found[str(id)] = raw["edited"]
                elif raw.get("edited") is not None:
                    raise ConfigError(
                        f"{path.name}, line {number}: `edited` is no answer",
                        "a corrected text is for `cuechain finetune data`",
                    )
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", "give a file of JSON lines") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: a line holds no item and no edit", 'write {"id": …, "edited": {…}} in each'
        ) from error
    return found
