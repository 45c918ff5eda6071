"""What people say fields are. Labels are only added to; taking one back adds a row that says so."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from digitd.records import DocumentState, FieldState, LabelMode
from digitd.store.documents import move, what_waits
from digitd.store.fields import Fields, last_labels
from digitd.store.tables import documents, fields, labels, pages
from digitd.stored import Label, StoredField


class Labels(Fields):
    """Labels, and what they make of their fields and documents."""

    def add_label(
        self,
        field_id: int,
        value: str,
        *,
        verifier: str,
        mode: LabelMode,
        shown: str | None = None,
        duration_ms: int | None = None,
        sampling_probability: float | None = None,
    ) -> int:
        """Add what a person says a field is, which may finish its document. Returns the label's id."""
        with self._writing() as connection:
            label_id = connection.execute(
                insert(labels)
                .values(
                    field_id=field_id,
                    value=value,
                    verifier=verifier,
                    mode=mode,
                    shown=shown,
                    at=datetime.now(UTC),
                    duration_ms=duration_ms,
                    sampling_probability=sampling_probability,
                )
                .returning(labels.c.id)
            ).scalar_one()
            connection.execute(update(fields).where(fields.c.id == field_id).values(state=FieldState.VERIFIED))
            _settle_document(connection, field_id)
            return int(label_id)

    def retract_label(self, label_id: int, *, verifier: str) -> None:
        """Take a label back by adding a row that says so; the field is as it was before that label."""
        with self._writing() as connection:
            row = connection.execute(select(labels).where(labels.c.id == label_id)).one()
            connection.execute(
                insert(labels).values(
                    field_id=row.field_id,
                    value=None,
                    verifier=verifier,
                    mode=row.mode,
                    at=datetime.now(UTC),
                    retracts_id=label_id,
                )
            )
            if row.field_id not in last_labels(connection, [row.field_id]):
                connection.execute(
                    update(fields).where(fields.c.id == row.field_id).values(state=fields.c.machine_state)
                )
            _settle_document(connection, row.field_id)

    def labels(self) -> Iterator[tuple[StoredField, Label]]:
        """Every labelled field with its last label, in the order of documents, pages and positions."""
        for field in self.fields(states=[FieldState.VERIFIED]):
            if field.label is not None:
                yield field, field.label


def _settle_document(connection: Connection, field_id: int) -> None:
    """Move a field's document between review and done, as its fields now stand."""
    document_id = connection.execute(
        select(pages.c.document_id).join(fields, fields.c.page_id == pages.c.id).where(fields.c.id == field_id)
    ).scalar_one()
    waiting = connection.execute(
        select(func.count())
        .select_from(fields)
        .join(pages, fields.c.page_id == pages.c.id)
        .where(pages.c.document_id == document_id, fields.c.state == FieldState.REVIEW)
    ).scalar_one()
    state = connection.execute(select(documents.c.state).where(documents.c.id == document_id)).scalar_one()
    if waiting and state == DocumentState.DONE:
        move(connection, document_id, DocumentState.REVIEW, reason=what_waits(waiting, ()))
    elif not waiting and state == DocumentState.REVIEW:
        move(connection, document_id, DocumentState.DONE, reason="every field verified")
