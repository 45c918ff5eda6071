"""Labelled fields, and what there is besides: what a report counts, without a single picture."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, ColumnElement, Select, String, func, select

from digitd.records import Box, FieldState
from digitd.store.conditions import taken_back
from digitd.store.database import Database
from digitd.store.tables import documents, fields, glyphs, labels, pages
from digitd.stored import Origin

if TYPE_CHECKING:  # numpy, for which other commands need not wait
    import numpy as np
    from numpy.typing import NDArray

    from digitd.store.columns import LabelledFields, LabelledGlyphs, Rows

#: Rows fetched at a time.
BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report is of: None means all. since and until are of when documents were read, until exclusive.

    verifier keeps the fields whose last label is theirs.
    """

    form: str | None = None
    field: str | None = None
    model: str | None = None
    verifier: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What rows of fields, pages and documents meet that are in it."""
        return self.of_pages() + ([] if self.field is None else [fields.c.name == self.field])

    def of_pages(self) -> list[ColumnElement[bool]]:
        """What rows of pages and documents meet of which fields may be in it."""
        found: list[ColumnElement[bool]] = []
        if self.form is not None:
            found.append(pages.c.form == self.form)
        if self.model is not None:
            found.append(pages.c.model_id == self.model)
        if self.since is not None:
            found.append(documents.c.read_at >= self.since)
        if self.until is not None:
            found.append(documents.c.read_at < self.until)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCount:
    """How many fields were read of a kind: week is its Monday, ISO 8601 (UTC), state the machine's.

    waiting counts those that are in review still.
    """

    form: str | None
    field: str
    model: str
    week: str
    state: FieldState
    count: int
    waiting: int


class Labelled(Database):
    """What reports count."""

    def read_counts(self, scope: Scope) -> list[ReadCount]:
        """How many fields were read, labelled or not, by form, name, model, week and what the machine made of them."""
        kinds = _kinds_of_pages(scope)
        waiting = func.sum((fields.c.state.concat("") == FieldState.REVIEW).cast(fields.c.id.type))
        counted = select(kinds.c.first, fields.c.name, fields.c.machine_state, func.count(), waiting)
        counted = counted.join(kinds, fields.c.page_id == kinds.c.id).group_by(*list(counted.selected_columns)[:3])
        if scope.field is not None:
            counted = counted.where(fields.c.name == scope.field)
        with self._reading() as connection:
            known = {
                row.id: row for row in connection.execute(_of_pages().where(pages.c.id.in_(select(kinds.c.first))))
            }
            return [
                ReadCount(
                    form=known[first].form,
                    field=name,
                    model=known[first].model_id,
                    week=known[first].week,
                    state=FieldState(state),
                    count=count,
                    waiting=left,
                )
                for first, name, state, count, left in connection.execute(counted)
            ]

    def drawn_counts(self, scope: Scope) -> Mapping[str | None, int]:
        """How many fields that passed were drawn to be keyed, by form, keyed or not."""
        query = _in_scope(select(pages.c.form, func.count()), scope).where(fields.c.audit_probability.is_not(None))
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(pages.c.form))}

    def labelled_columns(self, scope: Scope) -> "LabelledFields":
        """The fields of scope with a label that stands."""
        from digitd.store import columns

        drawn = _in_scope(select(fields.c.id, fields.c.audit_probability), scope)
        with self._reading() as connection:
            drawn_by = connection.execute(drawn.where(fields.c.audit_probability.is_not(None)))
            probabilities = {row.id: row.audit_probability for row in drawn_by}
            stand_no_more = connection.scalars(taken_back()).all()
        of_pages, said = _of_pages(), _with_labels(columns.of_labels(), scope)
        return columns.labelled_fields(
            columns.Columns(said, self._batches(said)),
            columns.Columns(of_pages, self._batches(of_pages)),
            drawn=probabilities,
            taken_back=stand_no_more,
            verifier=scope.verifier,
        )

    def labelled_glyphs(self, scope: Scope, *, field_ids: "NDArray[np.int64]") -> "LabelledGlyphs":
        """The glyphs of the fields that `labelled_columns` gives for scope, whose ids these are, and some of others.

        Where most fields are wanted the whole table is read: by an index that takes a half longer.
        """
        from digitd.store import columns

        query = columns.of_glyphs()
        with self._reading() as connection:
            newest = connection.scalar(select(func.max(fields.c.id))) or 0
        if 2 * len(field_ids) < newest:
            query = query.where(glyphs.c.field_id.in_(_with_labels(select(labels.c.field_id), scope)))
        return columns.labelled_glyphs(self._batches(query))

    def glyph_pictures(self, places: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """The PNG of glyphs by their field's number and their position in it, without those that were deleted."""
        wanted, owners = set(places), sorted({field_id for field_id, _ in places})
        query = select(glyphs.c.field_id, glyphs.c.position, glyphs.c.pixels_png)
        found: dict[tuple[int, int], bytes] = {}
        with self._reading() as connection:
            for start in range(0, len(owners), BATCH):
                some = query.where(glyphs.c.field_id.in_(owners[start : start + BATCH]))
                found |= {(row[0], row[1]): row[2] for row in connection.execute(some) if row[2]}
        return {place: png for place, png in found.items() if place in wanted}

    def boxes(self, field_ids: Sequence[int]) -> Mapping[int, Box]:
        """Where fields are, in shares of the page's width and height, unclipped."""
        query = select(fields, pages.c.width_px, pages.c.height_px).join(pages, fields.c.page_id == pages.c.id)
        with self._reading() as connection:
            return {
                row.id: Box(
                    x0=row.x0 / row.width_px,
                    y0=row.y0 / row.height_px,
                    x1=row.x1 / row.width_px,
                    y1=row.y1 / row.height_px,
                )
                for row in connection.execute(query.where(fields.c.id.in_(field_ids)))
            }

    def origins(self, field_ids: Sequence[int]) -> Mapping[int, Origin]:
        """Where those fields are from that there are."""
        query = select(
            fields.c.id, fields.c.name, pages.c.number, pages.c.document_id, documents.c.name.label("document")
        )
        with self._reading() as connection:
            rows = connection.execute(_in_scope(query, Scope()).where(fields.c.id.in_(field_ids)))
            return {
                row.id: Origin(
                    field_id=row.id,
                    document_id=row.document_id,
                    document=row.document,
                    page=row.number,
                    field=row.name,
                )
                for row in rows
            }

    def _batches(self, query: Select[Any]) -> "Iterator[Rows]":
        """Rows as the driver gives them: making a million of them rows of SQLAlchemy takes longer than finding them."""
        with self._reading() as connection:
            cursor = connection.execute(query).cursor
            assert cursor is not None
            collects = gc.isenabled()
            gc.disable()  # no row refers to another, but looking for such takes a third of the time
            try:
                while rows := cursor.fetchmany(BATCH):
                    yield rows
            finally:
                if collects:
                    gc.enable()


