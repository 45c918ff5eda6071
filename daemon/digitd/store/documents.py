"""The ledger of documents: taking in, claiming, failing, and every change of state with its reason."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from digitd.records import IN_FLIGHT, LEGAL_MOVES, DocumentState
from digitd.store.database import Database
from digitd.store.known import Known, document_from
from digitd.store.tables import documents, moves
from digitd.stored import Document, Told


class Documents(Known, Database):
    """Documents and their history, as they come and change."""

    def take_in(
        self,
        *,
        name: str,
        form: str | None,
        sha256: str,
        size_bytes: int,
        token: str,
        seen_at: datetime,
        read_now: bool = False,
    ) -> Document:
        """Enter a file that has just left the inbox: queued, or duplicate where its bytes are known.

        One whose token is known was entered already, by a try whose answer was lost. With read_now what is
        queued is claimed in the same transaction, as by `claim_next`.
        """
        with self._writing() as connection:
            if (entered := connection.execute(_BY_TOKEN, {"token": token}).first()) is not None:
                return as_document(entered)
            original = connection.execute(_ORIGINAL, {"sha256": sha256}).first()
            claimed = read_now and original is None
            as_new = DocumentState.READING if claimed else DocumentState.QUEUED
            row = {
                "name": name,
                "form": form,
                "sha256": sha256,
                "size_bytes": size_bytes,
                "token": token,
                "seen_at": seen_at,
                "state": as_new if original is None else DocumentState.DUPLICATE,
                "reason": "" if original is None else _duplicate_of(original),
                "attempts": int(claimed),
                "original_id": None if original is None else original.id,
            }
            document = as_document(connection.execute(_NEW_DOCUMENT, row).one())
            connection.execute(_NEW_MOVE, _first_moves(document))
            return document

    def claim_next(self, *, among: Collection[int] | None = None, besides: Collection[int] = ()) -> Document | None:
        """Move the oldest queued document to `reading` and return it, its attempts counted; None if there is none.

        among limits the choice to these ids, and besides takes these out of it.
        """
        query = _OLDEST_QUEUED
        if among is not None:
            query = query.where(documents.c.id.in_(among))
        if besides:
            query = query.where(documents.c.id.not_in(besides))
        with self._writing() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            tries = row.attempts + 1
            return move(connection, row.id, DocumentState.READING, previous=DocumentState.QUEUED, attempts=tries)

    def put_back(self, document_id: int, reason: str, *, count_attempt: bool = True) -> None:
        """Return a document from `reading` to the queue; without count_attempt this try is forgotten."""
        with self._writing() as connection:
            document = document_of(connection, document_id)
            if document.state is DocumentState.QUEUED:
                return  # by a try whose answer was lost
            tries = document.attempts if count_attempt else max(0, document.attempts - 1)
            move(connection, document_id, DocumentState.QUEUED, previous=document.state, reason=reason, attempts=tries)

    def retry(self, document_id: int, *, form: str | None = None) -> None:
        """Queue a failed document again, with its attempts forgotten; form, where given, replaces the one it had."""
        values = {"attempts": 0} if form is None else {"attempts": 0, "form": form}
        reason = "asked for by a person"
        with self._writing() as connection:
            previous = state_of(connection, document_id)
            move(connection, document_id, DocumentState.QUEUED, previous=previous, reason=reason, **values)

    def record_failure(self, document_id: int, reason: str) -> None:
        """A document cannot be read; reason is a sentence a person understands."""
        with self._writing() as connection:
            previous = state_of(connection, document_id)
            if previous is not DocumentState.FAILED:
                move(connection, document_id, DocumentState.FAILED, previous=previous, reason=reason)

    def document(self, document_id: int) -> Document:
        """The document of that id, which must exist."""
        with self._reading() as connection:
            return document_of(connection, document_id)

    def duplicates_of(self, document_id: int) -> list[Document]:
        """Later documents with the same bytes, oldest first."""
        query = select(documents).where(documents.c.original_id == document_id).order_by(documents.c.id)
        with self._reading() as connection:
            return [as_document(row) for row in connection.execute(query)]

    def document_with_token(self, token: str) -> Document | None:
        """The document whose folder in `var/work` is token."""
        with self._reading() as connection:
            row = connection.execute(_BY_TOKEN, {"token": token}).first()
            return None if row is None else as_document(row)

    def last_move(self) -> int:
        """The number of the newest change of a document's state; 0 where there was none."""
        with self._reading() as connection:
            return connection.scalar(select(func.max(moves.c.id))) or 0

    def moves_after(self, number: int, *, limit: int) -> list[Told]:
        """Changes of documents' states after that of number, the oldest first."""
        query = select(moves, documents.c.name).join(documents, moves.c.document_id == documents.c.id)
        query = query.where(moves.c.id > number).order_by(moves.c.id).limit(limit)
        with self._reading() as connection:
            return [
                Told(
                    id=row.id,
                    document_id=row.document_id,
                    document=row.name,
                    at=row.at,
                    previous=None if row.previous is None else DocumentState(row.previous),
                    state=DocumentState(row.state),
                    reason=row.reason,
                )
                for row in connection.execute(query)
            ]

    def oldest_in_flight(self) -> datetime | None:
        """When the document that has waited longest to be read was seen; None where none waits."""
        query = select(func.min(documents.c.seen_at)).where(documents.c.state.in_([str(s) for s in IN_FLIGHT]))
        with self._reading() as connection:
            return connection.execute(query).scalar_one()


