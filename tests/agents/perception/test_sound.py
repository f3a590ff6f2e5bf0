from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.acoustics.events import _event
from cuechain.agents.perception.sound import Sound
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap


def heard(path: Path, **settings: Any) -> list[Cue | Gap]:
    with opened(path) as clip:
        return list(Sound(load(cache=None, **settings)).perceive(clip, ()))


def cues(found: list[Cue | Gap], words: str) -> list[Cue]:
    return [c for c in found if isinstance(c, Cue) and words in c.text]


def noise(seconds: float, level: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, level, round(seconds * RATE)).astype(np.float32)


def test_silence_and_a_bang_have_their_times(tmp_path: Path, wav: Callable[..., Path]) -> None:
    sound = np.concatenate([noise(3, 0.02), np.zeros(2 * RATE, np.float32), noise(3, 0.02)])
    sound[6 * RATE : 6 * RATE + RATE // 5] *= 20
    found = heard(wav(tmp_path / "a.wav", sound))
    (silence,), (bang,) = cues(found, "nothing is heard"), cues(found, "sudden loud")
    assert silence.span
    assert (silence.span.start, silence.span.end) == pytest.approx((3, 5), abs=0.05)
    assert silence.measures["silence_share"] == pytest.approx(0.25, abs=0.02)
    assert bang.span
    assert bang.span.start == pytest.approx(6, abs=0.05)
    assert float(bang.measures["above_loud_db"]) == pytest.approx(26, abs=3)


def test_steady_noise_is_a_background_and_no_speech(tmp_path: Path, wav: Callable[..., Path]) -> None:
    found = heard(wav(tmp_path / "a.wav", noise(6, 0.05)))
    assert cues(found, "background sound goes through")
    assert not cues(found, "sudden loud")
    assert [c.span for c in cues(found, "no speech")]
    assert any(isinstance(f, Gap) and "--sounds" in f.hint for f in found)


def test_read_speech_alone_gives_nothing(data: Path) -> None:
    assert heard(data / "media/speech/LJ001-0001.wav") == []


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(10, 0.3), np.full(RATE, np.nan), np.ones(RATE)])
def test_odd_sound_fails_nothing(tmp_path: Path, wav: Callable[..., Path], samples: np.ndarray) -> None:
    for item in heard(wav(tmp_path / "a.wav", samples.astype(np.float32))):
        assert isinstance(item, Gap) or "background" in item.text or "no speech" in item.text


def ast(path: Path, favourite: str) -> str:
    """A tiny Audio Spectrogram Transformer of AudioSet-like labels whose bias is for one of them."""
    import torch
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    labels = ["Speech", "Music", "Laughter", "Crying, sobbing", "Applause", "Shout", "Dog"]
    torch.manual_seed(0)
    model = ASTForAudioClassification(
        ASTConfig(
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_length=128,
            num_mel_bins=32,
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
        )
    )
    with torch.no_grad():
        model.classifier.dense.weight.zero_()
        model.classifier.dense.bias.fill_(-4.0)
        model.classifier.dense.bias[labels.index(favourite)] = 2.0
    model.save_pretrained(path)
    ASTFeatureExtractor(max_length=128, num_mel_bins=32).save_pretrained(path)
    return f"hf:{path}"


def test_a_configured_model_hears_events(tmp_path: Path, wav: Callable[..., Path]) -> None:
    pytest.importorskip("transformers")
    sound = np.concatenate([noise(8, 0.05), np.zeros(8 * RATE, np.float32), noise(4, 0.05)])
    found = heard(wav(tmp_path / "a.wav", sound), sounds=ast(tmp_path / "ast", "Laughter"))
    events = cues(found, "laughter is clearly heard")
    assert [(c.span.start, c.span.end) for c in events if c.span] == [(0, 8), (16, 20)]
    assert events[0].measures["label"] == "Laughter"
    assert max(read_cue(events[0]).scores.items(), key=lambda s: s[1])[0] == "joy"


def test_a_label_that_is_no_event_is_a_gap(tmp_path: Path, wav: Callable[..., Path]) -> None:
    pytest.importorskip("transformers")
    found = heard(wav(tmp_path / "a.wav", noise(4, 0.05)), sounds=ast(tmp_path / "ast", "Dog"))
    assert any(isinstance(f, Gap) and "made out" in f.reason for f in found)


@pytest.mark.parametrize("spec", ["openai:whisper", "hf:", "hf:/nowhere/at/all"])
def test_a_model_that_cannot_be_had_is_a_gap(tmp_path: Path, wav: Callable[..., Path], spec: str) -> None:
    pytest.importorskip("transformers")
    found = heard(wav(tmp_path / "a.wav", noise(4, 0.05)), sounds=spec)
    assert any(isinstance(f, Gap) and "sound model failed" in f.reason for f in found)
    assert cues(found, "background")


@pytest.mark.parametrize(
    ("label", "event"),
    [
        ("Battle cry", "shouting"),
        ("Baby cry, infant cry", "crying"),
        ("Clapping", "applause"),
        ("Speech", None),
        ("Bicycle", None),
    ],
)
def test_labels_are_events(label: str, event: str | None) -> None:
    assert _event(label) == event
