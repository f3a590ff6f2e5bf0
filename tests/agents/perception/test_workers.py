"""Senses beside each other: the same cues whoever is faster, nobody waits for a failure, an end is an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuechain.agents.errors import ToolError
from cuechain.agents.media import opened
from cuechain.agents.perception import Sense, perceive, senses
from cuechain.agents.perception.workers import BEHIND
from cuechain.agents.pipeline import perceive as sheet_of
from cuechain.agents.settings import load
from cuechain.agents.values import Cue

Make = Callable[..., Any]

HEAD = """
import os, random, sys, time
from cuechain.agents.errors import ToolError
from cuechain.agents.perception.sense import Sense
from cuechain.agents.values import Cue, Gap, Span

PACE = random.Random(os.environ.get("PACE", ""))

class Slow(Sense):
    name, version, about = "slow", "1", "Dawdles."
    streams = frozenset({"video", "audio"})
    def __init__(self, settings):
        super().__init__(settings)
        self.seen = []
        self.dawdle()
    def dawdle(self):
        if "PACE" in os.environ:
            time.sleep(PACE.random() * 0.02)
    def watch(self, frame):
        self.dawdle()
        self.seen.append((frame.index, int(frame.image.sum())))
    def perceive(self, clip, heard):
        sound = 0 if clip.sound is None else int(1000 * abs(clip.sound).sum())
        for number in range(3):
            self.dawdle()
            text = f"{self.name} {number} of {hash(tuple(self.seen))}, {sound}, {[c.text for c in heard]}"
            yield Cue(sense=self.name, text=text, span=Span(start=number, end=number + 1), source=self.source())
