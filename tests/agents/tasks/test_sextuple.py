import json

import pytest

from cuechain.agents import llm, registry, settings
from cuechain.agents.cli import app
from cuechain.agents.errors import ReplyError
from cuechain.agents.pipeline import check, think
from cuechain.agents.reason import reason, turns
from cuechain.agents.tasks.opinions import judgements, strongest
from cuechain.agents.tasks.turns import Line
from cuechain.agents.values import CueSheet, Question, SextupleAnswer

from .conversations import blank, file, script, sheet


def element(text, explicit=True):
    return {"text": text, "explicit": explicit}


def quadruple(holder, aspect, opinion):
    return {
        "holder": element(holder),
        "target": element("Diwali"),
        "aspect": element(aspect),
        "opinion": element(opinion),
    }


def sextuple(holder, aspect, opinion, sentiment, why, *cites):
    return {
        **quadruple(holder, aspect, opinion),
        "sentiment": sentiment,
        "rationale": element(why),
        "cites": list(cites),
    }


ILL = sextuple("Raj", "fireworks", "horrible", "negative", "because they scare my dog", "T2")
WELL = sextuple("Raj", "fireworks", "beautiful", "positive", "since they light up the sky", "T4")
FLIP = {"holder": "Raj", "target": "Diwali", "aspect": "fireworks", "initial": "negative", "flipped": "positive",
        "trigger": "participant feedback and interaction", "cites": ["T2", "T4"]}  # fmt: skip
ASPECTS = {"pairs": [{"target": element("Diwali"), "aspect": element("fireworks")}]}
INVENTED = {"pairs": [{"target": element("Diwali"), "aspect": element("parades", False)}]}
QUADRUPLES = {"quadruples": [quadruple("Raj", "fireworks", "horrible"), quadruple("Raj", "fireworks", "beautiful")]}
SEXTUPLES = {"sextuples": [ILL, WELL]}
ANSWER = blank(sextuples=[ILL, WELL], flips=[FLIP])


def asked(model, text="Who feels what?"):
    question = Question(text=text, task="sextuple")
    return think(
        sheet(), question, check(question), llm.load(model, settings.load(retries=0)), settings.load(retries=0)
    )


def test_four_chained_steps_each_verified_as_a_sentence(tmp_path):
    case = asked(script(tmp_path, ASPECTS, "yes", QUADRUPLES, "Yes.", SEXTUPLES, "yes", ANSWER, "yes"))
    names = [s.name for s in case.steps]
    chain = ("targets", "opinions", "sentiments", "flips")
    assert names == [*(name for step in chain for name in (step, "paraphrase")), "paraphrases"]
    told = json.loads(case.steps[-1].output)
    assert (told["asked"], told["refused"], told["fixed"], told["unclear"]) == (4, 0, 0, 0)
    assert told["usage"]["calls"] == 4 and told["usage"]["input_tokens"] > 0 and case.usage.calls == 8
    assert isinstance(case.answer, SextupleAnswer) and case.verdict.ok
    assert case.explanation.text == (
        "Raj speaks ill of fireworks (Diwali): “horrible”, for this reason: “because they scare my dog” [T2, T1]. "
        "Raj speaks well of fireworks (Diwali): “beautiful”, for this reason: “since they light up the sky” [T4, T1]. "
        "Raj first speaks ill of fireworks (Diwali) and later well (participant feedback and interaction) [T2, T4, T1]."
    )


def test_what_is_not_entailed_is_taken_once_more_and_the_second_try_goes_on(tmp_path):
    replies = (
        INVENTED,
        "No, nobody speaks of parades.",
        ASPECTS,
        "yes",
        QUADRUPLES,
        "yes",
        SEXTUPLES,
        "yes",
        ANSWER,
        "yes",
    )
    model = script(tmp_path, *replies)
    loaded = llm.load(model, settings.load(retries=0))
    question = Question(text="Who feels what?", task="sextuple")
    done = reason(sheet(), question, check(question), loaded, settings.load(retries=0))
    told = json.loads(done.steps[-1].output)
    assert (told["asked"], told["refused"], told["fixed"]) == (4, 1, 1)
    assert told["usage"]["calls"] == 6  # five questions and one second try
    held = [m.text for m in done.messages]
    assert "parades" not in "".join(held) and json.loads(held[2]) == ASPECTS


