"""What a run may be over, and what a dry run tells."""

import csv
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from cuechain.agents import fetch, settings
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.runs import Run, Work, batch
from cuechain.agents.runs.inputs import items_of
from cuechain.agents.runs.looked import Looked, between, lasting, looked, size
from cuechain.agents.values import Sample, Span, Target, Turn


def test_a_folder_gives_its_media_and_leaves_runs_and_sidecars_alone(tmp_path, film):
    folder = tmp_path / "clips"
    folder.mkdir()
    talk = film(folder / "talk.mp4", seconds=1)
    (talk.parent / "talk.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHi.\n")
    (talk.parent / "alone.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHi.\n")
    (talk.parent / "note.txt").write_text("I am glad.")
    (talk.parent / "program.py").write_text("x")
    run = talk.parent / "run"
    run.mkdir()
    (run / "cases.jsonl").write_text("{}")
    (run / "seen.jpg").write_bytes(b"x")
    found = [i.id for i in items_of(str(talk.parent)) if isinstance(i, Sample)]
    assert found == ["alone.srt", "note.txt", "talk.mp4"]
    assert [i.id for i in items_of(f"{talk.parent}/*.mp4")] == [str(talk)]


def test_a_table_and_a_dataset_are_read_by_their_readers(tmp_path):
    table = tmp_path / "lines.csv"
    table.write_text("id,text,label\na,I am glad.,joy\n")
    (item,) = items_of(str(table))
    assert item.id == "a" and item.target.labels == ("joy",)
    (same,) = items_of(f"table:{table}?text=text")
    assert same.text == "I am glad."


@pytest.mark.parametrize(
    ("source", "error", "told", "hint"),
    [
        ("nowhere", MediaError, "nowhere does not exist", "path"),
        ("nowhere/*.mp4", MediaError, "no file has such a name", "pattern"),
        ("empty", MediaError, "empty is a folder without media", "NAME:PATH"),
        ("table:nowhere.csv", MediaError, "there is no nowhere.csv", "path"),
        ("mled:folder", ConfigError, "no media", "meld"),
    ],
)
def test_what_is_not_there_is_told(source, error, told, hint, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=told) as caught:
        list(items_of(source))
    assert hint in caught.value.hint


def test_a_dry_run_tells_what_is_odd(tmp_path, wav, tone):
    clips = [wav(tmp_path / f"c{n}.wav", tone(1 + n / 10)) for n in range(5)]
    folder = tmp_path
    wav(tmp_path / "long.wav", tone(12))
    (folder / "copy.wav").write_bytes(clips[0].read_bytes())
    (folder / "broken.mp4").write_bytes(b"no film")
    (folder / "empty.wav").write_bytes(b"")
    found = looked([*items_of(str(folder)), Fault("x", "missing", "x.mp4 is not there")])
    told = {(f.reason, f.id) for f in found.faults}
    assert {("unreadable", "broken.mp4"), ("unreadable", "empty.wav"), ("length", "long.wav"), ("missing", "x")} <= told
    assert ("twice", "copy.wav") in told or ("twice", "c0.wav") in told
    assert found.items == 7 and found.kinds == {"audio": 7}


