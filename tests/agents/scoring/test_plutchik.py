"""The default wheel."""

from __future__ import annotations

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import CORE, meaning, synonyms
from cuechain.agents.scoring.metrics.opensets import open_vocabulary
from cuechain.agents.scoring.plutchik import DYADS, INTENSITIES, PRIMARIES, plutchik
from cuechain.agents.tasks.emotion import SETS

INNER = plutchik(1).places


def test_every_word_whose_meaning_is_known_has_a_place():
    known = {label for core in CORE for label in synonyms(core)} | {
        label for labels in SETS.values() for label in labels
    }
    assert {label for label in known if label.replace("_", " ") not in INNER and meaning(label)[0]} == set()


def test_places_are_primaries_or_neutral():
    assert {place for places in INNER.values() for place in places} == {*PRIMARIES, "neutral"}
    assert {places for places in INNER.values() if len(places) > 1} == set(DYADS.values())


def test_a_dyad_joins_neighbours_on_the_circle():
    for first, second in DYADS.values():
        assert (PRIMARIES.index(second) - PRIMARIES.index(first)) % len(PRIMARIES) == 1
    assert len(DYADS) == len(PRIMARIES) == len(INTENSITIES)


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("happily", "joy"), ("saddest", "sadness"), ("boring", "disgust"), ("annoying", "anger"), ("angrily", "anger"),
        ("furious", "anger"), ("curiosity", "anticipation"), ("calm", "neutral"), ("no emotion", "neutral"), ("astonishment", "surprise"),
    ],
)  # fmt: skip
def test_forms_and_synonyms(word: str, place: str):
    assert INNER[word] == (place,)


@pytest.mark.parametrize("word", ["", "not happy", "unafraid", "fearless", "joyless", "zorbish", "42", "高兴"])
def test_a_negation_or_an_unknown_word_has_no_place(word: str):
    assert word not in INNER


def test_levels():
    outer = plutchik(2).places
    assert (outer["furious"], outer["annoyed"], outer["loving"]) == (("rage",), ("annoyance",), ("love",))
    assert {places[0] for places in outer.values()} == {
        m for moods in INTENSITIES.values() for m in moods
    } | DYADS.keys() | {"neutral"}
    with pytest.raises(ConfigError, match="level 3"):
        plutchik(3)


def test_it_scores():
    score = open_vocabulary([["furious", "sad"], ["loving"]], [["annoyed", "very unhappy"], ["happy"]], [plutchik()])
    assert (score.precision, score.recall) == (1, 0.75)
