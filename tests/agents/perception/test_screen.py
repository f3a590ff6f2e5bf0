from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception.pictures.reader import lines
from cuechain.agents.perception.screen import Screen
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap
from cuechain.agents.weights import without_denormals


def drawn(
    words: str, *, at: float = 0.8, size: int = 40, shape: tuple[int, int] = (640, 360), ground: int = 60
) -> np.ndarray:
    image = Image.new("RGB", shape, (ground, ground, ground + 30))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    draw.text(
        (shape[0] / 2, shape[1] * at), words, font=font, fill="white", stroke_width=2, stroke_fill="black", anchor="mm"
    )
    return np.asarray(image)


def watched(frames: list[Frame]) -> list[Cue | Gap]:
    sense = Screen(load(cache=None))
    for frame in frames:
        sense.watch(frame)
    with opened(text="stands in") as clip:
        return list(sense.perceive(clip, ()))


def shown(pictures: list[tuple[float, np.ndarray]], shots: list[int] | None = None, step: float = 0.5) -> list[Frame]:
    return [
        Frame(t, p, i, shots[i] if shots else 0, 0.01, step, (p.shape[1], p.shape[0]))
        for i, (t, p) in enumerate(pictures)
    ]


def words(found: list[Cue | Gap]) -> list[str]:
    return [re.findall(r'"(.*)"', c.text)[0] for c in found if isinstance(c, Cue)]


def still(path: Path) -> list[Cue | Gap]:
    sense = Screen(load(cache=None))
    with opened(path) as clip:
        for frame in clip.frames(12.5):
            sense.watch(frame)
        return list(sense.perceive(clip, ()))


def test_weights_too_small_to_count_are_left_out_and_nothing_else_changes() -> None:
    """They take two thirds of the detector's time; what it says of a picture must be the same to the last bit."""
    import rapidocr
    from onnxruntime import InferenceSession

    (path,) = (Path(rapidocr.__file__).parent / "models").glob("*det*.onnx")
    given = path.read_bytes()
    less = without_denormals(given)
    assert len(less) == len(given) and less != given and without_denormals(less) == less
    picture = np.random.default_rng(0).standard_normal((1, 3, 160, 160)).astype(np.float32)
    both = [InferenceSession(model, providers=["CPUExecutionProvider"]) for model in (given, less)]
    first, second = (one.run(None, {one.get_inputs()[0].name: picture})[0] for one in both)
    assert np.array_equal(first, second)


def test_a_caption_is_quoted_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(drawn("Nobody told me anything", at=0.1)).save(path)
    (cue,) = still(path)
    assert isinstance(cue, Cue)
    assert cue.text == 'the screen shows the words "Nobody told me anything" at the top'
    assert cue.span is None


def test_tight_capitals_keep_their_spaces(tmp_path: Path) -> None:
    found = watched(shown([(0.0, drawn("SO I HAD TO DEBUG ON A FRIDAY", size=36))]))
    assert words(found) == ["SO I HAD TO DEBUG ON A FRIDAY"]


def test_a_text_that_stands_is_one_cue_with_its_time() -> None:
    page = drawn("This stays for a while")
    other = drawn("And this comes later")
    found = watched(shown([(i * 0.5, page if i < 8 else other) for i in range(14)]))
    spans = {words([c])[0]: c.span for c in found if isinstance(c, Cue)}
    first, second = spans["This stays for a while"], spans["And this comes later"]
    assert first
    assert second
    assert first.start == 0
    assert first.end == pytest.approx(4.0, abs=0.5)
    assert second.end == pytest.approx(7.0, abs=0.1)


def test_an_unchanged_picture_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    page = drawn("Only once")
    sense = Screen(load(cache=None))
    for frame in shown([(i * 0.5, page) for i in range(20)]):
        sense.watch(frame)
    assert sense._read == 1


def test_at_most_one_reading_in_two_seconds_within_a_shot() -> None:
    rng = np.random.default_rng(0)
    sense = Screen(load(cache=None))
    for i in range(50):
        sense.watch(Frame(i * 0.08, rng.integers(0, 255, (64, 96, 3), np.uint8), i, 0, 0.3, 0.08, (96, 64)))
    assert sense._read <= 2


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (360, 640)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_no_words_are_a_gap(size: tuple[int, int], value: int) -> None:
    found = watched(shown([(0.0, np.full((*size, 3), value, np.uint8))]))
    assert [type(f) for f in found] == [Gap]


