"""Queries in plain SQL: they ask for what the tables hold, by an index, and look without writing or waiting."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from digitd.errors import DatabaseError
from digitd.records import DocumentState, FieldState, LabelMode, Verdict
from digitd.store import Store
from digitd.store import fields as module
from digitd.store.fields import standing_labels
from digitd.store.glance import Glance
from digitd.store.tables import SCHEMA, documents, fields, glyphs, labels, moves, pages, service
from digitd.stored import LastService

ACCEPTED, REVIEW, BLANK = FieldState.ACCEPTED, FieldState.REVIEW, FieldState.BLANK
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANSWERS_OF = {
    "documents": lambda seen: seen.documents(),
    "chosen documents": lambda seen: [
        *seen.documents(name="a.png", states=[DocumentState.REVIEW, DocumentState.DONE], newest=1),
        *seen.documents(ids=[2, 1]),
    ],
    "history": lambda seen: seen.history(1),
    "counts": lambda seen: (seen.counts(), seen.field_counts()),
    "read since": lambda seen: seen.read_since(NOW - timedelta(days=10_000)),
    "service": lambda seen: seen.last_service(),
    "fields": lambda seen: list(seen.fields()),
    "fields since": lambda seen: list(seen.fields(since=NOW - timedelta(days=10_000), form="tally")),
    "fields in states": lambda seen: list(seen.fields(states=[REVIEW, FieldState.VERIFIED])),
    "fields of a document": lambda seen: list(seen.fields(document_id=1)),
    "fields by number": lambda seen: seen.fields_of([3, 1]),
    "fields by name": lambda seen: [field.id for field in seen.field_named(document="a.png", page=1, field="f0")],
}


@pytest.fixture
def filled(store: Store, read: Any, take: Any) -> Store:
    """Documents of every sort, labels that stand and that do not, and a service that ran."""
    read(ACCEPTED, REVIEW, BLANK, name="a.png", form="tally", pages=2)
    read(REVIEW, REVIEW, REVIEW, name="b.png")
    take(7, name="a.png", form="other")
    take(7)
    first, second, third, *_ = (field.id for field in store.fields(states=[REVIEW]))
    store.add_label(first, "71", verifier="ada", mode=LabelMode.BLIND, duration_ms=900, entry="x")
    store.add_label(second, "", verifier="ada", mode=LabelMode.AUDIT, verdict=Verdict.UNREADABLE, alone=False)
    store.retract_label(store.add_label(third, "5", verifier="bob", mode=LabelMode.SHOWN, shown="6"), verifier="bob")
    store.beat(LastService(holder="process 1", version="1", model="m", started_at=NOW, beat_at=NOW))
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database of `store`."""
    return tmp_path / "var" / "digitd.db"


@pytest.fixture
def glance(filled: Store, path: Path) -> Iterator[Glance]:
    """The filled database, looked into while the store is open."""
    with Glance.open(path) as opened:
        yield opened


def kept(store: Store, table: Table, *names: str) -> list[dict[str, Any]]:
    """Rows of a table in the order of their keys, as SQLAlchemy gives them; names limits the columns."""
    query = select(*(table.c[name] for name in names or table.c.keys())).order_by(table.c.id)
    with store._reading() as connection:
        return [row._asdict() for row in connection.execute(query)]


def test_documents_are_as_the_tables_have_them(filled: Store, glance: Glance) -> None:
    """Every column comes back as SQLAlchemy reads it, times with their zone; so do moves and the service."""
    assert [asdict(document) for document in glance.documents()] == kept(filled, documents)
    steps = [asdict(move) for document in glance.documents() for move in glance.history(document.id)]
    assert steps == kept(filled, moves, "at", "previous", "state", "reason")
    last = glance.last_service()
    assert last is not None
    assert [{"id": 1, **asdict(last)}] == kept(filled, service)


