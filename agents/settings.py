"""All settings in one place. A flag beats CUECHAIN_* in the environment, which beats cuechain.toml, which beats the default."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from cuechain.agents.errors import ConfigError

WARM = 0.7
"""As in the experiments with sampled chains of Wang et al. (2023), Self-consistency improves chain of thought reasoning."""


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cuechain"


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "cuechain"


class Settings(BaseSettings):
    """How to perceive and how to reason."""

    model_config = SettingsConfigDict(env_prefix="CUECHAIN_", toml_file="cuechain.toml", extra="forbid", frozen=True)

    model: str = "embedded"
    """Spec string: embedded, rules, hf:ID[+ADAPTER], openai:NAME, scripted:FILE, or any provider:name of LangChain."""
    senses: tuple[str, ...] = ()
    """Perception tools to use; empty for all that are registered."""
    language: str | None = None
    """ISO 639-1 code of the speech, when known; None to detect it."""
    whisper: str = "small"
    """Size or path of the Whisper model that transcribes when no subtitles are there."""
    denoise: bool = False
    """Reduce steady noise (FFmpeg's afftdn) in what the voice is measured on."""
    captioner: str | None = None
    """Spec string of a vision model that describes keyframes (hf:…, openai:…); None for what is measured alone."""
    sounds: str | None = None
    """hf:ID_OR_PATH of an audio classifier that hears laughter, crying, applause …; None for levels alone."""
    fps: float = Field(default=12.5, gt=0, le=60)
    """Frames per second that the face sense sees at most; still stretches are sampled less."""
    direct: bool = False
    """Ask a chat model for the answer at once (label first) instead of step by step (reason first)."""
    budget: int = Field(default=1500, ge=100)
    """Tokens of cues that a sheet may hold."""
    look: bool = False
    """Give keyframes to a vision model beside the sheet."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server."""
    api_key: SecretStr | None = None
    """Key for that server; never written to a Case."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds that one request to a model may take."""
    retries: int = Field(default=3, ge=0, le=20)
    """Further tries after an error that may pass."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """Sampling temperature of chat models."""
    votes: int = Field(default=1, ge=1, le=100)
    """Answers that a chat model samples to one question; what most of them say counts."""
    max_tokens: int = Field(default=800, ge=16)
    """Tokens that a chat model may write in one step."""
    at_once: int = Field(default=8, ge=1, le=1000)
    """Requests of a batch that a chat model has at once: of a server, or of one in this process, which writes them together."""
    price_in: float | None = Field(default=None, ge=0)
    """Money for a million tokens that a model reads; None where runs tell tokens alone."""
    price_out: float | None = Field(default=None, ge=0)
    """Money for a million tokens that a model writes."""
    four_bit: bool = False
    """Load hf: models in 4 bit (bitsandbytes nf4)."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where hf: models run."""
    strict: bool = False
    """A perception tool that fails ends the run instead of leaving a gap."""
    cache: Path | None = Field(default_factory=_cache_home)
    """Folder of the cue cache; None to perceive anew each time."""
    cache_limit: float | None = Field(default=None, ge=0)
    """Gigabytes that fetched files may take in it; those used longest ago go first. None to keep all of them."""
    home: Path = Field(default_factory=_data_home)
    """Folder of the conversations that are kept."""

    @property
    def warmth(self) -> float:
        """Temperature that chat models sample with: several votes want WARM where the user set none."""
        return self.temperature or (WARM if self.votes > 1 else 0.0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**flags: Any) -> Settings:
    """Settings from flags (None means not given), environment, cuechain.toml and defaults.

    Raises:
        ConfigError: A value is not valid, or cuechain.toml sets what is no setting; the message names the field.
    """
    try:
        return Settings(**{k: v for k, v in flags.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(p) for p in first["loc"]) or "settings"
        if first["type"] == "extra_forbidden":
            near = get_close_matches(name.lower(), Settings.model_fields, n=1, cutoff=0.5)
            known = f"did you mean {near[0]}?" if near else f"known: {', '.join(Settings.model_fields)}"
            where = "" if name in flags else "cuechain.toml: "
            raise ConfigError(f"{where}there is no setting '{name}'", known) from error
        raise ConfigError(f"setting '{name}': {first['msg']}", "see `cuechain ask --help`") from error
    except ValueError as error:  # a broken cuechain.toml or a malformed environment value
        raise ConfigError(
            f"settings cannot be read: {error}", "check cuechain.toml and CUECHAIN_* variables"
        ) from error
