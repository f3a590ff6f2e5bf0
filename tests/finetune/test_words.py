from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.perception.texts.reading import FEELINGS, REACTIONS
from cuechain.finetune.senses.words_data import comments, events, held_out, polarities, reaction, shares, told
from cuechain.finetune.senses.words_export import calibrated, f1

pytest.importorskip("torch")


def corpora(folder: Path) -> Path:
    """A few lines of each corpus, in the published formats."""
    train = folder / "train"
    for name in ("goemotions", "brighter_eng", "vader/groundtruth", "nltk_data", "atomic"):
        (train / name).mkdir(parents=True)
    chance = random.Random(0)
    happy, sad = ("great day", "so happy", "love it", "what joy"), ("bad day", "so sad", "all is lost", "I cried")
    for part, count in (("train", 64), ("dev", 40), ("test", 40)):
        kinds = (("25,27", sad), ("17", happy), ("27", ("the house", "the book")))
        lines = [f"{chance.choice(kinds[n % 3][1])} {n}\t{kinds[n % 3][0]}\tk{n}" for n in range(count)]
        (train / "goemotions" / f"{part}.tsv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    for part in ("train", "dev"):
        rows = "id,text,anger,fear,joy,sadness,surprise\n" + "".join(f"e{n},so sad {n},0,0,0,3,1\n" for n in range(30))
        (train / "brighter_eng" / f"track_b_{part}_eng.csv").write_text(rows)
    rated = "\n".join(f"{n}\t{2.4 if n % 2 else -1.2}\trated sentence {n}" for n in range(40))
    (train / "vader/groundtruth/tweets_GroundTruth.txt.gz").write_bytes(gzip.compress(rated.encode()))
    with zipfile.ZipFile(train / "nltk_data/sentence_polarity.zip", "w") as archive:
        archive.writestr("sentence_polarity/rt-polarity.pos", "a fine film .\nrated sentence 3 .\n")
        archive.writestr("sentence_polarity/rt-polarity.neg", "a dull film .\n")
    out = io.StringIO()
    table = csv.DictWriter(out, ["event", "xReact", "oReact"])
    table.writeheader()
    for n in range(60):
        event = f"PersonX gives PersonY the book number {n}"
        table.writerow(
            {"event": event, "xReact": json.dumps(["Happy.", "none"]), "oReact": json.dumps(["very grateful"])}
        )
    (train / "atomic/v4_atomic_dev.csv.gz").write_bytes(gzip.compress(out.getvalue().encode()))
    return folder


def test_corpora_are_read_as_published(tmp_path: Path) -> None:
    train = corpora(tmp_path) / "train"
    sad = comments(train / "goemotions", "dev")[0]
    assert [FEELINGS[i] for i, v in enumerate(sad.target) if v] == ["sadness", "neutral"]
    found = polarities(train)
    assert {t.target for t in found} == {(0.6,), (-0.3,), (0.5,), (-0.5,)}
    assert sum("rated sentence 3" in t.text for t in found) <= 11  # the film sentence that was rated is not taken twice
    reacted = events(train / "atomic")
    assert reacted["PersonX gives PersonY the book number 1"] == Counter(joy=1, neutral=1)
    assert reacted["*PersonX gives PersonY the book number 1"] == Counter(gratitude=1)
    unseen = held_out(iter(reacted))
    assert {f"*{e}" in unseen for e in unseen if e[0] != "*"} <= {True}  # both views of an event together
    assert sum(shares(Counter(joy=1, fear=3))) == 1 and shares(Counter(joy=1, fear=3))[REACTIONS.index("fear")] == 0.75


def test_reactions_in_free_words() -> None:
    assert reaction("Very happy.") == "joy" and reaction("good about themselves") == "pride"
    assert reaction("scared") == "fear" and reaction("hungry") is None


def test_events_are_told_by_whoever_feels() -> None:
    chance = random.Random(3)
    own = {told("PersonX loses PersonX's keys", chance).strip(".!").lower() for _ in range(60)}
    assert any(s.endswith("i lost my keys") for s in own) and any(s.endswith("i lose my keys") for s in own)
    assert not any("person" in s for s in own)
    others = {told("*PersonX tries to help PersonY with PersonY's work", chance).strip(".!").lower() for _ in range(60)}
    assert all(" me with my work" in s for s in others) and any(" tried to help" in s for s in others)


def test_calibration_finds_thresholds_and_temperature() -> None:
    draw = np.random.default_rng(0)
    right = (draw.random((600, len(FEELINGS))) < 0.2).astype(float)
    logits = 6 * (right - 0.5) + draw.normal(0, 2.5, right.shape)
    reactions = draw.normal(0, 1, (300, len(REACTIONS)))
    soft = np.exp(0.5 * reactions)
    how = calibrated(logits, right, reactions, soft / soft.sum(1, keepdims=True))
    assert f1(logits, right, how).mean() > 0.7 and f1(logits[::-1], right, how).mean() < 0.5
    p = 1 / (1 + np.exp(-(np.array(how.scale) * logits + np.array(how.bias))))
    assert abs(p.mean() - right.mean()) < 0.01
    assert how.reaction == pytest.approx(0.5, abs=0.02)


def test_a_run_learns_goes_on_where_it_stopped_and_is_exported(tmp_path: Path) -> None:
    """With a tiny BERT of the real class: the same weights whether a run is interrupted or not, and an int8 file that the product reads."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    from cuechain.finetune.config import WordsConfig
    from cuechain.finetune.senses import words
    from cuechain.finetune.senses.words_export import export, outputs

    corpora(tmp_path)
    encoder = tmp_path / "encoder"
    text = "great day so happy love it what joy bad sad all is lost i cried a fine film rated sentence person x gives the book"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *dict.fromkeys(text.split()), *"0123456789"]
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()  # type: ignore[assignment]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # type: ignore[assignment]
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))  # type: ignore[assignment]
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), **shape)).save_pretrained(encoder)
    tokenizer.save(str(encoder / "tokenizer.json"))
    common = {"corpora": tmp_path, "weights": tmp_path / "weights", "encoder": str(encoder), "batch": 8, "rate": 3e-3}
    whole = WordsConfig(out=tmp_path / "a", epochs=6, save_every=7, threads=1, **common)
    told_: list[str] = []
    done = words.train(whole, told_.append)

    class Stop(Exception):
        pass

    again = whole.model_copy(update={"out": tmp_path / "b"})
    step = words._step
    count = 0

    def stopping(*args: object) -> dict[str, float]:
        nonlocal count
        count += 1
        if count == 10:
            raise Stop
        return step(*args)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_step", stopping)
        with pytest.raises(Stop):
            words.train(again, told_.append)
    resumed = words.train(again, told_.append)
    one, two = torch.load(done), torch.load(resumed)
    assert all(torch.allclose(one[k].float(), two[k].float(), atol=1e-6) for k in one)

    figures = export(whole, done)
    assert figures["dev macro-F1, float"] > 2 / 28 * 0.6  # two feelings of 28 are there to be learned
    assert abs(figures["dev macro-F1, int8"] - figures["dev macro-F1, float"]) < 0.02
    loaded = Tokenizer.from_file(str(tmp_path / "weights/tokenizer.json"))
    feelings = outputs(tmp_path / "weights/words.onnx", loaded, ["so happy", "so sad", "so happy"])[0]
    joy, sadness = FEELINGS.index("joy"), FEELINGS.index("sadness")
    assert feelings[0, joy] > feelings[1, joy] and feelings[1, sadness] > feelings[0, sadness]
    assert np.allclose(feelings[0], feelings[2], atol=1e-3)  # texts come back in their own order
