"""Cases with feedback on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cuechain.agents import llm, pipeline, settings
from cuechain.agents.explain import explain
from cuechain.agents.feedback.edits import RefusedError, corrected
from cuechain.agents.feedback.kept import found
from cuechain.agents.feedback.records import Record, Tally, records
from cuechain.agents.sessions import Feedback
from cuechain.agents.tasks.ask import ASK
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    CueSheet,
    Emotion,
    Media,
    Question,
)
from cuechain.agents.verify import verify
from tests.agents import sheets

RULES = settings.Settings(model="rules")


def sheet(path: str = "/home/anna/videos/anna at home.mp4", sha: str = "ab" * 32) -> CueSheet:
    media = Media(id="m1", kind="video", path=path, duration=8.0, streams=("video", "audio"), sha256=sha)
    return sheets.masked().model_copy(update={"media": (media,)})


def asked(words: str = "How does she feel, and why?", seen: CueSheet | None = None, task: Any = ASK) -> Case:
    """A case as `rules` answers it."""
    question = Question(text=words, task=task.name)
    return pipeline.think(seen or sheet(), question, task, llm.load("rules", RULES), RULES)


def told(case: Case, *claims: Claim, label: str = "sadness") -> Case:
    """The case with an answer of its own words."""
    answer = Answer(person="P1", emotion=Emotion(label=label, confidence=0.7), sentiment="negative", claims=claims)
    verdict = verify(case.sheet, answer, ())
    made = {"answer": answer, "verdict": verdict, "explanation": explain(case.sheet, answer, verdict)}
    return case.model_copy(update=made)


SAD = (
    Claim(text="She is sad.", cites=("F1", "V1")),
    Claim(
        text='She says "I am fine, really, everything is wonderful", which by itself would fit joy.',
        cites=("T1",),
        stance="conflicts",
        points="joy",
    ),
    Claim(text="The inner brows rise.", cites=("F2",)),
)  # fmt: skip


def edited(case: Case, text: str | None = None, label: str | None = None) -> Answer:
    return corrected(case, Feedback(turn=1, text=text, label=label), RULES)


def refusal(case: Case, text: str | None = None, label: str | None = None) -> str:
    with pytest.raises(RefusedError) as error:
        edited(case, text, label)
    return error.value.reason


def exported(*paths: Path, home: Path = Path("nowhere"), everyone: bool = False) -> tuple[list[Record], Tally]:
    tally = Tally()
    return records((p.read() for p in found(paths, home, everyone=everyone).places), RULES, tally), tally