class Quiet(SimpleHTTPRequestHandler):
    asked: ClassVar[list] = []

    def log_message(self, *_):
        Quiet.asked.append((self.command, self.path))


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder, and the address at which a real server gives its files."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    fetch._asked.clear()
    Quiet.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_run_over_a_table_at_an_address(served, tmp_path, film, tone):
    folder, url = served
    film(folder / "c.mp4", seconds=6, shots=3, sound=tone(6))
    with (folder / "clips.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "file", "question", "start", "end"])
        rows.writerows([["a", "c.mp4", "Is she calm?", 0, 2], ["b", "c.mp4", "", 4, 6], ["c", "none.mp4", "", "", ""]])
    chosen = settings.load(model="rules", senses=("scene", "sound"))
    items = list(items_of(f"{url}/clips.csv", settings=chosen))
    assert [(i.id, i.files) for i in items] == [
        (n, (f"{url}/{f}",)) for n, f in zip("abc", ("c.mp4", "c.mp4", "none.mp4"), strict=True)
    ]
    found = looked(items)
    assert found.afar == {f"{url}/c.mp4": (folder / "c.mp4").stat().st_size} and found.seconds == 4
    assert [(f.id, f.reason) for f in found.faults] == [("c", "missing")]
    assert ("GET", "/c.mp4") not in Quiet.asked, "a dry run fetches nothing"
    list(batch(items, {"task": "emotion", "labels": ("ekman",)}, chosen, tmp_path / "run"))
    cases = {c.sample.id: c for c in Run(tmp_path / "run").cases()}
    assert Quiet.asked.count(("GET", "/c.mp4")) == 1
    assert "404" in cases["c"].error and cases["a"].question.text == "Is she calm?"
    for id, begin, end in (("a", 0, 2), ("b", 4, 6)):
        assert cases[id].sheet.media[0].path == f"{url}/c.mp4"
        spans = [c.span for c in cases[id].sheet.cues.values() if c.span]
        assert spans and all(begin - 0.05 <= s.start < s.end <= end + 0.1 for s in spans)


def test_options_of_a_table_and_the_query_of_its_address(served):
    folder, url = served
    (folder / "t.csv").write_text("Utterance,Emotion\nNo!,anger\n")
    (item,) = items_of(f"table:{url}/t.csv?token=1&text=Utterance&label=Emotion")
    assert item.text == "No!" and item.target.labels == ("anger",) and item.id == "t-2"
    assert Quiet.asked == [("GET", "/t.csv?token=1")]
    with pytest.raises(ConfigError) as error:
        list(items_of(f"table:{url}/t.csv?text=Uterance"))
    assert f"{url}/t.csv" in error.value.message and "Utterance" in error.value.hint
    with pytest.raises(ConfigError, match="on this machine"):
        list(items_of(f"meld:{url}/"))
    assert [i.files for i in items_of(f"{url}/clip.mp4?key=1")] == [(f"{url}/clip.mp4?key=1",)]
    assert [i.id for i in items_of(f"{url}/clip.mp4?key=1")] == [f"{url}/clip.mp4"]


def test_folders_patterns_and_tables_of_a_store():
    fsspec = pytest.importorskip("fsspec", reason="needs the extra batch")
    fetch._asked.clear()
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pipe(
        {f"/b/{name}": b"I am glad." for name in ("a.txt", "deep/b.txt", "deep/b.srt", "run/cases.jsonl", "run/c.txt")}
    )
    files.pipe("/b/t.csv", b"id,file\nx,deep/b.txt\n")
    assert [i.id for i in items_of("memory:///b")] == ["a.txt", "deep/b.txt"]
    assert [i.files for i in items_of("memory:///b/*/b.txt")] == [("memory:///b/deep/b.txt",)]
    assert [i.files for i in items_of("memory:///b/t.csv")] == [("memory:///b/deep/b.txt",)]
    with pytest.raises(MediaError, match="no media"):
        list(items_of("memory:///nothing/*.mp4"))
    found = looked(items_of("memory:///b"))
    assert found.afar == {"memory:///b/a.txt": 10, "memory:///b/deep/b.txt": 10}
    files.store.clear()


def test_turns_of_a_conversation_are_not_there_twice(tmp_path, wav, tone):
    clip = str(wav(tmp_path / "c.wav", tone(2)))
    turns = (Turn(text="So?", file=clip), Turn(text="No!"))
    found = looked([Sample(id=f"d{n}", turns=turns, turn=n) for n in (1, 2)])
    assert not found.faults and found.seconds == pytest.approx(2, abs=0.1) and found.kinds == {"audio": 1}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Looked(3, (), 0, 3), "a few seconds"),
        (Looked(1, (), 30, 0, {"audio": 1}), "7 to 18 s"),
        (Looked(90, (), 600, 0, {"video": 90}), "1.3 to 5.0 minutes"),
        (Looked(900, (), 90_000, 0, {"video": 900}), "3.1 to 12.5 hours"),
    ],
)
def test_an_estimate_is_never_nothing(found, told):
    assert told in " ".join(found.told())


def test_figures_as_people_write_them():
    assert [lasting(s) for s in (4, 300, 9000)] == ["4 s", "5 minutes", "2.5 hours"]
    assert [size(b) for b in (10, 25_000, 2_500_000, 7.2e9)] == ["0.1 kB", "25 kB", "2.5 MB", "7.2 GB"]
    assert between(100_000, 300_000) == "28 to 83 hours"


