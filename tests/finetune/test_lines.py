"""Lines of other detectors: read, told alone, mixed into generated and written sheets."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.values import EKMAN, Cue, CueSheet
from cuechain.finetune.config import CORPUS
from cuechain.finetune.embedded.augment import augmented
from cuechain.finetune.embedded.examples import Example, text_sheet
from cuechain.finetune.embedded.generate import generated
from cuechain.finetune.embedded.lines import Lines, alone, read_lines

TRAIN, TEST = (read_lines(CORPUS / "lines" / part) for part in ("train", "test"))


def test_every_sense_has_lines_for_every_feeling_and_no_line_is_of_both_parts() -> None:
    for lines in (TRAIN, TEST):
        for shows in (*EKMAN, "irony", "nothing"):
            for sense in ("face", "voice"):
                found = lines.pick(sense, shows, random.Random(1))
                assert found is not None and (found.sense, found.shows) == (sense, shows)
        assert lines.pick("face", "unfelt", random.Random(1)) is not None
    assert lines.pick("scene", "joy", random.Random(1)) is None
    assert not {x.text for x in TRAIN.all} & {x.text for x in TEST.all}


@pytest.mark.parametrize(
    "line", ['{"sense": "smell", "text": "x", "shows": "joy", "strength": 1}', "{", '{"text": "x"}', "[]"]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    good = '{"sense": "face", "text": "x", "shows": "joy", "strength": 1}\n'
    (tmp_path / "la.jsonl").write_text(good + line)
    with pytest.raises(ConfigError, match=r"la\.jsonl, line 2"):
        read_lines(tmp_path)


def test_a_line_alone_says_what_it_shows_and_nothing_says_nothing() -> None:
    made = list(alone(TRAIN, random.Random(2)))
    assert {x.emotion for x in made} == {*EKMAN, None}
    for x in made:
        assert x.abstain == (x.emotion is None) == (x.decisive == ())
        if not x.abstain:
            (key,) = x.decisive or ()
            assert x.sheet.cues[key].text in {line.text for line in TRAIN.all if line.shows == x.emotion}


def test_generated_sheets_take_lines_that_fit_only_when_they_are_given() -> None:
    chance = random.Random(0)
    said = ("I love it", "I miss her", "I hate you", "I am scared", "wow", "gross", "fine")
    texts = [
        Example(id=k, author="goemotions", sheet=text_sheet(t, chance), said=t, question="", person=None, emotion=k)
        for k, t in zip(EKMAN, said, strict=True)
    ]
    shows = {(line.sense, line.text): line.shows for line in TRAIN.all}
    plain = [c for x in generated(texts, 40, random.Random(4)) for c in x.sheet.cues.values()]
    assert not any((c.sense, c.text) in shows for c in plain)
    found = 0
    for x in generated(texts, 40, random.Random(4), TRAIN):
        for key, cue in x.sheet.cues.items():
            told = shows.get((cue.sense, cue.text))
            if told is not None and cue.person == "P1":
                found += 1
                assert told in (x.emotion, "unfelt", "irony", "nothing"), (x.emotion, cue)
                assert (key in (x.decisive or ())) == (told not in ("unfelt", "nothing"))
    assert found > 20


def test_only_senses_that_agree_are_told_in_other_words() -> None:
    one = [line for line in TRAIN.all if line.shows == "anger" and line.sense == "face"][:1]
    lines = Lines(one)
    cues = {
        "F1": Cue(sense="face", text="lips pressed", person="P1", source="t@1"),
        "T1": Cue(sense="transcript", text='says "No!"', person="P1", source="t@1"),
        "F2": Cue(sense="face", text="lips tight", person="P2", source="t@1"),
    }
    given = Example(
        id="x", author="wa", sheet=CueSheet(cues=cues), question="", person="P1", emotion="anger", decisive=("F1", "T1"),
        relation="agree",
    )  # fmt: skip
    texts = {
        relation: {
            cue.text
            for n in range(200)
            for cue in augmented(given.model_copy(update={"relation": relation}), random.Random(n), None, lines)
            .sheet.cues.values()
        }
        for relation in ("agree", "masked")
    }  # fmt: skip
    kept = {c.text for c in cues.values()}
    assert texts == {"agree": kept | {one[0].text}, "masked": kept}
