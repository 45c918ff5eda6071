"""What the machine made of a document, kept with its evidence in the transaction that finishes the document."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from digitd.evidence import DocumentEvidence, FieldRow, GlyphRow, PageEvidence
from digitd.records import DocumentState, FieldState
from digitd.store.database import Database, insert_rows
from digitd.store.documents import document_of, move, state_of, what_waits
from digitd.store.tables import fields, glyphs, models, pages
from digitd.stored import Document, StoredPage


class Readings(Database):
    """Readings of documents, as they come in."""

    def pages(self, document_id: int) -> list[StoredPage]:
        """The pages of a document that were read, by number."""
        query = select(pages).where(pages.c.document_id == document_id).order_by(pages.c.number)
        with self._reading() as connection:
            return [
                StoredPage(
                    number=row.number,
                    width_px=row.width_px,
                    height_px=row.height_px,
                    form=row.form,
                    reason=row.reason,
                )
                for row in connection.execute(query)
            ]

    def record_reading(
        self, document_id: int, evidence: DocumentEvidence, *, card: Mapping[str, Any], audit_share: float = 0.0
    ) -> Document:
        """Keep everything that came of a document and finish it, in one transaction. Returns it, done or in review.

        audit_share is the probability with which a field that passes is drawn, here and now, to be keyed all the same.
        """
        now = datetime.now(UTC)
        waiting = sum(page.waiting for page in evidence.pages)
        doubts = [page.reason for page in evidence.pages if page.reason]
        state = DocumentState.REVIEW if waiting or doubts else DocumentState.DONE
        with self._writing() as connection:
            previous = state_of(connection, document_id)
            if previous in {DocumentState.DONE, DocumentState.REVIEW}:
                return document_of(connection, document_id)  # kept already, by a try whose answer was lost
            _remember_model(connection, evidence.model, card, now)
            for page in evidence.pages:
                page_id = _write_page(connection, document_id, page, model=evidence.model, pipeline=evidence.pipeline)
                _write_fields(connection, page_id, page, audit_share=audit_share)
            reason = what_waits(waiting, doubts)
            return move(connection, document_id, state, previous=previous, reason=reason, read_at=now)


_MODEL = select(models.c.id).where(models.c.id == bindparam("model"))


def _remember_model(connection: Connection, model: str, card: Mapping[str, Any], now: datetime) -> None:
    if connection.execute(_MODEL, {"model": model}).first() is None:
        connection.execute(insert(models).values(id=model, card=dict(card), first_used_at=now))


_NEW_PAGE = insert(pages).returning(pages.c.id)


def _write_page(connection: Connection, document_id: int, page: PageEvidence, *, model: str, pipeline: str) -> int:
    """Write a page, without its fields; returns its id."""
    row = {
        "document_id": document_id,
        "number": page.number,
        "width_px": page.width_px,
        "height_px": page.height_px,
        "dpi": page.dpi,
        "form": page.form,
        "residual_mm": page.residual_mm,
        "reason": page.reason,
        "stage_ms": page.stage_ms,
        "model_id": model,
        "pipeline": pipeline,
    }
    return connection.execute(_NEW_PAGE, row).scalar_one()


_FIELD = ("id", "page_id", *FieldRow._fields, "audit_probability")
_GLYPH = ("field_id", *GlyphRow._fields, "to_look_at")


def _write_fields(connection: Connection, page_id: int, page: PageEvidence, *, audit_share: float) -> None:
    """Write the fields of a page and their glyphs; digits of fields that pass and are not drawn are to be looked at."""
    first = _next_id(connection)
    ids = range(first, first + len(page.fields))
    passing = [field.state == FieldState.ACCEPTED for field in page.fields]
    drawn = [passes and random.random() < audit_share for passes in passing]  # noqa: S311 - no secret
    field_rows = [
        (key, page_id, *field, audit_share if is_drawn else None)
        for key, field, is_drawn in zip(ids, page.fields, drawn, strict=True)
    ]
    glyph_rows = [
        (key, *glyph, passes and not is_drawn and glyph.digit is not None)
        for key, passes, is_drawn, found in zip(ids, passing, drawn, page.glyphs, strict=True)
        for glyph in found
    ]
    insert_rows(connection, fields, _FIELD, field_rows)
    insert_rows(connection, glyphs, _GLYPH, glyph_rows)


_LAST_FIELD = select(func.max(fields.c.id))


def _next_id(connection: Connection) -> int:
    """The id that the database would give the next field; nobody else gives one, for a writer is alone."""
    return (connection.scalar(_LAST_FIELD) or 0) + 1
