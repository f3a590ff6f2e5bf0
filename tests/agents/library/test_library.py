"""A run's cue sheets as tables: what is found, what SQL may do, and an index that can be lost."""

import json
import multiprocessing
import subprocess
import sys
import threading

import pytest

pytest.importorskip("duckdb")

from cuechain.agents import cli
from cuechain.agents.errors import ConfigError, RunError
from cuechain.agents.library.cli import _escaped, _quoted
from cuechain.agents.library.index import indexed, opened
from cuechain.agents.library.meaning import plain, words
from cuechain.agents.library.moments import MOST, Filters, parts, search
from cuechain.agents.library.sql import answered
from cuechain.agents.library.tables import TABLES, rows
from cuechain.agents.runs import Run


def cue(sense, text, start=None, end=None, **more):
    span = {"span": {"start": start, "end": end}} if start is not None else {}
    return {"sense": sense, "text": text, "source": f"{sense}@1"} | span | more


def case(id, cues, label="joy", gold=None, path=None, **more):
    media = [{"id": "m1", "kind": "video", "path": path or f"clips/{id}.mp4", "duration": 20.0}]
    return {
        "question": {"text": "How does the person feel?", "task": "emotion"},
        "sample": {"id": id, "dataset": "mine", "target": {"labels": [gold]} if gold else {}},
        "sheet": {"media": media, "cues": cues, "gaps": [{"sense": "screen", "reason": "no words on screen"}]},
        "answer": {
            "emotion": {"label": label, "confidence": 0.8},
            "relation": "masked" if label == "sadness" else "agree",
            "claims": [{"text": "She laughs.", "cites": ["N1"]}],
        },
    } | more


CASES = [
    case("a", {
        "T1": cue("transcript", 'the speaker says "My grandmother died last week."', 2.0, 5.0, person="P1"),
        "N1": cue("sound", "somebody laughs", 4.0, 5.5, confidence=0.9),
        "F1": cue("face", "the brows clearly draw down (AU4, strong)", 14.0, 15.0, person="P2", confidence=0.3),
    }, label="sadness", gold="sadness"),
    case("b", {
        "T1": cue("transcript", 'the speaker says "My grandmother died last week."', 0.0, 2.0, person="P1"),
        "N1": cue("sound", "somebody laughs", 15.0, 17.0, confidence=0.9),
    }, label="sadness", gold="joy"),
    case("c", {
        "F1": cue("face", "the lip corners clearly pull up (AU12, strong)", 1.0, 2.0, person="P1", confidence=0.9,
                  measures={"au12": 0.9, "side": "left"}),
        "X1": cue("screen", 'the screen shows the words "50% OFF; DROP TABLE cases; --\'" at the top', 3.0, 4.0),
    }),
]  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return made(tmp_path / "run", CASES)


def made(folder, cases):
    folder.mkdir()
    (folder / "manifest.json").write_text('{"task": "emotion", "model": "rules"}')
    add(folder, cases)
    return Run(folder)


def add(folder, cases):
    with (folder / "cases.jsonl").open("a") as out:
        out.writelines(json.dumps(one) + "\n" for one in cases)


def found(run, query="", limit=10, **filters):
    with opened(run, meaning=True) as db:
        return search(db, query, Filters(**filters), limit)


def asked(run, sql):
    with opened(run) as db:
        names, got = answered(db, sql)
        return names, list(got)


def test_a_cue_is_found_by_what_it_means(run):
    assert [m.item for m in found(run, "a close relative passed away", 2)] == ["a", "b"]
    best = found(run, "smiling", 1)[0]
    assert (best.item, best.cues[0].id, best.address) == ("c", "F1", "clips/c.mp4#t=1.00")


def test_two_parts_have_to_meet_in_one_moment(run):
    first, second = found(run, "laughs while telling of a death", 2)
    assert first.item == "a" and {c.id for c in first.cues} == {"N1", "T1"} and (first.start, first.end) == (2.0, 5.5)
    assert second.score < first.score - 0.1, "in the other clip the laugh comes ten seconds later"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("laughs while saying something sad", ["laughs", "saying something sad"]),
        ("smiles, but the voice shakes", ["smiles", "the voice shakes"]),
        ('says "now and then" and sighs', ['says "now and then"', "sighs"]),
        ("a sandwich", ["a sandwich"]),
        ("x; x ; x", ["x"]),
    ],
)
def test_parts_of_a_query(query, expected):
    assert parts(query) == expected


