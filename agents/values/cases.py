"""From a plan to a finished case: what was decided, checked, told and used up."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator

from cuechain.agents.values.answers import Answer, Question, QuestionKind, Relation, Sentiment
from cuechain.agents.values.samples import Sample
from cuechain.agents.values.sheet import CueSheet, Span, Value

SCHEMA_VERSION = 1
"""Version of the Case record. Raised when a stored Case can no longer be read as it was written."""


class Plan(Value):
    """What a planner decides, slot by slot; every value comes from a set that was closed when it was asked."""

    labels: dict[str, float]
    """Label to probability; sums to 1 over the labels that were asked for."""
    relation: dict[Relation, float]
    """Relation to probability."""
    sentiment: dict[Sentiment, float]
    """Sentiment to probability."""
    abstain: float = Field(ge=0, le=1)
    """Probability that the evidence does not allow an answer."""
    intensity: float = Field(default=0.5, ge=0, le=1)
    """Strength of what is felt."""
    weight: dict[str, float] = Field(default_factory=dict)
    """Cue id to how much it decides, 0 to 1."""
    points: dict[str, str] = Field(default_factory=dict)
    """Cue id to the label that this cue alone points to; absent for a cue that points nowhere."""


class Focus(Value):
    """What a question is about, looked up in the sheet: who, when, and what kind of answer it wants."""

    person: str | None = None
    """Whom; None where no person can be told apart."""
    span: Span | None = None
    """The stretch that was asked for; None for the whole clip."""
    kind: QuestionKind = "how"
    """What kind of answer it wants."""
    label: str | None = None
    """The feeling that the question itself names ("is she angry?"), as one of the labels."""
    pronoun: str = "the person"
    """How the answer calls the person: the question's own pronoun or noun."""


class Problem(Value):
    """One thing that the check found wrong."""

    code: str
    """unknown_cite, no_cite, wrong_person, wrong_sense, wrong_time, wrong_quote, unsupported, from_gap, label_not_in_set, empty"""
    claim: int | None
    """Index of the claim; None when it concerns the whole answer."""
    text: str
    """What is wrong, in a sentence that a model can act on."""


class Verdict(Value):
    """Outcome of the mechanical check."""

    problems: tuple[Problem, ...] = ()
    """Empty when every claim holds."""
    claims: int = 0
    """Number of claims that were checked."""
    repaired: int = 0
    """Problems of the first try that the repair round removed."""

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems


class Explanation(Value):
    """The answer as a reader meets it: prose with citations, what conflicts, what is missing, how sure."""

    text: str
    """Sentences, each ending in its citations: `… [F2, V1].`"""
    conflicts: tuple[str, ...] = ()
    """Sentences on senses that disagree."""
    missing: tuple[str, ...] = ()
    """Senses that had nothing to say, with the reason."""
    sure: str = ""
    """How sure, in words with the number."""


class Usage(Value):
    """What a model consumed."""

    calls: int = 0
    """Requests that were answered."""
    input_tokens: int = 0
    """Tokens read."""
    output_tokens: int = 0
    """Tokens written."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


class Step(Value):
    """One step of the chain of sentiment, as it was taken."""

    name: str
    """observe, infer, conclude, repair; or plan, for a planner."""
    output: str
    """What the model returned, verbatim; a plan as JSON."""
    seconds: float = 0.0
    """Wall time."""


class Case(Value):
    """Everything about one question: enough to show it, to score it and to train from it."""

    schema_version: int = SCHEMA_VERSION
    """See SCHEMA_VERSION."""
    question: Question
    """What was asked."""
    sample: Sample | None = None
    """The item of a dataset that was asked about, with what people said; None outside a run."""
    sheet: CueSheet
    """What was perceived."""
    steps: tuple[Step, ...] = ()
    """How the answer came about."""
    answer: SerializeAsAny[Answer] | None = None
    """The answer; None when `status` is failed."""
    verdict: Verdict | None = None
    """The check of the answer."""
    explanation: Explanation | None = None
    """The answer in prose."""
    status: Literal["done", "failed"] = "done"
    """failed: `error` says why."""
    error: str = ""
    """Message of the error that ended the case."""
    model: str = ""
    """Spec string of the model that answered."""
    template_hash: str = ""
    """Digest of the prompt templates that were used."""
    timings: dict[str, float] = Field(default_factory=dict)
    """Room or sense to seconds."""
    usage: Usage = Usage()
    """What the model consumed."""

    @field_validator("answer", mode="before")
    @classmethod
    def _subtype(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the answer as the task's own type when the caller gives it as context `{"answer": type}`."""
        kind: type[Answer] | None = (info.context or {}).get("answer")
        return kind.model_validate(value) if kind and isinstance(value, dict) else value
