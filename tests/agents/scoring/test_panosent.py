"""PanoSent: its three published scorers, and the sound score of sextuples and flips."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.sextuples import Change, Six, flip_score, questions, sextuple_score
from cuechain.agents.scoring.protocols import panosent
from tests.agents.scoring.golden import Case, assert_agrees, cases


def sixes(side: list[dict[str, Any]]) -> dict[str, list[Six]]:
    return {talk["doc_id"]: [Six(*six) for six in talk["sextuples"]] for talk in side}


def changes(side: list[dict[str, Any]]) -> list[list[Change] | None]:
    return [None if talk["flips"] is None else [Change(*flip) for flip in talk["flips"]] for talk in side]


def challenge(inputs: dict[str, Any]) -> dict[str, Any]:
    if "pairs_predicted_gold" in inputs:
        return {"f1": [panosent.rationale_f1(*pair) for pair in inputs["pairs_predicted_gold"]]}
    judged = {(said, true): yes for said, true, yes in inputs.get("judge_table", ())}
    told = asdict(panosent.challenge(sixes(inputs["gold"]), sixes(inputs["prediction"]), judged))
    rates = {f"{kind}_{name}": value for kind in ("micro", "identification") for name, value in told[kind].items()}
    return {**told, **rates, "final_score": told["final"]}


def combined(inputs: dict[str, Any]) -> dict[str, Any]:
    score = panosent.combined(list(sixes(inputs["gold"]).values()), list(sixes(inputs["prediction"]).values()))
    elements = {f"{name}_f1": value for name, value in score.elements.items()}
    return {**asdict(score), **elements, "pairwise_f1": score.identification_f1}


def flips(inputs: dict[str, Any]) -> dict[str, Any]:
    score = panosent.flips(changes(inputs["gold"]), changes(inputs["prediction"]))
    return {"f1_flip": score.flip, "f1_flip_trig": score.flip_and_trigger, "f1_trigger_macro": score.trigger_macro}


def in_order(inputs: dict[str, Any]) -> dict[str, Any]:
    sides = {name: (part["gold"], part["prediction"]) for name, part in inputs.items()}
    return {
        "element_exact": asdict(panosent.in_order(*sides["element"])),
        "pair": asdict(panosent.in_order(*sides["pair"])),
        "sextuple_same_rule_as_pair": asdict(panosent.in_order(*sides["pair"])),
        "rationale_proportional": asdict(panosent.rationale_lengths(*sides["rationale"])),
        "sentiment_macro_f1_as_coded": panosent.sentiment_shares(*sides["sentiment"]),
    }


VERSIONS = {"C_": challenge, "B_task1": combined, "B_task2": flips, "A_": in_order}


@pytest.mark.parametrize("case", cases("panosent"))
def test_agrees_with_the_reference(case: Case):
    score = next(score for start, score in VERSIONS.items() if case.id.startswith(start))
    assert_agrees(score(case.inputs), case.expected)


TRUE = Six("Ella", "laptop", "battery", "great", "positive", "it lasts all day")


def test_the_best_assignment_is_found_where_the_first_one_is_not():
    """The first prediction fits both true rationales and takes the one that the second needs."""
    gold = [TRUE._replace(rationale="one two three"), TRUE._replace(rationale="four five six")]
    said = [TRUE._replace(rationale="one two three four five six"), TRUE._replace(rationale="one two three")]
    assert panosent.challenge({"1": gold}, {"1": said}).matched_micro == 1
    score = sextuple_score([gold], [said])
    assert (score.micro.precision, score.micro.recall, score.final) == (1, 1, 1)


def test_case_and_spacing_of_elements_do_not_matter_but_sentiment_does():
    said = [TRUE._replace(holder="ella ", aspect=" Battery", sentiment="negative")]
    score = sextuple_score([[TRUE]], [said])
    assert (score.micro.f1, score.identification.f1, score.final) == (0, 1, 0.5)
    assert score.exact["sentiment"].f1 == 0
    assert panosent.challenge({"1": [TRUE]}, {"1": said}).identification.f1 == 0


def test_a_judge_decides_implicit_elements_alone():
    gold, said = [[TRUE._replace(implicit="t")]], [[TRUE._replace(target="computer", holder="Elle")]]
    assert questions(gold, said) == (("computer", "laptop"),)
    unasked = sextuple_score(gold, said)
    assert (unasked.unjudged, unasked.binary["target"].f1) == (1, 0)
    asked = sextuple_score(gold, said, {("computer", "laptop"): True, ("Elle", "Ella"): True})
    assert (asked.unjudged, asked.binary["target"].f1, asked.exact["target"].f1) == (0, 1, 0)
    assert asked.binary["holder"].f1 == 0
    assert asked.micro.f1 == 0


def test_rationales_count_in_proportion():
    score = sextuple_score([[TRUE]], [[TRUE._replace(rationale="it lasts long hours")]])
    assert score.proportional["rationale"].f1 == pytest.approx(0.5)
    assert score.micro.f1 == 1


def test_duplicates_do_not_pay_and_missing_dialogues_cost_recall():
    score = sextuple_score([[TRUE], [TRUE]], [[TRUE, TRUE, TRUE], []])
    assert (score.micro.precision, score.micro.recall) == (pytest.approx(1 / 3), 0.5)


def test_nothing_at_all_is_undefined():
    score = sextuple_score([[]], [[]])
    assert score.micro.f1 != score.micro.f1
    assert flip_score([], []).flip.f1 != flip_score([], []).flip.f1


def test_a_missing_flip_costs_recall_with_its_trigger_too():
    one = Change("Ella", "laptop", "battery", "positive", "negative", "Logical Argumentation")
    other = one._replace(holder="Max", trigger="Introduction of New Information")
    score = flip_score([[one, other]], [[one]])
    assert (score.flip.recall, score.flip_and_trigger.recall) == (0.5, 0.5)
    assert score.triggers.macro_f1 == 0.5
    assert panosent.flips([[one, other]], [[one]]).flip_and_trigger == 1


def test_lengths_that_differ_are_told():
    for score in (sextuple_score, flip_score, panosent.combined, panosent.flips):
        with pytest.raises(ConfigError, match=r"1 .* and 2"):
            score([[]], [[], []])
