"""CMU-MOSI, CMU-MOSEI (Zadeh et al. 2016, 2018), CH-SIMS and its v2 (Yu et al. 2020, Liu et al. 2022): label.csv as MMSA publishes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import number_of
from cuechain.agents.datasets.files import find, table
from cuechain.agents.datasets.media import SOUND, VIDEO, Shelf, shelf
from cuechain.agents.values import Sample, Target

COLUMNS = ("video_id", "clip_id", "text", "label", "mode")
SENSES = {"label_T": "valence_text", "label_A": "valence_voice", "label_V": "valence_face"}
"""What was judged from one sense alone (CH-SIMS)."""


def read(folder: Path, split: str, *, names: tuple[str, ...], top: float) -> Iterator[Sample | Fault]:
    """Clips of one split; valence is the published number divided by the end of its scale.

    Args:
        folder: With label.csv (or meta.csv) and perhaps Raw/VIDEO/CLIP.mp4.
        split: train, valid or test of the column `mode`.
        names: Of the corpus' own folder, where several corpora lie beside each other.
        top: End of the scale: 3 for MOSI and MOSEI, 1 for CH-SIMS.

    Raises:
        ConfigError: No label file with these columns.
    """
    own = () if (folder / "label.csv").is_file() else names
    path = find(folder, *(f"{name}/label.csv" for name in own), "label.csv", "meta.csv")
    clips = shelf(path.parent, VIDEO + SOUND, depth=2)
    yield from clips.told()
    for line, row in table(path, COLUMNS):
        if row is None:
            yield Fault(f"{path.name}:{line}", "broken", "another number of cells than the header")
        elif row["mode"].strip() not in ("train", "valid", "test"):
            yield Fault(f"{path.name}:{line}", "broken", f"'{row['mode']}' is none of train, valid, test")
        elif row["mode"].strip() == split:
            yield from _sample(row, top, clips)


def _sample(row: dict[str, str], top: float, clips: Shelf) -> Iterator[Sample | Fault]:
    video, clip, text = row["video_id"].strip(), row["clip_id"].strip(), row["text"].strip()
    id, told = f"{video}/{clip}", row.get("annotation", "").strip().lower()
    number, files = number_of(row["label"]), clips.files(id, f"{video}/{clip.zfill(4)}")
    if not video or not clip:
        yield Fault(id, "broken", "a clip without name")
    elif not row["label"].strip():
        yield Fault(id, "no_label", "no label")
    elif number is None:
        yield Fault(id, "broken", f"'{row['label']}' is no number")
    elif abs(number) > top:
        yield Fault(id, "label_outside", f"{number:g} is not between {-top:g} and {top:g}")
    elif told in SIGNS and SIGNS.index(told) != (number > 0) - (number < 0) + 1:
        yield Fault(id, "misaligned", f"{number:g} is called {told}")
    elif files is None:
        yield Fault(id, "missing", f"no clip {id} below {clips.folder}")
    elif not text and not files:
        yield Fault(id, "empty", "no words")
    else:
        scores = {"valence": number / top}
        for column, name in SENSES.items():
            alone = number_of(row.get(column))
            if alone is not None and abs(alone) <= top:
                scores[name] = alone / top
            elif row.get(column, "").strip():
                yield Fault(id, "broken", f"{column} is '{row[column]}': left out")
        label = str(round(number)) if top == 3 else SIGNS[(number > 0) - (number < 0) + 1]
        target = Target(labels=(label,), scores=scores)
        yield Sample(id=id, group=video, text=text or None, files=files, target=target)


SIGNS = ("negative", "neutral", "positive")


def _corpus(name: str, about: str, top: float, labels: str, *names: str) -> Dataset:
    reader: Callable[..., Iterator[Sample | Fault]] = partial(read, names=names, top=top)
    told = f"{about}; format from publications"
    splits = ("test", "valid", "train")
    return Dataset(
        name,
        told,
        ("sentiment",),
        splits,
        reader,
        labels=labels,
        protocol=name,
        verified=False,
    )


MOSI = _corpus("mosi", "CMU-MOSI, -3 to 3 (Zadeh et al. 2016)", 3, "mosi", "MOSI", "CMU-MOSI")
MOSEI = _corpus("mosei", "CMU-MOSEI, -3 to 3 (Zadeh et al. 2018)", 3, "mosi", "MOSEI", "CMU-MOSEI")
SIMS = _corpus(
    "sims", "CH-SIMS, Chinese, each sense judged alone too (Yu et al. 2020)", 1, "polarity", "SIMS", "CH-SIMS"
)
SIMS2 = _corpus(
    "simsv2",
    "CH-SIMS v2, Chinese, each sense judged alone too (Liu et al. 2022)",
    1,
    "polarity",
    "SIMSv2",
    "CH-SIMS-V2",
)
