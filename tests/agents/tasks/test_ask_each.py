"""Each of these tasks as a user asks it: through the command line with a chat model that is scripted, and with the planners."""

import json
import sys

import pytest

from cuechain.agents import cli, llm, registry, settings
from cuechain.agents.errors import ConfigError
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import CueSheet, Gap, Media, Question, Target
from tests.agents.sheets import cue, masked

from .conversations import blank, script


def claim(text, *cites, points=None):
    return {"text": text, "cites": list(cites), "stance": "supports", "points": points}


def emotion(label, confidence=0.7):
    return {"label": label, "intensity": 0.6, "confidence": confidence}


WORDS = "Oh, wonderful. My flight was cancelled again. Best airline ever."
FELT = {"emotion": emotion("anger"), "sentiment": "negative", "relation": "sarcastic"}
REPLIES = {
    "emotion": (
        blank(**FELT, emotions=[emotion("anger"), emotion("disgust", 0.3)], claims=[claim("The writer is angry.", "T1")]),
        ("anger 0.70, disgust 0.30", "0.60"),
    ),
    "open_emotion": (
        blank(**(FELT | {"emotion": emotion("exasperated")}), emotions=[emotion("exasperated"), emotion("resigned")],
              claims=[claim("The writer is exasperated.", "T1")]),
        ("exasperated 0.70, resigned 0.70",),
    ),
    "compound": (
        blank(emotion=emotion("angrily surprised"), sentiment="negative", relation="single",
              emotions=[emotion("angrily surprised")], claims=[claim("The writer is angrily surprised.", "T1")]),
        ("angrily surprised 0.70",),
    ),
    "sentiment": (
        blank(**FELT, label="negative", confidence=0.8, kind=None, valence=-0.6, arousal=0.4, dominance=None,
              claims=[claim("This is negative.", "T1")]),
        ("label  negative", "valence  -0.60", "arousal  +0.40", "80%"),
    ),
    "sarcasm": (
        blank(**FELT, label="sarcastic", confidence=0.9, kind="propositional", claims=[claim("This is sarcastic.", "T1")]),
        ("label  sarcastic", "kind  propositional", "90%"),
    ),
    "mismatch": (
        blank(label="fits", confidence=0.6, kind=None, claims=[claim("The text fits.", "T1")]),
        ("label  fits",),
    ),
    "reactions": (
        blank(emotion=emotion("amusement"), emotions=[emotion("amusement"), emotion("sympathy", 0.4)], sentiment="positive",
              claims=[claim("People may be amused.", "T1"), claim("It is told with wit.", "T1", points="amusement")]),
        ("amusement 0.70, sympathy 0.40",),
    ),
    "preference": (
        blank(label="second", confidence=0.8, kind=None, claims=[claim("The second one fits.", "T1")]),
        ("label  second",),
    ),
    "topic": (
        blank(label="travel", confidence=0.9, kind=None, claims=[claim("A flight was cancelled.", "T1")]),
        ("label  travel",),
    ),
    "delivery": (
        blank(label="hesitant", labels=["hesitant", "slow"], confidence=0.5, kind=None, claims=[claim("It is hesitant.", "T1")]),
        ("label  hesitant, slow",),
    ),
}  # fmt: skip
"""What a chat model replies, and what the terminal then shows."""

TWO = "Which fits better?\nFirst: The writer is delighted.\nSecond: The writer is angry."


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text(WORDS, "utf-8")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuechain", "ask", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def answered(sheet, task, model="rules", text="How?", labels=()):
    question = Question(text=text, task=task, labels=labels)
    case = think(sheet, question, check(question), llm.load(model, settings.load()), settings.load())
    assert case.verdict.ok, case.verdict.problems
    return case.answer


def text_sheet(words, *more):
    said = {"T1": cue("transcript", f'the text says "{words}"')}
    media = (Media(id="m1", kind="text", text=words, streams=("text",)),)
    return CueSheet(media=media, cues=said | {f"X{n}": c for n, c in enumerate(more)})


@pytest.mark.parametrize("task", REPLIES)
@pytest.mark.parametrize("direct", [False, True])
def test_a_chat_model_answers_and_all_slots_are_shown(ask, tmp_path, task, direct):
    reply, shown = REPLIES[task]
    model = script(tmp_path, *(() if direct else ("[T1] the words", "words: anger")), reply)
    more = ["--direct"] if direct else []
    code, out, err = ask("note.txt", *([TWO] if task == "preference" else []), "-t", task, "-m", model, *more)
    assert code == 0, err
    assert all(text in " ".join(out.split()) for text in (" ".join(s.split()) for s in shown))
    assert "problem" not in out and "[T1]" in out


