"""Pictures with words, aspects, reactions, instructions."""

from __future__ import annotations

import json

import pytest

from cuechain.agents.errors import ConfigError
from tests.agents.datasets.told import read


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a picture")


def test_hateful_memes(tmp_path):
    rows = [
        {"id": 1, "img": "img/00001.png", "label": 1, "text": "look at them"},
        {"id": 2, "img": "img/2.png", "label": 0, "text": ""},
        {"id": 3, "img": "img/3.png", "label": 0, "text": "gone"},
        {"id": 4, "img": "img/2.png", "text": "kept back"},
        {"id": 5, "img": "img/2.png", "label": 2, "text": "odd"},
        {"id": 1, "img": "img/00001.png", "label": 1, "text": "again"},
        {"img": "img/2.png"},
    ]
    (tmp_path / "dev_seen.jsonl").write_text("\r\n".join(map(json.dumps, rows)) + "\r\n{")
    picture(tmp_path / "img" / "00001.png")
    picture(tmp_path / "img" / "2.png")
    items, faults = read(f"hateful-memes:{tmp_path}")
    assert [(s.id, s.text, s.target.fields) for s in items] == [
        ("1", "look at them", {"hate": "hateful"}),
        ("2", None, {"hate": "not hateful"}),
    ]
    expected = [("3", "missing"), ("4", "no_label"), ("5", "label_outside"), ("1", "duplicate")]
    assert faults == [*expected, ("dev_seen.jsonl:7", "broken"), ("dev_seen.jsonl:8", "broken")]


def test_mvsa_joins_words_and_picture_and_takes_the_majority_of_raters(tmp_path):
    rows = [
        "ID\ttext,image\ttext,image\ttext,image",
        "1\tpositive,neutral\tpositive,neutral\tnegative,negative",
        "2\tpositive,negative\tpositive,negative\tneutral,negative",
        "3\tpositive,neutral\tnegative,neutral\tneutral,neutral",
        "4\tneutral,neutral\tneutral,neutral\tneutral,neutral",
        "5\thappy,neutral\tneutral,neutral\tneutral,neutral",
        "6\tneutral",
        "7\tneutral,neutral\tneutral,neutral\tneutral,neutral",
    ]
    (tmp_path / "labelResultAll.txt").write_text("\n".join(rows) + "\n")
    (tmp_path / "data").mkdir()
    for number in (1, 2, 3, 4, 5, 6):
        (tmp_path / "data" / f"{number}.txt").write_bytes("Caf\xe9 #nice\n".encode("latin-1"))
        if number != 4:
            picture(tmp_path / "data" / f"{number}.jpg")
    items, faults = read(f"mvsa-multiple:{tmp_path}")
    assert [(s.id, s.text, s.target.labels) for s in items] == [("1", "Café #nice", ("positive",))]
    assert items[0].target.raters == {"1": ("positive",), "2": ("positive",), "3": ("negative",)}
    assert items[0].target.fields == {"text": "positive", "image": "neutral"}
    assert faults == [
        ("2", "no_label"),
        ("3", "no_label"),
        ("4", "missing"),
        ("5", "label_outside"),
        ("labelResultAll.txt:7", "broken"),
        ("7", "missing"),
    ]


def test_a_line_too_few_in_the_blocks_of_twitter_spoils_one_block_alone(tmp_path):
    block = "RT @ $T$ wins again\r\nReal Madrid\r\n1\r\n17_06_1.jpg\r\n"
    broken = "$T$ lost\r\nBob\r\n17_06_1.jpg\r\n"
    last = "Sad for $T$ , really\r\nAnn\r\n-1\r\n17_06_2.jpg\r\n"
    folder = tmp_path / "twitter2017"
    folder.mkdir()
    (folder / "test.txt").write_bytes((block + broken + last + "\r\n").encode())
    picture(tmp_path / "twitter2017_images" / "17_06_1.jpg")
    items, faults = read(f"twitter17:{tmp_path}")
    assert [(s.id, s.text, s.target.labels) for s in items] == [
        ("test-1", "RT @ Real Madrid wins again", ("positive",))
    ]
    assert [(o.target, o.sentiment) for o in items[0].target.opinions] == [("Real Madrid", "positive")]
    assert '"Real Madrid"' in items[0].question and items[0].group == "17_06_1"
    assert faults == [("test-5", "misaligned"), ("test-8", "missing")]


def test_sentihood(tmp_path):
    good = {"sentiment": "Positive", "aspect": "safety", "target_entity": "LOCATION1"}
    rows = [
        {"id": 7, "text": " LOCATION1 is safe", "opinions": [good, good]},
        {"id": 8, "text": "LOCATION1 is there", "opinions": []},
        {"id": 9, "text": "LOCATION1", "opinions": [{**good, "sentiment": "Odd"}]},
        {"id": 10, "text": "LOCATION1", "opinions": [{**good, "target_entity": "LOCATION2"}]},
        {"id": 11, "opinions": []},
        {"id": 12, "text": "LOCATION1", "opinions": [{**good, "aspect": "weather"}]},
    ]
    (tmp_path / "sentihood-test.json").write_text(json.dumps(rows))
    items, faults = read(f"sentihood:{tmp_path}")
    assert [[(o.target, o.aspect, o.sentiment) for o in s.target.opinions] for s in items] == [
        [("LOCATION1", "safety", "positive")],
        [],
    ]
    assert faults == [
        ("9", "label_outside"),
        ("10", "misaligned"),
        ("sentihood-test.json:5", "broken"),
        ("12", "label_outside"),
    ]
    (tmp_path / "sentihood-dev.json").write_text("{}")
    with pytest.raises(ConfigError, match="is no list"):
        read(f"sentihood:{tmp_path}", "dev")


