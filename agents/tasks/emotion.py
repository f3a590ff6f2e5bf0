"""Task `emotion`: which of a set of labels hold, or any emotion word (`--labels open`)."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, Emotion, EmotionAnswer, Target

SETS: dict[str, tuple[str, ...]] = {
    "ekman": EKMAN,
    "meld": ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"),
    "emorynlp": ("joyful", "mad", "peaceful", "neutral", "sad", "powerful", "scared"),
    "iemocap4": ("happy", "sad", "neutral", "angry"),
    "iemocap6": ("happy", "sad", "neutral", "angry", "excited", "frustrated"),
    "mer": ("worried", "happy", "neutral", "angry", "surprised", "sad"),
    "plutchik": ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"),
    "emodb": ("anger", "boredom", "disgust", "fear", "joy", "sadness", "neutral"),
    "ravdess": ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    "cremad": ("anger", "disgust", "fear", "happy", "neutral", "sad"),
    "tweeteval": ("anger", "joy", "optimism", "sadness"),
    "brighter": ("anger", "fear", "joy", "sadness", "surprise"),
    "emotiontalk": ("happy", "surprised", "sad", "disgusted", "angry", "fearful", "neutral"),
    "goemotions": (
        "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire", "disappointment",
        "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
        "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
    ),
}  # fmt: skip
"""Label sets as the datasets have them."""


def said(answer: Answer) -> Target:
    """The leading label, then the others, with their intensities where the model told them."""
    emotions = answer.emotions if isinstance(answer, EmotionAnswer) else ()
    named = emotions or ((answer.emotion,) if answer.emotion else ())
    scores = {e.label: e.intensity for e in named if e.intensity is not None}
    return Target(labels=tuple(dict.fromkeys(e.label for e in named)), scores=scores)


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with the labels that people gave, strongest first; the same answer where nobody judged."""
    if target.labels is None:
        return answer
    ranked = sorted(target.labels, key=lambda label: -target.scores.get(label, 0.0))
    emotions = tuple(Emotion(label=label, intensity=target.scores.get(label)) for label in ranked)
    return answer.model_copy(update={"emotions": emotions, "emotion": emotions[0] if emotions else None})


EMOTION = Task(
    name="emotion",
    about="name the emotion from a label set (--labels a,b,c or meld, goemotions …; --labels open for any word)",
    answer=EmotionAnswer,
    labels=EKMAN,
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    open_vocabulary=True,
    sets=SETS,
    said=said,
    taught=taught,
    metric="labels",
)
