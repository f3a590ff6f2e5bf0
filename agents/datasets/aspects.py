"""Sentiment towards aspects: SentiHood (Saeidi et al. 2016), SemEval-2014 task 4, 2015 task 12, 2016 task 5 (Pontiki et al.)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, json_of, text_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Opinion, Sample, Sentiment, Target

POLARITY: dict[str, Sentiment] = {
    "positive": "positive",
    "negative": "negative",
    "neutral": "neutral",
    "conflict": "mixed",
}

ASPECTS = (
    "general", "price", "transit-location", "safety", "live", "dining", "quiet", "nightlife", "multicultural", "shopping",
    "green-culture", "touristy",
)  # fmt: skip
"""SentiHood's."""


def read_sentihood(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Sentences about places of a city, with the sentiment towards aspects of each; none where nothing is judged.

    Raises:
        ConfigError: No such file, or no JSON list.
    """
    path = find(folder, f"sentihood-{split}.json")
    rows: Any = json_of(path)
    if not isinstance(rows, list):
        raise ConfigError(f"{path} is no list", "give sentihood-*.json as published")
    for number, row in enumerate(rows, 1):
        try:
            id, text = str(row["id"]), row["text"].strip()
            told = [(str(o["target_entity"]), str(o["aspect"]), str(o["sentiment"]).lower()) for o in row["opinions"]]
        except (KeyError, TypeError, AttributeError):
            yield Fault(f"{path.name}:{number}", "broken", "no object with id, text and opinions")
            continue
        absent = [target for target, _, _ in told if target not in text]
        outside = [aspect for _, aspect, _ in told if aspect not in ASPECTS]
        if absent:
            yield Fault(id, "misaligned", f"'{absent[0]}' does not stand in the text")
        elif outside:
            yield Fault(id, "label_outside", f"'{outside[0]}' is none of {', '.join(ASPECTS)}")
        else:
            yield _sample(id, text, told)


def _sample(
    id: str, text: str, told: list[tuple[str, str, str]], fields: dict[str, str] | None = None
) -> Sample | Fault:
    """An item from its (target, aspect, polarity); the same one twice counts once."""
    outside = [p for p in (*(p for _, _, p in told), *(fields or {}).values()) if p not in POLARITY]
    if not text:
        return Fault(id, "empty", "no words")
    if "" in outside:
        return Fault(id, "no_label", "an aspect without polarity, as in the part of the competition")
    if outside:
        return Fault(id, "label_outside", f"'{outside[0]}' is none of {', '.join(POLARITY)}")
    opinions = tuple(Opinion(target=t, aspect=a, sentiment=POLARITY[p]) for t, a, p in dict.fromkeys(told))
    by_category = {name: POLARITY[p] for name, p in (fields or {}).items()}
    return Sample(id=id, group=id.partition(":")[0], text=text, target=Target(opinions=opinions, fields=by_category))


def read_semeval(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Review sentences of all files of a split; ids are told with the name of their file.

    2014 has terms (targets) and categories (fields); 2015 and 2016 have a target and a category in each opinion, where NULL, a target
    that is not in the words, becomes empty. `conflict` becomes mixed.

    Raises:
        ConfigError: No XML, or one with a document type, which could define entities.
    """
    wanted = re.compile(SPLITS[split], re.I)
    paths = [folder] if folder.is_file() else [p for p in sorted(folder.rglob("*.xml*")) if wanted.search(p.name)]
    if not paths:
        raise ConfigError(f"{folder} holds no XML of the {split} split", "give the file, or the folder as published")
    for path in paths:
        for node in _root(path).iter("sentence"):
            yield _sentence(node, path.name.partition(".")[0])


SPLITS = {"test": r"test|gold", "train": r"train"}
"""What the names of the published files hold."""


def _root(path: Path) -> ElementTree.Element:
    text = text_of(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ConfigError(f"{path} defines a document type", "the published files have none; it is not read")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise ConfigError(f"{path} is no XML: {error}", "was the download complete?") from error


def _sentence(node: ElementTree.Element, stem: str) -> Sample | Fault:
    id, raw = f"{stem}:{node.get('id', '')}", node.findtext("text") or ""
    if not node.get("id"):
        return Fault(stem, "broken", f"a sentence without id: {raw[:60]}")
    if (node.get("OutOfScope") or "").upper() == "TRUE":
        return Fault(id, "no_label", "out of scope, as the publication marks it")
    told: list[tuple[str, str, str]] = []
    for one in (*node.iter("aspectTerm"), *node.iter("Opinion")):
        target = one.get("term") or one.get("target") or ""
        start, end = one.get("from", ""), one.get("to", "")
        if target not in ("", "NULL") and not (
            start.isdigit() and end.isdigit() and raw[int(start) : int(end)] == target
        ):
            return Fault(id, "misaligned", f"'{target}' does not stand at {start or '?'} to {end or '?'}")
        told.append(("" if target == "NULL" else target, one.get("category", ""), (one.get("polarity") or "").lower()))
    fields = {c.get("category", ""): (c.get("polarity") or "").lower() for c in node.iter("aspectCategory")}
    return _sample(id, raw.strip(), told, fields)


SENTIHOOD = Dataset(
    "sentihood",
    "SentiHood, aspects of places (Saeidi et al. 2016); format from publications",
    ("aspect",),
    ("test", "dev", "train"),
    read_sentihood,
    labels="sentihood",
    verified=False,
)
SEMEVAL = Dataset(
    "semeval-absa",
    "SemEval-2014/15/16, aspects in reviews (Pontiki et al. 2014–2016); format from publications",
    ("aspect",),
    tuple(SPLITS),
    read_semeval,
    verified=False,
)