RESTAURANTS = """<?xml version="1.0" encoding="UTF-8"?>
<sentences>
  <sentence id="3121"><text>But the staff was so horrible to us.</text>
    <aspectTerms><aspectTerm term="staff" polarity="negative" from="8" to="13"/></aspectTerms>
    <aspectCategories><aspectCategory category="service" polarity="conflict"/></aspectCategories></sentence>
  <sentence id="1"><text>It was a Tuesday.</text></sentence>
  <sentence id="2"><text>Good soup.</text>
    <aspectTerms><aspectTerm term="soup" polarity="positive" from="0" to="4"/></aspectTerms></sentence>
  <sentence id="3"><text>Good soup.</text>
    <aspectTerms><aspectTerm term="soup" from="5" to="9"/></aspectTerms></sentence>
  <sentence id="4"><text>Good soup.</text>
    <aspectTerms><aspectTerm term="soup" polarity="great" from="5" to="9"/></aspectTerms></sentence>
  <sentence><text>Nameless.</text></sentence>
</sentences>
"""
REVIEWS = """<Reviews><Review rid="R1"><sentences>
  <sentence id="R1:0"><text>Judging from previous posts this used to be a good place, but not any longer.</text>
    <Opinions><Opinion target="place" category="RESTAURANT#GENERAL" polarity="negative" from="51" to="56"/></Opinions></sentence>
  <sentence id="R1:1"><text>Never again.</text>
    <Opinions><Opinion target="NULL" category="FOOD#QUALITY" polarity="negative" from="0" to="0"/></Opinions></sentence>
  <sentence id="R1:2" OutOfScope="TRUE"><text>Beware.</text></sentence>
</sentences></Review></Reviews>
"""


