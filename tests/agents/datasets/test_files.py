"""Files of datasets: found, decoded and cut into records."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cuechain.agents.datasets.files import find, json_lines, json_of, lines_of, table, text_of
from cuechain.agents.errors import ConfigError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pack", [False, True])
def test_whatever_wrote_a_text_it_reads_the_same(tmp_path: Path, encoding: str, ends: str, pack: bool):
    data = ends.join(("Zoë’s", "“übel”", "")).encode(encoding)
    path = tmp_path / ("a.txt.gz" if pack else "a.txt")
    path.write_bytes(gzip.compress(data) if pack else data)
    assert text_of(path) == "Zoë’s\n“übel”\n"
    assert lines_of(path) == ["Zoë’s", "“übel”"]


def test_one_byte_of_windows_does_not_spoil_the_rest(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes("Zoë".encode() + b" it\x92s \x81\n")
    assert lines_of(tmp_path / "a.txt") == ["Zoë it’s \ufffd"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", []), ("\n", [""]), ("a", ["a"]), ("a\n\n", ["a", ""]), ("a\u2028b\x85c\n", ["a\u2028b\x85c"])],
)
def test_lines_end_where_they_end(tmp_path: Path, text: str, lines: list[str]):
    (tmp_path / "a.txt").write_text(text, "utf-8")
    assert lines_of(tmp_path / "a.txt") == lines


def test_rows_have_the_number_of_their_first_line(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('\nid , text,more\n1,"two\nlines",x\n\n2,short\n3,a,b,long\n4,end,x\n', "utf-8")
    told = list(table(path, ("id", "text")))
    assert told == [
        (3, {"id": "1", "text": "two\nlines", "more": "x"}),
        (6, None),
        (7, None),
        (8, {"id": "4", "text": "end", "more": "x"}),
    ]


def test_a_tab_separated_table_has_no_quotes(tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\n1\t"Never closed\n2\tplain\n', "utf-8")
    assert [row for _, row in table(path)] == [{"id": "1", "text": '"Never closed'}, {"id": "2", "text": "plain"}]


def test_a_cell_without_end_is_one_broken_row(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,ok\n2,"' + "never closed\n" * 100_000, "utf-8")
    rows = table(path)
    assert next(rows) == (2, {"id": "1", "text": "ok"})
    assert next(rows) == (3, None)


def test_rows_come_before_the_file_is_read_to_its_end(tmp_path: Path):
    whole = gzip.compress(b"id,text\n" + b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(200_000)))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    rows = table(path)
    assert next(rows) == (2, {"id": "0", "text": "0"})
    with pytest.raises(ConfigError, match="ends in the middle"):
        list(rows)


@pytest.mark.parametrize(("text", "lost"), [("", "id"), ("id,words\n", "text"), ("\n\n", "id")])
def test_a_missing_column_is_named(tmp_path: Path, text: str, lost: str):
    (tmp_path / "a.csv").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=f"has no column '{lost}'"):
        list(table(tmp_path / "a.csv", ("id", "text")))


def test_broken_json_is_told(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\r\n\r\n{"a":\n[2]\n', "utf-8")
    assert list(json_lines(tmp_path / "a.jsonl")) == [(1, {"a": 1}), (3, None), (4, [2])]
    (tmp_path / "a.json").write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="is no JSON"):
        json_of(tmp_path / "a.json")


def test_files_are_found_below_and_gzipped(tmp_path: Path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "b.csv.gz").write_bytes(b"")
    assert find(tmp_path, "a.csv", "b.csv").name == "b.csv.gz"
    (tmp_path / "a.csv").write_text("", "utf-8")
    assert find(tmp_path, "a.csv", "b.csv") == tmp_path / "a.csv"
    assert find(tmp_path / "a.csv", "other.csv") == tmp_path / "a.csv"
    with pytest.raises(ConfigError, match=r"holds no c\.csv or d\.csv"):
        find(tmp_path, "c.csv", "d.csv")


def test_a_part_that_is_not_there_by_default_is_told_with_the_others(tmp_path):
    from cuechain.agents.datasets import samples

    (tmp_path / "val_text.txt").write_text("Fine.\n")
    (tmp_path / "val_labels.txt").write_text("1\n")
    with pytest.raises(ConfigError) as told:
        list(samples(f"tweeteval-irony:{tmp_path}"))
    assert "split test" in told.value.message and "--split takes val, train too" in told.value.hint
    (item,) = samples(f"tweeteval-irony:{tmp_path}", "val")
    assert item.text == "Fine."
