"""The nouns. Frozen values that every room shares; nothing here knows a tool, a model or a file format."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationInfo, field_validator, model_validator

SCHEMA_VERSION = 1
"""Version of the Case record. Raised when a stored Case can no longer be read as it was written."""

Relation = Literal["agree", "masked", "sarcastic", "mixed", "single"]
"""How the senses relate: they agree; the person hides something; the words mean their opposite; really two feelings; one sense alone."""

Sentiment = Literal["positive", "negative", "neutral", "mixed"]
Stance = Literal["supports", "conflicts", "weak", "context"]
"""What a cue does for the conclusion. `weak`: it hardly speaks either way; `context`: setting, not evidence of feeling."""

QuestionKind = Literal[
    "how", "why", "yes_no", "sarcasm", "change", "who", "which_sense", "cause", "when", "everyone", "other"
]

Kind = Literal["video", "audio", "image", "text"]

EKMAN = ("joy", "sadness", "anger", "fear", "surprise", "disgust", "neutral")
"""Ekman's six and neutral: the label set used where the user names none."""


class Value(BaseModel):
    """A frozen record; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Value):
    """A stretch of time in a clip."""

    start: float = Field(ge=0)
    """Seconds from the beginning of the medium."""
    end: float = Field(ge=0)
    """Seconds from the beginning of the medium; never before `start`."""

    @model_validator(mode="after")
    def _forward(self) -> Span:
        if self.end < self.start:
            raise ValueError("a span cannot end before it starts")
        return self

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> float:
        """Seconds that both spans share."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))


class Turn(Value):
    """One turn of a conversation."""

    speaker: str = ""
    """Who says it; empty where nobody knows."""
    text: str = ""
    """The words."""
    file: str | None = None
    """Path of a picture, sound or video that belongs to the turn."""
    span: Span | None = None
    """When it is said within the conversation's medium."""
    reply: int | None = Field(default=None, ge=1)
    """The turn that it answers, from 1; None where that is not told."""


class Media(Value):
    """One thing that was given to look at, listen to or read."""

    id: str
    """Short name within one question: `m1`, `m2` …"""
    kind: Kind
    """What it is at heart."""
    path: str | None = None
    """Where it lies; None for text that was typed."""
    text: str | None = None
    """The text itself, when `kind` is text."""
    turns: tuple[Turn, ...] = ()
    """Its turns, when the text is a conversation."""
    duration: float | None = None
    """Seconds; None for a still image or a text without times."""
    streams: tuple[str, ...] = ()
    """Of `video`, `audio`, `subtitles`, `image`, `text`: what it holds."""
    size: tuple[int, int] | None = None
    """Width and height of the picture in pixels, as shown (rotation applied)."""
    sha256: str = ""
    """Digest of the bytes: names the clip in caches and in evaluation."""


class Cue(Value):
    """One thing that was perceived, in words, with its time and its raw measures."""

    sense: str
    """The perception tool's name: transcript, words, voice, face, scene, screen, …"""
    text: str
    """What a model reads: one hedged English clause without a full stop ("the voice is possibly lower than usual …")."""
    span: Span | None = None
    """When; None where time has no meaning (a still image, a typed text)."""
    person: str | None = None
    """Whom it is about (`P1`, `P2` …); None for a setting or an unknown speaker."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """How sure the tool was here, 0 to 1."""
    reliability: float | None = Field(default=None, ge=0, le=1)
    """How often this measure of this tool is right in general, 0 to 1."""
    salience: float = Field(default=0.5, ge=0, le=1)
    """How much it stands out from the person's or clip's usual, 0 to 1: what a budget keeps first."""
    measures: dict[str, float | str] = Field(default_factory=dict)
    """Raw values under names with units (`f0_mean_hz`, `pause_max_s`) or FACS names (`au12`, 0 to 1)."""
    source: str
    """`tool@version` that made it."""
    media: str | None = None
    """Id of the Media it came from, when there are several."""


class Gap(Value):
    """A sense that has nothing to say, and why. Never reads as neutrality."""

    sense: str
    """The perception tool's name."""
    reason: str
    """Why, in words a user understands."""
    hint: str = ""
    """What would close the gap, when something would."""
    span: Span | None = None
    """The stretch it concerns; None for the whole clip."""
    retry: bool = False
    """True when another try may close it: what was found beside it is not kept in the cue cache."""


class CueSheet(Value):
    """All that may be cited about a clip: numbered cues in order of time, and the gaps."""

    media: tuple[Media, ...] = ()
    """What was perceived."""
    cues: dict[str, Cue] = Field(default_factory=dict)
    """Id to cue. The id says the sense: `V2` is the second voice cue in time."""
    gaps: tuple[Gap, ...] = ()
    """What could not be perceived."""
    dropped: int = 0
    """Cues that the budget left out."""

    @property
    def people(self) -> tuple[str, ...]:
        """Persons that cues speak of, in order."""
        return tuple(sorted({c.person for c in self.cues.values() if c.person}))

    def only(self, ids: set[str]) -> CueSheet:
        """The same sheet with these cues alone."""
        return self.model_copy(update={"cues": {i: c for i, c in self.cues.items() if i in ids}})


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
