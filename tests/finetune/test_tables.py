"""Labelled tables for fine-tuning: strict about their encoding, whatever their form."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.finetune.gathering.tables import table


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "text,label\nHm.,joy\nshort\n"), ("a.tsv", "text\tlabel\nHm.\tjoy\nshort\n")],
)
def test_a_line_that_is_no_record_is_told(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text, "utf-8")
    assert list(table(tmp_path / name)) == [(2, {"text": "Hm.", "label": "joy"}), (3, None)]


def test_lines_of_json_and_a_table_without_header(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text('{"text": "Hm."}\n["Hm."]\n{\n', "utf-8")
    assert list(table(tmp_path / "a.jsonl")) == [(1, {"text": "Hm."}), (2, None), (3, None)]
    (tmp_path / "a.tsv").write_text("Hm.\tjoy\n", "utf-8")
    assert list(table(tmp_path / "a.tsv", ("text", "label"))) == [(1, {"text": "Hm.", "label": "joy"})]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_another_encoding_is_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes('{"text": "Zoë"}\n'.encode("cp1252"))
    with pytest.raises(ConfigError, match=r"a\.\w+ is not UTF-8"):
        list(table(tmp_path / name))


def test_damage_and_other_kinds_are_told(tmp_path: Path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"text\nHm.\n")[:-9])
    with pytest.raises(ConfigError, match="ends in the middle or is damaged"):
        list(table(tmp_path / "a.csv.gz"))
    (tmp_path / "b.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(ConfigError, match="ends in the middle or is damaged"):
        list(table(tmp_path / "b.csv.gz"))
    with pytest.raises(ConfigError, match=r"cannot read a\.xlsx as a table"):
        list(table(tmp_path / "a.xlsx"))
    with pytest.raises(ConfigError, match="cannot read"):
        list(table(tmp_path / "none.csv"))
