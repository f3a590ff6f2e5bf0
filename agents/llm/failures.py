"""What went wrong at a provider, told in our own errors. Providers are told apart by status and class name, so that none is imported."""

from __future__ import annotations

import re

from cuechain.agents.errors import CueChainError, ModelError, ReplyError

_CONTEXT = re.compile(
    r"context.?(length|window|size)|maximum context|too many tokens|prompt is too long|too long for the model", re.I
)
_QUOTA = re.compile(r"insufficient_quota|billing|credit", re.I)

_HINTS = {
    400: "the server did not accept the request; its own message says why",
    401: "check the key: OPENAI_API_KEY, CUECHAIN_API_KEY or the provider's own variable",
    403: "this key may not use this model; check the key and its rights",
    404: "no such model or address; check the model's name and --base-url (it usually ends in /v1)",
}


def status_of(error: BaseException) -> int | None:
    """HTTP status of a provider's error, when it has one."""
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def too_long(error: BaseException) -> bool:
    """Whether a provider says that the prompt does not fit the model's context."""
    return "ContextOverflowError" in _kinds(error) or (
        status_of(error) in (400, 413, 422) and _CONTEXT.search(str(error)) is not None
    )


def _kinds(error: BaseException) -> set[str]:
    return {c.__name__ for c in type(error).__mro__}


def _root(error: BaseException) -> BaseException:
    """The cause of the causes: the client's own text is "Connection error."."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


def wait_asked(error: BaseException | None) -> float:
    """Seconds that the server asked to wait (Retry-After, RFC 9110 10.2.3, as a number), at most a minute; 0 when it did not."""
    response = getattr(error.__cause__ if error else None, "response", None)
    try:
        return min(60.0, max(0.0, float(response.headers["retry-after"]))) if response is not None else 0.0
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0.0


def is_away(error: BaseException) -> bool:
    """Whether an error of ours says that nobody answers at the address, or that a proxy before it says so."""
    cause = error.__cause__ or error
    kinds, status = _kinds(cause), status_of(cause)
    if status is not None:
        return status in (502, 503, 504)
    timeout = isinstance(cause, TimeoutError) or any("Timeout" in k for k in kinds)
    return not timeout and (
        isinstance(cause, ConnectionError) or bool(kinds & {"APIConnectionError", "TransportError"})
    )


def is_throttled(error: BaseException) -> bool:
    """Whether an error of ours says that the server is asked too often."""
    return status_of(error.__cause__ or error) == 429


def told(error: Exception, spec: str) -> CueChainError:
    """A provider's error as one of ours; ours pass through.

    Args:
        error: What the chat model raised.
        spec: Spec string of the model, for the message.
    """
    if isinstance(error, CueChainError):
        return error
    kinds, status, said = _kinds(error), status_of(error), " ".join(str(error).split())[:300]
    if too_long(error):
        return ModelError(
            f"the prompt is longer than {spec} can read: {said}",
            "lower --budget, or take a model with a longer context",
        )
    if "LengthFinishReasonError" in kinds:  # openai raises it where a reply under response_format is cut off
        return ReplyError(f"{spec} was cut off before the end of its reply", "raise CUECHAIN_MAX_TOKENS")
    if "ContentFilterFinishReasonError" in kinds:
        return ReplyError(f"{spec} refused: its content filter stopped the reply", "take another model")
    if isinstance(error, TimeoutError) or any("Timeout" in k for k in kinds):
        return ModelError(
            f"{spec} did not answer in time", "raise CUECHAIN_TIMEOUT, or take a faster model", retryable=True
        )
    if status == 429 and _QUOTA.search(said):
        return ModelError(f"{spec} refused: {said}", "the account's quota is used up")
    if status is not None and status >= 400:
        busy = status in (408, 409, 429) or status >= 500
        hint = "the server is busy or failing; try again later" if busy else _HINTS.get(status, _HINTS[400])
        if status == 400 and "temperature" in said:  # OpenAI's reasoning models
            hint = "this model takes one temperature only: set CUECHAIN_TEMPERATURE=1"
        return ModelError(f"{spec} refused ({status}): {said}", hint, retryable=busy)
    if isinstance(error, ConnectionError) or kinds & {"APIConnectionError", "TransportError"}:
        return ModelError(
            f"{spec} cannot be reached: {_root(error)}",
            "is the server running, and is --base-url right?",
            retryable=True,
        )
    if status is not None:
        return ModelError(f"{spec} sent what is no chat completion: {said}", _HINTS[404])
    return ModelError(
        f"{spec} failed: {type(error).__name__}: {said}", "check the model's name and, for a server, --base-url"
    )