def test_a_second_no_is_told_and_the_chain_goes_on(tmp_path):
    case = asked(
        script(tmp_path, INVENTED, "no", INVENTED, "no", QUADRUPLES, "it depends", SEXTUPLES, "yes", ANSWER, "yes")
    )
    told = json.loads(case.steps[-1].output)
    assert (told["asked"], told["refused"], told["fixed"], told["unclear"]) == (4, 1, 0, 1)
    assert case.answer.sextuples


def test_the_question_of_the_verification_quotes_the_tuples_and_only_the_last_one_adds_what_everybody_knows(tmp_path):
    heard = []
    loaded = llm.load(
        script(tmp_path, ASPECTS, "yes", QUADRUPLES, "yes", SEXTUPLES, "yes", ANSWER, "yes"), settings.load()
    )
    take = loaded.chat._take
    object.__setattr__(loaded.chat, "_take", lambda messages: heard.append(messages) or take(messages))
    question = Question(text="Who feels what?", task="sextuple")
    reason(sheet(), question, check(question), loaded, settings.load(retries=0))
    questions = [m[-1].text for m in heard if len(m) == 2 and "entailed" in m[-1].text]
    assert len(questions) == 4
    assert '"fireworks" of "Diwali"' in questions[0]
    assert '"Raj" calling "fireworks" of "Diwali" "horrible"' in questions[1]
    assert (
        '"Raj" being negative about "fireworks" of "Diwali" ("horrible") because "because they scare my dog"'
        in questions[2]
    )
    assert '"Raj" going from negative to positive about "fireworks" of "Diwali"' in questions[3]
    assert ["everybody knows" in q for q in questions] == [False, False, False, True]


def test_a_step_in_another_form_than_asked_for_is_an_error(tmp_path):
    with pytest.raises(ReplyError, match="pairs"):
        asked(script(tmp_path, QUADRUPLES, QUADRUPLES))


def test_a_trigger_that_is_none_of_the_four_is_no_valid_reply(tmp_path):
    odd = blank(sextuples=[ILL], flips=[{**FLIP, "trigger": "a change of heart"}])
    with pytest.raises(ReplyError, match="trigger"):
        asked(script(tmp_path, ASPECTS, "yes", QUADRUPLES, "yes", SEXTUPLES, "yes", odd, odd))


def test_direct_asks_once_and_verifies_nothing(tmp_path):
    question = Question(text="Who feels what?", task="sextuple")
    quick = settings.load(retries=0, direct=True)
    case = think(sheet(), question, check(question), llm.load(script(tmp_path, ANSWER), quick), quick)
    assert [s.name for s in case.steps] == ["direct"] and case.verdict.ok


def test_a_citation_that_is_not_there_is_found_and_repaired(tmp_path):
    wrong = blank(sextuples=[{**ILL, "cites": ["T9"]}], flips=[])
    right = blank(sextuples=[ILL], flips=[])
    case = asked(script(tmp_path, ASPECTS, "yes", QUADRUPLES, "yes", SEXTUPLES, "yes", wrong, "yes", right))
    assert case.verdict.ok and case.verdict.repaired >= 1 and case.answer.sextuples[0].cites == ("T2",)


def test_end_to_end_from_a_file(tmp_path, capsys):
    model = script(tmp_path, ASPECTS, "yes", QUADRUPLES, "yes", SEXTUPLES, "yes", ANSWER, "yes")
    app(
        ["ask", str(file(tmp_path)), "Who changes their mind?", "--task", "sextuple", "--model", model, "--json"],
        standalone_mode=False,
    )
    case = json.loads(capsys.readouterr().out)
    assert [s["sentiment"] for s in case["answer"]["sextuples"]] == ["negative", "positive"]
    assert case["answer"]["flips"][0]["trigger"] == "participant feedback and interaction"
    assert not case["verdict"].get("problems")


