"""Queries in SQL as the driver takes it, for what commands ask that must answer at once. No SQLAlchemy.

Importing SQLAlchemy takes longer than all that such a command does. What is asked here is asked nowhere else: an open
`Store` answers it too. tables.py says what there is, and a test holds these queries to it.
"""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from digitd.errors import DatabaseError

#: How long a writer waits for the others of its process, and then for another process, in milliseconds.
BUSY_TIMEOUT_MS = 30_000


class Plain(ABC):
    """What is asked in plain SQL of a database, however it was opened."""

    @abstractmethod
    def _asking(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection in a transaction that reads.

        Raises
        ------
        DatabaseError
            The database cannot be read; the message says what to do.
        """


def rows(connection: sqlite3.Connection, query: str, values: Mapping[str, object] | None = None) -> list[sqlite3.Row]:
    """The rows of a query, by the names of its columns."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values or {}).fetchall()


def all_of(conditions: Iterable[str]) -> str:
    """SQL that holds where all conditions do; where there is none, always."""
    return " AND ".join(f"({condition})" for condition in conditions) or "true"


def among(words: Iterable[StrEnum]) -> str:
    """Words of digitd's own as the list behind IN: one alone is as good as =, which an index gives in order."""
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


def listed(numbers: Iterable[int]) -> str:
    """Numbers as the value of one parameter, which `IN (SELECT value FROM json_each(:ids))` takes."""
    return json.dumps(list(numbers))


def as_kept(moment: datetime) -> str:
    """A time as `UtcDateTime` keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def as_time(kept: str) -> datetime:
    """The time that `UtcDateTime` has kept."""
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)


def refuse_missing(path: Path) -> None:
    """Raise DatabaseError where there is no database yet."""
    if not path.exists():
        raise DatabaseError(f"{path}: no database yet. `digitd run` makes it and reads what is in the inbox.")


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Tell of a database that cannot even be opened, with what to do, as a DatabaseError."""
    try:
        yield
    except sqlite3.OperationalError as fault:
        raise DatabaseError(
            f"{path}: the database cannot be opened ({fault}). See that you may read it and write to its folder, and "
            "that no other program keeps it locked."
        ) from None
    except sqlite3.DatabaseError as fault:
        raise DatabaseError(f"{path}: not a usable database ({fault}). Restore a backup, or move it away.") from None


@contextmanager
def readable(path: object) -> Iterator[None]:
    """Tell of an open database that cannot be read, with what to do, as a DatabaseError."""
    try:
        yield
    except sqlite3.OperationalError as fault:
        raise DatabaseError(
            f"{path}: the database cannot be read ({fault}). See that it is there, and that its folder may be written "
            "to."
        ) from fault
    except sqlite3.DatabaseError as fault:
        if not is_damage(fault):
            raise
        raise damaged(path, fault) from fault


def damaged(path: object, fault: object) -> DatabaseError:
    """What is told of a database of which a part cannot be read."""
    return DatabaseError(f"{path}: the database is damaged ({fault}). Restore a backup.")


def is_damage(fault: object) -> bool:
    """Whether a fault of the driver says that the file is damaged: not locked, not full, and no query at fault."""
    return type(fault) is sqlite3.DatabaseError
