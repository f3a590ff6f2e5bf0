"""A stretch of a clip is decoded alone, and is the same as that part of the whole."""

import numpy as np
import pytest

from cuechain.agents.agent.stretches import left, shifted, span_of, widened
from cuechain.agents.media import RATE, opened
from cuechain.agents.values import Cue, Span


@pytest.fixture(scope="module")
def short(tmp_path_factory, film, tone):
    sound = np.concatenate([tone(2, hz=200), tone(2, hz=400), tone(2, hz=800)])
    path = film(tmp_path_factory.mktemp("short") / "a.mp4", seconds=6, fps=10, size=(96, 64), shots=3, sound=sound)
    lines = ((0.5, 1.5, "one"), (1.9, 3.0, "two"), (2.5, 4.5, "three"), (5, 5.5, "four"))
    text = "".join(f"{n}\n00:00:0{a:.3f} --> 00:00:0{b:.3f}\n{t}\n\n" for n, (a, b, t) in enumerate(lines, 1))
    path.with_suffix(".srt").write_text(text.replace(".", ","))
    return path


def test_sound_pictures_and_lines_of_a_stretch_are_those_of_the_whole(short):
    with opened(short) as clip:
        whole, pictures = np.array(clip.sound), [(f.time, f.small.copy()) for f in clip.frames(10)]
    with opened(short, stretch=Span(start=2.25, end=4.75)) as clip:
        assert clip.media.duration == 2.5 and len(clip.sound) == round(2.5 * RATE)
        there = whole[round(2.25 * RATE) : round(4.75 * RATE)]
        assert np.corrcoef(clip.sound[800:-800], there[800:-800])[0, 1] > 0.98
        frames = [(f.time + 2.25, f.small.copy()) for f in clip.frames(10)]
        assert [s.text for s in clip.subtitles] == ["three"] and clip.subtitles[0].span.start == pytest.approx(0.25)
        assert not clip.notes
    assert 2.25 <= frames[0][0] <= 2.36 and frames[-1][0] < 4.75
    assert len(frames) == pytest.approx(25, abs=1)
    known = {round(t, 1): image for t, image in pictures}
    for time, image in frames[1:-1]:
        if round(time, 1) in known:
            assert np.abs(image.astype(int) - known[round(time, 1)]).mean() < 2


def test_the_cue_cache_tells_stretches_apart(short):
    digests = set()
    for stretch in (None, Span(start=0, end=3), Span(start=0, end=4)):
        with opened(short, stretch=stretch) as clip:
            digests.add(clip.digest)
    assert len(digests) == 3


def test_what_is_left_of_a_stretch():
    def span(a, b):
        return Span(start=a, end=b)

    assert left(span(0, 10), []) == [span(0, 10)]
    assert left(span(0, 10), [span(2, 4), span(6, 7)]) == [span(0, 2), span(4, 6), span(7, 10)]
    assert left(span(2, 3), [span(0, 5)]) == []
    assert left(span(0, 10), [span(0, 9.8)]) == []
    assert widened(span(100.2, 101.1), span(0, 3600)).length >= 6
    assert widened(span(3599.5, 3600), span(0, 3600)).end == 3600


def test_times_in_measures_and_words_move_with_a_cue():
    cue = Cue(
        sense="face", text="the face moves most at 2.0 s", span=Span(start=2, end=3), source="face@1",
        measures={"peak_s": 2.0, "blink_times_s": "1.0 2.5", "lips_moving_spans_s": "0.2-3.4@0.31 5.0-6.1", "au12": 0.5},
    )  # fmt: skip
    moved = shifted(cue, 60)
    assert moved.span == Span(start=62, end=63) and moved.text == "the face moves most at 62.0 s"
    assert moved.measures["blink_times_s"] == "61.0 62.5" and moved.measures["au12"] == 0.5
    assert moved.measures["lips_moving_spans_s"] == "60.2-63.4@0.31 65.0-66.1"


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ({"start": 12, "end": 20}, 12, 20),
        ({"start": "12:00", "end": "13:00"}, 720, 780),
        ([1, 2], 1, 2),
        ("12:00-13:00", 720, 780),
        ("1:02:03 - 1:02:05", 3723, 3725),
        ("720 to 780 s", 720, 780),
        ("12.5", 11.0, 14.0),
        ('{"start": 3, "end": 4}', 3, 4),
    ],
)
def test_a_span_as_models_write_it(written, start, end):
    assert Span.model_validate(span_of(written)) == Span(start=start, end=end)


@pytest.mark.parametrize(
    "written", ["soon", "12-", "a-b", "{", "1-2-3", {"start": "x", "end": 2}, {"start": 5, "end": 2}, 7]
)
def test_what_is_no_span(written):
    with pytest.raises(ValueError):
        Span.model_validate(span_of(written))
