"""One file a clip: what was said and felt when, as subtitles (SRT) or annotations (ELAN). Cases of one clip stand in one file."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cuechain.agents.catalogue import case_of
from cuechain.agents.exports.files import Whole, safe_name
from cuechain.agents.exports.record import Origin
from cuechain.agents.values import Case, Cue, Media

SOURCES = "sources.jsonl"
"""Beside the clips' files: which cases each holds and where they come from, since not every form has a place for it."""


@dataclass(frozen=True)
class Clip:
    """One file and the cases about it."""

    media: Media
    """The file."""
    cases: tuple[Case, ...]
    """In the order of the run; their sheets hold cues of this file alone, and of no other."""
    origin: Origin
    """The run."""

    def cues(self) -> Iterator[tuple[str, Cue]]:
        """Cues with a time, each once, by time; cases about stretches of one clip share those at their edges."""
        seen: dict[tuple[object, ...], tuple[str, Cue]] = {}
        for case in self.cases:
            for id, cue in case.sheet.cues.items():
                if cue.span is not None:
                    key = (cue.sense, cue.person, cue.span.start, cue.span.end, cue.text)
                    seen.setdefault(key, (id, cue))
        yield from sorted(
            seen.values(), key=lambda one: (one[1].span.start, one[1].span.end) if one[1].span else (0.0, 0.0)
        )


class Timelines:
    """Gathers cases by clip, on disk, and writes each clip's file at the end: one clip is held at a time."""

    def __init__(self, folder: Path, suffix: str, written: Callable[[Clip], str | None], origin: Origin) -> None:
        """Begin to gather.

        Args:
            folder: Where the files go.
            suffix: Of the files, with its dot.
            written: The text of a clip's file; None where there is nothing to be put on a timeline.
            origin: The run.
        """
        self.left: Counter[str] = Counter()
        self.written = 0
        self._folder, self._suffix, self._text, self._origin = folder, suffix, written, origin
        self._held = tempfile.TemporaryDirectory(prefix="cuechain-export-")
        self._clips: dict[str, int] = {}

    def add(self, case: Case) -> None:
        """Take the next case: it goes to each of its files that has times."""
        timed = [m for m in case.sheet.media if m.duration is not None and m.path]
        if not timed:
            self.left["no times"] += 1
            return
        for media in timed:
            key = media.path or media.sha256
            number = self._clips.setdefault(key, len(self._clips))
            one = len(case.sheet.media) == 1
            ids = {i for i, c in case.sheet.cues.items() if one or c.media == media.id}
            kept = case.model_copy(update={"sheet": case.sheet.only(ids).model_copy(update={"media": (media,)})})
            with (Path(self._held.name) / f"{number}.jsonl").open("a", encoding="utf-8") as out:
                out.write(kept.model_dump_json(exclude_defaults=True) + "\n")

    def finish(self) -> list[Path]:
        """Write the files; which they are."""
        taken: set[str] = set()
        files: list[Path] = []
        sources = Whole(self._folder / SOURCES)
        try:
            for key, number in self._clips.items():
                cases = tuple(_read(Path(self._held.name) / f"{number}.jsonl"))
                text = self._text(Clip(cases[0].sheet.media[0], cases, self._origin))
                if text is None:
                    self.left["nothing with a time"] += len(cases)
                    continue
                files.append(_put(self._folder / (safe_name(Path(key).stem, taken) + self._suffix), text))
                for case in cases:
                    told = {"file": files[-1].name, **self._origin.of(case)}
                    sources.out.write(json.dumps(told, ensure_ascii=False) + "\n")
            self.written = len(files)
            return [*files, sources.finish()]
        finally:
            sources.drop()
            self._held.cleanup()

    def drop(self) -> None:
        """Leave nothing behind but files that are whole."""
        self._held.cleanup()


def _put(path: Path, text: str) -> Path:
    whole = Whole(path)
    try:
        whole.out.write(text)
        return whole.finish()
    finally:
        whole.drop()


def _read(path: Path) -> Iterator[Case]:
    with path.open(encoding="utf-8") as lines:
        yield from map(case_of, lines)