"""


def using(*names: str, **more: Any) -> Any:
    return load(senses=names, **more).model_copy(update={"cache": None})


def one_after_another(path: Path, settings: Any) -> dict[str, list[Any]]:
    """What the senses find in one thread."""
    found: dict[str, list[Any]] = {}
    with opened(path) as clip:
        has = {*clip.media.streams, *(["subtitles"] if clip.has_subtitles else [])}
        for sense in senses(settings):
            if not sense.streams & has or sense.missing():
                continue
            made = sense(settings)
            for frame in clip.frames(settings.fps) if sense.watch is not Sense.watch else ():
                made.watch(frame)
            heard = [c for name in sense.after for c in found.get(name, []) if isinstance(c, Cue)]
            found[sense.name] = list(made.perceive(clip, heard))
    return found


def test_the_sheet_does_not_show_who_was_faster(
    plugin: Make, film: Make, tone: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    code = HEAD + textwrap.dedent("""
        class First(Slow): name, after = "first", ("second", "third")
        class Second(Slow): name, after = "second", ("third",)
        class Third(Slow): name = "third"
        class Other(Slow): name = "other"
    """)
    plugin(code, first="First", second="Second", third="Third", other="Other")
    path = film(tmp_path / "a.mp4", seconds=1.6, shots=2, sound=tone(1.6))
    settings = using("first", "second", "third", "other", "scene")
    alone = one_after_another(path, settings)
    sheets = []
    for pace in ("", "a", "b", "c"):
        monkeypatch.setenv("PACE", pace)
        with opened(path) as clip:
            assert {d.sense: d.found for d in perceive(clip, settings)} == alone
        sheets.append(sheet_of(path, settings).model_dump_json())
    assert len(set(sheets)) == 1


def test_real_senses_find_the_same_beside_each_other(data: Path):
    path, settings = data / "media" / "videos" / "pyfeat_single_face.mp4", using()
    with opened(path) as clip:
        together = {d.sense: d.found for d in perceive(clip, settings)}
    for name, found in one_after_another(path, settings).items():
        assert together[name] == found


def test_a_slow_sense_holds_the_decoder_back(plugin: Make, film: Make, tmp_path: Path):
    """Frames that wait are few, so that a long film does not pile up in memory."""
    code = HEAD + textwrap.dedent("""
        ALIVE, MOST = set(), []
        class Fast(Slow):
            name = "fast"
            def watch(self, frame): ALIVE.add(frame.index); MOST.append(len(ALIVE))
        class Lame(Slow):
            name = "lame"
            def watch(self, frame): time.sleep(0.02); ALIVE.discard(frame.index)
            def perceive(self, clip, heard): yield Gap(sense="lame", reason=str(max(MOST)))
    """)
    plugin(code, fast="Fast", lame="Lame")
    path = film(tmp_path / "a.mp4", seconds=4, size=(64, 36))
    with opened(path) as clip:
        found = {d.sense: d.found for d in perceive(clip, using("fast", "lame", fps=25))}
    assert 1 <= int(found["lame"][0].reason) <= BEHIND + 3


def test_who_fails_while_watching_keeps_nobody_waiting(plugin: Make, film: Make, tmp_path: Path):
    code = HEAD + textwrap.dedent("""
        class Bad(Slow):
            name = "bad"
            def watch(self, frame): raise ValueError("no")
        class Leaves(Slow):
            name = "leaves"
            def watch(self, frame): sys.exit(3)
        class Deep(Slow): name, after = "deep", ("bad",)
    """)
    plugin(code, bad="Bad", deep="Deep", leaves="Leaves")
    path = film(tmp_path / "a.mp4", seconds=2, size=(64, 36))
    with opened(path) as clip:
        found = {d.sense: d.found for d in perceive(clip, using("bad", "deep"))}
    assert [f.reason for f in found["bad"]] == ["the tool failed: ValueError: no"] and len(found["deep"]) == 3
    with opened(path) as clip, pytest.raises(SystemExit):
        list(perceive(clip, using("leaves", "deep")))


def test_a_frame_is_everybodys(plugin: Make, film: Make, tmp_path: Path):
    code = HEAD + textwrap.dedent("""
        class Paints(Slow):
            name = "paints"
            def watch(self, frame): frame.image[:] = 0
    """)
    plugin(code, paints="Paints", slow="Slow")
    path = film(tmp_path / "a.mp4", seconds=0.4, size=(64, 36))
    with opened(path) as clip:
        found = {d.sense: d.found for d in perceive(clip, using("paints", "slow"))}
    assert "read-only" in found["paints"][0].reason and len(found["slow"]) == 3


@pytest.mark.parametrize("leave", ["strict", "early"])
def test_an_end_before_the_end_stops_all(plugin: Make, film: Make, tmp_path: Path, leave: str):
    code = HEAD + textwrap.dedent("""
        class Quick(Slow):
            name, streams, watch = "quick", frozenset({"video"}), Sense.watch
            def perceive(self, clip, heard): raise ToolError("no more")
        class Long(Slow):
            name = "long"
            def watch(self, frame): time.sleep(0.1)
    """)
    plugin(code, quick="Quick", long="Long")
    path = film(tmp_path / "a.mp4", seconds=20, size=(64, 36))
    with opened(path) as clip:
        if leave == "strict":
            with pytest.raises(ToolError, match="no more"):
                list(perceive(clip, using("quick", "long", strict=True)))
        else:
            for done in perceive(clip, using("quick", "long")):
                assert done.sense == "quick"
                break
    assert not [t for t in threading.enumerate() if t.name.startswith("cuechain")]


@pytest.mark.parametrize("where", ["watch", "perceive", "model"])
def test_ctrl_c_ends_it_at_once(plugin: Make, film: Make, tmp_path: Path, where: str):
    code = HEAD + textwrap.dedent(f"""
        class Long(Slow):
            name = "long"
            def watch(self, frame):
                if {where!r} == "watch":
                    print("here", flush=True); time.sleep(0.1)
            def perceive(self, clip, heard):
                print("here", flush=True)
                while {where!r} == "perceive":
                    time.sleep(0.1); yield Gap(sense="long", reason="on and on")
                time.sleep(60)
                yield Gap(sense="long", reason="done")
    """)
    site = plugin(code, long="Long")
    path = film(tmp_path / "a.mp4", seconds=20, size=(64, 36))
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from cuechain.agents.cli import main; main()",
            "perceive",
            str(path),
            "--senses",
            "long",
            "--no-cache",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(site)},
        text=True,
    ) as process:
        assert process.stdout and process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        assert process.wait(15) == 130
        assert time.monotonic() - begin < 10


def test_sound_and_pictures_of_one_clip_in_several_threads(film: Make, tone: Make, tmp_path: Path):
    path = film(tmp_path / "a.mp4", seconds=2, sound=tone(2), subtitles=((0, 1, "hello"),))
    with opened(path) as clip:
        alone = np.array(clip.sound)
    with opened(path) as clip:
        heard: list[Any] = []
        threads = [
            threading.Thread(target=lambda: heard.append((np.array(clip.sound), clip.subtitles))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        assert len(list(clip.frames(12.5))) == 25
        for thread in threads:
            thread.join()
        assert len(heard) == 4 and all(np.array_equal(sound, alone) and len(lines) == 1 for sound, lines in heard)
