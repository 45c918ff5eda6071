"""Fields as they are asked for: chosen, in order, with their evidence and the last label that stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, exists, func, select

from digitd.records import Box, CellContent, FieldState, LabelMode, Verdict
from digitd.store.database import Database
from digitd.store.tables import documents, fields, glyphs, labels, pages
from digitd.stored import Label, StoredField, StoredGlyph

#: Rows fetched at a time when a whole table is walked.
BATCH = 500


class Fields(Database):
    """Fields that were read."""

    def fields(
        self,
        *,
        form: str | None = None,
        states: Iterable[FieldState] | None = None,
        since: datetime | None = None,
        document_id: int | None = None,
        evidence: bool = False,
    ) -> Iterator[StoredField]:
        """Fields in the order of documents, pages and positions; evidence adds crops and glyphs."""
        conditions: list[ColumnElement[bool]] = []
        if form is not None:
            conditions.append(pages.c.form == form)
        if states is not None:
            conditions.append(fields.c.state.in_([str(s) for s in states]))
        if since is not None:
            conditions.append(documents.c.read_at >= since)
        if document_id is not None:
            conditions.append(documents.c.id == document_id)
        return self._walk(conditions, evidence=evidence)

    def labelled_fields(self, *, form: str | None = None) -> Iterator[StoredField]:
        """Fields whose value people have settled, with their evidence and the last label."""
        for field in self.fields(form=form, states=[FieldState.VERIFIED], evidence=True):
            if field.label is not None and field.label.verdict is Verdict.VALUE:
                yield field

    def field_named(self, *, document: str, page: int, field: str) -> list[StoredField]:
        """Fields of that name on that page of documents of that name (several where a name was dropped twice)."""
        return list(
            self._walk([documents.c.name == document, pages.c.number == page, fields.c.name == field], evidence=True)
        )

    def field_with_evidence(self, field_id: int) -> StoredField:
        """One field as it stands now, with its crop and glyphs; it must be there."""
        (found,) = self.fields_of([field_id], evidence=True)
        return found

    def fields_of(self, field_ids: Sequence[int], *, evidence: bool = False) -> list[StoredField]:
        """Those fields that there are, in the order asked for, as they stand now; evidence adds crops and glyphs."""
        found = {field.id: field for field in self._walk([fields.c.id.in_(field_ids)], evidence=evidence)}
        return [found[key] for key in field_ids if key in found]

    def field_counts(self) -> dict[FieldState, int]:
        """How many fields are in each state."""
        with self._reading() as connection:
            found = connection.execute(select(fields.c.state, func.count()).group_by(fields.c.state))
            return dict.fromkeys(FieldState, 0) | {FieldState(state): count for state, count in found}

    def _walk(self, conditions: Sequence[ColumnElement[bool]], *, evidence: bool) -> Iterator[StoredField]:
        """Fields that meet conditions, BATCH at a time, so that a large database does not fill the memory."""
        after: tuple[int, int, int] = (0, 0, -1)
        while True:
            with self._reading() as connection:
                rows = connection.execute(_fields_after(conditions, after)).all()
                ids = [row.id for row in rows]
                last = last_labels(connection, ids)
                symbols = _glyphs_of(connection, ids) if evidence else {}
            for row in rows:
                yield _stored_field(row, symbols.get(row.id, ()), last.get(row.id), crop=evidence)
            if len(rows) < BATCH:
                return
            after = (rows[-1].document_id, rows[-1].number, rows[-1].position)


def _fields_after(conditions: Sequence[ColumnElement[bool]], after: tuple[int, int, int]) -> Select[Any]:
    order = (documents.c.id, pages.c.number, fields.c.position)
    document_id, number, position = after
    beyond = (
        (documents.c.id > document_id)
        | ((documents.c.id == document_id) & (pages.c.number > number))
        | ((documents.c.id == document_id) & (pages.c.number == number) & (fields.c.position > position))
    )
    return (
        select(
            fields,
            pages.c.number,
            pages.c.width_px,
            pages.c.height_px,
            pages.c.form,
            pages.c.model_id,
            documents.c.id.label("document_id"),
            documents.c.name.label("document"),
            documents.c.sha256,
            documents.c.read_at,
        )
        .join(pages, fields.c.page_id == pages.c.id)
        .join(documents, pages.c.document_id == documents.c.id)
        .where(documents.c.id >= document_id, beyond, *conditions)
        .order_by(*order)
        .limit(BATCH)
    )


def in_review() -> ColumnElement[bool]:
    """Whether a row of fields waits for a verifier because nobody is sure of it."""
    return fields.c.state == FieldState.REVIEW


def in_audit() -> ColumnElement[bool]:
    """Whether a row of fields passed, and waits for a verifier because it was drawn."""
    return fields.c.audit_probability.is_not(None) & by_itself(FieldState.ACCEPTED)


def by_itself(state: FieldState) -> ColumnElement[bool]:
    """Whether a row of fields has a state, asked of rows that are few already: the index on states finds a million."""
    return fields.c.state.concat("") == state


def of_form(query: Select[Any], form: str | None) -> Select[Any]:
    """A query of fields, of those on pages of form; None means all."""
    return query if form is None else query.join(pages, fields.c.page_id == pages.c.id).where(pages.c.form == form)


_later = labels.alias()  # made once: naming its columns takes longer than a query with it


def stands(of: FromClause = labels) -> ColumnElement[bool]:
    """Whether a row of labels says something that was not taken back."""
    return of.c.value.is_not(None) & ~exists().where(_later.c.retracts_id == of.c.id)


def taken_back() -> Select[Any]:
    """The ids of all labels that were taken back: for queries that walk all labels, which know them so at once."""
    return select(labels.c.retracts_id).where(labels.c.retracts_id.is_not(None))


def last_labels(connection: Connection, field_ids: Sequence[int]) -> dict[int, Label]:
    """The newest label of each field that was not taken back."""
    return {label.field_id: label for label in standing_labels(connection, field_ids)}


def standing_labels(connection: Connection, field_ids: Sequence[int]) -> list[Label]:
    """The labels of fields that were not taken back, oldest first."""
    query = select(labels).where(labels.c.field_id.in_(field_ids), stands()).order_by(labels.c.id)
    return [
        Label(
            id=row.id,
            field_id=row.field_id,
            value=row.value,
            verifier=row.verifier,
            mode=LabelMode(row.mode),
            shown=row.shown,
            at=row.at,
            duration_ms=row.duration_ms,
            sampling_probability=row.sampling_probability,
            verdict=Verdict(row.verdict),
            alone=row.alone,
        )
        for row in connection.execute(query)
    ]


def _glyphs_of(connection: Connection, field_ids: Sequence[int]) -> dict[int, tuple[StoredGlyph, ...]]:
    found: defaultdict[int, list[StoredGlyph]] = defaultdict(list)
    rows = connection.execute(
        select(glyphs).where(glyphs.c.field_id.in_(field_ids)).order_by(glyphs.c.field_id, glyphs.c.position)
    )
    for row in rows:
        found[row.field_id].append(as_glyph(row))
    return {key: tuple(value) for key, value in found.items()}


def as_glyph(row: Row[Any]) -> StoredGlyph:
    """A row of the table as the glyph that it is."""
    import numpy as np  # half of what Python takes to start, and only for who looks at glyphs

    return StoredGlyph(
        id=row.id,
        position=row.position,
        content=CellContent(row.content),
        probabilities=np.frombuffer(row.probabilities, "<f4"),
        pixels_png=row.pixels_png,
    )


def _stored_field(row: Row[Any], symbols: tuple[StoredGlyph, ...], label: Label | None, *, crop: bool) -> StoredField:
    return StoredField(
        id=row.id,
        document=row.document,
        document_id=row.document_id,
        sha256=row.sha256,
        page=row.number,
        page_width_px=row.width_px,
        page_height_px=row.height_px,
        form=row.form,
        name=row.name,
        box=Box(x0=row.x0, y0=row.y0, x1=row.x1, y1=row.y1),
        machine_value=row.value,
        confidence=row.confidence,
        state=FieldState(row.state),
        machine_state=FieldState(row.machine_state),
        reason=row.reason,
        model=row.model_id,
        read_at=row.read_at,
        crop=row.crop if crop else b"",
        glyphs=symbols,
        label=label,
        audit_probability=row.audit_probability,
    )
