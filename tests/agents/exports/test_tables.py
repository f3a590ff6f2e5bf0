"""Cases as Parquet and CSV, cues as CSV, and aggregates: typed, safe to open in a spreadsheet, with provenance."""

import csv
import json

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.exports.aggregates import Aggregates
from cuechain.agents.exports.record import COLUMNS, Origin
from cuechain.agents.exports.tables import ROWS, Cases, Parquet, Segments
from cuechain.agents.values import Span
from tests.agents.exports.made import case, cue, failed, seen, sheet, talk

PROVENANCE = ("run", "id", "dataset", "split", "model", "template_hash")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def origin(tmp_path):
    return Origin(tmp_path / "run", "table:made.csv")


def parquet(tmp_path, origin, *cases):
    pytest.importorskip("pyarrow")
    from pyarrow.parquet import read_table

    out = Parquet(tmp_path / "out" / "cases.parquet", origin)
    for one in cases:
        out.add(one)
    assert out.finish() == [tmp_path / "out" / "cases.parquet"]
    assert not list((tmp_path / "out").glob("*.part"))
    return read_table(tmp_path / "out" / "cases.parquet")


def test_a_row_for_each_case_in_typed_columns(tmp_path, origin):
    held, more = talk(("Ann", "What a day"), ("Bob", "=SUM(A1)\nreally"), turn=2)
    table = parquet(
        tmp_path,
        origin,
        case("a"),
        case("b", seen_of=held, cites=("T2",), sample=more),
        failed(),
        case("d", label=None),
    )
    assert table.column_names == list(COLUMNS)
    a, b, bad, d = table.to_pylist()
    assert (a["label"], a["gold"], a["agrees"], a["confidence"], a["verified"]) == ("joy", "joy", True, 0.8, True)
    assert a["cites"] == ["F1"] and a["files"] == ["/clips/a film.mp4"] and a["tools"] == "face@1 transcript@1"
    assert a["run"] == str(tmp_path / "run") and all(a[name] for name in PROVENANCE)
    assert json.loads(a["answer"])["emotion"]["label"] == "joy" and a["rationale"].endswith("[F1].")
    assert (b["turn"], b["speaker"], b["text"], b["start_s"]) == (None, "Bob", "=SUM(A1)\nreally", None)
    assert (bad["status"], bad["error"], bad["label"], bad["agrees"]) == (
        "failed",
        "MediaError: there is no sound",
        None,
        None,
    )
    assert (d["abstain"], d["label"], d["agrees"]) == (True, None, False)
    assert a["votes"] is None and a["supported"] is None


@pytest.mark.parametrize(("name", "sign"), [("cases.csv", ","), ("cases.TSV", "\t")])
def test_a_row_for_each_case_that_any_spreadsheet_opens(tmp_path, origin, name, sign):
    told = case("=1+1", gold="anger", text="=HYPERLINK(1)\tand\nmore", sample={"span": Span(start=1, end=3)})
    out = Cases(tmp_path / name, origin)
    for one in (told, case("b", label=None, gold=None), failed(sample={"files": ("/clips/broken.mp4",)})):
        out.add(one)
    assert out.finish() == [tmp_path / name] and out.written == 3
    with (tmp_path / name).open(encoding="utf-8", newline="") as lines:
        a, b, bad = rows = list(csv.DictReader(lines, delimiter=sign))
    assert all(tuple(row) == tuple(COLUMNS) for row in rows)
    assert (a["id"], a["label"], a["gold"], a["agrees"], a["confidence"]) == ("'=1+1", "joy", "anger", "false", "0.8")
    assert a["rationale"].startswith("'=HYPERLINK(1)\tand\nmore [F1].") and a["question"] == "How does the person feel?"
    assert (a["sentiment"], a["abstain"], a["verified"], a["cites"]) == ("positive", "false", "true", "F1")
    assert (a["files"], a["start_s"], a["end_s"]) == ("/clips/a film.mp4", "1.0", "3.0")
    assert (b["abstain"], b["label"], b["agrees"], b["gold"]) == ("true", "", "", "")
    assert (bad["status"], bad["error"], bad["files"]) == (
        "failed",
        "MediaError: there is no sound",
        "/clips/broken.mp4",
    )


def test_more_rows_than_are_held_at_once(tmp_path, origin):
    table = parquet(tmp_path, origin, *(case(f"i{n}") for n in range(ROWS + 3)))
    assert table.column("id").to_pylist() == [f"i{n}" for n in range(ROWS + 3)]


def test_a_table_without_cases_has_its_columns(tmp_path, origin):
    assert parquet(tmp_path, origin).num_rows == 0


def segments(tmp_path, origin, *cases):
    out = Segments(tmp_path / "segments.csv", origin)
    for one in cases:
        out.add(one)
    out.finish()
    return rows_of(tmp_path / "segments.csv"), out


