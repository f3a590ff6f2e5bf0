"""One file a clip: what was said and felt when, as subtitles (SRT) or annotations (ELAN). Cases of one clip stand in one file."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cuechain.agents.catalogue import case_of
from cuechain.agents.exports.files import Whole, safe_name
from cuechain.agents.exports.record import Origin, asked_about, stretch, turn_of
from cuechain.agents.judged import name_of
from cuechain.agents.values import Case, Cue, Media, Span

SOURCES = "sources.jsonl"
"""Beside the clips' files: which cases each holds and where they come from, since not every form has a place for it."""


@dataclass(frozen=True)
class Clip:
    """One file and the cases about it."""

    media: Media
    """The file."""
    cases: tuple[Case, ...]
    """In the order of the run; their sheets hold what has a time in this file, and nothing else."""
    origin: Origin
    """The run."""
    folder: Path
    """Where what is written about it is going to lie."""

    def cues(self) -> Iterator[tuple[str, Cue]]:
        """Cues with a time, each once and with its names, by time; cases about stretches of one clip share those at their edges."""
        seen: dict[tuple[object, ...], tuple[dict[str, None], Cue]] = {}
        for case in self.cases:
            for id, cue in case.sheet.cues.items():
                if cue.span is not None:
                    seen.setdefault(_told(cue), ({}, cue))[0][self.named(case, id)] = None
        timed = ((", ".join(names), cue) for names, cue in seen.values())
        yield from sorted(timed, key=lambda one: (one[1].span.start, one[1].span.end) if one[1].span else (0.0, 0.0))

    def named(self, case: Case, id: str) -> str:
        """A cue's id, with the item before it where ids of several items mean different cues."""
        return f"{name_of(case)} {id}" if self._mixed else id

    @cached_property
    def _mixed(self) -> bool:
        known: dict[str, tuple[object, ...]] = {}
        return any(known.setdefault(i, _told(c)) != _told(c) for case in self.cases for i, c in case.sheet.cues.items())


def _told(cue: Cue) -> tuple[object, ...]:
    return cue.sense, cue.person, cue.span, cue.text


def when(case: Case) -> Span:
    """The stretch of its file that a case of a Clip is about; all of it where nothing else is told."""
    return stretch(case) or Span(start=0, end=case.sheet.media[0].duration or 0)


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
        """Take the next case: it goes to each of its files that has times; a case about a turn, to the file of this turn if it has one."""
        turn = turn_of(case)
        files: dict[str, list[Media]] = {}
        for media in case.sheet.media:
            if media.duration is not None and media.path and (turn is None or turn.file in (None, media.path)):
                files.setdefault(media.path, []).append(media)
        if not files:
            self.left["no times"] += 1
            return
        for path, parts in files.items():
            number = self._clips.setdefault(path, len(self._clips))
            whole = max(parts, key=lambda one: one.duration or 0)
            sheet = case.sheet.model_copy(update={"media": (whole,), "cues": dict(_timed(case, path, parts))})
            with (Path(self._held.name) / f"{number}.jsonl").open("a", encoding="utf-8") as out:
                out.write(case.model_copy(update={"sheet": sheet}).model_dump_json(exclude_defaults=True) + "\n")

    def finish(self) -> list[Path]:
        """Write the files; which they are."""
        taken: set[str] = set()
        files: list[Path] = []
        sources = Whole(self._folder / SOURCES)
        try:
            for key, number in self._clips.items():
                cases = tuple(_read(Path(self._held.name) / f"{number}.jsonl"))
                text = self._text(Clip(cases[0].sheet.media[0], cases, self._origin, self._folder))
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


def _timed(case: Case, path: str, parts: list[Media]) -> Iterator[tuple[str, Cue]]:
    """The cues of a file, and those of words that were given with it, over the stretch that they were given for."""
    own = {m.id for m in parts}
    texts = {m.id: m for m in case.sheet.media if m.kind == "text"}
    whole = asked_about(case) or Span(start=0, end=max(m.duration or 0 for m in parts))
    for id, cue in case.sheet.cues.items():
        if cue.media in own or len(case.sheet.media) == 1:
            yield id, cue
        elif cue.media in texts and (span := _given(case, cue, texts[cue.media], path, whole)):
            yield id, cue.model_copy(update={"span": span})


def _given(case: Case, cue: Cue, text: Media, path: str, whole: Span) -> Span | None:
    """When in a file given words are said; None where they are those of another file, or of a turn whose time nobody tells."""
    line = cue.measures.get("line")
    turn = text.turns[int(line) - 1] if isinstance(line, int | float) and 1 <= line <= len(text.turns) else None
    if turn is None or turn.file == path:
        return cue.span or whole
    if turn.file or not case.sample or path not in case.sample.files:
        return None
    return cue.span or (whole if line == case.sample.turn else None)


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