def test_a_task_asks_its_own_question_where_the_user_asks_none(ask, tmp_path):
    model = script(tmp_path, "a", "b", REPLIES["sarcasm"][0])
    _, out, _ = ask("note.txt", "-t", "sarcasm", "-m", model, "--json")
    assert json.loads(out)["question"]["text"] == "Is this sarcastic, and what gives it away?"


def test_a_label_that_is_not_in_the_set_is_a_problem(ask, tmp_path):
    odd = blank(
        label="fast", labels=["fast", "breathless"], confidence=0.5, kind=None, claims=[claim("It is fast.", "T1")]
    )
    _, out, _ = ask("note.txt", "-t", "delivery", "-m", script(tmp_path, "a", "b", odd, odd), "--json")
    assert [p["code"] for p in json.loads(out)["verdict"]["problems"]] == ["label_not_in_set"]


@pytest.mark.parametrize("model", ["embedded", "rules"])
@pytest.mark.parametrize(
    "task", ["emotion", "open_emotion", "sentiment", "sarcasm", "compound", "reactions", "delivery", "mismatch"]
)
def test_planners_answer_or_say_what_is_missing(ask, task, model):
    code, out, err = ask("note.txt", "-t", task, "-m", model, "--json")
    case = json.loads(out)
    assert code == 0, err
    assert case["verdict"]["problems"] == [] and case["answer"]["claims"][0]["text"]


def test_topics_need_a_chat_model(ask):
    code, _, err = ask("note.txt", "-t", "topic", "-l", "travel,sports", "-m", "embedded")
    assert code == 2 and "needs a chat model" in err


def test_emotion_tells_several_where_the_second_is_strong():
    sheet = text_sheet("x").model_copy(update={"cues": {
        "F1": cue("face", "the brows draw down", 0, 2, "P1", measures={"au4": 0.8, "au7": 0.6}, confidence=0.9),
        "F2": cue("face", "the nose wrinkles", 0, 2, "P1", measures={"au9": 0.8}, confidence=0.9),
    }})  # fmt: skip
    found = answered(sheet, "emotion")
    assert {"anger", "disgust"} <= {e.label for e in found.emotions}
    assert found.emotions[0].label == found.emotion.label
    intensities = [e.intensity for e in found.emotions]
    assert intensities == sorted(intensities, reverse=True)


def test_open_words_do_not_hide_a_feeling_in_many_labels(ask):
    _, out, _ = ask(
        "--text", "I can't believe it! You really came! I am so happy to see you!", "-t", "open_emotion", "--json"
    )
    answer = json.loads(out)["answer"]
    assert not answer["abstain"] and len(answer["emotions"]) > 1


def test_compound_joins_what_two_cues_show_and_refuses_one_feeling_alone():
    both = CueSheet(cues={
        "F1": cue("face", "the lip corners pull up and the cheeks rise", 0, 2, "P1", measures={"au6": 0.9, "au12": 0.9}),
        "F2": cue("face", "the brows rise and the jaw drops", 0, 2, "P1", measures={"au1": 0.9, "au2": 0.9, "au5": 0.8, "au26": 0.9}),
    })  # fmt: skip
    found = answered(both, "compound")
    assert found.emotion.label == "happily surprised" and found.claims[0].text.endswith(("surprised.", "alone."))
    one = both.only({"F1"})
    assert answered(one, "compound").abstain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I am happy and sad", ("joy", "sadness")),
        ("I was thrilled to win but also scared of what comes next", ("joy", "fear")),
        ("I am so happy to see you", ("joy alone",)),
    ],
)
def test_compound_says_what_there_is_instead_of_a_pair(ask, text, told):
    _, out, _ = ask("--text", text, "-t", "compound", "--json")
    case = json.loads(out)
    first = case["answer"]["claims"][0]["text"]
    assert case["answer"]["abstain"] and all(word in first for word in told)
    assert ("alone" in first) == (len(told) == 1) and "no answer was given" in case["explanation"]["sure"]


