from __future__ import annotations

import pytest

from cuechain.agents.errors import ConfigError
from tests.agents.datasets.told import read

JUDGED = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes05F_impro01_F000\tneu\t[3.0000, 2.5000, 1.0000]
C-E2:\tNeutral;\t()
C-E3:\tNeutral; Sadness;\t(tired; a bit)
C-F1:\tNeutral;\t(curious)
A-E3:\tval 3; act 2; dom  2;\t()

[10.0000 - 11.5000]\tSes05F_impro01_M000\texc\t[4.0000, 4.0000, 3.0000]
C-E2:\tExcited;\t()

[12.0000 - 13.0000]\tSes05F_impro01_F001\tfru\t[2.0000, 3.0000, 3.0000]

[14.0000 - 15.0000]\tSes05F_impro01_M001\txxx\t[2.0000, 3.0000, 3.0000]

[16.0000 - 17.0000]\tSes05F_impro01_M002\tang\t[2.0000, 3.0000, 3.0000]

[18.0000 - 19.0000]\tSes05F_impro01_M003\tsad\t[2.0000, 9.0000, 3.0000]

[20.0000 - 21.0000]\tSes05F_impro01_M004\tsad\t[2.0000, 3.0000, 3.0000]

[a - b] broken
"""
SAID = """Ses05F_impro01_F000 [006.2901-008.2357]: Excuse me.
Ses05F_impro01_M000 [010.0000-011.5000]: Do you have your forms?
M: [aside]
Ses05F_impro01_F001 [012.0000-013.0000]: No.
Ses05F_impro01_M001 [014.0000-015.0000]: Well.
Ses05F_impro01_MXX0 [015.5000-015.6000]: Mmhmm.
Ses05F_impro01_M003 [018.0000-019.0000]: Sorry.
Ses05F_impro01_M003 [018.0000-019.0000]: Sorry?
Ses05F_impro01_M004 [030.0000-031.0000]: Late.
"""
FAULTS = {
    ("Ses05F_impro01_M001", "no_label"),
    ("Ses05F_impro01_M002", "missing"),
    ("Ses05F_impro01_M003", "broken"),
    ("Ses05F_impro01_M004", "misaligned"),
    ("Ses05F_impro01_M003", "duplicate"),
    ("Ses05F_impro01.txt:3", "broken"),
    ("Ses05F_impro01.txt:22", "broken"),
    ("Ses05F_script01", "missing"),
}


@pytest.fixture
def release(tmp_path):
    for name in ("EmoEvaluation", "transcriptions"):
        (tmp_path / "Session5" / "dialog" / name).mkdir(parents=True)
    dialog = tmp_path / "Session5" / "dialog"
    (dialog / "EmoEvaluation" / "Ses05F_impro01.txt").write_bytes(JUDGED.replace("\n", "\r\n").encode())
    (dialog / "EmoEvaluation" / "Ses05F_script01.txt").write_text(JUDGED)
    (dialog / "EmoEvaluation" / "._Ses05F_impro01.txt").write_bytes(b"\0\5")
    (dialog / "transcriptions" / "Ses05F_impro01.txt").write_text(SAID)
    return tmp_path


def test_four_classes_count_excitement_as_happiness(release):
    items, faults = read(f"iemocap4:{release}")
    assert [(s.id[-4:], s.target.labels, s.turn, len(s.turns)) for s in items] == [
        ("F000", ("neutral",), 1, 7),
        ("M000", ("happy",), 2, 7),
        ("M003", ("sad",), 6, 7),
    ]
    first = items[0]
    assert first.target.scores == {"valence": 0.0, "arousal": -0.25, "dominance": -1.0} and not items[2].target.scores
    assert first.target.raters == {"E2": ("neutral",), "E3": ("neutral", "sad"), "F1": ("neutral",)}
    assert (first.turns[0].speaker, first.turns[0].text, first.turns[1].speaker) == ("Ses05_F", "Excuse me.", "Ses05_M")
    assert first.group == "Ses05F_impro01" and first.turns[0].span.end == 8.2357
    assert set(faults) == FAULTS | {("wav", "missing"), ("Ses05F_impro01_F001", "label_outside")}


def test_six_classes_keep_excitement_and_frustration(release):
    items, faults = read(f"iemocap6:{release / 'Session5'}", "session5")
    assert [s.target.labels for s in items] == [("neutral",), ("excited",), ("frustrated",), ("sad",)]
    assert set(faults) == FAULTS | {("wav", "missing")}


def test_sounds_belong_to_the_judged_turn_and_are_held_against_its_times(release, tone, wav):
    folder = release / "Session5" / "sentences" / "wav" / "Ses05F_impro01"
    folder.mkdir(parents=True)
    wav(folder / "Ses05F_impro01_F000.wav", tone(1.95))
    wav(folder / "Ses05F_impro01_M000.wav", tone(0.5))
    (folder / "Ses05F_impro01_M003.wav").write_bytes(b"no sound")
    items, faults = read(f"iemocap4:{release}")
    assert [[t.file is not None for t in s.turns] for s in items] == [[True, *[False] * 6]]
    assert {("Ses05F_impro01_M000", "miscut"), ("Ses05F_impro01_M003", "broken")} <= set(faults)


def test_a_session_that_is_not_there(release):
    with pytest.raises(ConfigError, match="Session2"):
        read(f"iemocap4:{release}", "session2")
    with pytest.raises(ConfigError, match="session5"):
        read(f"iemocap4:{release}", "test")
