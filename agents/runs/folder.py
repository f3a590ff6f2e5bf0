"""A run folder: how it was made, a Case a line, what could not be used, and what happened when."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from filelock import FileLock, Timeout
from pydantic_core import PydanticSerializationError

from cuechain.agents.atomic import write
from cuechain.agents.catalogue import case_of
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import RunError
from cuechain.agents.runs.changed import Files
from cuechain.agents.values import Case

NAMED = 3
"""Items that are offered for one that is not there."""


class Run:
    """A run folder: `manifest.json` says how it was made, `cases.jsonl` holds a Case a line, `faults.jsonl` what could not be used,
    `files.jsonl` what files were when they were looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def manifest(self) -> dict[str, Any]:
        """How the run was made.

        Raises:
            RunError: There is none, or it cannot be read.
        """
        try:
            made = json.loads((self.folder / "manifest.json").read_text("utf-8"))
            if not {"task", "model"} <= made.keys():
                raise KeyError("task")
            return made
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise RunError(f"{self.folder} is no run folder", "`cuechain batch … --out FOLDER` makes one") from error

    def cases(self) -> Iterator[Case]:
        """The finished cases, the last one of each item.

        Raises:
            RunError: The file cannot be read.
        """
        yield from map(case_of, self.records())

    def chosen(self, ids: Sequence[str] = (), *, failed: bool = False) -> Iterator[Case]:
        """Some of the cases, in the order of the run.

        Args:
            ids: Of their items; all where none is given.
            failed: Those without an answer alone.

        Raises:
            RunError: It is no run folder, an item is not there, or the file cannot be read.
        """
        _ = self.manifest
        wanted = set(ids)
        if wanted:
            there = [_id_of(raw) for raw in self.records()]
            if lost := sorted(wanted - set(there)):
                near = [id for id in there if lost[0].lower() in id.lower()] or get_close_matches(lost[0], there, NAMED)
                hint = f"did you mean {' or '.join(near[:NAMED])}?" if near else f"it has {len(there):,} items"
                raise RunError(f"{self.folder} has no item '{lost[0]}'", hint)
        for raw in self.records():
            if (not wanted or _id_of(raw) in wanted) and (not failed or raw.get("status") == "failed"):
                yield case_of(raw)

    def records(self) -> Iterator[dict[str, Any]]:
        """The same as plain values; a line that was cut off while it was written is left out.

        Raises:
            RunError: The file cannot be read.
        """
        last: dict[str, int] = {}
        for place, raw in self._lines():
            last[_id_of(raw)] = place
        wanted = set(last.values())
        yield from (raw for place, raw in self._lines() if place in wanted)

    def faults(self) -> list[Fault]:
        """What of the dataset could not be used."""
        path = self.folder / "faults.jsonl"
        return [Fault(**json.loads(x)) for x in path.read_text("utf-8").splitlines()] if path.is_file() else []

    @property
    def finished(self) -> int | None:
        """How many items the dataset has, faults left out; None while the run has not come to its end."""
        path = self.folder / "finished.json"
        return json.loads(path.read_text("utf-8"))["items"] if path.is_file() else None

    def _lines(self, name: str = "cases") -> Iterator[tuple[int, dict[str, Any]]]:
        path = self.folder / f"{name}.jsonl"
        if not path.is_file():
            return
        with path.open("rb") as lines:
            for place, line in enumerate(lines):
                try:
                    yield place, json.loads(line)
                except ValueError:
                    continue

    def done(self) -> dict[str, frozenset[str]]:
        """Ids of the items that have an answer, with the SHA-256 of each medium that was looked at."""
        return {_id_of(raw): _digests(raw) for raw in self.records() if raw.get("status", "done") == "done"}

    def files(self) -> dict[str, Any]:
        """Id of an item to what its files were when they were looked at (`changed.Files`)."""
        kept = (raw for _, raw in self._lines("files"))
        return {str(raw["id"]): raw["files"] for raw in kept if {"id", "files"} <= raw.keys()}


