"""Runs that are killed, crashed, shared, filled and gone on with."""

import csv
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from cuechain.agents import settings
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import ConfigError, MissingExtraError, ModelError, RunError
from cuechain.agents.runs import Run, batch
from cuechain.agents.runs.display import follow
from cuechain.agents.runs.folder import Writing
from cuechain.agents.runs.progress import Watch
from cuechain.agents.values import Sample, Span, Target

WORDS = (
    "I am so happy today!",
    "I miss her so much.",
    "How dare you!",
    "Fine.",
    "What a terrible smell.",
    "I am scared.",
)
MADE = {"task": "emotion", "labels": ("ekman",), "dataset": "made", "split": "test"}


def samples(count):
    return [
        Sample(id=f"s{n}", text=f"{WORDS[n % len(WORDS)]} {n}", target=Target(labels=("joy",))) for n in range(count)
    ]


def own(**more):
    return settings.load(**{"model": "rules", "cache": None, "senses": ("transcript", "words"), **more})


def states(steps):
    return Counter(step.state for step in steps)


def content(folder):
    """Cases by item, without what differs from run to run: times."""
    found = {}
    for case in Run(folder).cases():
        steps = tuple(step.model_copy(update={"seconds": 0.0}) for step in case.steps)
        assert case.sample.id not in found
        found[case.sample.id] = case.model_copy(update={"timings": {}, "steps": steps}).model_dump_json()
    return found


def test_a_run_goes_on_where_it_ended_and_tries_failures_again(tmp_path):
    items = [
        *samples(4),
        Sample(id="gone", files=(str(tmp_path / "gone.mp4"),)),
        Fault("f", "broken", "line 3 is no record"),
    ]
    assert states(batch(items, MADE, own(), tmp_path / "run"))["failed"] == 1
    first = content(tmp_path / "run")
    assert set(first) == {"s0", "s1", "s2", "s3", "gone"} and Run(tmp_path / "run").finished == 5
    (tmp_path / "gone.mp4").write_bytes(b"")
    again = states(batch(items, MADE, own(), tmp_path / "run"))
    assert again["kept"] == 4 and again["failed"] == 1
    assert [f.reason for f in Run(tmp_path / "run").faults()] == ["broken"]
    events = [json.loads(line)["event"] for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert events == ["begun", "finished", "begun", "finished"]


def test_a_manifest_says_what_decided_and_another_setting_is_refused(tmp_path):
    items, folder = [Sample(id="a", text="I am so happy!")], tmp_path / "run"
    own = settings.load(model="rules", senses=("transcript", "words"), cache=None)
    list(batch(items, {"task": "emotion"}, own, folder))
    made = Run(folder).manifest
    assert made["settings"]["senses"] == ["transcript", "words"]
    assert made["tools"]["words"].startswith("words@")
    assert "api_key" not in made["settings"]
    list(batch(items, {"task": "emotion"}, own.model_copy(update={"timeout": 5.0}), folder))
    with pytest.raises(RunError, match=r"settings\.language differs"):
        list(batch(items, {"task": "emotion"}, own.model_copy(update={"language": "de"}), folder))


def test_another_manifest_is_refused_with_what_differs(tmp_path):
    list(batch(samples(1), MADE, own(), tmp_path / "run"))
    with pytest.raises(RunError, match="labels differs"):
        list(batch(samples(1), {**MADE, "labels": ("meld",)}, own(), tmp_path / "run"))
    with pytest.raises(RunError, match="model differs"):
        list(batch(samples(1), MADE, own(model="embedded"), tmp_path / "run"))


@pytest.mark.parametrize(
    ("made", "model", "told"),
    [
        ({"task": "emotin"}, "rules", "unknown task"),
        ({"labels": ("meldd",)}, "rules", "one label"),
        ({"labels": ("joy", "anger", "Joy")}, "rules", "distinct"),
        ({}, "embeded", "unknown model"),
    ],
)
def test_a_misspelt_name_is_told_before_anything_is_written(tmp_path, made, model, told):
    with pytest.raises(ConfigError, match=told) as caught:
        list(batch(samples(2), {**MADE, **made}, own(model=model), tmp_path / "run"))
    assert caught.value.hint and not (tmp_path / "run").exists()


def test_a_run_that_has_answered_nothing_gives_way_to_another(tmp_path):
    folder, gone = tmp_path / "run", Sample(id="gone", files=(str(tmp_path / "gone.mp4"),))
    with pytest.raises(ConfigError, match="needs a chat model"):
        list(batch([gone, *samples(2)], {**MADE, "task": "topic", "labels": ("a", "b")}, own(), folder))
    assert states(batch(samples(2), MADE, own(), folder))["answered"] == 2
    assert set(content(folder)) == {"s0", "s1"} and Run(folder).manifest["task"] == "emotion"


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / ".hidden").touch()
    list(batch(samples(1), MADE, own(), tmp_path))
    (tmp_path / "manifest.json").unlink()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RunError, match="not empty, and holds no run") as caught:
        list(batch(samples(1), MADE, own(), tmp_path))
    assert f"{tmp_path}/run" in caught.value.hint and sorted(tmp_path.iterdir()) == before


