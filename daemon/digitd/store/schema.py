"""The version of the database: checked at every opening, changed only by `migrate`. Alembic, set up in code."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from digitd.errors import DatabaseError
from digitd.resources import shipped

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: The revision this version of digitd works with: the newest in `migrations/`, held to it by a test.
HEAD = "0004"


def tables(connection: sqlite3.Connection) -> set[str]:
    """The names of all tables there are, without those of SQLite itself."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    return {name for (name,) in found}


def known() -> list[str]:
    """Every revision this version knows, oldest first."""
    return sorted(path.name.split("_")[0] for path in Path(shipped("migrations"), "versions").glob("[0-9]*.py"))


def check(connection: sqlite3.Connection, where: str, *, older: bool = False) -> str | None:
    """Refuse a database of another version, unless it is older and older is allowed; returns its revision.

    Raises
    ------
    DatabaseError
        Older, newer, or not digitd's; the message says what to do.
    """
    there = tables(connection)
    found = _revision(connection) if "alembic_version" in there else None
    if there and found is None:
        raise DatabaseError(f"{where}: this is not a database of digitd. Name another folder for `var` in config.toml.")
    if older and (found is None or found in known()):
        return found
    if found is None or (found in known() and found != HEAD):
        was = "empty" if found is None else f"of an older version ({found}, this digitd needs {HEAD})"
        raise DatabaseError(f"{where}: the database is {was}. Stop the service and run `digitd upgrade`.")
    if found != HEAD:
        raise DatabaseError(
            f"{where}: the database is of a newer version ({found}, this digitd knows up to {HEAD}). "
            "Install the digitd that wrote it, or a newer one."
        )
    return found


def _revision(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else row[0]


def migrate(engine: "Engine") -> None:
    """Bring the database to HEAD, in one transaction."""
    from alembic import command  # slow to import, and needed only here
    from alembic.config import Config as AlembicConfig

    settings = AlembicConfig()
    settings.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
