"""Senses that count more or less than they would by themselves."""

import math

import pytest

from cuechain.agents.llm.rules import RulesPlanner
from cuechain.agents.llm.weighted import WeightedPlanner, of_senses
from cuechain.agents.values import EKMAN, Question

from ..sheets import masked  # noqa: TID252

QUESTION = Question(text="How does this person feel, and why?")


def plan(weights, sheet=None, planner=None):
    return WeightedPlanner(planner or RulesPlanner(), weights).plan(sheet or masked(), QUESTION, EKMAN, "P1")


def plain(sheet=None):
    return RulesPlanner().plan(sheet or masked(), QUESTION, EKMAN, "P1")


def test_a_weight_of_one_changes_nothing():
    assert plan({"voice": 1.0, "words": 1.0, "face": 1.0}) == plain()


@pytest.mark.parametrize("sense", ["words", "voice", "face"])
def test_a_weight_of_zero_decides_as_if_the_sense_were_not_there(sense):
    rest = plain(of_senses(masked(), {"words", "voice", "face"} - {sense}))
    found = plan({sense: 0.0})
    assert found.labels == pytest.approx(rest.labels, abs=1e-3)  # the floor of a probability is 1e-4
    assert found.abstain == pytest.approx(rest.abstain, abs=1e-3)
    assert found.intensity == pytest.approx(rest.intensity)
    assert all(found.weight[i] == 0 for i, c in masked().cues.items() if sense in c.sense)


def test_more_weight_moves_the_decision_further_the_same_way():
    joy = [plan({"words": w}).labels["joy"] for w in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert joy == sorted(joy) and joy[-1] > 2 * joy[2]
    for w in (0.0, 0.5, 3.0, 50.0):
        found = plan({"words": w, "face": 1 / (w + 1)})
        for shares in (found.labels, found.relation, found.sentiment):
            assert math.isclose(sum(shares.values()), 1.0) and min(shares.values()) >= 0


def test_a_cue_counts_as_evidence_as_its_sense_does():
    before, after = plain(), plan({"face": 0.5})
    assert after.weight["F1"] == pytest.approx(before.weight["F1"] / 2)
    assert after.weight["V1"] == before.weight["V1"]


def test_one_sense_alone_is_not_weighed_against_itself():
    face = of_senses(masked(), {"face"})
    assert plan({"face": 3.0}, face).labels == plain(face).labels


def test_plans_of_the_same_cues_are_made_once():
    class Counting(RulesPlanner):
        made = 0

        def plan(self, *given):
            self.made += 1
            return super().plan(*given)

    inner = Counting()
    weighted = WeightedPlanner(inner, {"words": 2.0})
    for senses in ({"words", "voice", "face"}, {"voice", "face"}, {"words", "voice", "face"}):
        weighted.plan(of_senses(masked(), senses), QUESTION, EKMAN, "P1")
    assert inner.made == 2
