from __future__ import annotations

import json

import pytest

from cuechain.agents.datasets import samples
from cuechain.agents.datasets.cells import list_of, number_of, seconds_of
from cuechain.agents.errors import ConfigError, MediaError
from tests.agents.datasets.told import split_up


def test_columns_are_found_by_their_names_whatever_wrote_the_file(tmp_path):
    text = 'ID,Text,Emotion,Valence,extra\r\na,"Well, great.",joy,0.5,x\r\nb,Café,sadness,-1,y\r\n'
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    for name in ("t.csv", "bom.csv"):
        items, faults = split_up(samples(f"table:{tmp_path / name}"))
        assert [(s.id, s.text, s.target.labels, s.target.scores) for s in items] == [
            ("a", "Well, great.", ("joy",), {"valence": 0.5}),
            ("b", "Café", ("sadness",), {"valence": -1.0}),
        ]
        assert not faults and items[0].dataset == "table"


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_spreadsheet_separates_by_what_its_language_uses(tmp_path, sign):
    rows = [("text", "emotion"), ("Well, great.", "joy"), ('"a; b"' if sign == ";" else "a; b", "anger")]
    (tmp_path / "t.csv").write_bytes("\r\n".join(sign.join(row) for row in rows).encode("cp1252"))
    items, faults = split_up(samples(f"table:{tmp_path / 't.csv'}"))
    assert [(s.text, s.target.labels) for s in items] == [("Well, great.", ("joy",)), ("a; b", ("anger",))]
    assert not faults


@pytest.mark.parametrize("text", ["", "text,emotion\n"])
def test_a_table_without_rows_is_told(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ConfigError, match="has no rows"):
        list(samples(f"table:{tmp_path / 't.csv'}?text=text"))


def test_a_mapping_names_columns_and_what_separates_labels(tmp_path):
    (tmp_path / "t.tsv").write_text("words\tfelt\tHow strong\nNo!\tanger; fear\t2\nYes\t;\t1\n")
    spec = f"table:{tmp_path / 't.tsv'}?text=words&label=felt&label_sep=;&scores=How+strong"
    items, faults = split_up(samples(spec))
    assert [(s.text, s.target.labels, s.target.scores) for s in items] == [
        ("No!", ("anger", "fear"), {"how strong": 2})
    ]
    assert faults == [("t-3", "no_label")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("?text=Uterance", "did you mean Utterance"),
        ("?txt=Utterance", "did you mean text"),
        ("?text=Utterance&text=Emotion", "cannot read the options"),
        ("?", "cannot read the options"),
        ("?label=Emotion", ""),
        ("?scores=valance", "no column 'valance'"),
    ],
)
def test_wrong_options_are_told_with_what_is_near(tmp_path, options, told):
    path = tmp_path / "t.csv"
    path.write_text("Utterance,Emotion\nYes,joy\n")
    if not told:
        assert split_up(samples(f"table:{path}{options}"))[0][0].text == "Yes"
        return
    with pytest.raises(ConfigError) as error:
        list(samples(f"table:{path}{options}"))
    assert told in str(error.value)


def test_a_reader_without_options_says_so(tmp_path):
    with pytest.raises(ConfigError, match="takes no options"):
        list(samples(f"mosi:{tmp_path}?text=a"))


def test_a_table_without_text_and_file_and_what_is_no_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="neither a text nor a file"):
        list(samples(f"table:{tmp_path / 't.csv'}"))
    (tmp_path / "t.docx").write_text("x")
    with pytest.raises(ConfigError, match="no table"):
        list(samples(f"table:{tmp_path / 't.docx'}"))
    with pytest.raises(ConfigError, match="is no file"):
        list(samples(f"table:{tmp_path}"))
    with pytest.raises(MediaError) as told:
        list(samples(f"table:{tmp_path / 'lost.csv'}?text=a"))
    assert "FILE" in str(told.value.hint) and "FOLDER" not in str(told.value.hint)


def test_what_cannot_be_used_is_told_and_never_guessed(tmp_path):
    rows = [
        "id,text,label,valence,file,start,end",
        "good,hello,joy,0.1,,1,2.5",
        "none,hello,,0.1,,,",
        "nan,hello,joy,nan,,,",
        "word,hello,joy,much,,,",
        "away,hello,joy,,no.wav,,",
        "blank,,joy,,,,",
        "cut,hello,joy,,,3,2",
        "half,hello,joy,,,3,",
        "good,again,joy,,,,",
        "short,hello",
        "long,hello,joy,0,,1,2,3",
    ]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    items, faults = split_up(samples(f"table:{tmp_path / 't.csv'}"))
    assert [(s.id, s.span and (s.span.start, s.span.end)) for s in items] == [("good", (1, 2.5))]
    assert sorted(faults) == sorted(
        [
            ("t.csv:11", "broken"),
            ("t.csv:12", "broken"),
            ("none", "no_label"),
            ("nan", "broken"),
            ("word", "broken"),
            ("away", "missing"),
            ("blank", "empty"),
            ("cut", "miscut"),
            ("half", "miscut"),
            ("good", "duplicate"),
        ]
    )