@pytest.mark.parametrize(
    ("labels", "label"),
    [((), "negative"), (("levels5",), "very negative"), (("binary",), "negative"), (("mosi",), "-3")],
)
def test_sentiment_of_words_alone_is_told_on_every_scale(labels, label):
    heard = {"valence": -0.8, "valence_model": -0.9, "anger": 0.9}
    sheet = text_sheet(
        "I hate this, I am furious.",
        cue("words", 'the words are clearly negative (-0.80), with "hate"', measures=heard),
    )
    found = answered(sheet, "sentiment", labels=labels)
    scale = {"very negative": ("very negative", "negative"), "-3": ("-3", "-2")}.get(label, (label,))
    assert found.label in scale and found.valence < -0.5
    assert found.label in found.claims[0].text


def test_the_text_models_ear_counts_where_words_are_all_there_is():
    def valence(heard, *more):
        words = cue("words", "the words carry no clear feeling", measures={"valence": 0.0, "valence_model": heard})
        return answered(text_sheet("I love it so much, thank you!", words, *more), "sentiment").valence

    assert valence(0.9) - valence(-0.9) == pytest.approx(0.9, abs=0.01)
    smile = cue("face", "the lip corners pull up", measures={"au12": 0.9, "au6": 0.9})
    assert valence(0.9, smile) == valence(-0.9, smile)


def test_polarity_is_told_where_no_feeling_can_be(ask, monkeypatch):
    monkeypatch.setattr("cuechain.agents.planned.ABSTAIN", 0.0)  # the evidence is never enough
    _, out, _ = ask("--text", "can it be tomorrow already i want to watch big brother", "-t", "sentiment", "--json")
    answer = json.loads(out)["answer"]
    assert answer["label"] and not answer["abstain"] and answer["emotion"] is None
    assert answer["claims"][0]["cites"] == ["W1"]


def test_praise_of_a_mishap_is_sarcastic_and_thanks_are_not(ask):
    _, out, _ = ask("note.txt", "-t", "sarcasm", "--json")
    mocking = json.loads(out)["answer"]
    assert mocking["label"] == "sarcastic" and "sarcastic" in mocking["claims"][0]["text"]
    _, out, _ = ask("--text", "Thank you so much, dinner with my parents was lovely.", "-t", "sarcasm", "--json")
    plain = json.loads(out)["answer"]
    assert plain["label"] == "not sarcastic" and "no clear sign" in plain["claims"][0]["text"]


def test_reactions_come_from_what_events_usually_do_to_people():
    usual = cue("situation", "what is told here often makes people feel sadness (0.44) or anger (0.30), whoever they are",
                measures={"sadness": 0.44, "anger": 0.3, "share_unpleasant": 0.8, "share_pleasant": 0.1})  # fmt: skip
    found = answered(text_sheet("they took my house", usual), "reactions")
    assert [(e.label, e.confidence) for e in found.emotions] == [("sadness", 0.44), ("anger", 0.3)]
    assert found.claims[1].text.startswith("Sadness or anger, because") and found.person is None
    named = answered(text_sheet("they took my house", usual), "reactions", labels=("gloomy", "cheerful"))
    assert named.emotion.label == "gloomy"
    assert answered(text_sheet("the train leaves at nine"), "reactions").abstain


def test_preference_compares_the_feelings_that_are_named():
    first = "Which fits better?\nFirst: She is sad.\nSecond: She is happy, not sad at all."
    assert answered(masked(), "preference", text=first).label == "first"
    turned = "Which fits better?\nFirst: She is happily relieved.\nSecond: She is sad."
    assert answered(masked(), "preference", text=turned).label == "second"
    silent = "Which fits better?\nFirst: She wears a hat.\nSecond: She is sad."
    assert answered(masked(), "preference", text=silent).abstain
    with pytest.raises(ConfigError, match="no two descriptions"):
        answered(masked(), "preference", text="Which fits better?")


def beside(valence, words):
    media = (Media(id="m1", kind="image", path="a.jpg"), Media(id="m2", kind="text", text="x"))
    cues = {
        "F1": cue("face", "the lip corners pull up", person="P1", measures={"au12": 0.9, "au6": 0.9}, media="m1"),
        "T1": cue("transcript", f'the text says "{words}"', media="m2"),
        "W1": cue("words", "the words are clear", measures={"valence": valence, "valence_model": valence}, media="m2"),
    }
    return CueSheet(media=media, cues=cues, gaps=(Gap(sense="voice", reason="no sound in this image"),))


