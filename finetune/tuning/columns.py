"""Rows as the columns of TRL, without those that cannot be trained on: what is left out is counted, and nothing is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.checkpoint import Checkpoint
from cuechain.finetune.rows import Message, Row

_REPLIES = ("completion", "chosen", "rejected")


def completion(row: Row) -> dict[str, Any]:
    """Columns for instruction tuning."""
    return {"prompt": _plain(row.prompt), "completion": _plain(row.completion)}


def pair(row: Row) -> dict[str, Any]:
    """Columns of a preference pair.

    Raises:
        ConfigError: The row has no rejected reply.
    """
    if not row.rejected:
        raise ConfigError(f"row {row.id} has no `rejected`", "preference tuning wants pairs: `cuechain finetune data`")
    return {"prompt": _plain(row.prompt), "chosen": _plain(row.completion), "rejected": _plain(row.rejected)}


def features(row: dict[str, Any]) -> Any:
    """The types of a row's columns; images are kept as paths and opened as RGB when they are used."""
    from datasets import Features, Image, List, Value

    turns = List({"role": Value("string"), "content": Value("string")})
    kinds: dict[type, Any] = {bool: Value("bool"), int: Value("int64"), float: Value("float64"), str: Value("string")}
    return Features(
        {
            name: List(Image(mode="RGB"))
            if name == "images"
            else turns
            if isinstance(value, list)
            else kinds[type(value)]
            for name, value in row.items()
        }
    )


class Screen:
    """Turns rows into columns one at a time, and keeps the ids of those that are left out."""

    def __init__(
        self,
        tokenizer: Any,
        processor: Any,
        max_length: int,
        folder: Path,
        columns: Callable[[Row], dict[str, Any]],
    ) -> None:
        self._tokenizer = tokenizer
        self._processor = processor
        self._max_length = max_length
        self._folder = folder
        self._columns = columns
        self._controls = Checkpoint("", None, tokenizer, processor, 0, frozenset()).controls
        self._merges = _merges(tokenizer, processor)
        self.skipped: dict[str, list[str]] = {}
        """Ids by reason."""

    def __call__(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Columns of each row that can be trained on.

        Raises:
            ConfigError: A row shows images to a model that cannot see.
        """
        seen: set[int] = set()
        for row in rows:
            if (name := hash(row.id)) in seen:
                self._skip("with an id that was there before", row)
                continue
            seen.add(name)
            found, why = self._one(row)
            if why:
                self._skip(why, row)
            else:
                yield found

    def _skip(self, why: str, row: Row) -> None:
        self.skipped.setdefault(why, []).append(row.id)

    def _one(self, row: Row) -> tuple[dict[str, Any], str]:
        if not row.completion[0].content.strip() or (row.rejected and not row.rejected[0].content.strip()):
            return {}, "without a reply"
        if row.prompt[-1].role != "user" or row.completion[0].role != "assistant":
            return {}, "whose prompt does not end with the user's turn"
        if row.images and self._processor is None:
            raise ConfigError(
                f"row {row.id} shows images, and the model cannot see", "take a model of the LLaVA family"
            )
        images = [str(self._folder / i) for i in row.images]
        try:
            sizes = [_size(path) for path in images]
        except (OSError, ValueError):
            return {}, "whose image is gone or cannot be read"
        columns = self._columns(row)
        for name in ("prompt", *_REPLIES):
            if name in columns:
                columns[name] = [m | {"content": self._split(m["content"])} for m in columns[name]]
        if self._merges:
            columns["prompt"] = _merged(columns["prompt"])
        seen = self._image_tokens(sizes)
        if seen + max(self._tokens(columns["prompt"], columns.get(n)) for n in _replies(columns)) > self._max_length:
            return {}, f"of more than {self._max_length} tokens" + (f" ({seen} of them for images)" if seen else "")
        return (columns | {"images": images} if self._processor is not None else columns), ""

    def _split(self, text: str) -> str:
        """Words of a clip must not end a turn or open a place for an image: `ask` splits control tokens in the same way."""
        for control in self._controls:
            text = text.replace(control, f"{control[0]} {control[1:]}")
        return text

    def _tokens(self, prompt: list[dict[str, str]], reply: list[dict[str, str]] | None) -> int:
        turns = [*prompt, *(reply or [])]
        if self._processor is None:
            said = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=reply is None)
        else:
            blocks = [m | {"content": [{"type": "text", "text": m["content"]}]} for m in turns]
            said = self._processor.apply_chat_template(blocks, tokenize=False, add_generation_prompt=reply is None)
        return len(self._tokenizer(said, add_special_tokens=False)["input_ids"])

    def _image_tokens(self, sizes: list[tuple[int, int]]) -> int:
        return sum(self._processor._get_num_multimodal_tokens(image_sizes=sizes)["num_image_tokens"]) if sizes else 0


def _replies(columns: dict[str, Any]) -> list[str]:
    return [n for n in _REPLIES if n in columns] or ["none"]


def _plain(turns: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in turns]


def _size(path: str) -> tuple[int, int]:
    """Height and width; the pixels are not read."""
    from PIL import Image

    with Image.open(path) as image:
        return image.height, image.width


def _merges(tokenizer: Any, processor: Any) -> bool:
    """Whether the chat template refuses a system turn, so that it must stand in front of the first user turn, as `ask` does it."""
    from jinja2 import TemplateError

    text: Any = [{"type": "text", "text": "a"}] if processor is not None else "a"
    turns = [{"role": role, "content": text} for role in ("system", "user", "assistant")]
    try:
        (processor or tokenizer).apply_chat_template(turns, tokenize=False)
    except TemplateError:
        return True
    return False


def _merged(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    system = [m["content"] for m in turns if m["role"] == "system"]
    rest = [m for m in turns if m["role"] != "system"]
    return [rest[0] | {"content": "\n".join([*system, rest[0]["content"]])}, *rest[1:]] if system and rest else turns
