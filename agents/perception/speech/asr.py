"""Whisper (through CTranslate2) on hours of sound in bounded memory, and what it takes to find its weights without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cuechain.agents.errors import ConfigError, ToolError
from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.activity import LOADING, clean
from cuechain.agents.perception.acoustics.pitch import track
from cuechain.agents.perception.texts.written import LONGEST, Utterance
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

BLOCK = 300.0
"""Seconds of sound that are transcribed together, about; blocks end where nobody speaks."""

_CHUNK = 28.0
"""Seconds of one item of a batch: Whisper hears 30 at a time, and a stretch may have to be cut."""

_SILENCE = 3.0
"""Longest silence within a chunk: Whisper invents words for silence."""

_BATCH = 4
"""Items that are decoded together: twice as fast as one by one, and the small model stays within 1 GB."""

_PAUSE = 0.5
"""Seconds between two words that part utterances."""

# The limits of Radford et al. (2022), section 4.5, beyond which a decoding counts as failed; Whisper retries, we then leave it out.
_MIN_LOGPROB = -1.0
_MAX_COMPRESSION = 2.4
_MAX_NO_SPEECH = 0.6

_HEARD = 0.5
"""Share of an utterance that must lie in stretches of speech."""

_FASTEST = 8.0
"""Words per second that nobody speaks: auctioneers reach 6."""

_SURE = 0.6
"""Mean probability of an utterance's words from which one without voice under it is believed."""

_SURE_STOCK = 0.8
"""The same for a stock phrase."""

_STOCK = re.compile(
    r"""\W*(?:
        (?:thank\ you|thanks)(?:\ (?:so|very)\ much)?(?:\ (?:all|everyone|guys))?
          (?:\ for\ (?:watching|listening|viewing|your\ attention).*)?
        | .*\bplease\ (?:like\ and\ )?subscribe\b.* | (?:don't\ forget\ to\ )?(?:like\ and\ )?subscribe\b.*
        | (?:i'll\ )?see\ you\ (?:in\ the\ )?next\ (?:time|video).* | you | bye(?:[\s-]bye)*
        | .*\b(?:amara\.org|opensubtitles|zdf\b.*\b20\d\d|subtitles?\ by|captions?\ by)\b.*
        | .*\b(?:sous-titr\w+|untertitel\w*|subtitulad\w+|sottotitol\w+)\b.*
        | .*\b(?:vielen\ dank\ fürs\ zuschauen|merci\ d'avoir\ regardé|gracias\ por\ ver)\b.*
        | ご視聴ありがとうございました | 請不吝點贊.* | 字幕.* | 시청해주셔서\ 감사합니다
    )\W*""",
    re.IGNORECASE | re.VERBOSE,
)
"""What Whisper says for music, noise and silence, because videos without speech carried it as their subtitles (Koenecke et al. 2024)."""


class Heard(NamedTuple):
    """What Whisper made of a clip."""

    utterances: list[Utterance]
    """What was said."""
    invented: list[Span]
    """Where it told words that were probably never said; they are left out."""


class _Word(NamedTuple):
    text: str
    start: float
    end: float
    sure: float
    no_speech: float


def find_whisper(name: str) -> str | None:
    """Folder of a Whisper model in CTranslate2 format: the folder itself, or a size or repository in the Hugging Face cache.

    Never uses the network: a laptop that is offline must not wait, and half a gigabyte is not fetched without being asked for.

    Raises:
        ConfigError: The name is neither a folder, nor a known size, nor a repository name.
    """
    with LOADING:
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


