"""Follow-ups on the fixed chain: each answer is true of the sheet, and cites what carries it."""

import pytest

from cuechain.agents import llm, settings
from cuechain.agents.agent.followups import understood
from cuechain.agents.agent.reconsidering import answered
from cuechain.agents.values import Case, CueSheet, Media, Question
from tests.agents.sheets import cue, masked, two_people


def later() -> CueSheet:
    """One person: angry at first, glad in the end."""
    return CueSheet(
        media=(Media(id="m1", kind="video", duration=30.0, streams=("video", "audio")),),
        cues={
            "T1": cue("transcript", 'the speaker says "I hate this, I am furious"', 1.0, 4.0, "P1"),
            "W1": cue("words", 'the words are clearly negative (-0.80), with "hate" and "furious"', 1.0, 4.0, "P1",
                      measures={"valence": -0.8, "anger": 0.8}),
            "T2": cue("transcript", 'the speaker says "oh, that is wonderful, I am so happy"', 20.0, 24.0, "P1"),
            "W2": cue("words", 'the words are clearly positive (0.90), with "happy" and "wonderful"', 20.0, 24.0, "P1",
                      measures={"valence": 0.9, "joy": 0.9}),
            "F1": cue("face", "the lip corners clearly pull up and the cheeks rise (AU6+12, strong)", 20.5, 23.0, "P1",
                      measures={"au6": 0.8, "au12": 0.9}, salience=0.9),
        },
    )  # fmt: skip


class Talk:
    """Questions to the rules about one sheet, in turn."""

    def __init__(self, sheet: CueSheet) -> None:
        self.sheet, self.settings = sheet, settings.load(model="rules")
        self.model = llm.load("rules", self.settings)
        self.cases: list[Case] = []

    def __call__(self, text: str) -> Case:
        asked = understood(self.sheet, Question(text=text), self.cases, plans=True)
        case = answered(self.sheet, asked, self.model, self.settings, {})
        assert case.answer and case.explanation and case.verdict
        assert not case.verdict.problems, (text, case.explanation.text, case.verdict.problems)
        assert case.answer.claims and all(i in self.sheet.cues for c in case.answer.claims for i in c.cites)
        assert any(c.cites for c in case.answer.claims) or case.answer.abstain, text
        self.cases.append(case)
        return case


def felt(case: Case) -> str | None:
    return case.answer.emotion.label if case.answer and case.answer.emotion else None


def said(case: Case) -> str:
    assert case.explanation
    return case.explanation.text


def test_before_and_after_that_are_the_stretches_beside_the_last_answer():
    talk = Talk(later())
    assert felt(talk("How does she feel from 20 s to 24 s?")) == "joy"
    before = talk("And before that?")
    assert before.answer.span.end < 20 and before.answer.span.start >= 14
    while before.answer.span.start > 4:
        before = talk("and before that?")
    assert felt(before) == "anger" and "T1" in said(before) and said(before).startswith("Before that, she")
    nothing = talk("And before that?")
    while not nothing.answer.abstain or "Nothing comes" not in said(nothing):
        nothing = talk("and before that?")
    assert "beginning" in said(nothing)


def test_after_an_answer_about_the_whole_it_is_after_the_moment_that_carried_it():
    talk = Talk(later())
    first = talk("How does she feel, and why?")
    moment = talk.sheet.cues[first.answer.claims[0].cites[0]].span
    after = talk("and after that?")
    assert after.answer.span.start >= moment.end
    assert said(after).startswith(("After that", "Nothing comes after that"))


def test_a_stretch_stays_until_another_is_named():
    talk = Talk(later())
    talk("How does she feel from 20 s to 24 s?")
    for text in ("why?", "are you sure?", "why not sadness?", "what would change your mind?"):
        case = talk(text)
        assert {i for c in case.answer.claims for i in c.cites} <= {"T2", "W2", "F1"}, text
        assert (case.answer.span.start, case.answer.span.end) == (20, 24)
    assert felt(talk("How does she feel from 1 s to 4 s?")) == "anger"


