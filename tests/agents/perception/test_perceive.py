"""Order of the senses, the one pass, the cache, and senses that fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError, CueChainError, MediaError, PluginError, ToolError
from cuechain.agents.media import opened
from cuechain.agents.perception import Perceived, perceive, sense_tool, senses
from cuechain.agents.settings import Settings, load
from cuechain.agents.values import Cue, Gap

Make = Callable[..., Any]

HEAD = """
import os, pathlib
from cuechain.agents.errors import ToolError
from cuechain.agents.perception.sense import Sense
from cuechain.agents.values import Cue, Gap, Span

LOG = pathlib.Path(os.environ["LOG"])

class Plain(Sense):
    name, version, about = "plain", "1", "Says one thing."
    streams = frozenset({"text", "audio", "video", "image"})
    def perceive(self, clip, heard):
        with LOG.open("a") as file:
            file.write(f"{self.name} {[c.text for c in heard]}\\n")
        yield Cue(sense=self.name, text=f"{self.name} was here", source=self.source(), measures={"heard": len(heard)})
"""


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOG", str(tmp_path / "log.txt"))
    (tmp_path / "log.txt").touch()
    return tmp_path / "log.txt"


def using(*names: str, **more: Any) -> Settings:
    return load(senses=names, **more)


def run(settings: Settings, path: Path | None = None, **kwargs: Any) -> dict[str, Perceived]:
    with opened(path, **({} if path else {"text": "I am fine."} | kwargs)) as clip:
        return {p.sense: p for p in perceive(clip, settings)}


def texts(found: Perceived) -> list[str]:
    return [f.text if isinstance(f, Cue) else f.reason for f in found.found]


# ---- order


def test_each_sense_comes_after_those_it_hears(plugin: Make, log: Path):
    code = HEAD + textwrap.dedent("""
        class First(Plain): name, after = "first", ("second",)
        class Second(Plain): name, after = "second", ("third",)
        class Third(Plain): name = "third"
    """)
    plugin(code, first="First", second="Second", third="Third")
    assert [s.name for s in senses(using("first"))] == ["third", "second", "first"]  # unnamed ones it needs come along
    run(using("first", "second", "third"))
    assert log.read_text().splitlines() == ["third []", "second ['third was here']", "first ['second was here']"]


def test_senses_that_wait_for_each_other(plugin: Make):
    code = HEAD + textwrap.dedent("""
        class First(Plain): name, after = "first", ("second",)
        class Second(Plain): name, after = "second", ("first",)
    """)
    plugin(code, first="First", second="Second")
    with pytest.raises(PluginError, match="wait for each other"):
        senses(using("first"))


def test_all_senses_of_the_package_load_and_are_ordered():
    order = [s.name for s in senses(using())]
    assert {"transcript", "words", "voice", "face"} <= set(order)
    for sense in senses(using()):
        assert sense.about and sense.version and sense.streams <= {"video", "image", "audio", "subtitles", "text"}
        assert all(order.index(a) < order.index(sense.name) for a in sense.after)


# ---- the pass


def test_one_pass_serves_all_who_watch(plugin: Make, film: Make, tone: Make, tmp_path: Path):
    code = HEAD + textwrap.dedent("""
        class Counts(Plain):
            name, seen = "counts", 0
            def watch(self, frame): self.seen += 1
            def perceive(self, clip, heard):
                sound = 0 if clip.sound is None else len(clip.sound)
                yield Cue(sense=self.name, text="counted", source="t", measures={"frames": self.seen, "sound": sound})
        class Too(Counts): name = "too"
    """)
    plugin(code, counts="Counts", too="Too")
    found = run(using("counts", "too", fps=5), film(tmp_path / "a.mp4", seconds=2, sound=tone(2)))
    for name in ("counts", "too"):
        (cue,) = found[name].found
        assert isinstance(cue, Cue) and cue.measures["frames"] == 10 and cue.measures["sound"] > 30_000


def test_a_sense_that_the_clip_cannot_serve_says_why(plugin: Make, wav: Make, tone: Make, tmp_path: Path):
    plugin(HEAD + "class Looks(Plain): name, streams = 'looks', frozenset({'video', 'image'})\n", looks="Looks")
    assert texts(run(using("looks"), wav(tmp_path / "a.wav", tone(0.2)))["looks"]) == ["no picture in this audio"]
    assert texts(run(using("looks"))["looks"]) == ["no picture in this text"]


def test_an_undecodable_clip_is_an_error_not_a_gap(plugin: Make, wav: Make, tone: Make, tmp_path: Path):
    code = HEAD + textwrap.dedent("""
        class Hears(Plain):
            name = "hears"
            def perceive(self, clip, heard): return iter(() if clip.sound is None else ())
    """)
    plugin(code, hears="Hears")
    with pytest.raises(MediaError, match="could be decoded"):
        run(using("hears"), wav(tmp_path / "a.wav", tone(0)))


# ---- failure

BROKEN = HEAD + textwrap.dedent("""
    class Bug(Plain):
        name = "bug"
        def perceive(self, clip, heard):
            yield Cue(sense="bug", text="half done", source="t")
            raise ZeroDivisionError("oh")
    class Told(Plain):
        name = "told"
        def perceive(self, clip, heard): raise ToolError("the model is away", "bring it back")
    class Eyes(Plain):
        name = "eyes"
        def watch(self, frame): raise ValueError("cannot see")
    class Made(Plain):
        name = "made"
        def __init__(self, settings): raise OSError("no such model")
    class Asked(Plain):
        name = "asked"
        @classmethod
        def missing(cls): raise RuntimeError("bad check")
    class Absent(Plain):
        name = "absent"
        @classmethod
        def missing(cls): return Gap(sense="absent", reason="absent is not installed", hint="pip install absent")
