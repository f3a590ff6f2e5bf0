"""What is asked, and what a model may answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cuechain.agents.values.sheet import Span, Value

Relation = Literal["agree", "masked", "sarcastic", "mixed", "single"]
"""How the senses relate: they agree; the person hides something; the words mean their opposite; really two feelings; one sense alone."""

CLASHES: tuple[Relation, ...] = ("masked", "sarcastic", "mixed")
"""How senses relate that do not agree."""

Sentiment = Literal["positive", "negative", "neutral", "mixed"]
Stance = Literal["supports", "conflicts", "weak", "context"]
"""What a cue does for the conclusion. `weak`: it hardly speaks either way; `context`: setting, not evidence of feeling."""

QuestionKind = Literal[
    "how", "why", "yes_no", "sarcasm", "change", "who", "which_sense", "cause", "when", "everyone", "other"
]

EKMAN = ("joy", "sadness", "anger", "fear", "surprise", "disgust", "neutral")
"""Ekman's six and neutral: the label set used where the user names none."""


class Question(Value):
    """What is asked of a sheet."""

    text: str
    """The user's words."""
    task: str = "ask"
    """Registered name of the task."""
    labels: tuple[str, ...] = ()
    """Closed label set, or the name of one of the task's sets; empty for its default, `open` for any word where it allows that."""
    turn: int | None = Field(default=None, ge=1)
    """The turn of a conversation that is to be judged, from 1; None for all of it."""


class Emotion(Value):
    """A feeling with its strength."""

    label: str
    """A label of the set that was asked for."""
    intensity: float | None = Field(default=None, ge=0, le=1)
    """How strong, 0 to 1."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """How sure, 0 to 1."""


class Claim(Value):
    """One sentence of an answer and the cues that carry it."""

    text: str | None = None
    """The sentence; None while a planner leaves it to the realiser."""
    cites: tuple[str, ...] = ()
    """Cue ids."""
    stance: Stance = "supports"
    """What the cited cues do for the conclusion."""
    points: str | None = None
    """The label that the cited cues point to by themselves; None where they point nowhere or nobody asked."""


class Answer(Value):
    """What a model returns. A task that needs more has a subtype."""

    person: str | None = None
    """Whom the answer is about; None where no person can be told apart."""
    span: Span | None = None
    """The stretch it is about; None for the whole clip."""
    emotion: Emotion | None = None
    """What is felt; None when the answer abstains."""
    sentiment: Sentiment | None = None
    """Overall polarity; None when the answer abstains."""
    relation: Relation | None = None
    """How the senses relate; None when the answer abstains."""
    claims: tuple[Claim, ...] = ()
    """The answer, sentence by sentence: the first answers the question, the others say why."""
    abstain: bool = False
    """True when the evidence does not allow an answer."""


class EmotionAnswer(Answer):
    """Tasks that name feelings: every label that holds, strongest first."""

    emotions: tuple[Emotion, ...] = ()
    """Ranked; open vocabulary may hold several."""


class LabelAnswer(Answer):
    """Tasks that choose one of a set of labels which are no feelings: sarcastic or not, fits or not, a dialogue act …"""

    label: str | None = None
    """The chosen label; None when the answer abstains."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """How sure, 0 to 1."""
    kind: str | None = None
    """What kind of it, where the task tells kinds apart."""


class LabelsAnswer(LabelAnswer):
    """Tasks where several of a set of labels which are no feelings may hold: how a speech is delivered …"""

    labels: tuple[str, ...] = ()
    """Every label that holds, plainest first; `label` is the first of them."""


class SentimentAnswer(LabelAnswer):
    """The `sentiment` task: a label of a scale, and numbers."""

    valence: float | None = Field(default=None, ge=-1, le=1)
    """Unpleasant to pleasant, -1 to 1."""
    arousal: float | None = Field(default=None, ge=-1, le=1)
    """Calm to excited, -1 to 1."""
    dominance: float | None = Field(default=None, ge=-1, le=1)
    """Powerless to in control, -1 to 1."""


class Element(Value):
    """One element of a sextuple."""

    text: str
    """The words as they stand in the dialogue, or what is meant."""
    explicit: bool = True
    """True where the words stand in the dialogue as they are."""


class Sextuple(Value):
    """Who feels what about which aspect of what, and why (PanoSent)."""

    holder: Element
    """Who has the opinion."""
    target: Element
    """What it is about."""
    aspect: Element
    """Which side of it."""
    opinion: Element
    """The words that judge."""
    sentiment: Literal["positive", "neutral", "negative"]
    """Polarity of the opinion."""
    rationale: Element
    """Why the holder thinks so."""
    cites: tuple[str, ...] = ()
    """Cue ids."""


Trigger = Literal[
    "introduction of new information",
    "logical argumentation",
    "participant feedback and interaction",
    "personal experience and self-reflection",
]
"""What makes a sentiment flip (PanoSent)."""


class Flip(Value):
    """A holder's sentiment towards an aspect that changes in a dialogue (PanoSent)."""

    holder: str
    """Who."""
    target: str
    """About what."""
    aspect: str
    """Which side of it."""
    initial: Literal["positive", "neutral", "negative"]
    """Polarity before."""
    flipped: Literal["positive", "neutral", "negative"]
    """Polarity after."""
    trigger: Trigger
    """What made it change."""
    cites: tuple[str, ...] = ()
    """Cue ids."""


