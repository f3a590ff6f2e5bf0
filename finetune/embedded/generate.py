"""Generated sheets: corpus texts with movements and sounds of the prototypes around them, in the wording of the real senses and of others.

They are variety, never the measure: a generator's own sheets are easy for what it trained. The words cue comes
from the real words sense, so it is as wrong here as it is at run time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

from cuechain.agents.llm.labels import meaning
from cuechain.agents.llm.prototypes import VOICE
from cuechain.agents.media import opened
from cuechain.agents.perception.faces.face_words import UNITS
from cuechain.agents.perception.words import Words
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, Cue, CueSheet, Gap, Relation, Sentiment
from cuechain.finetune.embedded.examples import ASKING, Example
from cuechain.finetune.embedded.lines import Lines

SHOWN: dict[str, tuple[tuple[str, ...], ...]] = {
    "joy": (("au6", "au12"), ("au12", "au6", "au25")),
    "sadness": (("au1", "au4", "au15"), ("au1", "au15"), ("au15", "au17"), ("au1", "au4")),
    "anger": (("au4", "au7", "au23"), ("au4", "au24"), ("au4", "au5", "au7")),
    "fear": (("au1", "au4", "au5", "au20"), ("au5", "au20"), ("au1", "au4", "au5", "au26")),
    "surprise": (("au1", "au5", "au26"), ("au1", "au26"), ("au1", "au5")),
    "disgust": (("au9", "au10"), ("au9", "au4"), ("au10", "au17")),
    "neutral": ((), ("au25",), ("au45",)),
}
"""Units that are shown with a feeling: subsets of the EMFACS prototypes."""

PLAIN = {
    "au1": ("the inner brows go up", "inner brow raise", "AU1 inner brow raiser"),
    "au4": ("the brows are drawn together", "brow: lowered", "AU4 brow lowerer, 2.4 of 5"),
    "au5": ("the eyes are wide", "upper lids raised (AU5)"),
    "au6": ("the cheeks are raised", "AU6 cheek raiser", "crow's feet at the eyes"),
    "au7": ("the lids are tight", "eyes narrowed"),
    "au9": ("the nose wrinkles", "AU9 nose wrinkler, 2.1 of 5"),
    "au10": ("the upper lip is raised", "AU10, moderate"),
    "au12": ("the corners of the mouth pull up", "AU12 lip corner puller, 2.8 of 5", "a broad smile"),
    "au15": ("the corners of the mouth drop", "AU15 lip corner depressor"),
    "au17": ("the chin bunches", "AU17 chin raiser"),
    "au20": ("the lips stretch sideways", "AU20 lip stretcher, strong"),
    "au23": ("the lips are tight", "AU23 lip tightener"),
    "au24": ("the lips press together", "AU24 lip pressor, 1.9 of 5"),
    "au25": ("the lips part", "AU25"),
    "au26": ("the jaw drops", "mouth open (AU26)"),
    "au45": ("the eyes blink", "AU45"),
}
SOUNDING = {
    ("pitch", 1): (
        "the voice is {h}higher in pitch than this speaker's own usual (+{n} semitones)",
        "pitch up by {n} st",
        "high voice",
    ),
    ("pitch", -1): (
        "the voice is {h}lower in pitch than this speaker's own usual (-{n} semitones)",
        "pitch down {n} st",
        "low voice",
    ),
    ("range", 1): ("the melody is {h}wider than usual", "pitch swings widely", "lively intonation"),
    ("range", -1): ("the melody is {h}flatter than usual", "monotone", "little pitch movement"),
    ("loud", 1): ("the voice is {h}louder than this speaker's own usual (+{n} dB)", "loud, +{n} dB", "raised voice"),
    ("loud", -1): ("the voice is {h}quieter than this speaker's own usual (-{n} dB)", "level -{n} dB", "soft voice"),
    ("fast", 1): ("speech is {h}faster than usual", "quick, hurried", "rate +{n}0 %"),
    ("fast", -1): ("speech is {h}slower than usual", "slow, with a pause of {n} s", "dragging pace"),
    ("unsteady", 1): ("the voice {h}trembles", "voice breaks", "unsteady, jitter raised"),
    ("hard", 1): ("the onsets are {h}hard", "harsh, pressed", "clipped syllables"),
    ("bright", 1): ("the timbre is {h}bright", "a laugh in the voice", "warm tone"),
    ("bright", -1): ("the timbre is {h}dull", "a sigh before the words", "lifeless tone"),
}
CALM = (
    "pitch, loudness and pace are near this speaker's own usual",
    "even pace, usual level",
    "the voice shows nothing out of the way",
)
SCENES = (
    "an office desk with two screens",
    "a kitchen table",
    "a street with passing cars",
    "a stage with warm light",
    "a hospital corridor",
    "a car interior",
    "trees and a bench",
)
POLITE = ("the lip corners pull up without the cheeks (AU12)", "a brief smile that leaves the eyes still")
IRONY = (
    "the words are drawn out, pitch flat",
    "flat, slow, exaggerated stress on one word",
    "one lip corner pulls up, the eyes roll",
    "the lip corners {h}pull up on the left side (AU12, slight)",
    "slow clapping",
)


def generated(texts: list[Example], count: int, chance: random.Random, lines: Lines | None = None) -> Iterator[Example]:
    """Sheets with a feeling, a relation between senses, and a corpus text that fits both.

    Args:
        texts: Examples of a text corpus, whose labels choose what is said.
        count: How many.
        chance: Source of all choices.
        lines: Wordings of other detectors, which half of faces and voices take; None keeps to ours.
    """
    by_core: dict[str, list[str]] = {name: [] for name in EKMAN}
    for example in texts:
        if example.emotion and not example.also:
            (cue,) = example.sheet.cues.values()
            by_core[meaning(example.emotion)[0] or "neutral"].append(example.said or cue.text)
    words = Words(Settings())
    with opened(text="generated") as clip:
        for number in range(count):
            yield _one(f"ge-{number}", by_core, lambda cues: words.perceive(clip, cues), chance, lines or Lines(()))


def _one(
    key: str,
    by_core: dict[str, list[str]],
    words: Callable[[list[Cue]], Iterable[Cue | Gap]],
    chance: random.Random,
    lines: Lines,
) -> Example:
    emotion = chance.choice(EKMAN)
    relation: Relation = "agree"
    said = emotion
    draw = chance.random()
    if emotion not in ("joy", "neutral", "surprise") and draw < 0.45:
        relation, said = (
            ("sarcastic", "joy")
            if draw < 0.15 and emotion in ("anger", "disgust")
            else ("masked", chance.choice(("joy", "neutral")))
        )
    elif emotion == "joy" and draw < 0.12:
        relation, said = "masked", chance.choice(("anger", "sadness"))
    strong = chance.random()
    hedge = "possibly " if strong < 0.3 else "clearly " if strong > 0.7 else ""
    cues: list[Cue] = [_cue("transcript", f'the speaker says "{chance.choice(by_core[said])}"')]
    decisive = {0}
    if chance.random() < 0.8:
        cues += [c for c in words(cues[:1]) if isinstance(c, Cue)]
        decisive |= {1} & set(range(len(cues))) if relation == "agree" else set()
    shows_face, shows_voice = chance.random() < 0.8, chance.random() < 0.8
    if relation != "agree" and not (shows_face or shows_voice):
        shows_face = True
    if shows_face:
        for text in _face(emotion, hedge, chance, lines):
            decisive.add(len(cues))
            cues.append(_cue("face", text))
    if relation == "masked" and said == "joy" and chance.random() < 0.5:
        cues.append(_cue("face", _worded("face", "unfelt", chance, lines) or chance.choice(POLITE)))
    if shows_voice:
        for text in _voice(emotion, hedge, chance, lines):
            decisive.add(len(cues))
            cues.append(_cue("voice", text))
    if relation == "sarcastic":
        text = chance.choice(IRONY).replace("{h}", hedge)
        sense = "face" if any(w in text for w in ("lip", "eyes")) else "voice"
        decisive.add(len(cues))
        cues.append(_cue(sense, _worded(sense, "irony", chance, lines) or text))
    marked = [(c, i in decisive) for i, c in enumerate(cues)]
    if chance.random() < 0.35:
        other = chance.choice(EKMAN)
        stranger = [("face", t) for t in _face(other, "", chance, lines)] + [
            ("voice", t) for t in _voice(other, "", chance, lines)
        ]
        marked += [(_cue(sense, text, "P2"), False) for sense, text in chance.sample(stranger, min(2, len(stranger)))]
        if chance.random() < 0.6:
            marked.append((_cue("transcript", f'the speaker says "{chance.choice(by_core[other])}"', "P2"), False))
    if chance.random() < 0.5:
        marked.insert(0, (_cue("scene", f"the picture shows {chance.choice(SCENES)}", None), False))
    for _ in range(chance.randint(1, 4) if lines.all and chance.random() < 0.3 else 0):
        sense = chance.choice(("face", "voice"))
        if line := lines.pick(sense, "nothing", chance):
            marked.append((line.cue("P1"), False))
    body = marked[1:]
    chance.shuffle(body)
    marked = [marked[0], *body]
    named = {f"{c.sense[0].upper()}{i}": (c, d) for i, (c, d) in enumerate(marked)}
    felt = meaning(emotion)[1]
    sentiment: Sentiment = "positive" if felt > 0.5 else "negative" if felt < -0.25 else "neutral"
    gaps = tuple(
        Gap(sense=s, reason="not there") for s, there in (("face", shows_face), ("voice", shows_voice)) if not there
    )
    return Example(
        id=key,
        author="generated",
        sheet=CueSheet(cues={k: c for k, (c, _) in named.items()}, gaps=gaps),
        question=chance.choice(ASKING),
        person="P1",
        emotion=emotion,
        sentiment=sentiment,
        relation=relation if shows_face or shows_voice else "single",
        intensity=0.2 if emotion == "neutral" else round(0.4 + 0.5 * strong, 2),
        decisive=tuple(k for k, (_, d) in named.items() if d),
    )


def _cue(sense: str, text: str, person: str | None = "P1") -> Cue:
    return Cue(sense=sense, text=text, person=person, source="generated@1")


def _worded(sense: str, shows: str, chance: random.Random, lines: Lines) -> str | None:
    """Half of the time a line of another detector, where there are some."""
    line = lines.pick(sense, shows, chance) if lines.all and chance.random() < 0.5 else None
    return line and line.text


def _face(emotion: str, hedge: str, chance: random.Random, lines: Lines) -> Iterator[str]:
    if text := _worded("face", emotion, chance, lines):
        yield text
        return
    units = [u for u in chance.choice(SHOWN[emotion]) if chance.random() > 0.12]
    if not units:
        yield chance.choice(
            ("the face hardly moves beyond blinks and speech", "no action unit above threshold", "the face is at rest")
        )
        return
    if chance.random() < 0.5:  # as our own sense words it, a movement a cue
        for unit in units:
            parts, does, _ = UNITS[unit]
            yield f"{parts} {hedge}{does} ({unit.upper()}, {chance.choice(('slight', 'medium', 'strong'))})"
        if chance.random() < 0.4 and emotion != "neutral":
            yield f"together these movements are often seen with {emotion}, but not only then ({'+'.join(units).upper()})"
    else:
        yield chance.choice((", ", "; ", " | ")).join(chance.choice(PLAIN[unit]) for unit in units)


def _voice(emotion: str, hedge: str, chance: random.Random, lines: Lines) -> Iterator[str]:
    if text := _worded("voice", emotion, chance, lines):
        yield text
        return
    if emotion == "neutral":
        yield chance.choice(CALM)
        return
    strong = [(f, w) for f, w in VOICE[emotion].items() if abs(w) >= 0.45]
    heard = chance.sample(strong, min(len(strong), chance.randint(1, 3)))
    found = [
        chance.choice(SOUNDING[f, 1 if w > 0 else -1]).replace("{h}", hedge).replace("{n}", str(chance.randint(2, 7)))
        for f, w in heard
        if (f, 1 if w > 0 else -1) in SOUNDING
    ]
    if chance.random() < 0.5:
        yield from found
    elif found:
        yield ", ".join(found)
