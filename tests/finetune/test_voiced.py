from __future__ import annotations

import random
from pathlib import Path

from cuechain.agents.llm.serialise import RELATIONS
from cuechain.agents.perception.acoustics.tone import shipped
from cuechain.agents.values import Cue, CueSheet
from cuechain.finetune.embedded.examples import Example, text_sheet
from cuechain.finetune.embedded.voiced import joined, voices


def text(said: str, label: str) -> Example:
    sheet = text_sheet(said, random.Random(0))
    return Example(id=said, author="goemotions", said=said, sheet=sheet, question="", person="P1", emotion=label)


def voice(label: str) -> Example:
    cue = Cue(sense="voice", text="the voice is quiet", person="P1", source="voice@6")
    return Example(
        id=label, author="emodb-1", sheet=CueSheet(cues={"V1": cue}), question="", person="P1", emotion=label
    )


def test_every_recording_has_the_cues_of_its_own_time_by_the_head_without_its_speaker(corpus: Path) -> None:
    found = list(voices(corpus / "train/emodb_flac"))
    assert len(found) == 24 and {x.author for x in found} == {f"emodb-{s}" for s in {x.id[0] for x in found}}
    assert all(c.sense == "voice" and c.span and c.span.length < 2.5 for x in found for c in x.sheet.cues.values())
    assert any(x.sheet.cues for x in found)
    head = shipped()
    mute = head._replace(centres=head.centres * 0)  # a head to which all tones are alike
    other = voices(corpus / "train/emodb_flac", dict.fromkeys("123", mute))
    arousals = {c.measures["arousal"] for x in other for c in x.sheet.cues.values() if "arousal" in c.measures}
    assert len(arousals) <= 1


def test_a_voice_stands_alone_with_a_comment_of_its_feeling_and_with_one_that_hides_it() -> None:
    heard = [voice("happiness"), voice("sadness"), voice("boredom")]
    texts = [text("What a lovely day!", "joy"), text("I miss her so much.", "sadness"), text("It is noon.", "neutral")]
    made = list(joined(heard, texts, random.Random(1)))
    kinds = {kind: [x for x in made if x.id.endswith(f"/{kind}")] for kind in ("alone", "agree", "masked")}
    assert {kind: len(some) for kind, some in kinds.items()} == {"alone": 3, "agree": 2, "masked": 1}
    assert {x.emotion for x in kinds["masked"]} == {"sadness"}  # nobody judged what a glad voice over sad words is
    for x in made:
        assert x.relation in RELATIONS and x.emotion in ("joy", "sadness", "boredom")
        said = [c.text for c in x.sheet.cues.values() if c.sense == "transcript"]
        assert ("miss her" in " ".join(said)) == (x.relation == "agree" and x.emotion == "sadness")
        assert ("words" in {c.sense for c in x.sheet.cues.values()}) <= bool(said)
