"""`index.duckdb` beside a run: its cases as tables, and what searching by meaning needs.

It is a copy that can be lost: whoever asks first after cases.jsonl grew adds what is new, under a lock, into a copy that then takes the
place of the old one. A build that was killed leaves the old one; one that cannot be read is built anew. Readers never write.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from cuechain.agents.errors import RunError
from cuechain.agents.library.meaning import WIDTH, plain, vectors, words
from cuechain.agents.library.sql import MEMORY, duckdb_of, first_line
from cuechain.agents.library.tables import TABLES, Row, rows
from cuechain.agents.runs import Run

VERSION = 2
"""Raised when tables or what is searched change: an older index is built anew."""

BATCH = 200
"""Cases that are put into the tables together; with long sheets about 10 MB."""

TEXTS = 2_048
"""Texts that are read by the encoder between two writes."""

EDGE = 4_096
"""Bytes before the end of what was read, by which the index knows whether the file only grew since."""

LOCKED = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
    "lock_configuration": "true",
}
"""How readers open an index: SQL reaches no file, no network, no Python variable, and cannot change that."""

Tell = Callable[[str], None]


def opened(run: Run, *, meaning: bool = False, tell: Tell = lambda line: None) -> Any:
    """A connection that reads the tables of a run and nothing else: no files, no network, no settings.

    Args:
        run: The run; its index is made or brought up to date first.
        meaning: Whether texts are to be compared.
        tell: Hears how far a build is.

    Raises:
        RunError: No run, or its folder cannot be written.
        MissingExtraError: duckdb or pyarrow are not installed.
    """
    path = indexed(run, meaning=meaning, tell=tell)
    return _connected(path)


def _connected(path: Path) -> Any:
    return duckdb_of().connect(str(path), read_only=True, config=LOCKED)


def indexed(run: Run, *, meaning: bool = False, tell: Tell = lambda line: None) -> Path:
    """Bring the index of a run up to date; see `opened`."""
    _ = run.manifest
    path, cases = run.folder / "index.duckdb", run.folder / "cases.jsonl"
    if _fresh(path, cases, meaning):
        return path
    try:
        with FileLock(run.folder / ".index.lock"):  # it goes with its process, however that ends
            if not _fresh(path, cases, meaning):  # somebody else may have built it while we waited
                _build(path, cases, meaning, tell)
    except OSError as error:
        raise RunError(
            f"the index of {run.folder} cannot be written: {error.strerror}", "check the folder and the free space"
        ) from error
    return path


def _build(path: Path, cases: Path, meaning: bool, tell: Tell) -> None:
    """Write a new index beside the old one and put it in its place."""
    duckdb = duckdb_of()
    part = path.with_suffix(".part")
    rest = (part, part.with_name(part.name + ".wal"))
    for left in rest:  # of a build that was killed: nobody else builds while we hold the lock
        left.unlink(missing_ok=True)
    known = _known(path)
    grown = known is not None and known["edge"] == _edge(cases, known["end"])
    try:
        if grown:
            shutil.copyfile(path, part)
        with duckdb.connect(str(part), config={"memory_limit": MEMORY, "threads": "2"}) as db:
            db.execute("SET preserve_insertion_order = false")
            if not grown:
                _made(db)
            made: dict[str, Any] = known if grown and known else {"end": 0, "skipped": 0, "meaning": False}
            made |= _filled(db, cases, made, tell)
            if meaning or made["meaning"]:
                _read(db, tell)
                made["meaning"] = True
            made |= {"version": VERSION, "duckdb": duckdb.__version__, "edge": _edge(cases, made["end"])}
            db.execute("DELETE FROM search.made")
            db.execute("INSERT INTO search.made VALUES (?)", [json.dumps(made)])
            db.execute("CHECKPOINT")
        part.replace(path)
    except duckdb.Error as error:
        raise RunError(f"{path} cannot be built: {first_line(error)}", "check the folder and the free space") from error
    finally:
        for left in rest:
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _made(db: Any) -> None:
    for name, columns in TABLES.items():
        db.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {kind}' for c, kind in columns.items())})")
    db.execute("CREATE SCHEMA search")
    db.execute("CREATE TABLE search.made (told VARCHAR)")
    db.execute(f"CREATE TABLE search.texts (id UBIGINT, place FLOAT[{WIDTH}], length INTEGER)")
    db.execute("CREATE TABLE search.postings (word VARCHAR, id UBIGINT, times INTEGER)")


def _filled(db: Any, cases: Path, made: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Add the cases from where the last build ended; a case that was answered again takes the place of its former self."""
    end, skipped, count = made["end"], made["skipped"], 0
    fresh = end == 0
    waiting: dict[str, dict[str, list[Row]]] = {}
    met: set[str] = set()
    for place, after, raw in _lines(cases, end):
        end = after
        try:
            found = rows(raw, place)
        except ValueError:
            skipped += 1
            continue
        waiting[found["cases"][0][0]] = found
        count += 1
        if len(waiting) == BATCH:
            _put(db, waiting, [] if fresh and not met & set(waiting) else waiting)
            met |= set(waiting)
            waiting = {}
            tell(f"indexing: {count:,} cases")
    if waiting:
        _put(db, waiting, [] if fresh and not met & set(waiting) else waiting)
    return {"end": end, "skipped": skipped}


