"""Pages in a real browser: what is clicked plays, nothing reaches the network, nothing sticks out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cuechain.agents.report.fragment import css, fragment, js, prose
from cuechain.agents.report.timeline import timeline
from cuechain.agents.values import Claim, CueSheet, Media, Sample, Span
from tests.agents.report.made import case, cheerful, cue

NOW = "document.querySelector('video').currentTime"


def ready(tab: Any) -> None:
    tab.wait_for_function("() => document.querySelector('video').readyState >= 2")


@pytest.mark.parametrize("embed", [False, True])
def test_a_citation_plays_its_moment_and_marks_the_cue(shown: Any, about: Any, embed: bool):
    tab = shown([about()], embed=embed)
    ready(tab)
    assert tab.evaluate(NOW) == 0
    tab.locator(".cc-prose [data-cue=F1]").click()
    tab.wait_for_function(f"() => {NOW} >= 4.5")
    assert tab.evaluate(NOW) < 6.1
    marked = tab.evaluate("[...document.querySelectorAll('.cc-on')].map(e => e.className.split(' ')[0] || e.tagName)")
    assert sorted(set(marked)) == ["cc-bar", "cc-cite", "cc-on"]  # the third is the row of the table
    assert "the lip corners pull down" in tab.locator(".cc-now").inner_text()
    tab.wait_for_function("() => document.querySelector('video').paused")
    assert 6.0 <= tab.evaluate(NOW) < 6.6  # a second and a half, though the cue is shorter


def test_a_bar_is_reached_and_played_by_keyboard(shown: Any, about: Any):
    tab = shown([about()])
    ready(tab)
    tab.locator(".cc-bar[data-cue=F1]").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.dataset.cue") == "F2"
    tab.keyboard.press("Enter")
    tab.wait_for_function(f"() => {NOW} >= 6.5")
    tab.keyboard.press("ArrowUp")
    assert tab.evaluate("document.activeElement.dataset.cue") == "V1"
    stops = tab.evaluate(
        "[...document.querySelectorAll('.cc-lane')].map(l => l.querySelectorAll('.cc-bar[tabindex=\"0\"]').length)"
    )
    assert max(stops) == 1


def test_a_click_between_the_bars_moves_the_player(shown: Any, about: Any):
    tab = shown([about()])
    ready(tab)
    area = tab.locator(".cc-lane[aria-label='P1, face'] .cc-area")
    box = area.bounding_box()
    area.click(position={"x": box["width"] / 4, "y": 5})
    assert tab.evaluate(NOW) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("embed", [False, True])
def test_nothing_reaches_the_network(shown: Any, about: Any, embed: bool):
    evil = about(question='<img src="http://127.0.0.1:9/a.png"><script src="http://127.0.0.1:9/b.js"></script>')
    tab = shown([evil], embed=embed)
    ready(tab)
    assert all(url.startswith(("file:", "data:")) for url in tab.asked)
    blocked = tab.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')")
    assert blocked == "refused"
    assert any("Content Security Policy" in line for line in tab.noise)  # refused by the page, not by the closed port
    tab.noise.clear()


def test_a_stretch_is_played_from_where_it_is_in_the_file(shown: Any, about: Any):
    told = about()
    told = told.model_copy(
        update={
            "sheet": told.sheet.only(set(told.sheet.cues) - {"S1"}),
            "sample": Sample(id="i", span=Span(start=4, end=8)),
        }
    )
    tab = shown([told])
    ready(tab)
    tab.locator(".cc-axis .cc-area").click(position={"x": 1, "y": 5})
    assert 4 <= tab.evaluate(NOW) < 4.1
    area = tab.locator(".cc-axis .cc-area").bounding_box()
    tab.locator(".cc-axis .cc-area").click(position={"x": area["width"] / 2, "y": 5})
    tab.wait_for_function("() => parseFloat(document.querySelector('.cc-head-line').style.left) > 40")
    assert abs(tab.evaluate("parseFloat(document.querySelector('.cc-head-line').style.left)") - 50) < 5


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_list_to_an_item_and_back(shown: Any, about: Any, width: int):
    names = ["first", "an item with a long name and " + "W" * 60, "third"]
    tab = shown([about(sample=Sample(id=n), question=f"{n}?") for n in names[:1]] + [
        case(cheerful().model_copy(update={"media": (Media(id="m1", kind="video", path=f"{n}.mp4", duration=8.0),)}),
             sample=Sample(id=n)) for n in names[1:]
    ], width=width)  # fmt: skip
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    tab.get_by_role("link", name="third").click()
    heading = tab.get_by_role("heading", name="third")
    assert 0 <= heading.bounding_box()["y"] < 400
    tab.locator("article >> nth=2 >> .up").click()
    assert tab.locator("#list").bounding_box()["y"] < 200
    assert tab.locator("h1").count() == 1


def test_text_of_a_clip_runs_nothing_and_stays_as_it_is(shown: Any):
    evil = "<script>document.title='hit'</script></style></title>]]> \u202ereversed\u202c &lt; 'a' \"b\" " + "W" * 2000
    sheet = CueSheet(
        media=(Media(id="m1", kind="text", text=evil),),
        cues={"T1": cue("transcript", f'the message says "{evil}"', person=evil[:40], measures={evil: evil})},
    )
    told = case(sheet, [Claim(text=evil, cites=("T1",))], question=evil)
    tab = shown([told], width=390)
    assert tab.title().startswith("<script>")
    assert tab.evaluate("document.scripts.length") == 1
    assert tab.locator("h1").inner_text() == evil
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_sticks_out_and_dark_is_dark(shown: Any, about: Any, width: int, scheme: str):
    tab = shown([about()], width=width, scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    dark = tab.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor") == "rgb(20, 24, 29)"
    assert dark == (scheme == "dark")


def test_ids_that_mean_other_cues_are_marked_in_their_own_article_alone(shown: Any, about: Any):
    sheet = cheerful().model_copy(update={"media": (Media(id="m1", kind="audio", path="gone.wav", duration=8.0),)})
    tab = shown([about(), case(sheet)])
    assert tab.locator("article").count() == 2
    tab.locator("article >> nth=1 >> .cc-prose [data-cue=F1]").click()
    assert tab.locator("article >> nth=0 >> .cc-on").count() == 0
    assert tab.locator("article >> nth=1 >> .cc-on").count() > 2
    assert tab.evaluate(NOW) == 0


def test_two_files_have_two_players(shown: Any, about: Any, tmp_path: Any, wav: Any, tone: Any):
    one = about()
    second = Media(id="m2", kind="audio", path=str(wav(tmp_path / "b.wav", tone(4.0))), duration=4.0)
    cues = {i: c.model_copy(update={"media": "m1"}) for i, c in one.sheet.cues.items()}
    cues["V2"] = cue("voice", "the second voice is high", 2.0, 3.0, media="m2")
    sheet = CueSheet(media=(*one.sheet.media, second), cues=cues)
    tab = shown([case(sheet, [Claim(text="High", cites=("V2", "F1"))])])
    tab.locator(".cc-prose [data-cue=V2]").click()
    tab.wait_for_function("() => document.querySelector('audio').currentTime >= 2")
    assert tab.evaluate(NOW) == 0


def test_a_player_that_has_no_file_says_so(shown: Any, about: Any, tmp_path: Any):
    tab = shown([about()], path=tmp_path / "report.html")
    moved = tmp_path / "elsewhere" / "report.html"
    moved.parent.mkdir()
    (tmp_path / "report.html").rename(moved)
    tab.goto(moved.as_uri())
    tab.wait_for_function("() => document.querySelector('.cc-unplayable').textContent")
    tab.locator(".cc-prose [data-cue=F1]").click()
    assert tab.locator(".cc-bar.cc-on").count() > 0
    tab.noise.clear()  # the browser itself says that the file is not there


def test_print_shows_the_whole_width_and_what_is_closed(shown: Any, about: Any):
    tab = shown([about()])
    tab.locator("[data-zoom='2']").click()
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 700, "height": 1000})
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    lanes = tab.evaluate("[...document.querySelectorAll('.cc-area')].map(a => a.getBoundingClientRect().right)")
    assert max(lanes) <= 700
    assert tab.locator(".measures").first.is_visible()
    assert tab.locator("pre.said").first.is_visible()
    assert not tab.locator("video").is_visible()
    pdf = tab.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 4


def test_raw_measures_are_shown_when_asked_for(shown: Any, about: Any):
    tab = shown([about()])
    assert not tab.locator(".measures").first.is_visible()
    tab.get_by_label("raw measures").check()
    assert "au15" in tab.locator("tr[data-row=F1] .measures").inner_text()


def test_the_player_stays_in_sight_while_its_page_is_read(shown: Any, about: Any):
    tab = shown([about()], width=390)
    ready(tab)
    tab.locator("tr[data-row=F2] .cc-cite").click()
    tab.wait_for_function("() => document.querySelector('video.floating')")
    box = tab.locator("video").bounding_box()
    assert 0 <= box["y"] < 800
    assert 0 <= box["x"] < box["x"] + box["width"] <= 390


def test_a_long_clip_can_be_seen_from_near(shown: Any, about: Any):
    tab = shown([about()])
    before = tab.locator(".cc-bar[data-cue=F1]").bounding_box()["width"]
    for _ in range(3):
        tab.get_by_role("button", name="Zoom in").click()
    assert tab.locator(".cc-bar[data-cue=F1]").bounding_box()["width"] > 6 * before
    assert tab.evaluate("document.documentElement.scrollWidth") == 1280
    tab.locator(".cc-prose [data-cue=F1]").click()
    bar, view = tab.locator(".cc-bar[data-cue=F1]").bounding_box(), tab.locator(".cc-scroll").first.bounding_box()
    assert view["x"] <= bar["x"] < view["x"] + view["width"]


def test_pieces_serve_a_page_that_comes_and_goes_and_has_its_own_player(
    chromium: Any, about: Any, clip: Any, tmp_path: Any
):
    told = about()
    path = tmp_path / "own.html"
    path.write_text(
        f"<style>{css()}</style><body class=dark><div><video src='{clip.as_uri()}'></video></div><div id=here></div>"
        f"<script>{js()}</script><script>{js()}</script><template>{prose(told, theme='class')}"
        f"{fragment(timeline(told), theme='class')}</template>"
        "<script>here.innerHTML = document.querySelector('template').innerHTML</script>",
        "utf-8",
    )
    tab = chromium.new_page()
    tab.goto(path.as_uri())
    ready(tab)
    tab.locator("#here .cc-prose [data-cue=W1]").click()
    tab.wait_for_function(f"() => {NOW} >= 4")
    assert tab.locator("#here tr.cc-on").count() == 1
    assert tab.evaluate("getComputedStyle(document.querySelector('.cc-title')).backgroundColor") == "rgb(20, 24, 29)"
    tab.close()
