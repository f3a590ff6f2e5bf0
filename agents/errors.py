"""One tree of errors. Each says what went wrong, and what to do about it."""

from __future__ import annotations


class CueChainError(Exception):
    """The root. `message` says what happened, `hint` what the user can do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class MediaError(CueChainError):
    """The input is missing, unreadable or not a medium that can be decoded."""


class ConfigError(CueChainError):
    """A setting, name or option that is not valid."""


class MissingExtraError(CueChainError):
    """A part that is not installed; the hint is the exact command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed", f'pip install "cuechain[{extra}]"')
        self.what, self.extra = what, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.what, self.extra)  # workers send it to whom they work for


class ToolError(CueChainError):
    """A perception tool failed on this clip. Becomes a Gap, unless --strict."""


class ModelError(CueChainError):
    """A model could not be loaded or did not answer."""

    def __init__(self, message: str, hint: str = "", *, retryable: bool = False) -> None:
        super().__init__(message, hint)
        self.retryable = retryable
        """True when the same request may succeed a little later (time-out, overload, connection)."""


class ReplyError(CueChainError):
    """A model answered, but not in the form that was asked for."""


class RunError(CueChainError):
    """A run folder, cache or output file could not be read or written."""


class SessionError(CueChainError):
    """A conversation that is not there, or cannot be kept."""


class PluginError(CueChainError):
    """A registered name that cannot be imported or does not keep its contract."""
