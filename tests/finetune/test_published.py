"""Rows from published datasets: labels, fields, pairs and sextuples as people gave them, and what is wrong told as the reader tells it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.agents.llm import tiny

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.preference import asked as asked_of
from cuechain.agents.values import Answer, CausePair, Claim, Emotion, LabelAnswer, Opinion, PostAnswer, Sample, Target
from cuechain.finetune.compare import CompareConfig, run
from cuechain.finetune.config import CORPUS, read
from cuechain.finetune.data import RowsConfig, make
from cuechain.finetune.gathering import published
from cuechain.finetune.gathering.items import Refusal
from cuechain.finetune.gathering.labelled import Labelled
from cuechain.finetune.judged import against, agreement, is_answer, people, said
from cuechain.finetune.judging.heldout import items_of
from cuechain.finetune.judging.judge import SHARE
from cuechain.finetune.rows import Row, asked
from cuechain.finetune.rows import read as read_rows
from cuechain.finetune.tuning.rewards import REWARDS


def config(folder: Path, *sources: dict[str, Any], **more: Any) -> RowsConfig:
    told = [{"kind": "dataset", "teacher": "rules", "order": "both", **s} for s in sources]
    return RowsConfig.model_validate({"out": folder / "rows", "sources": told, "dev": 0.0, **more})


def rows(folder: Path, name: str = "train") -> list[Row]:
    file = folder / "rows" / f"{name}.jsonl"
    return list(read_rows(file)) if file.is_file() else []


def refused(folder: Path) -> list[tuple[str, str]]:
    """Id and reason."""
    file = folder / "rows" / "refused.jsonl"
    return [(f["id"], f["reason"]) for f in map(json.loads, file.read_text().splitlines())] if file.is_file() else []


def answers(found: list[Row]) -> dict[str, Answer]:
    """The replies that are answers, read as their task's type, by the id of their item."""
    return {
        r.id.rpartition("/")[0]: registry.get("tasks", r.task).answer.model_validate_json(r.completion[0].content)
        for r in found
        if r.step == "direct"
    }


def holds(found: list[Row]) -> None:
    """Every answer says what people said, and earns the reward for it."""
    last = [r for r in found if is_answer(r)]
    assert last
    for row in last:
        task: Task = registry.get("tasks", row.task)
        answer = task.answer.model_validate_json(row.completion[0].content)
        told = said(answer, task), people(row.gold)
        assert agreement(*told, task, closed=bool(row.gold.allowed)) == 1.0, row.id
        held = {"sheet": [row.sheet], "gold": [row.gold.model_dump_json()], "task": [row.task]}
        for name in ("label", "valid", "cites", "holds", "abstains"):
            assert REWARDS[name]([row.completion[0].content], **held) == [1.0], f"{row.id}: {name}"


# Labels


def mustard(folder: Path) -> Path:
    """In the form of sarcasm_data.json (Castro et al. 2019)."""
    folder.mkdir()
    context = {"context": ["I lost your keys."], "context_speakers": ["ANN"], "speaker": "BEN", "show": "X"}
    items = {
        "1_1": {"utterance": "Great, just wonderful, I am so thrilled.", "sarcasm": True, **context},
        "1_2": {"utterance": "I am furious, that was my only pair!", "sarcasm": False, **context},
        "1_3": {"utterance": "Never mind.", "sarcasm": "perhaps", **context},
    }
    (folder / "sarcasm_data.json").write_text(json.dumps(items))
    return folder


def sarcastic(label: str | None, text: str, kind: str | None = None) -> dict[str, str]:
    answer = LabelAnswer(label=label, kind=kind, abstain=label is None, claims=(Claim(text=text, cites=("T2",)),))
    return {"text": answer.model_dump_json()}


def test_a_label_that_is_no_feeling_is_taught_with_its_reasons(tmp_path: Path) -> None:
    script = tmp_path / "s.jsonl"
    replies = [
        sarcastic("sarcastic", "Nobody is thrilled about lost keys."),
        sarcastic("sarcastic", "The speaker cannot mean that."),
    ]
    script.write_text("\n".join(map(json.dumps, replies)))
    make(config(tmp_path, {"dataset": f"mustard:{mustard(tmp_path / 'm')}", "teacher": f"scripted:{script}"}))
    found = rows(tmp_path)
    assert {r.id for r in found} == {f"dataset-1_1/sarcasm/{s}" for s in ("observe", "infer", "conclude", "direct")}
    (answer,) = answers(found).values()
    assert isinstance(answer, LabelAnswer) and answer.label == "sarcastic"
    assert refused(tmp_path) == [("dataset-1_2/sarcasm", "label"), ("dataset-1_3", "label_outside")]
    assert all(asked(r) == ("Is this sarcastic, and what gives it away?", 2) for r in found)
    assert all(r.gold.labels == ("sarcastic",) and len(r.gold.allowed) == 2 for r in found)
    holds(found)


