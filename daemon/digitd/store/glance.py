"""A database that is only looked into, by commands that must answer at once: without SQLAlchemy, and never written to.

Who looks holds up nobody who writes, and waits for nobody.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from digitd.store import schema
from digitd.store.fields import Fields
from digitd.store.known import Known
from digitd.store.plain import BUSY_TIMEOUT_MS, readable, refuse_missing, usable


class Glance(Known, Fields):
    """An open database that is only read. Use as a context manager."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the database at path.

        Raises
        ------
        DatabaseError
            It is missing, damaged, older or newer; the message says what to do.
        """
        refuse_missing(path)
        with usable(path):
            try:
                return cls(_opened(path, "mode=ro"), path)
            except sqlite3.OperationalError:
                if not _rests(path):
                    raise
            return cls(_opened(path, "mode=ro&immutable=1"), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._connection.close()

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        with readable(self._path):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.rollback()


def _opened(path: Path, how: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
    try:
        schema.check(connection, str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _rests(path: Path) -> bool:
    """Whether nobody has the database open and all of it is in its own file, in a folder that may not be written to.

    Then it cannot be opened as others might have it, but as what nobody changes.
    """
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK, effective_ids=True) and not (log.exists() and log.stat().st_size)
