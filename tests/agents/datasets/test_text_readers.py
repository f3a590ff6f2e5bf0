"""Readers of texts, posts and voices: EmoBank, Memotion, GoEmotions, BRIGHTER and EmoDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from cuechain.agents.errors import ConfigError
from tests.agents.datasets.counting import read, reasons


def written(path: Path, *lines: str, ends: str = "\n", encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ends.join((*lines, "")).encode(encoding))
    return path


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_emobank_is_mapped_to_the_scale_of_the_task(tmp_path: Path, ends: str):
    written(
        tmp_path / "emobank.csv",
        "id,split,V,A,D,text,note",
        'doc_a_1_9,train,1.0,5,3.5,"Oh, no.",x',
        "doc_a_10_20,test,3,3,3,Well.,x",
        "doc_a_21_22,train,5.2,3,3,Well.,x",
        "doc_a_23_24,train,,nan,3,Well.,x",
        "doc_a_25_26,train,3,3,3, ,x",
        "doc_a_27_28,train,3,3",
        "doc_a_29_30,tarin,3,3,3,Well.,x",
        ends=ends,
    )
    (one,), faults = read("emobank", tmp_path, "train")
    assert one.target.scores == {"valence": -1.0, "arousal": 1.0, "dominance": 0.25}
    assert one.target.labels is None
    assert (one.group, one.text) == ("doc_a", "Oh, no.")
    assert reasons(faults) == {"label_outside": 3, "empty": 1, "broken": 1}


MEMES = "Image_name,Image_URL,OCR_extracted_text,Corrected_text,Humour,Sarcasm,Offensive,Motivational,Overall_Sentiment"


def test_a_meme_has_its_picture_and_five_labels(tmp_path: Path):
    written(
        tmp_path / "data_6512.csv",
        MEMES,
        "a.jpg,u,WHEN YOU,When you,very_funny,twisted_meaning,slight,not_motivational,very_positive",
        "b.jpg,u,ONLY OCR,,funny,general,hateful_offensive,motivational,negative",
        "c.jpg,u,,,funny,general,slight,motivational,neutral",
        "d.jpg,u,x,x,so_funny,general,,motivational,neutral",
        "e.jpg,u,x",
    )
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "A.JPG").write_bytes(b"x")
    (one, two, three), faults = read("memotion", tmp_path)
    assert one.target.fields == {
        "humour": "very funny",
        "sarcasm": "twisted meaning",
        "offence": "slight",
        "motivation": "not motivational",
        "polarity": "very positive",
    }
    assert (one.text, [Path(f).name for f in one.files]) == ("When you", ["A.JPG"])
    assert (two.text, two.files) == ("ONLY OCR", ())
    assert set(three.target.fields) == {"sarcasm", "motivation", "polarity"}
    assert reasons(faults) == {"missing": 3, "empty": 1, "label_outside": 1, "no_label": 1, "broken": 1}


def test_the_release_of_memotion_names_its_columns_differently(tmp_path: Path):
    head = ",image_name,text_ocr,text_corrected,humour,sarcasm,offensive,motivational,overall_sentiment"
    row = "0,a.jpg,X,x,hilarious,general,not_offensive,not_motivational,very_positive"
    written(tmp_path / "memotion_dataset_7k" / "labels.csv", head, row, ends="\r\n")
    (one,), faults = read("memotion", tmp_path)
    assert not faults  # no folder of pictures: they were not downloaded, so none is missing
    assert one.target.fields["humour"] == "hilarious"
    written(tmp_path / "labels.csv", head.replace("humour", "humor"), row)
    with pytest.raises(ConfigError, match="no column 'humour'"):
        read("memotion", tmp_path)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_goemotions_is_one_comment_a_line(tmp_path: Path, ends: str):
    written(
        tmp_path / "dev.tsv",
        '"I love it	0,18	aa1',
        "Meh.	27	aa2",
        "Meh.	28	aa3",
        "Meh.		aa4",
        " 	1	aa5",
        "Meh.	1",
        "Meh.	-1	aa6",
        "Twice.	2	aa1",
        ends=ends,
    )
    (one, two), faults = read("goemotions", tmp_path, "dev")
    assert (one.text, one.target.labels, two.target.labels) == ('"I love it', ("admiration", "love"), ("neutral",))
    assert [(f.id, f.reason) for f in faults] == [
        ("aa3", "label_outside"),
        ("aa4", "no_label"),
        ("aa5", "empty"),
        ("dev.tsv:6", "broken"),
        ("aa6", "label_outside"),
        ("aa1", "duplicate"),
    ]


def test_raters_of_goemotions_come_from_the_raw_tables(tmp_path: Path):
    from cuechain.agents.datasets.goemotions import LABELS

    def rated(id: str, rater: int, *labels: str) -> str:
        return ",".join(("Hm.", id, str(rater), *(str(int(label in labels)) for label in LABELS)))

    written(tmp_path / "data" / "test.tsv", "Hm.	3	aa1", "Hm.	27	aa2")
    head = ",".join(("text", "id", "rater_id", *LABELS))
    written(
        tmp_path / "full_dataset" / "goemotions_1.csv", head, rated("aa1", 7, "annoyance", "anger"), rated("aa1", 9)
    )
    written(tmp_path / "full_dataset" / "goemotions_2.csv", head, rated("aa1", 8, "annoyance"))
    (one, two), faults = read("goemotions", tmp_path, "test")
    assert not faults
    assert one.target.raters == {"7": ("anger", "annoyance"), "9": (), "8": ("annoyance",)}
    assert two.target.raters == {}


def test_brighter_has_labels_and_strengths(tmp_path: Path):
    head = "id,text,anger,fear,joy,sadness,surprise"
    written(tmp_path / "track_a" / "dev" / "eng.csv", head, "e1,Oh!,0,1,0,0,1", "e2,Fine.,0,0,0,0,0")
    (one, two), faults = read("brighter-a", tmp_path, "dev")
    assert not faults
    assert (one.target.labels, two.target.labels) == (("fear", "surprise"), ())
    assert one.target.scores == {}
    assert one.labels == ("anger", "fear", "joy", "sadness", "surprise")
    written(
        tmp_path / "track_b_dev_eng.csv",
        head,
        "e1,Oh!,0,3,0,0,1",
        "e2,Oh!,0,4,0,0,1",
        "e3,Oh!,,,,,",
        "e4,Oh!,0,,0,0,1",
        "e5, ,0,1,0,0,1",
        ",Oh!,0,1,0,0,1",
        ends="\r\n",
    )
    (one,), faults = read("brighter-b", tmp_path, "dev")
    assert one.target.labels == ("fear", "surprise")
    assert one.target.scores == {
        "anger": 0.0,
        "fear": 1.0,
        "joy": 0.0,
        "sadness": 0.0,
        "surprise": pytest.approx(1 / 3),
    }
    assert [(f.id, f.reason) for f in faults] == [
        ("e2", "label_outside"),
        ("e3", "no_label"),
        ("e4", "label_outside"),
        ("e5", "empty"),
        ("track_b_dev_eng.csv:7", "broken"),
    ]


def test_brighter_in_another_language_has_its_own_emotions(tmp_path: Path):
    written(
        tmp_path / "track_a" / "dev" / "deu.csv",
        "id,text,Anger,Disgust,Fear,Joy,Sadness,Surprise",
        "d1,Ach!,0,1,0,0,0,0",
    )
    (one,), _ = read("brighter-a", Path(f"{tmp_path}?language=deu"), "dev")
    assert (one.target.labels, len(one.labels)) == (("disgust",), 6)
    with pytest.raises(ConfigError, match=r"track_a/dev/eng\.csv"):
        read("brighter-a", tmp_path, "dev")


def recordings(folder: Path, *names: str) -> Path:
    for name in names:
        written(folder / "wav" / name, "x")
    return folder


def test_the_name_of_a_recording_tells_its_emotion(tmp_path: Path):
    items, faults = read("emodb", recordings(tmp_path, "03a01Fa.wav", "16b10Wb.wav", "03a01Xa.wav", "noise.wav"))
    assert [(i.id, i.group, i.target.labels) for i in items] == [
        ("03a01Fa", "03", ("joy",)),
        ("16b10Wb", "16", ("anger",)),
    ]
    assert all(Path(i.files[0]).is_file() for i in items)
    assert reasons(faults) == {"label_outside": 2}


def test_a_table_must_say_what_the_names_say(tmp_path: Path):
    recordings(tmp_path, "03a01Fa.flac", "03a01Nc.flac", "03a01Wa.flac", "03a02Ta.flac")
    (tmp_path / "wav" / "03a02Ta.flac").write_bytes(b"")
    written(
        tmp_path / "labels.csv",
        "file,speaker,emotion,more",
        "03a01Fa.flac,03,happiness,x",
        "03a01Fa.flac,03,happiness,x",
        "03a01Nc.flac,03,anger,x",
        "03a02Ta.flac,03,sadness,x",
        "08a01Ta.flac,08,sadness,x",
        "broken",
    )
    items, faults = read("emodb", tmp_path)
    assert [i.id for i in items] == ["03a01Fa"]
    assert {(f.id, f.reason) for f in faults} == {
        ("labels.csv:7", "broken"),
        ("03a01Fa.flac", "duplicate"),
        ("03a01Nc.flac", "misaligned"),
        ("03a01Wa.flac", "no_label"),
        ("03a02Ta.flac", "broken"),
        ("08a01Ta.flac", "missing"),
    }


@pytest.mark.parametrize("name", ["emobank", "memotion", "goemotions", "brighter-a", "brighter-b", "emodb"])
def test_an_empty_folder_is_told(tmp_path: Path, name: str):
    with pytest.raises(ConfigError, match=r"holds no .*(csv|tsv|wav)"):
        read(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "head", "lost"),
    [
        ("emobank", "emobank.csv", "id,split,V,A,text", "D"),
        ("brighter-a", "track_a_test_eng.csv", "id,words", "text"),
        ("emodb", "labels.csv", "file,emotion", "speaker"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, name: str, file: str, head: str, lost: str):
    written(tmp_path / file, head)
    with pytest.raises(ConfigError, match=f"has no column '{lost}'"):
        read(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "head"),
    [
        ("emobank", "emobank.csv", "id,split,V,A,D,text"),
        ("brighter-a", "track_a_test_eng.csv", "id,text,joy"),
        ("memotion", "labels.csv", MEMES),
        ("goemotions", "test.tsv", ""),
    ],
)
def test_a_table_without_rows_is_told(tmp_path: Path, name: str, file: str, head: str):
    (tmp_path / file).write_text(f"{head}\n" if head else "", "utf-8")
    items, faults = read(name, tmp_path)
    assert not items
    assert reasons(faults) == {"empty": 1}
