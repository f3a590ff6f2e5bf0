"""The cue cache under many hands: whole entries or none, whoever is killed, and nothing perceived twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cuechain.agents.media import opened
from cuechain.agents.perception import perceive, store
from cuechain.agents.settings import load

Make = Callable[..., Any]

CODE = """
import os, pathlib
from cuechain.agents.perception.sense import Sense
from cuechain.agents.values import Cue

LOG = pathlib.Path(os.environ["LOG"])

class Counts(Sense):
    name, version, about = "counts", "1", "Counts its calls."
    streams = frozenset({"text", "video"})
    seen = 0
    def __init__(self, settings):
        super().__init__(settings)
        with LOG.open("a") as file:
            file.write("made\\n")
    def watch(self, frame): self.seen += 1
    def perceive(self, clip, heard):
        with LOG.open("a") as file:
            file.write("called\\n")
        for number in range(300):  # some 100 kB: long enough to be killed in the middle of it
            text = f"{number} {clip.text} {self.seen} " + "x" * 300
            yield Cue(sense=self.name, text=text, source=self.source())
"""

SCRIPT = """
import sys
from cuechain.agents.media import opened
from cuechain.agents.perception import perceive
from cuechain.agents.settings import load
turn = 0
while turn < int(sys.argv[1]):
    with opened(text=f"I am fine, {turn % 5}.") as clip:
        (done,) = perceive(clip, load(senses=("counts",)))
    want = [f"{number} {clip.text} 0 " + "x" * 300 for number in range(300)]
    if [c.text for c in done.found] != want:
        sys.exit(7)
    if not turn:
        print("going", flush=True)
    turn += 1
"""


def perceived(**of: Any) -> Any:
    with opened(**of) as clip:
        (done,) = perceive(clip, load(senses=("counts",)))
    return done


def test_many_at_once_and_killed_at_any_moment(plugin: Make, cache: Path, tmp_path: Path):
    env = os.environ | {"PYTHONPATH": str(plugin(CODE, counts="Counts")), "LOG": str(tmp_path / "log")}
    chance = random.Random(0)

    def start(turns: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", SCRIPT, str(turns)], env=env, stdout=subprocess.PIPE)

    running = [start(10**6) for _ in range(3)]
    for one in running:
        assert one.stdout and one.stdout.readline() == b"going\n"
    ends = time.monotonic() + 0.6
    while time.monotonic() < ends:  # what is there is taken away again, so that all keep writing
        for entry in cache.rglob("counts-*.json"):
            assert len(json.loads(entry.read_bytes())) == 300
            entry.unlink(missing_ok=True)
        time.sleep(chance.random() * 0.01)
    for one in running:
        assert one.poll() is None  # none has read anything wrong
        time.sleep(chance.random() * 0.05)
        one.kill()
        one.communicate()
    last = start(5)
    assert last.wait(60) == 0 and last.communicate()
    assert sorted(len(json.loads(e.read_bytes())) for e in cache.rglob("counts-*.json")) == [300] * 5
    assert len(list(cache.rglob("*.part"))) <= 3  # one for each that was killed, at most


def test_what_the_killed_left_is_swept(plugin: Make, cache: Path, tmp_path: Path, monkeypatch: Any):
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    plugin(CODE, counts="Counts")
    perceived(text="I am fine.")
    (entry,) = cache.rglob("counts-*.json")
    old, young = entry.with_name("old.part"), entry.with_name("young.part")
    for part, age in ((old, store.FORGOTTEN + 60), (young, 60)):
        part.write_bytes(b"[")
        os.utime(part, times=(time.time() - age,) * 2)
    entry.unlink()
    assert not perceived(text="I am fine.").cached
    assert entry.exists() and young.exists() and not old.exists()


def test_asking_again_never_perceives_again(plugin: Make, film: Make, tmp_path: Path, monkeypatch: Any):
    log = tmp_path / "log"
    monkeypatch.setenv("LOG", str(log))
    site = plugin(CODE, counts="Counts")
    path = film(tmp_path / "a.mp4", seconds=0.4, size=(64, 36))
    assert [perceived(path=path).cached for _ in range(3)] == [False, True, True]
    code = "from cuechain.agents.cli import main; main()"
    for question in ("How do they feel?", "And why?"):
        arguments = ["ask", str(path), question, "--senses", "counts", "--model", "rules"]
        env = os.environ | {"PYTHONPATH": str(site)}
        subprocess.run([sys.executable, "-c", code, *arguments], env=env, check=True, capture_output=True)
    assert log.read_text() == "made\ncalled\n"


def test_one_sense_that_fails_does_not_cost_those_that_listen_to_it(plugin: Make, tmp_path: Path, monkeypatch: Any):
    """What a sense heard is known only when the other is done; what it then finds may still be there."""
    code = CODE + (
        "class Fails(Counts):\n"
        "    name = 'fails'\n"
        "    def perceive(self, clip, heard): raise OSError('away')\n"
        "class Deep(Counts): name, after, watch = 'deep', ('fails',), Sense.watch\n"
    )
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    plugin(code, fails="Fails", deep="Deep")
    for cached in (False, True):
        with opened(text="I am fine.") as clip:
            found = {d.sense: d for d in perceive(clip, load(senses=("deep",)))}
        assert found["deep"].cached is cached and len(found["deep"].found) == 300 and len(found["fails"].found) == 1
    assert (tmp_path / "log").read_text() == "made\nmade\ncalled\nmade\n"  # the one that fails is tried again


def test_what_another_try_may_find_is_not_kept(plugin: Make, cache: Path):
    """A server that was down for a minute must not leave a gap for ever."""
    code = (
        "from cuechain.agents.perception.sense import Sense\n"
        "from cuechain.agents.values import Cue, Gap\n"
        "class Counts(Sense):\n"
        "    name, version, about, streams, calls = 'counts', '1', 'Fails at first.', frozenset({'text'}), []\n"
        "    def perceive(self, clip, heard):\n"
        "        self.calls.append(1)\n"
        "        yield Cue(sense=self.name, text='the text is there', source=self.source())\n"
        "        if len(self.calls) < 2:\n"
        "            yield Gap(sense=self.name, reason='the server is away', retry=True)\n"
    )
    plugin(code, counts="Counts")
    done = [perceived(text="I am fine.") for _ in range(3)]
    assert [(len(d.found), d.cached) for d in done] == [(2, False), (1, False), (1, True)]
