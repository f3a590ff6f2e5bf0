"""Small cases for pages, in the senses' own wording."""

import json
from collections.abc import Sequence

from cuechain.agents.explain import explain
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    Gap,
    Media,
    Question,
    Span,
    Step,
    Usage,
)
from cuechain.agents.verify import verify


def cue(sense, text, start=None, end=None, person="P1", **more):
    span = Span(start=start, end=end) if start is not None else None
    return Cue(sense=sense, text=text, span=span, person=person, source=f"{sense}@1", **more)


def cheerful() -> CueSheet:
    """Cheerful words and a sad face, from 4 s on."""
    return CueSheet(
        media=(Media(id="m1", kind="video", path="clip.mp4", duration=8.0, streams=("video", "audio")),),
        cues={
            "S1": cue("scene", "the picture is a still view", 0.0, 8.0, None, salience=0.2),
            "T1": cue("transcript", 'the speaker says "I am fine"', 4.0, 6.0),
            "W1": cue("words", 'the words are clearly positive (0.81), with "fine"', 4.0, 6.0, measures={"valence": 0.81}),
            "V1": cue("voice", "the voice is lower than usual", 4.0, 6.0, measures={"valence_voice": -0.4, "arousal": -0.7}),
            "F1": cue("face", "the lip corners pull down (AU15, strong)", 4.5, 5.5, measures={"au15": 0.8, "peak_s": 5.25}),
            "F2": cue("face", "the eyes blink 1 time", 6.5, 7.0),
        },
        gaps=(Gap(sense="screen", reason="no words on screen", hint="none"),),
    )  # fmt: skip


POINTS = {"W1": "joy", "F1": "sadness", "V1": "sadness"}


def plan(points=POINTS, weight=None) -> Step:
    told = {"labels": {"sadness": 1.0}, "relation": {}, "sentiment": {}, "abstain": 0.0, "points": points}
    return Step(name="plan", output=json.dumps({**told, "weight": weight or {"F1": 0.9}}), seconds=0.1)


def case(
    sheet: CueSheet | None = None, claims: Sequence[Claim] = (), question="How does she feel?", span=None, **more
) -> Case:
    """She is sad, against her words."""
    sheet = sheet or cheerful()
    answer = Answer(
        person="P1",
        span=span,
        emotion=Emotion(label="sadness", intensity=0.6, confidence=0.8),
        sentiment="negative",
        relation="masked",
        claims=tuple(claims)
        or (
            Claim(text="She feels sad", cites=("F1", "V1")),
            Claim(text="The words are clearly positive", cites=("W1",), stance="conflicts", points="joy"),
        ),
    )
    verdict = verify(sheet, answer, ())
    told = {"steps": (plan(),), "model": "embedded", "template_hash": "abc123", "usage": Usage(calls=1)}
    return Case(
        question=Question(text=question),
        sheet=sheet,
        answer=answer,
        verdict=verdict,
        explanation=explain(sheet, answer, verdict),
        **{**told, **more},
    )