def test_a_chat_model_is_told_what_people_said_in_words_of_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuechain import prompts

    seen: list[str] = []
    render = prompts.render
    monkeypatch.setattr(prompts, "render", lambda name, **v: seen.append(t := render(name, **v)) or t)
    script = tmp_path / "s.jsonl"
    script.write_text("\n".join([json.dumps(sarcastic("not sarcastic", "The keys were the only pair."))] * 2))
    make(config(tmp_path, {"dataset": f"mustard:{mustard(tmp_path / 'm')}", "teacher": f"scripted:{script}"}))
    told = [t for t in seen if "People who saw" in t]
    assert '- "sarcastic"' in told[0] and '- "not sarcastic"' in told[1]
    assert all("propositional" in t and "It is asked about turn 2." in t for t in told), "the form of the task's answer"
    assert not any("People who saw" in m.content for r in rows(tmp_path) for m in r.prompt)


MELD = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n"


def meld(folder: Path) -> Path:
    """In the form of dev_sent_emo.csv (Poria et al. 2019)."""
    folder.mkdir()
    lines = [
        ("I am so happy, this is wonderful, thank you!", "Ann", "joy", 0, 0),
        ("I hate this, I am furious!", "Ben", "anger", 0, 1),
        ("I am so sad, I cried all night.", "Ann", "boredom", 0, 2),
        ("This is great fun, I love it so much!", "Cat", "joy", 1, 0),
    ]
    rows = [
        f'{n},"{t}",{who},{e},neutral,{d},{u},1,1,"00:00:0{n},000","00:00:0{n},900"'
        for n, (t, who, e, d, u) in enumerate(lines)
    ]
    (folder / "dev_sent_emo.csv").write_text(MELD + "\n".join(rows) + "\n")
    return folder


def test_turns_of_a_dialogue_are_no_duplicates_and_stay_together(tmp_path: Path) -> None:
    source = {"dataset": f"meld:{meld(tmp_path / 'm')}", "split": "dev", "tasks": {"emotion": 1, "ask": 1}}
    make(config(tmp_path, source, hold_out=["dia0"]))
    dev, train = answers(rows(tmp_path, "dev")), answers(rows(tmp_path))
    assert {n: a.emotion.label for n, a in dev.items() if a.emotion} == {
        "dataset-dia0_utt0/emotion": "joy", "dataset-dia0_utt0/ask": "joy",
        "dataset-dia0_utt1/emotion": "anger", "dataset-dia0_utt1/ask": "anger",
    }  # fmt: skip
    assert set(train) == {"dataset-dia1_utt0/emotion", "dataset-dia1_utt0/ask"}
    assert ("dataset-dia0_utt2", "label_outside") in refused(tmp_path)
    turns = {r.id: asked(r) for r in rows(tmp_path, "dev") if r.step == "direct"}
    assert {t[1] for t in turns.values() if t} == {1, 2}
    holds([*rows(tmp_path), *rows(tmp_path, "dev")])


def test_a_task_that_people_did_not_judge_is_refused(tmp_path: Path) -> None:
    source = {"dataset": f"meld:{meld(tmp_path / 'm')}", "split": "dev", "tasks": {"cause": 1, "sarcasm": 1}}
    make(config(tmp_path, source))
    assert not rows(tmp_path)
    why = [r for id, r in refused(tmp_path) if id == "dataset-dia1_utt0"]
    assert why == ["no_label", "label_outside"]


