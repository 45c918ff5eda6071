"""What is known of documents: as they stand, their history, how many there are, and whether a service reads them."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from digitd.records import DocumentState, FieldState
from digitd.store.plain import Plain, all_of, among, as_kept, as_time, listed, rows
from digitd.stored import Document, LastService, Move

_DOCUMENTS = """\
SELECT id, name, form, sha256, size_bytes, state, reason, attempts, token, original_id, seen_at, read_at
FROM documents WHERE {} ORDER BY id DESC LIMIT ifnull(:newest, -1)"""

#: By which documents are chosen, besides their states.
_CHOICES = {
    "name": "name = :name",
    "sha256": "sha256 = :sha256",
    "ids": "id IN (SELECT value FROM json_each(:ids))",
}

_HISTORY = "SELECT at, previous, state, reason FROM moves WHERE document_id = :id ORDER BY id"
_COUNTS = "SELECT state, count(*) AS number FROM documents GROUP BY state"
_FIELD_COUNTS = "SELECT state, count(*) AS number FROM fields GROUP BY state"
_READ_SINCE = "SELECT count(*) AS number FROM documents WHERE read_at >= :since"
_SERVICE = "SELECT holder, version, model, started_at, beat_at FROM service"


class Known(Plain):
    """Documents, their history, and counts."""

    def documents(
        self,
        *,
        states: Iterable[DocumentState] | None = None,
        name: str | None = None,
        sha256: str | None = None,
        ids: Collection[int] | None = None,
        newest: int | None = None,
    ) -> list[Document]:
        """Documents, oldest first; newest limits them to the last so many."""
        asked = {"name": name, "sha256": sha256, "ids": None if ids is None else listed(ids), "newest": newest}
        chosen = [condition for key, condition in _CHOICES.items() if asked[key] is not None]
        if states is not None:
            chosen.append(f"state IN {among(states)}")
        query = _DOCUMENTS.format(all_of(chosen))
        with self._asking() as connection:
            return [_document(row) for row in rows(connection, query, asked)][::-1]

    def history(self, document_id: int) -> list[Move]:
        """Every change of a document's state, oldest first."""
        with self._asking() as connection:
            return [
                Move(
                    at=as_time(row["at"]),
                    previous=None if row["previous"] is None else DocumentState(row["previous"]),
                    state=DocumentState(row["state"]),
                    reason=row["reason"],
                )
                for row in rows(connection, _HISTORY, {"id": document_id})
            ]

    def counts(self) -> dict[DocumentState, int]:
        """How many documents are in each state; states with none are there with 0."""
        with self._asking() as connection:
            found = {DocumentState(row["state"]): row["number"] for row in rows(connection, _COUNTS)}
        return dict.fromkeys(DocumentState, 0) | found

    def field_counts(self) -> dict[FieldState, int]:
        """How many fields are in each state; states with none are there with 0."""
        with self._asking() as connection:
            found = {FieldState(row["state"]): row["number"] for row in rows(connection, _FIELD_COUNTS)}
        return dict.fromkeys(FieldState, 0) | found

    def read_since(self, since: datetime) -> int:
        """How many documents were read at or after since."""
        with self._asking() as connection:
            (row,) = rows(connection, _READ_SINCE, {"since": as_kept(since)})
        return int(row["number"])

    def last_service(self) -> LastService | None:
        """The service that runs, or ran last; None where none ever did."""
        with self._asking() as connection:
            for row in rows(connection, _SERVICE):
                times = {name: as_time(row[name]) for name in ("started_at", "beat_at")}
                return LastService(**{**row, **times})
        return None


def document_from(values: Mapping[str, Any]) -> Document:
    """What a row of the table says by its columns, times as times, as the document that it is."""
    return Document(**{**values, "state": DocumentState(values["state"])})


def _document(row: sqlite3.Row) -> Document:
    read_at = None if row["read_at"] is None else as_time(row["read_at"])
    return document_from({**row, "seen_at": as_time(row["seen_at"]), "read_at": read_at})
