import pytest

from cuechain.agents.question.focus import focus, untimed, within
from cuechain.agents.values import EKMAN, Cue, CueSheet, Span
from tests.agents.sheets import cue, masked, two_people


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
        ("How does she feel at the end, compared with the start?", "change"),
        ("Is she sadder at the end than at the beginning?", "change"),
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
        ("How is she in the last 2 seconds?", (6, 8)),
        ("How does she feel at the end?", (16 / 3, 8)),
        ("How does she feel?", None),
        ("How does she feel at the end, compared with the start?", None),
        ("and at the end?", (16 / 3, 8)),
        ("Between 5 and 7 seconds?", (5, 7)),
        ("between five and seven?", (5, 7)),
        ("from 0 to 3 seconds", (0, 3)),
        ("2-4 s", (2, 4)),
        ("before 5 seconds", (0, 5)),
        ("and after three seconds?", (3, 8)),
        ("what about after 3?", (3, 8)),
        ("from 3 s on", (3, 8)),
        ("from 3 s to the end", (3, 8)),
        ("in the first five seconds", (0, 5)),
        ("what about the last three seconds?", (5, 8)),
        ("in the last minute", (0, 8)),
        ("the second half", (4, 8)),
        ("and in the middle?", (8 / 3, 16 / 3)),
        ("at second 4", (2.5, 5.5)),
        ("half a second in", (0, 2)),
        ("between 5 and 100 seconds", (5, 8)),
        ("and before she speaks?", (0, 2)),
        ("How does she feel after she stops talking?", (5, 8)),
        ("How angry is she from 1 to 10?", None),
        ("On a scale between 1 and 10?", None),
        ("Does she smile for 3 seconds?", None),
        ("Is she cross about the meeting at 7 pm?", None),
        ("Who is the second person in the middle?", None),
        ('Why does she say "in 5 seconds"?', None),
    ],
)
def test_stretch(question, span):
    found = focus(masked(), question, EKMAN).span
    assert (found is None) == (span is None)
    if span:
        assert (found.start, found.end) == pytest.approx(span)


def happenings() -> CueSheet:
    def cue(sense: str, text: str, start: float, end: float, person: str | None = None) -> Cue:
        return Cue(sense=sense, text=text, span=Span(start=start, end=end), person=person, source="t@1")

    return CueSheet(
        cues={
            "S1": cue("scene", "a border hut with a stamp and an ink pad", 0, 30),
            "T1": cue("transcript", 'says "The door is shut. I am sorry."', 3, 6, "Vasil"),
            "W1": cue("words", "the door, shut: anger", 3, 6, "Vasil"),
            "N1": cue("sound", "a laugh", 8, 9, "Officer"),
            "N2": cue("sound", "the stamp comes down", 13, 14),
            "N3": cue("sound", "another laugh", 20, 24, "Vasil"),
            "V1": cue("voice", "the voice trembles", 25, 30, "Vasil"),
        }
    )


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("Before the stamp comes down, what does Vasil feel?", (0, 13)),
        (
            "How does Vasil feel after the stamp came down?",
            (13, 30),
        ),  # over in a moment: what follows may begin meanwhile
        ("and after he laughs?", (8, 30)),
        ("How is the officer before Vasil laughs?", (0, 20)),
        ("Is Vasil calm until the officer laughs?", (0, 8)),
        ("How does the officer feel after Vasil says sorry?", (6, 30)),
        ("How does he feel after the door is shut?", None),  # it is only spoken of
        ("How does he feel after the border?", None),  # what fills the clip does not happen
        ("Is he angry after all?", None),
    ],
)
def test_a_stretch_before_or_after_what_a_cue_tells(question, span):
    found = focus(happenings(), question, EKMAN).span
    assert (found and (found.start, found.end)) == span


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("How does Vasil feel when the stamp comes down?", (13, 17)),  # with what follows at once
        ("As soon as the stamp comes down, is Vasil calm?", (13, 17)),
        ("How is he while Vasil laughs?", (20, 24)),
        ("And once the officer laughs?", (8, 30)),
        ("How does Vasil look right after he says sorry?", (6, 9)),
        ("How does the officer feel just before Vasil laughs?", (17, 20)),
        ("How does the officer feel after “I am sorry”?", (6, 30)),
        ("How does he feel when Vasil says 'the door is shut'?", (3, 9)),
        ("How does he feel between saying sorry and laughing?", (6, 8)),
        ("Is the officer angry when Vasil speaks?", (3, 30)),
        ("How is Vasil in his first line?", (3, 6)),
        ("When does the officer laugh?", None),
        ("Can you tell when he laughs?", None),
        ("Is Vasil sarcastic when he says sorry?", None),  # what words mean, the rest of the clip tells too
        ("How does he feel once he's up?", None),
    ],
)
def test_a_stretch_while_something_happens_that_a_cue_tells(question, span):
    found = focus(happenings(), question, EKMAN).span
    assert (found and (found.start, found.end)) == span
    assert not untimed(happenings(), question)