def _of_pages() -> Select[Any]:
    return select(pages.c.id, pages.c.form, pages.c.model_id, _week().label("week")).join(
        documents, pages.c.document_id == documents.c.id
    )


def _week() -> ColumnElement[str]:
    """The Monday of the week in which a row of documents was read."""
    return func.date(documents.c.read_at, "weekday 0", "-6 days", type_=String)


def _kinds_of_pages(scope: Scope) -> CTE:
    """The pages of scope, each with the first of those that have its form, model and week.

    To group fields by that number takes half the time of grouping them by the words.
    """
    alike = (pages.c.form, pages.c.model_id, _week())
    first = func.min(pages.c.id).over(partition_by=alike).label("first")
    kinds = select(pages.c.id, first).join(documents, pages.c.document_id == documents.c.id)
    return kinds.where(*scope.of_pages()).cte("kinds")


def _in_scope(query: Select[Any], scope: Scope) -> Select[Any]:
    joined = query.select_from(fields).join(pages, fields.c.page_id == pages.c.id)
    return joined.join(documents, pages.c.document_id == documents.c.id).where(*scope.conditions())


def _with_labels(query: Select[Any], scope: Scope) -> Select[Any]:
    """A query of fields and labels, of the labels in scope that say something, taken back or not."""
    return _in_scope(query, scope).join(labels, labels.c.field_id == fields.c.id).where(labels.c.value.is_not(None))
