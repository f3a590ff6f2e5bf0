"""From a pydantic type to the schema that a model is told, and from what it replied back to the type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.S)
"""A comma before a closing bracket; strings are matched first, so that commas inside them stay."""


class InvalidError(Exception):
    """A reply is not of the type; the message says why, in words a model can act on."""


@cache
def json_schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a type as a model is told it; made once, so it is not to be changed.

    OpenAI's strict mode and llguidance want every property required and no others allowed; null stays where the type allows it.
    Titles, descriptions and defaults go: they cost tokens, and strict mode takes no `$ref` with siblings.
    """
    return _strict(kind.model_json_schema())


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(n) for n in node]
    if not isinstance(node, dict):
        return node
    # Below `properties` and `$defs` keys are names, not keywords.
    kept = {
        key: {name: _strict(n) for name, n in value.items()} if key in ("properties", "$defs") else _strict(value)
        for key, value in node.items()
        if key not in ("title", "description", "default")
    }
    if "properties" in kept:
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept


def parsed(text: str, kind: type[T]) -> T:
    """The value in a reply: lenient about what stands around the JSON object, strict about the object.

    Reads past thoughts (`<think>`), prose and code fences, and over commas before a closing bracket. Of several objects that are
    valid the last counts: a model that corrects itself does so at the end.

    Raises:
        InvalidError: No object, or none that is valid.
    """
    text = text.rpartition("</think>")[2]
    if text.lstrip().startswith("<think>"):
        raise InvalidError("it was cut off while thinking")
    body = text[text.find("{") :] if "{" in text else ""
    problem, longest = InvalidError("it holds no complete JSON object"), 0
    for size, thing in reversed([*_objects(_TRAILING_COMMA.sub(lambda m: m[1] or "", body)), *_objects(body)]):
        try:
            return kind.model_validate_json(json.dumps(thing), strict=True)
        except ValidationError as error:
            if size > longest:  # the largest object is what the model meant as its answer
                longest, problem = size, InvalidError(_told(error))
    raise problem


def _objects(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON objects that stand in a text side by side, in order, with their lengths; never an empty one, for it says nothing."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_no_constant)  # models put raw line breaks into strings
    at = text.find("{")
    while at >= 0:
        end = at + 1
        try:
            thing, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            pass
        else:
            if thing:
                yield end - at, thing
        at = text.find("{", end)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _told(error: ValidationError) -> str:
    """The first five things that are wrong, each with its place."""
    lines = [f"{'.'.join(str(p) for p in e['loc']) or 'the object'}: {e['msg']}" for e in error.errors()]
    return "; ".join(lines[:5]) + (f"; and {len(lines) - 5} more" if len(lines) > 5 else "")
