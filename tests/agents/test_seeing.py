"""Stretches of longer files, looked at alone, with the times of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from cuechain.agents import settings
from cuechain.agents.errors import MediaError
from cuechain.agents.pipeline import SheetReady, see
from cuechain.agents.question.focus import later
from cuechain.agents.values import Cue, CueSheet, Span, Turn


def sheet(*arguments, **more) -> CueSheet:
    (ready,) = [event for event in see(*arguments, **more) if isinstance(event, SheetReady)]
    return ready.sheet


def test_a_stretch_is_looked_at_alone(film, tmp_path: Path, tone):
    clip = film(tmp_path / "c.mp4", seconds=8, shots=4, sound=tone(8))
    chosen = settings.load(senses=("scene", "sound"))
    found = sheet([clip], chosen, stretch=Span(start=4, end=6))
    spans = [cue.span for cue in found.cues.values() if cue.span]
    assert spans and all(4 - 0.05 <= span.start < span.end <= 6.1 for span in spans)
    assert len([c for c in found.cues.values() if c.sense == "scene" and c.span]) <= 2, "one shot, not four"
    assert found.media[0].path == str(clip) and found.media[0].duration == pytest.approx(6, abs=0.1)
    with pytest.raises(MediaError):
        sheet([clip], chosen, stretch=Span(start=20, end=22))


def test_turns_that_name_one_file_are_stretches_of_it(film, tmp_path: Path):
    clip = str(film(tmp_path / "c.mp4", seconds=8, shots=4))
    other = str(film(tmp_path / "d.mp4", seconds=2))
    turns = (
        Turn(speaker="Ann", text="So?", file=clip, span=Span(start=0, end=2)),
        Turn(speaker="Bo", text="No!", file=clip, span=Span(start=6, end=8)),
        Turn(speaker="Ann", text="Fine.", file=other, span=Span(start=900, end=902)),
    )
    found = sheet([], settings.load(senses=("scene", "transcript")), turns=turns)
    seen = {
        line: [c.span for c in found.cues.values() if c.sense == "scene" and c.span and c.measures.get("line") == line]
        for line in (1, 2, 3)
    }
    assert all(spans for spans in seen.values())
    assert all(span.end <= 2.1 for span in seen[1]) and all(span.start >= 5.9 for span in seen[2])
    assert all(span.end <= 2.1 for span in seen[3]), "a file of its own is looked at whole, whatever the time of day"


def test_a_sense_that_has_nothing_to_look_at_is_none_that_could_use_the_input(tmp_path: Path):
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "grey.png")
    with pytest.raises(MediaError) as told:
        sheet([tmp_path / "grey.png"], settings.load(senses=("voice",)))
    assert "no sense could use the input" in str(told.value) and "voice: no sound in this image" in told.value.hint
    assert sheet([tmp_path / "grey.png"], settings.load(senses=("voice", "screen"))).gaps


def test_moments_in_a_cue_move_with_it():
    cue = Cue(
        sense="face",
        text="the face moves most at 1.0 s",
        span=Span(start=1, end=1.5),
        measures={"peak_s": 1.0, "blink_times_s": "0.5 1.2", "au12": 2.0},
        source="face@1",
    )
    moved = later(cue, 60)
    assert moved.span == Span(start=61, end=61.5) and moved.text.endswith("at 61.0 s")
    assert moved.measures == {"peak_s": 61.0, "blink_times_s": "60.5 61.2", "au12": 2.0}
    assert later(cue, 0) is cue
    said = cue.model_copy(update={"sense": "transcript", "text": "see you at 1.0 s"})
    assert later(said, 60).text == said.text, "what somebody said stays as it was said"
