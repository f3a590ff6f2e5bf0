"""`cuechain export` from the command line: one pass, every form, and what was refused."""

import csv
import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from cuechain.agents.errors import ConfigError, CueChainError, RunError
from cuechain.agents.exports.cli import export as verb
from tests.agents.exports.made import case, cue, failed, run_of, sheet, talk

app = typer.Typer()
app.command()(verb)


def export(*given):
    done = CliRunner().invoke(app, [*map(str, given)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def run(tmp_path):
    held, more = talk(("Ann", "What a day"), ("Bob", "Yes"), turn=2)
    cases = [
        case("a"),
        case("b", gold="anger"),
        case("c", seen_of=held, cites=("T2",), sample=more),
        case("d", None),
        failed("e"),
    ]
    run_of(tmp_path / "run", *cases)
    return tmp_path / "run"


def test_every_form_into_a_folder(run, tmp_path):
    pytest.importorskip("pyarrow")
    told = export(run, "-o", tmp_path / "out", "--agrees", "--json")
    report = json.loads(told)
    assert report["kept"] == 2 and report["refused"] == {"gold": 2, "failed": 1}
    assert json.loads((tmp_path / "out" / "export.json").read_text("utf-8")) == report
    refused = [json.loads(line) for line in (tmp_path / "out" / "refused.jsonl").read_text("utf-8").splitlines()]
    assert [one["id"] for one in refused] == ["b", "d", "e"]
    there = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert there == {
        "cases.csv", "cases.parquet", "segments.csv", "aggregates.csv", "sharegpt.jsonl", "pairs.jsonl", "refused.jsonl", "export.json",
        "srt/a film.srt", "srt/sources.jsonl", "elan/a film.eaf", "elan/sources.jsonl",
        "label_studio/video.json", "label_studio/video.xml", "label_studio/text.json", "label_studio/text.xml",
    }  # fmt: skip
    assert report["forms"]["srt"]["left_out"] == {"no times": 1}


def test_one_form_into_a_file(run, tmp_path):
    told = export(run, "-o", tmp_path / "cases.csv")
    assert told.splitlines() == ["5 cases kept, 0 refused", "cases: 5 rows"]
    export(run, "-o", tmp_path / "cases.tsv")
    with (tmp_path / "cases.tsv").open(newline="") as lines:
        assert [row["status"] for row in csv.DictReader(lines, delimiter="\t")] == [*["done"] * 4, "failed"]
    told = export(run, "-o", tmp_path / "cues.csv", "--as", "segments")
    assert told.splitlines() == ["5 cases kept, 0 refused", "segments: 8 rows; left out: no cues 1"]
    export(run, "-o", tmp_path / "rows.jsonl", "--verified")
    assert (tmp_path / "rows.jsonl").read_text("utf-8").count("\n") == 3  # c says something of a face that nobody saw
    export(run, "-o", tmp_path / "by.tsv", "--as", "aggregates", "--by", "dataset,speaker")
    with (tmp_path / "by.tsv").open(newline="") as lines:
        assert {row["speaker"] for row in csv.DictReader(lines, delimiter="\t")} == {"", "Bob"}
    assert {p.name for p in tmp_path.iterdir()} == {"run", "cases.csv", "cases.tsv", "cues.csv", "rows.jsonl", "by.tsv"}


def test_one_form_of_several_files_into_a_folder(run, tmp_path):
    export(run, "-o", tmp_path / "subs", "--as", "srt")
    assert {p.name for p in (tmp_path / "subs").iterdir()} == {
        "a film.srt",
        "sources.jsonl",
        "refused.jsonl",
        "export.json",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("-o", "x.parquet", "--as", "srt"), "srt is no .parquet"),
        (("-o", "x.tsv", "--as", "parquet"), "parquet is no .tsv"),
        (("-o", "x.csv", "--as", "segments,aggregates"), "one file holds one form"),
        (("-o", "x.xlsx"), "neither a folder"),
        (("-o", "out", "--as", "elen"), "there is no form 'elen'"),
        (("-o", "x.csv", "--as", "aggregates", "--by", "condition"), "knows no column 'condition'"),
        (("-o", "x.csv", "--as", "aggregates", "--by", ","), "names no column"),
        (("-o", "x.jsonl", "--as", "pairs", "--edits", "none.jsonl"), "cannot read none.jsonl"),
    ],
)
def test_what_cannot_be_asked(run, tmp_path, monkeypatch, given, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        export(run, *given)
    assert [p.name for p in tmp_path.rglob("*.part")] == []


def test_conditions_from_the_table_that_the_run_was_made_from(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("id,file,condition\na,x.wav,calm\nb,y.wav,=stress\n", "utf-8")
    out = tmp_path / "by.csv"
    for dataset in (f"table:{table}?file=file", str(table)):
        run_of(tmp_path / "run", case("a"), case("b"), case("lost"), dataset=dataset)
        told = export(tmp_path / "run", "-o", out, "--as", "aggregates", "--by", "condition")
        assert "left out: not in the table 1" in told
        with out.open(newline="") as lines:
            assert {row["condition"] for row in csv.DictReader(lines)} == {"calm", "'=stress"}
    run_of(tmp_path / "run", case("a"), dataset="meld:somewhere")
    export(tmp_path / "run", "-o", out, "--as", "aggregates", "--by", "condition", "--table", table)


def test_no_run_and_a_broken_case(tmp_path):
    with pytest.raises(RunError, match="no run folder"):
        export(tmp_path, "-o", tmp_path / "cues.csv")
    run_of(tmp_path / "run", case("a"))
    raw = json.loads((tmp_path / "run" / "cases.jsonl").read_text("utf-8"))
    with (tmp_path / "run" / "cases.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps({**raw, "sample": {"id": "b"}, "mood": 1}) + "\n")
    (tmp_path / "cues.csv").write_text("old", "utf-8")
    with pytest.raises(RunError, match="holds a case that cannot be read"):
        export(tmp_path / "run", "-o", tmp_path / "cues.csv")
    assert (tmp_path / "cues.csv").read_text("utf-8") == "old" and not list(tmp_path.glob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/full")
def test_a_full_disk_leaves_what_was_there(run, tmp_path, monkeypatch):
    from pathlib import Path

    from cuechain.agents.exports import files

    begin = files.Whole.__init__

    def full(self, path):
        begin(self, path)
        self.out.close()
        self.out = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closed by what is tested

    monkeypatch.setattr(files.Whole, "__init__", full)
    (tmp_path / "rows.jsonl").write_text("old", "utf-8")
    with pytest.raises(CueChainError, match="No space left"):
        export(run, "-o", tmp_path / "rows.jsonl")
    assert (tmp_path / "rows.jsonl").read_text("utf-8") == "old" and not list(tmp_path.glob("*.part"))


def test_a_file_where_a_folder_should_be(run, tmp_path):
    (tmp_path / "out").write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match="neither a folder"):
        export(run, "-o", tmp_path / "out")


def test_an_empty_run_gives_empty_files(tmp_path):
    run_of(tmp_path / "run")
    assert "0 cases kept" in export(
        tmp_path / "run", "-o", tmp_path / "out", "--as", "segments,sharegpt,label-studio,elan"
    )
    assert (tmp_path / "out" / "segments.csv").read_text("utf-8").startswith("run,id,")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_does_not_grow_with_the_run(tmp_path):
    """10,000 cases about 500 clips, in every form."""
    words = [cue("transcript", f'the speaker says "line {n}"', n, n + 0.9, "P1") for n in range(8)]
    held = sheet(*words, cue("face", "the lip corners pull up", 1.0, 2.0, "P1"))
    peaks = []
    for count in (1_000, 10_000):
        cases = []
        for n in range(count):
            clip = held.media[0].model_copy(update={"path": f"/clips/{n % 500}.mp4"})
            own = held.model_copy(update={"media": (clip,)})
            cases.append(case(f"i{n}", seen_of=own, sample={"group": f"p{n % 50}"}))
        run_of(tmp_path / f"run{count}", *cases)
        code = (
            "import sys; from pathlib import Path; from cuechain.agents.cli import main\n"
            f"sys.argv = ['cuechain', 'export', '{tmp_path}/run{count}', '-o', '{tmp_path}/out{count}']\n"
            "try: main()\n"
            "finally: print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert f"{count} cases kept" in done.stdout, done.stderr
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] < peaks[0] + 30_000, f"{peaks} KiB"