def unnamed(folder):
    """A picture's bytes under a name that is not UTF-8, as old archives unpack them."""
    name = os.path.join(os.fsencode(folder), b"\xff\xfebad.jpg")  # noqa: PTH118 - a path of bytes
    with open(name, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(b"x")


def test_a_name_that_is_not_utf_8_costs_its_file_alone(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    unnamed(folder)
    for n in range(6):
        (folder / f"note{n}.txt").write_text(f"I am glad {n}.")
    items = list(items_of(str(folder)))
    (bad,) = (i for i in items if isinstance(i, Fault))
    assert bad.id == r"\xff\xfebad.jpg" and "not UTF-8" in bad.detail and bad.reason == "unreadable"
    assert any("not UTF-8" in line for line in looked(items).told())
    chosen = settings.load(model="rules", cache=None, senses=("transcript", "words"))
    made = {"task": "emotion", "labels": ("ekman",), "dataset": "x", "split": ""}
    for workers in (2, 0):
        steps = list(batch(items, made, chosen, tmp_path / "run", workers=workers))
        assert len(steps) == 6 and not any(s.state == "failed" for s in steps)
    assert Run(tmp_path / "run").finished == 6
    assert [f.id for f in Run(tmp_path / "run").faults()] == [bad.id]


def test_words_that_are_not_unicode_cost_their_row_alone(tmp_path):
    table = tmp_path / "lines.jsonl"
    table.write_text('{"id": "a", "text": "half \\ud83d"}\n{"id": "b", "text": "whole"}\n')
    bad, good = items_of(str(table))
    assert isinstance(bad, Fault) and bad.id == "a" and "Unicode" in bad.detail
    assert good.id == "b"


def test_what_a_folder_holds_besides_is_told(tmp_path):
    (tmp_path / "note.txt").write_text("I am glad.")
    (tmp_path / "notes.docx").write_bytes(b"PK")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / ".hidden").write_text("x")
    found = {i.id: i for i in items_of(str(tmp_path))}
    assert set(found) == {"note.txt", "notes.docx", "gone.mp4"}
    assert found["gone.mp4"].reason == "missing" and found["notes.docx"].reason == "left alone"


def test_a_dry_run_tells_rows_that_stand_twice_and_counts_what_can_be_answered(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("text,label\nFine.,joy\nFine.,joy\nFine.,anger\nNo.,anger\n")
    found = looked(items_of(str(table)))
    assert [(f.id, f.reason, f.detail) for f in found.faults] == [
        ("rows-3", "twice", "it is the same as rows-2"),
        ("rows-4", "twice", "it is the same as rows-2"),
    ]
    assert found.items == 4
    (tmp_path / "empty.wav").write_bytes(b"")
    gone = Sample(id="gone", files=(str(tmp_path / "gone.wav"),))
    assert looked([*items_of(str(table)), *items_of(str(tmp_path / "empty.wav")), gone]).items == 4


def test_a_dry_run_tells_what_is_alike_once():
    told = list(looked([Fault("x", "duplicate", "the id x stands twice")] * 7).told())
    assert "7 × duplicate" in told and told.count("    x: the id x stands twice") == 1 and "more" not in told[-1]


def test_a_dry_run_tells_labels_of_people_that_are_outside_the_set():
    said = ("joy", "Sadness", "happy", "gratitude", "gratitude")
    items = [Sample(id=f"s{n}", text=f"Fine {n}.", target=Target(labels=(word,))) for n, word in enumerate(said)]
    own = settings.load(model="rules")
    *_, told = looked(items, Work("emotion", own).choices).told()
    assert told.endswith("gratitude (2 ×), happy (1 ×)") and "outside the set" in told
    assert not looked(items, Work("emotion", own, ("open",)).choices).outside
    assert not looked(items, Work("open_emotion", own).choices).outside


def test_a_stretch_after_the_end_of_the_file_is_told_as_that(tmp_path, film):
    clip = film(tmp_path / "talk.mp4", seconds=1)
    item = Sample(id="late", files=(str(clip),), span=Span(start=100.0, end=110.0))
    made = {"task": "emotion", "labels": ("ekman",), "dataset": "x", "split": ""}
    chosen = settings.load(model="rules", cache=None, senses=("voice", "scene"))
    (step,) = batch([item], made, chosen, tmp_path / "run")
    assert step.state == "failed" and "the file ends at 1.0 s" in step.error and "100.0 to 110.0 s" in step.error
