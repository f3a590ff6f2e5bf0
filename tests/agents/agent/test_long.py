"""An hour of film: a question about one minute costs a minute."""

import importlib.util
import time
from pathlib import Path

import pytest

from cuechain.agents.agent import Conversation
from cuechain.agents.pipeline import Looked
from cuechain.agents.values import Span
from tests.agents.agent.conftest import answer

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def hour(data, tmp_path_factory):
    spec = importlib.util.spec_from_file_location("looped", BENCHMARKS / "looped.py")
    assert spec and spec.loader
    looped = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(looped)
    clip = data / "media" / "videos" / "talking_wda_aoc.mp4"
    return looped.captioned(looped.looped(clip, tmp_path_factory.mktemp("hour") / "hour.mp4", 3600), 3600)


@pytest.mark.slow
def test_only_the_minute_that_was_asked_about_is_perceived(hour, scripted):
    span = {"start": 2400.0, "end": 2460.0}
    given = answer(("Nothing stands out.", ("T1",)), label="neutral", person=None)
    made = scripted([(n, {"span": span}) for n in ("transcript", "listen", "look")], "notes", given, senses=())
    begin = time.process_time()
    talk = Conversation([hour], made)
    events = list(talk.events("How does she feel from 40:00 to 41:00?"))
    assert time.process_time() - begin < 120  # the hour takes twenty times that
    assert [e.args["span"] for e in events if isinstance(e, Looked)] == [span] * 3
    media = talk.ledger.media[0]
    for sense in ("transcript", "words", "voice", "sound", "face", "scene", "screen"):
        assert talk.ledger.seen(media, sense) == (Span(start=2400, end=2460),), sense
    sheet = events[-1].case.sheet
    assert {"transcript", "voice", "face"} <= {c.sense for c in sheet.cues.values()}
    assert all(c.span.start >= 2399.9 and c.span.end <= 2464 for c in sheet.cues.values() if c.span)
