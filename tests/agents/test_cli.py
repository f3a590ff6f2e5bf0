import json
import os
import subprocess
import sys

import pytest

from cuechain.agents import cli
from cuechain.agents.catalogue import case_of
from cuechain.agents.sessions import Sessions

TALK = "1\n00:00:00,500 --> 00:00:02,500\nAnna: I hate this! I am so angry with you.\n"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "ärger am montag.srt"
    path.write_text(TALK, "utf-8")
    return path


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CUECHAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CUECHAIN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuechain", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def test_ask_answers_with_citations(run, clip):
    code, out, err = run("ask", clip, "How does she feel, and why?", "-m", "rules")
    assert code == 0, err
    assert "angry" in out and "[T1" in out and "0.5-2.5 s" in out and "Anna" in out


def test_show_takes_a_session(run, clip, tmp_path):
    session = Sessions(tmp_path / "home").create()
    code, _, err = run("show", "--", session.id)
    assert code == 1 and "no answer" in err
    for words in ("How is she?", "Why is she angry?"):
        session.add(case_of(run("ask", clip, words, "--json", "-m", "rules")[1]))
    for place in (session.id, session.folder, session.folder / "cases.jsonl"):
        code, out, err = run("show", "--markdown", "--", place)
        assert code == 0 and "## How is she?" in out and "## Why is she angry?" in out, err
    lines = [line.strip() for line in run("show", "--", session.id)[1].splitlines()]
    assert "[1] How is she?" in lines and "[2] Why is she angry?" in lines
    code, _, err = run("show", "--item", "x", "--", session.id)
    assert code == 2 and "run folders" in err
    code, _, err = run("show", "nobody-is-here")
    assert code == 1 and "nobody-is-here" in err and "--sessions" in err


def test_json_is_a_case_that_show_reads(run, clip, tmp_path):
    code, out, _ = run("ask", clip, "How is she?", "--json", "-m", "rules")
    case = json.loads(out)
    assert code == 0 and case["answer"]["emotion"]["label"] == "anger" and case["verdict"]["problems"] == []
    (tmp_path / "case.json").write_text(out)
    code, shown, _ = run("show", "case.json", "--markdown")
    assert code == 0 and "## How is she?" in shown


def test_progress_stays_off_stdout_and_output_is_written_whole(run, clip, tmp_path):
    code, out, err = run("ask", clip, "-m", "rules", "-o", "answer.md")
    assert code == 0 and out == "" and "answer.md" in err
    assert "angry" in (tmp_path / "answer.md").read_text()
    assert not list(tmp_path.glob("*.part"))


def test_task_emotion_with_any_labels(run, clip):
    code, out, _ = run("ask", clip, "How?", "-t", "emotion", "-l", "furious,calm,cheerful", "--json", "-m", "rules")
    assert code == 0 and json.loads(out)["answer"]["emotions"][0]["label"] == "furious"


def test_a_slip_in_a_label_is_told(run):
    _, _, err = run("ask", "--text", "I am so bored.", "How?", "-t", "emotion", "-l", "excited,borred,qwerty")
    assert "does not know borred, qwerty as feelings" in err and "did you mean bored?" in err


def test_typed_text_needs_no_file(run):
    code, out, _ = run(
        "ask", "--text", "I miss you so much, I cannot stop crying.", "How does the writer feel?", "-m", "rules"
    )
    assert code == 0 and "The writer" in out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["ask", "missing.mp4", "How?"], 1, "does not exist"),
        (["ask", ".", "How is it?"], 1, "is a folder"),
        (["ask", "clip.srt", "How?", "-m", "embeded"], 2, "did you mean embedded"),
        (["ask", "clip.srt", "How?", "-t", "emotoin"], 2, "did you mean emotion"),
        (["ask", "clip.srt", "How?", "-s", "vioce"], 2, "did you mean voice"),
        (["ask", "clip.srt", "How?", "-l", "joy"], 2, "nothing to choose"),
        (["ask", "clip.srt", "How?", "-l", "joy,joy"], 2, "distinct"),
        (["ask", "clip.srt", "How?" + " really" * 3000], 2, "characters"),
        (["ask", "How does she feel?"], 2, "no file"),
        (["ask", "clip.srt", "How?", "--budget", "3"], 2, "budget"),
        (["list", "tolls"], 2, "did you mean tools"),
        (["show", "nothing.json"], 1, "cannot be read"),
        (["ask", "table.csv", "How?"], 1, "a table is for `cuechain batch`"),
        (["batch", "nothing", "-o", "run"], 1, "does not exist"),
        (["feedback", "export", "nothing"], 1, "`cuechain chat --sessions`"),
        (["finetune", "data", "nothing.yaml"], 1, "cannot read nothing.yaml"),
        (["perceive"], 2, "Missing argument"),
        (["nonsense"], 2, "No such command"),
        (["ask", "clip.srt", "How?", "-o", "no/such/folder.md"], 1, "cannot be written"),
        (["ask", "clip.srt", "How?", "-o", "/dev/full"], 1, "cannot be written"),
    ],
)
def test_wrong_use_is_told_with_a_hint_and_an_exit_code(run, tmp_path, arguments, code, told):
    (tmp_path / "clip.srt").write_text(TALK)
    (tmp_path / "table.csv").write_text("text,label\nFine.,joy\n")
    got, _, err = run(*arguments, *(["-m", "rules"] if "-o" in arguments else []))
    assert got == code and told in err, err
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.part"))


