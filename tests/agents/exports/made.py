"""Small runs, written as `cuechain batch` writes them."""

import json
from pathlib import Path

from cuechain.agents.explain import explain
from cuechain.agents.runs import Run
from cuechain.agents.values import (
    Case,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Media,
    Question,
    Sample,
    Span,
    Target,
    Turn,
    Verdict,
)
from cuechain.agents.verify import verify

LABELS = ("joy", "sadness", "anger", "neutral")


def cue(sense, text, start=None, end=None, person=None, **more):
    span = Span(start=start, end=end) if start is not None else None
    return Cue(sense=sense, text=text, span=span, person=person, source=f"{sense}@1", **more)


def film(path="/clips/a film.mp4", id="m1", **more):
    return Media(id=id, kind="video", path=path, duration=9.0, streams=("video", "audio"), sha256="ab" * 32, **more)


def sheet(*cues, media=None):
    counts: dict[str, int] = {}
    named = {}
    for one in cues:
        letter = {"transcript": "T", "words": "W", "voice": "V", "face": "F"}[one.sense]
        counts[letter] = counts.get(letter, 0) + 1
        named[f"{letter}{counts[letter]}"] = one
    return CueSheet(media=(media or film(),), cues=named)


def seen(words="I am fine", person="P1", media=None):
    """Somebody speaks and smiles."""
    return sheet(
        cue("transcript", f'the speaker says "{words}"', 1.0, 3.5, person, measures={"words": 3.0}),
        cue("face", "the lip corners pull up (AU12, strong)", 2.0, 4.0, person, measures={"au12": 0.8}),
        media=media,
    )


def case(id="i1", label="joy", gold="joy", seen_of=None, confidence=0.8, cites=("F1",), text=None, **more):
    held = seen_of or seen()
    question = Question(text="How does the person feel?", task="emotion", labels=LABELS)
    sample = Sample(
        id=id, dataset="made", split="test", group=f"g-{id}", files=tuple(m.path for m in held.media if m.path),
        target=Target(labels=(gold,) if gold else None),
    )  # fmt: skip
    sample = sample.model_copy(update=more.pop("sample", {}))
    if label is None:
        answer = EmotionAnswer(abstain=True, claims=(Claim(text="Nothing can be told.", stance="weak"),))
    else:
        felt = Emotion(label=label, intensity=0.6, confidence=confidence)
        claims = (
            Claim(text=text or f"The person seems to feel {label}.", cites=cites, points=label),
            Claim(text="The lip corners pull up.", cites=cites, points=label),
        )
        answer = EmotionAnswer(person="P1", emotion=felt, emotions=(felt,), sentiment="positive", claims=claims)
    answer = more.pop("answer", answer)
    verdict = verify(held, answer, LABELS) if answer is not None else None
    made = {
        "question": question, "sample": sample, "sheet": held, "answer": answer, "verdict": verdict,
        "explanation": explain(held, answer, verdict or Verdict()) if answer is not None else None,
        "model": "embedded", "template_hash": "0123456789abcdef", "timings": {"reason": 0.5},
    }  # fmt: skip
    return Case(**{**made, **more})


def failed(id="bad", **more):
    return case(id, answer=None, status="failed", error="MediaError: there is no sound", seen_of=CueSheet(), **more)


def talk(*lines, turn=1):
    """A conversation without times."""
    turns = tuple(Turn(speaker=who, text=what) for who, what in lines)
    media = Media(
        id="m1", kind="text", text="\n".join(f"{who}: {what}" for who, what in lines), turns=turns, streams=("text",)
    )
    cues = [
        cue("transcript", f'the speaker says "{what}"', None, None, who, measures={"line": float(n)})
        for n, (who, what) in enumerate(lines, 1)
    ]
    return sheet(*cues, media=media), {"turns": turns, "turn": turn, "files": ()}


def run_of(folder: Path, *cases: Case, dataset="table:made.csv", **more):
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"task": "emotion", "model": "embedded", "labels": LABELS, "dataset": dataset, "split": "test", **more}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    lines = [one.model_dump_json(exclude_defaults=True) for one in cases]
    (folder / "cases.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return Run(folder)
