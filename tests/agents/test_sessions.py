"""Conversations on disk: kept whole, one owner's alone, gone when deleted."""

import io
import threading

import pytest

from cuechain.agents import settings
from cuechain.agents.errors import ConfigError, MediaError, SessionError
from cuechain.agents.pipeline import ask
from cuechain.agents.sessions import Feedback, Sessions, safe_name


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    path = tmp_path_factory.mktemp("said") / "note.txt"
    path.write_text("I am so happy today!")
    return ask(path, "How does the writer feel?", settings=settings.load(model="rules", senses=("transcript", "words")))


@pytest.fixture
def session(tmp_path):
    return Sessions(tmp_path).create("a talk")


def test_an_id_does_not_read_as_an_option(tmp_path, monkeypatch):
    names = iter(("-aaaaaaaaaaaaaaa", "_bbbbbbbbbbbbbbb", "cccccccccccccccc"))
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: next(names))
    assert Sessions(tmp_path).create("x").id == "cccccccccccccccc"


def test_what_is_kept_is_read_again(tmp_path, case):
    made = Sessions(tmp_path).create("a talk")
    clip = made.add_file(io.BytesIO(b"sound"), "talk.wav")
    assert made.add(case) == 1
    assert made.add(case) == 2
    made.rate(Feedback(turn=2, rating="down", text="She seems calm [W1]."))
    made.rate(Feedback(turn=2, rating="up"))
    again = Sessions(tmp_path).get(made.id)
    assert again.files == (clip,)
    assert clip.read_bytes() == b"sound"
    assert again.cases() == [case, case]
    assert type(again.cases()[0].answer) is type(case.answer)
    assert [(f.turn, f.rating) for f in again.feedback()] == [(2, "up")]
    assert [s.title for s in Sessions(tmp_path).all()] == ["a talk"]


def test_a_line_that_was_cut_off_costs_itself_alone(session, case):
    session.add(case)
    with (session.folder / "cases.jsonl").open("a") as file:
        file.write('{"question": {"te')
    assert session.cases() == [case]
    assert session.add(case) == 2
    assert session.cases() == [case, case]


def test_two_writers_lose_nothing(session, case):
    threads = [threading.Thread(target=lambda: [session.add(case) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(session.cases()) == 20


def test_others_sessions_do_not_exist(tmp_path):
    made = Sessions(tmp_path, "ann").create()
    with pytest.raises(SessionError) as hers:
        Sessions(tmp_path, "bob").get(made.id)
    with pytest.raises(SessionError) as nobodys:
        Sessions(tmp_path, "bob").get("x" * len(made.id))
    assert hers.value.message.replace(made.id, "") == nobodys.value.message.replace("x" * len(made.id), "")
    assert Sessions(tmp_path, "bob").all() == []
    with pytest.raises(SessionError):
        Sessions(tmp_path, "bob").delete(made.id)
    assert made.folder.is_dir()


@pytest.mark.parametrize("id", ["", ".", "..", "../../etc", "a/b", "%2e%2e%2f%2e%2e", "x" * 5000, "session\0id123"])
def test_an_id_is_no_path(tmp_path, id):
    with pytest.raises(SessionError):
        Sessions(tmp_path).get(id)


def test_what_is_deleted_is_gone(tmp_path, session, case):
    session.add_file(io.BytesIO(b"a secret"), "talk.wav")
    own = session.settings(settings.load(model="rules", senses=("words",), cache=tmp_path / "elsewhere"))
    note = session.add_file(io.BytesIO(b"I am sad today."), "note.txt")
    ask(note, "How?", settings=own)
    session.memory.write_bytes(b"what was said")
    session.add(case)
    assert any((session.folder / "cache").rglob("*.json"))
    Sessions(tmp_path).delete(session.id)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    assert Sessions(tmp_path).all() == []
    with pytest.raises(SessionError, match="was deleted"):
        session.add(case)


def test_a_file_that_is_too_large_leaves_nothing(session):
    with pytest.raises(MediaError, match="more than 1 MiB"):
        session.add_file(io.BytesIO(b"x" * (2 << 20)), "talk.wav", most=1 << 20)
    assert session.files == ()
    assert not list((session.folder / "media").iterdir())


def test_files_of_one_name_stand_beside_each_other(session):
    paths = [session.add_file(io.BytesIO(text), "clip.mp4") for text in (b"one", b"two")]
    assert [p.name for p in paths] == ["clip.mp4", "clip-2.mp4"]
    assert [p.read_bytes() for p in session.files] == [b"one", b"two"]


def test_a_users_own_file_stays_where_it_is(session, tmp_path):
    own = tmp_path / "mine.txt"
    own.write_text("hello")
    session.link_file(own)
    assert session.files == (own,)


def test_a_clip_that_is_taken_out_is_gone_but_a_users_own_file_stays(session, tmp_path):
    kept, copied = tmp_path / "mine.txt", session.add_file(io.BytesIO(b"a"), "talk.wav")
    kept.write_text("hello")
    session.link_file(kept)
    session.remove_file(copied)
    session.remove_file(kept)
    assert session.files == ()
    assert kept.exists()
    assert not copied.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\clip.mp4", "clip.mp4"),
        (".bashrc", "bashrc"),
        ("-rf.mp4", "rf.mp4"),
        ("a\0b\n.wav", "a_b_.wav"),
        ("<script>.mp4", "_script_.mp4"),
        ("Gespräch über Mut.mp3", "Gespräch über Mut.mp3"),
        ("x" * 5000 + ".mp4", "x" * 70 + ".mp4"),
    ],
)
def test_names_of_files_are_harmless(name, kept):
    assert safe_name(name) == kept


@pytest.mark.parametrize("name", ["", "..", "/", "...", " "])
def test_a_file_needs_a_name(name):
    with pytest.raises(ConfigError):
        safe_name(name)


def test_feedback_on_an_answer_that_is_not_there(session):
    with pytest.raises(SessionError, match="no answer 1"):
        session.rate(Feedback(turn=1, rating="up"))
