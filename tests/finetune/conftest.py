"""A small corpus of acted speech, and a small encoder with examples."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.media import RATE
from cuechain.finetune.config import CORPUS
from cuechain.finetune.embedded.examples import write_examples, written

VOICES = {"1": 110.0, "2": 180.0, "3": 240.0}
"""Pitch in Hz of the made speakers."""


def speech(hertz: float, forceful: bool, seed: int) -> np.ndarray:
    """Four syllables; forceful ones are higher, move more and are brighter."""
    rng = np.random.default_rng(seed)
    t = np.arange(RATE) / RATE
    pitch = (
        hertz * (1.3 if forceful else 1.0) * 2 ** (rng.normal(0, 0.02) + (0.3 if forceful else 0.05) * np.sin(5 * t))
    )
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = sum(np.sin(phase * k) / k ** (1.0 if forceful else 2.0) for k in range(1, 12))
    return (0.1 * wave * (np.sin(4 * np.pi * t) ** 2 + 0.05) + 1e-4 * rng.standard_normal(RATE)).astype(np.float32)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    import soundfile

    folder = tmp_path / "train/emodb_flac"
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "speaker", "emotion", "german_text"])
        for speaker, hertz in VOICES.items():
            for seed in range(8):
                name, forceful = f"{speaker}{seed}.flac", seed % 2 == 0
                soundfile.write(folder / name, speech(hertz, forceful, seed), RATE)
                rows.writerow([name, speaker, "happiness" if forceful else "sadness", "Das ist so."])
    return tmp_path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two narrow layers with random weights, and a WordPiece trained on the sheets."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    folder = tmp_path_factory.mktemp("tiny")
    sheets = [x for path in sorted((CORPUS / "train").glob("*.jsonl"))[:3] for x in written(path)]
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    texts = (c.text for x in sheets[:80] for c in x.sheet.cues.values())
    made.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special))
    made.save(str(folder / "tokenizer.json"))
    config = transformers.BertConfig(
        vocab_size=600,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    transformers.BertModel(config).save_pretrained(folder)
    write_examples(folder / "written.jsonl", sheets[:60])
    return folder
