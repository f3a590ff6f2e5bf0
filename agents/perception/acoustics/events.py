"""Audio events (laughter, crying, applause …) by an audio classifier of transformers that the user configures (`--sounds hf:…`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ConfigError, MissingExtraError, ToolError
from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.activity import clean
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.settings import Settings

SECONDS = 4.0
"""Length of what is classified at once: AudioSet's clips have ten seconds, a laugh has two."""

SURE = 0.3
"""Score from which an event counts. AudioSet models score each label alone and low: about half of their labels hold from there on."""

SILENT = 1e-3
"""Peak (-60 dB) below which a window is not classified."""

EVENTS = {
    "laughter": "laughter is {}heard",
    "crying": "crying or sobbing is {}heard",
    "applause": "applause or cheering is {}heard",
    "shouting": "shouting or screaming is {}heard",
    "sighing": "a sigh, gasp or groan is {}heard",
    "alarm": "a bang, siren or alarm is {}heard",
    "music": "music or singing is {}heard",
}
"""Event to its clause, with room for a hedge."""

_LABELS = (
    (r"laugh|giggle|chuckl|snicker|chortle", "laughter"),
    (r"battle cry|shout|yell|scream|bellow|whoop", "shouting"),
    (r"\bcry|\bcries|sob|whimper|\bwail", "crying"),
    (r"applau|clapping|cheer", "applause"),
    (r"\bsigh|gasp|groan|\bmoan", "sighing"),
    (r"explosion|gunshot|siren|alarm|glass|\bbang", "alarm"),
    (r"music|singing|\bsong", "music"),
)
"""Names of labels (AudioSet's ontology, Gemmeke et al. 2017, and wording of the like) to events, the first that fits."""


@dataclass
class Event:
    """One event that was heard."""

    name: str
    """Key of EVENTS."""
    label: str
    """The model's own name for it, where it scored highest."""
    score: float
    """0 to 1, the highest of its windows."""
    span: Span


def events(sound: np.ndarray, settings: Settings) -> list[Event]:
    """Events in order of time; windows that follow each other are one.

    Args:
        sound: Waveform at RATE; may be a memory map of hours.
        settings: `sounds`, `device`.

    Raises:
        ConfigError: Not an hf: spec, or a model that knows none of the events.
        MissingExtraError: The extra hf is not installed.
        ToolError: The model could not be loaded or failed.
    """
    classify = _classifier(str(settings.sounds), settings.device)
    found: list[Event] = []
    open_: dict[str, Event] = {}
    size = round(SECONDS * RATE)
    for begin in range(0, len(sound), size):
        window = clean(sound[begin : begin + size])
        if len(window) < RATE // 4 or float(abs(window).max()) < SILENT:
            open_ = {}
            continue
        try:
            scored = classify(window)
        except Exception as error:  # any of torch's and transformers' own
            raise ToolError(f"{settings.sounds} failed: {error}") from error
        span = Span(start=begin / RATE, end=(begin + len(window)) / RATE)
        now: dict[str, Event] = {}
        for label, score in scored:
            name = _event(label)
            if name is None or score < SURE or name in now:
                continue
            before = open_.get(name)
            if before is None:
                now[name] = Event(name, label, score, span)
                found.append(now[name])
                continue
            before.span = Span(start=before.span.start, end=span.end)
            if score > before.score:
                before.label, before.score = label, score
            now[name] = before
        open_ = now
    return found


def _event(label: str) -> str | None:
    return next((name for pattern, name in _LABELS if re.search(pattern, label, re.I)), None)


def _classifier(spec: str, device: str) -> Any:
    """A function from a waveform to (label, score) pairs, the highest first."""
    scheme, _, path = spec.partition(":")
    if scheme != "hf" or not path:
        raise ConfigError(f"'{spec}' is no sound model", "write hf:ID_OR_PATH of an audio-classification model")
    try:
        import torch
        from transformers import pipeline
    except ImportError as error:
        raise MissingExtraError("transformers", "hf") from error
    on = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
    try:
        pipe: Any = pipeline("audio-classification", model=path, device=on)
    except Exception as error:  # not there, no audio model, no connection: transformers has a dozen kinds
        raise ToolError(
            f"{spec} cannot be loaded: {str(error).splitlines()[0][:200]}", "give a folder, or a cached hub ID"
        ) from error
    labels = [str(label) for label in pipe.model.config.id2label.values()]
    if not any(_event(label) for label in labels):
        raise ConfigError(
            f"{spec} knows no laughter, crying, applause or the like", "take a model of AudioSet's labels"
        )
    rate = pipe.feature_extractor.sampling_rate
    if rate != RATE:
        raise ConfigError(f"{spec} listens at {rate} Hz", f"take a model for {RATE} Hz")
    # Labels that may hold together are scored each alone; the checkpoints of AudioSet do not say that they are of that kind.
    alone = pipe.model.config.problem_type == "multi_label_classification" or {"Speech", "Music"} <= set(labels)
    apply = "sigmoid" if alone else "softmax"

    def classify(window: np.ndarray) -> list[tuple[str, float]]:
        rows = pipe({"raw": window, "sampling_rate": RATE}, top_k=20, function_to_apply=apply)
        return [(str(row["label"]), float(row["score"])) for row in rows]

    return classify
