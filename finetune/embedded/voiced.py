"""Sheets with a real voice: acted recordings, alone or beside a comment that agrees with them or hides what they tell.

EmoDB (Burkhardt et al. 2005): ten actors, 535 recordings whose feeling at least 80 % of listeners recognised. Each speaker is heard by a
tone head that was fitted without that speaker, so the cues are as wrong as they are on a stranger.
"""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cuechain.agents.llm.labels import meaning
from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.acoustics.tone import Head
from cuechain.agents.perception.voice import Voice
from cuechain.agents.perception.words import Words
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, Cue, CueSheet, Relation, Sentiment, Span
from cuechain.finetune.embedded.examples import ASKING, Example

HIDING = {
    "anger": ("joy", "neutral"),
    "sadness": ("joy", "neutral"),
    "fear": ("joy", "neutral"),
    "disgust": ("joy", "neutral"),
}
"""What is said over a feeling that the voice tells all the same: polite or plain words. Others are left out: an angry text in a glad voice
may be banter, irony or a mixture, and nobody judged which."""


def heads(folder: Path, kept: Path, copies: int = 6, picked: int = 18) -> dict[str, Head]:
    """For each speaker the tone head that was fitted without it.

    Args:
        folder: EmoDB with labels.csv.
        kept: sessions.npz of `cuechain finetune tone`; measured anew, in minutes, where it is not there.
        copies: As in its configuration.
        picked: As in its configuration.
    """
    from cuechain.finetune.senses.tone import recordings, sessions
    from cuechain.finetune.senses.tone_fit import held_out

    recorded = recordings(folder)
    heard, names = sessions(recorded, copies, picked, kept)
    return held_out(heard, names, np.array([r.tone for r in recorded]))


def voices(folder: Path, heads: dict[str, Head] | None = None) -> Iterator[Example]:
    """Voice cues of each recording and nothing else; a speaker's recordings are one clip, so that the sense knows the speaker's usual.

    Args:
        folder: EmoDB with labels.csv.
        heads: Tone head by speaker; None for the one that ships, which knows these speakers.
    """
    import soundfile

    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for speaker in sorted({r["speaker"] for r in rows}):
        own = [r for r in rows if r["speaker"] == speaker]
        pieces: list[np.ndarray] = []
        heard: list[Cue] = []
        at = 0.0
        for r in own:
            with opened(folder / r["file"]) as clip:
                sound = np.array(clip.sound)
            span = Span(start=at, end=at + len(sound) / RATE)
            words = {"words": len(r["german_text"].split())}
            heard.append(Cue(sense="transcript", text="speech", span=span, person="P1", measures=words, source="x@1"))
            pieces += [sound, np.zeros(RATE, np.float32)]
            at = span.end + 1
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "speaker.wav"
            soundfile.write(path, np.concatenate(pieces), RATE)
            with opened(path) as clip:
                sense = Voice(Settings(), heads[speaker] if heads else None)
                cues = [c for c in sense.perceive(clip, heard) if isinstance(c, Cue) and c.span]
        for r, said in zip(own, heard, strict=True):
            assert said.span is not None
            near = [
                c for c in cues
                if c.span and c.span.length < 20 and c.span.overlap(said.span) > 0.5 * c.span.length
            ]  # fmt: skip
            sheet = CueSheet(cues={f"V{i}": c for i, c in enumerate(near, 1)})
            yield Example(
                id=r["file"], author=f"emodb-{speaker}", sheet=sheet, question="", person="P1", emotion=r["emotion"]
            )


def joined(voices: Sequence[Example], texts: Sequence[Example], chance: random.Random) -> Iterator[Example]:
    """Each voice alone, with a comment of the same feeling, and with one that hides it, each comment with its real words cue.

    What is felt is what the voice was acted and recognised as. Boredom goes with no comment: the comments have no such label.

    Args:
        voices: From `voices`; one without a cue is passed over.
        texts: Comments with one label each.
        chance: Chooses comments and questions.
    """
    by_core: dict[str, list[str]] = {name: [] for name in EKMAN}
    for one in texts:
        if one.emotion and not one.also and one.said:
            by_core[meaning(one.emotion)[0] or "neutral"].append(one.said)
    words = Words(Settings())
    with opened(text="joined") as clip:
        for voice in voices:
            if not voice.sheet.cues or voice.emotion is None:
                continue
            told = voice.emotion if voice.emotion == "boredom" else meaning(voice.emotion)[0] or "neutral"
            yield _one(voice, told, "single", [], chance, "alone")
            if told == "boredom":
                continue
            for relation, core in (("agree", told), ("masked", chance.choice(HIDING.get(told, ("",))))):
                if core:
                    said = Cue(
                        sense="transcript", text=f'the speaker says "{chance.choice(by_core[core])}"', person="P1", source="corpus@1"
                    )  # fmt: skip
                    read = [c for c in words.perceive(clip, [said]) if isinstance(c, Cue)]
                    yield _one(voice, told, relation, [said, *read], chance, relation)


def _one(
    voice: Example, told: str, relation: Relation, said: Sequence[Cue], chance: random.Random, kind: str
) -> Example:
    cues = {cue.sense[0].upper() + "1": cue for cue in said} | dict(voice.sheet.cues)
    felt = meaning(told)[1]
    sentiment: Sentiment = "positive" if felt > 0.5 else "negative" if felt < -0.25 else "neutral"
    return voice.model_copy(
        update={
            "id": f"{voice.id}/{kind}",
            "sheet": CueSheet(cues=cues),
            "question": chance.choice(ASKING),
            "emotion": told,
            "relation": relation,
            "sentiment": sentiment,
        }
    )
