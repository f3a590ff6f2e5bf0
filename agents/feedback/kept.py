"""Where answers and what people thought of them lie: folders of sessions, and files of cases with feedback beside them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from cuechain.agents.catalogue import case_of
from cuechain.agents.errors import ConfigError, CueChainError, RunError, SessionError
from cuechain.agents.sessions import LOCAL, Feedback, Sessions
from cuechain.agents.values import Case


@dataclass(frozen=True)
class Kept:
    """Answers of one session or file, and what was said of them."""

    name: str
    """Id of the session, or name of the file."""
    owner: str
    """Whose session it is."""
    cases: dict[int, Case]
    """Turn, from 1, to its case, of an item of a run the last one; turns whose line cannot be read are not there."""
    turns: int
    """How many turns there are, readable or not."""
    said: dict[int, Feedback]
    """Turn to the last word on it."""
    faults: Counter[str] = field(default_factory=Counter[str])
    """What could not be used, by reason."""
    revised: int = 0
    """Earlier words that a later one on the same turn replaces."""
    replaced: dict[int, str] = field(default_factory=dict[int, str])
    """Turns of a run that are not in `cases`, as their item was asked again, to the id of the item."""

    @property
    def items(self) -> dict[str, int]:
        """Ids of the items of a run to the turn that counts; none of a session."""
        return {case.sample.id: turn for turn, case in self.cases.items() if case.sample}

    @property
    def answers(self) -> list[int]:
        """The turns that have an answer."""
        return [turn for turn, case in self.cases.items() if case.answer is not None]


@dataclass(frozen=True)
class Place:
    """The two files of a session, or of a file of cases."""

    name: str
    owner: str
    cases: Path
    feedback: Path

    @classmethod
    def of(cls, path: Path) -> Place:
        """The place that a session's folder, a file in it, or a file of cases is.

        Raises:
            ConfigError: It is none.
        """
        if path.name in ("cases.jsonl", "feedback.jsonl"):
            path = path.parent
        if (path / "cases.jsonl").is_file() or (path / "session.json").is_file():
            return cls(path.absolute().name, _owner(path) or LOCAL, path / "cases.jsonl", path / "feedback.jsonl")
        if path.is_file() and path.suffix in (".json", ".jsonl"):
            return cls(path.name, LOCAL, path, path.with_suffix(".feedback.jsonl"))
        raise ConfigError(
            f"{path} holds no answers", "give a session, a folder of sessions, or what `ask --json` printed"
        )

    def read(self) -> Kept:
        """What lies there; broken lines are counted."""
        cases: dict[int, Case] = {}
        faults: Counter[str] = Counter()
        said: dict[int, Feedback] = {}
        items: dict[str, int] = {}
        replaced: dict[int, str] = {}
        turns = revised = 0
        for line in _records(self.cases):
            turns += 1
            try:
                case = case_of(line)
            except (ValueError, KeyError, TypeError, AttributeError, CueChainError):
                faults["broken_case"] += 1
                continue
            cases[turns] = case
            if case.sample and (before := items.get(case.sample.id)):
                del cases[before]
                replaced[before] = case.sample.id
            if case.sample:
                items[case.sample.id] = turns
        for line in _records(self.feedback):
            try:
                one = Feedback.model_validate_json(line)
            except ValidationError:
                faults["broken_line"] += 1
                continue
            revised += one.turn in said
            said[one.turn] = one
        return Kept(self.name, self.owner, cases, turns, said, faults, revised, replaced)

    def add(self, said: Feedback) -> None:
        """Keep what somebody thinks of an answer.

        Raises:
            RunError, SessionError: The file cannot be written.
        """
        folder = self.feedback.parent
        if (folder / "session.json").is_file():
            Sessions(folder.parent.parent, self.owner).get(self.name).rate(said)
            return
        try:
            with self.feedback.open("a+b") as file:
                if file.tell() and not self.feedback.read_bytes().endswith(b"\n"):
                    file.write(b"\n")  # after half a line
                file.write(said.model_dump_json().encode() + b"\n")
        except OSError as error:
            raise RunError(f"{self.feedback} cannot be written: {error.strerror}", "check the folder") from error


@dataclass
class Found:
    """Places that were asked for, and sessions of others among them."""

    places: list[Place] = field(default_factory=list[Place])
    """In order, each once."""
    others: int = 0
    """Sessions of other owners that were left out."""


def found(paths: Iterable[Path], home: Path, *, everyone: bool) -> Found:
    """What paths name: sessions and files by themselves, a home by its sessions.

    Args:
        paths: Homes, folders or ids of sessions, files of cases; none for the home.
        home: Where the user's sessions are.
        everyone: Whether sessions of other owners in a home are taken too. A session that is named itself is taken, whoever owns it.

    Raises:
        ConfigError: A path holds nothing of the kind.
        RunError: There is no such file, folder or session.
    """
    told = Found()
    for path in [*paths] or [home]:
        root = next((r for r in (path / "sessions", path) if r.is_dir() and any(r.glob("*/session.json"))), None)
        if root is not None and not (path / "session.json").is_file():
            for record in sorted(root.glob("*/session.json")):
                if everyone or _owner(record.parent) == LOCAL:
                    told.places.append(Place.of(record.parent))
                else:
                    told.others += 1
        elif path.exists():
            if path != home:
                told.places.append(Place.of(path))
        elif path != home:
            try:
                told.places.append(Place.of(Sessions(home).get(str(path)).folder))
            except SessionError as error:
                raise RunError(f"there is no file, folder or session {path}", error.hint) from error
    told.places = [*{place.cases.resolve(): place for place in told.places}.values()]
    return told


def _owner(folder: Path) -> str | None:
    """Owner of a session; None where its record cannot be read."""
    try:
        return str(json.loads((folder / "session.json").read_text("utf-8"))["owner"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _records(path: Path) -> Iterator[str]:
    """Lines of a .jsonl that hold something, the whole of a .json; none where there is no file."""
    if not path.is_file():
        return
    text = path.read_text("utf-8-sig", "replace")
    yield from (line for line in ([text] if path.suffix == ".json" else text.split("\n")) if line.strip())
