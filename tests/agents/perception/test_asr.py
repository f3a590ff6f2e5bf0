"""Whisper on a model of the real format that is made here: its decoder says one fixed sentence, whatever it hears."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuechain.agents.media import RATE
from cuechain.agents.perception.asr import find_whisper, whisper
from cuechain.agents.values import Span

SAID = ["Ġso", "Ġglad"]


def speaking(folder: Path, said: list[str]) -> str:
    """A Whisper in CTranslate2 format that says `said`; English only, as all with a vocabulary of under 51865.

    All layers are silenced but the positions of the decoder: position n makes the n-th wanted token the likeliest next one.
    """
    torch = pytest.importorskip("torch", reason="needs torch to make a checkpoint: pip install 'cuechain[hf]'")
    transformers = pytest.importorskip("transformers", reason="needs transformers to make a checkpoint")
    from ctranslate2.converters import TransformersConverter
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    names = [
        "endoftext",
        "startoftranscript",
        "translate",
        "transcribe",
        "startoflm",
        "startofprev",
        "nospeech",
        "notimestamps",
    ]
    stamps = [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["Ġso", "Ġglad", "Ġla"]
    tok: Any = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate([*letters, *words])}, merges=[]))
    tok.pre_tokenizer, tok.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tok.add_special_tokens([f"<|{n}|>" for n in names])
    tok.add_tokens(stamps)
    number = tok.token_to_id

    config = transformers.WhisperConfig(
        vocab_size=tok.get_vocab_size(),
        d_model=64,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=1,
        decoder_attention_heads=1,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        bos_token_id=number("<|endoftext|>"),
        eos_token_id=number("<|endoftext|>"),
        pad_token_id=number("<|endoftext|>"),
        decoder_start_token_id=number("<|startoftranscript|>"),
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    torch.manual_seed(0)
    model = transformers.WhisperForConditionalGeneration(config).eval()
    wanted = ["<|0.00|>", *said, "<|1.00|>"]
    with torch.no_grad():
        decoder = model.model.decoder
        tokens = torch.nn.functional.normalize(torch.randn(tok.get_vocab_size(), 64), dim=1) * 6
        decoder.embed_tokens.weight.copy_(tokens)
        places = torch.zeros_like(decoder.embed_positions.weight)
        for place in range(len(places)):
            token = wanted[place] if place < len(wanted) else "<|endoftext|>"
            places[place] = 50 * tokens[number(token)]
        decoder.embed_positions.weight.copy_(places)
        layer = decoder.layers[0]
        for silenced in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
            silenced.weight.zero_()
            silenced.bias.zero_()
    generation = transformers.GenerationConfig(suppress_tokens=[], begin_suppress_tokens=[])
    generation.lang_to_id = {}
    generation.alignment_heads = [[0, 0]]
    model.generation_config = generation
    model.save_pretrained(folder / "hf")
    transformers.PreTrainedTokenizerFast(tokenizer_object=tok, eos_token="<|endoftext|>").save_pretrained(folder / "hf")
    TransformersConverter(str(folder / "hf")).convert(str(folder / "ct2"))
    tok.save(str(folder / "ct2" / "tokenizer.json"))
    return str(folder / "ct2")


@pytest.fixture(scope="module")
def glad(tmp_path_factory: pytest.TempPathFactory) -> str:
    return speaking(tmp_path_factory.mktemp("glad"), SAID)


def buzz(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))).astype(np.float32)


def test_a_folder_is_found_as_it_is(glad: str) -> None:
    assert find_whisper(glad) == glad


def test_words_times_language_and_confidence(glad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "faster_whisper.transcribe.get_speech_timestamps", lambda audio, *_, **__: [{"start": 0, "end": len(audio)}]
    )
    sound = np.concatenate([np.zeros(RATE * 3, np.float32), buzz(2)])
    (found,) = whisper(sound, [Span(start=3, end=5)], glad, None)
    assert found.text == "so glad" and found.language == "en"
    assert found.span is not None and 3 <= found.span.start < found.span.end <= 5
    assert found.confidence is not None and 0.5 < found.confidence <= 1 and not math.isnan(found.confidence)


def test_silence_gives_no_words(glad: str) -> None:
    assert list(whisper(np.zeros(RATE * 4, np.float32), [Span(start=0, end=4)], glad, "en")) == []
    assert list(whisper(np.zeros(RATE, np.float32), [], glad, "en")) == []


def test_unsure_decoding_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop ("la la la …") compresses too well to be speech."""
    monkeypatch.setattr(
        "faster_whisper.transcribe.get_speech_timestamps", lambda audio, *_, **__: [{"start": 0, "end": len(audio)}]
    )
    folder = speaking(tmp_path, ["Ġla"] * 100)
    assert list(whisper(buzz(3), [Span(start=0, end=3)], folder, "en")) == []
