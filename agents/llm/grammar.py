"""A language model in this process that can write nothing but JSON of a schema: the mask of llguidance as a logits processor."""

from __future__ import annotations

import json
from typing import Any

from cuechain.agents.errors import ModelError

_STYLE: Any = {"whitespace_flexible": True, "whitespace_pattern": " ?"}
"""At most one blank where JSON allows any white space: a model writes as it has learnt to (rows of `cuechain finetune data` have no blanks,
json.dumps writes some), and a weak one cannot write white space without end."""


def vocabulary_of(tokenizer: Any, size: int) -> Any:
    """The tokenizer as llguidance wants it; takes about a second, so keep it.

    Args:
        tokenizer: A fast tokenizer of transformers.
        size: Width of the model's logits, which may be more than the tokenizer has tokens.
    """
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=max(size, len(tokenizer)))


class Grammar:
    """A logits processor (transformers' protocol) for one `generate()` of one sequence."""

    def __init__(self, tokens: Any, schema: dict[str, Any]) -> None:
        """Compile the schema.

        Args:
            tokens: From `vocabulary_of`.
            schema: JSON schema.

        Raises:
            ModelError: llguidance cannot compile the schema.
        """
        import llguidance

        self._tokens = tokens
        self._matcher = llguidance.LLMatcher(
            tokens, llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults=_STYLE)
        )
        self._begun = False
        self._check()

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Forbid all tokens that cannot come next.

        Args:
            input_ids: (1, length) int64, prompt and what was written.
            scores: (1, vocabulary) logits of the next token.
        """
        import numpy as np
        import torch

        # llguidance.torch would compile a kernel (13 s at the first call); unpacking bits in numpy costs under a millisecond.
        from llguidance import numpy as bits

        if self._begun and not self._matcher.is_stopped():
            self._matcher.consume_token(int(input_ids[0, -1]))
            self._check()
        self._begun = True
        packed = bits.allocate_token_bitmask(1, self._tokens.vocab_size)
        bits.fill_next_token_bitmask(self._matcher, packed, 0)
        allowed = np.unpackbits(packed.view(np.uint8), axis=1, bitorder="little")[:, : scores.shape[-1]].astype(bool)
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))

    def _check(self) -> None:
        if self._matcher.is_error():
            raise ModelError(f"the reply cannot be bound to its form: {self._matcher.get_error()}"[:400])
