"""The data verb: what the planner learns from, splits that keep groups whole, and runs that go on."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.finetune.made import LABELS, TALK, config, refused, rows, texts
from typer.testing import CliRunner

from cuechain.agents.errors import ConfigError, RunError
from cuechain.agents.values import (
    Answer,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    Question,
)
from cuechain.finetune.cli import app
from cuechain.finetune.config import CORPUS, read
from cuechain.finetune.data import RowsConfig, make, part_of
from cuechain.finetune.embedded.examples import read_examples
from cuechain.finetune.gathering.items import Item, Refusal
from cuechain.finetune.gathering.sources import Source
from cuechain.finetune.rows import Gold


def corpora(folder: Path) -> Path:
    """Tiny corpora in the form of the real ones."""
    go, br = folder / "train" / "goemotions", folder / "train" / "brighter_eng"
    go.mkdir(parents=True)
    br.mkdir()
    names = ("joy", "anger", "sadness", "fear", "surprise", "disgust", "neutral")
    (go / "labels.txt").write_text("\n".join(names))
    for part in ("train", "dev"):
        with gzip.open(go / f"{part}.tsv.gz", "wt") as out:
            for n in range(21):
                out.write(f"this is comment number {n} of {part}, it is what it is\t{n % 7}\t{part}{n}\n")
    for part in ("train", "dev", "test"):
        (br / f"track_b_{part}_eng.csv").write_text(
            f"id,text,anger,fear,joy,sadness,surprise\n{part}1,oh dear,0,2,0,1,0\n"
        )
    chats = folder / "train" / "topical_chat"
    chats.mkdir()
    turns = [
        {"message": said, "sentiment": felt}
        for said, felt in (("Hi!", "Happy"), ("Why?", "Curious to dive deeper"), ("", "Sad"))
    ]
    with gzip.open(chats / "valid.json.gz", "wt") as out:
        json.dump({"t1": {"content": turns}}, out)
    return folder


def test_generated_sheets_are_reasoned_from_what_they_were_made_for(tmp_path: Path) -> None:
    texts = corpora(tmp_path) / "train" / "goemotions"
    make(config(tmp_path, {"kind": "generated", "texts": texts, "count": 30, "order": "label"}))
    found = rows(tmp_path)
    assert len(found) > 12
    for row in found:
        answer = Answer.model_validate_json(row.completion[0].content)
        assert answer.emotion and answer.emotion.label in row.gold.labels
        assert row.group.startswith("text-")
    make(config(tmp_path, {"kind": "generated", "texts": texts, "count": 30, "order": "label"}))
    assert rows(tmp_path) == found


def test_examples_for_the_planner_keep_their_files(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text(f"corpora: {corpora(tmp_path)}\nout: {tmp_path / 'out'}\ngenerated: 5\n")
    said = CliRunner().invoke(app, ["data", str(file)])
    assert said.exit_code == 0, said.output
    counts = {
        n: len(read_examples(tmp_path / "out" / f"{n}.jsonl")) for n in ("texts", "texts_dev", "written", "generated")
    }
    assert counts["texts"] == 24 and counts["texts_dev"] == 21 and counts["generated"] == 5 and counts["written"] > 500
    talk = read_examples(tmp_path / "out" / "talk.jsonl")
    assert [(x.id, x.said, x.emotion) for x in talk] == [("t1-1", "Hi!", "joy"), ("t1-2", "Why?", "neutral")]
    assert not (tmp_path / "out" / "train.jsonl").exists()


class Endless(Source):
    """As many sheets as are wanted, each of them another one."""

    kind: Literal["endless"] = "endless"
    count: int

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        for n in range(self.count):
            said = " ".join(f"word{n * 7 + i}" for i in range(12))
            cue = Cue(sense="transcript", text=f'the speaker says "{said}"', person="P1", source="transcript@1")
            claim = Claim(text="P1 is angry, as these words show.", cites=("T1",))
            answer = Answer(person="P1", emotion=Emotion(label="anger"), claims=(claim,))
            question = Question(text="How does P1 feel?", labels=tuple(LABELS))
            gold = Gold(labels=("anger",) if n % 3 else ("joy",), allowed=tuple(LABELS))
            sheet = CueSheet(cues={"T1": cue})
            yield Item(
                id=f"{n}", unit=f"{n}", group=f"g{n}", origin="endless", sheet=sheet, question=question, answer=answer, gold=gold
            )  # fmt: skip


def test_memory_stays_flat(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        report = make(config(tmp_path, generated=0), [Endless(count=count, order="label")])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(1 for _ in report.lines()) == 2
        return most

    peak(20)
    few, many = peak(50), peak(300)
    assert many < few + 100_000, f"{few:,} bytes for 50 sheets, {many:,} for 300"


def test_a_full_disk_leaves_the_rows_of_an_earlier_run(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    make(config(tmp_path, generated=0), [Endless(count=3, order="label")])
    before = rows(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(RunError, match="cannot write"):
            make(config(tmp_path, generated=0), [Endless(count=60, order="label")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert rows(tmp_path) == before


def test_a_group_falls_on_one_side(tmp_path: Path) -> None:
    given = config(tmp_path, generated=0, dev=0.3)
    make(given, [Endless(count=200, order="label")])
    train, dev = ({r.group for r in rows(tmp_path, n)} for n in ("train", "dev"))
    assert not train & dev and 20 < len(dev) < 60 and train
    assert all(part_of(g, given) == "dev" for g in dev)
    make(config(tmp_path, generated=0), [Endless(count=20, order="label")])
    assert not (tmp_path / "rows" / "dev.jsonl").exists(), "no file of an earlier run stays beside the new ones"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"dev": 0.05}, "no dev.jsonl"),
        ({"dev": 0.0, "hold_out": ["nobody"]}, "no dev.jsonl"),
        ({"dev": 0.0, "hold_out": ["g1", "g2"]}, "no train.jsonl"),
        ({"dev": 0.0}, ""),
        ({"dev": 0.0, "hold_out": ["g2"]}, ""),
    ],
)
def test_a_side_of_the_split_without_any_group_is_told(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    report = make(config(tmp_path, generated=0, **more), [Endless(count=3, order="label")])
    notes = [line for line in report.lines() if "hold_out" in line]
    assert len(notes) == bool(told) and (not told or told in notes[0])
    assert json.loads((tmp_path / "rows" / "report.json").read_text())["notes"] == notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("out: a\n", "neither `sources`"),
        ("out: a\nsources: [{kind: poem}]\n", "kind"),
        ("out: a\nsources: [{kind: cases, files: ['$NOWHERE_SET/x']}]\n", "NOWHERE_SET is not set"),
        ("out: a\nsources: [{kind: written}, {kind: written}]\n", "give each a name"),
        ("out: a\nsources: [{kind: written, verifyer: 1}]\n", "verifyer"),
    ],
)
def test_a_configuration_is_checked_whole(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read(RowsConfig, tmp_path / "c.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": {"text": "said", "label": "feeling"}}, "no column 'feeling'"),
        ({"settings": {"sense": ["voice"]}}, "no setting 'sense'"),
        ({"tasks": {"weather": 1}}, "weather"),
        ({"table": "gone.csv"}, "cannot read gone.csv"),
        ({"table": "gone.xls"}, "as a table"),
        ({"teacher": "nobody"}, "unknown model"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make(config(tmp_path, texts(tmp_path / "t.csv", *TALK) | change))


def test_shipped_configs_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUECHAIN_DATA", "/data")
    folder = CORPUS.parent / "configs"
    found = read(RowsConfig, folder / "rows.yaml")
    assert [s.kind for s in found.sources] == ["written", "corpus", "generated"]
    assert Path("/data/eval") in found.evaluation and CORPUS / "test" in found.evaluation
    planner = read(RowsConfig, folder / "data.yaml")
    assert planner.generated == 4000 and not planner.sources


def test_real_recordings(tmp_path: Path, data: Path) -> None:
    """EmoDB (Burkhardt et al. 2005): real voices through the real sense, leaving out what is not asked for."""
    folder = data / "train" / "emodb_flac"
    with (folder / "labels.csv").open() as lines:
        records = [r for r in csv.DictReader(lines) if r["speaker"] in ("03", "08")][::12]
    with (tmp_path / "t.csv").open("w", newline="") as out:
        write = csv.DictWriter(out, records[0])
        write.writeheader()
        write.writerows(records)
    columns = {"media": "file", "label": "emotion", "group": "speaker"}
    source = {
        "kind": "corpus", "name": "emodb", "table": tmp_path / "t.csv", "media": folder, "columns": columns, "order": "label",
        "map": {"happiness": "joy", "boredom": None}, "settings": {"senses": ["voice"], "language": "de"},
    }  # fmt: skip
    given = config(tmp_path, source, hold_out=["08"])
    make(given)
    kept = [*rows(tmp_path), *rows(tmp_path, "dev")]
    wanted = sum(r["emotion"] != "boredom" for r in records)
    assert len(kept) + len(refused(tmp_path)) == wanted
    assert {r.group for r in rows(tmp_path, "dev")} <= {"08"} and {r.group for r in rows(tmp_path)} <= {"03"}
    shutil.rmtree(tmp_path / "rows" / "perceived")
