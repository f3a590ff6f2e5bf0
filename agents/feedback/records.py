"""Thumbs, edits and re-asks as the records that `cuechain finetune data` reads (`kind: feedback`), each with where it comes from.

A record is {"case", "thumb", "edited", "group", "provenance"}. A re-ask is the same question about the same clips, answered again in one
session: the answer that was liked is what the disliked one should have been, where every cue that either cites is the same in both sheets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from cuechain.agents.explain import is_looked_up
from cuechain.agents.feedback.edits import RefusedError, corrected, leading
from cuechain.agents.feedback.kept import Kept
from cuechain.agents.sessions import Feedback
from cuechain.agents.settings import Settings
from cuechain.agents.values import Answer, Case, Value

How = Literal["thumb", "edit", "label", "reask"]
SHOWN = 3
"""Refusals of each reason that a reader is shown."""


class Provenance(Value):
    """Where a record comes from."""

    session: str
    """Id of the session, or name of the file."""
    owner: str | None
    """Whose session it is; None where that was left out."""
    turn: int
    """The answer, from 1."""
    how: How
    """What somebody did: only a thumb, edited prose, a label, or asked again."""
    chosen_turn: int | None = None
    """Of a re-ask: the turn whose answer is preferred."""
    label: str | None = None
    """The label that somebody named."""
    note: str = ""
    """What was written beside it."""
    model: str
    """Spec string of the model that answered."""
    template_hash: str
    """Digest of the templates that it was asked with."""
    at: str
    """When it was rated, ISO 8601."""


class Record(Value):
    """One line of the export."""

    case: Case
    """What was asked, perceived and answered."""
    thumb: Literal["up", "down"] | None = None
    """What somebody thought of the answer."""
    edited: dict[str, Any] | None = None
    """The answer as it should have been, of the task's type."""
    group: str = ""
    """Group of the item in its dataset, else digest of the first clip: a split never runs through it."""
    provenance: Provenance


@dataclass
class Tally:
    """What there was, and what became of it."""

    sessions: int = 0
    """Sessions and files that were read."""
    turns: int = 0
    """Answers in them, of an item of a run the last one."""
    rated: int = 0
    """Answers of which somebody said something."""
    revised: int = 0
    """Earlier words on an answer that a later one replaces."""
    made: Counter[str] = field(default_factory=Counter[str])
    """Thumbs up, thumbs down, edits, labels and re-asks that went out."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """What did not, by reason."""
    shown: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Some of it, with the session and turn."""
    others: int = 0
    """Sessions of other owners that were left out."""

    def refuse(self, kept: Kept, turn: int | None, reason: str, detail: str) -> None:
        """Count what cannot be used."""
        self.refused[reason] += 1
        examples = self.shown.setdefault(reason, [])
        if len(examples) < SHOWN:
            examples.append(f"{kept.name}{f', turn {turn}' if turn else ''}: {detail}")

    def told(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "sessions": self.sessions,
            "turns": self.turns,
            "rated": self.rated,
            "revised": self.revised,
            "records": dict(sorted(self.made.items())),
            "refused": dict(self.refused.most_common()),
            "examples": self.shown,
            "others_left_out": self.others,
        }


def records(several: Iterable[Kept], settings: Settings, tally: Tally) -> list[Record]:
    """Records of all that was said, thumbs that contradict each other left out; what cannot be used is counted.

    Args:
        several: What was kept.
        settings: How a corrected label is explained.
        tally: Counts.
    """
    kept = list(several)
    torn = _torn(kept)
    made: list[Record] = []
    for one in kept:
        tally.sessions += 1
        tally.turns += len(one.answers)
        tally.rated += len(one.said)
        tally.revised += one.revised
        for reason, count in one.faults.items():
            for _ in range(count):
                tally.refuse(one, None, reason, "a line that cannot be read")
        made += _of(one, settings, tally, torn)
    for record in made:
        tally.made[f"thumb_{record.thumb}"] += record.thumb is not None
        tally.made[record.provenance.how] += record.edited is not None
    tally.made = +tally.made
    return made


def _of(kept: Kept, settings: Settings, tally: Tally, torn: set[str]) -> Iterator[Record]:
    chosen = _reasked(kept, tally)
    for turn, said in sorted(kept.said.items()):
        case = kept.cases.get(turn)
        if item := kept.replaced.get(turn):
            tally.refuse(kept, turn, "answered_again", f"{item} was asked again, and its last answer counts")
            continue
        if case is None:
            there = turn <= kept.turns
            detail = "its answer cannot be read" if there else f"there are {kept.turns} answers"
            tally.refuse(kept, turn, "broken_case" if there else "no_such_turn", detail)
            continue
        if case.answer is None:
            tally.refuse(kept, turn, "failed", case.error or "the case has no answer")
            continue
        if is_looked_up(case.answer):
            tally.refuse(kept, turn, "looked_up", "it tells what was perceived, and judges nothing")
            continue
        edited, how = _edited(kept, case, said, settings, tally)
        thumb = said.rating
        if thumb and _key(case) in torn:
            tally.refuse(kept, turn, "contradictory", "the same answer was liked and disliked")
            thumb = None
        if thumb == "up" and edited is not None and leading(edited, case) != leading(case.answer, case):
            tally.refuse(kept, turn, "contradictory", "liked, and yet given another label: the edit counts")
            thumb = None
        again = chosen.get(turn)
        if again is not None and edited is None and thumb == "down":
            yield _record(kept, case, said, "down", kept.cases[again].answer, "reask", again)
            continue
        if thumb or edited is not None:
            yield _record(kept, case, said, thumb, edited, how)
        elif said.rating is None and said.text is None and said.label is None:
            tally.refuse(kept, turn, "no_judgement", "a note alone teaches nothing")
        if again is not None and thumb == "down":
            yield _record(kept, case, said, None, kept.cases[again].answer, "reask", again)


