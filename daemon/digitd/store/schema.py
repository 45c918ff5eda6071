"""The version of the database: checked at every opening, changed only by `migrate`. Alembic, set up in code."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from digitd.errors import DatabaseError
from digitd.resources import shipped

#: The revision this version of digitd works with: the newest in `migrations/`, held to it by a test.
HEAD = "0004"


def current(connection: Connection) -> str | None:
    """The revision of the open database, or None where it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def known() -> list[str]:
    """Every revision this version knows, oldest first."""
    return sorted(path.name.split("_")[0] for path in Path(shipped("migrations"), "versions").glob("[0-9]*.py"))


def is_empty(engine: Engine) -> bool:
    """Whether the database has no tables at all."""
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def check(engine: Engine, where: str, *, older: bool = False) -> str | None:
    """Refuse a database of another version, unless it is older and older is allowed; returns its revision.

    Raises
    ------
    DatabaseError
        Older, newer, or not digitd's; the message says what to do.
    """
    with engine.connect() as connection:
        found = current(connection)
        foreign = found is None and bool(inspect(connection).get_table_names())
    if foreign:
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


def migrate(engine: Engine) -> None:
    """Bring the database to HEAD, in one transaction."""
    from alembic import command  # slow to import, and needed only here
    from alembic.config import Config as AlembicConfig

    settings = AlembicConfig()
    settings.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
