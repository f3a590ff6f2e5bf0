"""Readers on the real files, with exact counts. Those of a whole split agree with the publication."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cuechain.agents import registry
from tests.agents.datasets.counting import labels, read, reasons

MELD = {
    "dev": {"neutral": 470, "joy": 163, "anger": 153, "surprise": 150, "sadness": 111, "fear": 40, "disgust": 22},
    "train": {
        "neutral": 4710,
        "joy": 1743,
        "surprise": 1205,
        "anger": 1109,
        "sadness": 683,
        "disgust": 271,
        "fear": 268,
    },
}
"""Table 3 of Poria et al. (2019)."""


@pytest.fixture
def place(data: Path):
    """place("eval/meld") → the folder, where it is there."""

    def find(name: str) -> Path:
        if not (data / name).is_dir():
            pytest.skip(f"{data} has no {name}")
        return data / name

    return find


@pytest.mark.parametrize(("split", "n", "dialogues", "holes"), [("dev", 1109, 114, 2), ("train", 9989, 1038, 72)])
def test_meld(place, split: str, n: int, dialogues: int, holes: int):
    items, faults = read("meld", place("eval/meld"), split)
    assert len(items) == n
    assert len({i.group for i in items}) == dialogues
    assert labels(items) == MELD[split]
    assert reasons(faults) == {"misaligned": holes}  # dialogues that lack utterances
    assert all(i.turns[(i.turn or 0) - 1].text for i in items)


def test_meld_sentiment(place):
    items, _ = read("meld-sentiment", place("eval/meld"), "dev")
    assert labels(items) == {"neutral": 470, "negative": 406, "positive": 233}


def test_mustard(place):
    items, faults = read("mustard", place("eval/mustard"))
    assert labels(items) == {"not sarcastic": 182, "sarcastic": 163}  # a half; 345 of each are published
    assert not faults
    assert all(i.turn == len(i.turns) for i in items)


def test_reccon(place):
    items, faults = read("reccon", place("eval/reccon"), "valid")
    assert (len(items), sum(len(i.turns) for i in items)) == (47, 493)
    emotions = Counter(p.emotion for i in items for p in i.target.pairs or ())
    assert sum(emotions.values()) == 346
    assert set(emotions) == {"happiness", "anger", "sadness", "surprise", "fear", "disgust"}
    assert reasons(faults) == {"no_label": 5, "duplicate": 1}  # five causes lie outside the conversation


def test_ecf(place):
    items, faults = read("ecf", place("eval/ecf"), "dev")
    assert (len(items), sum(len(i.turns) for i in items), sum(len(i.target.pairs or ()) for i in items)) == (
        112,
        1087,
        866,
    )
    assert len({(i.id, p.turn) for i in items for p in i.target.pairs or ()}) <= 668
    assert not faults


def test_semeval_2024_task_3(place):
    items, faults = read("ecf2-spans", place("eval/ecf"), "train")
    assert (len(items), sum(len(i.turns) for i in items)) == (1374, 13619)
    assert sum(len(i.target.pairs or ()) for i in items) + reasons(faults)["duplicate"] == 9364
    assert reasons(faults) == {"duplicate": 72}


def test_panosent(place):
    items, faults = read("panosent", place("eval/panosent"))
    assert (len(items), sum(len(i.turns) for i in items)) == (60, 285)
    assert sum(len(i.target.sextuples or ()) for i in items) == 280  # of 282
    assert sum(len(i.target.flips or ()) for i in items) == 19  # of 21
    assert reasons(faults) == {"label_outside": 3, "broken": 1, "misaligned": 39, "empty": 1}
    assert not [t.text for i in items for t in i.turns if "<" in t.text]
    parts = [
        e
        for i in items
        for s in i.target.sextuples or ()
        for e in (s.holder, s.target, s.aspect, s.opinion, s.rationale)
    ]
    assert Counter(e.explicit for e in parts) == {True: 1378, False: 22}


def test_explicit_elements_of_panosent_stand_in_the_words(place):
    items, _ = read("panosent", place("eval/panosent"))
    found = [
        (element.text.lower() in " ".join(t.text for t in i.turns).lower())
        for i in items
        for s in i.target.sextuples or ()
        for element in (s.target, s.aspect, s.opinion, s.rationale)
        if element.explicit
    ]
    assert sum(found) / len(found) > 0.95  # taking the tags out has not torn the words apart


@pytest.mark.parametrize(("split", "n"), [("train", 8062), ("dev", 1000), ("test", 1000)])
def test_emobank(place, split: str, n: int):
    items, faults = read("emobank", place("eval/emobank"), split)
    assert (len(items), faults) == (n, [])
    assert all(set(i.target.scores) == {"valence", "arousal", "dominance"} for i in items)
    assert all(-1 <= score <= 1 for i in items for score in i.target.scores.values())


def test_memotion(place):
    items, faults = read("memotion", place("eval/memotion"))
    assert (len(items), faults) == (500, [])
    told = {name: Counter(i.target.fields[name] for i in items) for name in items[0].target.fields}
    assert told["polarity"] == {
        "positive": 216,
        "neutral": 160,
        "very positive": 84,
        "negative": 27,
        "very negative": 13,
    }
    assert told["humour"] == {"very funny": 167, "funny": 166, "not funny": 114, "hilarious": 53}
    assert told["sarcasm"] == {"general": 243, "not sarcastic": 129, "twisted meaning": 107, "very twisted": 21}
    assert told["offence"] == {"not offensive": 224, "slight": 177, "very offensive": 89, "hateful offensive": 10}
    assert told["motivation"] == {"not motivational": 319, "motivational": 181}


@pytest.mark.parametrize(("split", "n", "several"), [("train", 43410, 7102), ("dev", 5426, 878), ("test", 5427, 837)])
def test_goemotions(place, split: str, n: int, several: int):
    items, faults = read("goemotions", place("train/goemotions"), split)
    assert (len(items), faults) == (n, [])
    assert sum(len(i.target.labels or ()) > 1 for i in items) == several
    if split == "test":
        told = labels(items)
        assert len(told) == 28
        assert (told["neutral"], told["admiration"], told["grief"], told["relief"]) == (1787, 504, 6, 11)


@pytest.mark.parametrize(
    ("track", "split", "n", "anger"),
    [
        ("a", "train", 2764, 333),
        ("a", "dev", 115, 16),
        ("b", "train", 2763, 333),
        ("b", "dev", 115, 16),
        ("b", "test", 2765, 322),
    ],
)
def test_brighter(place, track: str, split: str, n: int, anger: int):
    items, faults = read(f"brighter-{track}", place("train/brighter_eng"), split)
    assert (len(items), labels(items)["anger"], faults) == (n, anger, [])
    assert {i.labels for i in items} == {("anger", "fear", "joy", "sadness", "surprise")}
    if (track, split) == ("b", "test"):
        assert Counter(i.target.scores["anger"] for i in items) == {0.0: 2443, 1 / 3: 188, 2 / 3: 97, 1.0: 37}


def test_brighter_keeps_the_labels_of_its_test_part_of_track_a(place):
    items, faults = read("brighter-a", place("train/brighter_eng"), "test")
    assert (items, reasons(faults)) == ([], {"no_label": 2765})


def test_emodb(place):
    items, faults = read("emodb", place("train/emodb_flac"))
    assert (len(items), len({i.group for i in items}), faults) == (535, 10, [])
    assert labels(items) == {
        "anger": 127, "boredom": 81, "neutral": 79, "joy": 71, "fear": 69, "sadness": 62, "disgust": 46,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("brighter-b", "train/brighter_eng"),
        ("ecf", "eval/ecf"),
        ("ecf2-spans", "eval/ecf"),
        ("emodb", "train/emodb_flac"),
        ("goemotions", "train/goemotions"),
        ("meld", "eval/meld"),
        ("meld-sentiment", "eval/meld"),
        ("mustard", "eval/mustard"),
        ("reccon", "eval/reccon"),
    ],
)
def test_gold_is_in_the_words_of_the_task(place, name: str, folder: str):
    reader = registry.get("datasets", name)
    task = registry.get("tasks", reader.tasks[0])
    split = {"ecf": "dev", "meld": "dev", "meld-sentiment": "dev", "reccon": "valid", "ecf2-spans": "train"}.get(
        name, ""
    )
    items, _ = read(name, place(folder), split)
    told = set(labels(items)) | {p.emotion for i in items for p in i.target.pairs or ()}
    assert told
    assert told <= set(task.sets[reader.labels] if reader.labels else task.labels)
