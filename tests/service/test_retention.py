"""Originals and pictures go after their time, of finished documents only; copies of the database are whole."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digitd import retention as module
from digitd.config import Keep, Verify
from digitd.errors import DatabaseError
from digitd.records import DocumentState
from digitd.retention import Retention


def asked(bench: Any, **keep: float) -> Retention:
    return Retention(replace(bench.config, keep=Keep(**keep)), bench.store)


def age(bench: Any, days: float) -> None:
    """Make every document as old as that."""
    with closing(sqlite3.connect(bench.config.database)) as connection, connection:
        at = (datetime.now(UTC) - timedelta(days=days)).replace(tzinfo=None)
        connection.execute("UPDATE documents SET read_at = ? WHERE read_at IS NOT NULL", (f"{at}",))


def archived(bench: Any) -> list[str]:
    return [name for name in bench.files() if name.startswith("var/archive")]


def test_nothing_is_deleted_unless_asked(bench: Any) -> None:
    """And there is nothing to wake for."""
    bench.drop("a")
    bench.service().run(once=True)
    keeping = asked(bench)
    assert keeping.due() == float("inf")
    keeping.step()
    assert archived(bench) == ["var/archive/1-a"]


def test_originals_go_after_their_time(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of finished documents; what waits for a person, what failed, and all values stay."""
    for name, text in (("a", "1"), ("b", "?2"), ("c", "bad"), ("d", "4")):
        bench.drop(name, text)
    bench.service().run(once=True)
    keeping = asked(bench, archive_days=30)
    monkeypatch.setattr(module.archive, "find", _in_the_archive_of(bench))
    keeping.step()
    assert archived(bench) == ["var/archive/1-a", "var/archive/2-b", "var/archive/4-d"]
    assert keeping.due() > 0
    age(bench, 31)
    keeping = asked(bench, archive_days=30)
    while keeping.due() == 0:
        keeping.step()
    assert archived(bench) == ["var/archive/2-b"]
    assert {field.document: field.value for field in bench.store.fields()} == {"a": "1", "b": "?2", "d": "4"}


def _in_the_archive_of(bench: Any) -> Any:
    """Where files lie by name: their documents were made older than their folders."""

    def find(document: Any, var: Path) -> Path | None:
        return next((var / "archive").rglob(f"{document.id}-*"), None)

    return find


def test_pictures_go_and_values_stay(bench: Any) -> None:
    """In batches; glyphs too; a second look finds nothing more."""
    bench.config = replace(bench.config, verify=Verify(audit_share=0.0))  # by chance, pictures would be kept
    for number in range(3):
        bench.drop(f"{number}", str(number))
    bench.drop("open", "?9")
    bench.service().run(once=True)
    with closing(sqlite3.connect(bench.config.database)) as connection, connection:
        connection.execute("UPDATE fields SET crop = x'01'")
    age(bench, 2)
    keeping = asked(bench, pictures_days=1)
    while keeping.due() == 0:
        keeping.step()
    left = {field.document: field.crop for field in bench.store.fields(evidence=True)}
    assert left == {"0": b"", "1": b"", "2": b"", "open": b"\x01"}
    assert bench.store.forget_pictures(datetime.now(UTC), after_id=0) == 0
    assert bench.store.counts()[DocumentState.DONE] == 3


def test_a_copy_is_whole_and_never_over_another(bench: Any, tmp_path: Path) -> None:
    """Made while the database is open; where it cannot be written, that is told."""
    bench.drop("a")
    bench.service().run(once=True)
    bench.store.copy_to(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT name FROM documents").fetchall() == [("a",)]
    with pytest.raises(DatabaseError, match=r"copy\.db: the copy cannot be written .*exists"):
        bench.store.copy_to(tmp_path / "copy.db")
    with pytest.raises(DatabaseError, match="cannot be written"):
        bench.store.copy_to(tmp_path / "no" / "copy.db")
