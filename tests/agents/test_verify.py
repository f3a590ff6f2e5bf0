import pytest

from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, Emotion, Gap, LabelAnswer, LabelsAnswer, Span
from cuechain.agents.verify import verify

from .sheets import cue, masked, two_people


def answer(*claims, person="P1", label="sadness", **more):
    return Answer(
        person=person,
        emotion=Emotion(label=label, confidence=0.6),
        sentiment="negative",
        relation="masked",
        claims=tuple(Claim(text=t, cites=tuple(c.split()), stance=s) for t, c, s in claims),
        **more,
    )


def codes(sheet, given, labels=EKMAN):
    return [p.code for p in verify(sheet, given, labels).problems]


def test_a_true_answer_passes():
    good = answer(
        ("She probably feels sad although her words are positive.", "F1 V1 W1", "supports"),
        ("From 2.5 to 4.5 s the lip corners pull down.", "F1", "supports"),
        ("Her voice is 3.1 semitones lower than usual.", "V1", "supports"),
        ("She says “I am fine, really”.", "T1", "conflicts"),
    )
    assert codes(masked(), good) == []


@pytest.mark.parametrize(
    ("text", "cites", "code"),
    [
        ("She looks sad.", "F9", "unknown_cite"),
        ("She looks sad.", "", "no_cite"),
        ("Her voice trembles.", "F1", "wrong_sense"),
        ("A caption on screen calls her sad.", "F1", "from_gap"),
        ("She says “I hate this”.", "T1", "wrong_quote"),
        ("At 7.5 s the lip corners pull down.", "F1", "wrong_time"),
        ("Her voice is 9 semitones lower.", "V1", "unsupported"),
        ("Her voice is higher than usual.", "V1", "unsupported"),
        ("The words are negative.", "W1", "unsupported"),
        ("", "F1", "empty"),
    ],
)
def test_each_kind_of_untruth_is_found(text, cites, code):
    assert code in codes(masked(), answer((text, cites, "supports")))


def test_the_other_person_is_not_evidence():
    assert "wrong_person" in codes(two_people(), answer(("P1 is amused.", "F2", "supports")))
    assert "wrong_person" in codes(two_people(), answer(("The lip corners pull up.", "F2", "supports")))
    assert "wrong_person" in codes(two_people(), answer(("The brows draw down.", "F1", "supports"), person="Bob"))


def test_labels_outside_the_set():
    given = answer(("The lip corners pull down.", "F1", "supports"), label="ennui")
    assert codes(masked(), given) == ["label_not_in_set"]
    assert codes(masked(), given, labels=()) == []


def test_an_answer_that_abstains_needs_no_cites_but_words():
    sheet = CueSheet(gaps=(Gap(sense="face", reason="no face was seen"),))
    assert codes(sheet, Answer(abstain=True, claims=(Claim(text="Her face cannot be seen."),))) == []
    assert codes(sheet, Answer(abstain=True)) == ["empty"]
    assert "empty" in codes(sheet, Answer(claims=(Claim(text="x", cites=()),)))


def test_a_quote_with_a_gap_in_it_is_checked_piece_by_piece():
    assert codes(masked(), answer(("She says “I am fine … wonderful”.", "T1", "supports"))) == []
    assert "wrong_quote" in codes(masked(), answer(("She says “I am fine … awful”.", "T1", "supports")))


def test_a_transcript_cannot_smuggle_a_person_into_the_check():
    sheet = CueSheet(
        cues={
            "T1": cue("transcript", 'the speaker says "P2 is to blame"', 0, 1, "P1"),
            "F1": cue("face", "x y", 0, 1, "P2"),
        }
    )
    assert codes(sheet, answer(("She says “P2 is to blame”.", "T1", "supports"))) == []


def test_labels_that_are_no_feelings():
    claim = Claim(text="The lip corners pull down.", cites=("F1",))
    assert codes(masked(), LabelAnswer(label="fits", claims=(claim,)), ("fits", "does not fit")) == []
    assert codes(masked(), LabelAnswer(claims=(claim,)), ("fits", "does not fit")) == ["empty"]
    several = LabelsAnswer(label="fast", labels=("fast", "shrill"), claims=(claim,))
    assert codes(masked(), several, ("fast", "slow")) == ["label_not_in_set"]


def test_the_answers_own_number_needs_no_cue():
    def on_scale(text):
        return LabelAnswer(label="-2", claims=(Claim(text=text, cites=("F1",)),))

    assert codes(masked(), on_scale("On the scale this is -2."), ("-2", "2")) == []
    assert codes(masked(), on_scale("On the scale this is -3."), ("-2", "2")) == ["unsupported"]


def test_a_name_within_a_longer_one_speaks_of_nobody_else():
    two = CueSheet(
        cues={
            "T1": cue("transcript", 'the speaker says "hello"', person="Ann"),
            "T2": cue("transcript", 'the speaker says "hi"', person="Ann and Bo"),
        }
    )
    both = Claim(text="Ann and Bo greet back.", cites=("T2",))
    one = Claim(text="Ann greets back.", cites=("T2",))
    told = Answer(emotion=Emotion(label="joy"), claims=(both, one))
    assert [(p.code, p.claim) for p in verify(two, told, ()).problems] == [("wrong_person", 1)]


def test_a_number_in_a_name_is_no_figure():
    sheet = CueSheet(cues={"T1": cue("transcript", 'the speaker says "hello"', person="Fireman No. 3")})
    told = Answer(emotion=Emotion(label="joy"), claims=(Claim(text="Fireman No. 3 says “hello”.", cites=("T1",)),))
    assert verify(sheet, told, ()).ok


def test_a_judgement_may_differ_from_the_cue_and_a_report_may_not():
    judged = Claim(text="This is possibly negative.", cites=("W1",))
    told = Claim(text="The words are negative.", cites=("W1",))
    given = LabelAnswer(label="negative", claims=(judged, told))
    assert [(p.code, p.claim) for p in verify(masked(), given, ("negative", "positive")).problems] == [
        ("unsupported", 1)
    ]


def test_cues_of_another_time_cannot_carry_an_answer_about_a_stretch():
    claim = ("The lip corners pull down.", "F1", "supports")
    assert codes(masked(), answer(claim, span=Span(start=6, end=8))) == ["wrong_time"]
    assert codes(masked(), answer(claim, span=Span(start=4, end=8))) == []
    assert codes(masked(), answer(claim, ("The inner brows rise.", "F2", "conflicts"), span=Span(start=2, end=4))) == []
