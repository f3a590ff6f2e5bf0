"""Readers of emotion–cause pairs: RECCON, ECF and SemEval-2024 Task 3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.values import CausePair
from tests.agents.datasets.counting import read, reasons

EVIDENCE, SPANS = "expanded emotion cause evidence", "expanded emotion cause span"


def reccon(folder: Path, **conversations: Any) -> Path:
    (folder / "dailydialog_valid.json").write_text(json.dumps(conversations), "utf-8")
    return folder


def turn(number: int, text: str, emotion: str = "neutral", **more: Any) -> dict[str, Any]:
    return {"turn": number, "speaker": "AB"[number % 2], "utterance": text, "emotion": emotion, **more}


def test_a_conversation_of_reccon_is_one_item(tmp_path: Path):
    told = {EVIDENCE: [1, 2], SPANS: ["a cake", "I love cake"]}
    place = reccon(tmp_path, va_1=[[turn(1, "I made a cake ."), turn(2, "Oh , I love cake .", "happiness", **told)]])
    (one,), faults = read("reccon", place, "valid")
    assert not faults
    assert one.turn is None
    assert [t.speaker for t in one.turns] == ["B", "A"]
    assert one.target.pairs == (
        CausePair(turn=2, emotion="happiness", cause=1, span="a cake"),
        CausePair(turn=2, emotion="happiness", cause=2, span="I love cake"),
    )


def test_what_is_wrong_with_causes_is_told(tmp_path: Path):
    place = reccon(
        tmp_path,
        hole=[[turn(1, "a"), turn(3, "b")]],
        broken=[[{"turn": 1}]],
        pairs=[
            [
                turn(1, "one two", "happiness", **{EVIDENCE: ["b", 1, 1, 7], SPANS: ["b", "one", "one", "x"]}),
                turn(2, "three", "bliss", **{EVIDENCE: [1], SPANS: ["one"]}),
                turn(3, "four", "anger"),
                turn(4, "five", "fear", **{EVIDENCE: [1, 2], SPANS: ["one"]}),
                turn(5, "six", "sadness", **{EVIDENCE: [1], SPANS: ["nine"]}),
            ]
        ],
    )
    (one,), faults = read("reccon", place, "valid")
    assert [(f.id, f.reason) for f in faults] == [
        ("hole", "misaligned"),
        ("broken", "broken"),
        ("pairs", "no_label"),  # the cause lies outside
        ("pairs", "duplicate"),
        ("pairs", "misaligned"),  # no turn 7
        ("pairs", "label_outside"),
        ("pairs", "no_label"),  # anger without a cause
        ("pairs", "misaligned"),  # two causes, one span
        ("pairs", "misaligned"),  # words that the turn does not have
    ]
    assert [(p.turn, p.cause, p.span) for p in one.target.pairs or ()] == [
        (1, 1, "one"),
        (4, 1, ""),
        (4, 2, ""),
        (5, 1, "nine"),
    ]


ECF = """7 2
(2,1),(2,2)
1 | Ann | neutral | I got | lost . | Friends_S1E4: 00:00:03.420 - 00:00:04.382
2 | Bo | joy | Oh . | Friends_S1E4: 00:00:04.382 - 00:00:05.298
8 1

1 | Ann | neutral | Hm . | Friends_S1E4: 00:00:04.382 - 00:00:05.298
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_conversation_of_ecf_is_a_block(tmp_path: Path, ends: str):
    (tmp_path / "dev.txt").write_bytes(ECF.replace("\n", ends).encode())
    (one, two), faults = read("ecf", tmp_path, "dev")
    assert not faults
    assert one.turns[0].text == "I got | lost ."
    assert [t.speaker for t in one.turns] == ["Ann", "Bo"]
    assert one.target.pairs == (CausePair(turn=2, emotion="joy", cause=1), CausePair(turn=2, emotion="joy", cause=2))
    assert two.target.pairs == ()  # judged, and none found


