"""The examples that ship: they open, hold what their README says, and stay small."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from cuechain.agents.media import opened
from cuechain.agents.values import Cue, Span

EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = {"demo.mp4": 1_200_000, "sign.png": 60_000, "thread.txt": 2_000}


@pytest.mark.parametrize("name", SMALL)
def test_an_example_is_small(name: str) -> None:
    assert 0 < (EXAMPLES / name).stat().st_size < SMALL[name]


def test_the_demo_is_one_file_with_picture_sound_and_subtitles() -> None:
    with opened(EXAMPLES / "demo.mp4") as clip:
        assert clip.media.kind == "video"
        assert set(clip.media.streams) == {"video", "audio", "subtitles"}
        assert clip.media.size == (512, 512)
        assert clip.media.duration == pytest.approx(14.4, abs=0.1)
    assert not list(EXAMPLES.glob("demo.srt"))


def test_the_demo_decodes_to_its_end() -> None:
    with av.open(str(EXAMPLES / "demo.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert len(times) == 360
    assert np.allclose(np.diff(times), 1 / 25, atol=1e-3)


def test_the_demo_says_happy_words_after_an_ordinary_line_and_more_quietly() -> None:
    with opened(EXAMPLES / "demo.mp4") as clip:
        said, sound = clip.subtitles, clip.sound
    assert [line.text for line in said] == [
        "Hey, it's me. I just got back from the supermarket.",
        "So, what's the big news?",
        "Wow! Congratulations on the new job!",
        "I'm fine, really. I'm so happy for you!",
    ]
    assert sound is not None

    def level(start: float, end: float) -> float:
        return float(20 * np.log10(np.sqrt(np.mean(np.square(sound[int(start * 16000) : int(end * 16000)])))))

    *ordinary, third, fourth = (level(line.span.start, line.span.end) for line in said)
    pause = level(said[2].span.end + 0.2, said[3].span.start - 0.1)
    assert third < min(ordinary) - 3
    assert fourth < min(ordinary) - 3
    assert pause < fourth - 15
    assert said[3].span.start - said[2].span.end > 1


def test_the_thread_has_two_people_who_take_turns() -> None:
    with opened(EXAMPLES / "thread.txt") as clip:
        assert clip.media.kind == "text"
        names = [line.partition(": ")[0] for line in (clip.text or "").splitlines() if line]
    assert names == ["Maya", "Jonas"] * 5


def test_the_sign_is_an_image() -> None:
    with opened(EXAMPLES / "sign.png") as clip:
        assert clip.media.kind == "image"
        (frame,) = clip.frames(1)
    assert frame.image.shape == (600, 720, 3)


def test_the_demos_face_is_at_rest_first_and_sad_when_the_happy_words_are_over() -> None:
    pytest.importorskip("mediapipe", reason="needs the face extra")
    from cuechain.agents.perception.face import Face
    from cuechain.agents.settings import Settings

    face = Face(Settings(cache=None))
    with opened(EXAMPLES / "demo.mp4") as clip:
        for frame in clip.frames(12.5):
            face.watch(frame)
        cues = [c for c in face.perceive(clip, []) if isinstance(c, Cue) and c.span]
    corners = [c.span for c in cues if c.measures.get("au15") and c.span]
    brows = [c.span for c in cues if c.measures.get("au1") and c.span]
    assert any(s.overlap(Span(start=9.0, end=10.3)) > 0.5 for s in corners)
    assert sum(s.overlap(Span(start=6.0, end=14.4)) for s in brows) > 2
    assert all(s.start > 5 for s in (*corners, *brows))