@pytest.mark.parametrize(
    ("valence", "words", "label"),
    [
        (0.9, "a day of joy and delight", "fits"),
        (-0.9, "a night of grief and tears", "does not fit"),
        (0.0, "the council meets on Tuesday", None),
    ],
)
def test_a_text_is_held_against_the_mood_beside_it(valence, words, label):
    found = answered(beside(valence, words), "mismatch")
    assert found.label == label and found.abstain is (label is None)
    if label == "does not fit":
        assert found.kind == "mood" and found.claims[0].cites == ("W1", "F1")


def test_a_slight_smile_is_no_mood():
    sheet = beside(-0.9, "a night of grief and tears")
    slight = sheet.cues["F1"].model_copy(update={"measures": {"au12": 0.25}, "confidence": 0.3})
    found = answered(sheet.model_copy(update={"cues": {**sheet.cues, "F1": slight}}), "mismatch")
    assert found.abstain


def speech(text, lines=(), **measures):
    numbers = {"f0_range_st": 7.0, "syllables_per_s": 4.0, "voiced_s": 6.0, "reference": "general"} | measures
    cues = {"V1": cue("voice", text, 0, 10, measures=numbers, reliability=0.5)}
    cues |= {f"T{n}": cue("transcript", f'the speaker says "{line}"', n, n + 1) for n, line in enumerate(lines, 1)}
    return CueSheet(media=(Media(id="m1", kind="audio", duration=10.0),), cues=cues)


@pytest.mark.parametrize(
    ("measures", "labels"),
    [
        ({"f0_range_st": 12.0}, ("lively",)),
        ({"f0_range_st": 3.0}, ("monotone",)),
        ({"f0_range_st": 20.0}, ("ordinary",)),
        ({"syllables_per_s": 6.0, "f0_range_st": 2.0}, ("monotone", "fast")),
        ({"syllables_per_s": 2.5}, ("slow",)),
        ({}, ("ordinary",)),
        ({"voiced_s": 0.8, "f0_range_st": 12.0}, ()),
    ],
)
def test_delivery_goes_by_measured_limits(measures, labels):
    found = answered(speech("the voice is within the common range of adult speech", **measures), "delivery")
    assert found.labels == labels and found.abstain is (not labels)
    assert found.confidence == (0.5 if labels else None)


def test_fillers_and_repeated_words_are_hesitant_and_a_text_alone_tells_nothing_else():
    halting = speech("the voice is ordinary", ("um, I I think, uh, we should", "er, maybe go"))
    found = answered(halting, "delivery")
    assert found.labels == ("hesitant",) and "“um”" in found.claims[0].text
    assert answered(text_sheet("we should go"), "delivery").abstain


def test_louder_is_said_of_a_stretch_only():
    text = "the voice is clearly louder than this speaker's usual (+8 dB)"
    sheet = speech("the voice is within the common range of adult speech")
    loud = cue("voice", text, 4, 5, measures={"loudness_rel_db": 8.0, "reference": "speaker"}, reliability=0.75)
    sheet = sheet.model_copy(update={"cues": {**sheet.cues, "V2": loud}})
    assert "loud" not in answered(sheet, "delivery").labels
    assert answered(sheet, "delivery", text="How is it delivered at 4-5 s?").labels[0] == "loud"


FELT_SAID = {
    "emotion": Target(labels=("sadness", "anger"), scores={"sadness": 0.3, "anger": 0.9}),
    "open_emotion": Target(labels=("weary", "bitter")),
    "compound": Target(labels=("sadly angry",)),
    "sentiment": Target(labels=("negative",), scores={"valence": -0.5, "arousal": 0.2}),
    "sarcasm": Target(labels=("sarcastic",), fields={"kind": "embedded"}),
    "mismatch": Target(labels=("does not fit",), fields={"kind": "event"}),
    "reactions": Target(labels=("pity", "awe")),
    "preference": Target(labels=("second",)),
    "topic": Target(labels=("travel",)),
    "delivery": Target(labels=("fast", "lively")),
}


@pytest.mark.parametrize("name", FELT_SAID)
def test_what_people_said_survives_the_way_into_an_answer_and_back(name):
    task, people = registry.get("tasks", name), FELT_SAID[name]
    back = task.said(task.taught(task.answer(), people))
    assert back.fields == people.fields and back.scores == people.scores
    assert back.labels == tuple(sorted(people.labels, key=lambda label: -people.scores.get(label, 0.0)))
    untold = task.taught(task.answer(), people)
    assert task.taught(untold, Target()) == untold  # where nobody judged, the answer stays
