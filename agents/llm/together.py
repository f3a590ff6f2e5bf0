"""Requests that wait for a model in this process are written together: its weights are read once for all of them.

Rows are padded on the left and masked, so each reply is what it would be alone, but for rounding: in float32 the same tokens.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from cuechain.agents.errors import ModelError
from cuechain.agents.llm.checkpoint import Checkpoint
from cuechain.agents.llm.grammar import Grammar

_log = logging.getLogger(__name__)

PAUSE = 0.05
"""Seconds for which those who were answered together are waited for, so that they are so again: each has to think up its next step."""


@dataclass(eq=False)
class Request:
    """One prompt, and what comes of it."""

    inputs: dict[str, Any]
    """From `tokenized`."""
    most: int
    """Tokens that may be written."""
    schemas: list[dict[str, Any]]
    """What the reply is bound to; none for free text."""
    written: list[int] = field(default_factory=list[int])
    """Token ids of the reply, its end among them."""
    error: Exception | None = None
    """Why there is no reply."""
    done: bool = False

    @property
    def read(self) -> int:
        """Tokens of the prompt."""
        return int(self.inputs["input_ids"].shape[1])

    def beside(self, other: Request) -> bool:
        """Whether both can be rows of one batch: they are of tokens alone, and bring the same inputs."""
        plain = all(tuple(v.shape) == (1, r.read) for r in (self, other) for v in r.inputs.values())
        return self is other or (plain and self.inputs.keys() == other.inputs.keys())


class Together:
    """Who asks at the same time is answered at the same time."""

    def __init__(self, held: Checkpoint, sampling: Mapping[str, Any], timeout: float) -> None:
        """Nothing is loaded.

        Args:
            held: The model.
            sampling: Arguments of `generate`.
            timeout: Seconds that a request may write; a batch has that for each of its rows.
        """
        self._held, self._sampling, self._timeout = held, dict(sampling), timeout
        self._waiting: list[Request] = []
        self._came = Condition()
        self._around = 1
        """Requests that there were when the last were answered, these among them: so many may come again."""
        self._rows: int | None = None
        """Rows that fit into the memory, where it has run out."""

    def write(self, request: Request) -> None:
        """Fill in `written` or `error`. Whoever finds the model free writes for all who wait."""
        with self._came:
            self._waiting.append(request)
            self._came.notify_all()
        while not request.done:
            with self._held.lock:
                if not request.done:
                    self._lead()

    def _lead(self) -> None:
        with self._came:
            if self._around > 1:
                wanted = min(self._around, self._rows or self._around)
                self._came.wait_for(lambda: len(self._waiting) >= wanted, PAUSE)
            fitting = [r for r in self._waiting if r.beside(self._waiting[0])][: self._rows]
            self._waiting = [r for r in self._waiting if r not in fitting]
        try:
            self._answer(fitting)
        finally:  # whatever happens, nobody waits for ever
            self._around = len(fitting) + len(self._waiting)
            for request in fitting:
                request.done = True

    def _answer(self, batch: list[Request]) -> None:
        """Write; a batch that fails is written in halves, so that what one request brings costs no other."""
        try:
            self._generate(batch)
            return
        except Exception as error:
            failed = error
        if len(batch) == 1:
            batch[0].error = failed
            return
        half = (len(batch) + 1) // 2
        if _no_room(failed):
            self._rows = half
            _log.warning("%s has no memory for %d replies at once; going on with %d", self._held.name, len(batch), half)
        failed.__traceback__ = None  # it holds on to the memory of what failed
        del failed
        _freed()
        self._answer(batch[:half])
        self._answer(batch[half:])

    def _generate(self, batch: list[Request]) -> None:
        from transformers import StoppingCriteriaList

        held = self._held
        rows = _Rows(held, batch)
        made: Any = held.model.generate(
            **_padded(batch, rows.width),
            **self._sampling,
            max_new_tokens=max(r.most for r in batch),
            max_time=self._timeout * len(batch),
            eos_token_id=sorted(held.ends) or None,
            pad_token_id=held.pad,
            logits_processor=[rows],
            stopping_criteria=StoppingCriteriaList([rows.done]),
        )
        for request, ids in zip(batch, made[:, rows.width :].tolist(), strict=True):
            ends = (place for place, token in enumerate(ids, 1) if token in held.ends)
            request.written = ids[: min(request.most, next(ends, len(ids)))]
            if len(request.written) < request.most and not held.ends.intersection(request.written[-1:]):
                request.error = ModelError(
                    f"{held.name} wrote {len(request.written)} tokens in {self._timeout * len(batch):g} s and was not done",
                    "raise CUECHAIN_TIMEOUT, or take a smaller model or a faster device",
                )


class _Rows:
    """What each row of a batch may write next, and which are done: a logits processor of transformers, and a stopping criterion."""

    def __init__(self, held: Checkpoint, batch: list[Request]) -> None:
        self.width = max(r.read for r in batch)
        self._ends = held.ends
        self._most = [r.most for r in batch]
        self._done = [False] * len(batch)
        self._bound = [[Grammar(held.vocabulary, schema) for schema in r.schemas] for r in batch]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Forbid what a row's schema does not allow, row by row: (B, length) ids and (B, vocabulary) logits to logits."""
        scores = scores.clone()
        for row, grammars in enumerate(self._bound):
            if not self._done[row]:
                for grammar in grammars:
                    scores[row : row + 1] = grammar(input_ids[row : row + 1], scores[row : row + 1])
        return scores

    def done(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """(B,) bool: rows that have ended or have written all they may."""
        import torch

        written = input_ids.shape[1] - self.width
        self._done = [
            done or last in self._ends or written >= most
            for done, last, most in zip(self._done, input_ids[:, -1].tolist(), self._most, strict=True)
        ]
        return torch.tensor(self._done, device=input_ids.device)


def _padded(batch: list[Request], width: int) -> dict[str, Any]:
    """Inputs (B, width). A row is filled up with the token that it begins with, so that a penalty on repetition finds nothing new."""
    import torch

    if len(batch) == 1:
        return batch[0].inputs

    def filled(request: Request, name: str) -> Any:
        row = request.inputs[name]
        fill = int(row[0, 0]) if name == "input_ids" else 0
        return torch.nn.functional.pad(row, (width - request.read, 0), value=fill)

    return {name: torch.cat([filled(r, name) for r in batch]) for name in batch[0].inputs}


def _no_room(error: Exception) -> bool:
    """Whether memory ran out; on a processor torch raises a bare RuntimeError."""
    return type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error)


def _freed() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