def test_a_row_for_each_cue(tmp_path, origin):
    rows, out = segments(tmp_path, origin, case("a"), failed())
    words, face = rows
    assert (words["cue"], words["start_s"], words["end_s"], words["person"], words["cited"]) == (
        "T1",
        "1.0",
        "3.5",
        "P1",
        "false",
    )
    assert (face["cited"], face["stance"], face["points"], face["label"], face["gold"]) == (
        "true",
        "supports",
        "joy",
        "joy",
        "joy",
    )
    assert (
        json.loads(face["measures"]) == {"au12": 0.8}
        and face["tool"] == "face@1"
        and face["file"] == "/clips/a film.mp4"
    )
    assert all(face[name] for name in PROVENANCE)
    assert out.written == 2 and dict(out.left) == {"no cues": 1}


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(tmp_path, origin, text):
    held = sheet(cue("transcript", text, -0.0, 2.0, text, measures={"note": text, "au12": -0.5}))
    rows, _ = segments(tmp_path, origin, case(text, seen_of=held, cites=("T1",), sample={"group": text}))
    (row,) = rows
    assert row["text"] == row["person"] == row["group"] == row["id"] == f"'{text}".replace("\r", "\n")
    assert json.loads(row["measures"]) == {"note": text, "au12": -0.5}
    assert not any(value.startswith(("=", "+", "@", "\t", "\r")) for value in row.values())


def test_line_ends_commas_quotes_and_all_scripts_stay(tmp_path, origin):
    text = 'he says "a, b"\nand 你好 😀 \x00\x1b[31m;'
    rows, _ = segments(tmp_path, origin, case("a", seen_of=sheet(cue("words", text)), cites=("W1",)))
    assert rows[0]["text"] == 'he says "a, b"\nand 你好 😀 [31m;'
    assert rows[0]["start_s"] == rows[0]["end_s"] == ""


def aggregates(tmp_path, origin, cases, *more):
    out = Aggregates(tmp_path / "aggregates.csv", origin, *more)
    for one in cases:
        out.add(one)
    out.finish()
    return rows_of(tmp_path / "aggregates.csv"), out


def test_shares_and_means_in_each_group(tmp_path, origin):
    group = {"sample": {"group": "g"}}
    cases = [
        case("a", confidence=0.6, **group),
        case("b", label="anger", confidence=0.8, **group),
        case("c", confidence=1.0, **group),
        case("d", label=None, **group),
        case("e", sample={"group": "other"}),
        failed(**group),
    ]
    rows, _ = aggregates(tmp_path, origin, cases)
    found = {(r["group"], r["kind"], r["name"]): r for r in rows}
    assert [found["g", "label", name]["value"] for name in ("joy", "anger")] == ["0.6667", "0.3333"]
    assert found["g", "label", "joy"]["n"] == "3" and found["g", "label", "joy"]["count"] == "2"
    states = {name: found["g", "state", name]["value"] for name in ("answered", "abstained", "failed")}
    assert states == {"answered": "0.6", "abstained": "0.2", "failed": "0.2"}
    mean = found["g", "mean", "confidence"]
    assert (mean["value"], mean["sd"], mean["n"]) == ("0.8", "0.2", "3")
    assert found["g", "mean", "agrees"]["value"] == "0.5"  # two of four; the failed one said nothing
    assert found["other", "mean", "confidence"]["sd"] == ""
    assert all(r["run"] and r["model"] == "embedded" and r["template_hash"] for r in rows)


def test_groups_by_columns_that_no_case_has(tmp_path, origin):
    cells = {"a": ("=1+1", "x"), "b": ("=1+1", "y")}
    rows, out = aggregates(
        tmp_path, origin, [case("a"), case("b"), case("lost")], ("dataset", "condition", "wave"), cells
    )
    assert {(r["dataset"], r["condition"], r["wave"]) for r in rows} == {("made", "'=1+1", "x"), ("made", "'=1+1", "y")}
    assert dict(out.left) == {"not in the table": 1}


def test_speakers_of_judged_turns(tmp_path, origin):
    held, more = talk(("Ann", "What a day"), ("Bob", "Yes"), turn=2)
    rows, _ = aggregates(tmp_path, origin, [case("a", seen_of=held, cites=("T2",), sample=more)], ("speaker",))
    assert {r["speaker"] for r in rows} == {"Bob"}


def test_cells_of_a_table_by_item(tmp_path):
    from cuechain.agents.datasets.table import values

    path = tmp_path / "people.csv"
    path.write_text("file,condition,age\na.wav,calm,30\nb.wav,,\n", "utf-8")
    assert values(path, ("condition", "age")) == {"people-2": ("calm", "30"), "people-3": ("", "")}
    assert values(path, ("age",), id="file") == {"a.wav": ("30",), "b.wav": ("",)}
    with pytest.raises(ConfigError, match="no column 'conditions'"):
        values(path, ("conditions",))


def test_what_was_there_stays_when_an_export_is_dropped(tmp_path, origin):
    path = tmp_path / "segments.csv"
    path.write_text("old", "utf-8")
    out = Segments(path, origin)
    out.add(case(seen_of=seen()))
    out.drop()
    assert path.read_text("utf-8") == "old" and not path.with_name("segments.csv.part").exists()