def test_a_run_that_stopped_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "s.jsonl"
    good = json.dumps(sarcastic("sarcastic", "Nobody is thrilled about lost keys."))
    script.write_text(good + "\n" + json.dumps({"error": "overloaded", "retryable": True}))
    source = {
        "dataset": f"mustard:{mustard(tmp_path / 'm')}", "teacher": f"scripted:{script}", "order": "label", "settings": {"retries": 0},
    }  # fmt: skip
    with pytest.raises(Exception, match="gives up"):
        make(config(tmp_path, source))
    script.write_text(json.dumps(sarcastic("not sarcastic", "The keys were the only pair.")))
    make(config(tmp_path, source))
    assert [a.label for a in answers(rows(tmp_path)).values() if isinstance(a, LabelAnswer)] == [
        "sarcastic",
        "not sarcastic",
    ]


# Fields


def memotion(folder: Path) -> dict[str, Any]:
    """In the form of labels.csv (Sharma et al. 2020), and what a chat model says of it."""
    folder.mkdir()
    head = "image_name,text_ocr,text_corrected,humour,sarcasm,offensive,motivational,overall_sentiment\n"
    lines = [
        "a.png,x,when you finally find a job that you love,hilarious,general,slight,motivational,very_positive",
        "b.png,x,my boss fires me on my birthday again,funny,twisted_meaning,slight,not_motivational,negative",
    ]
    (folder / "labels.csv").write_text(head + "\n".join(lines) + "\n")
    glad = (Claim(text="It is glad about something.", cites=("T1",)),)
    replies = [
        PostAnswer(label="positive", polarity="positive", intent="expressive", claims=glad),
        PostAnswer(label="positive", polarity="positive", claims=glad),
    ]
    script = folder / "s.jsonl"
    script.write_text("\n".join(json.dumps({"text": r.model_dump_json()}) for r in replies))
    return {"dataset": f"memotion:{folder}", "teacher": f"scripted:{script}"}


def test_fields_are_taught_and_what_nobody_judged_stays_the_teachers(tmp_path: Path) -> None:
    make(config(tmp_path, memotion(tmp_path / "m")))
    (answer,) = answers(rows(tmp_path)).values()
    assert isinstance(answer, PostAnswer)
    assert (answer.polarity, answer.humour, answer.offence, answer.intent) == (
        "very positive", "hilarious", "slight", "expressive",
    )  # fmt: skip
    assert refused(tmp_path)[-1] == ("dataset-b.png/post", "label")
    holds(rows(tmp_path))
    report = json.loads((tmp_path / "rows" / "report.json").read_text())
    assert report["labels"]["train"] == {"positive": 1}


# Tuples


def ecf(folder: Path) -> dict[str, Any]:
    """In the form of ECF_dev.txt (Wang et al. 2023); the second conversation has a pair that points to no turn."""
    folder.mkdir()
    blocks = (
        "7 3\n (2,1),(3,3)\n1 | Ann | neutral | I lost your keys . | x\n2 | Ben | anger | You did what ? | x\n"
        "3 | Ann | sadness | I am so sorry , I am useless . | x\n"
        "8 1\n (4,1)\n1 | Ann | joy | We won ! | x\n"
    )
    (folder / "ECF_dev.txt").write_text(blocks)
    return {"dataset": f"ecf:{folder}", "split": "dev", "teacher": "nobody"}


def test_pairs_are_taught_without_a_teacher(tmp_path: Path) -> None:
    make(config(tmp_path, ecf(tmp_path / "e")))
    found = rows(tmp_path)
    first = {r.step: json.loads(r.completion[0].content) for r in found if "dia7" in r.id and is_answer(r)}
    assert set(first) == {"conclude", "direct"} and first["conclude"]["claims"] == []
    assert [(p["turn"], p["emotion"], p["cause"]) for p in first["direct"]["pairs"]] == [
        (2, "anger", 1),
        (3, "sadness", 3),
    ]
    (why,) = [r.completion[0].content for r in found if "dia7" in r.id and r.step == "infer"]
    assert "Ben probably feels anger in turn 2 because of what Ann says in turn 1" in why and "T1" in why
    assert ("dataset-dia8", "misaligned") in refused(tmp_path)
    holds(found)