def test_a_file_in_the_way_is_no_full_disk(tmp_path):
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match="cannot be written") as caught:
            list(batch(samples(1), MADE, own(), out))
        assert "space" not in caught.value.hint and "--out" in caught.value.hint


def test_a_second_process_is_told_to_wait(tmp_path):
    with (
        Writing(tmp_path / "run", {"task": "emotion", "model": "rules"}),
        pytest.raises(RunError, match="another process"),
    ):
        Writing(tmp_path / "run", {"task": "emotion", "model": "rules"})
    with Writing(tmp_path / "run", {"task": "emotion", "model": "rules"}):
        pass


def test_a_line_that_was_cut_off_is_answered_again(tmp_path):
    folder = tmp_path / "run"
    list(batch(samples(3), MADE, own(), folder))
    whole = content(folder)
    data = (folder / "cases.jsonl").read_bytes()
    for cut in (1, 40, len(data.splitlines()[-1]) - 1):
        (folder / "cases.jsonl").write_bytes(data[:-cut])
        list(batch(samples(3), MADE, own(), folder))
        assert content(folder) == whole


def test_workers_give_the_same_cases(tmp_path):
    list(batch(samples(8), MADE, own(), tmp_path / "one"))
    assert states(batch(samples(8), MADE, own(), tmp_path / "two", workers=2))["failed"] == 0
    assert content(tmp_path / "one") == content(tmp_path / "two")


CRASH = """
import os, signal
from cuechain import Sense, Cue

class Fragile(Sense):
    name, version, about, streams = "fragile", "1", "crashes on one text", frozenset({"text"})

    def perceive(self, clip, heard):
        if "poison" in clip.text:
            os.kill(os.getpid(), signal.SIGSEGV)
        yield Cue(sense="fragile", text="the text is whole", source=self.source())
"""


def test_an_item_that_crashes_its_process_fails_alone(tmp_path, plugin):
    plugin(CRASH, fragile="Fragile")
    items = samples(5)
    items[2] = items[2].model_copy(update={"text": "poison"})
    chosen = own(senses=("transcript", "fragile"))
    assert states(batch(items, MADE, chosen, tmp_path / "run", workers=2))["failed"] == 1
    (bad,) = [c for c in Run(tmp_path / "run").cases() if c.status == "failed"]
    assert bad.sample.id == "s2" and "SIGSEGV" in bad.error
    assert Run(tmp_path / "run").finished == 5


@pytest.mark.parametrize(
    "error",
    [MissingExtraError("Ray", "ray"), ModelError("no answer", "wait", retryable=True), ConfigError("no", "yes")],
    ids=lambda e: type(e).__name__,
)
def test_what_a_worker_tells_arrives_with_its_hint(error):
    told = pickle.loads(pickle.dumps(error))
    assert type(told) is type(error) and vars(told) == vars(error) and str(told) == str(error)


def test_a_model_that_is_not_there_ends_the_run(tmp_path):
    chosen = own(model="openai:none", base_url="http://127.0.0.1:9/v1", retries=0, timeout=2)
    with pytest.raises(ModelError, match="first 5 items failed"):
        list(batch(samples(20), MADE, chosen, tmp_path / "run"))
    assert len(content(tmp_path / "run")) == 5


def test_a_task_that_a_planner_cannot_answer_ends_the_run_at_once(tmp_path):
    made = {**MADE, "task": "topic", "labels": ("a", "b")}
    for workers in (0, 1):
        with pytest.raises(ConfigError, match="needs a chat model"):
            list(batch(samples(3), made, own(), tmp_path / f"run{workers}", workers=workers))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConfigError("no such task")])
def test_what_ends_a_run_is_told_without_counting_nothing(tmp_path, capsys, error):
    def steps():
        raise error
        yield

    with pytest.raises(type(error)):
        follow(steps(), Watch(samples(3)), tmp_path, "cuechain batch clips/ -o run")
    told = capsys.readouterr().err
    if isinstance(error, KeyboardInterrupt):
        assert "interrupted; 3 left" in told and "the rest: cuechain batch clips/ -o run" in told
    else:
        assert not told, "the error says it all"


