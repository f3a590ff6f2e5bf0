"""Whisper (through CTranslate2) on hours of sound in bounded memory, and what it takes to find its weights without a network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cuechain.agents.errors import ConfigError
from cuechain.agents.media import RATE
from cuechain.agents.perception.speech import clean
from cuechain.agents.perception.written import Utterance
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

BLOCK = 300.0
"""Seconds of sound that are transcribed together, about; blocks end where nobody speaks."""

# The limits of Radford et al. (2022), section 4.5, beyond which a decoding counts as failed; Whisper retries, we then leave it out.
_MIN_LOGPROB = -1.0
_MAX_COMPRESSION = 2.4
_MAX_NO_SPEECH = 0.6


def find_whisper(name: str) -> str | None:
    """Folder of a Whisper model in CTranslate2 format: the folder itself, or a size or repository in the Hugging Face cache.

    Never uses the network: a laptop that is offline must not wait, and half a gigabyte is not fetched without being asked for.

    Raises:
        ConfigError: The name is neither a folder, nor a known size, nor a repository name.
    """
    from faster_whisper.utils import available_models, download_model

    path = Path(name).expanduser()
    if (path / "model.bin").is_file():
        return str(path)
    if path.is_dir() or path.is_absolute() or name.startswith((".", "~")):
        raise ConfigError(f"no Whisper model in {path}", "give a folder in CTranslate2 format (it holds model.bin)")
    if "/" not in name and name not in available_models():
        raise ConfigError(f"unknown Whisper model '{name}'", f"a folder, or one of {', '.join(available_models())}")
    try:
        found = Path(download_model(name, local_files_only=True))
    except Exception:  # several libraries' own errors, all of which mean: not in the cache
        return None
    return str(found) if (found / "model.bin").is_file() else None


def whisper_hint(name: str) -> str:
    """The command that fetches a Whisper model into the cache."""
    return f"for better recognition run: python -c \"import faster_whisper; faster_whisper.download_model('{name}')\""


def whisper(sound: np.ndarray, stretches: list[Span], folder: str, language: str | None) -> Iterator[Utterance]:
    """What is said, by Whisper.

    Args:
        sound: Waveform at RATE.
        stretches: Where somebody speaks.
        folder: A model in CTranslate2 format.
        language: ISO 639-1 code; None to detect it in each block.
    """
    from faster_whisper import WhisperModel

    model = WhisperModel(folder, device="auto", compute_type="default")
    for start, end in _blocks(stretches):
        segments, info = model.transcribe(
            clean(sound[round(start * RATE) : round(end * RATE)]),
            language=language,
            vad_filter=True,  # Whisper invents words for silence
            word_timestamps=True,
            condition_on_previous_text=False,  # one invented sentence would breed the next
            log_prob_threshold=_MIN_LOGPROB,
            compression_ratio_threshold=_MAX_COMPRESSION,
            no_speech_threshold=_MAX_NO_SPEECH,
        )
        for segment in segments:
            text = " ".join(segment.text.split())
            words = segment.words or []
            if (
                not text
                or segment.avg_logprob < _MIN_LOGPROB
                or segment.compression_ratio > _MAX_COMPRESSION
                or (segment.no_speech_prob > _MAX_NO_SPEECH and segment.avg_logprob < -0.5)
            ):
                continue
            begin, finish = (words[0].start, words[-1].end) if words else (segment.start, segment.end)
            if begin >= end - start:
                continue  # Whisper pads to 30 s and may hear words in the padding
            span = Span(start=max(0.0, start + begin), end=max(start + begin, min(end, start + finish)))
            sure = min(1.0, math.exp(segment.avg_logprob))
            yield Utterance(text, span, confidence=sure, language=info.language)


def _blocks(stretches: list[Span]) -> Iterator[tuple[float, float]]:
    """Stretches of speech put together into blocks of about BLOCK seconds."""
    start = end = -1.0
    for stretch in stretches:
        if start >= 0 and stretch.end - start > BLOCK:
            yield start, end
            start = -1.0
        start = stretch.start if start < 0 else start
        end = stretch.end
    if start >= 0:
        yield start, end