def _put(db: Any, waiting: dict[str, dict[str, list[Row]]], former: Iterable[str]) -> None:
    import pyarrow as pa

    db.execute("BEGIN")
    if again := list(former):
        for name in TABLES:
            db.execute(f"DELETE FROM {name} WHERE item IN (SELECT unnest(?::VARCHAR[]))", [again])
    for name, columns in TABLES.items():
        found = [row for tables in waiting.values() for row in tables[name]]
        if found:
            kinds = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "UBIGINT": pa.uint64(),
                     "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "VARCHAR[]": pa.list_(pa.string())}  # fmt: skip
            arrays = [pa.array(v, kinds[k]) for v, k in zip(zip(*found, strict=True), columns.values(), strict=True)]
            db.register("coming", pa.table(arrays, names=list(columns)))
            db.execute(f"INSERT INTO {name} SELECT * FROM coming")
            db.unregister("coming")
    db.execute("COMMIT")


def _read(db: Any, tell: Tell) -> None:
    """Read the texts of cues that were not read before: a vector and the words of each."""
    import pyarrow as pa

    new = (
        "SELECT text_id, any_value(sense), any_value(text) FROM cues "
        "WHERE text_id NOT IN (SELECT id FROM search.texts) GROUP BY 1"
    )
    left = db.execute(f"SELECT count(*) FROM ({new})").fetchone()[0]
    while found := db.execute(f"{new} LIMIT {TEXTS}").fetchall():
        tell(f"reading: {left:,} texts are left")
        left -= len(found)
        texts = [plain(sense, text) for _, sense, text in found]
        ids = [id for id, _, _ in found]
        own = [words(text) for text in texts]
        places = pa.FixedSizeListArray.from_arrays(pa.array(vectors(texts).ravel()), WIDTH)
        read = [pa.array(ids, pa.uint64()), places, pa.array(list(map(len, own)), pa.int32())]
        table = pa.table(read, names=["id", "place", "length"])
        flat = [(word, id) for id, one in zip(ids, own, strict=True) for word in one]
        spoken = pa.table(
            [pa.array([w for w, _ in flat], pa.string()), pa.array([i for _, i in flat], pa.uint64())],
            names=["word", "id"],
        )
        db.execute("BEGIN")
        for name, coming, insert in (
            ("texts", table, "SELECT * FROM coming"),
            ("postings", spoken, "SELECT word, id, count(*) FROM coming GROUP BY 1, 2"),
        ):
            db.register("coming", coming)
            db.execute(f"INSERT INTO search.{name} {insert}")
            db.unregister("coming")
        db.execute("COMMIT")


def _lines(cases: Path, start: int) -> Iterator[tuple[int, int, Any]]:
    """Records from a byte on, each with the bytes where it begins and ends; a last line that is still being written is left for later."""
    if not cases.is_file():
        return
    with cases.open("rb") as file:
        file.seek(start)
        place = start
        for line in file:
            if not line.endswith(b"\n"):
                return
            after = place + len(line)
            try:
                yield place, after, json.loads(line)
            except (ValueError, RecursionError):  # cut off while it was written
                if line.strip():
                    yield place, after, None
            place = after


def _fresh(path: Path, cases: Path, meaning: bool) -> bool:
    known = _known(path)
    if known is None or (meaning and not known["meaning"]):
        return False
    size = cases.stat().st_size if cases.is_file() else 0
    if known["edge"] != _edge(cases, known["end"]):
        return False
    return size == known["end"] or not _whole_line(cases, known["end"])


def _known(path: Path) -> dict[str, Any] | None:
    """What an index tells about itself; None where there is none that can be used."""
    duckdb = duckdb_of()
    if not path.is_file():
        return None
    try:
        with _connected(path) as db:
            made = json.loads(db.execute("SELECT told FROM search.made").fetchone()[0])
    except (duckdb.Error, TypeError, ValueError, RuntimeError):
        return None
    return made if made.get("version") == VERSION and made.get("duckdb") == duckdb.__version__ else None


def _edge(cases: Path, end: int) -> str:
    """Digest of the file's first bytes and of those before `end`: another one where the file was written anew."""
    if not cases.is_file():
        return ""
    with cases.open("rb") as file:
        head = file.read(min(EDGE, end))
        file.seek(max(0, end - EDGE))
        return hashlib.sha256(head + b"|" + file.read(min(EDGE, end))).hexdigest()


def _whole_line(cases: Path, end: int) -> bool:
    """Whether a line has come to its end since."""
    with cases.open("rb") as file:
        file.seek(end)
        return any(line.endswith(b"\n") for line in file)
