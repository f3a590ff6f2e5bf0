"""Items of datasets, and what people said about them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from cuechain.agents.values.answers import CausePair, Flip, Opinion, Sextuple
from cuechain.agents.values.sheet import Span, Turn, Value


class Target(Value):
    """What is right about an item, in the form that scoring compares: what people said, and what an answer says."""

    labels: tuple[str, ...] | None = None
    """Labels that hold; empty where none of them does; None where nobody judged."""
    scores: dict[str, float] = Field(default_factory=dict)
    """Numbers by name: intensity of a label, `valence`, `arousal`, `dominance` …, in the scale that the task names."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Labels of further questions about the same item, by name (`humour`, `offence`, `kind` …)."""
    pairs: tuple[CausePair, ...] | None = None
    """Emotion–cause pairs; None where nobody judged."""
    sextuples: tuple[Sextuple, ...] | None = None
    """Sextuples; None where nobody judged."""
    flips: tuple[Flip, ...] | None = None
    """Sentiment flips; None where nobody judged."""
    opinions: tuple[Opinion, ...] | None = None
    """Sentiments towards aspects; None where nobody judged."""
    text: str = ""
    """A written explanation."""
    raters: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Name of each rater to the labels that this one gave, where a file has several."""

    def spelled(self, known: Sequence[str]) -> Target:
        """The same with labels as a closed set spells them where only capitals differ: people who write "Joy" and "joy" mean one label.

        Args:
            known: The set; without one nothing changes.
        """
        ways = {label.casefold(): label for label in known} | {label: label for label in known}

        def own(labels: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(ways.get(x, ways.get(x.casefold(), x)) for x in labels))

        told = self.labels and own(self.labels)
        return self.model_copy(update={"labels": told, "raters": {name: own(x) for name, x in self.raters.items()}})


class Sample(Value):
    """One item of a dataset: what is looked at, what is asked about it, and what people said."""

    id: str
    """Unique in its dataset."""
    dataset: str = ""
    """Name of the reader that made it."""
    split: str = ""
    """train, dev, test … as published."""
    group: str = ""
    """Dialogue, speaker, author or clip: a split never runs through a group, and intervals may be drawn by it."""
    text: str | None = None
    """A text without turns."""
    turns: tuple[Turn, ...] = ()
    """A conversation."""
    turn: int | None = Field(default=None, ge=1)
    """The turn that is judged, from 1."""
    files: tuple[str, ...] = ()
    """Paths of media that belong together."""
    span: Span | None = None
    """The stretch of the file that is judged; None for all of it."""
    question: str = ""
    """Words of its own question, where the dataset asks one; else the task's."""
    labels: tuple[str, ...] = ()
    """Closed label set of its own, where the items differ in it; else the task's."""
    target: Target = Target()
    """What people said."""
