"""What stands on a timeline, and what is put together."""

from __future__ import annotations

import re

import pytest

from cuechain.agents.report.fragment import fragment, prose
from cuechain.agents.report.lanes import Bar
from cuechain.agents.report.packing import CITED_ROWS, COLUMNS, packed
from cuechain.agents.report.timeline import timeline
from cuechain.agents.values import Answer, Claim, CueSheet, Media, Plan, Sample, Span, Step
from tests.agents.report.made import case, cheerful, cue, plan


def lane(shown, sense, person="P1"):
    return next((one for one in shown.strips[0].lanes if one.sense == sense and one.person == person), None)


def test_a_lane_for_each_person_and_sense():
    strip = timeline(cheerful()).strips[0]
    assert [(one.person, one.sense) for one in strip.lanes] == [
        ("P1", "transcript"), ("P1", "words"), ("P1", "voice"), ("P1", "face"), (None, "scene"),
    ]  # fmt: skip
    assert strip.duration == 8.0


def stretch(*spans):
    """Cases about stretches of one clip, with the cues of its second half."""
    sheet = cheerful().only({"T1", "W1", "V1", "F1", "F2"})
    return [case(sheet, sample=Sample(id=f"i{n}", span=span)) for n, span in enumerate(spans)]


def test_the_axis_is_that_of_the_stretch():
    shown = timeline(stretch(Span(start=4, end=8)))
    (strip,) = shown.strips
    assert (strip.start, strip.duration, strip.length) == (4.0, 8.0, 4.0)
    html = fragment(shown)
    assert "clip.mp4</bdi> <small>4.0 s to 8.0 s" in html
    ticks = re.findall(r'cc-tick" style="left:([^"]+)">([^<]+)', html)
    assert ticks[0] == ("0%", "4.0 s") and ticks[-1] == ("100%", "8.0 s")
    assert re.search(r'left:12\.5%;width:25%[^>]*data-cue="F1"[^>]*data-start="4\.5"', html)
    assert 'd="M125.0 20.0H375.0"' in html  # AU15 of 0.8, a quarter of the way


@pytest.mark.parametrize("spans", [(Span(start=4, end=8), None), (Span(start=4, end=8), Span(start=0, end=8))])
def test_the_axis_begins_with_what_was_looked_at_first(spans):
    assert timeline(stretch(*spans)).strips[0].start == 0.0
    early = cheerful()  # a cue before the stretch
    assert timeline(case(early, sample=Sample(id="i", span=Span(start=4, end=8)))).strips[0].start == 0.0


def test_bars_say_what_is_cited_what_is_against_and_what_each_cue_points_to():
    shown = timeline(case())
    (words,) = lane(shown, "words").bars
    assert (words.cues, words.label, words.cited, words.against) == (("W1",), "joy", True, True)
    face, blink = lane(shown, "face").bars
    assert (face.label, face.cited, face.against, face.strength) == ("sadness", True, False, 0.9)
    assert (blink.label, blink.cited, blink.strength) == (None, False, None)
    assert shown.cited == ("W1", "V1", "F1")
    assert shown.against == ("W1",)


def test_senses_that_disagree_at_the_same_time_are_marked():
    bars = lane(timeline(case()), "conflict").bars
    assert {bar.text for bar in bars} == {
        "voice: sadness, but words: joy", "face: sadness, but words: joy",
    }  # fmt: skip
    face = next(bar for bar in bars if "F1" in bar.cues)
    assert (face.start, face.end) == (4.5, 5.5)
    assert lane(timeline(case(steps=(plan(points={"W1": "joy", "F1": "surprise"}),))), "conflict") is None
    assert lane(timeline(cheerful()), "conflict") is None


def test_what_different_people_feel_is_no_disagreement():
    sheet = cheerful()
    other = sheet.model_copy(
        update={"cues": {**sheet.cues, "W1": sheet.cues["W1"].model_copy(update={"person": "P2"})}}
    )
    assert lane(timeline(case(other)), "conflict") is None


def test_numbers_are_those_that_were_measured():
    tracks = {track.name: track for track in timeline(cheerful()).strips[0].tracks}
    assert {name: list(track.lines) for name, track in tracks.items()} == {
        "pleasantness": ["words", "voice"], "excitement": ["voice"], "movement of the face": ["face"],
    }  # fmt: skip
    (level,) = tracks["pleasantness"].lines["voice"]
    assert (level.start, level.end, level.value, level.cue) == (4.0, 6.0, -0.4, "V1")
    assert tracks["movement of the face"].lines["face"][0].value == 0.8


def test_what_is_no_number_of_its_track_is_not_drawn():
    odd = {"valence": "high", "intensity": float("nan")}
    sheet = CueSheet(
        media=(Media(id="m1", kind="audio", duration=3.0),),
        cues={"W1": cue("words", "a", 0, 1, measures=odd), "W2": cue("words", "b", 1, 2, measures={"valence": 7.0})},
    )
    assert timeline(sheet).strips[0].tracks == ()


@pytest.mark.parametrize("output", ["", "no json", "[]", '{"labels": 1}', '{"points": {"F1": "joy"}}'])
def test_a_plan_that_cannot_be_read_says_nothing(output: str):
    shown = timeline(case(steps=(Step(name="plan", output=output),)))
    assert shown.points == {"W1": "joy"}  # from the claim that cites it alone


def test_a_chat_model_s_claims_say_what_cues_point_to():
    claims = (Claim(text="Sad", cites=("F1",), points="sadness"), Claim(text="x", cites=("V1", "W1"), points="joy"))
    assert timeline(case(claims=claims, steps=())).points == {"F1": "sadness"}


