"""Names of persons stay while more of a clip is perceived."""

from cuechain.agents.agent.persons import numbered_on, relinked
from cuechain.agents.perception import link
from tests.agents.sheets import cue


def voice(start, end, label="A"):
    return cue("voice", "the voice is low", start, end, measures={"speaker": label})


def face(person, start, end):
    return cue("face", "the lips move as in talking", start, end, person,
               measures={"lips_seen_spans_s": f"{start}-{end}", "lips_moving_spans_s": f"{start}-{end}"})  # fmt: skip


def test_a_face_that_is_seen_later_takes_the_name_of_the_voice():
    raw = [voice(0, 4)]
    before = link(raw)
    assert [c.person for c in before] == ["P1"]  # a voice without a face
    fresh = numbered_on([face("P1", 0, 4)], before)
    assert [c.person for c in fresh] == ["P2"]
    assert [c.person for c in relinked(raw, before, fresh)] == ["P1", "P1"]


def test_a_face_of_another_stretch_is_somebody_else():
    raw = [face("P1", 0, 4)]
    fresh = numbered_on([face("P1", 60, 64), voice(60, 64)], raw, voices="1.")
    assert [c.person for c in relinked(raw, link(raw), fresh)] == ["P1", "P2", "P2"]
    assert fresh[1].measures["speaker"] == "1.A"


def test_names_that_the_source_gives_stay():
    named = [cue("transcript", 'the speaker says "yes"', 0, 4, "Anna")]
    assert [c.person for c in numbered_on([*named, face("P1", 0, 4)], [face("P3", 9, 10)])] == ["Anna", "P4"]
