"""Whose voice is it?"""

from __future__ import annotations

from typing import Any

from cuechain.agents.perception import link
from cuechain.agents.values import Cue, Span


def cue(sense: str, start: float | None = None, end: float = 0, person: str | None = None, **more: Any) -> Cue:
    span = None if start is None else Span(start=start, end=end)
    return Cue(sense=sense, text=f"{sense} {start}", span=span, person=person, source="t", **more)


def people(*cues: Cue) -> list[str | None]:
    linked = link(cues)
    assert [c.text for c in linked] == [c.text for c in cues]  # order and content stay
    return [c.person for c in linked]


def test_the_only_face_is_the_one_who_is_heard():
    assert (
        people(cue("face", 0, 4, "P1"), cue("voice", 1, 2), cue("transcript", 1, 2), cue("words", 2, 3)) == ["P1"] * 4
    )


def test_a_scene_is_nobodys():
    assert people(cue("face", 0, 4, "P1"), cue("scene", 0, 4), cue("screen", 1, 2)) == ["P1", None, None]


def test_with_two_faces_nothing_is_guessed():
    assert people(cue("face", 0, 4, "P1"), cue("face", 0, 4, "P2"), cue("voice", 1, 2)) == ["P1", "P2", None]


def test_two_faces_one_after_the_other():
    faces = cue("face", 0, 4, "P1"), cue("face", 5, 9, "P2")
    assert people(*faces, cue("voice", 1, 2), cue("voice", 6, 8), cue("voice", 3, 6)) == ["P1", "P2", "P1", "P2", None]


def test_nobody_is_seen_while_it_is_heard():
    assert people(cue("face", 0, 2, "P1"), cue("voice", 5, 6)) == ["P1", None]
    assert people(cue("face", 0, 2, "P1"), cue("voice", 5, 5)) == ["P1", None]
    assert people(cue("voice", 5, 6), cue("transcript", 5, 6)) == [None, None]


def test_one_name_and_one_face_are_the_same_person():
    named = cue("transcript", 1, 2, "Anna"), cue("voice", 1, 2, "Anna")
    assert people(cue("face", 0, 4, "P1"), *named) == ["Anna"] * 3


def test_two_names_and_one_face_stay_apart():
    named = cue("transcript", 1, 2, "Anna"), cue("transcript", 2, 3, "Ben")
    assert people(cue("face", 0, 4, "P1"), *named, cue("voice", 1, 2)) == ["P1", "Anna", "Ben", None]


def test_cues_of_the_whole_clip():
    assert people(cue("face", None, person="P1"), cue("words")) == ["P1", "P1"]
    assert people(cue("face", 0, 4, "P1"), cue("words")) == ["P1", "P1"]


def test_a_link_changes_nothing_else():
    voice = cue("voice", 1, 2, confidence=0.4, measures={"f0_mean_hz": 200.0})
    linked = link([cue("face", 0, 4, "P1"), voice])[1]
    assert linked == voice.model_copy(update={"person": "P1"}) and voice.person is None