def panosent(path: Path) -> Path:
    """One record in the published form (Luo et al. 2024)."""

    def element(value: str, manner: str = "explicit") -> dict[str, str]:
        return {"value": value, "manner": manner}

    record = {
        "doc_id": "00001",
        "speakers": [{"id": 0, "name": "Ann"}, {"id": 1, "name": "Ben"}],
        "dialogue": [
            {"index": 0, "speaker": 0, "utterance": "The battery of this phone is awful, it dies at noon.", "reply": -1},
            {"index": 1, "speaker": 1, "utterance": "Mine lasts two days.", "reply": 0},
            {"index": 2, "speaker": 0, "utterance": "True, since the update the battery is great.", "reply": 1},
        ],
        "hexatuple": [
            {
                "holder": element("Ann"), "target": element("phone"), "aspect": element("battery"), "opinion": element("awful"),
                "sentiment": "negative", "rationale": element("it dies at noon"),
            },
            {
                "holder": element("Ben"), "target": element("his device", "implicit"), "aspect": element("endurance", "implicit"),
                "opinion": element("good", "implicit"), "sentiment": "positive", "rationale": element("long use", "implicit"),
            },
        ],
        "sentiment flip": [
            {
                "holder": "Ann", "target": "phone", "aspect": "battery", "initial sentiment": "negative", "flipped sentiment": "positive",
                "trigger type": "Introduction of new information",
            }
        ],
    }  # fmt: skip
    path.write_text(json.dumps([record]))
    return path


def test_sextuples_are_taught_step_by_step(tmp_path: Path) -> None:
    make(config(tmp_path, {"dataset": f"panosent:{panosent(tmp_path / 'p.json')}", "teacher": "nobody"}))
    found = {r.step: r for r in rows(tmp_path)}
    assert list(found) == ["targets", "opinions", "sentiments", "flips", "direct"]
    told = {step: json.loads(r.completion[0].content) for step, r in found.items()}
    assert [p["aspect"]["text"] for p in told["targets"]["pairs"]] == ["battery", "endurance"]
    assert [q["opinion"]["text"] for q in told["opinions"]["quadruples"]] == ["awful", "good"]
    assert [s["sentiment"] for s in told["sentiments"]["sextuples"]] == ["negative", "positive"]
    assert told["flips"]["flips"][0]["trigger"] == "introduction of new information" and told["flips"] == told["direct"]
    assert "T1" in told["flips"]["sextuples"][0]["cites"], "the words stand there"
    assert told["flips"]["sextuples"][1]["cites"] == ["T2"], "what is only meant rests on its holder's words"
    assert told["flips"]["claims"] == []
    prompt = [m.content for m in found["flips"].prompt]
    assert len(prompt) == 8 and prompt[2] == found["targets"].completion[0].content
    holds(list(found.values()))


class Told(Labelled):
    """One thing that people judged."""

    kind: Literal["told"] = "told"
    sample: Sample

    def samples(self, seed: int) -> Iterator[Sample | Refusal]:
        yield self.sample


JUDGED: dict[str, Target] = {
    "ask": Target(labels=("joy",)),
    "aspect": Target(opinions=(Opinion(target="job", sentiment="positive"),)),
    "cause": Target(pairs=(CausePair(turn=1, emotion="joy", cause=1, span="I got the job"),)),
    "compound": Target(labels=("happily surprised",)),
    "delivery": Target(labels=("lively", "fast")),
    "dialogue": Target(labels=("statement-opinion",)),
    "emotion": Target(labels=("joy", "surprise"), scores={"joy": 0.9, "surprise": 0.4}),
    "mismatch": Target(labels=("fits",)),
    "flip": Target(flips=()),
    "open_emotion": Target(labels=("delight", "relief"), text="The news is good."),
    "post": Target(fields={"polarity": "positive", "emotion": "joy"}),
    "preference": Target(labels=("first",)),
    "reactions": Target(labels=("joy", "envy")),
    "sarcasm": Target(labels=("not sarcastic",)),
    "sentiment": Target(labels=("positive",), scores={"valence": 0.7, "arousal": 0.2}),
    "sextuple": Target(sextuples=()),
    "topic": Target(labels=("work",)),
}


