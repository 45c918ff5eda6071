import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from digitd.errors import DatabaseError
from digitd.resources import shipped
from digitd.store import Store, schema
from digitd.store.database import connect
from digitd.store.tables import Base


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digitd.db"


def made(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def test_migrations_make_the_schema_that_the_tables_describe(path: Path) -> None:
    """A migrated database and the mapped tables do not differ in tables, columns, types, indices or constraints."""
    Store.open(path, create=True).close()
    engine = connect(f"sqlite:///{path}")
    with engine.connect() as connection:
        options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []
    engine.dispose()


def test_head_is_the_newest_revision() -> None:
    """The version this digitd needs is the last file in migrations/, and revisions follow one another."""
    assert schema.known()[-1] == schema.HEAD
    files = sorted(Path(shipped("migrations"), "versions").glob("[0-9]*.py"))
    assert [path.name[:4] for path in files] == [f"{n + 1:04d}" for n in range(len(files))]


def test_without_create_a_missing_database_is_told(path: Path) -> None:
    """Looking at results makes no database; the message names the command that does."""
    with pytest.raises(DatabaseError, match=r"digitd\.db: no database yet\. `digitd run`"):
        Store.open(path)
    assert not path.exists()


def test_an_older_database_names_the_upgrade(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of a known older revision is not touched; the message names the next command."""
    Store.open(path, create=True).close()
    monkeypatch.setattr(schema, "HEAD", "0002")
    monkeypatch.setattr(schema, "known", lambda: ["0001", "0002"])
    with pytest.raises(DatabaseError, match=r"older version \(0001, this digitd needs 0002\).*`digitd upgrade`"):
        Store.open(path)


@pytest.mark.parametrize("opening", [Store.open, Store.upgrade])
def test_a_newer_database_is_refused(path: Path, opening: Any) -> None:
    """A database that a newer digitd wrote is neither read nor upgraded."""
    Store.open(path, create=True).close()
    made(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match=r"newer version \(9999.*Install the digitd that wrote it"):
        opening(path)


@pytest.mark.parametrize("opening", [Store.open, Store.upgrade])
def test_a_foreign_database_is_refused(path: Path, opening: Any) -> None:
    """Another program's database is left alone."""
    made(path, "CREATE TABLE songs (id INTEGER)")
    with pytest.raises(DatabaseError, match="not a database of digitd"):
        opening(path)


@pytest.mark.parametrize("opening", [Store.open, Store.upgrade])
def test_a_damaged_database_is_refused(path: Path, opening: Any) -> None:
    """Bytes that are no database are named as such."""
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseError, match=r"not a usable database .*Restore a backup"):
        opening(path)


@pytest.mark.parametrize("leave", [Path.touch, lambda path: connect(f"sqlite:///{path}").connect().close()])
def test_an_empty_file_becomes_a_database(path: Path, leave: Any) -> None:
    """What a crash in the first moment leaves behind, with or without a header, is no obstacle."""
    leave(path)
    Store.open(path, create=True).close()
    with Store.open(path) as store:
        assert store.documents() == []


def test_upgrading_keeps_a_copy_and_the_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older database is copied beside itself before it is changed, and its rows are there afterwards."""
    made(path, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)", "CREATE TABLE kept (n INTEGER)")
    made(path, "INSERT INTO alembic_version VALUES ('0000')", "INSERT INTO kept VALUES (7)")
    monkeypatch.setattr(schema, "known", lambda: ["0000", "0001"])

    def migrate(engine: Any) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    monkeypatch.setattr(schema, "migrate", migrate)
    before, after, copy = Store.upgrade(path)
    assert (before, after) == ("0000", "0001")
    assert copy is not None
    for file, revision in ((path, "0001"), (copy, "0000")):
        connection = sqlite3.connect(file)
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]
        connection.close()


def test_upgrading_what_is_current_does_nothing(path: Path) -> None:
    """No copy is made where there is nothing to do."""
    Store.open(path, create=True).close()
    assert Store.upgrade(path) == (schema.HEAD, schema.HEAD, None)
    assert [file.name for file in path.parent.iterdir()] == ["digitd.db"]


def test_a_path_with_a_percent_sign_works(tmp_path: Path) -> None:
    """Alembic's configuration gives the sign a meaning; a folder may have it all the same."""
    Store.open(tmp_path / "100%" / "a b.db", create=True).close()
    with Store.open(tmp_path / "100%" / "a b.db") as store:
        assert store.documents() == []
