"""The data verb: sheets, tables, recordings and teachers to rows, with refusals that are told."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.finetune.made import LABELS, TALK, config, refused, rows, texts

from cuechain.agents.errors import ModelError
from cuechain.agents.justify import Told
from cuechain.agents.values import (
    Answer,
    Claim,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Plan,
    Question,
)
from cuechain.agents.verify import verify
from cuechain.finetune.config import CORPUS
from cuechain.finetune.data import make


def test_written_sheets_become_rows_of_every_kind(tmp_path: Path) -> None:
    source = {
        "kind": "written", "files": [CORPUS / "train" / "wa.jsonl"], "order": "both", "senses": 1, "verifier": 1,
        "tasks": {"ask": 1, "emotion": 0.5},
    }  # fmt: skip
    make(config(tmp_path, source))
    found = rows(tmp_path)
    steps = {r.step for r in found}
    assert steps == {"observe", "infer", "conclude", "direct", "senses", "verify"}
    assert len({r.id for r in found}) == len(found)
    assert {r.group for r in found} == {"wa"} and {r.task for r in found} == {"ask", "emotion"}
    asked = len({r.id for r in found if r.task == "ask" and r.step == "direct"})
    also = len({r.id for r in found if r.task == "emotion" and r.step == "direct"})
    assert 0.25 * asked < also < 0.75 * asked
    for row in found:
        if row.step == "direct":
            answer = EmotionAnswer.model_validate_json(row.completion[0].content)
            assert not verify(row.perceived, answer, row.gold.allowed).problems
            assert answer.abstain == row.gold.abstain
    pairs = rows(tmp_path, "pairs_train")
    assert pairs and all(r.rejected and r.rejected != r.completion for r in pairs)
    report = json.loads((tmp_path / "rows" / "report.json").read_text())
    assert report["rows"]["train.jsonl"]["all"] == len(found)
    assert sum(report["refused"]["written"].values()) == len(refused(tmp_path))


def test_a_claim_is_spoilt_so_that_its_cues_do_not_carry_it(tmp_path: Path) -> None:
    make(config(tmp_path, {"kind": "written", "files": [CORPUS / "train" / "w[ab].jsonl"], "verifier": 1}))
    found = [r for r in rows(tmp_path) if r.step == "verify"]
    good = {r.id.removesuffix("-yes"): r for r in found if r.id.endswith("-yes")}
    bad = {r.id.removesuffix("-no"): r for r in found if r.id.endswith("-no")}
    assert len(good) > 40 and len(bad) > 30
    assert {r.completion[0].content for r in good.values()} == {"yes"}
    assert {r.completion[0].content for r in bad.values()} == {"no"}
    assert all(r.prompt[-1].content != good[name].prompt[-1].content for name, r in bad.items())


def test_each_sense_has_its_polarity(tmp_path: Path) -> None:
    table = texts(tmp_path / "t.csv", *TALK)
    make(config(tmp_path, table | {"senses": 1}))
    found = {r.id: r.completion[0].content.splitlines() for r in rows(tmp_path) if r.step == "senses"}
    assert found["talk-1/ask/senses"] == ["words: positive", "voice: unknown", "face: unknown", "together: positive"]
    assert found["talk-2/ask/senses"][-1] == "together: negative"


def test_polarities_that_people_gave_come_first(tmp_path: Path) -> None:
    lines = [{"said": TALK[0][1], "felt": "joy", "T": -0.4}, {"said": TALK[1][1], "felt": "anger", "T": "mixed"}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    columns = {"text": "said", "label": "felt", "senses": {"words": "T"}}
    source = {"kind": "corpus", "table": tmp_path / "t.jsonl", "columns": columns, "teacher": "rules", "senses": 1}
    make(config(tmp_path, source))
    first = [r.completion[0].content.splitlines()[0] for r in rows(tmp_path) if r.step == "senses"]
    assert first == ["words: negative", "words: mixed"]


def test_a_table_of_texts_and_all_that_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("What a lovely day, I am so glad that you came\n")
    table = texts(
        tmp_path / "t.csv",
        *TALK,
        ("1", "I am delighted, I love it, it is the best of all gifts!", "ann", "joy"),
        ("4", "I am so happy today, this is wonderful, thank you so much!!", "cat", "joy"),
        ("5", "It is fine.", "ben", "awe"),
        ("6", "What a lovely day! I am so glad that you came.", "ben", "joy"),
        ("7", "The meeting is at ten.", "ben", "anger"),
        ("8", "Nobody knows.", "ben", ""),
        ("9", "I am bored.", "ben", "boredom"),
        ("10", "", "ben", "joy"),
        ("11", "too few"),
    )
    make(config(tmp_path, table | {"map": {"boredom": None}}, evaluation=[tmp_path / "held.txt"]))
    assert {r.id for r in rows(tmp_path)} == {
        f"talk-{n}/ask/{step}" for n in (1, 2, 3) for step in ("observe", "infer", "conclude")
    }
    why = refused(tmp_path)
    assert why.pop("talk-7/ask") in ("unsupported", "label")
    assert why == {
        "talk-1/ask": "duplicate_id", "talk-4/ask": "duplicate", "talk-5": "label_outside", "talk-6/ask": "leak",
        "talk-8": "no_label", "talk-10": "media", "talk-13": "broken",
    }  # fmt: skip
    shown = json.loads((tmp_path / "rows" / "report.json").read_text())["examples"]["label_outside"]
    assert shown == ["talk-5: 'awe' is not one of joy, sadness, anger, neutral"]


def test_capitals_of_labels_do_not_matter(tmp_path: Path) -> None:
    table = texts(tmp_path / "t.csv", *((key, said, who, felt.title()) for key, said, who, felt in TALK))
    make(config(tmp_path, table | {"order": "label"}))
    assert [r.gold.labels for r in rows(tmp_path)] == [(felt,) for *_, felt in TALK] and not refused(tmp_path)


def test_a_weight_takes_a_sheet_twice_or_not_at_all(tmp_path: Path) -> None:
    table = texts(tmp_path / "t.csv", *TALK) | {"order": "label"}
    make(config(tmp_path, table | {"tasks": {"ask": 2, "emotion": 0}}))
    assert sorted(r.id for r in rows(tmp_path)) == sorted(
        f"talk-{n}/ask{c}/direct" for n in (1, 2, 3) for c in ("", "~2")
    )
    assert not refused(tmp_path)


class Sure:
    """A planner that is sure of anger, with one cue that by itself points to joy."""

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        return Plan(
            labels={"joy": 0.1, "sadness": 0.1, "anger": 0.6, "neutral": 0.2}, relation={"mixed": 1.0}, sentiment={"negative": 1.0},
            abstain=0.1, points={"T1": "joy", "W1": "anger"},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("gold", "label", "sentiment"),
    [
        (("joy",), "joy", "positive"),
        (("sadness",), "anger", "negative"),  # no cue points there: the gate will refuse it
        (("neutral",), "anger", "negative"),
        (("anger", "joy"), "anger", "negative"),
        ((), "anger", "negative"),
    ],
)
def test_a_planner_takes_a_label_that_some_cue_points_to(gold: tuple[str, ...], label: str, sentiment: str) -> None:
    plan = Told(Sure(), gold).plan(CueSheet(), Question(text=""), tuple(LABELS), None)
    assert max(plan.labels, key=lambda n: plan.labels[n]) == label and sum(plan.labels.values()) == pytest.approx(1)
    assert list(plan.sentiment) == [sentiment] and (label == "anger" or plan.labels[label] == 0.5)


def test_numbered_labels_and_a_table_without_header(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.tsv.gz", "wt") as out:
        out.write(
            'I said "thank you" and I am so very happy, I love this!\t1,2\ta\nThis makes me furious, I hate it!\t0\tb\n'
        )
    (tmp_path / "names.txt").write_text("annoyance\ngratitude\njoy\n")
    source = {
        "kind": "corpus", "name": "go", "table": tmp_path / "t.tsv.gz", "header": ["text", "labels", "id"], "map": "ekman",
        "columns": {"text": "text", "label": "labels", "id": "id"}, "names": tmp_path / "names.txt", "teacher": "rules", "order": "label",
    }  # fmt: skip
    make(config(tmp_path, source))
    assert {r.id: r.gold.labels for r in rows(tmp_path)} == {
        "go-a/ask/direct": ("joy",),
        "go-b/ask/direct": ("anger",),
    }


def test_recordings_are_perceived_once_and_split_by_speaker(
    tmp_path: Path, tone: Callable[..., Any], wav: Callable[..., Path]
) -> None:
    with (tmp_path / "t.csv").open("w", newline="") as out:
        write = csv.writer(out)
        write.writerow(("file", "who", "felt", "said"))
        for n, (_, said, who, felt) in enumerate((*TALK, ("4", "I love you, this is great fun!", "cat", "joy"))):
            wav(tmp_path / f"{n}.wav", tone(1.0, 180 + 40 * n))
            write.writerow((f"{n}.wav", who, felt, said))
        write.writerow(("gone.wav", "cat", "joy", ""))
    columns = {"media": "file", "text": "said", "label": "felt", "group": "who"}
    source = {"kind": "corpus", "name": "rec", "table": tmp_path / "t.csv", "columns": columns, "teacher": "rules"}
    given = config(tmp_path, source, hold_out=["ann"])
    make(given)
    first = {name: rows(tmp_path, name) for name in ("train", "dev")}
    assert {r.group for r in first["train"]} == {"ben", "cat"} and {r.group for r in first["dev"]} == {"ann"}
    assert all({m.kind for m in r.perceived.media} == {"audio", "text"} for r in first["train"])
    assert refused(tmp_path)["rec-6"] == "media"

    for file in tmp_path.glob("*.wav"):  # a second run has no need of them
        file.unlink()
    make(given)
    assert {name: rows(tmp_path, name) for name in ("train", "dev")} == first

    journal = tmp_path / "rows" / "perceived" / "rec.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(
        whole[: len(whole) - len(whole.splitlines()[-1]) - 40]
    )  # killed while it wrote the last but one
    make(given)
    assert {r.id for r in rows(tmp_path)} < {r.id for r in first["train"]}, (
        "what the journal had lost was perceived again, in vain"
    )
    assert refused(tmp_path)["rec-5"] == "media"


def test_another_teacher_begins_anew(tmp_path: Path) -> None:
    table = texts(tmp_path / "t.csv", *TALK)
    make(config(tmp_path, table))
    journal = tmp_path / "rows" / "perceived" / "talk.jsonl"
    head = journal.read_text().splitlines()[0]
    make(config(tmp_path, table | {"questions": ["What does P1 feel?"]}))
    assert journal.read_text().splitlines()[0] != head
    assert {r.gold.allowed for r in rows(tmp_path)} == {tuple(LABELS)}
    assert all("What does P1 feel?" in r.prompt[1].content for r in rows(tmp_path))


def test_videos_and_pictures_bring_their_keyframes(tmp_path: Path, film: Callable[..., Path]) -> None:
    film(tmp_path / "a.mp4", seconds=1.0, shots=2)
    (tmp_path / "t.csv").write_text("file,felt,said\na.mp4,joy,I am so happy that I could sing and dance all day!\n")
    columns = {"media": "file", "text": "said", "label": "felt"}
    source = {
        "kind": "corpus", "name": "films", "table": tmp_path / "t.csv", "columns": columns, "teacher": "rules", "images": True,
        "settings": {"senses": ["words"]},
    }  # fmt: skip
    make(config(tmp_path, source))
    found = rows(tmp_path)
    assert found and all(len(r.images) == 2 for r in found)
    assert all((tmp_path / "rows" / image).read_bytes()[:2] == b"\xff\xd8" for r in found for image in r.images)


def test_a_stretch_of_a_file(tmp_path: Path, tone: Callable[..., Any], wav: Callable[..., Path]) -> None:
    wav(tmp_path / "a.wav", tone(6.0))
    said = "00:00:00,500 --> 00:00:02,500\nI am so happy, I love it, thank you!"
    (tmp_path / "a.srt").write_text(f"1\n{said}\n\n2\n00:00:03,500 --> 00:00:05,500\nI hate this, I am furious!\n")
    (tmp_path / "t.csv").write_text("file,felt,from,to\na.wav,joy,0,3\na.wav,anger,3,6\na.wav,anger,6,x\n")
    columns = {"media": "file", "label": "felt", "start": "from", "end": "to"}
    source = {
        "kind": "corpus", "name": "long", "table": tmp_path / "t.csv", "columns": columns, "teacher": "rules", "order": "label",
        "settings": {"senses": ["transcript", "words"]},
    }  # fmt: skip
    make(config(tmp_path, source))
    heard = {r.id: " ".join(c.text for c in r.perceived.cues.values()) for r in rows(tmp_path)}
    assert "furious" not in heard["long-2/ask/direct"] and "furious" in heard["long-3/ask/direct"]
    assert len({r.group for r in rows(tmp_path)}) == 1, "one file is one group"
    assert refused(tmp_path) == {"long-4": "media"}


def reply(label: str | None, text: str, cites: tuple[str, ...] = ("T1",)) -> str:
    emotion = Emotion(label=label) if label else None
    return Answer(
        emotion=emotion,
        sentiment="negative" if label else None,
        relation="single" if label else None,
        abstain=label is None,
        claims=(Claim(text=text, cites=cites),),
    ).model_dump_json()


def test_a_chat_model_explains_the_label_or_says_that_nothing_shows_it(tmp_path: Path) -> None:
    replies = [
        reply("joy", "The person thanks somebody and calls the day wonderful."),
        reply("anger", "The voice is harsh and the words are furious."),  # speaks of a voice that was not perceived
        reply("anger", "The words are plainly furious."),  # mended
        reply(None, "No cue speaks of sadness.", ()),
    ]
    (tmp_path / "script.jsonl").write_text("\n".join(json.dumps({"text": r}) for r in replies))
    table = texts(tmp_path / "t.csv", *TALK) | {"teacher": f"scripted:{tmp_path / 'script.jsonl'}", "order": "label"}
    make(config(tmp_path, table))
    found = {r.id: Answer.model_validate_json(r.completion[0].content) for r in rows(tmp_path)}
    assert [a.claims[0].text for a in found.values()] == [
        "The person thanks somebody and calls the day wonderful.",
        "The words are plainly furious.",
    ]
    assert refused(tmp_path) == {"talk-3/ask": "unsupported"}
    assert "furious" not in json.dumps([m.content for m in rows(tmp_path)[0].prompt]), "the label is not in the prompt"
    assert "People who saw" not in rows(tmp_path)[0].prompt[1].content


def test_a_teacher_that_is_gone_stops_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text(json.dumps({"text": reply("joy", "The person thanks somebody for it.")}))
    table = texts(tmp_path / "t.csv", *TALK) | {"teacher": f"scripted:{script}", "order": "label"}
    table["settings"] = {"retries": 0}
    down = "\n" + json.dumps({"error": "overloaded", "retryable": True})
    script.write_text(script.read_text() + down)
    with pytest.raises(ModelError, match="gives up"):
        make(config(tmp_path, table))
    assert not rows(tmp_path), "files of rows are whole or absent"
    rest = [reply("anger", "The person hates every minute."), reply("sadness", "The person cried all night.")]
    script.write_text("\n".join(json.dumps({"text": r}) for r in rest))
    make(config(tmp_path, table))
    assert [r.id for r in rows(tmp_path)] == [f"talk-{n}/ask/direct" for n in (1, 2, 3)]