def test_a_planner_reads_them_from_the_words():
    answer = asked("rules").answer
    found = [(s.holder.text, s.target.text, s.aspect.text, s.opinion.text, s.sentiment) for s in answer.sextuples]
    assert found == [
        ("Lina", "Diwali", "decorations", "vibrant", "positive"),
        ("Raj", "Diwali", "fireworks", "horrible", "negative"),
        ("Lina", "Diwali", "fireworks", "loves", "positive"),
        ("Raj", "Diwali", "fireworks", "beautiful", "positive"),
    ]
    assert [s.rationale.text for s in answer.sextuples][1] == "because they scare my dog"
    (flip,) = answer.flips
    assert (flip.holder, flip.aspect, flip.initial, flip.flipped) == ("Raj", "fireworks", "negative", "positive")
    assert flip.trigger == "participant feedback and interaction"
    assert asked("rules").verdict.ok


def test_where_nobody_judges_the_answer_says_so():
    quiet = CueSheet(cues={"T1": sheet().cues["T1"].model_copy(update={"text": 'the speaker says "It is Monday."'})})
    question = Question(text="Who feels what?", task="sextuple")
    case = think(quiet, question, check(question), llm.load("rules", settings.load()), settings.load())
    assert case.answer.sextuples == () and case.verdict.ok
    assert case.explanation.text == "No turn gives an opinion [T1]."


@pytest.mark.parametrize(
    "text", ["", "?!", "...", "🎆🎆", "because", "the of of the", "is is is", "'s", "I love", "“”"]
)
def test_odd_words_are_no_opinion_and_no_error(text):
    assert all(j.aspect for j in judgements([Line(1, "A", text, ("T1",), event=False)]))


@pytest.mark.parametrize(
    ("text", "aspect", "target", "opinion", "sentiment"),
    [
        ("The battery life of the phone is really poor.", "battery life", "phone", "really poor", "negative"),
        ("The phone's screen is gorgeous.", "screen", "phone", "gorgeous", "positive"),
        ("I find those crowds at the market exhausting.", "crowds", "market", "exhausting", "negative"),
        ("I love the new menu!", "new menu", "new menu", "love", "positive"),
        ("They made a terrible film.", "film", "film", "terrible", "negative"),
    ],
)
def test_who_is_judged_how(text, aspect, target, opinion, sentiment):
    (found,) = strongest(
        judgements([Line(1, "A", text, ("T1",), event=False, valence=-0.5 if sentiment == "negative" else 0.5)])
    )
    assert (found.aspect, found.target, found.opinion, found.sentiment) == (aspect, target, opinion, sentiment)


def test_rows_for_training_teach_each_step_its_own_part():
    from cuechain.finetune.targets import conversation

    task = registry.get("tasks", "sextuple")
    answer = SextupleAnswer.model_validate(ANSWER)
    question = Question(text="Who feels what?", task="sextuple")
    replies = {
        step: json.loads(reply.content) for step, _, reply in conversation(sheet(), question, task, answer, "reason")
    }
    assert replies["targets"] == ASPECTS and replies["opinions"] == QUADRUPLES and replies["sentiments"] == SEXTUPLES
    assert replies["flips"] == answer.model_dump(mode="json")
    assert [name for name, _ in turns(sheet(), question, task)] == list(replies)


def test_said_and_taught_are_inverse():
    task = registry.get("tasks", "sextuple")
    answer = SextupleAnswer.model_validate(ANSWER)
    assert task.said(task.taught(SextupleAnswer(), task.said(answer))) == task.said(answer)


def test_flips_alone_are_a_task_of_their_own():
    from cuechain.agents import registry
    from cuechain.agents.scoring.tally import Outcome
    from cuechain.agents.scoring.tuples import of_flips

    task = registry.get("tasks", "flip")
    question = Question(text=task.question, task="flip")
    own = settings.load(retries=0)
    answer = think(sheet(), question, check(question), llm.load("rules", own), own).answer
    target = task.said(answer)
    assert len(target.flips) == 1 and target.sextuples is None
    other = target.model_copy(
        update={"flips": tuple(f.model_copy(update={"flipped": "negative"}) for f in target.flips)}
    )

    def figures(truth):
        found = of_flips([Outcome("a", "a", "answered", truth, target)]).figures
        return {f.name: f.value for f in found}

    assert figures(target)["flips, F1"] == figures(target)["flips with their trigger, F1"] == 1.0
    assert figures(other)["flips, F1"] == 0.0