def _edited(kept: Kept, case: Case, said: Feedback, settings: Settings, tally: Tally) -> tuple[Answer | None, How]:
    """The corrected answer; None where nothing was corrected, or it cannot be used, which is counted."""
    if said.text is None and said.label is None:
        return None, "thumb"
    how: How = "label" if said.text is None else "edit"
    try:
        return corrected(case, said, settings), how
    except RefusedError as error:
        tally.refuse(kept, said.turn, error.reason, error.detail)
        return None, how


def _record(
    kept: Kept,
    case: Case,
    said: Feedback,
    thumb: Literal["up", "down"] | None,
    edited: Answer | None,
    how: How,
    again: int | None = None,
) -> Record:
    return Record(
        case=case,
        thumb=thumb,
        edited=None if edited is None else edited.model_dump(mode="json"),
        group=(case.sample.group if case.sample else "") or next((m.sha256 for m in case.sheet.media if m.sha256), ""),
        provenance=Provenance(
            session=kept.name,
            owner=kept.owner,
            turn=said.turn,
            how=how,
            chosen_turn=again,
            label=said.label,
            note=said.note,
            model=case.model,
            template_hash=case.template_hash,
            at=said.at,
        ),
    )


def _reasked(kept: Kept, tally: Tally) -> dict[int, int]:
    """Turns that were disliked, to the turn that answered the same question better; the next one that was liked, else the last before."""
    asked: dict[str, list[int]] = {}
    for turn, said in sorted(kept.said.items()):
        case = kept.cases.get(turn)
        if said.rating and case is not None and case.answer is not None:
            asked.setdefault(_question(case), []).append(turn)
    found: dict[int, int] = {}
    for turns in asked.values():
        for turn in (t for t in turns if kept.said[t].rating == "down"):
            up = (t for t in turns if kept.said[t].rating == "up")
            liked = [t for t in up if _alike(kept.cases[turn], kept.cases[t])]
            if not liked:
                continue
            better = next((t for t in liked if t > turn), liked[-1])
            worse, good = kept.cases[turn], kept.cases[better]
            if _same_words(worse, good):
                continue  # the same answer twice: told as contradictory
            if not _same_cues(worse, good):
                tally.refuse(kept, turn, "other_cues", f"turn {better} answers it from other cues")
            else:
                found[turn] = better
    return found


def _question(case: Case) -> str:
    """What is asked about what: words without regard to case and punctuation, task, labels and clips."""
    asked = case.question
    words = re.sub(r"[\W_]+", " ", asked.text.casefold()).strip()
    return repr((words, asked.task, asked.labels, asked.turn, [m.sha256 or m.text for m in case.sheet.media]))


def _alike(one: Case, other: Case) -> bool:
    """Whether both are about the same person and stretch, where they tell: "and before that?" asks something else each time."""
    assert one.answer is not None and other.answer is not None
    both = ((one.answer.person, other.answer.person), (one.answer.span, other.answer.span))
    return all(a is None or b is None or a == b for a, b in both)


def _same_words(one: Case, other: Case) -> bool:
    assert one.answer is not None and other.answer is not None
    return [c.text for c in one.answer.claims] == [c.text for c in other.answer.claims]


def _same_cues(one: Case, other: Case) -> bool:
    """Whether all that either answer cites is the same in both sheets: ids are given anew when a sheet grows or a sense is left out."""
    cited = {i for case in (one, other) if case.answer for c in case.answer.claims for i in c.cites}
    return all(one.sheet.cues.get(i) == other.sheet.cues.get(i) is not None for i in cited)


def _torn(several: Iterable[Kept]) -> set[str]:
    """Answers, by `_key`, that were liked at one turn and disliked at another."""
    thumbs: dict[str, set[str]] = {}
    for kept in several:
        for turn, said in kept.said.items():
            case = kept.cases.get(turn)
            if said.rating and case is not None and case.answer is not None:
                thumbs.setdefault(_key(case), set()).add(said.rating)
    return {key for key, found in thumbs.items() if len(found) > 1}


def _key(case: Case) -> str:
    """Evidence, question and answer."""
    cues = case.sheet.model_dump_json(include={"cues"})
    answer = case.answer.model_dump_json() if case.answer else ""
    return sha256(f"{cues}{case.question.model_dump_json()}{answer}".encode()).hexdigest()