def test_nothing_with_a_time():
    sheet = CueSheet(media=(Media(id="m1", kind="image", path="a.png"),), cues={"F1": cue("face", "a smile")})
    assert timeline(case(sheet)).strips == ()
    shown = fragment(timeline(sheet))
    assert '<details class="cc-table" open>' in shown and "a smile" in shown
    assert "cc-strip" not in shown and "cc-legend" not in shown
    assert timeline(CueSheet()).strips == ()


def test_each_file_has_a_strip_of_its_own():
    media = (Media(id="m1", kind="video", path="/x/a.mp4", duration=4.0), Media(id="m2", kind="audio", path="b.wav"))
    cues = {
        "V1": cue("voice", "low", 1, 2, media="m1"),
        "V2": cue("voice", "high", 5, 6, media="m2"),
        "F1": cue("face", "still", media="m1"),
    }
    first, second = timeline(CueSheet(media=media, cues=cues)).strips
    assert (first.name, first.duration, first.lanes[0].bars[0].cues) == ("a.mp4", 4.0, ("V1",))
    assert (second.name, second.duration, second.lanes[0].bars[0].cues) == ("b.wav", 6.0, ("V2",))


def test_turns_of_a_conversation_share_a_timeline_and_answers_about_stretches_have_a_lane():
    first = case()
    media = Media(id="m2", kind="audio", path="b.wav", duration=3.0)
    grown = cheerful().model_copy(
        update={
            "media": (*cheerful().media, media),
            "cues": {
                **{i: c.model_copy(update={"media": "m1"}) for i, c in cheerful().cues.items()},
                "V9": cue("voice", "a second file", 0, 1, media="m2"),
            },
        }
    )
    second = case(grown, question="And from 4 s on?", span=Span(start=4, end=6))
    shown = timeline([first, second])
    assert [strip.media for strip in shown.strips] == ["m1", "m2"]
    (answered,) = lane(shown, "answer").bars
    assert (answered.label, answered.strength, answered.start, answered.end) == ("sadness", 0.6, 4.0, 6.0)
    assert len(lane(shown, "face").bars) == 2


def test_an_answer_that_abstains_has_no_bar():
    silent = case().model_copy(update={"answer": Answer(span=Span(start=1, end=2), abstain=True)})
    assert lane(timeline(silent), "answer", None) is None


def test_people_stand_in_order_and_many_share_the_last_lanes():
    cues = {f"V{n}": cue("voice", "low", n, n + 1, f"P{n}") for n in range(1, 30)}
    cues["V99"] = cue("voice", "low", 1, 2, "P2")
    shown = timeline(CueSheet(media=(Media(id="m1", kind="audio", duration=31.0),), cues=cues))
    people = [one.person for one in shown.strips[0].lanes]
    assert people[-1] == "others"
    assert len(people) == 12
    assert people[:3] == ["P1", "P2", "P3"]
    assert {i for one in shown.strips[0].lanes for bar in one.bars for i in bar.cues} == set(cues)


def test_bars_that_overlap_lie_below_each_other():
    bars = [
        Bar(cues=("A",), start=0, end=5, text=""),
        Bar(cues=("B",), start=4, end=6, text=""),
        Bar(cues=("C",), start=5, end=7, text=""),
    ]
    placed, rows = packed(bars, 10)
    assert [bar.row for bar in placed] == [0, 1, 0]
    assert rows == 2


def test_an_hour_of_cues_takes_a_bounded_number_of_bars_and_loses_none():
    bars = [Bar(cues=(f"F{n}",), start=n * 0.36, end=n * 0.36 + 2, text="", cited=n % 500 == 0) for n in range(10_000)]
    placed, rows = packed(bars, 3600)
    assert rows <= CITED_ROWS
    assert len(placed) <= 2 * COLUMNS + 20
    assert sum(len(bar.cues) for bar in placed) == 10_000
    alone = [bar for bar in placed if bar.cited and len(bar.cues) == 1]
    assert len(alone) == 20


def test_everything_that_is_told_is_escaped():
    evil = '<script>alert(1)</script></style>" onclick="x\u202e'
    sheet = CueSheet(
        media=(Media(id='m"1', kind="video", path=f"/x/{evil.replace('/', '')}.mp4", duration=3.0),),
        cues={'T"<1': cue(f"x{evil}", evil, 0, 1, evil, measures={evil: evil})},
    )
    told = case(sheet, [Claim(text=evil, cites=('T"<1', evil))], evil)
    for html in (fragment(timeline(told)), prose(told)):
        assert "<script" not in html
        assert "</style>" not in html
        assert ' onclick="' not in html


def test_a_citation_of_nothing_is_no_button():
    html = prose(case(claims=[Claim(text="She is sad", cites=("F1", "X9"))]))
    assert 'data-cue="F1"' in html
    assert 'data-start="4.5"' in html
    assert 'data-cue="X9"' not in html
    assert "X9?" in html


def test_a_case_that_failed_says_why():
    failed = case().model_copy(update={"answer": None, "status": "failed", "error": "the server is <away>"})
    assert "the server is &lt;away&gt;" in prose(failed)
    assert timeline(failed).strips


def test_plans_are_read_as_the_planner_wrote_them():
    made = Plan(labels={"joy": 1.0}, relation={}, sentiment={}, abstain=0.0, points={"F2": "joy"}, weight={"F2": 0.4})
    shown = timeline(case(steps=(Step(name="plan", output=made.model_dump_json()),)))
    assert lane(shown, "face").bars[1].strength == 0.4
