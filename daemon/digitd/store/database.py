"""An open database of digitd: opening, upgrading, and the transactions that everything else here runs in.

Writers begin with `BEGIN IMMEDIATE`, so that two processes queue for the database instead of failing half-way.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.exc import OperationalError

from digitd.errors import DatabaseError
from digitd.store import schema

#: How long a writer waits for the others of its process, and then for another process, in milliseconds.
BUSY_TIMEOUT_MS = 30_000


class Database:
    """An open database. Use as a context manager, or call `close`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Threads of one process queue here: at SQLite's own door they knock again after ever longer pauses.
        self._one_writes = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """Open the database at path; create makes it where there is none.

        Raises
        ------
        DatabaseError
            It is missing, damaged, older or newer; the message says what to do.
        """
        if not path.exists() and not create:
            raise DatabaseError(f"{path}: no database yet. `digitd run` makes it and reads what is in the inbox.")
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = connect(f"sqlite:///{path}")
        try:
            if create and schema.is_empty(engine):  # new, or what a crash in the first moment left
                schema.migrate(engine)
            schema.check(engine, str(path))
        except SqlDatabaseError as fault:
            raise DatabaseError(
                f"{path}: not a usable database ({fault.orig}). Restore a backup, or move it away."
            ) from None
        return cls(engine)

    @classmethod
    def upgrade(cls, path: Path) -> tuple[str | None, str, Path | None]:
        """Bring the database at path to this version, after copying it beside itself.

        Returns
        -------
        tuple
            The version before, the version now, and the copy's path; None where there was nothing to do.

        Raises
        ------
        DatabaseError
            It is newer, damaged, or not digitd's.
        """
        engine = connect(f"sqlite:///{path}")
        try:
            before = schema.check(engine, str(path), older=True)
            copy = None
            if before != schema.HEAD:
                copy = path.with_name(f"{path.name}.{before}.{datetime.now(UTC):%Y%m%dT%H%M%S}")
                copy_database(engine, copy)
            schema.migrate(engine)
        except SqlDatabaseError as fault:
            raise DatabaseError(
                f"{path}: not a usable database ({fault.orig}). Restore a backup, or move it away."
            ) from None
        finally:
            engine.dispose()
        return before, schema.HEAD, copy

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def check_writable(self) -> None:
        """Begin and end a writing transaction.

        Raises
        ------
        DatabaseError
            The database takes no writes.
        """
        with self._writing() as connection:
            connection.execute(text("SELECT 1"))

    @contextmanager
    def _writing(self, *, waiting: bool = True) -> Iterator[Connection]:
        """A transaction that is committed at its end, or leaves no trace; waiting says whether to wait for others."""
        if not self._one_writes.acquire(timeout=BUSY_TIMEOUT_MS / 1000 if waiting else 0):
            raise self._no_writes("others are writing")
        try:
            with (
                self._engine.connect().execution_options(immediate=True) as connection,
                nullcontext() if waiting else _without_waiting(connection),
                connection.begin(),
            ):
                yield connection
        except OperationalError as fault:
            raise self._no_writes(fault.orig) from fault
        finally:
            self._one_writes.release()

    def _no_writes(self, why: object) -> DatabaseError:
        return DatabaseError(
            f"{self._engine.url.database}: the database takes no writes ({why}). "
            "See that the disk has room and that its folder may be written to; nothing is lost meanwhile."
        )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except OperationalError as fault:
            raise DatabaseError(
                f"{self._engine.url.database}: the database cannot be read ({fault.orig}). See that it is there, and "
                "that its folder may be written to."
            ) from fault


def connect(url: str) -> Engine:
    """An engine on url; on SQLite with the settings digitd needs on every connection."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def copy_database(engine: Engine, path: Path) -> None:
    """Write a whole, compact copy to path, which must not exist; others may go on using the database."""
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # VACUUM does not run in a transaction
        connection.exec_driver_sql("VACUUM INTO ?", (str(path),))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not guessed by the driver
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",  # before journal_mode, which may itself have to wait
        "journal_mode = WAL",
        "synchronous = FULL",  # a commit survives a power cut: the file leaves `work/` right after it
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _without_waiting(connection: Connection) -> Iterator[None]:
    """Let a connection fail where another process writes; who has it next waits as ever."""
    sqlite = connection.connection.driver_connection
    assert sqlite is not None
    sqlite.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        sqlite.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
