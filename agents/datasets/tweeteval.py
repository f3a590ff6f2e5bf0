"""TweetEval (Barbieri et al. 2020): one tweet a line, one number a line beside it, and a mapping of numbers to names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, lines_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

NAMES = {
    "emotion": ("anger", "joy", "optimism", "sadness"),
    "sentiment": ("negative", "neutral", "positive"),
    "irony": ("not sarcastic", "sarcastic"),
}
"""Labels in the order of the published mapping.txt, in the words of our tasks."""


def read(folder: Path, split: str, *, part: str) -> Iterator[Sample | Fault]:
    """Tweets of one part (`emotion`, `sentiment`, `irony`) and split, from its own folder or from one of several parts.

    Raises:
        ConfigError: No such files, or tweets and labels that differ in number.
    """
    stems = (f"{part}/{split}", f"{part}_{split}", split)
    texts = lines_of(find(folder, *(f"{stem}_text.txt" for stem in stems)))
    numbers = lines_of(find(folder, *(f"{stem}_labels.txt" for stem in stems)))
    if len(texts) != len(numbers):
        raise ConfigError(
            f"{folder}: {len(texts)} tweets and {len(numbers)} labels of {part} {split}",
            "were both files downloaded whole?",
        )
    names = NAMES[part]
    for line, (text, number) in enumerate(zip(texts, numbers, strict=True), 1):
        id = f"{part}-{split}-{line}"
        if not number.strip().isdigit() or int(number) >= len(names):
            yield Fault(id, "label_outside", f"'{number}' is none of 0 to {len(names) - 1}")
        elif not text.strip():
            yield Fault(id, "empty", "a tweet without words")
        else:
            yield Sample(id=id, group=id, text=text.strip(), target=Target(labels=(names[int(number)],)))


def _part(part: str, task: str, labels: str = "") -> Dataset:
    reader: Callable[[Path, str], Iterator[Sample | Fault]] = partial(read, part=part)
    about = f"TweetEval, {part} (Barbieri et al. 2020)"
    return Dataset(
        f"tweeteval-{part}",
        about,
        (task,),
        ("test", "val", "train"),
        reader,
        labels=labels,
        protocol=f"tweeteval-{part}",
    )


EMOTION = _part("emotion", "emotion", "tweeteval")
SENTIMENT = _part("sentiment", "sentiment")
IRONY = _part("irony", "sarcasm")