class CausePair(Value):
    """A turn that shows a feeling, and a turn that caused it."""

    turn: int = Field(ge=1)
    """The turn that shows the feeling, from 1."""
    emotion: str
    """Which feeling."""
    cause: int = Field(ge=1)
    """The turn that caused it, from 1."""
    span: str = ""
    """The words of that turn which name the cause; empty where turns alone are asked for."""


class Opinion(Value):
    """A sentiment towards one aspect of a target."""

    target: str
    """What it is about."""
    aspect: str = ""
    """Which side of it; empty for the target as a whole."""
    sentiment: Sentiment
    """Polarity."""
    cites: tuple[str, ...] = ()
    """Cue ids."""


class SextupleAnswer(Answer):
    """The `sextuple` task: who feels what about which aspect of what, and why, and whose sentiment turns."""

    sextuples: tuple[Sextuple, ...] = ()
    """In the order of the dialogue."""
    flips: tuple[Flip, ...] = ()
    """Sentiments that change in the dialogue."""


class CauseAnswer(Answer):
    """The `cause` task: which turn shows which feeling, and which turn caused it."""

    pairs: tuple[CausePair, ...] = ()
    """One for each cause of each turn that shows a feeling."""


class AspectAnswer(Answer):
    """The `aspect` task: sentiments towards targets and their aspects."""

    opinions: tuple[Opinion, ...] = ()
    """One for each target and aspect that is judged."""


class PostAnswer(LabelAnswer):
    """The `post` task: its sentiment as the label, and what else a post is up to. A slot that the model does not judge is None."""

    polarity: Literal["very negative", "negative", "neutral", "positive", "very positive"] | None = None
    """Overall sentiment, in Memotion's levels (Sharma et al. 2020)."""
    humour: Literal["not funny", "funny", "very funny", "hilarious"] | None = None
    """Memotion's levels."""
    sarcasm: Literal["not sarcastic", "general", "twisted meaning", "very twisted"] | None = None
    """Memotion's levels."""
    offence: Literal["not offensive", "slight", "very offensive", "hateful offensive"] | None = None
    """Memotion's levels."""
    motivation: Literal["not motivational", "motivational"] | None = None
    """Memotion's levels."""
    hate: Literal["not hateful", "hateful"] | None = None
    """Hateful Memes (Kiela et al. 2020): an attack on people for what they are."""
    intent: (
        Literal["advocative", "promotive", "exhibitionist", "expressive", "informative", "entertainment", "provocative"]
        | None
    ) = None
    """What the post is for, in the taxonomy of Kruk et al. (2019), both kinds of provocation as one."""
    implication: str | None = None
    """What picture and words together mean and neither says, in one sentence."""
