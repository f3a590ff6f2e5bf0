"""MER2023–2025, OV-MERD, MER-Caption+ and EMER (Lian et al. 2023–2025): tables that name a clip, and what is felt in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import list_of
from cuechain.agents.datasets.files import find, table
from cuechain.agents.datasets.media import SOUND, VIDEO, shelf
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

DISCRETE = {
    "train": ("track1_train_disdim.csv", "train-label.csv", "label-disdim.csv"),
    "test": ("track1_test_dis.csv", "reference-semi.csv"),
    "test1": ("test1-label.csv",),
    "test2": ("test2-label.csv",),
    "test3": ("test3-label.csv",),
}
"""Names of the label files; `test1` to `test3` are the parts of MER2023."""

LABELS = ("worried", "happy", "neutral", "angry", "surprised", "sad")


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Clips with one of six labels; valence is left out, as its scale is not told in the files.

    Raises:
        ConfigError: No label file of this split.
    """
    path, clips, subtitles = (
        find(folder, *DISCRETE[split]),
        shelf(folder, VIDEO + SOUND),
        _companion(folder, *SUBTITLES),
    )
    yield from clips.told()
    for line, row in table(path, ("name", "discrete")):
        if row is None:
            yield Fault(f"{path.name}:{line}", "broken", "another number of cells than the header")
            continue
        name, label = row["name"].strip(), row["discrete"].strip().lower()
        label = "surprised" if label == "surprise" else label
        files = clips.files(name)
        if not label:
            yield Fault(name, "no_label", "no label")
        elif label not in LABELS:
            yield Fault(name, "label_outside", f"'{label}' is none of {', '.join(LABELS)}")
        elif files is None:
            yield Fault(name, "missing", f"no clip {name} below {clips.folder}")
        else:
            yield from _sample(name, subtitles.get(name, ""), files, Target(labels=(label,)))


SUBTITLES = ("subtitle_chieng.csv", "english")


def _companion(folder: Path, name: str, column: str) -> dict[str, str]:
    """Name of a clip to a column of a file beside; nothing where that file is not there."""
    try:
        path = find(folder if folder.is_dir() else folder.parent, name)
    except ConfigError:
        return {}
    return {row["name"].strip(): row[column].strip() for _, row in table(path, ("name", column)) if row}


def _sample(name: str, text: str, files: tuple[str, ...], target: Target) -> Iterator[Sample | Fault]:
    if not files and not text:
        yield Fault(name, "empty", "neither a clip nor a subtitle")
    else:
        yield Sample(id=name, group=name, text=text or None, files=files, target=target)


def read_open(folder: Path, split: str, *, part: str) -> Iterator[Sample | Fault]:
    """Clips with any number of labels in any words (track 2), and the description that they were taken from (track 3).

    Raises:
        ConfigError: No table of labels.
    """
    path = find(folder, f"track2_{split}_{part}.csv")
    clips, subtitles = shelf(folder, VIDEO + SOUND), _companion(folder, *SUBTITLES)
    reasons = _companion(folder, f"track3_{split}_{part}.csv", "reason")
    yield from clips.told()
    if not reasons:
        yield Fault(f"track3_{split}_{part}.csv", "missing", "no descriptions: labels alone")
    for line, row in table(path, ("name", "openset")):
        if row is None:
            yield Fault(f"{path.name}:{line}", "broken", "another number of cells than the header")
            continue
        name, labels, files = row["name"].strip(), list_of(row["openset"]), clips.files(row["name"].strip())
        if not labels:
            yield Fault(name, "no_label", "no label")
        elif files is None:
            yield Fault(name, "missing", f"no clip {name} below {clips.folder}")
        elif reasons and name not in reasons:
            yield Fault(name, "misaligned", "it has labels, but no description")
        else:
            target = Target(labels=labels, text=reasons.get(name, ""))
            yield from _sample(name, subtitles.get(name, ""), files, target)


def read_emer(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Clips with a written explanation (second version), with labels and corrected subtitles too (first version).

    Raises:
        ConfigError: No such table.
    """
    path, clips = find(folder, "final-EMER-reason.csv", "gt-eng.csv"), shelf(folder, VIDEO + SOUND)
    yield from clips.told()
    for line, row in table(path):
        if row is None:
            yield Fault(f"{path.name}:{line}", "broken", "another number of cells than the header")
            continue
        told = {new: next((row[key].strip() for key in keys if key in row), None) for new, keys in EMER_COLUMNS.items()}
        if told["name"] is None or told["reason"] is None:
            raise ConfigError(f"{path} has no name and reason", f"it has {', '.join(row)}")
        name, files = told["name"], clips.files(told["name"])
        if not told["reason"]:
            yield Fault(name, "empty", "no explanation")
        elif files is None:
            yield Fault(name, "missing", f"no clip {name} below {clips.folder}")
        else:
            labels = list_of(told["emotions"]) if told["emotions"] else None
            yield from _sample(name, told["text"] or "", files, Target(labels=labels, text=told["reason"]))


EMER_COLUMNS = {
    "name": ("name", "names"),
    "reason": ("english", "reasons", "reason"),
    "emotions": ("emotions",),
    "text": ("subtitles",),
}


def _open(name: str, about: str, reader: Callable[..., Iterator[Sample | Fault]]) -> Dataset:
    told = f"{about}; format from publications"
    return Dataset(name, told, ("open_emotion",), ("train",), reader, verified=False)


MER = Dataset(
    "mer",
    "MER2023 to 2025, six labels (Lian et al. 2023–2025); format from publications",
    ("emotion",),
    tuple(DISCRETE),
    read,
    labels="mer",
    protocol="meld",
    verified=False,
)
OVMERD = _open("ovmerd", "OV-MERD, labels in any words (Lian et al. 2024)", partial(read_open, part="ovmerd"))
MERCAPTION = _open(
    "mercaptionplus", "MER-Caption+, labelled by models (Lian et al. 2025)", partial(read_open, part="mercaptionplus")
)
EMER = _open("emer", "EMER, written explanations (Lian et al. 2023)", read_emer)
