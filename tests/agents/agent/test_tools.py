"""The tools on a ledger: what they perceive, what they return, and what they say to calls that cannot be done."""

import pytest

from cuechain.agents.agent.ledger import Ledger
from cuechain.agents.agent.tools import perception_tools
from cuechain.agents.pipeline import Looked, SenseDone, SheetReady, see
from cuechain.agents.settings import Settings
from cuechain.agents.values import Span


@pytest.fixture
def ledger(talk, cache):
    made = Ledger(Settings(cache=cache, senses=("transcript", "sound")))
    made.add(talk)
    return made


@pytest.fixture
def heard():
    return []


@pytest.fixture
def tools(ledger, heard):
    return {tool.name: tool for tool in perception_tools(ledger, hear=heard.append)}


def test_they_are_public_tools_with_schemas(tools):
    assert list(tools) == ["listen", "look", "read_screen", "transcript", "search", "compare"]
    assert all(tool.description for tool in tools.values())
    assert {"span", "clip", "person"} == set(tools["look"].args)


def test_only_what_is_asked_is_perceived_and_nothing_twice(tools, ledger, heard):
    first = tools["transcript"].invoke({"span": {"start": 120, "end": 130}})
    assert "Now I am happy" in first and "120.3-123.6 s" in first and '\\"' in first
    (media,) = ledger.media
    assert ledger.seen(media, "transcript") == (Span(start=120, end=130),) and not ledger.seen(media, "sound")
    assert all(120 <= c.span.start < 130 for c in ledger.sheet().cues.values())
    before = dict(ledger.sheet().cues)
    heard.clear()
    tools["transcript"].invoke({"span": "2:02-2:08"})
    assert [type(e) for e in heard] == [Looked]
    tools["transcript"].invoke({"span": [116, 130]})
    assert ledger.seen(media, "transcript") == (Span(start=120, end=130), Span(start=116, end=120))
    assert [e.perceived.sense for e in heard if isinstance(e, SenseDone)] == ["transcript"]
    after = ledger.sheet().cues
    assert {i: after[i] for i in before} == before and len(after) == len(before) + 1
    assert next(iter(after)) not in before  # in order of time, under ids that stay


def test_what_nobody_asked_for_is_a_gap(tools, ledger):
    tools["transcript"].invoke({"span": "2:00-2:10"})
    gaps = {g.sense: g.reason for g in ledger.sheet().gaps}
    assert gaps["media"] == "only 2:00-2:10 of talk.mp4 was perceived so far" and "transcript" not in gaps
    assert gaps["sound"].startswith("nothing of talk.mp4")


def test_sound_of_a_stretch_in_the_time_of_the_whole(tools):
    text = tools["listen"].invoke({"span": {"start": 50, "end": 70}})
    assert "nothing is heard" in text and "60." in text


def test_search_reads_subtitles_and_perceives_only_the_lines_found(tools, ledger):
    text = tools["search"].invoke({"words": "whale"})
    assert "Whales" in text and "(nothing" not in text
    (seen,) = ledger.seen(ledger.media[0], "transcript")
    assert seen.start <= 120.3 and seen.end >= 123.6 and seen.length <= 8
    assert "(nothing was found)" in tools["search"].invoke({"words": "zebra"})


def test_compare_shows_two_stretches(tools):
    text = tools["compare"].invoke({"first": "0-4", "second": "2:04-2:08"})
    assert text.index("scared") < text.index("happy") and "m1, 0:00-0:04:" in text and "m1, 2:04-2:08:" in text


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        ("transcript", {"span": {"start": 500, "end": 510}}, "lies outside the clip"),
        ("transcript", {"span": {"start": 9, "end": 3}}, "malformed"),
        ("transcript", {"span": {"start": -5, "end": 3}}, "malformed"),
        ("listen", {"span": "soon"}, "malformed"),
        ("listen", {"from": 3}, "malformed"),
        ("listen", {"span": 7}, "malformed"),
        ("search", {"words": ""}, "malformed"),
        ("search", {}, "malformed"),
        ("transcript", {"span": "0-5", "clip": "other.mp4"}, "no clip"),
        ("compare", {"first": "0-4"}, "malformed"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_perceived(tools, ledger, name, args, told):
    text = tools[name].invoke(args)
    assert text.startswith("error: ") and told in text
    assert not ledger.sheet().cues


def test_an_unknown_person_is_told_with_those_who_are_known(talk, cache):
    ledger = Ledger(Settings(cache=cache, senses=("transcript", "screen")))
    ledger.add(talk)
    tools = {tool.name: tool for tool in perception_tools(ledger)}
    assert "nobody is called 'Zed'" in tools["look"].invoke({"span": "0-4", "person": "Zed"})


def test_a_sense_that_is_left_out_is_not_perceived(ledger):
    tools = {tool.name: tool for tool in perception_tools(ledger, without=["words"])}
    assert "left out" in tools["transcript"].invoke({"span": "0-4"}) and not ledger.sheet().cues


def test_a_long_stretch_is_refused(cache, talk, ledger, monkeypatch):
    monkeypatch.setattr("cuechain.agents.agent.tools.MOST_SECONDS", 60.0)
    tools = {tool.name: tool for tool in perception_tools(ledger)}
    assert "too long" in tools["transcript"].invoke({}) and not ledger.sheet().cues


def test_the_whole_ledger_is_the_sheet_that_perceive_gives(tmp_path, cache):
    path = tmp_path / "a.txt"
    path.write_text("Anna: I hate this! I am so angry.\nBen: I am glad that you came.\n")
    made = Settings(cache=cache)
    ledger = Ledger(made)
    ledger.add(path)
    list(ledger.whole())
    sheet = next(e.sheet for e in see([path], made) if isinstance(e, SheetReady))
    assert ledger.sheet(made.budget) == sheet
    assert not list(ledger.whole())


def test_two_clips_have_persons_and_ids_of_their_own(tmp_path, cache):
    for name, text in (("a.txt", "I hate this."), ("b.txt", "I love this.")):
        (tmp_path / name).write_text(text)
    ledger = Ledger(Settings(cache=cache, senses=("transcript",)))
    ledger.add(tmp_path / "a.txt")
    list(ledger.whole())
    assert {c.media for c in ledger.sheet().cues.values()} == {None}
    ledger.add(tmp_path / "b.txt")
    list(ledger.whole())
    assert {i: c.media for i, c in ledger.sheet().cues.items()} == {"T1": "m1", "T2": "m2"}
    assert ledger.clip("b.txt").id == "m2" and len(ledger.view(media=ledger.clip("m2")).cues) == 1