def test_semeval_of_all_years(tmp_path):
    (tmp_path / "Restaurants_Test_Gold.xml").write_text(RESTAURANTS)
    (tmp_path / "EN_REST_SB1_TEST.xml.gold").write_bytes(REVIEWS.encode("utf-16"))
    (tmp_path / "Laptop_Train_v2.xml").write_text("<sentences/>")
    items, faults = read(f"semeval-absa:{tmp_path}")
    told = {s.id: [(o.target, o.aspect, o.sentiment) for o in s.target.opinions or ()] for s in items}
    assert told == {
        "EN_REST_SB1_TEST:R1:0": [("place", "RESTAURANT#GENERAL", "negative")],
        "EN_REST_SB1_TEST:R1:1": [("", "FOOD#QUALITY", "negative")],
        "Restaurants_Test_Gold:3121": [("staff", "", "negative")],
        "Restaurants_Test_Gold:1": [],
    }
    assert items[2].target.fields == {"service": "mixed"}
    assert faults == [
        ("EN_REST_SB1_TEST:R1:2", "no_label"),
        ("Restaurants_Test_Gold:2", "misaligned"),
        ("Restaurants_Test_Gold:3", "no_label"),
        ("Restaurants_Test_Gold:4", "label_outside"),
        ("Restaurants_Test_Gold", "broken"),
    ]
    assert read(f"semeval-absa:{tmp_path}", "train") == ([], [(tmp_path.name, "empty")])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sentences/>', "document type"),
        ('<!DOCTYPE s SYSTEM "file:///etc/passwd"><sentences/>', "document type"),
        ("<sentences>", "is no XML"),
        ("", "is no XML"),
    ],
)
def test_xml_that_defines_entities_or_is_cut_off_is_refused(tmp_path, text, told):
    (tmp_path / "x_test.xml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        read(f"semeval-absa:{tmp_path}")
    with pytest.raises(ConfigError, match="train"):
        read(f"semeval-absa:{tmp_path}", "train")


def test_socratis_has_the_reactions_of_all_workers_with_their_reasons(tmp_path):
    whole = {
        "u1": [
            [
                "images/a.jpg",
                "A dog waits.",
                ["sad", "hopeful"],
                ["It is alone, poor thing.", "They may come back."],
                {},
            ],
            ["images/a.jpg", "A dog waits.", "sad, tender", "It waits.", None],
            ["images/a.jpg", "A dog waits.", ["sad", "angry", "calm"], ["one", "two"], {}],
            ["images/a.jpg"],
        ],
        "u2": [["images/b.jpg", "A cat.", [], ["why"], {}]],
        "u3": [["images/c.jpg", "A cat.", ["joy"], ["It purrs."], {}]],
    }
    (tmp_path / "test.json").write_text(json.dumps(whole))
    picture(tmp_path / "images" / "a.jpg")
    items, faults = read(f"socratis:{tmp_path}")
    assert [(s.id, s.target.labels) for s in items] == [("u1", ("sad", "hopeful", "tender"))]
    assert items[0].target.text.splitlines()[0] == "sad: It is alone, poor thing."
    assert items[0].target.text.splitlines()[2] == "sad, tender: It waits."
    assert items[0].target.raters == {"1": ("sad", "hopeful"), "2": ("sad", "tender")}
    expected = [("u1:3", "misaligned"), ("u1:4", "broken"), ("u2:1", "no_label"), ("u2", "no_label"), ("u3", "missing")]
    assert faults == expected


def test_mmaffben_of_both_forms(tmp_path):
    user = {"role": "user", "content": "<image>What emotion is shown?\nText: Hi"}
    text = [
        {"instruction": "Which emotions?", "input": "I win!", "output": "1. joy, 9. optimism"},
        {"instruction": "How intense is anger?", "input": "No!", "output": "0.734"},
        {"instruction": "Rate the sentiment.", "input": "No!", "output": -0.4},
        {"instruction": "Which polarity?", "input": "No!", "output": "-1: negative"},
        {"instruction": "Which emotion?", "input": "No!", "output": ""},
        {"instruction": "Which emotion?"},
        "row",
    ]
    (tmp_path / "semeval2018_english_test.json").write_text(json.dumps(text))
    answers = [{"messages": [user, {"role": "assistant", "content": "2. sadness"}], "images": ["FER/a.png"]}]
    answers.append({"messages": [user, {"role": "assistant", "content": "fear"}], "images": ["FER/b.png"]})
    answers.append({"messages": [user]})
    (tmp_path / "FER2013_test.jsonl").write_text("\n".join(map(json.dumps, answers)))
    (tmp_path / "FER2013_val.json").write_text("[]")
    picture(tmp_path / "FER" / "a.png")
    items, faults = read(f"mmaffben:{tmp_path}")
    assert [(s.id, s.text, s.target.labels, s.target.scores) for s in items] == [
        ("FER2013_test:1", None, ("sadness",), {}),
        ("semeval2018_english_test:1", "I win!", ("joy", "optimism"), {}),
        ("semeval2018_english_test:2", "No!", None, {"intensity": 0.734}),
        ("semeval2018_english_test:3", "No!", None, {"valence": -0.4}),
        ("semeval2018_english_test:4", "No!", ("negative",), {}),
    ]
    assert (
        items[0].files
        and items[0].question == "What emotion is shown?\nText: Hi"
        and items[1].question == "Which emotions?"
    )
    assert faults == [
        ("FER2013_test:2", "missing"),
        ("FER2013_test:3", "broken"),
        ("semeval2018_english_test:5", "no_label"),
        ("semeval2018_english_test:6", "broken"),
        ("semeval2018_english_test:7", "broken"),
    ]
    assert read(f"mmaffben:{tmp_path}", "val")[0] == []
    with pytest.raises(ConfigError, match="train"):
        read(f"mmaffben:{tmp_path}", "train")


def test_names_of_acted_speech_are_its_labels(tmp_path):
    names = [
        "Actor_12/03-01-06-02-02-01-12.wav",
        "Actor_12/03-02-03-01-01-01-12.wav",
        "Actor_12/03-01-01-01-01-01-11.wav",
        "Actor_12/03-01-09-01-01-01-12.wav",
        "Actor_12/03-01-05-03-01-01-12.wav",
        "Actor_12/notes.wav",
        "Actor_12/03-01-05-01-01-01-12.wav",
    ]
    for name in names:
        picture(tmp_path / name)
    (tmp_path / names[-1]).write_bytes(b"")
    items, faults = read(f"ravdess:{tmp_path}")
    assert [(s.target.labels, s.target.fields, s.group) for s in items] == [
        (("fearful",), {"intensity": "strong"}, "Actor_12")
    ]
    assert sorted(reason for _, reason in faults) == ["broken", "broken", "empty", "label_outside", "misaligned"]
    assert [s.target.labels for s in read(f"ravdess:{tmp_path}", "song")[0]] == [("happy",)]


def test_crema_d(tmp_path):
    for name in ("1001_DFA_ANG_HI.wav", "1040_ITH_SAD_X.wav", "1001_DFA_SUR_XX.wav", "1001_DFA_ANG_ZZ.wav", "a.txt"):
        picture(tmp_path / "AudioWAV" / name)
    items, faults = read(f"cremad:{tmp_path}")
    assert [(s.group, s.target.labels, s.target.fields) for s in items] == [
        ("1001", ("anger",), {"intensity": "high"}),
        ("1040", ("sad",), {}),
    ]
    assert sorted(faults) == [("1001_DFA_ANG_ZZ", "broken"), ("1001_DFA_SUR_XX", "label_outside")]
    (tmp_path / "none").mkdir()
    with pytest.raises(ConfigError, match="no sound"):
        read(f"cremad:{tmp_path / 'none'}")
