"""Pictures with words: Hateful Memes (Kiela et al. 2020), MVSA (Niu et al. 2016), Twitter-15/17 (Yu & Jiang 2019)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cuechain import prompts
from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, json_lines, lines_of, text_of
from cuechain.agents.datasets.media import PICTURE, Shelf, shelf
from cuechain.agents.values import Opinion, Sample, Target

Polarity = Literal["negative", "neutral", "positive"]
POLARITY: tuple[Polarity, ...] = ("negative", "neutral", "positive")
HATE = ("not hateful", "hateful")


def read_memes(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Memes of one jsonl file; whether one is hateful is a field of its own.

    Raises:
        ConfigError: No such file.
    """
    path, pictures = find(folder, f"{split}.jsonl"), shelf(folder, PICTURE)
    yield from pictures.told()
    for line, row in json_lines(path):
        if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("text"), str):
            yield Fault(f"{path.name}:{line}", "broken", "no object with id and text")
            continue
        found: dict[str, Any] = row
        id, text, label = str(found["id"]), str(found["text"]).strip(), found.get("label")
        files = pictures.files(Path(str(found.get("img") or id)).stem)
        if label is None:
            yield Fault(id, "no_label", "no label, as in the part of the competition")
        elif label not in (0, 1):
            yield Fault(id, "label_outside", f"'{label}' is neither 0 nor 1")
        elif files is None:
            yield Fault(id, "missing", f"no picture {found.get('img')} below {pictures.folder}")
        elif not text and not files:
            yield Fault(id, "empty", "neither words nor a picture")
        else:
            target = Target(fields={"hate": HATE[int(label)]})
            yield Sample(id=id, group=id, text=text or None, files=files, target=target)


def read_mvsa(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Tweets with a picture: what the majority says of words and of picture, joined as in Xu & Mao (2017).

    The same polarity stays; beside neutral the other one counts; positive against negative has no label.

    Raises:
        ConfigError: No labelResultAll.txt.
    """
    path = find(folder, "labelResultAll.txt")
    pictures = shelf(path.parent, PICTURE)
    yield from pictures.told()
    for number, line in enumerate(lines_of(path)[1:], 2):
        id, *pairs = line.strip().split("\t")
        if not line.strip():
            continue
        told = [tuple(word.strip().lower() for word in pair.split(",")) for pair in pairs]
        words = path.parent / "data" / f"{id}.txt"
        files, whole = pictures.files(id), bool(told) and all(len(pair) == 2 for pair in told)
        outside = [word for pair in told for word in pair if word not in POLARITY]
        if not whole:
            yield Fault(f"{path.name}:{number}", "broken", f"no id with pairs of labels: {line.strip()[:60]}")
        elif outside:
            yield Fault(id, "label_outside", f"'{outside[0]}' is none of {', '.join(POLARITY)}")
        elif not words.is_file():
            yield Fault(id, "missing", f"there is no {words}")
        elif files is None:
            yield Fault(id, "missing", f"no picture {id} below {pictures.folder}")
        else:
            yield _mvsa(id, told, text_of(words).strip(), files)


def _mvsa(id: str, told: list[tuple[str, ...]], text: str, files: tuple[str, ...]) -> Sample | Fault:
    of_words, of_picture = (_majority([pair[place] for pair in told]) for place in (0, 1))
    label = _joined(of_words, of_picture)
    if not label:
        return Fault(
            id, "no_label", f"words {of_words or 'without majority'}, picture {of_picture or 'without majority'}"
        )
    if not text and not files:
        return Fault(id, "empty", "neither words nor a picture")
    each = {str(n): _joined(*pair) for n, pair in enumerate(told, 1)} if len(told) > 1 else {}
    target = Target(
        labels=(label,),
        fields={"text": of_words, "image": of_picture},
        raters={name: (joined,) if joined else () for name, joined in each.items()},
    )
    return Sample(id=id, group=id, text=text or None, files=files, target=target)


def _majority(words: list[str]) -> str:
    word, count = Counter(words).most_common(1)[0]
    return word if count * 2 > len(words) else ""


def _joined(one: str, two: str) -> str:
    if not one or not two or {one, two} == {"positive", "negative"}:
        return ""
    return two if one == "neutral" else one


def read_twitter(folder: Path, split: str, *, year: str) -> Iterator[Sample | Fault]:
    """Tweets with one target each, in blocks of four lines: words with $T$, the target, -1, 0 or 1, the picture.

    A line too many or too few is told, and reading goes on with the next line that holds $T$.

    Raises:
        ConfigError: No such file.
    """
    path = find(folder, f"twitter20{year}/{split}.txt", f"{split}.txt")
    pictures = shelf(folder, PICTURE)
    yield from pictures.told()
    lines, place = [line.strip() for line in lines_of(path)], 0
    while place < len(lines):
        block, id = lines[place : place + 4], f"{split}-{place + 1}"
        if (
            len(block) == 4
            and "$T$" in block[0]
            and block[1]
            and block[2] in ("-1", "0", "1")
            and "$T$" not in block[3]
        ):
            yield _tweet(id, block, pictures)
            place += 4
        elif not any(lines[place:]):
            return
        else:
            yield Fault(
                id, "misaligned", f"no block of words with $T$, target, -1, 0 or 1, and picture at line {place + 1}"
            )
            place = next((n for n in range(place + 1, len(lines)) if "$T$" in lines[n]), len(lines))


def _tweet(id: str, block: list[str], pictures: Shelf) -> Sample | Fault:
    words, target, number, picture = block
    files, sentiment = pictures.files(Path(picture).stem), POLARITY[int(number) + 1]
    if files is None:
        return Fault(id, "missing", f"no picture {picture} below {pictures.folder}")
    said = Target(labels=(sentiment,), opinions=(Opinion(target=target, sentiment=sentiment),))
    text, question = words.replace("$T$", target), prompts.render("datasets/target", target=target)
    return Sample(id=id, group=Path(picture).stem, text=text, files=files, question=question, target=said)


def _twitter(year: str) -> Dataset:
    reader: Callable[..., Iterator[Sample | Fault]] = partial(read_twitter, year=year)
    about = f"Twitter-{year}, sentiment towards a given target (Yu & Jiang 2019); format from publications"
    return Dataset(f"twitter{year}", about, ("sentiment", "aspect"), ("test", "dev", "train"), reader, verified=False)


def _mvsa_part(name: str, about: str) -> Dataset:
    told = f"{about}, words and picture joined as in Xu & Mao 2017 (Niu et al. 2016); format from publications"
    return Dataset(name, told, ("sentiment", "post"), ("all",), read_mvsa, verified=False)


HATEFUL = Dataset(
    "hateful-memes",
    "Hateful Memes (Kiela et al. 2020); format from publications",
    ("post",),
    ("dev_seen", "dev_unseen", "test_seen", "test_unseen", "train", "dev", "test"),
    read_memes,
    verified=False,
)
MVSA_SINGLE = _mvsa_part("mvsa-single", "MVSA-Single, one rater")
MVSA_MULTIPLE = _mvsa_part("mvsa-multiple", "MVSA-Multiple, majority of three raters")
TWITTER15 = _twitter("15")
TWITTER17 = _twitter("17")
