"""What is kept, what is refused, and why."""

import json

import pytest

from cuechain.agents.exports.gate import Demands, Gate, Refusal, precision, refused, votes
from cuechain.agents.judged import agrees
from cuechain.agents.values import (
    AspectAnswer,
    CauseAnswer,
    CausePair,
    Claim,
    Opinion,
    PostAnswer,
    Question,
    SentimentAnswer,
    Step,
    Target,
)
from tests.agents.exports.made import case, failed


def reason(one, **demands):
    found = refused(one, Demands(**demands))
    return found.reason if found else None


def test_nothing_is_demanded_by_default():
    assert all(refused(one, Demands()) is None for one in (case(), case(label=None), failed()))


def test_a_case_without_an_answer_meets_no_demand():
    found = refused(failed(), Demands(verified=True))
    assert found == Refusal("bad", "failed", "MediaError: there is no sound")


def test_the_check():
    assert reason(case(), verified=True) is None
    assert reason(case(cites=("F9",)), verified=True) == "verdict_unknown_cite"
    assert reason(case(verdict=None), verified=True) == "verdict_none"
    assert reason(case(label=None), verified=True) is None  # that nothing can be told is an answer


@pytest.mark.parametrize(
    ("confidence", "label", "why"),
    [(0.8, "joy", None), (0.7, "joy", None), (0.69, "joy", "confidence"), (None, "joy", "no_confidence"), (1, None, "abstained")],
)  # fmt: skip
def test_confidence(confidence, label, why):
    assert reason(case(label=label, confidence=confidence), confidence=0.7) == why


def test_precision_is_the_share_of_sentences_that_hold():
    wrong = case(text='The person says "never".')
    assert precision(wrong.answer, wrong.verdict) == 0.5
    assert reason(wrong, precision=0.5) is None
    assert reason(wrong, precision=0.51) == "precision"
    assert precision(wrong.answer, None) == 0.0


def test_votes_count_what_cannot_be_read():
    counted = case(steps=(Step(name="votes", output=json.dumps({"joy": 3, "anger": 1, "unreadable": 1})),))
    assert votes(counted) == 0.6
    assert reason(counted, votes=0.6) is None
    assert reason(counted, votes=0.61) == "votes"
    assert reason(case(), votes=0.1) == "no_votes"


def test_agreement_with_people():
    assert reason(case(gold="joy"), agrees=True) is None
    assert reason(case(gold="anger"), agrees=True) == "gold"
    assert reason(case(gold=None), agrees=True) is None  # nobody judged
    assert reason(case(label=None, gold="joy"), agrees=True) == "gold"
    assert "it says joy, people said anger" in refused(case(gold="anger"), Demands(agrees=True)).detail


def test_agreement_of_other_tasks():
    def one(task, answer, target):
        return case(answer=answer, question=Question(text="?", task=task), sample={"target": target})

    told = (Claim(text="It says so.", cites=("T1",)),)
    pair = CausePair(turn=2, emotion="joy", cause=1)
    right = CauseAnswer(pairs=(pair,), claims=told)
    assert agrees(one("cause", right, Target(pairs=(pair,)))) is True
    assert agrees(one("cause", right, Target(pairs=()))) is False
    assert agrees(one("cause", right, Target())) is None
    post = PostAnswer(label="positive", polarity="positive", humour="funny", claims=told)
    assert agrees(one("post", post, Target(fields={"humour": "funny"}))) is True
    assert agrees(one("post", post, Target(fields={"humour": "hilarious"}))) is False
    # Which cues an opinion rests on is not what people judged.
    opinion = Opinion(target="food", sentiment="positive", cites=("T1",))
    aspects = AspectAnswer(opinions=(opinion,), claims=told)
    bare = opinion.model_copy(update={"cites": ()})
    assert agrees(one("aspect", aspects, Target(opinions=(bare,)))) is True
    numbers = SentimentAnswer(label="positive", valence=0.4, claims=told)
    assert agrees(one("sentiment", numbers, Target(scores={"valence": 0.3}))) is None


def test_a_label_that_the_cues_do_not_bear_out():
    refuted = case(label=None, steps=(Step(name="known", output='{"labels": ["joy"], "supported": false}'),))
    assert reason(refuted, supported=True) == "unsupported"
    assert reason(case(), supported=True) is None


def test_every_refusal_is_counted_once():
    gate = Gate(Demands(verified=True, confidence=0.7, agrees=True))
    cases = [case("a"), case("b", confidence=0.1, gold="anger"), case("c", gold="anger"), failed()]
    found = list(gate.through(cases))
    assert [one.id if isinstance(one, Refusal) else "kept" for one in found] == ["kept", "b", "c", "bad"]
    assert gate.kept == 1 and dict(gate.reasons) == {"confidence": 1, "gold": 1, "failed": 1}
