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


def face(person: str, moving: str, seen: str = "0-10", end: float = 10) -> Cue:
    return cue("face", 0, end, person, measures={"lips_seen_spans_s": seen, "lips_moving_spans_s": moving})


def voice(start: float, end: float, speaker: str | None = None, **more: Any) -> Cue:
    return cue("voice", start, end, measures={"speaker": speaker} if speaker else {}, **more)


def test_of_two_faces_the_one_whose_lips_move_is_heard():
    faces = face("P1", "1-4 6-7"), face("P2", "4.2-6")
    assert people(*faces, voice(1, 4), voice(4.2, 5.8), voice(7.5, 9.5))[2:] == ["P1", "P2", None]


def test_of_two_faces_that_both_move_nothing_is_guessed():
    assert people(face("P1", "1-4"), face("P2", "1.5-4"), voice(1, 4))[2] is None


def test_of_two_that_both_move_the_one_that_fits_the_sound_for_long_enough():
    faces = face("P1", "0-4@-0.05 4-8@0.10"), face("P2", "0-4@0.42 4-8@0.38")
    assert people(*faces, voice(0, 8))[2] == "P2"
    assert people(*faces, voice(0, 1))[2] is None, "over a second anything fits"


def test_a_narrator_is_not_the_silent_face():
    assert people(face("P1", ""), voice(1, 4), cue("transcript", 1, 4)) == ["P1", None, None]
    assert people(face("P1", "", seen=""), voice(1, 4)) == ["P1", "P1"], "lips that cannot be judged"
    assert people(face("P1", ""), voice(1, 1.5)) == ["P1", "P1"], "a short word may pass unseen"
    named = cue("transcript", 1, 4, "Anna")
    assert people(face("P1", ""), named) == ["P1", "Anna"]


def test_a_voice_is_one_person_through_the_clip():
    faces = face("P1", "1-3 5-7", seen="0-8"), face("P2", "3-5", seen="0-8")
    heard = voice(1, 3, "A"), voice(3, 5, "B"), voice(5, 7, "A"), voice(8.5, 9.5, "B")
    assert people(*faces, *heard)[2:] == ["P1", "P2", "P1", "P2"]


def test_voices_without_faces_are_persons_of_their_own():
    assert people(voice(0, 2, "A"), voice(2, 3, "B"), voice(4, 9, "A")) == ["P1", "P2", "P1"]
    assert people(voice(0, 2), voice(2, 3)) == [None, None], "nothing tells them apart"


def test_a_voice_that_fits_no_face_gets_an_id_that_no_face_has():
    assert people(face("P1", "0-5"), voice(0, 5, "A"), voice(6, 9, "B")) == ["P1", "P1", "P2"]
    unseen = face("P1", "", seen=""), face("P2", "", seen="")
    assert people(*unseen, voice(0, 5, "A"), voice(6, 9, "B"))[2:] == [None, None], "either may be either"


def test_one_utterance_counts_once_for_its_voice():
    faces = face("P1", "0-3"), face("P2", "3-8")
    three = [cue(s, 0, 3, measures={"speaker": "A"}) for s in ("transcript", "words", "voice")]
    assert people(*faces, *three, voice(3, 8, "B"))[2:] == ["P1"] * 3 + ["P2"]


def test_a_voice_bears_the_name_that_the_source_gives_it():
    named = cue("transcript", 0, 3, "Anna", measures={"speaker": "A"})
    assert people(named, voice(4, 6, "A"), voice(7, 9, "B")) == ["Anna", "Anna", "P1"]


def test_what_is_read_from_a_line_is_of_who_says_it():
    said = cue("transcript", 0, 3, measures={"speaker": "A"}), cue("transcript", 4, 6, measures={"speaker": "B"})
    assert people(*said, cue("words", 4, 6), cue("situation", 0, 3)) == ["P1", "P2", "P2", "P1"]


def test_a_second_voice_is_not_the_face_that_bears_the_name_of_the_first():
    named = cue("transcript", 0, 3, "Anna", measures={"speaker": "A"})
    assert people(face("P1", "0-3"), named, voice(4, 6, "B")) == ["Anna", "Anna", "P1"]
