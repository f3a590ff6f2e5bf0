"""Questions about what was perceived, about several persons, and about whom cues do not tell."""

import pytest

from cuechain.agents import llm, settings
from cuechain.agents.inquire import inquired
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import Case, CueSheet, Gap, Media, Question
from tests.agents.sheets import cue, masked, two_people


def asked(sheet: CueSheet, text: str) -> Case:
    used = settings.load(model="rules")
    case = think(sheet, Question(text=text), check(Question(text=text)), llm.load("rules", used), used)
    assert case.answer and case.verdict
    assert not case.verdict.problems, (text, case.verdict.problems)
    return case


def said(sheet: CueSheet, text: str) -> str:
    case = asked(sheet, text)
    assert case.explanation
    return case.explanation.text


def face(person: str, place: str, *, smiles: float, frowns: float = 0.0):
    seen = cue("face", f"a face at the {place} is in view, turned to the camera", None, None, person, salience=0.15)
    up = cue("face", "the lip corners clearly pull up and the cheeks rise (AU6+12, strong)", None, None, person,
             measures={"au6": smiles, "au12": smiles}, salience=smiles, reliability=0.7, confidence=smiles)  # fmt: skip
    down = cue("face", "the brows clearly draw down (AU4, strong)", None, None, person,
               measures={"au4": frowns, "au7": frowns, "au23": frowns}, salience=0.9)  # fmt: skip
    return [seen, *([up] if smiles else []), *([down] if frowns else [])]


def group() -> CueSheet:
    """Two at the left, one at the centre who is angry, one at the right."""
    rows = [
        *face("P1", "left", smiles=0.6),
        *face("P2", "left", smiles=0.7),
        *face("P3", "centre", smiles=0.0, frowns=0.9),
        *face("P4", "right", smiles=0.9),
    ]
    return CueSheet(
        media=(Media(id="m1", kind="image", streams=("image",)),),
        cues={f"F{n}": c for n, c in enumerate(rows, 1)},
        gaps=(Gap(sense="screen", reason="no words were read in the picture"),),
    )


def test_the_most_is_whoever_is_surest_when_asked_singly():
    sheet = group()
    singly = {p: asked(sheet, f"How does {p} feel?").answer.emotion for p in sheet.people}
    best = max((p for p in singly if singly[p].label == "joy"), key=lambda p: singly[p].confidence)
    most = asked(sheet, "Who is the happiest?")
    assert most.answer.person == best and most.answer.emotion == singly[best]
    assert {p for c in most.answer.claims[1:] for i in c.cites if (p := sheet.cues[i].person)} == set(sheet.people)


def test_anyone_looks_at_everybody():
    assert said(group(), "Is anyone angry?").startswith("Yes, it is P3 who feels angry, going by the cues [F")
    none = asked(group(), "Is anyone afraid?")
    assert (none.answer.claims[0].text or "").startswith("Nobody is clearly afraid")
    assert {group().cues[i].person for c in none.answer.claims for i in c.cites} == {"P1", "P2", "P3", "P4"}


def test_persons_are_counted_and_compared():
    assert said(group(), "How many people are there?").startswith("Four people were told apart [F1, F3, F5, F7]")
    assert said(group(), "How many people are smiling?").startswith("Three of four, going by the cues: P1, P2 and P4 [")
    assert said(group(), "How many are angry?").startswith("One of four most likely feels angry: P3 [")
    both = asked(group(), "Compare P1 and P3")
    assert [c.points for c in both.answer.claims] == ["joy", "anger"]
    assert "no cue tells" in said(group(), "How many women are there?")


@pytest.mark.parametrize(
    ("question", "person", "told"),
    [
        ("How does the woman on the right feel?", "P4", ""),
        ("How does the person in the middle feel?", "P3", ""),
        ("How does the third person from the left feel?", "P3", ""),
        ("How does the girl on the left feel?", None, "Who of P1 and P2 is meant, no cue tells"),
        ("How does the second person from the left feel?", None, "Who of P1 and P2 is meant, no cue tells"),
        ("How does the man feel?", None, "Who of P1, P2, P3 and P4 is meant, no cue tells"),
    ],
)
def test_a_place_tells_who_is_meant_or_that_nobody_can_tell(question, person, told):
    case = asked(group(), question)
    assert person in (case.answer.person, None)
    assert told in case.explanation.text and ("is meant" in case.explanation.text) == bool(told)
    assert not told or f"this is about {case.answer.person}" in case.explanation.text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What did she say?", 'the speaker says "I am fine, really, everything is wonderful" [T1]'),
        ("Show me the transcript", "[T1]"),
        ("What happens at 2.1 s?", "[F1]"),
        ("When does she frown?", "No cue tells of that"),
        (
            "What is F2?",
            "the inner brows rise (AU1, strong); a face cue of this kind is right more often than not [F2]",
        ),
        ("What is F9?", "There is no cue F9"),
        ("What is missing?", "Screen: no words on screen."),
        ("How reliable is AU15?", "[F1]"),
        ("Whose voice is it?", "The voice is put down to P1 [T1, V1]"),
    ],
)
def test_what_was_perceived_is_answered_by_the_cues_without_a_feeling(question, told):
    case = asked(masked(), question)
    assert told in case.explanation.text and case.answer.emotion is None
    assert case.explanation.sure == "told by the cues themselves; no feeling was asked for"


@pytest.mark.parametrize(
    "question", ["How does she feel?", "Why is she sad?", "When is she most upset?", "Is she sad?"]
)
def test_questions_about_a_feeling_are_answered_with_one(question):
    assert asked(masked(), question).answer.emotion


def test_clips_are_compared_clip_by_clip():
    cues = two_people().cues
    sheet = CueSheet(
        media=(Media(id="m1", kind="video", duration=4.0), Media(id="m2", kind="video", duration=7.0)),
        cues={i: c.model_copy(update={"media": "m1" if c.person == "P1" else "m2"}) for i, c in cues.items()},
    )
    assert said(sheet, "Which clip is the happiest?").startswith("It is P2 in the second clip who feels happy")
    each = said(sheet, "How do they feel?")
    assert "The first clip: P1 seems angry" in each and "The second clip: P2 seems happy" in each


def test_only_free_questions_are_looked_into():
    question, used = Question(text="Compare P1 and P2", task="emotion"), settings.load(model="rules")
    done = inquired(two_people(), question, check(question), llm.load("rules", used), used)
    assert done.answer.emotion


def test_a_person_who_is_not_there_is_told_beside_the_one_who_is():
    assert "Nothing was perceived of P2" in said(masked(), "Compare P1 and P2")


def test_speakers_are_counted_by_their_voices():
    assert said(two_people(), "How many speakers are there?").startswith("Two voices were told apart [")
    assert said(group(), "How many speakers are there?").startswith("No voice was told apart")


def test_who_does_something_is_told_by_the_cues_of_it():
    for question in ("Does anyone smile?", "Who is smiling?", "Do they all smile?", "How many people smile?"):
        assert said(group(), question).startswith("Three of four, going by the cues: P1, P2 and P4 [F2, F4, F8]")
    assert said(group(), "Is anybody crying?") == "No cue tells of that (“crying”)."
    assert said(masked(), "Is she smiling?") == "No cue tells of that (“smiling”)."
