"""Files that are written whole or not at all."""

from pathlib import Path

import pytest

from cuechain.agents.atomic import write
from cuechain.agents.errors import RunError


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(self, text, *more):
        with self.open("w") as file:
            file.write(text[: len(text) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="No space left"):
        write(tmp_path / "answer.md", "x" * 100)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_until_the_new_is_whole(tmp_path):
    path = tmp_path / "answer.md"
    write(path, "first")
    write(path, "second")
    assert path.read_text() == "second" and list(tmp_path.iterdir()) == [path]
