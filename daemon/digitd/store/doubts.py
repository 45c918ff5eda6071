"""What people doubt: a value that looks wrong on its page, or a label that is probably wrong. It is keyed again."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, exists, func, insert, select

from digitd.errors import NotTheirTurn
from digitd.records import DocumentState, FieldState
from digitd.store.access import note
from digitd.store.conditions import by_itself, in_audit
from digitd.store.documents import move, state_of
from digitd.store.labels import Labels, settle_document, settle_field
from digitd.store.tables import documents, doubts, fields, labels, pages
from digitd.stored import version_of

#: Fields in one transaction.
AT_ONCE = 50


class Doubts(Labels):
    """Fields sent to be keyed, and documents that a person approves as they stand."""

    def doubt_fields(self, field_ids: Sequence[int], *, verifier: str, reason: str) -> int:
        """Let fields be keyed, again where they were; returns how many of them did not wait already.

        A few in each transaction, so that nobody waits for long meanwhile.
        """
        sent = 0
        for start in range(0, len(field_ids), AT_ONCE):
            with self._writing() as connection:
                some = _settled_of(connection, field_ids[start : start + AT_ONCE])
                _doubt(connection, list(some), verifier=verifier, reason=reason)
                for field_id in {document_id: field_id for field_id, document_id in some.items()}.values():
                    settle_document(connection, field_id)
            sent += len(some)
        return sent

    def approve_document(self, document_id: int, *, verifier: str, version: str) -> None:
        """Take a person's word that a document, which must exist, is right as it stands: it is done.

        Whatever was doubtful of its pages is so no more. It labels nothing: who is shown values and finds them right
        has keyed none. version is `digitd.stored.version_of` the fields that they saw.

        Raises
        ------
        NotTheirTurn
            Fields of it wait to be keyed, it was not read, or its values are others by now.
        """
        with self._writing() as connection:
            name = connection.execute(select(documents.c.name).where(documents.c.id == document_id)).scalar_one()
            of_document = (pages.c.document_id == document_id) & (fields.c.page_id == pages.c.id)
            waits = exists().where(of_document, by_itself(FieldState.REVIEW) | in_audit())
            if connection.scalar(select(waits)):
                raise NotTheirTurn("fields of it wait to be keyed; key them first")
            state = state_of(connection, document_id)
            if state not in {DocumentState.DONE, DocumentState.REVIEW}:
                raise NotTheirTurn(f"it is {state}, so nothing on it can be approved")
            # Read beside this transaction, which has written nothing yet and lets nobody else write.
            if version != version_of(self.fields(document_id=document_id)):
                raise NotTheirTurn("its values have changed since you looked; look again")
            if state is DocumentState.REVIEW:
                move(connection, document_id, DocumentState.DONE, previous=state, reason=f"approved by {verifier}")
            note(connection, verifier, "document approved", f"{document_id} {name}")


def _settled_of(connection: Connection, field_ids: Sequence[int]) -> dict[int, int]:
    """Those of fields that nobody is to key, each with its document."""
    query = select(fields.c.id, pages.c.document_id).join(pages, fields.c.page_id == pages.c.id)
    free = ~(by_itself(FieldState.REVIEW) | in_audit())
    return {row.id: row.document_id for row in connection.execute(query.where(fields.c.id.in_(field_ids), free))}


def _doubt(connection: Connection, field_ids: Sequence[int], *, verifier: str, reason: str) -> None:
    after = connection.scalar(select(func.max(labels.c.id))) or 0
    for field_id in field_ids:
        connection.execute(
            insert(doubts).values(
                field_id=field_id, verifier=verifier, at=datetime.now(UTC), reason=reason, after_label=after
            )
        )
        settle_field(connection, field_id)
    if field_ids:
        note(connection, verifier, f"doubted {len(field_ids)} fields, {reason}", ", ".join(map(str, field_ids)))