def whisper(sound: np.ndarray, stretches: list[Span], folder: str, language: str | None) -> Heard:
    """What is said, by Whisper.

    Args:
        sound: Waveform at RATE.
        stretches: Where somebody speaks.
        folder: A model in CTranslate2 format.
        language: ISO 639-1 code; None to detect it in each block.

    Raises:
        ToolError: The model cannot be loaded, or does not know the language.
    """
    with LOADING:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

    try:  # quantised where the processor has the instructions: half the memory, twice the speed
        model = WhisperModel(folder, device="auto", compute_type="auto", local_files_only=True)
    except Exception as problem:
        raise ToolError(f"the Whisper model in {folder} cannot be loaded: {problem}", "fetch it again") from problem
    if language and language not in model.supported_languages:
        known = "English only" if not model.model.is_multilingual else f"{len(model.supported_languages)} others"
        raise ToolError(f"the Whisper model that is installed does not know '{language}' but {known}")
    pipeline = BatchedInferencePipeline(model)
    found = Heard([], [])
    for start, chunks in _blocks(stretches):
        block = clean(sound[round(start * RATE) : round(chunks[-1].end * RATE)])
        segments, info = pipeline.transcribe(
            block,
            language=language,
            clip_timestamps=[{"start": c.start - start, "end": c.end - start} for c in chunks],
            word_timestamps=True,
            batch_size=_BATCH,
            language_detection_segments=4,
        )
        sure = None if language else float(info.language_probability)
        for segment in segments:
            words = list(_words(segment, start, chunks))
            if not words:
                continue
            if _failed(segment):
                found.invented.append(_span(words))
                continue
            for part in _parted(words):
                span = _span(part)
                if _invented(part, span, stretches, sound):
                    found.invented.append(span)
                    continue
                text = " ".join("".join(w.text for w in part).split())
                mean = float(sum(w.sure for w in part) / len(part))
                found.utterances.append(
                    Utterance(text, span, confidence=mean, language=info.language, language_sure=sure)
                )
    return found


def _words(segment: Any, offset: float, chunks: list[Span]) -> Iterator[_Word]:
    """Words of a segment with their times in the clip; none from the silence that Whisper puts behind a chunk to fill 30 s."""
    begin = offset + segment.start
    chunk = min(chunks, key=lambda c: 0.0 if c.start - 0.02 <= begin <= c.end else abs(begin - c.start))
    for word in segment.words or ():
        start, end = offset + word.start, offset + word.end
        if start < chunk.end and any(c.isalnum() for c in word.word):
            start = max(chunk.start, start)
            finish = float(max(start, min(chunk.end, end)))
            yield _Word(word.word, float(start), finish, word.probability, segment.no_speech_prob)


def _failed(segment: Any) -> bool:
    """Whether the decoding of a segment counts as failed: unlikely words, a loop, or nobody who speaks."""
    return (
        segment.avg_logprob < _MIN_LOGPROB
        or segment.compression_ratio > _MAX_COMPRESSION
        or (segment.no_speech_prob > _MAX_NO_SPEECH and segment.avg_logprob < _MIN_LOGPROB / 2)
    )


def _parted(words: list[_Word]) -> Iterator[list[_Word]]:
    """Words as utterances: parted at pauses, after sentences, and where one gets long."""
    part: list[_Word] = []
    for word in words:
        ended = part and part[-1].text.rstrip("\"'”’)").endswith((".", "!", "?", "…", "。", "！", "？"))
        if part and (word.start - part[-1].end >= _PAUSE or ended or len(part) >= LONGEST):
            yield part
            part = []
        part.append(word)
    yield part


def _invented(words: list[_Word], span: Span, stretches: list[Span], sound: np.ndarray) -> bool:
    """Whether an utterance was probably never said."""
    spoken = sum(span.overlap(s) for s in stretches)
    if spoken < _HEARD * span.length or len(words) > 2 + _FASTEST * span.length:
        return True
    sure = sum(w.sure for w in words) / len(words)
    doubtful = words[0].no_speech > _MAX_NO_SPEECH
    if (doubtful or sure < _SURE_STOCK) and _STOCK.fullmatch(" ".join("".join(w.text for w in words).split())):
        return True
    if not (doubtful or sure < _SURE):
        return False
    return track(sound[round(span.start * RATE) : round(span.end * RATE)]).voiced == 0  # a whisper is surer than that


def _span(words: list[_Word]) -> Span:
    return Span(start=words[0].start, end=max(w.end for w in words))


def _blocks(stretches: list[Span]) -> Iterator[tuple[float, list[Span]]]:
    """Stretches of speech put together into chunks of _CHUNK seconds at most, and these into blocks of about BLOCK: start, chunks."""
    chunks: list[Span] = []
    for stretch in stretches:
        if chunks and stretch.end - chunks[0].start > BLOCK:
            yield chunks[0].start, chunks
            chunks = []
        near = chunks and stretch.start - chunks[-1].end <= _SILENCE
        if near and stretch.end - chunks[-1].start <= _CHUNK:
            chunks[-1] = Span(start=chunks[-1].start, end=stretch.end)
        else:
            chunks.append(stretch)
    if chunks:
        yield chunks[0].start, chunks