def test_filters(run):
    assert {m.item for m in found(run, label=("sadness",))} == {"a", "b"}
    assert {m.item for m in found(run, label=("Sadness",), gold=("joy",))} == {"b"}
    assert {m.item for m in found(run, "anything", relation=("agree",))} == {"c"}
    assert {c.sense for m in found(run, "anything", sense=("face",)) for c in m.cues} == {"face"}
    assert {m.item for m in found(run, "a face", sense=("face",), least=0.5)} == {"c"}
    assert {c.person for m in found(run, "a face", person=("p2",)) for c in m.cues} == {"P2"}
    assert found(run, "anything", dataset=("other",)) == []


def test_words_in_quotes_stand_as_they_are(run):
    assert [m.item for m in found(run, 'a relative "grandmother died"')] == ["a", "b"]
    assert found(run, '"grandmother sang"') == []


def test_texts_are_data(run):
    for query in ("50% OFF'; DROP TABLE cases; --", "$1 $2 ?", '"', "'; ATTACH 'x' AS y; --", "\ud800 \x00 \x1b[2J"):
        with opened(run, meaning=True) as db:
            if parts(query):
                search(db, query, Filters())
            assert db.execute("SELECT count(*) FROM cases").fetchone() == (3,)
    assert found(run, "drop table", 1)[0].item == "c"


@pytest.mark.parametrize("query", ["", "  ", "?!", "x" * (MOST + 1)])
def test_nothing_to_look_for(run, query):
    with pytest.raises(ConfigError):
        found(run, query)


def test_the_same_turn_of_a_dialogue_is_told_once(tmp_path):
    turns = [{"speaker": "Ann", "text": "I got the job!", "file": "one.mp4"}, {"speaker": "Bob", "text": "Which job?"}]
    cues = {
        f"T{n}": cue("transcript", f'the speaker says "{turn["text"]}"', measures={"line": float(n)})
        for n, turn in enumerate(turns, 1)
    }
    cases = []
    for turn, label in ((2, "surprise"), (1, "joy")):
        one = case(f"d_{turn}", cues, label=label)
        one["sample"] |= {"group": "d", "turns": turns, "turn": turn}
        one["question"]["turn"] = turn
        one["sheet"]["media"] = [{"id": "m1", "kind": "text", "turns": turns}]
        cases.append(one)
    run = made(tmp_path / "run", cases)
    (best, *_) = found(run, 'good news: "got the job"')
    assert (best.item, best.also, best.line, best.label, best.file) == ("d_1", ("d_2",), 1, "joy", "one.mp4")
    assert [m.line for m in found(run, label=("surprise",))] == [2], "a label is about the judged turn"


def test_a_movement_is_read_by_its_name():
    assert plain("face", "AU6+12 D; eyes moist") == "face: lifted cheeks, smile (AU6+12) D; eyes moist"
    assert plain("voice", "the voice is lower (-3.1 semitones)") == "voice: the voice is lower ( semitones)"
    assert plain("transcript", 'the speaker says "He says "no"."') == 'He says "no".'
    assert words("laughing, laughs") == ["laugh", "laugh"]