def test_fields_are_as_the_tables_have_them(filled: Store, glance: Glance) -> None:
    """Value, place, state, page and document of each field, with its crop and its glyphs."""
    found = list(glance.fields(evidence=True))
    same = ("id", "name", "confidence", "state", "machine_state", "reason", "crop", "audit_probability")
    assert [{name: getattr(field, name) for name in same} for field in found] == kept(filled, fields, *same)
    places = [{**asdict(field.box), "value": field.machine_value} for field in found]
    assert places == kept(filled, fields, "x0", "y0", "x1", "y1", "value")
    page_of = {row["id"]: row for row in kept(filled, pages)}
    document_of = {row["id"]: row for row in kept(filled, documents)}
    for field, row in zip(found, kept(filled, fields), strict=True):
        page = page_of[row["page_id"]]
        document = document_of[page["document_id"]]
        sheet = (field.page, field.page_width_px, field.page_height_px, field.form, field.model)
        assert sheet == tuple(page[name] for name in ("number", "width_px", "height_px", "form", "model_id"))
        paper = (field.document_id, field.document, field.sha256, field.read_at)
        assert paper == tuple(document[name] for name in ("id", "name", "sha256", "read_at"))
    seen = [(glyph.id, glyph.position, glyph.content, glyph.pixels_png) for field in found for glyph in field.glyphs]
    evidence = kept(filled, glyphs, "id", "position", "content", "pixels_png")
    assert seen == [tuple(row.values()) for row in evidence]


def test_labels_are_as_the_tables_have_them_without_what_was_taken_back(filled: Store, glance: Glance) -> None:
    """A label that was taken back, and the row that says so, are no labels any more."""
    every = [field.id for field in glance.fields()]
    with glance._asking() as connection:
        found = [asdict(label) for label in standing_labels(connection, every)]
    rows = kept(filled, labels)
    retracted = {row["retracts_id"] for row in rows}
    standing = [row for row in rows if row["value"] is not None and row["id"] not in retracted]
    assert len(standing) == 2
    assert found == [{name: row[name] for name in found[0]} for row in standing]


@pytest.mark.parametrize("answer", ANSWERS_OF.values(), ids=ANSWERS_OF.keys())
def test_who_looks_is_told_what_the_store_tells(filled: Store, glance: Glance, answer: Callable[[Any], Any]) -> None:
    """There is one query for both."""
    assert answer(glance) == answer(filled) != []