def test_a_time_of_the_new_question_beats_the_stretch_before():
    talk = Talk(later())
    talk("and at the beginning?")
    last = talk("what about the last ten seconds?")
    assert (last.answer.span.start, last.answer.span.end) == (20, 30) and felt(last) == "joy"
    assert felt(talk("and before five seconds?")) == "anger"
    assert felt(talk("and before she stops talking?")) is not None


def test_a_time_outside_the_clip_is_told_and_cites_nothing():
    talk = Talk(later())
    talk("How does she feel from 20 s to 24 s?")
    for text in ("what about at 40 seconds?", "and between 100 and 110 s?", "and before she sneezes?"):
        case = talk(text)
        assert case.answer.abstain and case.answer.span is None and not any(c.cites for c in case.answer.claims)
        assert said(case).startswith(("The clip is 30.0 s long", "No cue tells when"))
    assert talk("and before that?").answer.span.end < 20  # goes on from the answer that had a time


def test_a_stretch_without_cues_is_told():
    case = Talk(later())("How does she feel between 8 and 12 seconds?")
    assert case.answer.abstain and said(case) == "From 8.0 to 12.0 s no cue tells what P1 feels."


def test_what_reaches_over_the_last_answer_does_not_come_before_it():
    sheet = later()
    long = cue("transcript", 'the speaker says "so happy about it all, so very happy"', 0.1, 6.5, "P1")
    talk = Talk(sheet.model_copy(update={"cues": {"T3": long, **sheet.cues}}))
    talk("How does she feel from 3.5 s to 4 s?")
    before = talk("and before that?")
    assert "T3" not in {i for c in before.answer.claims for i in c.cites}


@pytest.mark.parametrize(
    ("text", "begins", "senses"),
    [
        ("what about her voice?", "By the voice alone", {"voice"}),
        ("and only the face?", "By the face alone", {"face"}),
        ("and if you ignored the words?", "Without the words", {"voice", "face"}),
        ("and without the face and the voice?", "Without the face and the voice", {"transcript", "words"}),
    ],
)
def test_a_sense_alone_or_left_out(text, begins, senses):
    talk = Talk(masked())
    talk("How does she feel, and why?")
    case = talk(text)
    assert {talk.sheet.cues[i].sense for c in case.answer.claims for i in c.cites} <= senses
    assert said(case).startswith(begins) or f"going {begins.lower()}" in said(case) or case.answer.abstain, said(case)
    assert "Only feelings" not in said(case)


def test_a_sense_of_which_nothing_was_perceived():
    talk = Talk(masked().only({"F1", "F2"}))
    talk("How does she feel, and why?")
    case = talk("and what about her voice?")
    assert case.answer.abstain and said(case).startswith("Nothing was perceived of the voice")


def test_her_voice_is_that_of_whoever_was_asked_about():
    talk = Talk(two_people())
    talk("How does P1 feel?")
    case = talk("what about her face?")
    assert case.answer.person == "P1" and {i for c in case.answer.claims for i in c.cites} == {"F1"}


def test_why_not_tells_what_speaks_for_it_and_what_against():
    talk = Talk(masked())
    given = felt(talk("How does she feel, and why?"))
    assert given == "sadness"
    joy = talk("Why not joy?")
    assert felt(joy) == "sadness" and "joy" in said(joy).lower()
    against = [c for c in joy.answer.claims if set(c.cites) & {"T1", "W1"}]
    assert against and against[0].stance == "conflicts" and "joy" in against[0].text
    fear = talk("but why isn't it fear?")
    assert "no cue by itself points to fear" in said(fear)
    assert "much the same" in said(talk("why not grief?")) or "that is what" in said(talk("why not sadness?"))


def test_a_feeling_outside_the_label_set_is_weighed_too():
    talk = Talk(masked())
    talk("How does she feel?")
    case = talk("why not pride?")
    assert felt(case) == "sadness" and said(case).startswith("Pride")


