import itertools

import pytest

from cuechain.agents.question.focus import focus
from cuechain.agents.realise import realise
from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, Emotion, Gap
from cuechain.agents.verify import verify

from .sheets import masked, two_people

QUESTIONS = (
    "How does she feel, and why?", "Is she sad?", "Is she happy?", "Why is she sad?", "Why is she angry?", "Is she being sarcastic?",
    "When is it clearest?", "Which sense matters most?", "Who is sad?", "What made her sad?", "How do they feel?", "How does P1 feel?",
)  # fmt: skip


def planned(relation="masked", label="sadness", confidence=0.7):
    return Answer(
        person="P1",
        emotion=Emotion(label=label, confidence=confidence, intensity=0.6),
        sentiment="negative",
        relation=relation,
        claims=(
            Claim(cites=("F1", "V1", "T1"), points=label),
            Claim(cites=("F1",), points="sadness"),
            Claim(cites=("V1",), points="sadness"),
            Claim(cites=("T1", "W1"), points="joy", stance="conflicts"),
        ),
    )


def said(question, given=None, sheet=None):
    sheet = sheet or masked()
    return realise(sheet, given or planned(), focus(sheet, question, EKMAN))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_sentence_passes_the_check(question):
    for relation, label in itertools.product(
        ("agree", "masked", "sarcastic", "mixed", "single"), ("sadness", "neutral")
    ):
        answer = said(question, planned(relation, label))
        assert verify(masked(), answer, EKMAN).problems == (), [c.text for c in answer.claims]
        assert all(c.text and c.text[0].isupper() and c.text[-1] in ".!?" for c in answer.claims)


def test_the_prose_is_the_cues_own():
    text = " ".join(c.text or "" for c in said("How does she feel, and why?").claims)
    assert "She probably feels sad, although her words would suggest otherwise." in text
    assert "lip corners clearly pull down (AU15, strong)" in text
    assert 'She says "I am fine, really, everything is wonderful"' in text
    assert "by itself would fit joy" in text


def test_the_head_answers_the_question_that_was_asked():
    def head(question, given=None):
        return said(question, given).claims[0].text

    assert head("Is she sad?").startswith("Yes,")
    assert head("Is she happy?").startswith("Rather not")
    assert head("Is she being sarcastic?", planned("sarcastic")).startswith("This is probably sarcasm")
    assert head("Is she being sarcastic?", planned("agree")).startswith("There is no clear sign of sarcasm")
    assert "2.5–4.5 s" in head("When is it clearest?")
    assert head("Who is sad?").startswith("It is P1 who")
    assert "do not show" in head("Why is she angry?")


def test_another_sheet_gives_another_text():
    one = said("How does she feel?").claims
    other = realise(
        two_people(),
        Answer(
            person="P1",
            emotion=Emotion(label="anger", confidence=0.8),
            sentiment="negative",
            relation="agree",
            claims=(Claim(cites=("F1",), points="anger"), Claim(cites=("T1",), points="anger")),
        ),
        focus(two_people(), "How does P1 feel?", EKMAN),
    ).claims
    assert {c.text for c in one}.isdisjoint({c.text for c in other})


def test_abstaining_says_what_is_missing():
    sheet = CueSheet(
        gaps=(Gap(sense="face", reason="no face was seen"), Gap(sense="voice", reason="no sound in this video"))
    )
    answer = realise(sheet, Answer(abstain=True, claims=(Claim(stance="weak"),)), focus(sheet, "How is he?", EKMAN))
    assert (
        answer.claims[0].text
        == "This cannot be told from the clip: face: no face was seen; voice: no sound in this video."
    )
    absent = realise(
        two_people(),
        Answer(person="P7", abstain=True, claims=(Claim(),)),
        focus(two_people(), "How does P7 feel?", EKMAN),
    )
    assert "nothing in the clip was perceived of P7" in (absent.claims[0].text or "")


def test_sentences_of_a_model_are_left_alone():
    answer = Answer(
        emotion=Emotion(label="joy"), claims=(Claim(text="Own words.", cites=("F1",)), Claim(cites=("F1",)))
    )
    texts = [c.text for c in realise(masked(), answer, focus(masked(), "How is she?", EKMAN)).claims]
    assert texts[0] == "Own words." and "lip corners" in (texts[1] or "")


def test_a_label_that_is_no_noun_reads_well():
    made = planned(label="bored")
    claims = tuple(c.model_copy(update={"points": "bored"}) if c.points == "sadness" else c for c in made.claims)
    told = " ".join(c.text for c in said("How does she feel?", made.model_copy(update={"claims": claims})).claims)
    assert "fits feeling bored" in told and "fits bored" not in told