def test_who_tells_the_time_is_not_whom_a_question_is_about():
    assert focus(happenings(), "How does she feel after Vasil laughs?", EKMAN).person == "Officer"
    assert focus(happenings(), "Before Vasil laughs, how does he feel?", EKMAN).person == "Vasil"


def test_nothing_is_left_after_what_happens_last():
    assert untimed(happenings(), "and after his voice trembles?").startswith("There is nothing after that")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How does she feel at 20 seconds?", "The clip is 8.0 s long"),
        ("and between 100 and 110 s?", "The clip is 8.0 s long"),
        ("after one minute", "The clip is 8.0 s long"),
        ("at -5 s?", "The clip is 8.0 s long"),
        ("and before she smiles?", "No cue tells when “before she smiles” is"),
        ("How does she feel after he leaves?", "No cue tells when “after he leaves” is"),
        ("How does she feel after her smile?", "No cue tells when “after her smile” is"),
        ("How does she feel after “Wow”?", "No cue tells when “after “Wow”” is"),
        (
            "How does she feel between saying hello and leaving?",
            "No cue tells when “between saying hello and leaving” is",
        ),
        ("How does she feel in her eighth line?", "There is no “eighth line”: there is 1"),
        ("How does she feel in the first scene?", "I did not understand the time"),
        ("at frame 200", "I did not understand the time"),
    ],
)
def test_a_time_that_cannot_be_looked_up_is_told(question, told):
    assert focus(masked(), question, EKMAN).span is None
    assert untimed(masked(), question).startswith(told)


@pytest.mark.parametrize(
    "question",
    [
        "How does she feel at 0:04?",
        "and before that?",
        "Why is she sad after he left?",
        "How does she feel about the end of her marriage?",
        "Is she sad after all?",
        "How does she feel during the clip?",
        "Is she angry when she speaks?",
        "Once again, how does she feel?",
        "How does she feel until the end?",
    ],
)
def test_no_other_question_has_a_time_to_complain_of(question):
    assert not untimed(masked(), question)


def test_a_question_about_a_stretch_alone_asks_how_it_is_there():
    assert focus(masked(), "between 5 and 7 seconds?", EKMAN).kind == "how"
    assert focus(masked(), "from two to five seconds", EKMAN).kind == "how"
    assert focus(masked(), "and at the end?", EKMAN).kind == "how"


def test_label_named_by_another_word():
    assert focus(masked(), "Is she sad?", EKMAN).label == "sadness"
    assert focus(masked(), "Is she furious?", EKMAN).label == "anger"
    assert focus(masked(), "How is she?", EKMAN).label is None


def test_within_keeps_cues_that_touch_the_stretch_and_those_without_time():
    sheet = CueSheet(
        cues={"T1": cue("transcript", "x", 0, 2), "T2": cue("transcript", "y", 5, 6), "S1": cue("scene", "z")}
    )
    assert set(within(sheet, Span(start=1, end=3)).cues) == {"T1", "S1"}
    assert set(within(sheet, Span(start=1.8, end=5.1)).cues) == {"S1"}  # they lie elsewhere, but for a little
    assert set(within(sheet, Span(start=0.5, end=0.9)).cues) == {"T1", "S1"}
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