@pytest.mark.parametrize("name", registry.names("tasks"))
def test_every_task_becomes_rows(tmp_path: Path, name: str) -> None:
    task: Task = registry.get("tasks", name)
    claims = (
        Claim(text="The words speak of good news and of gladness.", cites=("T1",)),
        Claim(text="Somebody got a job.", cites=("T1",)),
    )
    target = JUDGED[name]
    bare = task.answer(claims=claims)
    answer = task.taught(bare, target) if task.taught else bare.model_copy(update={"emotion": Emotion(label="joy")})
    if name == "post":
        answer = answer.model_copy(update={"label": "positive"})
    (tmp_path / "s.jsonl").write_text(
        json.dumps({"text": answer.model_copy(update={"claims": claims}).model_dump_json()})
    )
    question = asked_of("It is good.", "It is bad.") if name == "preference" else ""
    sample = Sample(
        id="x", text="I got the job! I am so glad!", question=question, target=target,
        labels=("work", "sport") if name == "topic" else (),
    )  # fmt: skip
    source = Told(sample=sample, tasks={name: 1.0}, order="both", teacher=f"scripted:{tmp_path / 's.jsonl'}")
    make(RowsConfig(out=tmp_path / "rows", generated=0, dev=0.0), [source])
    assert not refused(tmp_path)
    found = rows(tmp_path)
    assert [r.step for r in found] == [*(step for step, _ in task.steps), "direct"]
    assert all(asked(r) for r in found if r.step != "senses")
    holds(found)


def test_a_model_is_tuned_on_every_kind_of_target(tmp_path: Path) -> None:
    for extra in ("torch", "transformers", "peft", "trl", "datasets"):
        pytest.importorskip(extra, reason="needs the extra finetune")
    from cuechain.finetune.sft import SFTConfig, sft

    kinds = {
        "labels": {"dataset": f"meld:{meld(tmp_path / 'm')}", "split": "dev"},
        "fields": memotion(tmp_path / "f"),
        "pairs": ecf(tmp_path / "e"),
        "sextuples": {"dataset": f"panosent:{panosent(tmp_path / 'p.json')}"},
    }
    report = make(config(tmp_path, *({"name": name, "order": "label", **k} for name, k in kinds.items())))
    found = rows(tmp_path)
    assert {r.origin for r in found} == set(kinds) and len(list(report.lines())) == 5
    holds(found)
    model = tiny.llama(tmp_path / "llama")
    told = {"model": str(model), "data": tmp_path / "rows" / "train.jsonl", "out": tmp_path / "sft", "device": "cpu"}
    size = {"batch": 1, "accumulate": 1, "steps": len(found), "max_length": 12_000, "log_every": 1, "save_every": 100}
    folder = sft(SFTConfig.model_validate(told | size))
    card = json.loads((folder / "card.json").read_text())
    assert card["steps"] == len(found) and card["loss"]["last"] > 0
    assert card["left_out"] == {"train.jsonl": {}}


# What is compared


def pairs(*told: tuple[int, str, int]) -> Target:
    return Target(pairs=tuple(CausePair(turn=t, emotion=e, cause=c) for t, e, c in told))


def opinion(target: str) -> Target:
    return Target(opinions=(Opinion(target=target, sentiment="positive"),))


@pytest.mark.parametrize(
    ("task", "told", "truth", "share", "agrees"),
    [
        ("sarcasm", Target(labels=("sarcastic",)), Target(labels=("sarcastic",)), 1.0, True),
        ("sarcasm", Target(labels=("not sarcastic",)), Target(labels=("sarcastic",)), 0.0, False),
        ("sarcasm", Target(), Target(labels=("sarcastic",)), 0.0, False),
        ("delivery", Target(labels=("fast", "loud")), Target(labels=("fast", "lively")), 0.5, True),
        ("sentiment", Target(scores={"valence": 0.5}), Target(scores={"valence": 0.3}), 0.8, True),
        ("sentiment", Target(scores={"valence": 0.5}), Target(scores={"valence": -0.5}), 0.0, False),
        ("sentiment", Target(), Target(scores={"valence": 0.3}), 0.0, True),
        ("post", Target(fields={"humour": "funny"}), Target(fields={"humour": "very funny", "hate": "hateful"}), 0.0, True),
        ("post", Target(fields={"hate": "not hateful"}), Target(fields={"hate": "hateful"}), 0.0, False),
        ("cause", pairs((1, "joy", 1), (2, "anger", 1)), pairs((1, "joy", 1)), 2 / 3, False),
        ("cause", pairs(), pairs(), 1.0, True),
        ("cause", pairs((1, "joy", 1)), pairs(), 0.0, False),
        ("aspect", opinion("The food"), opinion("the food"), 1.0, True),
        ("cause", pairs(), Target(labels=("joy",)), None, True),
        ("emotion", Target(labels=("joy",)), pairs(), None, True),
    ],
)  # fmt: skip
def test_agreement_by_hand(task: str, told: Target, truth: Target, share: float | None, agrees: bool) -> None:
    one: Task = registry.get("tasks", task)
    assert agreement(told, truth, one, closed=True) == (None if share is None else pytest.approx(share))
    if share is not None:
        assert (against(told, truth, one, closed=True) == "") == agrees


