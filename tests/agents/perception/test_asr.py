"""Whisper on models of the real format that are made here: one whose decoder says fixed words whatever it hears, one of random weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuechain.agents.errors import ToolError
from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.speech.asr import find_whisper, whisper
from cuechain.agents.perception.transcript import Transcript
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap, Span

SAID = ["Ġso", "Ġglad"]
WORDS = ["Ġso", "Ġglad", "Ġla", "Ġthanks", "Ġfor", "Ġwatching"]
NAMES = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]


def tokenizer(languages: list[str], size: int = 0) -> Any:
    """Letters, a few words, filled up to `size` words, and Whisper's own tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = (
        WORDS + [f"Ġw{i}" for i in range(size)] + [""] * bool(languages)
    )  # CTranslate2 knows many languages by the empty word
    tok: Any = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate([*letters, *words])}, merges=[]))
    tok.pre_tokenizer, tok.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tok.add_special_tokens([f"<|{n}|>" for n in ("endoftext", "startoftranscript", *languages, *NAMES)])
    tok.add_tokens([f"<|{i * 0.02:.2f}|>" for i in range(1501)])
    return tok


def checkpoint(tok: Any) -> Any:
    """A tiny Whisper with random weights."""
    torch = pytest.importorskip("torch", reason="needs torch to make a checkpoint: pip install 'cuechain[hf]'")
    transformers = pytest.importorskip("transformers", reason="needs transformers to make a checkpoint")
    end = tok.token_to_id("<|endoftext|>")
    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        vocab_size=tok.get_vocab_size(),
        d_model=64,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=1,
        decoder_attention_heads=1,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=tok.token_to_id("<|startoftranscript|>"),
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    return transformers.WhisperForConditionalGeneration(config).eval()


def converted(folder: Path, model: Any, tok: Any, languages: list[str]) -> str:
    import transformers
    from ctranslate2.converters import TransformersConverter

    generation = transformers.GenerationConfig(suppress_tokens=[], begin_suppress_tokens=[])
    generation.lang_to_id = {f"<|{n}|>": tok.token_to_id(f"<|{n}|>") for n in languages}
    generation.alignment_heads = [[0, 0]]
    model.generation_config = generation
    model.save_pretrained(folder / "hf")
    transformers.PreTrainedTokenizerFast(tokenizer_object=tok, eos_token="<|endoftext|>").save_pretrained(folder / "hf")
    TransformersConverter(str(folder / "hf")).convert(str(folder / "ct2"))
    tok.save(str(folder / "ct2" / "tokenizer.json"))
    return str(folder / "ct2")


def speaking(folder: Path, said: list[str], *, doubtful: bool = False) -> str:
    """A Whisper in CTranslate2 format that says `said`, English only; a doubtful one thinks that nobody speaks.

    All layers are silenced but the positions of the decoder: position n makes the n-th wanted token the likeliest next one.
    """
    tok = tokenizer([])
    model = checkpoint(tok)
    import torch

    wanted = ["<|nospeech|>" if doubtful else "<|notimestamps|>", *said]
    with torch.no_grad():
        decoder = model.model.decoder
        tokens = torch.nn.functional.normalize(torch.randn(tok.get_vocab_size(), 64), dim=1) * 6
        decoder.embed_tokens.weight.copy_(tokens)
        places = torch.zeros_like(decoder.embed_positions.weight)
        for place in range(len(places)):
            token = wanted[place] if place < len(wanted) else "<|endoftext|>"
            places[place] = 50 * tokens[tok.token_to_id(token)]
        decoder.embed_positions.weight.copy_(places)
        layer = decoder.layers[0]
        for silenced in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
            silenced.weight.zero_()
            silenced.bias.zero_()
    return converted(folder, model, tok, [])


@pytest.fixture(scope="module")
def glad(tmp_path_factory: pytest.TempPathFactory) -> str:
    return speaking(tmp_path_factory.mktemp("glad"), SAID)


@pytest.fixture(scope="module")
def random(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A multilingual model with the vocabulary of large-v3."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    languages = list(_LANGUAGE_CODES)
    tok = tokenizer(languages, 51866 - tokenizer(languages).get_vocab_size())
    return converted(tmp_path_factory.mktemp("random"), checkpoint(tok), tok, languages)


def buzz(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))).astype(np.float32)


