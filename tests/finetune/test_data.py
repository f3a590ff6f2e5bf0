"""The data verb: sources of every kind to rows, refusals that are told, splits that keep groups whole, and runs that go on."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from typer.testing import CliRunner

from cuechain.agents.errors import ConfigError, ModelError, RunError
from cuechain.agents.justify import Told
from cuechain.agents.settings import Settings
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Media,
    Plan,
    Question,
    Sample,
    Target,
)
from cuechain.agents.verify import verify
from cuechain.finetune.cli import app
from cuechain.finetune.config import CORPUS, read
from cuechain.finetune.data import RowsConfig, make, part_of
from cuechain.finetune.embedded.examples import read_examples
from cuechain.finetune.gathering.items import Item, Refusal
from cuechain.finetune.gathering.sources import Source
from cuechain.finetune.rows import Gold, Row
from cuechain.finetune.rows import read as read_rows

LABELS = ["joy", "sadness", "anger", "neutral"]


def config(folder: Path, *sources: dict[str, Any], **more: Any) -> RowsConfig:
    return RowsConfig.model_validate({"out": folder / "rows", "sources": sources, "dev": 0.0, **more})


def rows(folder: Path, name: str = "train") -> list[Row]:
    file = folder / "rows" / f"{name}.jsonl"
    return list(read_rows(file)) if file.is_file() else []


def refused(folder: Path) -> dict[str, str]:
    """Id to reason."""
    file = folder / "rows" / "refused.jsonl"
    return {f["id"]: f["reason"] for f in map(json.loads, file.read_text().splitlines())} if file.is_file() else {}


def texts(path: Path, *records: tuple[str, ...]) -> dict[str, Any]:
    """A table of texts with ids, and the source that reads it."""
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("key", "said", "who", "felt"), *records])
    columns = {"text": "said", "label": "felt", "id": "key", "group": "who"}
    return {"kind": "corpus", "name": "talk", "table": path, "columns": columns, "labels": LABELS, "teacher": "rules"}


TALK = (
    ("1", "I am so happy today, this is wonderful, thank you so much!", "ann", "joy"),
    ("2", "This is terrible, I am furious and I hate every minute of it!", "ben", "anger"),
    ("3", "I am so sad, I cried all night because she is gone.", "ann", "sadness"),
)


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


def a_case(text: str = TALK[1][1], task: str = "ask") -> Case:
    from cuechain.agents.pipeline import Done, run

    for event in run(
        [], Question(text="How does this person feel, and why?", task=task), Settings(model="rules"), text=text
    ):
        if isinstance(event, Done):
            return event.case
    raise AssertionError


def test_cases_that_passed_become_rows(tmp_path: Path) -> None:
    good, other = a_case(task="emotion"), a_case(TALK[0][1])
    assert other.answer and other.verdict
    lies = other.answer.model_copy(update={"claims": (Claim(text="The voice trembles with joy.", cites=("T1",)),)})
    told = Answer(abstain=True, claims=(Claim(text='The speaker says "hello".', cites=("T1",)),))
    looked_up = other.model_copy(update={"answer": told})
    cases = [
        good.model_dump(mode="json"),
        other.model_copy(update={"answer": lies}).model_dump(mode="json"),
        other.model_dump(mode="json") | {"schema_version": 99},
        other.model_dump(mode="json") | {"status": "failed", "answer": None, "error": "no reply"},
        {"question": 3},
        good.model_dump(mode="json") | {"question": good.question.model_dump() | {"task": "weather"}},
        looked_up.model_dump(mode="json"),
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)) + "\n{broken\n")
    (tmp_path / "one.json").write_text(a_case(TALK[2][1]).model_dump_json(indent=2))
    make(config(tmp_path, {"kind": "cases", "files": [tmp_path / "*.json*"], "order": "label"}))
    found = {r.id: r for r in rows(tmp_path)}
    assert set(found) == {"cases-1/direct", "one-1/direct"}
    answer = EmotionAnswer.model_validate_json(found["cases-1/direct"].completion[0].content)
    assert answer.emotions and found["cases-1/direct"].task == "emotion"
    assert all(c.points is None for c in answer.claims)
    assert refused(tmp_path) == {
        "cases-2": "verdict_from_gap", "cases-3": "version", "cases-4": "failed", "cases-5": "broken", "cases-6": "broken",
        "cases-7": "looked_up", "cases-8": "broken",
    }  # fmt: skip


def test_cases_of_a_run_are_held_against_what_people_said(tmp_path: Path) -> None:
    case = a_case(task="emotion")
    assert case.answer and case.answer.emotion
    label = case.answer.emotion.label
    wrong = "anger" if label != "anger" else "joy"

    def judged(id: str, group: str, *labels: str) -> Case:
        sample = Sample(id=id, group=group, target=Target(labels=labels or None))
        text = Media(id="m1", kind="text", text=id)
        return case.model_copy(update={"sample": sample, "sheet": case.sheet.model_copy(update={"media": (text,)})})

    cases = (judged("a", "dialogue", label), judged("b", "dialogue", wrong), judged("c", "other"))
    (tmp_path / "cases.jsonl").write_text("\n".join(c.model_dump_json(exclude_defaults=True) for c in cases))
    make(config(tmp_path, {"kind": "cases", "files": [tmp_path / "cases.jsonl"], "order": "label"}, gate={"alike": 1}))
    assert refused(tmp_path)["cases-2"] == "label"
    kept = {r.id: r for r in rows(tmp_path)}
    assert kept["cases-1/direct"].group == "dialogue" and kept["cases-1/direct"].gold.labels == (label,)


def test_several_questions_about_a_clip_are_no_duplicates(tmp_path: Path) -> None:
    case = a_case()
    other = case.model_copy(update={"question": case.question.model_copy(update={"text": "Is she angry?"})})
    (tmp_path / "cases.jsonl").write_text("\n".join(c.model_dump_json() for c in (case, other, case)))
    said = {"case": case.model_dump(mode="json"), "thumb": "up"}
    (tmp_path / "said.jsonl").write_text(json.dumps(said))
    sources = (
        {"kind": "cases", "files": [tmp_path / "cases.jsonl"], "order": "label"},
        {"kind": "feedback", "files": [tmp_path / "said.jsonl"], "order": "label"},
    )
    make(config(tmp_path, *sources))
    assert {r.id for r in rows(tmp_path)} == {"cases-1/direct", "cases-2/direct", "said-1/direct"}
    assert refused(tmp_path) == {"cases-3": "duplicate"}
    assert len({r.group for r in rows(tmp_path)}) == 1


def test_feedback_becomes_rows_pairs_and_thumbs(tmp_path: Path) -> None:
    one, two, three = (a_case(t[1]) for t in TALK)
    edited = "P1 is sad after all: she says that she hates it [T1]."
    assert three.answer
    whole = three.answer.model_copy(update={"claims": (Claim(text="She cried all night long.", cites=("T1",)),)})
    lines = [
        {"case": one.model_dump(mode="json"), "thumb": "up", "group": "u1"},
        {"case": two.model_dump(mode="json"), "thumb": "down", "edited": edited, "group": "u2"},
        {"case": three.model_dump(mode="json"), "edited": whole.model_dump(mode="json")},
        {"case": a_case("Nothing much happened on Monday at the office").model_dump(mode="json"), "thumb": "down"},
        {"case": one.model_dump(mode="json")},
        {"case": one.model_dump(mode="json"), "edited": {"mood": "fine"}},
        {"thumb": "up"},
    ]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, lines)))
    make(config(tmp_path, {"kind": "feedback", "files": [tmp_path / "said.jsonl"], "order": "label"}))
    taught = {r.id: Answer.model_validate_json(r.completion[0].content) for r in rows(tmp_path)}
    assert set(taught) == {"said-1/direct", "said-2/direct", "said-3/direct"}
    corrected = taught["said-2/direct"]
    assert corrected.emotion and corrected.emotion.label == "sadness" and corrected.claims[0].cites == ("T1",)
    pairs = {r.id: r for r in rows(tmp_path, "pairs_train")}
    assert set(pairs) == {"said-2/edited", "said-3/edited"} and pairs["said-2/edited"].group == "u2"
    assert "hates it" in pairs["said-2/edited"].completion[0].content
    assert "hates it" not in pairs["said-2/edited"].rejected[0].content
    thumbs = {r.id: r.thumb for r in rows(tmp_path, "thumbs_train")}
    assert thumbs == {"said-1/thumb": "up", "said-2/thumb": "down", "said-4/thumb": "down"}
    assert refused(tmp_path) == {"said-5": "broken", "said-6": "broken", "said-7": "broken"}


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
