"""Merging, ids, and what a budget keeps."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuechain.agents.textualize import letter, textualize, tokens
from cuechain.agents.values import Cue, CueSheet, Gap, Media, Span

MEDIA = (Media(id="m1", kind="video", duration=3600),)


def cue(sense: str, text: str, start: float | None = None, end: float | None = None, **more: Any) -> Cue:
    span = None if start is None else Span(start=start, end=start if end is None else end)
    return Cue(sense=sense, text=text, span=span, source="t", **more)


def sheet(cues: list[Cue], budget: int = 10_000, gaps: tuple[Gap, ...] = ()) -> CueSheet:
    return textualize(MEDIA, cues, gaps, budget=budget)


def hour(seed: int = 0) -> list[Cue]:
    """Some four thousand ordinary cues of one hour."""
    rng = random.Random(seed)
    cues: list[Cue] = []
    for second in range(0, 3600, 3):
        said = f'the speaker says "and then we went on to item {second} of the list"'
        cues.append(cue("transcript", said, second, second + 2.5, salience=0.5, confidence=0.9, reliability=0.9))
        for sense, text in (("voice", "the voice is about as usual"), ("words", "the words are matter-of-fact")):
            strength = rng.uniform(0.3, 0.6)
            cues.append(
                cue(
                    sense,
                    f"{text} ({strength:.2f} at {second})",
                    second,
                    second + 2.5,
                    salience=strength,
                    reliability=0.6,
                )
            )
        if second % 2:
            cues.append(
                cue("face", f"the brows rise a little ({second})", second, second + 1, person="P1", salience=0.4)
            )
    return cues


@pytest.mark.parametrize("at", [2.0, 1801.0, 3590.0])
@pytest.mark.parametrize(("sense", "reliability"), [("face", 0.3), ("voice", 0.6), ("words", None), ("gestures", 0.2)])
@pytest.mark.parametrize("budget", [100, 400, 1500])
def test_a_rare_strong_cue_survives_an_hour_of_talk(at: float, sense: str, reliability: float | None, budget: int):
    planted = cue(sense, "something quite unusual happens here", at, at + 1, salience=0.95, reliability=reliability)
    made = sheet([*hour(), planted], budget)
    assert planted in made.cues.values()
    assert sum(tokens(c) for c in made.cues.values()) <= budget
    assert made.dropped == len(hour()) + 1 - len(made.cues) > 3000


def test_a_budget_leaves_no_stretch_and_no_sense_out():
    made = sheet(hour(), 1500)
    for sense in ("transcript", "voice", "words", "face"):
        starts = [c.span.start for c in made.cues.values() if c.sense == sense and c.span]
        assert starts and min(starts) < 900 and max(starts) > 2700


def test_ids_do_not_depend_on_the_budget():
    whole = sheet(hour(), 10**6)
    assert whole.dropped == 0
    for budget in (100, 500, 3000):
        part = sheet(hour(), budget)
        assert all(whole.cues[i] == c for i, c in part.cues.items())
        assert list(part.cues) == [i for i in whole.cues if i in part.cues]  # and stay in order of time


def test_ids_do_not_depend_on_the_order_of_arrival():
    cues = [
        *hour()[:200],
        cue("face", "the eyes close", 3, 4, person="P1"),
        cue("face", "the eyes close", 3, 4, person="P2"),
    ]
    shuffled = random.Random(1).sample(cues, len(cues))
    assert sheet(shuffled).cues == sheet(cues).cues
    assert sheet(shuffled, 300).cues == sheet(cues, 300).cues


def test_ids_say_the_sense_and_count_in_time():
    made = sheet([cue("voice", "b", 5), cue("voice", "a", 1), cue("transcript", "c", 0), cue("thermal", "d", 2)])
    assert {i: c.text for i, c in made.cues.items()} == {"T1": "c", "V1": "a", "TH1": "d", "V2": "b"}


def test_no_two_senses_share_ids():
    names = ["transcript", "words", "voice", "face", "scene", "screen", "thermal", "theatre", "x", "t", "Vo"]
    made = sheet([cue(name, f"{name} {i}", i) for i, name in enumerate(names * 3)])
    assert len(made.cues) == 3 * len(names)
    assert all(i.startswith(letter(c.sense)) for i, c in made.cues.items())


def test_what_repeats_and_touches_is_one_cue():
    made = sheet([cue("face", "the brows rise", s, s + 1, salience=s / 10) for s in (1, 2.3, 5)])
    spans = [(c.span.start, c.span.end) for c in made.cues.values() if c.span]
    assert spans == [(1, 3.3), (5, 6)]
    assert made.cues["F1"].salience == pytest.approx(0.23)


@pytest.mark.parametrize("other", [{"person": "P2"}, {"text": "the brows fall"}, {"sense": "scene"}, {"media": "m2"}])
def test_what_differs_is_not_merged(other: dict[str, Any]):
    first = cue("face", "the brows rise", 1, 2, person="P1", media="m1")
    assert len(sheet([first, first.model_copy(update=other)]).cues) == 2


def test_merging_looks_past_what_lies_between():
    between = cue("voice", "louder", 1.5, 1.8)
    made = sheet([cue("face", "the brows rise", 1, 2), between, cue("face", "the brows rise", 2.1, 3)])
    assert [c.sense for c in made.cues.values()] == ["face", "voice"]


def test_lines_without_time_keep_their_order_and_are_not_merged():
    made = sheet([cue("words", "joy"), cue("voice", "loud", 0), cue("words", "joy"), cue("words", "fear")])
    assert [c.text for c in made.cues.values()] == ["joy", "joy", "fear", "loud"]


def test_gaps_are_told_once():
    gap = Gap(sense="voice", reason="no sound")
    assert sheet([], gaps=(gap, gap)).gaps == (gap,)


def test_the_same_cue_in_other_files_keeps_to_its_file():
    cues = [cue("voice", f"{m} {s}", s, s + 1, media=m) for m in ("m1", "m2") for s in (0, 10)]
    media = tuple(Media(id=m, kind="audio", duration=20) for m in ("m1", "m2"))
    made = textualize(media, random.Random(0).sample(cues, 4), (), budget=1000)
    assert [c.text for c in made.cues.values()] == ["m1 0", "m1 10", "m2 0", "m2 10"]


CUES = st.lists(
    st.builds(
        lambda sense, text, start, length, salience, person: cue(
            sense, text, start, start + length, salience=salience, person=person
        ),
        st.sampled_from(["face", "voice", "words", "heat"]),
        st.sampled_from(["up", "down", "a much longer sentence about what is going on"]),
        st.floats(0, 100),
        st.floats(0, 5),
        st.floats(0, 1),
        st.sampled_from([None, "P1", "P2"]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(CUES, st.integers(100, 400))
def test_a_sheet_is_within_budget_and_loses_nothing_silently(cues: list[Cue], budget: int):
    made, whole = sheet(cues, budget), sheet(cues, 10**6)
    assert sum(tokens(c) for c in made.cues.values()) <= budget or made.dropped == 0
    assert len(made.cues) + made.dropped == len(whole.cues)
    assert sheet(list(whole.cues.values()), 10**6).cues == whole.cues  # merging once is merging for good
