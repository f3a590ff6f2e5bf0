"""PanoSent: sextuples and flips."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from tests.agents.datasets.counting import read, reasons


def element(value: str, manner: str = "explicit") -> dict[str, str]:
    return {"identity": "x_01", "value": value, "manner": manner}


def sextuple(**more: Any) -> dict[str, Any]:
    words = {"holder": "Ann", "target": "phone", "aspect": "screen", "opinion": "bright", "rationale": "it is new"}
    return {**{key: element(value) for key, value in words.items()}, "sentiment": "positive", **more}


FLIP = {
    "holder": "Ann",
    "target": "phone",
    "aspect": "screen",
    "initial sentiment": "positive",
    "flipped sentiment": "negative",
    "trigger type": "Personal Experiences and Self-reflection",
}
SHOWN = {"type": "img", "caption": "A phone at night.", "id": "img_0001"}


def dialogue(**more: Any) -> dict[str, Any]:
    first = "The <aspect_01> screen </aspect_01> is <opinion_01> bright </opinion_01>, as it is new."
    said = [
        {"index": 0, "speaker": 0, "utterance": first, "modality": "None", "reply": -1},
        {"index": 1, "speaker": 1, "utterance": "At night, too?", "modality": SHOWN, "reply": 0},
    ]
    names = [{"id": 0, "name": "Ann"}, {"id": 1, "name": "Bo"}]
    made = {"doc_id": "00001", "speakers": names, "dialogue": said, "hexatuple": [sextuple()], "sentiment flip": [FLIP]}
    return {**made, **more}


def published(root: Path, *records: Any) -> Path:
    folder = root / "exp.mod.flip" / "img"
    folder.mkdir(parents=True)
    (folder / "try.elec.json").write_text(json.dumps(records), "utf-8")
    return root


def test_the_gold_tags_are_not_shown(tmp_path: Path):
    (one,), faults = read("panosent", published(tmp_path, dialogue()))
    assert not faults
    assert one.id == "exp.mod.flip/img/try.elec/00001"
    assert one.turns[0].text == "The screen is bright, as it is new."
    assert one.turns[1].text == "At night, too? [picture: A phone at night.]"
    assert [(t.speaker, t.reply) for t in one.turns] == [("Ann", None), ("Bo", 1)]
    (found,), (flip,) = one.target.sextuples or (), one.target.flips or ()
    assert (found.holder.text, found.aspect.text, found.sentiment, found.rationale.explicit) == (
        "Ann",
        "screen",
        "positive",
        True,
    )
    assert (flip.initial, flip.flipped, flip.trigger) == (
        "positive",
        "negative",
        "personal experience and self-reflection",
    )


def test_a_picture_takes_the_place_of_its_caption(tmp_path: Path):
    place = published(
        tmp_path,
        dialogue(),
        dialogue(doc_id="2", dialogue=[{**dialogue()["dialogue"][0], "modality": {**SHOWN, "id": "img_9"}}]),
    )
    pictures = tmp_path / "exp.mod.flip" / "img" / "elec"
    pictures.mkdir()
    (pictures / "img_0001.jpg").write_bytes(b"x")
    (one, two), faults = read("panosent", place)
    assert one.turns[1].text == "At night, too?"
    assert (one.turns[1].file or "").endswith("elec/img_0001.jpg")
    assert two.turns[0].file is None
    assert "A phone at night." in two.turns[0].text
    assert [(f.id[-1], f.reason) for f in faults] == [("2", "missing")]


def test_lines_with_their_source_read_as_well(tmp_path: Path):
    line = json.dumps({**dialogue(), "source_path": "exp.mod.flip/img/try.elec.json"})
    (tmp_path / "sample.jsonl").write_text(f"{line}\r\n\r\nno json\r\n{line}\r\n", "utf-8")
    items, faults = read("panosent", tmp_path)
    assert [i.id for i in items] == ["exp.mod.flip/img/try.elec/00001"]
    assert reasons(faults) == {"broken": 1, "duplicate": 1}


@pytest.mark.parametrize("flips", ["None", None, []])
def test_no_flip_is_written_in_three_ways(tmp_path: Path, flips: object):
    (one,), faults = read("panosent", published(tmp_path, dialogue(**{"sentiment flip": flips})))
    assert (one.target.flips, faults) == ((), [])


@pytest.mark.parametrize(
    ("more", "reason", "sextuples", "flips"),
    [
        ({"hexatuple": [sextuple(sentiment="initially positive")]}, "label_outside", 0, 1),
        ({"hexatuple": [{k: v for k, v in sextuple().items() if k != "aspect"}]}, "broken", 0, 1),
        ({"hexatuple": [sextuple(rationale=element("", "implicit"))]}, "empty", 1, 1),
        ({"sentiment flip": {**FLIP, "trigger type": "a whim"}}, "label_outside", 1, 0),
        ({"sentiment flip": [{**FLIP, "initial sentiment": "mixed"}]}, "label_outside", 1, 0),
        ({"sentiment flip": [{**FLIP, "initial sentiment": "negative"}]}, "misaligned", 1, 1),
        ({"hexatuple": [sextuple(opinion=element("dazzling"))]}, "misaligned", 1, 1),
        ({"hexatuple": [sextuple(opinion=element("dazzling", "implicit"))]}, "", 1, 1),
        ({"speakers": [{"id": 0, "name": "Ann"}]}, "misaligned", 1, 1),
    ],
)
def test_what_is_wrong_with_gold_is_told(tmp_path: Path, more: dict[str, Any], reason: str, sextuples: int, flips: int):
    (one,), faults = read("panosent", published(tmp_path, dialogue(**more)))
    assert reasons(faults) == ({reason: 1} if reason else {})
    assert (len(one.target.sextuples or ()), len(one.target.flips or ())) == (sextuples, flips)


def test_what_is_wrong_with_turns_is_told(tmp_path: Path):
    first, second = dialogue()["dialogue"]
    first = {**first, "utterance": f"{first['utterance']} A phone!"}
    turns = [first, {**second, "index": 3, "reply": 5, "modality": "None", "utterance": " "}]
    (one,), faults = read("panosent", published(tmp_path, dialogue(dialogue=turns)))
    assert reasons(faults) == {"misaligned": 2, "empty": 1}
    assert one.turns[1].reply is None


@pytest.mark.parametrize("record", ["words", {"doc_id": "1"}, {**dialogue(), "dialogue": "words"}])
def test_a_record_of_another_form_is_told(tmp_path: Path, record: object):
    items, faults = read("panosent", published(tmp_path, record))
    assert not items
    assert reasons(faults) == {"broken": 1}


def test_no_file_and_another_file_are_told(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"holds no \*.jsonl or \*.json"):
        read("panosent", tmp_path)
    (tmp_path / "a.json").write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match="lists of dialogues"):
        read("panosent", tmp_path / "a.json")
    items, faults = read("panosent", published(tmp_path, dialogue()))
    assert ([i.id for i in items], reasons(faults)) == (["exp.mod.flip/img/try.elec/00001"], {"broken": 1})
