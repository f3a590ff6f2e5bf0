"""What a page holds: pictures of cited moments, provenance, what failed; and what it leaves out."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cuechain.agents.errors import ConfigError
from cuechain.agents.report import at_hand, contents
from cuechain.agents.report.fragment import weighed
from cuechain.agents.report.page import page
from cuechain.agents.values import CausePair, Claim, CueSheet, Media, Problem, Sample, Span, Target, Turn, Verdict
from cuechain.agents.weigh import Heard, weigh
from tests.agents.report.made import case, cheerful, cue


def pictures(html: str) -> list[Image.Image]:
    found = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in found]


def about_file(path: Path, kind: Any = "video", claims: Any = (), **more: Any) -> Any:
    media = Media(
        id="m1", kind=kind, path=str(path), duration=8.0, sha256=hashlib.sha256(path.read_bytes()).hexdigest()
    )
    return case(cheerful().model_copy(update={"media": (media,), **more}), claims)


def test_frames_are_those_of_the_cited_moments(film: Any, tmp_path: Path):
    clip = film(tmp_path / "a.mp4", seconds=8.0, fps=10, shots=4, still=True)
    told = about_file(clip, claims=[Claim(text="Sad", cites=("F1",)), Claim(text="x", cites=("F2", "W1"))])
    html = page([told], tmp_path / "r.html")
    first, second = pictures(html)  # W1 at 5.0 s shares the frame of F1's peak at 5.25 s
    assert first.size == (320, 180)
    assert first.getpixel((2, 2)) == pytest.approx((20, 140, 40), abs=16)
    assert second.getpixel((2, 2)) == pytest.approx((220, 90, 200), abs=16)
    assert html.index("frame at 5.2 s, cited as F1, W1") < html.index("frame at 6.8 s, cited as F2")


def test_frames_stand_upright(film: Any, tmp_path: Path):
    html = page([about_file(film(tmp_path / "a.mp4", seconds=8.0, fps=5, rotation=90))], tmp_path / "r.html")
    assert {one.size for one in pictures(html)} == {(180, 320)}


def test_no_pictures_where_none_are_wanted(film: Any, tmp_path: Path):
    clip = film(tmp_path / "a.mp4", seconds=8.0, fps=5)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "b.png")
    html = page([about_file(clip), about_file(tmp_path / "b.png", "image")], tmp_path / "r.html", keyframes=False)
    assert "data:image" not in html
    assert 'src="a.mp4"' in html


def test_an_image_is_shown_upright_on_white_and_small(tmp_path: Path):
    Image.new("RGBA", (3000, 20), (0, 0, 0, 0)).save(tmp_path / "b.png")
    (shown,) = pictures(page([about_file(tmp_path / "b.png", "image")], tmp_path / "r.html"))
    assert shown.width == at_hand.PICTURE_SIDE
    assert shown.getpixel((5, 2)) == (255, 255, 255)


def test_a_file_that_has_changed_or_gone_is_not_shown(film: Any, tmp_path: Path):
    clip = film(tmp_path / "a.mp4", seconds=2.0, fps=5)
    told = about_file(clip)
    clip.write_bytes(clip.read_bytes() + b"more")
    changed = page([told], tmp_path / "r.html")
    assert "the file has changed since" in changed
    assert "<video" not in changed
    clip.unlink()
    assert "the file is not where it was" in page([told], tmp_path / "r.html")
    odd = told.sheet.media[0].model_copy(update={"path": "x\0y" + "z" * 5000})
    assert "<video" not in page([case(cheerful().model_copy(update={"media": (odd,)}))], tmp_path / "r.html")


def test_a_file_beside_the_stored_case_is_found(film: Any, tmp_path: Path):
    folder = tmp_path / "moved"
    folder.mkdir()
    told = about_file(film(tmp_path / "a.mp4", seconds=2.0, fps=5))
    (tmp_path / "a.mp4").rename(folder / "a.mp4")
    assert 'src="moved/a.mp4"' in page([told], tmp_path / "r.html", beside=folder)


def test_a_damaged_film_has_no_frames(tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + b"no film" * 500)
    assert not pictures(page([about_file(tmp_path / "a.mp4")], tmp_path / "r.html"))


def test_a_name_of_a_file_is_no_address(film: Any, tmp_path: Path):
    clip = film(tmp_path / "javascript:alert(1)?#.mp4", seconds=1.0, fps=5)
    assert 'src="javascript%3Aalert%281%29%3F%23.mp4"' in page([about_file(clip)], tmp_path / "r.html")


def test_an_address_is_not_asked_and_its_key_stays_out(tmp_path: Path):
    path = "https://anna:secret@example.org/talks/a.mp4?key=k3y0"
    media = cheerful().media[0].model_copy(update={"path": path})
    html = page([case(cheerful().model_copy(update={"media": (media,)}))], tmp_path / "r.html")
    assert "a.mp4" in html
    assert not {word for word in ("secret", "k3y0", "example.org") if word in html}
    assert "a page asks the network for nothing" in html


def test_too_much_to_embed_is_told(film: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clip = film(tmp_path / "a.mp4", seconds=1.0, fps=5)
    assert 'src="data:video/mp4;base64,' in page([about_file(clip)], tmp_path / "r.html", embed=True)
    monkeypatch.setattr(at_hand, "MOST_EMBEDDED", 100)
    with pytest.raises(ConfigError, match="a page can hold") as caught:
        page([about_file(clip)], tmp_path / "r.html", embed=True)
    assert "--embed-media" in caught.value.hint


def test_everything_about_a_case_is_told(tmp_path: Path):
    told = case(sample=Sample(id="dia1_utt2", dataset="meld", split="dev", target=Target(labels=("sadness",))))
    wrong = Verdict(claims=2, problems=(Problem(code="wrong_time", claim=1, text="9 s lies outside"),))
    html = page([told.model_copy(update={"verdict": wrong})], tmp_path / "r.html")
    for piece in (
        "How does she feel?", "quite sure (80%)", "something seems to be hidden", "9 s lies outside", "wrong_time, sentence 2",
        "no words on screen", "face@1, scene@1", "abc123", "dia1_utt2", "of meld, dev", "sadness", "case schema 1", "embedded",
        "au15", "points: {&#34;W1&#34;: &#34;joy&#34;", "no proof of what anybody feels",
    ):  # fmt: skip
        assert piece in html


def test_a_failed_case_and_a_text_have_pages(tmp_path: Path):
    text = Media(
        id="m1", kind="text", text="Ann: hi\nBo: no", turns=(Turn(speaker="Ann", text="<i>hi"), Turn(text="no"))
    )
    sheet = CueSheet(media=(text,), cues={"T1": cue("transcript", "Ann says hi")})
    failed = case(sheet).model_copy(
        update={
            "answer": None,
            "verdict": None,
            "explanation": None,
            "steps": (),
            "status": "failed",
            "error": "no <reply>",
        }
    )
    html = page([failed], tmp_path / "r.html")
    assert "no &lt;reply&gt;" in html
    assert "&lt;i&gt;hi" in html
    assert "No steps were kept" in html
    assert "answered by" not in html  # nobody answered it
    lost = Sample(id="i", files=("/far/lost.mp4",), span=Span(start=50, end=58))
    empty = page([failed.model_copy(update={"sheet": CueSheet(), "sample": lost})], tmp_path / "r.html")
    assert "lost.mp4" in empty and "/far/lost" not in empty and "50.0-58.0 s" in empty
    assert "0 cues" not in empty and "No steps were kept" not in empty


def item(id: str, gold: Any = None, **more: Any) -> Any:
    target = Target(labels=gold) if isinstance(gold, tuple) else gold or Target()
    media = Media(id="m1", kind="video", path=f"{id}.mp4", duration=8.0)
    sheet = cheerful().model_copy(update={"media": (media,)})
    return case(sheet, sample=Sample(id=id, target=target), **more)


def listed(html: str) -> list[list[str]]:
    """Rows of the list, without their markup; the first cell begins with where it leads."""
    table = html.partition('id="list">')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<(?!a )[^>]+>", "", c).replace('<a href="', "").replace('">', " ") for c in row] for row in cells]


def test_several_items_are_listed_and_each_part_is_headed_by_its_own(tmp_path: Path):
    from cuechain.agents.values import Question

    asked = Question(text="How does she feel?", task="emotion", labels=("joy", "sadness"))
    broken = item("b<c>", ("joy",)).model_copy(
        update={
            "answer": None,
            "explanation": None,
            "status": "failed",
            "error": "MediaError: no sound",
            "sheet": CueSheet(),
        }
    )
    cases = [
        one.model_copy(update={"question": asked})
        for one in (item("a", ("sadness",)), broken, item("d", ("joy", "fear")))
    ]
    html = page(cases, tmp_path / "r.html")
    assert listed(html) == [
        ["#case-1-1 a", "sadness 80%", "sadness", "✓ yes"],
        ["#case-2-1 b&lt;c&gt;", "failed: MediaError: no sound", "joy", ""],
        ["#case-3-1 d", "sadness 80%", "joy, fear", "✗ no"],
    ]
    assert re.findall(r'<h2 class="part" id="(.*?)"><bdi>(.*?)</bdi>', html) == [
        ("case-1-1", "a"), ("case-2-1", "b&lt;c&gt;"), ("case-3-1", "d"),
    ]  # fmt: skip
    assert re.findall(r"<dt>item</dt><dd><bdi>(.*?)</bdi>", html) == ["a", "b&lt;c&gt;", "d"]
    assert html.count("How does she feel?") == 2  # in the title and once above the list
    assert "<h1>" in html and 'id="list"' not in page(cases[:1], tmp_path / "r.html")


def test_questions_of_a_conversation_are_listed_by_what_was_asked(tmp_path: Path):
    html = page([case(), case(question="And is she angry?")], tmp_path / "r.html")
    assert "<title>2 questions about clip.mp4</title>" in html
    assert [row[:2] for row in listed(html)] == [
        ["#case-1-1 How does she feel?", "sadness 80%"],
        ["#case-1-2 And is she angry?", "sadness 80%"],
    ]
    assert "people said" not in html and html.count("<article") == 1


def test_what_people_said_is_told_in_words(tmp_path: Path):
    target = Target(
        labels=("Happy", "calm"), scores={"valence": 3.25}, fields={"humour": "funny"}, text="He smiles.",
        raters={"A": ("joy",)}, pairs=(CausePair(turn=2, emotion="joy", cause=1),), flips=(),
    )  # fmt: skip
    html = page([item("a", target)], tmp_path / "r.html")
    said = re.findall(r"<dt>((?:people|rater)[^<]*)</dt><dd><bdi>(.*?)</bdi>", html)
    assert said == [
        ("people said", "Happy, calm"), ("people said", "valence 3.25"), ("people said", "humour funny"),
        ("people said", "turn 2; emotion joy; cause 1"), ("people said", "no flips"), ("people explained", "He smiles."),
        ("rater A", "joy"),
    ]  # fmt: skip
    assert ("people said", "none of the labels") in contents.told(item("a", ()))
    assert contents.told(item("a")) == contents.told(case()) == []


def test_half_a_letter_does_not_stop_a_page(tmp_path: Path):
    told = case().model_copy(update={"error": "broken \ud83d", "answer": None})
    assert "broken ?" in page([told], tmp_path / "r.html")


def test_an_hour_of_cues_stays_a_page(tmp_path: Path):
    cues = {
        f"F{n}": cue("face", "the lip corners possibly pull down (AU15, medium)", n * 0.7, n * 0.7 + 2, f"P{n % 3}",
                     measures={"au15": 0.5, "peak_s": n * 0.7 + 1, "au15_left": 0.4, "au15_right": 0.6})
        for n in range(5000)
    }  # fmt: skip
    sheet = CueSheet(media=(Media(id="m1", kind="video", path="hour.mp4", duration=3600.0),), cues=cues)
    html = page([case(sheet, [Claim(text="Sad", cites=("F4000", "F1"))])], tmp_path / "r.html")
    assert len(html) < 6_000_000
    assert html.count('class="cc-bar') < 2_500
    assert html.count("<tr data-row=") == 5000
    assert html.count("data-print>") == 1  # on paper the step is open, the tables are not


@pytest.mark.parametrize("sentence", ["joy", None])
def test_senses_are_weighed_in_words_and_bars(sentence: str | None):
    def ask(sheet: CueSheet) -> Heard:
        senses = {c.sense for c in sheet.cues.values()}
        return Heard(label="sadness" if "face" in senses else sentence, confidence=0.8)

    html = weighed(weigh(cheerful(), ask))
    assert "+0.43" not in html
    assert 'scope="row">face' in html
    assert "left:50%" in html
    assert ("The words alone would say joy" in html) == (sentence == "joy")
    only = weigh(cheerful().only({"F1"}), ask)
    assert "there is nothing to weigh it against" in weighed(only)
