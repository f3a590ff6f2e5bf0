"""What a run may be over, and what a dry run tells."""

import pytest

from cuechain.agents.datasets import Fault
from cuechain.agents.errors import ConfigError
from cuechain.agents.runs.inputs import items_of
from cuechain.agents.runs.looked import looked


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
    found = [i.id for i in items_of(str(talk.parent))]
    assert found == ["alone.srt", "note.txt", "talk.mp4"]
    assert [i.id for i in items_of(f"{talk.parent}/*.mp4")] == [str(talk)]


def test_a_table_and_a_dataset_are_read_by_their_readers(tmp_path):
    table = tmp_path / "lines.csv"
    table.write_text("id,text,label\na,I am glad.,joy\n")
    (item,) = items_of(str(table))
    assert item.id == "a" and item.target.labels == ("joy",)
    (same,) = items_of(f"table:{table}?text=text")
    assert same.text == "I am glad."


@pytest.mark.parametrize("source", ["nowhere", "nowhere/*.mp4", "mled:folder"])
def test_what_is_not_there_is_told(source):
    with pytest.raises(ConfigError) as told:
        list(items_of(source))
    assert "meld" in told.value.hint if source.startswith("mled") else told.value.hint


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
    assert found.items == 9 and found.kinds == {"audio": 7}