# Written once: making a statement anew takes longer than what the database does for it.
_BY_ID = select(documents).where(documents.c.id == bindparam("document"))
_BY_TOKEN = select(documents).where(documents.c.token == bindparam("token"))
_ORIGINAL = select(documents).where(documents.c.sha256 == bindparam("sha256"), documents.c.original_id.is_(None))
_OLDEST_QUEUED = select(documents).where(documents.c.state == DocumentState.QUEUED).order_by(documents.c.id).limit(1)
_STATE = select(documents.c.state).where(documents.c.id == bindparam("document"))
_NEW_DOCUMENT = insert(documents).returning(documents)
_NEW_MOVE = insert(moves)
_CHANGE = update(documents).where(documents.c.id == bindparam("document")).returning(documents)


def move(
    connection: Connection,
    document_id: int,
    state: DocumentState,
    *,
    previous: DocumentState,
    reason: str = "",
    **values: Any,
) -> Document:
    """Change a document's state, and values with it, and write the change into its history; returns the document.

    previous is the state that the document has, which whoever changes it has looked at in the same transaction.
    """
    connection.execute(_NEW_MOVE, _move(document_id, previous, state, at=datetime.now(UTC), reason=reason))
    change = {"document": document_id, "state": state, "reason": reason, **values}
    return as_document(connection.execute(_CHANGE, change).one())


def state_of(connection: Connection, document_id: int) -> DocumentState:
    """The state of a document, which must exist."""
    return DocumentState(connection.execute(_STATE, {"document": document_id}).scalar_one())


def document_of(connection: Connection, document_id: int) -> Document:
    """The document of that id, which must exist."""
    return as_document(connection.execute(_BY_ID, {"document": document_id}).one())


def _move(
    document_id: int, previous: DocumentState | None, state: DocumentState, *, at: datetime, reason: str
) -> dict[str, Any]:
    """The row of a change of a document's state, which must be legal."""
    if state not in LEGAL_MOVES[previous]:
        raise ValueError(f"document {document_id} may not go from {previous} to {state}")
    return {"document_id": document_id, "at": at, "previous": previous, "state": state, "reason": reason}


def _first_moves(document: Document) -> list[dict[str, Any]]:
    """The rows of the changes that led to the state of a document that was just entered."""
    now = datetime.now(UTC)
    before = [DocumentState.SEEN, DocumentState.SETTLING]
    queued = [DocumentState.QUEUED] if document.state is DocumentState.READING else []
    states = [*before, *queued, document.state]
    return [
        _move(
            document.id,
            previous,
            state,
            at=document.seen_at if state in before else now,
            reason=document.reason if state is document.state else "",
        )
        for previous, state in zip([None, *states[:-1]], states, strict=True)
    ]


def _duplicate_of(original: Row[Any]) -> str:
    reason = f"the same bytes as document {original.id}, which is {original.state}"
    if original.state == DocumentState.FAILED:
        reason += f" ({original.reason}); `digitd retry` reads that one again"
    return reason


def as_document(row: Row[Any]) -> Document:
    """A row of the table as the document that it is."""
    return document_from(row._asdict())


def what_waits(waiting: int, page_reasons: Sequence[str]) -> str:
    """Why a document is in review, in words: its number of waiting fields, and what is doubtful about its pages."""
    parts = [f"{waiting} field{'s' * (waiting != 1)} to verify"] if waiting else []
    return "; ".join([*parts, *dict.fromkeys(page_reasons)])
