"""What the gate refuses and why: ids, leaks, labels, length, the check of the answer, the gold label, citations, near-duplicates."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Answer, Claim, Cue, CueSheet, Emotion, Media, Question
from cuechain.finetune.gathering.gate import Evaluation, Gate, GateConfig, precision
from cuechain.finetune.gathering.items import Item, copies, drawn
from cuechain.finetune.gathering.seen import Alike, Names, normal
from cuechain.finetune.rows import Gold

LABELS = ("joy", "sadness", "anger", "neutral")


def sheet(said: str, *more: str, sha256: str = "") -> CueSheet:
    cues = {"T1": Cue(sense="transcript", text=f'the speaker says "{said}"', person="P1", source="transcript@1")}
    for n, text in enumerate(more, 1):
        cues[f"V{n}"] = Cue(sense="voice", text=text, person="P1", source="voice@1")
    return CueSheet(media=(Media(id="m1", kind="audio", sha256=sha256),), cues=cues)


def item(id: str = "a", said: str = "I have had enough of this, go away now", **given: Any) -> Item:
    answer = given.pop("answer", None) or Answer(
        person="P1",
        emotion=Emotion(label="anger"),
        claims=(
            Claim(text="P1 is probably angry.", cites=("T1",)),
            Claim(text="P1 has had enough and sends somebody away.", cites=("T1",)),
        ),
    )
    gold = given.pop("gold", Gold(labels=("anger",), allowed=LABELS, abstain=False))
    made = given.pop("sheet", None) or sheet(said)
    return Item(
        id=id, unit=given.pop("unit", id), group="g", origin="test", sheet=made,
        question=Question(text="How does P1 feel?", labels=LABELS), answer=answer, gold=gold, **given,
    )  # fmt: skip


def saying(
    *claims: str, label: str | None = "anger", cites: tuple[str, ...] = ("T1",), abstain: bool = False
) -> Answer:
    return Answer(
        person="P1",
        emotion=Emotion(label=label) if label else None,
        claims=tuple(Claim(text=c, cites=cites) for c in claims),
        abstain=abstain,
    )


def test_a_good_item_stays() -> None:
    assert Gate(GateConfig()).refuse(item()) is None


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (item(answer=saying("P1 is angry.", "", "P1 sends him away.")), "verdict_empty"),
        (item(answer=saying()), "empty"),
        (item(answer=saying("P1 is angry.")), "short"),
        (item(answer=saying(*["P1 has had enough of this and sends somebody away at once."] * 30)), "long"),
        (item(sheet=sheet("no " * 9000)), "long"),
        (item(answer=saying("P1 is angry, as the words show.", cites=("T9",))), "verdict_unknown_cite"),
        (item(answer=saying("P1's voice is raised and harsh.")), "verdict_wrong_sense"),
        (item(answer=saying("P1 is glad about it all.", label="joy")), "label"),
        (item(answer=saying("P1 is in a rage about it.", label="rage")), "verdict_label_not_in_set"),
        (item(answer=saying("This cannot be told from the words.", label=None, abstain=True)), "unsupported"),
        (item(gold=Gold(allowed=LABELS, abstain=True)), "label"),
        (item(gold=Gold(labels=("disgust",), allowed=LABELS)), "label_outside"),
        (item(gold=Gold(labels=("anger",), allowed=LABELS, decisive=("V1",))), "precision"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_refused_says_why(found: Item, reason: str) -> None:
    refusal = Gate(GateConfig()).refuse(found)
    assert refusal is not None and refusal.reason == reason
    assert refusal.detail and refusal.id == "a"


def test_any_of_several_right_labels_will_do() -> None:
    assert Gate(GateConfig()).refuse(item(gold=Gold(labels=("sadness", "anger"), allowed=LABELS))) is None


def test_an_id_comes_once() -> None:
    gate = Gate(GateConfig())
    assert gate.refuse(item("a", said="the first of two sheets that share an id")) is None
    again = gate.refuse(item("a", said="quite another thing is said in this one here"))
    assert again is not None and again.reason == "duplicate_id"


def test_near_duplicates() -> None:
    long = "well I waited for you at the station for two hours in the rain and you did not even call me to say so"
    gate = Gate(GateConfig())
    assert gate.refuse(item("a", said=long)) is None
    near = gate.refuse(item("b", said=long.upper().replace(" SO", " so, dear!")))
    assert near is not None and near.reason == "duplicate" and near.detail.endswith(" a")
    assert gate.refuse(item("c", said=long.replace("station", "cinema").replace("rain", "cold wind"))) is None
    asked = item("a/emotion", said=long, unit="a")
    again = gate.refuse(asked)
    assert again is not None and again.reason == "duplicate", "the same question and reply"
    other = asked.model_copy(update={"id": "a/2", "question": Question(text="Is P1 angry?", labels=LABELS)})
    assert gate.refuse(other) is None, "another question about the same evidence"


def test_a_refused_item_does_not_stand_in_the_way_of_a_good_one() -> None:
    gate = Gate(GateConfig())
    assert gate.refuse(item("a", answer=saying("P1 is glad about it all.", label="joy"))) is not None
    assert gate.refuse(item("b")) is None


def test_minhash_estimates_similarity() -> None:
    words = [f"w{n}" for n in range(200)]
    changed = [*words[:150], *(f"x{n}" for n in range(50))]
    alike = Alike(0.8)
    assert alike.add(" ".join(words), "a") is None
    assert alike.add(" ".join(changed), "b") is None, "0.6 is not 0.8"
    assert alike.add(" ".join([*words[:195], "x"]), "c") == "a"
    assert alike.add("", "d") is None and alike.add("", "e") == "d"


@pytest.mark.parametrize("form", ["csv", "tsv.gz", "jsonl", "json", "txt"])
def test_a_text_that_measures_does_not_train(tmp_path: Path, form: str) -> None:
    said = "Oh my God, he’s lost it. He’s totally lost it."
    texts = {
        "csv": f'id,Utterance\n1,"{said}"\n',
        "tsv.gz": f"{said}\tsadness\n",
        "jsonl": json.dumps({"dialogue": [{"text": said}]}) + "\n",
        "json": json.dumps({"a": {"cues": [{"sense": "transcript", "text": f"says: {said}"}]}}),
        "txt": f"What?\n{said}\n",
    }
    file = tmp_path / f"held.{form}"
    raw = texts[form].encode()
    file.write_bytes(gzip.compress(raw) if form.endswith("gz") else raw)
    gate = Gate(GateConfig(), Evaluation([tmp_path]))
    leak = gate.refuse(item("a", said="oh my god he's lost it, he's TOTALLY lost it"))
    assert leak is not None and leak.reason == "leak" and "lost it" in leak.detail
    assert gate.refuse(item("b", said="Oh my God, she found it after all these years")) is None


def test_a_file_that_measures_does_not_train(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    clip = tmp_path / "deep" / "clip.wav"
    clip.write_bytes(b"RIFF and so on")
    known = Evaluation([tmp_path])
    assert (known.files, known.media) == (1, 1)
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()
    assert "measure" in known.leak(sheet("anything", sha256=digest))
    assert not known.leak(sheet("anything", sha256=digest[::-1]))


def test_what_is_said_everywhere_is_no_leak(tmp_path: Path) -> None:
    lines = [
        {
            "cues": [
                {"sense": "transcript", "text": "says: I see"},
                {"sense": "voice", "text": "the voice is louder than usual"},
            ]
        }
    ]
    (tmp_path / "held.jsonl").write_text("\n".join(map(json.dumps, lines)))
    known = Evaluation([tmp_path])
    assert not known.leak(sheet("I see", "the voice is louder than usual"))


def test_evaluation_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file or folder"):
        Evaluation([tmp_path / "gone"])


def test_names_are_kept_beyond_memory() -> None:
    names = Names()
    assert all(names.add(f"text {n}") for n in range(3000))
    assert not names.add("text 7") and "text 2999" in names and "text 3000" not in names
    assert normal("Ｏｈ, he’s   LOST it!") == "oh he s lost it"


def test_precision_counts_what_carries() -> None:
    claims = (Claim(text="a", cites=("T1", "V1")), Claim(text="b", cites=("F1",), stance="conflicts"))
    assert precision(Answer(claims=claims), ("T1", "F1")) == 0.5
    assert precision(Answer(claims=claims), ()) is None
    assert precision(Answer(), ("T1",)) is None


def test_draws_are_the_same_everywhere() -> None:
    assert drawn("split", "P1") == pytest.approx(0.4, abs=0.6) and drawn(1, "a") != drawn(2, "a")
    assert drawn(1, "split", "wa") == drawn(1, "split", "wa")
    taken = sum(copies(0.25, n) for n in range(4000))
    assert 900 < taken < 1100
    assert {copies(2.5, n) for n in range(50)} == {2, 3} and copies(0, "x") == 0 and copies(1, "x") == 1