def test_sql_counts(run):
    assert asked(run, "SELECT label, count(*) FROM cases GROUP BY 1 ORDER BY 1")[1] == [("joy", 1), ("sadness", 2)]
    assert asked(run, "SELECT item, agrees FROM cases WHERE gold IS NOT NULL ORDER BY 1")[1] == [("a", True), ("b", False)]  # fmt: skip
    assert asked(run, "SELECT name, value, word FROM measures ORDER BY 1")[1] == [("au12", 0.9, None), ("side", None, "left")]  # fmt: skip
    assert asked(run, "SELECT item FROM cues WHERE cited ORDER BY 1")[1] == [("a",), ("b",)]
    assert asked(run, "FROM claims SELECT DISTINCT cites")[1] == [(["N1"],)]
    for name, columns in TABLES.items():
        assert asked(run, f"FROM {name}")[0] == list(columns)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY cases TO '{out}'", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM glob('/etc/*')", "ATTACH '{out}' AS x",
        "INSTALL fts", "LOAD fts", "SET enable_external_access = true", "DELETE FROM cases", "DROP TABLE cases",
        "CREATE TABLE x AS SELECT 1", "EXPORT DATABASE '{out}'", "SELECT 1; DELETE FROM cases", "PRAGMA database_list",
        "SELECT * FROM secret_python_value", "SELECT * FROM duckdb_secrets()", "", "SELEC 1", "SELECT nope FROM cases",
        "SELECT text::INTEGER FROM cues", "EXPLAIN ANALYZE DELETE FROM cases", "WITH x AS (DELETE FROM cases) FROM x",
    ],
)  # fmt: skip
def test_sql_reads_the_tables_and_nothing_else(run, tmp_path, sql):
    secret_python_value = {"a": [1]}  # noqa: F841 - what DuckDB would find in a caller's frame
    with pytest.raises(ConfigError) as told:
        asked(run, sql.format(out=tmp_path / "out"))
    assert told.value.hint
    assert not (tmp_path / "out").exists()
    assert asked(run, "SELECT count(*) FROM cases")[1] == [(3,)]


def test_a_query_that_takes_too_much_is_told_so(run):
    with pytest.raises(ConfigError, match="Memory") as told:
        asked(run, "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)")
    assert "1GB" in told.value.hint


def test_ctrl_c_ends_a_query(run):
    with opened(run) as db:
        timer = threading.Timer(0.5, db.interrupt)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            list(
                answered(
                    db, "SELECT count(*) FROM range(3000000000) a, range(1000) b WHERE a.range * 7 % 11 = b.range"
                )[1]
            )
        timer.cancel()


def test_the_index_grows_with_the_run(run):
    assert len(found(run, "a cat")) == 5
    add(run.folder, [case("d", {"N1": cue("sound", "a cat meows", 1.0, 2.0)})])
    with (run.folder / "cases.jsonl").open("a") as out:
        out.write('{"question": ')  # being written at this moment
    assert found(run, "a cat", 1)[0].item == "d"
    made_at = (run.folder / "index.duckdb").stat().st_mtime_ns
    found(run, "a cat")
    assert (run.folder / "index.duckdb").stat().st_mtime_ns == made_at, "nothing new, nothing built"
    add(run.folder, ["", case("a", {}, status="failed", error="ToolError: x", answer=None)])  # the cut line ends here
    assert asked(run, "SELECT status, error, label FROM cases WHERE item = 'a'")[1] == [("failed", "ToolError: x", None)]  # fmt: skip
    assert asked(run, "SELECT count(*) FROM cues WHERE item = 'a'")[1] == [(0,)]
    assert found(run, "a cat", 1)[0].item == "d"


def test_a_run_that_was_made_anew_is_indexed_anew(run):
    indexed(run)
    (run.folder / "cases.jsonl").write_text(json.dumps(case("z", CASES[0]["sheet"]["cues"])) + "\n" + "\n" * 9_000)
    assert asked(run, "SELECT item FROM cases")[1] == [("z",)]