def test_fields_in_few_states_are_those_in_many(glance: Glance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they are found by their states or by their documents: the same, in the same order."""
    few = list(glance.fields(states=[REVIEW, ACCEPTED]))
    monkeypatch.setattr(module, "FEW", 0)
    assert list(glance.fields(states=[REVIEW, ACCEPTED])) == few != []


def steps_of(glance: Glance, answer: Callable[[Glance], object]) -> list[str]:
    """What SQLite does for each query of an answer, in its order."""
    asked: list[str] = []
    glance._connection.set_trace_callback(asked.append)
    answer(glance)
    glance._connection.set_trace_callback(None)
    queries = [statement for statement in asked if statement.startswith("SELECT")]
    return [row[3] for query in queries for row in glance._connection.execute(f"EXPLAIN QUERY PLAN {query}")]


def scans(steps: list[str]) -> list[str]:
    """Those that go through a whole table."""
    return [step for step in steps if step.startswith("SCAN") and step.split()[1] in SCHEMA.tables]


@pytest.mark.parametrize("few", [0, 5_000])
@pytest.mark.parametrize("name", [name for name in ANSWERS_OF if name not in {"documents", "counts", "service"}])
def test_no_table_that_grows_is_scanned(glance: Glance, monkeypatch: pytest.MonkeyPatch, name: str, few: int) -> None:
    """An index finds what is asked for, or at least the documents behind the last."""
    monkeypatch.setattr(module, "FEW", few)
    steps = steps_of(glance, ANSWERS_OF[name])
    assert steps
    assert scans(steps) == []


def test_what_is_counted_is_counted_in_an_index(glance: Glance) -> None:
    """Rows with pictures in them are not touched."""
    steps = scans(steps_of(glance, ANSWERS_OF["counts"]))
    assert len(steps) == 2
    assert all("COVERING INDEX" in step for step in steps)


def test_few_fields_are_found_by_their_states(glance: Glance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of verified fields among a million is not looked for in all documents."""
    all_documents = "SEARCH documents USING INTEGER PRIMARY KEY (rowid>?)"
    for few, walked in ((5_000, False), (0, True)):
        monkeypatch.setattr(module, "FEW", few)
        steps = steps_of(glance, lambda seen: list(seen.fields(states=[REVIEW])))
        assert (all_documents in steps) is walked


def test_who_looks_can_write_nothing(glance: Glance) -> None:
    """The database is open for reading only."""
    with pytest.raises(DatabaseError, match="attempt to write a readonly database"), glance._asking() as connection:
        connection.execute("DELETE FROM fields")


def test_who_looks_waits_for_nobody_and_holds_up_nobody(filled: Store, path: Path, read: Any) -> None:
    """In the middle of a write what was there before is seen; in the middle of a look others write, and it goes on."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE documents SET name = 'changed'")
        with Glance.open(path) as glance:
            assert [document.name for document in glance.documents(ids=[1])] == ["a.png"]
            with glance._asking() as connection:
                connection.execute("SELECT count(*) FROM fields").fetchone()
                other.execute("COMMIT")
                other.execute("UPDATE documents SET name = 'again'")
            assert [document.name for document in glance.documents(ids=[1])] == ["again"]


def test_what_a_killed_service_left_is_seen(filled: Store, path: Path, tmp_path: Path) -> None:
    """Its last transactions are in the log beside the database, which nobody has put in yet."""
    left = tmp_path / "100% left?#" / path.name
    left.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{left}{suffix}")
    with Glance.open(left) as glance:
        assert list(glance.fields()) == list(filled.fields())


@contextmanager
def of_another_user(folder: Path) -> Iterator[None]:
    """Nothing may be written to folder meanwhile."""
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_another_user_s_database_can_be_looked_into(filled: Store, path: Path) -> None:
    """No service has it open, and the files that a log needs cannot be made; with a log that is full, it is said."""
    found = list(filled.fields())
    filled.close()
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / path.name
        shutil.copy(path, there)
        with of_another_user(there.parent), Glance.open(there) as glance:
            assert list(glance.fields()) == found
        there.with_name(f"{path.name}-wal").write_bytes(b"left by a kill")
        with (
            of_another_user(there.parent),
            pytest.raises(DatabaseError, match=r"cannot be opened \(.*See that you may read"),
        ):
            Glance.open(there)


def test_a_locked_database_is_not_called_damaged(filled: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restored copy keeps no log, and who writes to it all has it alone."""
    monkeypatch.setattr("digitd.store.glance.BUSY_TIMEOUT_MS", 10)
    filled.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match=r"cannot be opened \(database is locked\)"):
            Glance.open(path)


def test_damage_in_the_middle_is_told(filled: Store, path: Path) -> None:
    """Who asks, and who writes, is told that the file is damaged, and not by a trace of the code."""
    filled.close()
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('fields', 'service')").fetchall()
    with path.open("r+b") as file:
        for (root,) in roots:
            file.seek((root - 1) * size)
            file.write(b"\7" * size)
    with Glance.open(path) as glance, pytest.raises(DatabaseError, match=r"is damaged \(.*Restore a backup"):
        list(glance.fields())
    with Store.open(path) as store, pytest.raises(DatabaseError, match=r"is damaged \(.*Restore a backup"):
        store.beat(LastService(holder="process 1", version="1", model="m", started_at=NOW, beat_at=NOW))
