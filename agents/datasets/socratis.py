"""Socratis (Deng et al. 2023): what several people feel about a picture with its caption, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import list_of
from cuechain.agents.datasets.files import find, json_of
from cuechain.agents.datasets.media import PICTURE, shelf
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Pictures with captions: reactions of all workers, the commonest first, and their reasons as one text.

    Raises:
        ConfigError: No such file, or no JSON object.
    """
    path = find(folder, f"{split}.json", "imCaptionEmotionExplanation_formatted.json")
    whole: Any = json_of(path)
    if not isinstance(whole, dict):
        raise ConfigError(f"{path} is no object of lists", "give the file as published")
    pictures = shelf(folder, PICTURE)
    yield from pictures.told()
    for id, entries in whole.items():
        several: list[Any] = entries if isinstance(entries, list) else [None]
        raters: dict[str, tuple[str, ...]] = {}
        reasons: list[str] = []
        image, caption = "", ""
        for number, entry in enumerate(several, 1):
            if not isinstance(entry, list) or len(entry) < 4:
                yield Fault(f"{id}:{number}", "broken", "no list of picture, caption, emotions, explanations")
                continue
            image, caption = image or str(entry[0]), caption or str(entry[1]).strip()
            felt, why = [word.lower() for word in list_of(entry[2])], _texts(entry[3])
            if not felt:
                yield Fault(f"{id}:{number}", "no_label", "a worker without emotion")
            elif len(why) not in (1, len(felt)):
                yield Fault(f"{id}:{number}", "misaligned", f"{len(felt)} emotions and {len(why)} explanations")
            else:
                raters[str(number)] = tuple(dict.fromkeys(felt))
                names = felt if len(why) == len(felt) else [", ".join(felt)]
                reasons += [f"{name}: {text}" for name, text in zip(names, why, strict=True)]
        files = pictures.files(Path(image).stem)
        if not raters:
            yield Fault(id, "no_label", "no reaction that can be used")
        elif files is None:
            yield Fault(id, "missing", f"no picture {image} below {pictures.folder}")
        elif not caption and not files:
            yield Fault(id, "empty", "neither a caption nor a picture")
        else:
            counted = Counter(name for told in raters.values() for name in told)
            target = Target(labels=tuple(n for n, _ in counted.most_common()), text="\n".join(reasons), raters=raters)
            yield Sample(id=id, group=Path(image).stem or id, text=caption or None, files=files, target=target)


def _texts(cell: object) -> list[str]:
    """Explanations as they are: a sentence may hold commas."""
    return [text for x in (cell if isinstance(cell, list) else [cell]) if (text := str(x or "").strip())]


SOCRATIS = Dataset(
    "socratis",
    "Socratis, reactions to pictures with captions and their reasons (Deng et al. 2023); format from publications",
    ("reactions",),
    ("test",),
    read,
    verified=False,
)