@pytest.mark.parametrize("broken", [b"", b"no database", b"\0" * 20_000])
def test_an_index_that_cannot_be_read_is_built_anew(run, broken):
    whole = indexed(run, meaning=True).read_bytes()
    for content in (broken, whole[: len(whole) // 2]):
        (run.folder / "index.duckdb").write_bytes(content)
        (run.folder / "index.part").write_bytes(b"of a build that was killed")
        assert found(run, "smiling", 1)[0].item == "c"
        assert sorted(p.name for p in run.folder.glob("*index*")) == [".index.lock", "index.duckdb"]


def _built(folder, queue):
    queue.put(len(found(Run(folder), "smiling")))


def test_two_processes_build_one_index(run):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    both = [context.Process(target=_built, args=(run.folder, queue)) for _ in range(2)]
    for process in both:
        process.start()
    counts = [queue.get(timeout=120) for _ in both]
    for process in both:
        process.join()
    assert counts[0] == counts[1] > 0


def test_records_that_are_no_cases_cost_themselves(tmp_path):
    run = made(tmp_path / "run", [[], {"a": 1}, {"question": {"text": "x"}, "sheet": {"cues": {"T1": {}}}}, CASES[0]])
    with (run.folder / "cases.jsonl").open("ab") as out:
        odd = json.dumps(case("e", {"T1": cue("transcript", "\ud800 half", measures={"x_hz": float("nan")})}))
        out.write(b"\xff\xfe not text\n" + odd.encode() + b"\n")
    assert asked(run, "SELECT item FROM cases ORDER BY 1")[1] == [("a",), ("e",)]
    with pytest.raises(ValueError, match="byte 7"):
        rows({"sheet": {}}, 7)


def test_no_run_and_an_empty_one(tmp_path):
    with pytest.raises(RunError):
        indexed(Run(tmp_path))
    (tmp_path / "manifest.json").write_text('{"task": "emotion", "model": "rules"}')
    assert asked(Run(tmp_path), "SELECT count(*) FROM cases")[1] == [(0,)]
    assert found(Run(tmp_path), "anything") == []


@pytest.fixture
def typed(run, monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuechain", arguments[0], str(run.folder), *arguments[1:]])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def test_search_from_the_command_line(typed):
    code, out, err = typed("search", "smiling", "-n", "1")
    assert code == 0 and "clips/c.mp4#t=1.00   mpv --start=1.00 clips/c.mp4" in out and "cuechain show" in err
    code, out, _ = typed("search", "laughs while telling of a death", "-n", "1", "--json")
    assert code == 0 and json.loads(out)[0]["item"] == "a"
    code, out, err = typed("search", "wer hat die Katze gestohlen")
    assert code == 0 and "only English" in err
    code, out, err = typed("search", "smiling", "--dataset", "none")
    assert (code, out) == (0, "") and "no cue passes" in err
    assert "no item is of the dataset 'none'" in err
    code, out, err = typed("search", "smiling", "--label", "joy,happyness")
    assert code == 0 and out and "no case was answered with 'happyness'; there are sadness, joy" in err
    code, _, err = typed("search", "smiling", "--sense", "fase")
    assert code == 2 and "did you mean face?" in err
    code, _, err = typed("search", "smiling", "--sense", "situation")
    assert code == 0 and "no cue is of the sense 'situation'; there are" in err
    assert typed("search", "")[0] == 2


def test_query_from_the_command_line(typed):
    code, out, _ = typed("query", "SELECT label, count(*) AS n FROM cases GROUP BY 1 ORDER BY 1", "--csv")
    assert (code, out) == (0, "label,n\njoy,1\nsadness,2\n")
    code, out, _ = typed("query", "SELECT 'nan'::DOUBLE AS x, cites FROM claims LIMIT 1", "--json")
    assert (code, json.loads(out)) == (0, [{"x": "nan", "cites": ["N1"]}])
    code, out, err = typed("query", "SELECT i FROM range(300) t(i)")
    assert code == 0 and "199" in out and "100 more rows" in err
    code, out, err = typed("query", "SELECT text FROM cuez")
    assert code == 2 and "cues" in err
    code, out, _ = typed("query", "--help")
    assert code == 0 and all(column in out for columns in TABLES.values() for column in columns)


def test_a_row_that_is_too_wide_is_printed_a_column_a_line(typed):
    code, out, _ = typed("query", "SELECT * FROM cases ORDER BY item")
    lines = [line.split() for line in out.splitlines()]
    assert code == 0 and ["row", "2"] in lines and ["item", "a"] in lines and ["label", "joy"] in lines
    code, out, _ = typed("query", "SELECT item, label FROM cases ORDER BY item")
    assert code == 0 and out.splitlines()[0].split() == ["item", "label"]


def test_that_nothing_comes_near_is_told_before_the_nearest(typed):
    code, out, err = typed("search", "the quarterly tax on imported steel", "-n", "10")
    assert code == 0 and err.splitlines()[0] == "note: nothing comes near; the nearest:"
    assert sum(line[0].isdigit() for line in out.splitlines()) <= 3


@pytest.mark.parametrize("name", ["new\nline.jpg", "it's\t\\x.jpg", "a b.jpg", "\x1b[2J.jpg", "\u00e9\u202e.jpg"])
def test_a_name_of_control_characters_is_one_that_a_shell_takes(name):
    told = _quoted(name)
    assert told.isprintable() and _escaped(name).isprintable()
    given = subprocess.run(["bash", "-c", f"printf %s {told}"], capture_output=True, check=True).stdout
    assert given.decode() == name
