"""What somebody does on the page, from the first clip to the last delete."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from .conftest import MOST

DEMO = Path(__file__).parents[3] / "examples" / "demo.mp4"
QUESTION = "How does she feel, and why?"


@pytest.fixture(scope="module")
def page(served: SimpleNamespace, browser: Any) -> Iterator[Any]:
    """A page that records what it asks of the network and what goes wrong in it."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    made.set_default_timeout(20_000)
    made.asked, made.wrong = [], []
    made.on("request", lambda request: made.asked.append(request.url))
    made.on("pageerror", lambda error: made.wrong.append(str(error)))
    yield made
    made.context.close()


@pytest.fixture
def fresh(page: Any, served: SimpleNamespace) -> Any:
    page.goto(served.address)
    page.wait_for_selector(".bar")
    return page


def ask(page: Any, text: str, turn: int) -> Any:
    page.fill("#question textarea", text)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(f".turn[data-turn='{turn}'] .answer")
    return page.locator(f".turn[data-turn='{turn}']")


def take(page: Any, *files: Path) -> None:
    page.set_input_files("#choose", [str(f) for f in files])


def drop(page: Any, name: str, text: str) -> None:
    """Drop a text file on the page, as from a desktop."""
    page.evaluate(
        """([name, text]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], name));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [name, text],
    )


def seconds(page: Any) -> float:
    return page.evaluate("document.querySelector('.clip:not([hidden]) video').currentTime")


def test_clip_question_citation_feedback_reload_delete(fresh: Any, served: SimpleNamespace):
    page = fresh
    take(page, DEMO)
    page.wait_for_selector(".clip video")
    assert "?session=" in page.url
    id = page.url.split("session=")[1]
    folder = served.home / "sessions" / id
    answer = ask(page, QUESTION, 1)
    assert page.input_value("#question textarea") == ""
    page.wait_for_selector(".cc-bar")
    assert answer.locator(".chip").count() >= 2

    # A citation plays its moment and is marked in the timeline.
    chip = answer.locator(".chip[data-start]").filter(has_text="F").last
    start, cue = float(chip.get_attribute("data-start")), chip.get_attribute("data-cue")
    assert start > 1
    chip.click()
    page.wait_for_function("t => document.querySelector('.clip video').currentTime >= t - 0.6", arg=start)
    assert seconds(page) < start + 5
    assert page.locator(f".cc-bar.cc-on[data-cue='{cue}']").count() == 1
    assert cue in page.inner_text(".moment")

    # The same with the keyboard: Tab reaches it, its focus is seen, Enter plays it.
    page.evaluate("document.querySelector('.clip video').currentTime = 0")
    answer.locator("button.chip").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.clip video').currentTime > 0.2")

    # Thumbs, and an edit that keeps its citation.
    answer.locator("[data-rate=up]").click()
    page.wait_for_selector("[data-rate=up][aria-pressed=true]")
    answer.locator("[data-edit]").click()
    page.fill(".edit textarea", f"She is sad <b>whatever</b> she says [{cue}].")
    page.fill(".edit input[name=label]", "disappointment")
    page.click(".edit [type=submit]")
    page.wait_for_selector(".edited")
    said = json.loads((folder / "feedback.jsonl").read_text().splitlines()[-1])
    assert (said["turn"], said["rating"], said["label"]) == (1, "up", "disappointment")
    assert said["text"].endswith(f"[{cue}].")
    assert page.locator(".edited b").count() == 0  # markup is shown as it was typed
    assert page.locator(f".edited .chip[data-cue='{cue}']").count() == 1

    # Which sense mattered, and the same question without one of them.
    page.wait_for_selector(".weights .score")
    page.locator(".weights [data-sense=face]").click()
    page.wait_for_selector(".turn[data-turn='2'] .answer")
    assert "without face" in page.inner_text(".turn[data-turn='2'] .asked-how")
    assert not page.locator(".turn[data-turn='2'] .chip.kin-face").count()
    assert page.locator(".weights [data-sense=face]").is_checked() is False

    # The conversation is there after a reload, and gone when it is deleted.
    page.reload()
    page.wait_for_selector(".turn[data-turn='2']")
    assert page.locator(".edited").count() == 1
    assert page.locator("[data-rate=up][aria-pressed=true]").count() == 1
    page.click("[data-open=talks]")
    assert page.locator("#talks li").count() == 1
    page.click("#talks [data-delete]")
    assert folder.is_dir()
    page.click("#talks [data-delete-now]")
    page.wait_for_url(served.address)
    assert not folder.exists()
    page.wait_for_selector(".drop")
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith((served.address, "data:", "blob:"))] == []


def test_what_cannot_be_used_is_told_and_the_page_goes_on(
    fresh: Any, served: SimpleNamespace, tmp_path: Path, film: Callable[..., Path]
):
    page = fresh
    corrupt, empty, large = tmp_path / "corrupt.mp4", tmp_path / "empty.mp4", tmp_path / "large.mp4"
    corrupt.write_bytes(DEMO.read_bytes()[:2000] + b"\0" * 5000)
    empty.write_bytes(b"")
    large.write_bytes(b"\0" * (MOST + 1))
    for file, told in ((corrupt, "corrupt.mp4"), (empty, "empty"), (large, "larger than 2 MB")):
        take(page, file)
        page.wait_for_function("t => document.querySelector('.add .failed').textContent.includes(t)", arg=told)
        assert str(served.home) not in page.inner_text(".add .failed")
    assert list((served.home / "sessions").glob("*/session.json")) == []
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".live .failed")
    assert "no clip" in page.inner_text(".live .failed")
    assert page.input_value("#question textarea") == QUESTION

    silent = film(tmp_path / "silent.mp4", seconds=1.0, sound=np.zeros(16_000, np.float32))
    take(page, silent)
    page.wait_for_selector(".clip video")
    ask(page, QUESTION, 1)
    drop(page, "words.txt", "I am so happy today! <img src=x onerror='window.hit=1'> {{1+1}} ${1+1}")
    page.wait_for_selector(".clip.text blockquote")
    assert page.inner_text(".clip.text blockquote").startswith("I am so happy today! <img src=x")
    ask(page, "How does the writer feel <script>window.hit=1</script> ${1+1} {{1+1}}?", 2)
    assert "<script>window.hit=1</script> ${1+1} {{1+1}}" in page.inner_text(".turn[data-turn='2'] .asked")
    assert page.evaluate("window.hit") is None

    # A model that does not answer costs that question alone.
    pick(page, served.broken)
    page.fill("#question textarea", QUESTION)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".live .failed")
    assert page.locator(".turn").count() == 2
    assert page.input_value("#question textarea") == QUESTION
    pick(page, "rules")
    ask(page, QUESTION, 3)
    assert page.locator(".live").count() == 0


def pick(page: Any, model: str) -> None:
    if not page.locator("#how input[aria-label=Model]").is_visible():
        page.click("#how button")
    page.click("#how input[aria-label=Model]")
    page.get_by_role("option", name=model).click()


def test_a_model_that_looks_on_demand_is_watched(fresh: Any, served: SimpleNamespace):
    page = fresh
    pick(page, served.looks)
    take(page, DEMO)
    page.wait_for_selector(".clip video")
    page.evaluate("""() => { window.told = []; new MutationObserver(() => window.told.push(document.querySelector("#live").innerText))
        .observe(document.querySelector("#live"), { childList: true, subtree: true, characterData: true }); }""")
    answer = ask(page, "How does she feel from 0:00 to 0:08?", 1)
    assert "She probably feels glad." in answer.inner_text()
    assert answer.locator(".chip[data-cue=T1]").count() == 1
    told = page.evaluate("window.told")
    assert any("Reading what is said: 0.0-8.0 s" in one for one in told)
    assert (
        page.locator("[data-weigh]").count() == 1
    )  # weighing would ask the model again and again: only when it is wanted


def test_what_the_browser_cannot_play_is_shown_as_a_copy(fresh: Any, tmp_path: Path):
    import av

    page, film = fresh, tmp_path / "old.avi"
    with av.open(str(film), "w") as out:
        stream = out.add_stream("mpeg4", 10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(20):
            shade = np.full((120, 160, 3), 10 * number, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(shade, "rgb24")))
        out.mux(stream.encode(None))
    take(page, film)
    page.wait_for_function("document.querySelector('.clip video')?.videoWidth === 160")
    assert abs(page.evaluate("document.querySelector('.clip video').duration") - 2) < 0.1
    assert page.locator(".cannot").is_hidden()


def test_record_a_voice(fresh: Any):
    page = fresh
    page.click("[data-add=voice]")
    page.wait_for_function("document.querySelector('.cue-dialog .clock').textContent === '0:01'")
    page.click(".cue-dialog .solid")
    page.wait_for_selector(".clip audio")
    page.wait_for_function("document.querySelector('.clip audio').readyState >= 1")
    assert page.locator(".cue-dialog").count() == 0


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_its_screen_in_light_and_dark(page: Any, size: tuple[int, int], scheme: str):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    told = "getComputedStyle(document.querySelector('.bar')).backgroundColor.match(/[0-9]+/)[0]"
    page.wait_for_function(f"dark => (Number({told}) < 128) === dark", arg=scheme == "dark")


def test_what_was_refused_stays_told_beside_what_was_taken(fresh: Any, tmp_path: Path):
    page = fresh
    corrupt, empty, good = tmp_path / "corrupt.mp4", tmp_path / "void.txt", tmp_path / "good.txt"
    corrupt.write_bytes(DEMO.read_bytes()[:2000] + b"\0" * 5000)
    empty.write_bytes(b"")
    good.write_text("I am so happy today!", "utf-8")
    take(page, corrupt, good, empty)
    page.wait_for_selector(".clip.text blockquote")
    page.wait_for_selector(".cc-cues")
    told = page.inner_text(".add .failed")
    assert "corrupt.mp4" in told and "void.txt" in told
    ask(page, "How does the writer feel?", 1)
    page.wait_for_function("document.querySelector('.add .failed').hidden")

    # A text has no timeline: its cues are a list, as they are.
    assert page.locator("#lanes .cc-strip").count() == 0
    assert page.locator("#lanes tr[data-row]").first.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.clip blockquote')).fontFamily") == page.evaluate(
        "getComputedStyle(document.querySelector('.answer')).fontFamily"
    )


def test_a_reload_goes_on_where_the_page_was(fresh: Any, served: SimpleNamespace, film: Callable[..., Path]):
    page = fresh
    take(page, DEMO)
    page.wait_for_selector("#seeing .now")
    page.reload()
    page.wait_for_selector("#seeing .now")
    page.wait_for_selector("#lanes .cc-bar")
    page.wait_for_selector(".weights [data-sense=face]")
    page.wait_for_function("!document.querySelector('#seeing .live')")
    ask(page, QUESTION, 1)
    page.wait_for_selector(".weights .score:not(:empty)")
    page.locator(".weights [data-sense=face]").click()
    page.wait_for_selector(".turn[data-turn='2'] .answer")
    page.reload()
    page.wait_for_selector(".weights [data-sense=face]:not(:checked)")
    page.wait_for_selector(".weights [data-sense=voice]:checked")
    page.press("#question textarea", "Enter")  # nothing is asked: nothing goes
    page.wait_for_timeout(500)
    assert page.locator(".turn").count() == 2
    assert page.locator("#lanes .cc-bar").count()


def test_the_keyboard_finds_its_way(fresh: Any, tmp_path: Path):
    page = fresh
    page.wait_for_function("document.activeElement?.closest('#question')")
    notes: list[Path] = []
    for number in range(2):
        notes.append(tmp_path / f"note{number}.txt")
        notes[-1].write_text("I am so happy today!", "utf-8")
    for note in notes:
        page.goto(page.url.split("?")[0])
        page.wait_for_selector(".drop")
        take(page, note)
        page.wait_for_selector(".clip.text blockquote")
    ask(page, "How does the writer feel?", 1)
    assert page.locator(".turn h2").count() == page.locator(".turn h3").count() == 1
    live = "all => all.filter((one) => one.checkVisibility()).map((one) => one.id)"
    assert page.eval_on_selector_all("#bar [aria-live], #desk [aria-live], #told", live) == ["told"]
    page.wait_for_function("/joy|happ/i.test(document.querySelector('#told').textContent)")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('#question textarea')")

    page.click("[data-open=talks]")
    rows = page.locator("#talks li")
    assert "note1.txt · 1 answer · " in rows.first.inner_text()
    before = rows.count()
    rows.nth(1).locator("[data-delete]").click()
    rows.nth(1).locator("[data-delete-now]").click()
    page.wait_for_function("n => document.querySelectorAll('#talks li').length === n - 1", arg=before)
    page.wait_for_function("document.activeElement?.closest('#talks')")