def test_quotes_and_length_are_tamed() -> None:
    found = watched(shown([(0.0, drawn('She said "no" twice'))]))
    (cue,) = [c for c in found if isinstance(c, Cue)]
    assert cue.text.count('"') == 2


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "house.jpg"])
def test_pictures_without_words_have_none(data: Path, name: str) -> None:
    assert words(still(data / "media/images_misc" / name)) == []


def test_a_meme_and_a_page(data: Path) -> None:
    assert words(still(data / "media/images_misc/wakeupcat.jpg")) == ["Wake up human!"]
    page = " ".join(words(still(data / "media/images_misc/phototest.tif")))
    assert "The quick brown dog jumped over the lazy fox" in page


def test_print_is_found_where_it_stands_and_read() -> None:
    picture = drawn("HELLO THERE", size=48, shape=(640, 352))
    (found,) = lines(picture)
    assert found.words == "HELLO THERE" and found.score > 0.9
    assert abs((found.left + found.right) / 2 - 0.5) < 8 / 640 and abs((found.top + found.bottom) / 2 - 0.8) < 8 / 352
    assert 35 < 352 * (found.bottom - found.top) < 90
    assert [line.words for line in lines(np.ascontiguousarray(np.rot90(picture, -1)))] == ["HELLO THERE"]
    assert lines(np.zeros((64, 64, 3), np.uint8)) == []


def test_the_reader_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    watched(shown([(0.0, drawn("quiet"))]))
    out = capfd.readouterr()
    assert out.err == ""
    assert out.out == ""


def moving(
    texts: list[tuple[float, float, str]], seconds: float, *, fade: float = 0.0, roll: float = 0.0
) -> list[tuple[float, np.ndarray]]:
    """12.5 pictures a second of texts, each with its start and end, over a pattern that drifts; `roll` in pixels a second upwards."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(30, 150, (12, 20, 3), np.uint8)).resize((800, 480), Image.Resampling.BICUBIC)
    font, pictures = ImageFont.load_default(26), []
    for i in range(round(seconds * 12.5)):
        now = i / 12.5
        ground = coarse.crop((int(5 * now), int(3 * now), int(5 * now) + 640, int(3 * now) + 360))
        for start, end, text in texts:
            if start <= now < end:
                over = ground.copy()
                at = (320, 320 - roll * (now - start))
                ImageDraw.Draw(over).text(
                    at, text, font=font, fill="white", stroke_width=2, stroke_fill="black", anchor="mm"
                )
                ground = Image.blend(ground, over, min(1.0, (now - start + 0.08) / fade) if fade else 1.0)
        pictures.append((now, np.asarray(ground)))
    return pictures


def test_subtitles_over_a_moving_picture_have_their_times() -> None:
    texts = [(1.2, 3.0, "I never said that"), (3.2, 4.8, "Then who did it?"), (6.0, 8.0, "I never said that")]
    found = [c for c in watched(shown(moving(texts, 9), step=0.08)) if isinstance(c, Cue)]
    assert words(list(found)) == [text for *_, text in texts]
    for cue, (start, end, _) in zip(found, texts, strict=True):
        assert cue.span
        assert cue.span.start == pytest.approx(start, abs=0.17)
        assert cue.span.end == pytest.approx(end, abs=0.17)


def test_a_text_that_fades_in_is_one_cue_read_when_it_is_clear() -> None:
    (cue,) = watched(shown(moving([(0.8, 4.0, "Nothing will be the same")], 5, fade=0.6), step=0.08))
    assert isinstance(cue, Cue)
    assert words([cue]) == ["Nothing will be the same"]
    assert cue.span
    assert cue.span.start == pytest.approx(0.8, abs=0.3)


def test_a_rolling_text_is_one_cue() -> None:
    lines = ["Written by Ann Holm", "Directed by Per Dahl", "Music by Ida Lund", "Edited by Jon Berg"]
    texts = [(0.9 * i, 0.9 * i + 8, line) for i, line in enumerate(lines)]
    found = words(watched(shown(moving(texts, 10, roll=38), step=0.08)))
    assert " ".join(found).count("Ann Holm") == 1
    assert found[0] == " ".join(lines)


def test_a_moving_picture_without_words_is_hardly_read() -> None:
    sense = Screen(load(cache=None))
    for frame in shown(moving([], 12), step=0.08):
        sense.watch(frame)
    assert sense._read <= 2
    assert len(sense._past) < 45


def test_a_picture_that_changes_its_shape_is_read_anew() -> None:
    pages = [drawn("First words", shape=(640, 360)), drawn("Second words", shape=(360, 640))]
    assert words(watched(shown([(0.0, pages[0]), (2.0, pages[1])], step=2.0))) == ["First words", "Second words"]