def test_what_is_wrong_with_a_block_is_told(tmp_path: Path):
    text = ECF.replace("(2,2)", "(2,1),(9,1)").replace("joy", "glee", 1) + "what is this\n9 3\n\n1 | A | joy | b | t\n"
    (tmp_path / "dev.txt").write_text(text, "utf-8")
    items, faults = read("ecf", tmp_path, "dev")
    assert [i.id for i in items] == ["dia7", "dia8"]
    assert items[0].target.pairs == ()
    assert reasons(faults) == {"label_outside": 3, "misaligned": 1, "broken": 2}


def test_clips_of_ecf_are_measured(tmp_path: Path, film):
    (tmp_path / "dev.txt").write_text(ECF, "utf-8")
    (tmp_path / "videos").mkdir()
    film(tmp_path / "videos" / "dia7utt1.mp4", seconds=5)
    (one, _), faults = read("ecf", tmp_path, "dev")
    assert [bool(t.file) for t in one.turns] == [True, False]
    assert reasons(faults) == {"miscut": 1, "missing": 2}


def semeval(folder: Path, name: str, pairs: list[Any], **more: Any) -> Path:
    said = [
        {"utterance_ID": 1, "text": "We won !", "speaker": "Ann", "emotion": "joy", "video_name": "dia3utt1.mp4"},
        {
            "utterance_ID": 2,
            "text": "No , we lost .",
            "speaker": "Bo",
            "emotion": "anger",
            "video_name": "dia3utt2.mp4",
        },
    ]
    item = {"conversation_ID": 3, "conversation": said, "emotion-cause_pairs": pairs, **more}
    (folder / name).write_text(json.dumps([item]), "utf-8")
    return folder


def test_semeval_with_spans(tmp_path: Path):
    pairs = [
        ["1_joy", "1_We won !"],
        ["2_anger", "2_we lost ."],
        ["2_anger", "2_we lost ."],
        ["2_joy", "2_we win"],
        ["5_joy", "1_We"],
    ]
    (one,), faults = read("ecf2-spans", semeval(tmp_path, "Subtask_1_train.json", pairs), "train")
    assert one.id == "dia3"
    assert [(p.turn, p.emotion, p.cause, p.span) for p in one.target.pairs or ()] == [
        (1, "joy", 1, "We won !"),
        (2, "anger", 2, "we lost ."),
        (2, "joy", 2, "we win"),
    ]
    assert reasons(faults) == {"duplicate": 1, "misaligned": 3}


def test_semeval_with_turns_and_clips(tmp_path: Path, film):
    (tmp_path / "train_1").mkdir()
    film(tmp_path / "train_1" / "dia3utt1.mp4", seconds=1)
    (one,), faults = read("ecf2-turns", semeval(tmp_path, "Subtask_2_train.json", [["2_anger", "1"]]), "train")
    assert one.target.pairs == (CausePair(turn=2, emotion="anger", cause=1),)
    assert [bool(t.file) for t in one.turns] == [True, False]
    assert reasons(faults) == {"missing": 1}


@pytest.mark.parametrize("bad", [{"conversation": []}, {"conversation": ["hi"]}, {"emotion-cause_pairs": [["1_joy"]]}])
def test_a_conversation_of_another_form_is_told(tmp_path: Path, bad: dict[str, Any]):
    items, faults = read("ecf2-spans", semeval(tmp_path, "Subtask_1_train.json", [], **bad), "train")
    assert not items
    assert reasons(faults) == {"broken": 1}


@pytest.mark.parametrize(
    ("name", "split", "file"),
    [
        ("reccon", "valid", "dailydialog_valid.json"),
        ("ecf2-spans", "train", "Subtask_1_train.json"),
        ("ecf", "dev", "dev.txt"),
    ],
)
def test_no_file_and_another_file_are_told(tmp_path: Path, name: str, split: str, file: str):
    with pytest.raises(ConfigError, match=file):
        read(name, tmp_path, split)
    (tmp_path / file).write_text('"words"', "utf-8")
    with pytest.raises(ConfigError, match="is not"):
        read(name, tmp_path, split)
    (tmp_path / file).write_text("[{", "utf-8")
    with pytest.raises(ConfigError):
        read(name, tmp_path, split)