""")
REASONS = {
    "bug": "the tool failed: ZeroDivisionError: oh",
    "told": "the model is away",
    "eyes": "the tool failed: ValueError: cannot see",
    "made": "the tool failed: OSError: no such model",
    "asked": "the tool failed: RuntimeError: bad check",
}


def test_a_failing_sense_is_a_gap_and_costs_no_other(plugin: Make, film: Make, tmp_path: Path):
    plugin(BROKEN, plain="Plain", absent="Absent", **{name: name.title() for name in REASONS})
    found = run(using("plain", "absent", *REASONS), film(tmp_path / "a.mp4", seconds=0.4))
    assert texts(found["plain"]) == ["plain was here"]
    assert {name: texts(found[name]) for name in REASONS} == {name: [why] for name, why in REASONS.items()}
    (gap,) = found["told"].found
    assert isinstance(gap, Gap) and gap.hint == "bring it back"
    assert texts(found["absent"]) == ["absent is not installed"]


@pytest.mark.parametrize("name", sorted(REASONS))
def test_strict_makes_it_an_error(plugin: Make, film: Make, tmp_path: Path, name: str):
    plugin(BROKEN, **{name: name.title()})
    with pytest.raises(ToolError) as caught:
        run(using(name, strict=True), film(tmp_path / "a.mp4", seconds=0.4))
    assert REASONS[name].rsplit(": ", 1)[-1] in caught.value.message


def test_strict_accepts_what_is_merely_not_installed(plugin: Make):
    plugin(BROKEN, absent="Absent")
    assert texts(run(using("absent", strict=True))["absent"]) == ["absent is not installed"]


@pytest.mark.parametrize("code", ["raise RuntimeError('boom')", "Nice = 3", "import no_such_module", "def ("])
def test_a_broken_plugin_is_an_error_only_when_it_was_asked_for(plugin: Make, code: str):
    plugin(code, nice="Nice")
    with pytest.raises(PluginError, match="nice"):
        run(using("nice"))
    found = run(using("transcript"))
    assert "nice" not in found
    broken: list[Gap] = []
    assert "transcript" in [s.name for s in senses(using(), broken)]
    assert [g.sense for g in broken] == ["nice"] and broken[0].hint


def test_unknown_names():
    with pytest.raises(ConfigError, match="unknown perception tool 'vioce'") as caught:
        run(using("vioce"))
    assert "voice" in caught.value.hint


# ---- the cache


def test_the_second_time_nothing_is_perceived(plugin: Make, log: Path, cache: Path, film: Make, tmp_path: Path):
    plugin(HEAD + "class Deep(Plain): name, after = 'deep', ('plain',)\n", plain="Plain", deep="Deep")
    path = film(tmp_path / "a.mp4", seconds=0.4)
    first = run(using("plain", "deep"), path)
    second = run(using("plain", "deep"), path)
    assert not first["plain"].cached and second["plain"].cached and second["deep"].cached
    assert first["deep"].found == second["deep"].found and second["deep"].seconds == 0
    assert len(log.read_text().splitlines()) == 2
    path.rename(tmp_path / "b.mp4")  # what counts is what is in it
    assert run(using("plain"), tmp_path / "b.mp4")["plain"].cached
    assert all(e.suffix == ".json" for e in cache.rglob("*") if e.is_file())


def test_what_decides_about_cues_decides_about_the_entry(plugin: Make, film: Make, tmp_path: Path, monkeypatch: Any):
    code = HEAD + textwrap.dedent("""
        class Looks(Plain):
            name, fingerprint = "looks", classmethod(lambda cls, settings: settings.whisper)
            def watch(self, frame): pass
    """)
    plugin(code, looks="Looks")
    path = film(tmp_path / "a.mp4", seconds=0.4)
    run(using("looks"), path)
    assert run(using("looks"), path)["looks"].cached
    assert not run(using("looks", fps=3), path)["looks"].cached
    assert not run(using("looks", whisper="tiny"), path)["looks"].cached
    monkeypatch.setattr(senses(using("looks"))[0], "version", "2")
    assert not run(using("looks"), path)["looks"].cached


def test_a_failure_is_not_kept_nor_what_was_heard_of_it(plugin: Make, monkeypatch: pytest.MonkeyPatch):
    code = HEAD + textwrap.dedent("""
        class Shaky(Plain):
            name = "shaky"
            def perceive(self, clip, heard):
                if os.environ.get("SHAKE"): raise ToolError("overloaded")
                yield from super().perceive(clip, heard)
        class Deep(Plain): name, after = "deep", ("shaky",)
    """)
    plugin(code, shaky="Shaky", deep="Deep")
    monkeypatch.setenv("SHAKE", "1")
    found = run(using("shaky", "deep"))
    assert texts(found["shaky"]) == ["overloaded"] and found["deep"].found[0].measures == {"heard": 0}
    monkeypatch.delenv("SHAKE")
    found = run(using("shaky", "deep"))
    assert not found["deep"].cached and found["deep"].found[0].measures == {"heard": 1}


def test_no_cache_when_none_is_wanted(plugin: Make, cache: Path):
    plugin(HEAD, plain="Plain")
    settings = using("plain").model_copy(update={"cache": None})
    run(settings)
    assert not run(settings)["plain"].cached and list(cache.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[", b"[{}]", b"\xff\xfe", b"null", b'[{"sense":"plain","text":"x"}]'])
def test_a_corrupt_entry_is_perceived_anew(plugin: Make, cache: Path, content: bytes):
    plugin(HEAD, plain="Plain")
    run(using("plain"))
    (entry,) = cache.rglob("plain-*.json")
    entry.write_bytes(content)
    again = run(using("plain"))
    assert not again["plain"].cached and texts(again["plain"]) == ["plain was here"]
    assert run(using("plain"))["plain"].cached


def test_a_folder_that_cannot_be_written_costs_only_time(plugin: Make, tmp_path: Path):
    plugin(HEAD, plain="Plain")
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/cuechain"), Path("/dev/null")):
        found = run(using("plain").model_copy(update={"cache": folder}))
        assert texts(found["plain"]) == ["plain was here"]
    assert (tmp_path / "file").read_bytes() == b""


def test_what_json_cannot_hold_is_not_kept(plugin: Make, cache: Path):
    code = HEAD + textwrap.dedent("""
        class Odd(Plain):
            name = "odd"
            def perceive(self, clip, heard): yield Cue(sense="odd", text=chr(0xD800), source="t")
    """)
    plugin(code, odd="Odd")
    assert isinstance(run(using("odd"))["odd"].found[0], Cue)
    assert not [p for p in cache.rglob("*") if p.is_file()]


SCRIPT = """
import sys
from cuechain.agents.media import opened
from cuechain.agents.perception import perceive
from cuechain.agents.settings import load
for turn in range(int(sys.argv[1])):
    with opened(text=f"I am fine, {turn}.") as clip:
        (done,) = perceive(clip, load(senses=("plain",)))
        assert [c.text for c in done.found] == ["plain was here"], done
