"""Readers of judged utterances in dialogues: MELD, EmoryNLP, MUStARD and MUStARD++."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cuechain.agents.errors import ConfigError
from tests.agents.datasets.counting import read, reasons

HEAD = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"


def meld(folder: Path, *rows: str, ends: str = "\n", encoding: str = "utf-8") -> Path:
    (folder / "dev_sent_emo.csv").write_bytes(ends.join((HEAD, *rows, "")).encode(encoding))
    return folder


def row(utterance: int, text: str = "Well.", emotion: str = "joy", dialogue: int = 0, end: str = "00:00:03,000") -> str:
    return f'1,"{text}",Ann,{emotion},positive,{dialogue},{utterance},1,2,"00:00:01,000","{end}"'


def test_an_utterance_has_its_whole_dialogue(tmp_path: Path):
    items, faults = read("meld", meld(tmp_path, row(0, "Hi."), row(1, "Oh, no!", "sadness"), row(0, dialogue=1)), "dev")
    assert not faults
    assert [i.id for i in items] == ["dia0_utt0", "dia0_utt1", "dia1_utt0"]
    second = items[1]
    assert [t.text for t in second.turns] == ["Hi.", "Oh, no!"]
    assert (second.turn, second.turns[1].speaker, second.target.labels) == (2, "Ann", ("sadness",))
    assert second.group == items[0].group != items[2].group
    assert all(t.span is None for i in items for t in i.turns)  # the times are those of the episode


def test_sentiment_of_the_same_table(tmp_path: Path):
    items, _ = read("meld-sentiment", meld(tmp_path, row(0)), "dev")
    assert items[0].target.labels == ("positive",)


@pytest.mark.parametrize(
    ("ends", "encoding"), [("\r\n", "utf-8"), ("\n", "utf-8-sig"), ("\r\n", "cp1252"), ("\n", "utf-16")]
)
def test_windows_wrote_the_table(tmp_path: Path, ends: str, encoding: str):
    items, faults = read("meld", meld(tmp_path, row(0, "He’s “lost” it"), ends=ends, encoding=encoding), "dev")
    assert not faults
    assert items[0].turns[0].text == "He’s “lost” it"


def test_what_is_wrong_with_a_dialogue_is_told(tmp_path: Path):
    rows = (
        row(1),
        row(4, emotion="bored"),
        row(4),
        row(5, " "),
        "1,too,few",
        row(0, dialogue=2, end="00:00:00,500"),
        row(0, emotion="", dialogue=3),
    )
    items, faults = read("meld", meld(tmp_path, *rows), "dev")
    assert [i.id for i in items] == ["dia0_utt1", "dia2_utt0"]
    told = {(f.id, f.reason) for f in faults}
    assert told == {
        ("dev_sent_emo.csv:6", "broken"),
        ("dia0_utt4", "duplicate"),
        ("dia0", "misaligned"),
        ("dia0_utt4", "label_outside"),
        ("dia0_utt5", "empty"),
        ("dia2_utt0", "misaligned"),
        ("dia3_utt0", "no_label"),
    }
    holes = next(f.detail for f in faults if f.id == "dia0")
    assert holes == "it has no utterances 0, 2 to 3"


def test_utterances_out_of_order_are_put_in_order(tmp_path: Path):
    items, faults = read("meld", meld(tmp_path, row(1, "b"), row(0, "a")), "dev")
    assert [t.text for t in items[0].turns] == ["a", "b"]
    assert [f.reason for f in faults] == ["misaligned"]


def test_clips_are_found_and_measured(tmp_path: Path, film):
    meld(tmp_path, row(0), row(1), row(2), row(3), row(4))
    clips = tmp_path / "MELD.Raw" / "dev_splits_complete"
    clips.mkdir(parents=True)
    film(clips / "dia0_utt0.mp4", seconds=2.2)
    film(clips / "dia0_utt1.mp4", seconds=6)
    (clips / "dia0_utt3.mp4").write_bytes(b"")
    (clips / "dia0_utt4.mp4").write_bytes(b"no film at all")
    items, faults = read("meld", tmp_path, "dev")
    assert {(f.id, f.reason) for f in faults} == {
        ("dia0_utt1", "miscut"),
        ("dia0_utt2", "missing"),
        ("dia0_utt3", "broken"),
        ("dia0_utt4", "broken"),
    }
    assert len(items) == 5  # the words are there all the same
    shown = [[bool(t.file) for t in i.turns] for i in items]
    assert shown[0] == [True, False, False, False, False]
    assert shown[1] == [False, True, False, False, False]
    assert not any(map(any, shown[2:]))


def test_clips_of_another_split_are_not_taken(tmp_path: Path, film):
    meld(tmp_path, row(0))
    clips = tmp_path / "train_splits"
    clips.mkdir()
    film(clips / "dia0_utt0.mp4", seconds=2)
    items, faults = read("meld", tmp_path, "dev")
    assert not faults
    assert items[0].turns[0].file is None


def test_emorynlp_counts_scenes_from_one(tmp_path: Path):
    head = "Utterance,Speaker,Emotion,Scene_ID,Utterance_ID,Season,Episode,Start_Time,End_Time"
    rows = (
        "Tea.,['Ann Bo'],Peaceful,1,1,1,15,0,0",
        "Hm.,\"['Ann Bo', 'Cy']\",Mad,1,2,1,15,0,0",
        "No.,['Cy'],Sad,1,1,1,16,0,0",
    )
    (tmp_path / "emorynlp_dev_final.csv").write_text("\n".join((head, *rows)), "utf-8")
    items, faults = read("emorynlp", tmp_path, "dev")
    assert not faults
    assert [i.target.labels for i in items] == [("peaceful",), ("mad",), ("sad",)]
    assert [t.speaker for t in items[0].turns] == ["Ann Bo", "Ann Bo, Cy"]
    assert len({i.group for i in items}) == 2


def mustard(folder: Path, **items: object) -> Path:
    (folder / "sarcasm_data.json").write_text(json.dumps(items), "utf-8")
    return folder


GOOD = {"utterance": "Lovely.", "speaker": "ANN", "context": ["It rains."], "context_speakers": ["BO"], "show": "X"}


def test_the_judged_utterance_is_the_last_turn(tmp_path: Path, film):
    (tmp_path / "utterances_final").mkdir()
    film(tmp_path / "utterances_final" / "1_2.mp4", seconds=1)
    place = mustard(tmp_path, **{"1_2": {**GOOD, "sarcasm": True}, "1_3": {**GOOD, "sarcasm": False}})
    (one, two), faults = read("mustard", place)
    assert [(t.speaker, t.text) for t in one.turns] == [("BO", "It rains."), ("ANN", "Lovely.")]
    assert (one.turn, one.target.labels, two.target.labels) == (2, ("sarcastic",), ("not sarcastic",))
    assert one.turns[1].file
    assert [(f.id, f.reason) for f in faults] == [("1_3", "missing")]


def test_what_is_wrong_with_sarcasm_is_told(tmp_path: Path):
    bad = {
        "a": {**GOOD, "sarcasm": "yes"},
        "b": GOOD,
        "c": {"speaker": "ANN", "sarcasm": True},
        "d": {**GOOD, "context_speakers": [], "sarcasm": True},
        "e": {**GOOD, "utterance": " ", "sarcasm": True},
        "f": {**GOOD, "context": "It rains.", "sarcasm": True},
    }
    items, faults = read("mustard", mustard(tmp_path, **bad))
    assert [i.id for i in items] == ["d"]
    assert [(f.id, f.reason) for f in faults] == [
        ("a", "label_outside"),
        ("b", "no_label"),
        ("c", "broken"),
        ("d", "misaligned"),
        ("e", "empty"),
        ("f", "broken"),
    ]


PLUS = "SCENE,KEY,SENTENCE,END_TIME,SPEAKER,SHOW,Sarcasm,Sarcasm_Type,Implicit_Emotion,Explicit_Emotion,Valence,Arousal"


def test_mustardpp_has_kinds_and_numbers(tmp_path: Path):
    rows = (
        PLUS,
        "1_1,1_1_c_00,It rains.,0:06,BO,X,,,,,,",
        '1_1,1_1_u,"Lovely,\nreally.",0:07,ANN,X,1,PRO,Anger,Happiness,1,9',
        "1_2,1_2_u,Yes.,0:07,ANN,X,0,NONE,Neutral,Neutral,5,7",
        "1_3,1_3_u,Yes.,0:07,ANN,X,1,,Rage,Neutral,5,12",
        "1_4,1_4_c_00,Yes.,0:07,ANN,X,,,,,,",
        "1_5,1_5_u,Yes.,0:07,ANN,X,?,,Neutral,Neutral,5,5",
    )
    (tmp_path / "mustard++_text.csv").write_text("\n".join(rows), "utf-8")
    (one, two, three), faults = read("mustardpp", tmp_path)
    assert (one.turn, len(one.turns), one.turns[1].text) == (2, 2, "Lovely,\nreally.")
    assert one.target.scores == {"valence": -1.0, "arousal": 1.0}
    assert one.target.fields == {"kind": "propositional", "implicit_emotion": "anger", "explicit_emotion": "happiness"}
    assert (two.target.labels, two.target.scores["arousal"], "kind" in two.target.fields) == (
        ("not sarcastic",),
        0.5,
        False,
    )
    assert three.target.scores == {"valence": 0.0}
    assert reasons(faults) == {"label_outside": 4, "misaligned": 1}


@pytest.mark.parametrize("name", ["meld", "emorynlp", "mustard", "mustardpp"])
def test_an_empty_folder_is_told(tmp_path: Path, name: str):
    with pytest.raises(ConfigError, match=r"holds no .*(csv|json)"):
        read(name, tmp_path)


def test_a_missing_column_is_named(tmp_path: Path):
    (tmp_path / "dev_sent_emo.csv").write_text("Utterance,Speaker\nHi,Ann\n", "utf-8")
    with pytest.raises(ConfigError, match="has no column 'Utterance_ID'"):
        read("meld", tmp_path, "dev")


def test_a_table_without_rows_is_told(tmp_path: Path):
    items, faults = read("meld", meld(tmp_path), "dev")
    assert not items
    assert [f.reason for f in faults] == ["empty"]
