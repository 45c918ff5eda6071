"""What people doubt: a value that looks wrong on its page, or a label that is probably wrong. It is keyed again."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import exists, func, insert, select, update

from digitd.errors import NotTheirTurn
from digitd.records import DocumentState, FieldState
from digitd.store.access import note
from digitd.store.documents import move, state_of
from digitd.store.fields import by_itself, in_audit
from digitd.store.labels import Labels, settle_document, settle_field
from digitd.store.tables import documents, doubts, fields, glyphs, labels, pages


class Doubts(Labels):
    """Fields sent to be keyed, and documents that a person approves as they stand."""

    def doubt_fields(self, field_ids: Sequence[int], *, verifier: str, reason: str) -> int:
        """Let fields be keyed, again where they were; returns how many of them did not wait already."""
        with self._writing() as connection:
            after = connection.scalar(select(func.max(labels.c.id))) or 0
            query = select(fields.c.id, fields.c.state).where(fields.c.id.in_(field_ids))
            sent = [row.id for row in connection.execute(query) if row.state != FieldState.REVIEW]
            for field_id in sent:
                connection.execute(
                    insert(doubts).values(
                        field_id=field_id, verifier=verifier, at=datetime.now(UTC), reason=reason, after_label=after
                    )
                )
                connection.execute(update(glyphs).where(glyphs.c.field_id == field_id).values(to_look_at=False))
                settle_field(connection, field_id)
                settle_document(connection, field_id)
            return len(sent)

    def approve_document(self, document_id: int, *, verifier: str) -> None:
        """Take a person's word that a document is right as it stands: it is done, whatever was doubtful of its pages.

        It labels nothing: who is shown values and finds them right has keyed none.

        Raises
        ------
        NotTheirTurn
            There is no such document, fields of it wait to be keyed, or it was not read.
        """
        with self._writing() as connection:
            name = connection.scalar(select(documents.c.name).where(documents.c.id == document_id))
            if name is None:
                raise NotTheirTurn("there is no such document")
            of_document = (pages.c.document_id == document_id) & (fields.c.page_id == pages.c.id)
            waits = exists().where(of_document, by_itself(FieldState.REVIEW) | in_audit())
            if connection.scalar(select(waits)):
                raise NotTheirTurn("fields of it wait to be keyed; key them first")
            state = state_of(connection, document_id)
            if state not in {DocumentState.DONE, DocumentState.REVIEW}:
                raise NotTheirTurn(f"it is {state}, so nothing on it can be approved")
            if state is DocumentState.REVIEW:
                move(connection, document_id, DocumentState.DONE, reason=f"approved by {verifier}")
            note(connection, verifier, "document approved", f"{document_id} {name}")
