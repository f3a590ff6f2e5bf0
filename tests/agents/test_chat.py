"""`cuechain chat` keeps what was said: begin, resume, list, delete."""

import io
import json
import sys

import pytest

from cuechain.agents import cli
from cuechain.agents.sessions import Sessions


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CUECHAIN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Anna: I hate this! I am so angry with you.\nBen: Oh, I am so happy, I love it!\n")
    return path


@pytest.fixture
def chat(home, monkeypatch, capsys):
    def run(*arguments, said=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        monkeypatch.setattr(sys, "argv", ["cuechain", "chat", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


def test_a_session_is_begun_listed_resumed_and_deleted(chat, home, letter, tmp_path):
    code, out, err = chat(letter, "-m", "rules", said="How does Anna feel, and why?\nquit\n")
    assert code == 0 and "angry" in out and "[T1" in out
    id = err.split("--resume ")[1].split("`")[0]
    code, out, _ = chat("--sessions", "--json")
    (row,) = json.loads(out)
    assert code == 0 and row["id"] == id and row["answers"] == 1 and row["title"] == "letter.txt"
    assert id in chat("--sessions")[1]
    other = tmp_path / "other.txt"
    other.write_text("Cid: I am so afraid, very scared.\nDan: The bill was read on Monday.\n")
    code, out, err = chat("--resume", id, "-m", "rules", "--json", said=f"and why?\nadd {other}\nHow does Cid feel?\n")
    first, second = map(json.loads, out.splitlines())
    assert code == 0 and "letter.txt: 1 answer so far" in err and "How does Anna feel" in err
    assert first["answer"]["person"] == "Anna" and second["answer"]["emotion"]["label"] == "fear"
    session = Sessions(home).get(id)
    assert len(session.cases()) == 3 and [f.name for f in session.files] == ["letter.txt", "other.txt"]
    assert chat("--delete", id)[0] == 0
    assert not session.folder.exists() and letter.exists() and chat("--sessions", "--json")[1].strip() == "[]"


def test_every_answer_shows_the_cues_that_it_cites(chat, letter):
    code, out, _ = chat(letter, "-m", "rules", said="How does Anna feel, and why?\nand Ben?\n")
    second = out.split("[2]")[1]
    assert code == 0 and "happy" in second and "• " in second and "so happy, I love it" in second
    assert "I hate this" not in second


def test_help_and_thanks_are_no_questions(chat, home, letter):
    code, out, err = chat(letter, "-m", "rules", said="help\n?\nthanks\nThank you very much!\nok, great\n")
    assert code == 0 and not out and "before that" in err and "Ask on" in err
    assert not Sessions(home).all()


def test_what_is_missing_names_its_clip_and_is_not_made_up_after_a_pause(chat, letter, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("Cid: I am so afraid, very scared.\n")
    _, _, err = chat(letter, other, "-m", "rules", said="How does Anna feel?\ncues\n")
    id = err.split("--resume ")[1].split("`")[0]
    _, out, _ = chat("--resume", id, "-m", "rules", said="cues\n")
    assert "perceived so far" not in out
    assert all("letter.txt" in line or "other.txt" in line for line in out.splitlines() if line.startswith("missing"))


def test_a_session_without_an_answer_is_not_kept(chat, home, letter):
    for said in ("", "quit\n", "cues\n", "x" * 5000):
        assert chat(letter, "-m", "rules", said=said)[0] == 0
    assert not Sessions(home).all()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--resume", "nothing-there"), 1, "chat --sessions"),
        (("--resume", "../../etc"), 1, "no session"),
        (("--delete", "nothing-there"), 1, "no session"),
        ((), 2, "no file"),
        (("no.mp4",), 1, "no file"),
        (("--sessions", "--delete", "x"), 2, "exclude"),
    ],
)
def test_what_cannot_be_done_is_told(chat, home, arguments, code, told):
    got, _, err = chat(*arguments)
    assert got == code and told in err
    assert not Sessions(home).all()


def test_an_unknown_model_leaves_no_session_behind(chat, home, letter):
    assert chat(letter, "-m", "nonesuch")[0] == 2 and not Sessions(home).all()


def test_a_clip_that_is_gone_is_told(chat, home, letter):
    _, _, err = chat(letter, "-m", "rules", said="How does Anna feel?\n")
    id = err.split("--resume ")[1].split("`")[0]
    letter.unlink()
    code, _, err = chat("--resume", id, "-m", "rules", said="why?\n")
    assert code == 1 and "does not exist" in err and len(Sessions(home).get(id).cases()) == 1


def test_a_clip_that_cannot_be_opened_does_not_spoil_the_session(chat, home, letter, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    said = f"How does Anna feel?\nadd {broken}\nadd gone.mp4\n"
    code, _, err = chat(letter, "-m", "rules", said=said)
    assert code == 0 and err.count("error:") == 2
    id = err.split("--resume ")[1].split("`")[0]
    assert [f.name for f in Sessions(home).get(id).files] == ["letter.txt"]
    assert chat("--resume", id, broken, "-m", "rules")[0] == 1
    assert chat("--resume", id, "-m", "rules", said="why?\n")[0] == 0


def test_no_cache_keeps_nothing_and_says_so(chat, home, letter, tmp_path, monkeypatch):
    monkeypatch.setenv("CUECHAIN_CACHE", str(tmp_path / "cache"))
    code, out, err = chat(letter, "-m", "rules", "--no-cache", said="How does Anna feel?\nand why?\n")
    assert code == 0 and "angry" in out and "nothing was kept" in err and "--resume" not in err
    assert not home.exists() and not (tmp_path / "cache").exists()
    code, _, err = chat("--resume", "a-session-id", "--no-cache")
    assert code == 2 and "exclude" in err


def test_answers_have_the_number_by_which_they_are_rated(chat, home, letter):
    _, out, err = chat(letter, "-m", "rules", said="How does Anna feel?\nand Ben?\n")
    id = err.split("--resume ")[1].split("`")[0]
    lines = [line.strip() for line in out.splitlines()]
    assert lines.index("[1]") < lines.index("[2]")
    assert "[3]" in chat("--resume", id, "-m", "rules", said="and why?\n")[1]
    raw = chat("--resume", id, "-m", "rules", "--json", said="and why?\n")[1]
    assert json.loads(raw)["question"]["text"] and "[4]" not in raw
    line = chat("--sessions")[1]
    assert "4 answers" in line and '"and why?"' in line
    assert json.loads(chat("--sessions", "--json")[1])[0]["last_question"] == "and why?"


def test_a_long_question_does_not_spoil_the_list(chat, home, letter):
    chat(letter, "-m", "rules", said="How does \x1b[31mAnna feel, and" + " really" * 60 + "?\n")
    (line,) = chat("--sessions")[1].splitlines()
    assert "\x1b" not in line and len(line) < 160