class Writing:
    """A run that is being written, by one process at a time. Each line is on the disk before the next item counts as done."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        """Begin a run, or go on with one that was made in the same way.

        Args:
            folder: Made where it is not there.
            manifest: How it is made; JSON values.

        Raises:
            RunError: The folder holds another run or other files, another process is writing it, or it cannot be written.
        """
        self.run = Run(folder)
        self._files: dict[str, IO[str]] = {}
        self._told = json.loads(json.dumps(manifest))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _refuse_strangers(folder)
            self._lock = FileLock(folder / ".lock")
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise RunError(f"another process is writing {folder}", "wait for it, or choose another --out") from error
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            self._begin(folder)
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, folder: Path) -> None:
        path = folder / "manifest.json"
        made = self.run.manifest if path.is_file() else None
        other = made is not None and made != self._told
        if other and self.run.done():
            old, new = _flat(made or {}), _flat(self._told)
            changed = sorted(k for k in {*old, *new} if old.get(k) != new.get(k))
            told = f"{', '.join(changed)} differ{'s' * (len(changed) == 1)}"
            raise RunError(f"{folder} holds another run: {told}", "choose another --out")
        # A run that has answered nothing holds nothing that another one could be mixed with.
        past = ("finished.json", "faults.jsonl", *(("cases.jsonl", "files.jsonl") if other else ()))
        try:
            for name in past:
                (folder / name).unlink(missing_ok=True)
            for name in ("cases", "events", "files"):
                _end_line(folder / f"{name}.jsonl")
        except OSError as error:
            raise _unwritable(folder, error) from error
        if made != self._told:
            write(path, json.dumps(self._told, indent=2) + "\n")

    def __enter__(self) -> Writing:
        self.event("begun", pid=os.getpid())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None and not issubclass(kind, GeneratorExit | RunError):
                self.event("broken", error=f"{kind.__name__}: {error}")
        finally:
            for file in self._files.values():
                file.close()
            self._lock.release()

    def case(self, case: Case) -> None:
        """Keep a case.

        Raises:
            RunError: The disk is full, or the folder cannot be written.
        """
        try:
            line = case.model_dump_json(exclude_defaults=True)
        except (
            PydanticSerializationError
        ):  # half of a character pair, in a reply or in words: this letter alone is lost
            raw = json.dumps(case.model_dump(exclude_defaults=True), ensure_ascii=False)
            line = raw.encode("utf-8", "replace").decode()
        self._line("cases", line)

    def files(self, id: str, found: Files) -> None:
        """Keep what the files of an item were before they were looked at. Should the line be lost, their bytes are compared.

        Raises:
            RunError: The disk is full, or the folder cannot be written.
        """
        self._line("files", json.dumps({"id": id, "files": found}), sync=False)

    def fault(self, fault: Fault) -> None:
        """Keep what of the dataset could not be used.

        Raises:
            RunError: The disk is full, or the folder cannot be written.
        """
        self._line("faults", json.dumps(vars(fault)))

    def event(self, what: str, **more: Any) -> None:
        """Keep what happened, with the time.

        Raises:
            RunError: The disk is full, or the folder cannot be written.
        """
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self._line("events", json.dumps({"time": stamp, "event": what, **more}))

    def finish(self, items: int, gone: Sequence[str] = ()) -> None:
        """Say that every item has been tried.

        Args:
            items: How many there are.
            gone: Those that have an answer and are there no longer.

        Raises:
            RunError: The disk is full, or the folder cannot be written.
        """
        told = {"items": items, **({"gone": list(gone)} if gone else {})}
        write(self.run.folder / "finished.json", json.dumps(told) + "\n")
        self.event("finished", items=items)

    def _line(self, name: str, line: str, *, sync: bool = True) -> None:
        try:
            if name not in self._files:
                self._files[name] = (self.run.folder / f"{name}.jsonl").open("a", encoding="utf-8")
            file = self._files[name]
            file.write(line + "\n")
            file.flush()
            if sync:
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(self.run.folder, error) from error


def _flat(manifest: dict[str, Any]) -> dict[str, Any]:
    """Values by name, those of a group as `settings.language`."""
    flat: dict[str, Any] = {}
    for name, value in manifest.items():
        flat |= {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _refuse_strangers(folder: Path) -> None:
    """A run is not written among other files. A first manifest may be on its way, and hidden files are nobody's."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")} - {"manifest.json.part"}
    if names and "manifest.json" not in names:
        raise RunError(f"{folder} is not empty, and holds no run", f"--out {folder}/run, or an empty folder")


def _unwritable(folder: Path, error: OSError) -> RunError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "free some space; what is done is kept" if full else "choose another --out"
    return RunError(f"{folder} cannot be written: {error.strerror or error}", hint)


def _id_of(raw: dict[str, Any]) -> str:
    return str((raw.get("sample") or {}).get("id", ""))


def _digests(raw: dict[str, Any]) -> frozenset[str]:
    return frozenset(m.get("sha256", "") for m in (raw.get("sheet") or {}).get("media") or ())


def _end_line(path: Path) -> None:
    """End a line that was cut off while it was written, so that the next one stands by itself."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
