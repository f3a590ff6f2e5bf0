"""What a page about several cases begins with: each by its item, with what was answered and what people said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cuechain.agents.explain import in_words
from cuechain.agents.fetch import shown
from cuechain.agents.judged import agrees, name_of, shown_answer
from cuechain.agents.report.timeline import name_of as file_name
from cuechain.agents.values import Case


@dataclass(frozen=True)
class Entry:
    """A case in the list."""

    anchor: str
    """Id of its part of the page."""
    name: str
    """Its item; its question outside a run."""
    answer: str
    """In a few words; why there is none, where it failed."""
    failed: bool
    """It has no answer."""
    people: str
    """What people said; empty where nobody did."""
    agrees: bool | None
    """Whether the answer says so; None where that is not decided by labels."""


def entries(groups: Sequence[Sequence[Case]]) -> list[Entry]:
    """One for each case.

    Args:
        groups: Cases as they stand on the page.
    """
    return [_entry(case, anchor(n, k)) for n, group in enumerate(groups, 1) for k, case in enumerate(group, 1)]


def _entry(case: Case, anchor: str) -> Entry:
    failed = case.answer is None
    return Entry(
        anchor=anchor,
        name=heading(case),
        answer=case.error or shown_answer(case) if failed else shown_answer(case),
        failed=failed,
        people="; ".join(words for _, words in told(case)),
        agrees=None if failed else agrees(case),
    )


def anchor(group: int, case: int) -> str:
    """Id of the part of the page that is about a case; both are counted from 1."""
    return f"case-{group}-{case}"


def heading(case: Case) -> str:
    """What a case is called beside others: its item, or its question outside a run."""
    return name_of(case) or question(case)


def question(case: Case) -> str:
    """What was asked."""
    return case.question.text.strip() or case.question.task


def title(cases: Sequence[Case]) -> str:
    """Of the page: the question where there is one alone."""
    asked = {question(case) for case in cases}
    if len(asked) == 1:
        return asked.pop()
    names = list(dict.fromkeys(file_name(m) for case in cases for m in case.sheet.media))
    about = f" about {' and '.join(names)}" if len(names) in (1, 2) else ""
    return f"{len(cases)} {'items' if any(map(name_of, cases)) else 'questions'}{about}" if cases else "no cases"


def unopened(case: Case) -> list[str]:
    """Names of the files of an item that failed before any was looked at."""
    return [PurePath(shown(f)).name for f in case.sample.files] if case.sample and not case.sheet.media else []


def told(case: Case) -> list[tuple[str, str]]:
    """What people said about the item of a dataset, in words."""
    return list(_told(case)) if case.sample else []


def _told(case: Case) -> Iterator[tuple[str, str]]:
    assert case.sample is not None
    target = case.sample.target
    if target.labels is not None:
        yield "people said", ", ".join(target.labels) or "none of the labels"
    for values in ({name: f"{value:g}" for name, value in target.scores.items()}, target.fields):
        if values:
            yield "people said", ", ".join(f"{name} {value}" for name, value in values.items())
    for name in ("pairs", "sextuples", "flips", "opinions"):
        found = getattr(target, name)
        if found is not None:
            yield "people said", " / ".join(map(in_words, found)) or f"no {name}"
    if target.text:
        yield "people explained", target.text
    for name, labels in target.raters.items():
        yield f"rater {name}", ", ".join(labels)