def test_rows_of_a_dialogue_are_one_conversation_with_a_judged_turn_each(tmp_path):
    rows = [
        {"dialogue": 1, "turn": 1, "speaker": "B", "text": "Well.", "label": "neutral"},
        {"dialogue": 1, "turn": 0, "speaker": "A", "text": "So?", "label": None},
        {
            "dialogue": 1,
            "turn": 3,
            "speaker": "A",
            "text": "No!",
            "label": ["anger", "fear"],
            "explanation": "It is denied.",
        },
        {"dialogue": 1, "turn": 3, "speaker": "A", "text": "No?", "label": "anger"},
        {"dialogue": 2, "turn": "x", "speaker": "A", "text": "Hm", "label": "joy"},
        {"dialogue": "", "turn": 0, "text": "Hm", "label": "joy"},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n[1]\n{\n")
    items, faults = split_up(samples(f"table:{tmp_path / 't.jsonl'}"))
    assert [(s.id, s.turn, s.group, s.target.labels) for s in items] == [
        ("t-1", 2, "1", ("neutral",)),
        ("t-3", 3, "1", ("anger", "fear")),
    ]
    assert [(t.speaker, t.text) for t in items[0].turns] == [("A", "So?"), ("B", "Well."), ("A", "No!")]
    assert items[1].target.text == "It is denied."
    assert sorted(faults) == sorted(
        [
            ("t.jsonl:7", "broken"),
            ("t.jsonl:8", "broken"),
            ("t.jsonl:6", "broken"),
            ("t-4", "duplicate"),
            ("t.jsonl:1", "missing"),
            ("t-2", "no_label"),
            ("t-5", "broken"),
        ]
    )


def test_splits_are_read_and_a_group_in_two_of_them_is_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,label,split,group\na,joy,train,g1\nb,joy,Validation,g1\nc,joy,test,g2\n")
    assert [s.text for s in split_up(samples(f"table:{path}"))[0]] == ["a", "b", "c"]
    items, faults = split_up(samples(f"table:{path}", "dev"))
    assert [(s.text, s.split) for s in items] == [("b", "dev")] and faults == [("g1", "misaligned")]
    path.write_text("text,label,split\na,joy,fold1\n")
    with pytest.raises(ConfigError, match="fold1"):
        list(samples(f"table:{path}", "test"))


def test_parquet_is_read_where_pyarrow_is_there(tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow
    from pyarrow.parquet import write_table

    rows = {"text": ["a", "b"], "labels": [["joy"], []], "arousal": [0.5, float("nan")]}
    write_table(pyarrow.table(rows), tmp_path / "t.parquet")
    items, faults = split_up(samples(f"table:{tmp_path / 't.parquet'}"))
    assert [(s.text, s.target.labels, s.target.scores) for s in items] == [
        ("a", ("joy",), {"arousal": 0.5}),
        ("b", (), {}),
    ]
    assert not faults
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(ConfigError, match="no Parquet"):
        list(samples(f"table:{tmp_path / 'bad.parquet'}"))


def test_a_path_with_a_question_mark_stands_for_itself(tmp_path):
    (tmp_path / "why?.csv").write_text("text,label\na,joy\n")
    assert split_up(samples(f"table:{tmp_path / 'why?.csv'}"))[0][0].target.labels == ("joy",)


def test_the_mapping_reads_meld_as_its_reader_does(data):
    path = next((data / "eval" / "meld").rglob("dev_sent_emo.csv*"), None)
    if path is None:
        pytest.skip("no MELD below CUECHAIN_DATA")
    mapping = "text=Utterance&label=Emotion&dialogue=Dialogue_ID&turn=Utterance_ID&start=StartTime&end=EndTime"
    items, faults = split_up(samples(f"table:{path}?{mapping}"))
    own, _ = split_up(samples(f"meld:{path.parent}", "dev"))
    assert len(own) > 1000
    labels = [
        [(s.turns[s.turn - 1].text, s.turn, len(s.turns), s.target.labels) for s in some] for some in (items, own)
    ]
    assert labels[0] == labels[1] and {reason for _, reason in faults} <= {"missing"}


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", 1.0), (" -2.5 ", -2.5), ("nan", None), ("inf", None), ("", None), (None, None), (True, None), ("1,5", None)],
)
def test_numbers(cell, value):
    assert number_of(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12.5", 12.5), ("01:02.5", 62.5), ("00:14:38,127", 878.127), ("-1", None), ("", None), ("1:2:3:4", None)],
)
def test_times(cell, value):
    assert seconds_of(cell) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("['happy', 'sad']", ("happy", "sad")),
        ("[happy, happy]", ("happy",)),
        ("happy; sad", ("happy", "sad")),
        ("[]", ()),
        ("", ()),
        (["a", " b ", None], ("a", "b")),
        (None, ()),
    ],
)
def test_lists(cell, words):
    assert list_of(cell) == words