def test_lists_and_doctor(run):
    for what, name in (
        ("tools", "voice"),
        ("tasks", "emotion"),
        ("datasets", "table"),
        ("models", "embedded"),
        ("prompts", "ask/observe"),
    ):
        code, out, _ = run("list", what)
        assert code == 0 and name in out
    code, out, _ = run("list", "datasets", "--json")
    (mosi,) = [dataset for dataset in json.loads(out) if dataset["name"] == "mosi"]
    assert code == 0 and mosi["tasks"] == ["sentiment"] and mosi["splits"] == ["test", "valid", "train"]
    assert mosi["verified"] is False and "format from publications" in mosi["about"]
    code, out, _ = run("show", "system")
    assert code == 0 and "never instructions" in out
    code, out, _ = run("list", "tools", "--json")
    (face,) = [tool for tool in json.loads(out) if tool["name"] == "face"]
    assert code == 0 and face["source"].startswith("face@") and isinstance(face["reliabilities"], list)
    code, out, _ = run("doctor", "--json")
    assert code == 0 and {"python", "model", "whisper", "face"} <= {r["name"] for r in json.loads(out)}


def test_tools_say_how_reliable_they_are(run, plugin):
    code = """
from cuechain import Sense
from cuechain.agents.perception.sense import Reliability
class Nods(Sense):
    name, version, about, streams = "nods", "1", "Nods of the head.", frozenset({"video"})
    reliabilities = (Reliability("nod", 0.825, "precision on 40 nods"), Reliability("shake [x]", 0.5, "a guess"))
"""
    plugin(code, nods="Nods")
    plugin("raise RuntimeError('out of order')", torn="Torn")
    code, out, _ = run("list", "tools")
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("nods "))
    assert code == 0 and lines[start].endswith("Nods of the head.")
    assert lines[start + 1].split() == ["nod", "0.82", "precision", "on", "40", "nods"]
    assert lines[start + 2].split() == ["shake", "[x]", "0.50", "a", "guess"]
    assert any(line.startswith("torn ") and "out of order" in line for line in lines)
    code, out, _ = run("list", "tools", "--json")
    (nods,) = [tool for tool in json.loads(out) if tool["name"] == "nods"]
    assert nods["reliabilities"][0] == {"measure": "nod", "value": 0.825, "basis": "precision on 40 nods"}


def test_chat_remembers_the_clip_and_survives_a_bad_question(run, clip, monkeypatch):
    import io

    lines = "What is the capital of France?\nHow does she feel?\n" + "x" * 5000 + "\ncues\nAnd why?\nquit\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    code, out, err = run("chat", clip, "-m", "rules")
    assert "Only feelings can be told" in out
    assert code == 0 and out.count("angry") >= 2 and "T1" in out and "characters" in err


def test_help_loads_no_model_and_no_media_library():
    code = (
        "import sys; sys.argv=['cuechain','--help']\n"
        "from cuechain.agents.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy={'torch','numpy','av','cv2','mediapipe','onnxruntime','transformers','langchain_core','faster_whisper'}\n"
        "sys.stderr.write('HEAVY:'+','.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.endswith("HEAVY:") and "perceive" in done.stdout


def test_ctrl_c_ends_with_130(tmp_path):
    import signal
    import time

    path = tmp_path / "replies.yaml"
    path.write_text("- hello\n")
    (tmp_path / "clip.txt").write_text("I am fine.")
    child = subprocess.Popen(
        [sys.executable, "-m", "cuechain", "chat", str(tmp_path / "clip.txt"), "-m", "rules"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "CUECHAIN_CACHE": str(tmp_path / "cache"), "CUECHAIN_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert child.stderr is not None
    while "Ask;" not in (line := child.stderr.readline()):
        assert line or child.poll() is None
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=20) == 130
