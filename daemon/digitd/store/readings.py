"""What the machine made of a document, kept with its evidence in the transaction that finishes the document."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from digitd.records import CellContent, DocumentReading, DocumentState, FieldReading, FieldState
from digitd.store.database import Database
from digitd.store.documents import move, state_of, what_waits
from digitd.store.tables import fields, glyphs, models, pages
from digitd.stored import StoredPage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = frozenset("0123456789")


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
        self, document_id: int, reading: DocumentReading, *, card: Mapping[str, Any], audit_share: float = 0.0
    ) -> DocumentState:
        """Keep everything that came of a document and finish it, in one transaction. Returns done or review.

        audit_share is the probability with which a field that passes is drawn, here and now, to be keyed all the same.
        """
        now = datetime.now(UTC)
        waiting = [f for p in reading.pages for f in p.fields if f.state is FieldState.REVIEW]
        doubtful_pages = [p for p in reading.pages if p.reason]
        state = DocumentState.REVIEW if waiting or doubtful_pages else DocumentState.DONE
        reason = what_waits(len(waiting), [p.reason for p in doubtful_pages])
        with self._writing() as connection:
            if (known := state_of(connection, document_id)) in {DocumentState.DONE, DocumentState.REVIEW}:
                return known  # kept already, by a try whose answer was lost
            _remember_model(connection, reading.model, card, now)
            for page in reading.pages:
                page_id = connection.execute(
                    insert(pages)
                    .values(
                        document_id=document_id,
                        number=page.number,
                        width_px=page.width_px,
                        height_px=page.height_px,
                        dpi=page.dpi,
                        form=page.form,
                        residual_mm=page.residual_mm,
                        reason=page.reason,
                        stage_ms=dict(page.stage_ms),
                        model_id=reading.model,
                        pipeline=reading.pipeline,
                    )
                    .returning(pages.c.id)
                ).scalar_one()
                _write_fields(connection, page_id, page.fields, audit_share=audit_share)
            move(connection, document_id, state, reason=reason, read_at=now)
        return state


def _remember_model(connection: Connection, model: str, card: Mapping[str, Any], now: datetime) -> None:
    if connection.execute(select(models.c.id).where(models.c.id == model)).first() is None:
        connection.execute(insert(models).values(id=model, card=dict(card), first_used_at=now))


def _write_fields(connection: Connection, page_id: int, found: Sequence[FieldReading], *, audit_share: float) -> None:
    if not found:
        return
    audited = [_drawn(field, audit_share) for field in found]
    rows = [
        {
            "page_id": page_id,
            "position": position,
            "name": field.name,
            "x0": field.box.x0,
            "y0": field.box.y0,
            "x1": field.box.x1,
            "y1": field.box.y1,
            "value": field.value,
            "confidence": field.confidence,
            "state": str(field.state),
            "machine_state": str(field.state),
            "reason": field.reason,
            "candidates": [[c.value, round(c.probability, 6)] for c in field.candidates],
            "crop": field.crop,
            "audit_probability": audit_share if audited[position] else None,
        }
        for position, field in enumerate(found)
    ]
    ids = connection.scalars(insert(fields).returning(fields.c.id, sort_by_parameter_order=True), rows).all()
    symbols = [
        row
        for key, field, is_audited in zip(ids, found, audited, strict=True)
        for row in _glyph_rows(key, field, to_look_at=field.state is FieldState.ACCEPTED and not is_audited)
    ]
    if symbols:
        connection.execute(insert(glyphs), symbols)


def _drawn(field: FieldReading, audit_share: float) -> bool:
    return field.state is FieldState.ACCEPTED and random.random() < audit_share  # noqa: S311 - no secret


def _glyph_rows(field_id: int, field: FieldReading, *, to_look_at: bool) -> Iterator[dict[str, Any]]:
    """Rows of a field's glyphs; those that are digits of its value say which, and whether they are to be looked at."""
    digits = [int(one) for one in field.value if one in DIGITS]
    counted = len(digits) == sum(glyph.content is CellContent.DIGIT for glyph in field.glyphs)
    left = iter(digits)
    for glyph in field.glyphs:
        digit = next(left) if counted and glyph.content is CellContent.DIGIT else None
        yield {
            "field_id": field_id,
            "position": glyph.position,
            "x0": glyph.box.x0,
            "y0": glyph.box.y0,
            "x1": glyph.box.x1,
            "y1": glyph.box.y1,
            "content": str(glyph.content),
            "probabilities": glyph.probabilities.astype("<f4").tobytes(),
            "pixels_png": _png(glyph.pixels),
            "digit": digit,
            "sure": None if digit is None else float(glyph.probabilities[digit]),
            "to_look_at": to_look_at and digit is not None,
        }


def _png(pixels: "NDArray[np.uint8]") -> bytes:
    """A glyph's pixels (28, 28), packed fastest and smallest: 22 us and 246 bytes, by default 30 us and 326 bytes."""
    import cv2  # not needed to ask what was read

    how = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)
    return cv2.imencode(".png", pixels, how)[1].tobytes()
