"""Tables that name clips: MER, OV-MERD, EMER; MOSI, MOSEI, CH-SIMS; MMLA."""

from __future__ import annotations

import pytest

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from tests.agents.datasets.told import read


def clip(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a clip")


def test_mer_takes_the_label_in_the_words_of_its_set(tmp_path):
    rows = (
        "name,discrete,valence\r\na,surprise,1.2\r\nb,happy,2\r\nc,bored,0\r\nd,,0\r\ne,sad,-1\r\nf,sad\r\na,sad,0\r\n"
    )
    (tmp_path / "track1_train_disdim.csv").write_text(rows)
    (tmp_path / "subtitle_chieng.csv").write_text("name,chinese,english\na,啊,Oh!\nb,好,Good.\n")
    for name in "abcd":
        clip(tmp_path / "video" / f"{name}.mp4")
    clip(tmp_path / "audio" / "a.wav")
    items, faults = read(f"mer:{tmp_path}")
    assert [(s.id, s.text, s.target.labels) for s in items] == [
        ("a", "Oh!", ("surprised",)),
        ("b", "Good.", ("happy",)),
    ]
    assert items[0].files == (str(tmp_path / "video" / "a.mp4"),)
    expected = [("c", "label_outside"), ("d", "no_label"), ("e", "missing"), ("track1_train_disdim.csv:7", "broken")]
    assert faults == [*expected, ("a", "duplicate")]
    with pytest.raises(ConfigError, match="test1-label"):
        read(f"mer:{tmp_path}", "test1")


def test_ovmerd_has_labels_in_any_words_and_a_description(tmp_path):
    (tmp_path / "track2_train_ovmerd.csv").write_text(
        "name,openset\na,\"['happy', 'a bit shy']\"\nb,\"[angry, angry]\"\nc,[]\nd,[sad]\n", "utf-8"
    )
    (tmp_path / "track3_train_ovmerd.csv").write_text("name,reason\na,She smiles.\nb,He shouts.\n")
    (tmp_path / "subtitle_chieng.csv").write_text("name,chinese,english\na,啊,Oh!\n", "utf-8")
    items, faults = read(f"ovmerd:{tmp_path}")
    assert [(s.id, s.target.labels, s.target.text) for s in items] == [("a", ("happy", "a bit shy"), "She smiles.")]
    assert faults == [(tmp_path.name, "missing"), ("b", "empty"), ("c", "no_label"), ("d", "misaligned")]


def test_emer_of_both_versions(tmp_path):
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2" / "final-EMER-reason.csv").write_text(
        'name,chinese,english\na,她,"She smiles, then stops."\nb,他,\n', "utf-8"
    )
    clip(tmp_path / "v2" / "a.avi")
    clip(tmp_path / "v2" / "b.avi")
    items, faults = read(f"emer:{tmp_path / 'v2'}")
    assert [(s.id, s.target.labels, s.target.text) for s in items] == [("a", None, "She smiles, then stops.")]
    assert faults == [("b", "empty")]
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "gt-eng.csv").write_text(
        "names,emotions,subtitles,reasons\na,worried,Where is he?,She looks around.\n"
    )
    items, faults = read(f"emer:{tmp_path / 'v1'}")
    assert [(s.text, s.target.labels) for s in items] == [("Where is he?", ("worried",))]
    (tmp_path / "v1" / "gt-eng.csv").write_text("names,what\na,b\n")
    with pytest.raises(ConfigError, match="no name and reason"):
        read(f"emer:{tmp_path / 'v1'}")


SIMS = """video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode
v1,0001,好,0.8,0.2,-0.4,1.0,Positive,test
v1,0002,不,-0.4,0,x,0,Negative,test
v1,0003,嗯,0.2,0,0,0,Negative,test
v1,0004,嗯,1.2,0,0,0,Positive,test
v1,0005,嗯,nan,0,0,0,Neutral,test
v1,0006,嗯,,0,0,0,Neutral,test
v1,0007,,0,0,0,0,Neutral,test
v1,0008,嗯,0,0,0,0,Neutral,tset
v1,0009,嗯,0,0,0,0,Neutral,train
v1,0001,好,0.8,0.2,-0.4,1.0,Positive,test
"""


def test_sims_has_what_each_sense_alone_was_judged_to_be(tmp_path):
    (tmp_path / "label.csv").write_text(SIMS, "utf-8")
    items, faults = read(f"sims:{tmp_path}")
    assert [(s.id, s.group, s.target.labels) for s in items] == [
        ("v1/0001", "v1", ("positive",)),
        ("v1/0002", "v1", ("negative",)),
    ]
    assert items[0].target.scores == {"valence": 0.8, "valence_text": 0.2, "valence_voice": -0.4, "valence_face": 1.0}
    assert "valence_voice" not in items[1].target.scores
    assert faults == [
        (tmp_path.name, "missing"),
        ("v1/0002", "broken"),
        ("v1/0003", "misaligned"),
        ("v1/0004", "label_outside"),
        ("v1/0005", "broken"),
        ("v1/0006", "no_label"),
        ("v1/0007", "empty"),
        ("label.csv:9", "broken"),
        ("v1/0001", "duplicate"),
    ]
    assert [s.id for s in read(f"sims:{tmp_path}", "train")[0]] == ["v1/0009"]