"""


def test_several_writers_at_once(plugin: Make, cache: Path):
    env = os.environ | {"PYTHONPATH": str(plugin(HEAD, plain="Plain"))}
    writers = [subprocess.Popen([sys.executable, "-c", SCRIPT, "60"], env=env) for _ in range(3)]
    assert [w.wait(60) for w in writers] == [0, 0, 0]
    entries = list(cache.rglob("plain-*.json"))
    assert len(entries) == 60 and all(json.loads(e.read_bytes())[0]["text"] == "plain was here" for e in entries)
    assert not list(cache.rglob("*.part"))


def test_killed_while_writing_leaves_nothing_that_is_read(plugin: Make, cache: Path):
    env = os.environ | {"PYTHONPATH": str(plugin(HEAD, plain="Plain"))}
    kill = "import os; os.replace = lambda *a: os.kill(os.getpid(), 9)\n"
    killed = subprocess.run([sys.executable, "-c", kill + SCRIPT, "1"], env=env, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(cache.rglob("*.part"))) == 1 and not list(cache.rglob("*.json"))
    again = run(using("plain"), text="I am fine, 0.")
    assert not again["plain"].cached and texts(again["plain"]) == ["plain was here"]


def test_interrupted_while_writing_leaves_no_part(plugin: Make, cache: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(*args: Any) -> None:
        raise KeyboardInterrupt

    plugin(HEAD, plain="Plain")
    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        run(using("plain"))
    assert not [p for p in cache.rglob("*") if p.is_file()]


def test_damage_is_told_again_when_all_comes_from_the_cache(plugin: Make, film: Make, tone: Make, tmp_path: Path):
    plugin(HEAD + "class Looks(Plain):\n    name = 'looks'\n    def watch(self, frame): pass\n", looks="Looks")
    path = film(tmp_path / "a.mp4", seconds=8, sound=tone(8), options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 55 // 100])
    for cached in (False, True):
        with opened(path) as clip:
            assert [p.cached for p in perceive(clip, using("looks"))] == [cached]
            assert any("cut off" in g.reason for g in clip.notes)


# ---- as a tool


def test_a_sense_as_a_langchain_tool(plugin: Make, wav: Make, tone: Make, tmp_path: Path):
    plugin(HEAD + "class Deep(Plain): name, after = 'deep', ('plain',)\n", plain="Plain", deep="Deep")
    tool = sense_tool("deep")
    assert tool.name == "perceive_deep" and "Says one thing." in tool.description
    assert tool.invoke({"path": str(wav(tmp_path / "a.wav", tone(0.2)))}) == "deep was here"
    with pytest.raises(CueChainError):
        tool.invoke({"path": str(tmp_path / "none.wav")})
