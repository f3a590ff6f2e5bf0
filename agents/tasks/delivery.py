"""Task `delivery`: how a speech is delivered, from measures of the voice and from the transcript; what is said does not count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, Claim, Cue, CueSheet, LabelsAnswer, Plan, Question, Target

LABELS = ("lively", "monotone", "fast", "slow", "loud", "quiet", "hesitant", "halting", "ordinary")
"""`hesitant`: fillers and repeated words; `halting`: long pauses within utterances; `ordinary`: nothing of all this stands out."""

MONOTONE, LIVELY, VOICES = 3.7, 9.0, 17.0
"""Semitones from the 10th to the 90th percentile of pitch: the flattest tenth of EmoDB's acted utterances, where lively readers begin, and
where several voices are likelier than one (as the voice sense measures it)."""

SLOW, FAST = 3.0, 5.2
"""Syllable nuclei a second: about a quarter below and a third above 4, which is how many are heard of the 5 that American English has
(Jacewicz, Fox & Wei 2010). A third is also where the voice sense calls a pace unlike the speaker's own."""

PAUSE = 1.0
"""Seconds within an utterance; Campione & Véronis (2002) call pauses from 1 s on long."""

FILLED, FEWEST = 0.06, 3
"""Disfluencies a word, and how many at least: conversations have 6 in 100 words (Bortfeld et al. 2001)."""

WIDER, FASTER, LOUDER = 1.6, 1.3, 5.0
"""Against the speaker's own usual, the voice sense's own limits: ratio of pitch range, ratio of pace, dB."""

VOICED = 2.0
"""Seconds of voice under which range and pace are not spoken of."""

_FILLER = re.compile(r"\b(?:u+m+|u+h+|e+r+m*|h+m+|mm+)\b", re.I)
_AGAIN = re.compile(r"\b(\w+)(?:\W+\1\b)+", re.I)


@dataclass(frozen=True)
class Finding:
    """One thing that holds of a delivery."""

    label: str
    """Of LABELS."""
    strength: float
    """1 where it just holds; larger is plainer."""
    text: str
    """A clause that says so."""
    cites: tuple[str, ...]
    """Cue ids."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """Labels whose limits are passed, plainest first; the plan, which is about feelings, is not used.

    Loud and quiet can only be said of a stretch, against the speaker's own usual: how far away the microphone was, nobody knows.
    """
    assert isinstance(answer, LabelsAnswer)
    own = {i: c for i, c in sheet.cues.items() if _belongs(c, question, answer)}
    voiced = _whole(own)
    found = [*_common(own, voiced), *_halting(own), *_hesitant(own)]
    if question.turn is not None or answer.span is not None:
        found += _usual(own)
    found = [f for f in sorted(found, key=lambda f: -f.strength) if f.label in labels]
    best: dict[str, Finding] = {}
    for one in found:
        best.setdefault(one.label, one)
    blank = {"emotion": None, "sentiment": None, "relation": None}
    if not best and voiced and "ordinary" in labels:
        best["ordinary"] = Finding("ordinary", 1.0, sheet.cues[voiced[0]].text, tuple(voiced[:1]))
    if not best:
        heard = any(c.sense == "voice" for c in own.values())
        why = "there is too little voice to measure" if heard else "no voice was heard"
        claim = Claim(text=f"How it is delivered cannot be told: {why}.", stance="weak")
        return answer.model_copy(update={**blank, "abstain": True, "claims": (claim,)})
    named = tuple(best)
    first = best[named[0]]
    known = [r for i in first.cites if (r := sheet.cues[i].reliability) is not None]
    head = Claim(text=f"The delivery is {_listed(named)}: {first.text}.", cites=first.cites, points=named[0])
    rest = tuple(
        Claim(text=f"{f.text[0].upper()}{f.text[1:]}.", cites=f.cites, points=n)
        for n, f in best.items()
        if f is not first
    )
    told = {"abstain": False, "label": named[0], "labels": named, "confidence": min(known, default=None)}
    return answer.model_copy(update={**blank, **told, "claims": (head, *rest)})


def _belongs(cue: Cue, question: Question, answer: Answer) -> bool:
    return (
        cue.sense in ("voice", "transcript")
        and cue.person in (answer.person, None)
        and question.turn in (None, cue.measures.get("line"))
        and (answer.span is None or cue.span is None or cue.span.overlap(answer.span) > 0)
    )


def _number(cue: Cue, name: str) -> float:
    value = cue.measures.get(name, 0.0)
    return float(value) if isinstance(value, float | int) else 0.0


def _whole(own: dict[str, Cue]) -> list[str]:
    """Voice cues with pitch range and pace that stand for all of the speech: the one about all of it, else utterances of half of it."""
    measured = [i for i, c in own.items() if "f0_range_st" in c.measures and "syllables_per_s" in c.measures]
    over = [i for i in measured if "pause_max_s" not in own[i].measures]
    kept = over or measured
    spoken = sum(c.span.length for c in own.values() if c.sense == "transcript" and c.span)
    share = sum(c.span.length for i in kept if (c := own[i]).span) / spoken if spoken else 1.0
    enough = sum(_number(own[i], "voiced_s") for i in kept) >= VOICED
    return sorted(kept, key=lambda i: -_number(own[i], "voiced_s")) if enough and (over or share >= 0.5) else []


def _common(own: dict[str, Cue], ids: list[str]) -> Iterator[Finding]:
    """Pitch range and pace against common speech."""
    if not ids:
        return
    cue, cites = own[ids[0]], (ids[0],)
    voiced = [_number(own[i], "voiced_s") for i in ids]

    def mean(name: str) -> float:
        return sum(v * _number(own[i], name) for v, i in zip(voiced, ids, strict=True)) / sum(voiced)

    span, pace = mean("f0_range_st"), mean("syllables_per_s")
    range_st, rate = cue.measures["f0_range_st"], cue.measures["syllables_per_s"]
    if LIVELY <= span < VOICES:
        yield Finding(
            "lively",
            span / LIVELY,
            f"the pitch of the voice spans {range_st} semitones, which is wide",
            cites,
        )
    if 0 < span < MONOTONE:
        yield Finding("monotone", MONOTONE / span, f"the pitch of the voice spans only {range_st} semitones", cites)
    if pace > FAST:
        yield Finding("fast", pace / FAST, f"the voice has {rate} syllables a second, which is many", cites)
    if 0 < pace < SLOW:
        yield Finding("slow", SLOW / pace, f"the voice has {rate} syllables a second, which is few", cites)


def _usual(own: dict[str, Cue]) -> Iterator[Finding]:
    """A stretch against the speaker's own usual."""
    for i, cue in own.items():
        wide, pace = _number(cue, "f0_range_rel") or 1.0, _number(cue, "rate_rel") or 1.0
        loud = _number(cue, "loudness_rel_db")
        for label, ratio in (
            ("lively", wide / WIDER), ("monotone", 1 / wide / WIDER), ("fast", pace / FASTER), ("slow", 1 / pace / FASTER),
            ("loud", loud / LOUDER), ("quiet", -loud / LOUDER),
        ):  # fmt: skip
            if ratio >= 1:
                yield Finding(label, ratio, cue.text, (i,))