def test_a_folder_is_found_as_it_is(glad: str) -> None:
    assert find_whisper(glad) == glad


def test_words_times_language_and_confidence(glad: str) -> None:
    sound = np.concatenate([np.zeros(RATE * 3, np.float32), buzz(2)])
    heard = whisper(sound, [Span(start=3, end=5)], glad, None)
    (found,) = heard.utterances
    assert found.text == "so glad" and found.language == "en" and heard.invented == []
    assert found.span is not None and 3 <= found.span.start < found.span.end <= 5
    assert found.confidence is not None and 0.5 < found.confidence <= 1 and not math.isnan(found.confidence)


def test_many_stretches_are_decoded_together_and_keep_their_times(glad: str) -> None:
    stretches = [Span(start=12.0 * i, end=12.0 * i + 2) for i in range(6)]
    found = whisper(buzz(64), stretches, glad, "en").utterances
    assert [u.text for u in found] == ["so glad"] * 6
    for utterance, stretch in zip(found, stretches, strict=True):
        assert utterance.span is not None and utterance.span.overlap(stretch) == pytest.approx(utterance.span.length)


def test_no_speech_gives_no_words(glad: str) -> None:
    assert whisper(np.zeros(RATE, np.float32), [], glad, "en") == ([], [])


def test_words_where_nobody_speaks_are_left_out(glad: str) -> None:
    heard = whisper(buzz(4), [Span(start=0, end=0.1), Span(start=2.9, end=3)], glad, "en")
    assert heard.utterances == [] and len(heard.invented) == 1


def test_a_loop_is_left_out(tmp_path: Path) -> None:
    """A loop ("la la la …") compresses too well to be speech."""
    heard = whisper(buzz(3), [Span(start=0, end=3)], speaking(tmp_path, ["Ġla"] * 100), "en")
    assert heard.utterances == [] and len(heard.invented) == 1


def test_a_stock_phrase_is_left_out_where_nobody_may_speak(tmp_path: Path) -> None:
    thanks = ["Ġthanks", "Ġfor", "Ġwatching"]
    speech = [Span(start=0, end=3)]
    heard = whisper(buzz(3), speech, speaking(tmp_path / "doubtful", thanks, doubtful=True), "en")
    assert heard.utterances == [] and len(heard.invented) == 1
    sure = whisper(buzz(3), speech, speaking(tmp_path / "sure", thanks), "en")
    assert [u.text for u in sure.utterances] == ["thanks for watching"]


def test_an_english_model_does_not_pass_for_a_german_one(glad: str) -> None:
    with pytest.raises(ToolError, match="does not know 'de' but English only"):
        whisper(buzz(2), [Span(start=0, end=2)], glad, "de")


def test_a_spoilt_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(ToolError, match="cannot be loaded"):
        whisper(buzz(2), [Span(start=0, end=2)], str(tmp_path), "en")


def test_random_weights_give_well_formed_cues_or_a_gap(random: str, data: Path) -> None:
    """They talk nonsense: what is told has its time within the clip and a language, and what is dropped is said to be."""
    with opened(data / "media/speech/jfk.wav") as clip:
        found = list(Transcript(load(cache=None, whisper=random)).perceive(clip, ()))
    assert found
    for one in found:
        if isinstance(one, Gap):
            assert "made up" in one.reason or "made out" in one.reason
            continue
        assert one.span is not None and 0 <= one.span.start <= one.span.end <= 11.1
        assert str(one.measures["asr"]).startswith("whisper:") and len(str(one.measures["language"])) in (2, 3)
        assert 0 <= float(one.measures["language_probability"]) <= 1


def test_random_weights_invent_nothing_on_silence_and_noise(random: str, tmp_path: Path, wav: Any) -> None:
    noise = (0.05 * np.random.default_rng(0).standard_normal(RATE * 5)).astype(np.float32)
    with opened(wav(tmp_path / "noise.wav", noise)) as clip:
        found = list(Transcript(load(cache=None, whisper=random)).perceive(clip, ()))
    assert found and not any(isinstance(one, Cue) for one in found)
    wrong = [Span(start=0, end=5)]  # as if the voice detector took it for speech
    for sound in (np.zeros(RATE * 5, np.float32), noise):
        assert whisper(sound, wrong, random, None).utterances == []
