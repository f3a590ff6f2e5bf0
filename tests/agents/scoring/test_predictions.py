"""Tables of anybody's predictions."""

import json

import pytest

from cuechain.agents.errors import ConfigError, RunError
from cuechain.agents.scoring.cli import score
from cuechain.agents.scoring.predictions import scored
from cuechain.agents.scoring.report import as_markdown


def write(path, *rows, end="\n"):
    path.write_bytes(end.join(rows).encode())
    return path


def value(report, name):
    return next(f.value for f in report.figures if f.name == name)


def test_labels_with_what_is_missing_or_outside_counted_as_wrong(tmp_path):
    rows = ("id,gold,mine", "1,joy,joy", "2,joy,elation", "3,anger,anger", "4,anger,", "5,,joy", "6,anger")
    report = scored(write(tmp_path / "p.csv", *rows, end="\r\n"), "gold", "mine", ("joy", "anger"))
    assert report.n == 4 and report.unjudged == 1 and report.faults == {"broken": 1} and report.outside == 1
    assert report.states == {"answered": 3, "without an answer": 1}
    assert value(report, "accuracy") == 0.5
    assert value(report, "macro F1") == pytest.approx(2 / 3)
    assert list(report.baselines) == ["always joy"]
    assert "| accuracy (%) | 4 | 50.0 " in as_markdown(report)


def test_numbers(tmp_path):
    path = write(
        tmp_path / "p.jsonl",
        '{"truth": 1, "prediction": 2}',
        '{"truth": -1, "prediction": -2}',
        "{",
        '{"truth": 0, "prediction": null}',
    )
    report = scored(path, "truth", "prediction")
    assert value(report, "r") == pytest.approx(1.0) and value(report, "mean absolute error") == 1.0
    assert report.faults == {"broken": 1} and any("1 items without a number" in note for note in report.notes)


def test_several_labels(tmp_path):
    path = write(tmp_path / "p.tsv", "truth\tprediction", "joy;fear\tjoy", "\t", "fear\tfear;joy")
    report = scored(path, "truth", "prediction", separator=";")
    assert report.n == 3 and value(report, "exactly right") == pytest.approx(1 / 3)
    assert value(report, "Jaccard of items") == pytest.approx((0.5 + 1 + 0.5) / 3)


def test_lists_of_json_are_several_labels(tmp_path):
    rows = [(["joy", "fear"], ["joy"]), (["joy"], "joy"), ([], []), (["fear"], None)]
    path = write(tmp_path / "p.jsonl", *(json.dumps({"truth": t, "prediction": p}) for t, p in rows))
    report = scored(path, "truth", "prediction")
    assert report.n == 4 and {row["label"] for row in report.per_class} == {"joy", "fear"}
    assert value(report, "exactly right") == pytest.approx(2 / 4)


def test_a_spreadsheet_with_semicolons(tmp_path):
    report = scored(write(tmp_path / "p.csv", "truth;prediction", "joy;joy", "fear;joy"), "truth", "prediction")
    assert report.n == 2 and value(report, "accuracy") == 0.5
    commas = scored(write(tmp_path / "n.csv", "truth;prediction", "1,5;1,0", "-2;-1,5", "0,5;1"), "truth", "prediction")
    assert value(commas, "mean absolute error") == pytest.approx(0.5)


@pytest.mark.parametrize("rows", [("truth,said", "joy,joy"), ("truth,prediction",), ("truth,prediction", ",joy")])
def test_a_table_that_cannot_be_scored_is_told(tmp_path, rows):
    with pytest.raises(ConfigError):
        scored(write(tmp_path / "p.csv", *rows), "truth", "prediction")


def test_figures_are_told_though_there_is_nothing_to_draw(tmp_path, capsys):
    path = write(tmp_path / "p.csv", "truth,prediction", "1.5,1", "2.5,2", "-1,0")
    with pytest.raises(RunError):
        score(path, plot=tmp_path / "p.png")
    assert "mean absolute error" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["output", "plot"])
def test_a_folder_that_is_not_there_is_told_before_anything_is_scored(tmp_path, option):
    with pytest.raises(RunError, match="there is no folder"):
        score(tmp_path / "nothing", **{option: tmp_path / "lost" / "s.png"})


@pytest.mark.parametrize(("option", "name"), [("output", "s.txt"), ("output", "s"), ("plot", "s.foo")])
def test_a_kind_of_file_that_is_not_written_is_told_before_anything_is_scored(tmp_path, option, name):
    with pytest.raises(ConfigError, match=name):
        score(tmp_path / "nothing", **{option: tmp_path / name})


def test_where_a_report_went_is_told(tmp_path, capsys):
    path = write(tmp_path / "p.csv", "truth,prediction", "a,a", "b,a", "a,a")
    score(path, output=tmp_path / "s.md")
    told = capsys.readouterr()
    assert not told.out and "s.md" in told.err and "accuracy" in (tmp_path / "s.md").read_text()
