import pytest

from cuechain.agents.focus import focus, within
from cuechain.agents.values import EKMAN, Cue, CueSheet, Span

from .sheets import cue, masked, two_people


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How does she feel?", "how"),
        ("Why is she sad?", "why"),
        ("Is he angry?", "yes_no"),
        ("Does she mean it?", "sarcasm"),
        ("When is she most upset?", "when"),
        ("Who is angry?", "who"),
        ("How does her mood change over time?", "change"),
        ("Does she go from calm to angry?", "change"),
        ("How does she feel from 0:02 to 0:05?", "how"),
        ("Which sense matters most here?", "which_sense"),
        ("What made him angry?", "cause"),
        ("And why?", "why"),
        ("What is the capital of France?", "other"),
        ("What about the end?", "how"),
        ("What does her face show?", "how"),
    ],
)
def test_kind_of_question(question, kind):
    assert focus(masked(), question, EKMAN).kind == kind


def test_named_person_wins_and_absent_person_is_kept():
    assert focus(two_people(), "How does P2 feel?", EKMAN).person == "P2"
    assert focus(two_people(), "How does P7 feel?", EKMAN).person == "P7"


def test_a_lone_person_is_meant_and_called_as_asked():
    found = focus(masked(), "How does she feel, and why?", EKMAN)
    assert (found.person, found.pronoun) == ("P1", "she")
    assert focus(masked(), "How is the customer doing?", EKMAN).pronoun == "the customer"


def test_with_several_people_the_answer_names_its_person():
    found = focus(two_people(), "How does she feel?", EKMAN)
    assert found.person in ("P1", "P2")
    assert found.pronoun == found.person


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("How does she feel at 0:04?", (2.5, 5.5)),
        ("How does she feel between 1 s and 3 s?", (1, 3)),
        ("What about the first 2 seconds?", (0, 2)),
        ("How is she in the last 2 seconds?", (3, 5)),
        ("How does she feel at the end?", (10 / 3, 5)),
        ("How does she feel?", None),
    ],
)
def test_stretch(question, span):
    found = focus(masked(), question, EKMAN).span
    assert (found is None) == (span is None)
    if span:
        assert (found.start, found.end) == pytest.approx(span)


def test_label_named_by_another_word():
    assert focus(masked(), "Is she sad?", EKMAN).label == "sadness"
    assert focus(masked(), "Is she furious?", EKMAN).label == "anger"
    assert focus(masked(), "How is she?", EKMAN).label is None


def test_within_keeps_cues_that_touch_the_stretch_and_those_without_time():
    sheet = CueSheet(
        cues={"T1": cue("transcript", "x", 0, 2), "T2": cue("transcript", "y", 5, 6), "S1": cue("scene", "z")}
    )
    assert set(within(sheet, Span(start=1, end=3)).cues) == {"T1", "S1"}
    assert set(within(sheet, None).cues) == {"T1", "T2", "S1"}


@pytest.mark.parametrize(
    ("question", "person"),
    [
        ("Why would Fergus say that to the host, is he cross?", "Caller Fergus"),
        ("'Best mum ever', aww. What does Jonah mean?", "Jonah"),
        ("What does Jonah's mum think of Jonah?", "Jonah"),
        ("Is the caller cross?", "Jonah"),  # a part of a name that is no name: who is seen most is meant
        ("Don't you think the host isn't pleased?", "Host"),
        ("Is she sarcastic with her mum?", "Jonah"),  # who is somebody's is not the one who is asked about
        ("How does his mum feel?", "Mum"),  # but where nobody else is spoken of
    ],
)
def test_the_person_is_the_first_that_the_question_itself_names(question, person):
    people = ("Jonah", "Jonah", "Caller Fergus", "Host", "Mum")
    cues = {f"F{i}": Cue(sense="face", text="a smile", person=p, source="face@1") for i, p in enumerate(people)}
    assert focus(CueSheet(cues=cues), question, EKMAN).person == person