def _halting(own: dict[str, Cue]) -> Iterator[Finding]:
    """Long pauses within at least two utterances."""
    longest = {i: _number(c, "pause_max_s") for i, c in own.items() if _number(c, "pause_max_s") >= PAUSE}
    if len(longest) >= 2:
        told = tuple(sorted(longest, key=lambda i: -longest[i]))[:3]
        top = longest[told[0]]
        yield Finding(
            "halting", min(2.0, top / PAUSE), f"the voice makes pauses of up to {top:.1f} s within what is said", told
        )


def _hesitant(own: dict[str, Cue]) -> Iterator[Finding]:
    """Fillers and repeated words; recognisers leave most of them out, so that there are none means nothing."""
    lines = {i: c.text for i, c in own.items() if c.sense == "transcript"}
    hits = {
        i: [m.group() for pattern in (_FILLER, _AGAIN) for m in pattern.finditer(text)] for i, text in lines.items()
    }
    count, words = sum(map(len, hits.values())), sum(len(text.split()) for text in lines.values())
    if count >= FEWEST and count >= FILLED * words:
        told = tuple(i for i in sorted(hits, key=lambda i: -len(hits[i])) if hits[i])[:3]
        shown = list(dict.fromkeys(hit for i in told for hit in hits[i]))[:3]
        quoted = " and ".join(f"“{hit}”" for hit in shown)
        yield Finding("hesitant", count / max(FILLED * words, 1e-9), f"the words are broken by {quoted}", told)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def said(answer: Answer) -> Target:
    """Every label that was told."""
    assert isinstance(answer, LabelsAnswer)
    return Target(labels=answer.labels or ((answer.label,) if answer.label else ()))


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's labels; the same answer where nobody judged."""
    if target.labels is None:
        return answer
    labels = target.labels
    return answer.model_copy(update={"labels": labels, "label": labels[0] if labels else None})


DELIVERY = Task(
    name="delivery",
    about="how a speech is delivered: lively, monotone, fast, slow, hesitant … (voice and transcript; several)",
    answer=LabelsAnswer,
    labels=LABELS,
    steps=(("observe", "answer/observe"), ("infer", "delivery/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    question="How is the speech delivered?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="multilabel",
)
