"""One SELECT over the tables of a run, answered or refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cuechain.agents.errors import ConfigError, MissingExtraError

MEMORY = "1GB"
"""What DuckDB may take."""

ONLY = "only the run's tables can be read: no files, no other databases, no changes; `cuechain query --help` lists them"


def answered(db: Any, sql: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Names of the columns and the rows of one SELECT.

    Raises:
        ConfigError: It is no single SELECT, it is not valid, or it asks for more than the tables.
    """
    duckdb = duckdb_of()
    try:
        statements = db.extract_statements(sql)
        kinds = [s.type for s in statements]
        if len(kinds) != 1 or kinds[0] not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            raise ConfigError("a query is one SELECT", ONLY)
        found = db.execute(statements[0])
        return [c[0] for c in found.description], _rows_of(found)
    except (duckdb.Error, RuntimeError) as error:
        raise _refused(error) from error


def _rows_of(found: Any) -> Iterator[tuple[Any, ...]]:
    try:
        while some := found.fetchmany(1_000):
            yield from some
    except (duckdb_of().Error, RuntimeError) as error:  # what shows only with a row, such as a text that is no number
        raise _refused(error) from error


def _refused(error: Exception) -> BaseException:
    """What to tell the user; of Ctrl-C, DuckDB makes one of these."""
    if type(error) is RuntimeError or isinstance(error, duckdb_of().InterruptException):
        return KeyboardInterrupt()
    return ConfigError(f"the query failed: {first_line(error)}", _hint(error))


def _hint(error: Exception) -> str:
    if "Out of Memory" in str(error):
        return f"a query may take {MEMORY}; let it look at less"
    told = next((line for line in str(error).splitlines() if "Did you mean" in line or "Candidate" in line), "").strip()
    return told or ONLY


def duckdb_of() -> Any:
    """The library.

    Raises:
        MissingExtraError: duckdb or pyarrow are not installed.
    """
    try:
        import duckdb
        import pyarrow  # noqa: F401 - rows go into the tables through it  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise MissingExtraError("searching a run", "batch") from error
    return duckdb


def first_line(error: Exception) -> str:
    """What an error of DuckDB says, without the lines that point into the SQL."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