def test_what_would_change_your_mind_names_senses_and_what_is_said_without_them():
    talk = Talk(masked())
    talk("How does she feel, and why?")
    case = talk("What would change your mind?")
    assert "Without the " in said(case) or "No sense" in said(case) or "Nothing changes" in said(case)
    first = case.answer.claims[0]
    for sense in ("face", "voice"):
        if f"Without the {sense}," in first.text:
            assert {talk.sheet.cues[i].sense for i in first.cites} == {sense}


def test_are_you_sure_names_the_senses_that_carry_it_and_the_ones_against():
    talk = Talk(masked())
    talk("How does she feel, and why?")
    case = talk("are you sure?")
    assert "sure that she feels sad" in said(case) and "carr" in said(case)
    assert any(c.stance == "conflicts" for c in case.answer.claims)


def test_when_is_answered_with_a_time_of_a_cited_cue():
    talk = Talk(later())
    talk("How does she feel, and why?")
    assert " s" in said(talk("when?")) and "clearest signs" in said(talk("And when?"))


def test_the_other_one_of_two_people():
    talk = Talk(two_people())
    first = talk("How does P1 feel?")
    other = talk("what about the man?")
    assert (first.answer.person, other.answer.person) == ("P1", "P2") and felt(other) == "joy"
    assert talk("and why?").answer.person == "P2"
    assert talk("What about P1?").answer.person == "P1"


def test_of_three_nobody_knows_which_is_meant():
    sheet = two_people()
    third = {"F3": cue("face", "the inner brows rise (AU1, strong)", 7.0, 9.0, "P3", measures={"au1": 0.8})}
    talk = Talk(sheet.model_copy(update={"cues": {**sheet.cues, **third}}))
    talk("How does P1 feel?")
    case = talk("what about the man?")
    assert case.answer.abstain and "P1, P2, P3" in said(case)
    assert talk("and why?").answer.person == "P1"


def test_nobody_else_is_there():
    talk = Talk(masked())
    talk("How does she feel?")
    case = talk("what about the man?")
    assert case.answer.abstain and "Nobody but P1" in said(case)
    assert said(talk("and why?")).startswith("She")


@pytest.mark.parametrize(
    "text", ["why not anger?", "are you sure?", "what would change your mind?", "and before that?", "when?"]
)
def test_a_follow_up_without_a_question_before_is_still_answered(text: str):
    assert Talk(masked())(text).answer.claims


def test_a_chat_model_is_told_what_a_follow_up_leaves_out():
    talk = Talk(two_people())
    talk("How does P1 feel?")
    asked = understood(talk.sheet, Question(text="and why?"), talk.cases, plans=False)
    assert asked.question.text == "and why? (about P1; the answer before was anger)"
    assert understood(talk.sheet, Question(text="How is P2?"), talk.cases, plans=False).question.text == "How is P2?"


def test_cues_that_were_used_and_what_speaks_against_are_those_of_the_last_answer():
    talk = Talk(masked())
    first = talk("How does she feel?")
    talk("What does she say?")
    used = talk("Which cues did you use?")
    supporting = {i for c in first.answer.claims[1:] if c.stance == "supports" for i in c.cites}
    assert supporting and set(used.answer.claims[0].cites) == supporting
    assert "T1" in said(talk("Which evidence speaks against it?"))
    assert said(talk("Which cues did you use?")) == said(used)


def test_a_statement_is_weighed_like_a_question():
    talk = Talk(masked())
    given = felt(talk("How does she feel?"))
    assert given == "sadness"
    assert said(talk("You are wrong, she is happy")).startswith("Joy is less likely than sadness")
    assert said(talk("So she is not angry then?")).startswith("Anger is less likely than sadness")


def test_a_degree_is_told_in_words():
    talk = Talk(masked())
    assert "not a place on a scale: she seems" in said(talk("How sad is she from 1 to 10?"))
    assert said(talk("How angry is she from 1 to 10?")).startswith("Anger is less likely")


def test_a_bodily_state_is_no_feeling_that_cues_tell():
    told = said(Talk(masked())("Could it be that she is just tired?"))
    assert told.startswith("Whether that is so, cues of feeling do not tell")