def test_mosi_is_scaled_to_one_and_its_label_rounds_half_to_even_as_the_published_scorer_does(tmp_path):
    (tmp_path / "label.csv").write_text(
        "video_id,clip_id,text,label,annotation,mode\nv,1,AH,2.5,Positive,test\nv,2,OH,-0.4,Negative,test\nv,3,NO,-3,Negative,test\n"
    )
    clip(tmp_path / "Raw" / "v" / "1.mp4")
    clip(tmp_path / "Raw" / "v" / "0002.mp4")
    items, faults = read(f"mosi:{tmp_path}")
    assert [(s.target.labels, s.target.scores["valence"]) for s in items] == [(("2",), 2.5 / 3), (("0",), -0.4 / 3)]
    assert [s.files[0].rsplit("/", 1)[1] for s in items] == ["1.mp4", "0002.mp4"] and faults == [("v/3", "missing")]
    (tmp_path / "both" / "MOSI").mkdir(parents=True)
    (tmp_path / "both" / "MOSEI").mkdir()
    for name in ("MOSI", "MOSEI"):
        rows = f"video_id,clip_id,text,label,mode\n{name},1,AH,1,test\n,1,AH,1,test\n"
        (tmp_path / "both" / name / "label.csv").write_text(rows)
    items, faults = read(f"mosi:{tmp_path / 'both'}")
    assert [s.id for s in items] == ["MOSI/1"] and ("/1", "broken") in faults
    (tmp_path / "label.csv").write_text("video_id,text,label,mode\n")
    with pytest.raises(ConfigError, match="clip_id"):
        read(f"mosi:{tmp_path}")


def test_mmla_reads_one_source_with_its_own_labels(tmp_path):
    home = tmp_path / "MIntRec2.0"
    home.mkdir()
    first = '1\t"He said ""stop"", then left."\tInform'
    rows = ("id\tutterance\tintent", first, "2\tNo way\tdance", "3\tHm\t", "4\tHm", "\tHm\tagree", "6\tYes\tagree")
    (home / "test.tsv").write_text("\n".join(rows))
    for number in (1, 2, 3):
        clip(home / "video" / f"MIntRec2.0_{number}.mp4")
    items, faults = read(f"mmla-mintrec2:{tmp_path}")
    assert [(s.text, s.target.labels) for s in items] == [('He said "stop", then left.', ("inform",))]
    assert faults == [
        ("2", "label_outside"),
        ("3", "no_label"),
        ("test.tsv:5", "broken"),
        ("test.tsv:6", "broken"),
        ("6", "missing"),
    ]
    assert read(f"mmla-mintrec2:{home}")[0] == items
    (tmp_path / "UR-FUNNY-v2").mkdir()
    (tmp_path / "UR-FUNNY-v2" / "dev.tsv").write_text(
        "id\tutterance\tspeaking_style\nu1\tSo a horse walks in\thumorous\n"
    )
    assert read(f"mmla-ur-funny:{tmp_path}", "dev")[0][0].target.labels == ("humorous",)
    with pytest.raises(ConfigError, match=r"test\.tsv"):
        read(f"mmla-mintrec:{tmp_path / 'UR-FUNNY-v2'}")


@pytest.mark.parametrize("name", registry.names("datasets"))
def test_labels_of_a_reader_are_a_set_of_its_first_task(name):
    one = registry.get("datasets", name)
    task = registry.get("tasks", one.tasks[0])
    assert one.name == name and (not one.labels or one.labels in task.sets)


def test_who_has_no_test_on_real_files_says_so():
    unseen = {n for n in registry.names("datasets") if "format from publications" in registry.get("datasets", n).about}
    assert {"mosi", "iemocap4", "mmla-mintrec", "semeval-absa", "twitter15", "ravdess"} <= unseen
    assert not any(registry.get("datasets", name).verified for name in unseen)


def test_labels_that_readers_know_are_those_of_the_tasks():
    from cuechain.agents.datasets.aspects import ASPECTS
    from cuechain.agents.datasets.mmla import LABELS

    sets = registry.get("tasks", "dialogue").sets
    assert registry.get("tasks", "aspect").sets["sentihood"] == ASPECTS
    assert {part.lower().removesuffix(".0"): labels for part, labels in LABELS.items()} == dict(sets)