def test_any_task_is_compared_on_a_dataset(tmp_path: Path) -> None:
    out = tmp_path / "r.md"
    spec = Path(f"panosent:{panosent(tmp_path / 'p.json')}")
    found = run(CompareConfig(models=("rules", "embedded"), data=(spec,), out=out, control=False, faith=False))
    figures = {(f["section"], f["name"]): f["values"] for f in found["figures"]}
    assert 0 <= figures[SHARE]["rules"]["value"] <= 1 and ("Label", "accuracy") not in figures
    assert "panosent:p.json" in out.read_text() and "tells more of what people said" in out.read_text()

    spec = Path(f"mustard:{mustard(tmp_path / 'm')}")
    found = run(CompareConfig(models=("rules", "embedded"), data=(spec,), out=out, control=False, faith=False))
    accuracy = next(f for f in found["figures"] if f["name"] == "accuracy")
    assert list(accuracy["values"]) == ["majority (sarcastic)", "rules", "embedded"], "words alone tell no sarcasm"
    assert accuracy["n"]["rules"] == 2 and found["left_out"] == {"faults of the dataset (label_outside)": 1}


def test_rows_of_any_task_are_held_out_data(tmp_path: Path) -> None:
    make(config(tmp_path, {"dataset": f"meld:{meld(tmp_path / 'm')}", "split": "dev"}))
    skipped: Counter[str] = Counter()
    found = items_of(tmp_path / "rows" / "train.jsonl", ("text", "label"), "ask", (), skipped)
    assert [i.question.turn for i in found] == [1, 2, 1] and {i.question.task for i in found} == {"emotion"}


# Use


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dataset": "mustart:."}, "mustart"),
        ({"dataset": "mustard:gone"}, "gone"),
        ({"split": "dev"}, "no split 'dev'"),
        ({"labels": ["mustard"]}, "one label, which leaves nothing to choose"),
        ({"tasks": {"dialogue": 1}, "labels": ["sarcastic", "not sarcastic"]}, "needs a chat model"),
        ({"settings": {"sense": []}}, "no setting"),
    ],
)
def test_wrong_use_is_named(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    source = {"dataset": f"mustard:{mustard(tmp_path / 'm')}"} | change
    with pytest.raises((ConfigError, MediaError), match=named):
        make(config(tmp_path, source))


def test_the_shipped_config_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASETS", "/data")
    found = read(RowsConfig, CORPUS.parent / "configs" / "dataset.yaml")
    readers = [s.reader.name for s in found.sources if isinstance(s, published.Published)]
    assert readers == ["mustard", "meld", "memotion", "ecf2-spans", "panosent", "table"]


@pytest.mark.parametrize(
    ("spec", "split", "task", "least"),
    [
        ("mustard:eval/mustard", "", "sarcasm", 3),
        ("meld:eval/meld", "dev", "emotion", 4),
        ("ecf:eval/ecf", "dev", "cause", 10),
        ("ecf2-spans:eval/ecf", "train", "cause", 10),
        ("panosent:eval/panosent", "", "sextuple", 10),
        ("tweeteval-sentiment:eval/tweeteval", "val", "sentiment", 3),
        ("brighter-a:train/brighter_eng", "dev", "emotion", 2),
        ("emobank:eval/emobank", "dev", "sentiment", 3),
    ],
)
def test_real_files(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, split: str, task: str, least: int
) -> None:
    real = published.samples
    monkeypatch.setattr(published, "samples", lambda *told: itertools.islice(real(*told), 20))
    name, _, place = spec.partition(":")
    make(config(tmp_path, {"dataset": f"{name}:{data / place}", "split": split}))
    found = rows(tmp_path)
    items = {r.id.rpartition("/")[0] for r in found}
    assert least <= len(items) and {r.task for r in found} == {task}
    holds(found)


def test_target_of_labels_alone_needs_no_json(tmp_path: Path) -> None:
    make(config(tmp_path, {"dataset": f"meld:{meld(tmp_path / 'm')}", "split": "dev"}))
    assert all(not r.gold.target and people(r.gold) == Target(labels=r.gold.labels) for r in rows(tmp_path))
