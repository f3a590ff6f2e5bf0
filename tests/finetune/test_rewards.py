"""Each reward on good replies, on bad ones, and on the cheapest way to it that a policy could find."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Cue, CueSheet, Gap
from cuechain.finetune.rows import Gold
from cuechain.finetune.tuning import rewards


def cue(sense: str, text: str, person: str | None = "P1") -> Cue:
    return Cue(sense=sense, text=text, person=person, source="test@1")


SHEET = CueSheet(
    cues={
        "T1": cue("transcript", 'the speaker says "Fine, I am fine"'),
        "W1": cue("words", "the words sound possibly neutral"),
        "V1": cue("voice", "the voice is possibly lower and slower than usual"),
        "F1": cue("face", "the lip corners are pulled down"),
        "F2": cue("face", "a broad smile", "P2"),
        "S1": cue("scene", "a kitchen with two persons", None),
    },
    gaps=(Gap(sense="sound", reason="no model is installed"),),
)
GOLD = Gold(
    labels=("sadness", "fear"),
    allowed=("joy", "sadness", "anger", "fear", "surprise", "disgust", "neutral"),
    abstain=False,
    relation="masked",
    decisive=("V1", "F1"),
)
NOTHING = Gold(abstain=True, allowed=GOLD.allowed)


def claim(text: str, *cites: str, stance: str = "supports") -> dict[str, Any]:
    return {"text": text, "cites": list(cites), "stance": stance, "points": None}


SAD = claim("P1 is probably sad: the lip corners are pulled down.", "F1")
LOW = claim("The voice is lower and slower than usual.", "V1")


def answer(*claims: dict[str, Any], label: str | None = "sadness", **more: Any) -> str:
    emotion = label and {"label": label, "intensity": 0.6, "confidence": 0.7}
    told = {"sentiment": "negative" if label else None, "relation": "masked" if label else None, "abstain": not label}
    return json.dumps({"person": "P1", "span": None, "emotion": emotion, **told, "claims": list(claims), **more})


GOOD = answer(SAD, LOW)
MISSING = answer(claim("What P1 feels cannot be told: the face was hidden all the time.", stance="weak"), label=None)
EMPTY = answer(label=None)


def worth(name: str, reply: Any, gold: Gold = GOLD, task: str = "ask") -> float | None:
    [found] = rewards.REWARDS[name]([reply], sheet=[SHEET], gold=[gold], task=[task])
    return found


@pytest.mark.parametrize("name", rewards.REWARDS)
def test_a_good_answer_has_all_of_each(name: str):
    assert worth(name, GOOD) == 1.0
    assert worth(name, [{"role": "assistant", "content": GOOD}]) == 1.0
    assert rewards.REWARDS[name].__name__ == name


@pytest.mark.parametrize("name", rewards.REWARDS)
@pytest.mark.parametrize(
    "reply",
    ["", "I feel that she is sad.", "{}", "[]", '{"person": 3}', "{" * 5000, GOOD[:-30], GOOD.replace("0.6", "NaN")],
)
def test_what_is_no_answer_is_worth_nothing(name: str, reply: str):
    assert worth(name, reply) == 0.0


def test_label():
    assert worth("label", answer(SAD, label="fear")) == 1.0
    assert worth("label", answer(SAD, label="joy")) == 0.0
    assert worth("label", MISSING) == 0.0 and worth("label", MISSING, NOTHING) is None
    assert worth("label", answer(SAD, label="gloomy")) == 0.0
    assert worth("label", answer(SAD, label="gloomy"), GOLD.model_copy(update={"allowed": ()})) == 1.0
    assert worth("label", GOOD.replace('"abstain": false', '"abstain": true')) == 0.0


def test_naming_every_label_is_not_knowing_one():
    each = [{"label": n, "intensity": None, "confidence": None} for n in ("sadness", *GOLD.allowed)]
    assert worth("label", answer(SAD, emotions=each[:1]), task="emotion") == 1.0
    assert worth("label", answer(SAD, emotions=each), task="emotion") == pytest.approx(2 / 7)


def test_valid():
    assert worth("valid", f"Here it is:\n{GOOD}") == 0.5
    assert worth("valid", answer(SAD, label="joy") + GOOD) == 0.5
    assert worth("valid", GOOD.replace('"abstain": false', '"abstain": true')) == 0.5
    assert worth("valid", GOOD, task="emotion") == 1.0  # `emotions` may be left out
    assert worth("valid", GOOD[:-1] + ', "mood": 1}') == 0.0


def test_citations_exist():
    assert worth("cites", answer(SAD, claim("She sighs.", "V9"))) == 0.5
    assert worth("cites", answer(SAD, claim("She sighs."))) == 0.5
    assert worth("cites", answer(claim("She sighs.", "V1", "V9"))) == 0.5


def test_citing_everything_pays_for_neither_citations_nor_evidence():
    everything = answer(claim("P1 is probably sad.", *SHEET.cues))
    assert worth("cites", everything) == pytest.approx(4 / 6)
    assert worth("decisive", everything) == pytest.approx(0.5)
    again = answer(claim("P1 is probably sad.", *["F1"] * 40))
    assert (worth("cites", again) or 0) < 0.1


def test_decisive_cues():
    assert worth("decisive", answer(SAD)) == pytest.approx(2 / 3)
    assert worth("decisive", answer(claim("She says that she is fine.", "T1"))) == 0.0
    assert worth("decisive", answer({**SAD, "stance": "weak"})) == 0.0
    assert worth("decisive", GOOD, GOLD.model_copy(update={"decisive": ()})) is None


def test_claims_hold():
    assert worth("holds", answer(SAD, claim("The voice is higher than usual.", "V1"))) == 0.5
    assert worth("holds", answer(SAD, claim("She smiles broadly.", "V1"))) == 0.5
    assert worth("holds", answer(SAD, claim('She says "leave me alone".', "T1"))) == 0.5
    assert worth("holds", answer(SAD, LOW, label="melancholy")) == 0.0  # not of the set
    assert worth("holds", answer(SAD, {**LOW, "text": None})) == 0.5


def test_one_good_sentence_said_again_holds_once():
    assert worth("holds", answer(*[SAD] * 6)) == pytest.approx(1 / 6)


def test_abstaining():
    assert worth("abstains", MISSING, NOTHING) == 1.0
    assert worth("abstains", GOOD, NOTHING) == 0.0
    assert worth("abstains", MISSING) == 0.0
    assert worth("abstains", GOOD, GOLD.model_copy(update={"abstain": None})) is None
    both = GOOD.replace('"abstain": false', '"abstain": true')
    assert worth("abstains", both, NOTHING) == 0.0
    assert worth("abstains", answer(SAD, label=None, abstain=False)) == 0.0


def test_an_empty_abstention_earns_nothing_anywhere():
    for name in ("cites", "holds", "abstains", "length"):
        assert worth(name, EMPTY, NOTHING) == 0.0
        assert worth(name, EMPTY) == 0.0
    unknown = GOLD.model_copy(update={"abstain": None, "labels": ()})
    assert worth("holds", MISSING, unknown) == worth("cites", MISSING, unknown) == 0.0


def test_length():
    giant = answer(*[claim(f"The voice is lower and slower than usual, and so on {n}.", "V1") for n in range(40)])
    assert worth("length", giant) == 0.0
    assert worth("length", answer(claim("Sad.", "F1"))) == 0.0
    assert 0 < (worth("length", answer(*[claim(f"{SAD['text']} Really, {n}.", "F1") for n in range(8)])) or 0) < 1
    assert worth("length", "Let me think about it. " * 100 + GOOD) == 0.0


@pytest.mark.parametrize("reply", ["{" * 200_000, '{"a": ' * 3_000, '"' * 19_999, GOOD * 2000, "[" * 19_999])
def test_a_hostile_reply_comes_to_an_end(reply: str):
    assert rewards.combined(reply, sheet=SHEET, gold=GOLD, task="ask") <= 0.2


def test_together():
    held = {"sheet": SHEET.model_dump_json(), "task": "ask"}
    gold, nothing = GOLD.model_dump_json(), NOTHING.model_dump_json()
    assert rewards.combined(GOOD, gold=gold, **held) == 1.0
    assert rewards.combined(MISSING, gold=nothing, **held) == 1.0
    wrong = rewards.combined(answer(SAD, LOW, label="joy"), gold=gold, **held)
    dodged = rewards.combined(MISSING, gold=gold, **held)
    empty = rewards.combined(EMPTY, gold=gold, **held)
    assert empty < dodged < wrong < 0.8
    assert rewards.combined(GOOD, gold=nothing, **held) < 0.8
    assert rewards.combined(GOOD, gold=gold, weights={"valid": 1.0}, **held) == 1.0


def test_weights_name_rewards():
    assert rewards.checked({"label": 1}) == {"label": 1}
    with pytest.raises(ConfigError, match="lable") as error:
        rewards.checked({"lable": 1})
    assert "label" in error.value.hint
    with pytest.raises(ConfigError, match="no reward"):
        rewards.checked({})