def test_a_full_disk_ends_the_run_and_keeps_what_is_done(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    steps = batch(samples(4), MADE, own(), folder)
    next(steps), next(steps)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left") as caught:
        list(steps)
    assert "free some space" in caught.value.hint
    monkeypatch.undo()
    assert states(batch(samples(4), MADE, own(), folder))["kept"] >= 2
    assert len(content(folder)) == 4


def _killed(tmp_path, kills, workers):
    """Kill a run that many times at random moments, then let it end; compare with one that nobody killed."""
    table, folder = tmp_path / "lines.csv", tmp_path / "run"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label"])
        rows.writerows([[f"s{n}", f"{WORDS[n % len(WORDS)]} {n}", "joy"] for n in range(60)])
    command = [
        sys.executable, "-m", "cuechain", "batch", f"table:{table}?id=id&text=text&label=label", "--task", "emotion", "--labels", "ekman",
        "-m", "rules", "-s", "transcript,words", "--workers", str(workers),
    ]  # fmt: skip
    chance = random.Random(kills)
    done = 0
    while done < kills:
        run = subprocess.Popen([*command, "-o", str(folder)], start_new_session=True, stdout=-3, stderr=-3)
        begun = time.monotonic()
        lines = folder / "cases.jsonl"
        before = lines.stat().st_size if lines.exists() else 0
        # Not before it has written something in this life: else nothing would ever be torn.
        while (
            time.monotonic() - begun < 60
            and run.poll() is None
            and (not lines.exists() or lines.stat().st_size == before)
        ):
            time.sleep(0.01)
        time.sleep(chance.random() * 0.15)
        if run.poll() is not None:
            break
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        done += 1
    subprocess.run([*command, "-o", str(folder)], check=True, stdout=-3, stderr=-3)
    subprocess.run([*command, "-o", str(tmp_path / "whole")], check=True, stdout=-3, stderr=-3)
    assert done and content(folder) == content(tmp_path / "whole")
    assert len(content(folder)) == 60 and Run(folder).finished == 60


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_at_random_moments_nothing_is_lost_and_nothing_twice(tmp_path, workers):
    _killed(tmp_path, 3 if workers == 0 else 2, workers)


@pytest.mark.slow
def test_killed_fifty_times(tmp_path):
    _killed(tmp_path, 50, 2)


def test_half_of_a_character_pair_costs_its_letter_alone(tmp_path):
    items = [Sample(id="s", text="I am so happy \ud83d today!"), *samples(1)]
    assert states(batch(items, MADE, own(), tmp_path / "run")) == {"answered": 2}
    assert set(content(tmp_path / "run")) == {"s", "s0"}


def test_an_item_whose_file_has_changed_is_done_again(tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for n in range(4):
        (clips / f"{n}.txt").write_text(WORDS[n])
    items = [Sample(id=f"{n}", files=(str(clips / f"{n}.txt"),)) for n in range(4)]
    folder = tmp_path / "run"
    assert states(batch(items, MADE, own(), folder)) == {"answered": 4}
    assert states(batch(items, MADE, own(), folder)) == {"kept": 4}
    was = (clips / "1.txt").stat()
    (clips / "0.txt").write_text("I hate all of you, and I am furious!")
    (clips / "1.txt").write_text(WORDS[1][::-1])  # as long as it was
    os.utime(clips / "2.txt", (1, 1))  # touched, its bytes are the same
    watch = Watch(items[:3])
    follow(batch(items[:3], MADE, own(), folder), watch, folder, "again")
    assert watch.changed == 2 and watch.states["kept"] == 1 and watch.states["gone"] == 1
    assert (clips / "1.txt").stat().st_size == was.st_size
    told = watch.summary(folder, "again")
    assert "2 changed since and done again" in told[0] and "1 done before, no longer there" in told[1]
    assert watch.record()["changed"] == 2 and watch.record()["gone"] == 1 and watch.left == 0
    assert json.loads((folder / "finished.json").read_text()) == {"items": 3, "gone": ["3"]}
    assert Run(folder).finished == 3
    (first,) = Run(folder).chosen(["0"])
    assert "furious" in first.sheet.media[0].text
    assert states(batch(items, MADE, own(), folder)) == {"kept": 4}


def test_a_run_without_what_its_files_were_compares_their_bytes(tmp_path):
    (tmp_path / "a.txt").write_text(WORDS[0])
    items = [Sample(id="a", files=(str(tmp_path / "a.txt"),))]
    list(batch(items, MADE, own(), tmp_path / "run"))
    (tmp_path / "run" / "files.jsonl").unlink()
    assert states(batch(items, MADE, own(), tmp_path / "run")) == {"kept": 1}
    (tmp_path / "run" / "files.jsonl").write_text('{"id": "a", "files"')
    (tmp_path / "a.txt").write_text(WORDS[2])
    assert states(batch(items, MADE, own(), tmp_path / "run")) == {"answered": 1}


def test_a_clip_whose_subtitles_have_changed_is_done_again(tmp_path, film):
    clip = film(tmp_path / "talk.mp4", seconds=1)
    items = [
        Sample(id="talk", files=(str(clip),)),
        Sample(id="part", files=(str(clip),), span=Span(start=0.1, end=0.9)),
    ]
    folder = tmp_path / "run"
    beside = clip.with_suffix(".srt")

    def line(words):
        beside.write_text(f"1\n00:00:00,200 --> 00:00:00,800\n{words}\n")

    line("I am so happy today!")
    assert not states(batch(items, MADE, own(), folder))["failed"]
    assert states(batch(items, MADE, own(), folder)) == {"kept": 2}
    os.utime(clip, (1, 1))
    os.utime(beside, (1, 1))
    assert states(batch(items, MADE, own(), folder)) == {"kept": 2}
    line("How dare you do that!")
    assert states(batch(items, MADE, own(), folder))["kept"] == 0
    beside.unlink()
    assert states(batch(items, MADE, own(), folder))["kept"] == 0
