import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from digitd.errors import DatabaseError
from digitd.resources import shipped
from digitd.store import Store, schema
from digitd.store.database import connect
from digitd.store.glance import Glance
from digitd.store.tables import SCHEMA

DATABASES = Path(__file__).parent / "databases"


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
    """A migrated database and the tables here do not differ in tables, columns, types, indices or constraints."""
    Store.open(path, create=True).close()
    engine = connect(f"sqlite:///{path}")
    with engine.connect() as connection:
        options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), SCHEMA) == []
    engine.dispose()


def test_head_is_the_newest_revision() -> None:
    """The version this digitd needs is the last file in migrations/, and revisions follow one another."""
    assert schema.known()[-1] == schema.HEAD
    files = sorted(Path(shipped("migrations"), "versions").glob("[0-9]*.py"))
    assert [path.name[:4] for path in files] == [f"{n + 1:04d}" for n in range(len(files))]


@pytest.mark.parametrize("opening", [Store.open, Glance.open])
def test_without_create_a_missing_database_is_told(path: Path, opening: Any) -> None:
    """Looking at results makes no database; the message names the command that does."""
    with pytest.raises(DatabaseError, match=r"digitd\.db: no database yet\. `digitd run`"):
        opening(path)
    assert not path.exists()


@pytest.mark.parametrize("opening", [Store.open, Glance.open])
def test_an_older_database_names_the_upgrade(path: Path, monkeypatch: pytest.MonkeyPatch, opening: Any) -> None:
    """A database of a known older revision is not touched; the message names the next command."""
    Store.open(path, create=True).close()
    was = schema.HEAD
    monkeypatch.setattr(schema, "HEAD", "9998")
    monkeypatch.setattr(schema, "known", lambda: [was, "9998"])
    with pytest.raises(DatabaseError, match=rf"older version \({was}, this digitd needs 9998\).*`digitd upgrade`"):
        opening(path)


@pytest.mark.parametrize("revision", schema.known()[:-1])
def test_a_database_of_every_version_is_upgraded_with_all_that_is_in_it(path: Path, revision: str) -> None:
    """Documents, values, evidence and labels of each version before this one are there after the upgrade."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATABASES / f"{revision}.sql").read_text(encoding="utf-8"))
    assert Store.upgrade(path)[:2] == (revision, schema.HEAD)
    with Store.open(path) as store:
        states = [str(document.state) for document in store.documents()]
        fields = {field.name: (field.value, str(field.state)) for field in store.fields()}
        assert states == ["done", "failed", "duplicate"]
        assert fields == {"total": ("71", "verified"), "rest": ("", "blank"), "sum": ("42", "accepted")}
        assert [label.value for _, label in store.labels()] == ["71"]
        assert [len(store.field_with_evidence(field.id).glyphs) for field in store.fields()] == [2, 0, 2]
        assert [str(move.state) for move in store.history(1)][3:] == ["reading", "review", "done", "review", "done"]


@pytest.mark.parametrize("opening", [Store.open, Store.upgrade, Glance.open])
def test_a_newer_database_is_refused(path: Path, opening: Any) -> None:
    """A database that a newer digitd wrote is neither read nor upgraded."""
    Store.open(path, create=True).close()
    made(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match=r"newer version \(9999.*Install the digitd that wrote it"):
        opening(path)


@pytest.mark.parametrize("opening", [Store.open, Store.upgrade, Glance.open])
def test_a_foreign_database_is_refused(path: Path, opening: Any) -> None:
    """Another program's database is left alone."""
    made(path, "CREATE TABLE songs (id INTEGER)")
    with pytest.raises(DatabaseError, match="not a database of digitd"):
        opening(path)


@pytest.mark.parametrize("opening", [Store.open, Store.upgrade, Glance.open])
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
    monkeypatch.setattr(schema, "known", lambda was=schema.HEAD: ["0000", was])

    def migrate(engine: Any) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.HEAD}'")

    monkeypatch.setattr(schema, "migrate", migrate)
    before, after, copy = Store.upgrade(path)
    assert (before, after) == ("0000", schema.HEAD)
    assert copy is not None
    for file, revision in ((path, schema.HEAD), (copy, "0000")):
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
