"""Clips beside the tables of a dataset: found by their name, and held against the length that the annotation says."""

from __future__ import annotations

from pathlib import Path

from cuechain.agents.datasets import Fault
from cuechain.agents.errors import MediaError
from cuechain.agents.probe import container_of

SLACK = 1.0
"""Seconds that a cut may be off at its ends before it is called wrong: the step between key frames of television."""

RATIO = 2.0
"""A clip that is longer or shorter than its annotated stretch by more than this holds something else."""


class Clips:
    """Media files of a dataset. Where none of its folders is there, the dataset is read as text and nothing is missing."""

    def __init__(self, root: Path, *places: str) -> None:
        """Look for the files.

        Args:
            root: Folder of the dataset, or one of its files.
            *places: Names of the folders that hold media, in `root` or anywhere below.
        """
        root = root.parent if root.is_file() else root
        folders = [f for place in places for f in (root / place, *root.rglob(place)) if f.is_dir()]
        self.there = bool(folders)
        """Whether any of the folders is there."""
        self._files = {f.name.lower(): f for folder in reversed(folders) for f in folder.rglob("*") if f.is_file()}

    def find(self, id: str, name: str, seconds: float | None = None) -> tuple[str | None, list[Fault]]:
        """The path of a file, and what is wrong with it.

        Args:
            id: Of the item, for faults.
            name: Of the file, in any case.
            seconds: How long the annotated stretch is; None where that is not told.

        Returns:
            The path, None where it is missing, empty or no medium; and the faults: missing, broken, miscut.
        """
        if not self.there:
            return None, []
        file = self._files.get(name.lower())
        if file is None:
            return None, [Fault(id, "missing", f"there is no {name}")]
        if not file.stat().st_size:
            return None, [Fault(id, "broken", f"{name} is empty")]
        if seconds is None:
            return str(file), []
        try:
            length = length_of(file)
        except MediaError as error:
            return None, [Fault(id, "broken", error.message)]
        off = abs(length - seconds) > SLACK and not seconds / RATIO <= length <= seconds * RATIO
        return str(file), [Fault(id, "miscut", f"{name} lasts {length:.1f} s, annotated are {seconds:.1f} s")] * off


def length_of(file: Path) -> float:
    """Seconds that a clip says it lasts.

    Raises:
        MediaError: It cannot be opened.
    """
    import av
    from av.error import FFmpegError

    try:
        with container_of(file) as container:
            return (container.duration or 0) / av.time_base
    except (FFmpegError, OSError) as error:
        raise MediaError(f"{file.name} cannot be opened: {error}", "was the download complete?") from error
