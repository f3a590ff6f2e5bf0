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


def talk() -> CueSheet:
    """Three turns without times."""
    rows = [
        ("Ana", "I got the grant! I am so happy!"),
        ("Ben", "Great, just great."),
        ("Ana", "That hurts, I am so sad."),
    ]
    valence = [{"joy": 0.9, "valence": 0.9}, {"joy": 0.6, "valence": 0.6}, {"sadness": 0.9, "valence": -0.9}]
    cues = {}
    for n, ((who, text), felt) in enumerate(zip(rows, valence, strict=True), 1):
        cues[f"T{n}"] = cue("transcript", f'the speaker says "{text}"', None, None, who, measures={"line": n})
        cues[f"W{n}"] = cue("words", "the words are clear", None, None, who, measures={"line": n, **felt})
    return CueSheet(media=(Media(id="m1", kind="text", text="…", streams=("text",)),), cues=cues)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("How does Ana feel in turn 1?", {1}),
        ("How does Ana feel in her first turn?", {1}),
        ("How does Ana feel before Ben speaks?", {1}),
        ("How does Ana feel before Ben said that?", {1}),
        ("How does Ana feel at the beginning?", {1}),
        ("How does Ana feel after Ben answers?", {3}),
        ("How does Ana feel when Ben speaks?", {3}),
        ("How does Ana feel after “I got the grant”?", {3}),
        ("How does Ana feel in the last message?", {3}),
        ("How do they feel in turns 1 and 2?", {1, 2}),
    ],
)
def test_turns_stand_in_for_times_where_there_are_none(question, lines):
    sheet = talk()
    cited = {sheet.cues[i].measures["line"] for c in asked(sheet, question).answer.claims for i in c.cites}
    assert cited == lines


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How does Ana feel in turn 9?", "There is no turn 9: there are 3."),
        ("How does Ana feel after 9 seconds?", "“after 9 seconds” cannot be looked up"),
        ("How does Ana feel after the grant?", "No cue tells when “after the grant” is"),
        ("How does Ana feel while Ben speaks?", "No cue tells what Ana feels “while Ben speaks”."),
        ("How does she feel in her first turn?", "Whose turn “in her first turn” is cannot be told"),
        ("What did Ana say in turn 9?", "There is no turn 9"),
    ],
)
def test_turns_that_cannot_be_looked_up_are_told(question, told):
    case = asked(talk(), question)
    assert told in case.explanation.text and case.answer.abstain


def test_a_text_of_one_piece_has_no_beginning():
    sheet = talk().only({"T1", "W1"})
    assert "cannot be looked up" in said(sheet, "How does Ana feel at the beginning?")
    assert asked(sheet, "How does Ana feel?").answer.emotion


@pytest.mark.parametrize(
    "question", ["How does she feel when the door slams?", "When the music plays, how does she feel?"]
)
def test_what_no_cue_tells_is_told_before_the_answer_about_all_of_it(question):
    case = asked(masked(), question)
    assert case.explanation.text.startswith("No cue tells when that is, so this is about all that was perceived. She ")
    assert case.answer.emotion == asked(masked(), "How does she feel?").answer.emotion


def two_pictures() -> CueSheet:
    rows = {
        "F1": ("m1", *face("P1", "centre", smiles=0.9)),
        "F2": ("m2", *face("P2", "centre", smiles=0.0, frowns=0.9)),
    }
    cues = {f"{i}{n}": c.model_copy(update={"media": m}) for i, (m, *own) in rows.items() for n, c in enumerate(own)}
    media = (Media(id="m1", kind="image", path="/a/usgov_ann.jpg"), Media(id="m2", kind="image", path="/a/happy.jpg"))
    return CueSheet(media=media, cues=cues)


@pytest.mark.parametrize(
    ("question", "person"),
    [
        ("How does the person in the second picture feel?", "P2"),
        ("How does the man in happy.jpg feel?", "P2"),
        ("How does the man in usgov_ann feel?", "P1"),
        ("Is the last one happy?", "P2"),  # a word of the question is no file of that name
    ],
)
def test_one_of_several_files_is_meant(question, person):
    case = asked(two_pictures(), question)
    assert case.answer.person == person and "is meant" not in case.explanation.text


def test_a_file_that_is_not_there_is_told():
    assert said(two_pictures(), "How does he feel in the third picture?").startswith(
        "There is no third picture: 2 pictures"
    )


def test_persons_who_are_named_together_are_told_in_turn():
    for task in ("ask", "emotion"):
        question, used = Question(text="How do P1 and P3 feel?", task=task), settings.load(model="rules")
        done = think(group(), question, check(question), llm.load("rules", used), used)
        assert [group().cues[c.cites[0]].person for c in done.answer.claims] == ["P1", "P3"]
    assert asked(talk(), "What does Ana think of Ben?").answer.person == "Ana"
    assert "Nothing was perceived of Carl" in said(talk(), "How do Ana and Carl feel?")


def test_how_many_are_asked_about_is_compared_with_how_many_there_are():
    for question in ("How do the two feel?", "Do both feel sad?", "What does the man think of the woman?"):
        assert "Only one person was perceived" in said(masked(), question)
    three = group().only({i for i, c in group().cues.items() if c.person != "P4"})
    text = said(three, "How do the two feel?")
    assert "Three people were told apart, not two" in text and all(p in text for p in three.people)
    assert "people" not in said(two_people(), "How do the two feel?")


@pytest.mark.parametrize(
    "question", ["Wie fühlt sie sich nach 9 Sekunden?", "¿Cómo se siente ella?", "Ist sie traurig?", "她感觉怎么样？"]
)
def test_how_a_question_in_another_language_is_taken_is_told(question):
    case = asked(masked(), question)
    assert case.explanation.text.startswith(
        "Questions are read in English; this one, in another language, was taken to ask"
    )
    assert case.answer.emotion == asked(masked(), "How does she feel?").answer.emotion


@pytest.mark.parametrize("question", ["angry?", "Is Elle sad?", "Does Ana hate Ben?", "And P1?", "sarcasm?"])
def test_short_english_questions_are_read(question):
    assert "another language" not in said(masked(), question)