ROWS = (
    {"name": "a", "clip": "c.wav", "asked": "Is he glad?", "felt": "joy", "begin": "1", "stop": "2.5", "said": ""},
    {"name": "b", "clip": "", "asked": "", "felt": "anger", "begin": "", "stop": "", "said": "No!"},
    {"name": "c", "clip": "https://h/x y.wav", "asked": "", "felt": "joy", "begin": "00:01.0", "stop": "3", "said": ""},
)
MAPPING = "id=name&file=clip&question=asked&label=felt&start=begin&end=stop&text=said"


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_table_maps_every_column(tmp_path, wav, tone, kind):
    wav(tmp_path / "c.wav", tone(3))
    path = tmp_path / f"t.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    elif kind == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow.parquet import write_table

        write_table(pyarrow.Table.from_pylist(list(ROWS)), path)
    else:
        sign = "," if kind == "csv" else "\t"
        path.write_text("\n".join(sign.join(row) for row in (ROWS[0], *(r.values() for r in ROWS))))
    items, faults = split_up(samples(f"table:{path}?{MAPPING}"))
    assert not faults
    assert [(s.id, s.files, s.question, s.target.labels, s.text) for s in items] == [
        ("a", (str(tmp_path / "c.wav"),), "Is he glad?", ("joy",), None),
        ("b", (), "", ("anger",), "No!"),
        ("c", ("https://h/x y.wav",), "", ("joy",), None),
    ]
    assert [s.span and (s.span.start, s.span.end) for s in items] == [(1, 2.5), None, (1, 3)]


@pytest.mark.parametrize(
    ("base", "cell", "place"),
    [
        ("https://h/a/", "b c.wav", "https://h/a/b%20c.wav"),
        ("https://h/a", "../d.wav", "https://h/d.wav"),
        ("https://h/a/", "https://other/d.wav", "https://other/d.wav"),
        ("s3://bucket/a", "b/c.wav", "s3://bucket/a/b/c.wav"),
        ("s3://bucket/a", "https://h/c.wav", "https://h/c.wav"),
        ("s3://bucket/a", "../c.wav", None),
        ("https://h/a/", "file:///etc/passwd", None),
        ("https://h/a/", "s3://mine/secret.wav", None),
        ("https://h/a/", "/etc/passwd", "https://h/etc/passwd"),
    ],
)
def test_a_table_from_afar_names_no_files_of_this_machine(tmp_path, base, cell, place):
    (tmp_path / "t.csv").write_text(f"id,file,label\na,{cell},joy\n")
    items, faults = split_up(samples(f"table:{tmp_path / 't.csv'}?base={base}"))
    assert [s.files for s in items] == ([(place,)] if place else []) and faults == ([] if place else [("a", "broken")])


def test_files_lie_where_base_says(tmp_path, wav, tone):
    (tmp_path / "clips").mkdir()
    wav(tmp_path / "clips" / "c.wav", tone(1))
    (tmp_path / "t.csv").write_text("file,label\nc.wav,joy\n")
    assert split_up(samples(f"table:{tmp_path / 't.csv'}"))[1] == [("t-2", "missing")]
    items, faults = split_up(samples(f"table:{tmp_path / 't.csv'}?base={tmp_path / 'clips'}"))
    assert items[0].files == (str(tmp_path / "clips" / "c.wav"),) and not faults


@pytest.mark.parametrize(
    ("context", "turns"),
    [
        (["So?", "Well."], [("", "So?"), ("", "Well.")]),
        ([{"speaker": "Ann", "text": "So?"}, {"text": ""}], [("Ann", "So?")]),
        ('["So?", "Well."]', [("", "So?"), ("", "Well.")]),
        ("So?\nWell.", [("", "So?"), ("", "Well.")]),
        ("[sighs] So?", [("", "[sighs] So?")]),
    ],
)
def test_what_was_said_before_is_told_with_the_row(tmp_path, context, turns):
    row = {"id": "a", "speaker": "Bo", "text": "No!", "label": "anger", "context": context}
    (tmp_path / "t.jsonl").write_text(json.dumps(row))
    (item,), faults = split_up(samples(f"table:{tmp_path / 't.jsonl'}"))
    assert [(t.speaker, t.text) for t in item.turns] == [*turns, ("Bo", "No!")] and not faults
    assert item.turn == len(item.turns) and item.text is None


@pytest.mark.parametrize("context", [None, "", [], float("nan")])
def test_a_row_without_context_stands_alone(tmp_path, context):
    row = {"id": "a", "text": "No!", "label": "anger", "context": context}
    (tmp_path / "t.jsonl").write_text(json.dumps(row))
    (item,), _ = split_up(samples(f"table:{tmp_path / 't.jsonl'}"))
    assert item.text == "No!" and not item.turns


def test_a_column_that_means_something_else_is_left_out(tmp_path):
    (tmp_path / "t.csv").write_text("text,label,context\nNo!,,in a shop\nYes.,joy,at home\n")
    items, faults = split_up(samples(f"table:{tmp_path / 't.csv'}?context=&label="))
    assert [(s.text, s.turns, s.target.labels) for s in items] == [("No!", (), None), ("Yes.", (), None)] and not faults
