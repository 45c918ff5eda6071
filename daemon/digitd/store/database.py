"""An open database of digitd: opening, upgrading, and the transactions that everything else here runs in.

Writers begin with `BEGIN IMMEDIATE`, so that two processes queue for the database instead of failing half-way.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.exc import DatabaseError as SqlDatabaseError

from digitd.errors import DatabaseError
from digitd.store import schema
from digitd.store.plain import BUSY_TIMEOUT_MS, Plain, damaged, is_damage, readable, refuse_missing, usable


class Database(Plain):
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
        if not create:
            refuse_missing(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = connect(f"sqlite:///{path}")
        with usable(path), _of_driver():
            with _driver(engine) as connection:
                new = not schema.tables(connection)
            if create and new:  # or it is what a crash in the first moment left
                schema.migrate(engine)
            with _driver(engine) as connection:
                schema.check(connection, str(path))
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
            with usable(path), _of_driver():
                with _driver(engine) as connection:
                    before = schema.check(connection, str(path), older=True)
                copy = None
                if before != schema.HEAD:
                    copy = path.with_name(f"{path.name}.{before}.{datetime.now(UTC):%Y%m%dT%H%M%S}")
                    copy_database(engine, copy)
                schema.migrate(engine)
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
        except (SqlDatabaseError, sqlite3.DatabaseError) as fault:
            why = getattr(fault, "orig", fault)
            if is_damage(why):
                raise damaged(self._engine.url.database, why) from fault
            if isinstance(why, sqlite3.OperationalError):
                raise self._no_writes(why) from fault
            raise
        finally:
            self._one_writes.release()

    def _no_writes(self, why: object) -> DatabaseError:
        return DatabaseError(
            f"{self._engine.url.database}: the database takes no writes ({why}). "
            "See that the disk has room and that its folder may be written to; nothing is lost meanwhile."
        )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with readable(self._engine.url.database), _of_driver(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection, connection.begin():
            yield driver_of(connection)


def connect(url: str) -> Engine:
    """An engine on url; on SQLite with the settings digitd needs on every connection."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, which is in the same transaction: what is asked in plain SQL is asked of it."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def copy_database(engine: Engine, path: Path) -> None:
    """Write a whole, compact copy to path, which must not exist; others may go on using the database."""
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # VACUUM does not run in a transaction
        connection.exec_driver_sql("VACUUM INTO ?", (str(path),))


def insert_rows(connection: Connection, table: Table, names: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows, each with a value for each of names, as the driver takes it.

    For where there are many: what SQLAlchemy does for each value takes as long as all that the database does.
    """
    if rows:
        connection.exec_driver_sql(_insertion(table, tuple(names)), rows)


@cache
def _insertion(table: Table, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names


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
def _driver(engine: Engine) -> Iterator[sqlite3.Connection]:
    with engine.connect() as connection:
        yield driver_of(connection)


@contextmanager
def _of_driver() -> Iterator[None]:
    """Raise what the driver has raised, where SQLAlchemy has wrapped it."""
    try:
        yield
    except SqlDatabaseError as fault:
        raise (fault.orig or fault) from fault


@contextmanager
def _without_waiting(connection: Connection) -> Iterator[None]:
    """Let a connection fail where another process writes; who has it next waits as ever."""
    sqlite = driver_of(connection)
    sqlite.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        sqlite.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
