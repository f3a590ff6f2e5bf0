"""Label Studio: tasks whose predictions the interface beside them can show."""

import json
from xml.etree import ElementTree as ET

import pytest

from cuechain.agents.exports.label_studio import RATE, Tasks
from cuechain.agents.exports.record import Origin
from cuechain.agents.values import Media
from tests.agents.exports.made import case, cue, failed, seen, sheet, talk


@pytest.fixture
def tasks(tmp_path):
    def write(*cases):
        out = Tasks(tmp_path, Origin(tmp_path / "run"))
        for one in cases:
            out.add(one)
        made = {}
        for path in out.finish():
            text = path.read_text("utf-8")
            made[path.name] = json.loads(text) if path.suffix == ".json" else ET.fromstring(text)
        return made, out

    return write


def shown(tasks, view):
    """Every part of every prediction has its place in the interface."""
    controls = {c.get("name"): c for c in view if c.get("toName")}
    kinds = {"TimelineLabels": "timelinelabels", "Labels": "labels", "Choices": "choices", "TextArea": "textarea"}
    media = next(c for c in view if c.get("name") == "media")
    for task in tasks:
        assert media.get("value").removeprefix("$") in task["data"]
        for prediction in task.get("predictions", ()):
            assert prediction["model_version"]
            ids = [part["id"] for part in prediction["result"]]
            assert len(set(ids)) == len(ids)
            for part in prediction["result"]:
                control = controls[part["from_name"]]
                assert part["to_name"] == control.get("toName") == "media" and part["type"] == kinds[control.tag]
                named = part["value"].get(part["type"], ())
                if control.tag != "TextArea":
                    assert set(named) <= {c.get("value") for c in control}


def test_a_video_with_its_answer_reasons_and_cited_cues(tasks):
    made, _ = tasks(case(cites=("T1", "F1")), failed(sheet=seen()))
    (task, bad), view = made["video.json"], made["video.xml"]
    shown(made["video.json"], view)
    assert task["data"]["video"] == "/data/local-files/?d=clips/a%20film.mp4"
    assert task["data"]["people_said"] == "joy" and task["data"]["id"] == "i1" and task["data"]["template_hash"]
    (prediction,) = task["predictions"]
    assert prediction["score"] == 0.8
    parts = {p["type"]: p["value"] for p in prediction["result"]}
    assert parts["choices"] == {"choices": ["joy"]}
    assert parts["textarea"]["text"][0].startswith("The person seems")
    ranges = [p["value"]["ranges"][0] for p in prediction["result"] if p["type"] == "timelinelabels"]
    assert ranges == [{"start": 26, "end": 88}, {"start": 51, "end": 100}]  # 1.0 to 3.5 s and 2.0 to 4.0 s
    assert view.find("Video").get("framerate") == str(RATE) == "25"
    assert "predictions" not in bad and bad["data"]["error"] == "MediaError: there is no sound"


def test_sound_in_seconds(tasks):
    heard = sheet(
        cue("voice", "the voice is quiet", 1.25, 1.25, "P1"),
        media=Media(id="m1", kind="audio", path="s3://bucket/a b.wav", duration=3.0),
    )
    made, _ = tasks(case(seen_of=heard, cites=("V1",)))
    shown(made["audio.json"], made["audio.xml"])
    task = made["audio.json"][0]
    assert task["data"]["audio"] == "s3://bucket/a b.wav"
    value = next(p["value"] for p in task["predictions"][0]["result"] if p["type"] == "labels")
    assert value["start"] == 1.25 < value["end"] and value["labels"] == ["voice"]


def test_words_by_their_characters(tasks):
    held, more = talk(("Ann", "Oh 😀"), ("Bob", "No"), ("Bob", "No, Oh 😀 & <b>"), turn=3)
    made, _ = tasks(case(seen_of=held, cites=("T1", "T3"), sample=more))
    shown(made["text.json"], made["text.xml"])
    task = made["text.json"][0]
    marked = [p["value"] for p in task["predictions"][0]["result"] if p["type"] == "labels"]
    assert [task["data"]["text"][m["start"] : m["end"]] for m in marked] == ["Oh 😀", "No, Oh 😀 & <b>"]
    assert marked[1]["start"] == task["data"]["text"].index("No, Oh")


def test_each_kind_has_its_own_project(tasks):
    picture = sheet(
        cue("face", "the lip corners pull up", media="m1"),
        media=Media(id="m1", kind="image", path="/p/a.jpg", size=(4, 4)),
    )
    held, more = talk(("Ann", "Oh"))
    made, out = tasks(case("a"), case("b", seen_of=picture), case("c", None, seen_of=held, sample=more), failed())
    assert set(made) == {"video.json", "video.xml", "image.json", "image.xml", "text.json", "text.xml"}
    for kind in ("video", "image", "text"):
        shown(made[f"{kind}.json"], made[f"{kind}.xml"])
    assert dict(out.left) == {"nothing to show": 1}
    (answer,) = made["text.json"][0]["predictions"][0]["result"]
    assert answer["type"] == "textarea"  # nothing can be told, and why


def test_labels_of_any_words(tasks):
    odd = 'joy & "<glee>"'
    made, _ = tasks(case(label=odd))
    shown(made["video.json"], made["video.xml"])
    assert made["video.json"][0]["predictions"][0]["result"][0]["value"] == {"choices": [odd]}
