"""Labelled fields in columns, and what there is besides: what a report counts, without a single picture.

A million glyphs are a few arrays here, and no object each.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, case, func, select

from digitd.records import NOT_A_DIGIT, Box, CellContent, FieldState, LabelMode, Verdict
from digitd.store.database import Database
from digitd.store.fields import stands
from digitd.store.tables import documents, fields, glyphs, labels, pages
from digitd.stored import Origin

#: Rows fetched at a time.
BATCH = 2_000

#: More glyphs than a field has.
POSITIONS = 1 << 16

#: In `LabelledGlyphs.said`: a blank cell, which nothing was said of.
BLANK_CELL = -1


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
        found: list[ColumnElement[bool]] = []
        if self.form is not None:
            found.append(pages.c.form == self.form)
        if self.field is not None:
            found.append(fields.c.name == self.field)
        if self.model is not None:
            found.append(pages.c.model_id == self.model)
        if self.since is not None:
            found.append(documents.c.read_at >= self.since)
        if self.until is not None:
            found.append(documents.c.read_at < self.until)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """N words as numbers: codes is (N,) int32, each the place of its word in words."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCount:
    """How many fields were read of a kind: day is ISO 8601 (UTC), state the machine's.

    waiting counts those that are in review still.
    """

    form: str | None
    field: str
    model: str
    day: str
    state: FieldState
    count: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFields:
    """F fields with a label that stands, in the order of id; the last such label says what each is.

    values are of the labels; as_read says that the machine read the same, settled that a label is the last word, while
    other fields wait for another verifier.
    drawn is the probability with which a field that passed was drawn to be keyed, NaN where it was not drawn.
    """

    ids: NDArray[np.int64]
    forms: Coded
    names: Coded
    models: Coded
    days: Coded
    modes: Coded
    verifiers: Coded
    machine_states: Coded
    verdicts: Coded
    values: Sequence[str]
    as_read: NDArray[np.bool_]
    confidences: NDArray[np.float64]
    settled: NDArray[np.bool_]
    drawn: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGlyphs:
    """G glyphs of labelled fields, by field and from the left; positions are as stored, and count blank cells.

    said is (G,) int8: the likeliest class, 10 for *not a digit* and for what is struck out, `BLANK_CELL` for a blank
    cell; confidences its probability.
    """

    field_ids: NDArray[np.int64]
    positions: NDArray[np.int32]
    said: NDArray[np.int8]
    confidences: NDArray[np.float32]


class Labelled(Database):
    """What reports count."""

    def read_counts(self, scope: Scope) -> list[ReadCount]:
        """How many fields were read, labelled or not, by form, name, model, day and what the machine made of them."""
        day = func.date(documents.c.read_at)
        kinds = (pages.c.form, fields.c.name, pages.c.model_id, day, fields.c.machine_state)
        waiting = func.sum((fields.c.state.concat("") == FieldState.REVIEW).cast(fields.c.id.type))
        query = _in_scope(select(*kinds, func.count(), waiting), scope).group_by(*kinds)
        with self._reading() as connection:
            return [
                ReadCount(form=form, field=name, model=model, day=on, state=FieldState(state), count=many, waiting=left)
                for form, name, model, on, state, many, left in connection.execute(query)
            ]

    def drawn_counts(self, scope: Scope) -> Mapping[str | None, int]:
        """How many fields that passed were drawn to be keyed, by form, keyed or not."""
        query = _in_scope(select(pages.c.form, func.count()), scope).where(fields.c.audit_probability.is_not(None))
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(pages.c.form))}

    def labelled_columns(self, scope: Scope) -> LabelledFields:
        """The fields of scope with a label that stands."""
        with self._reading() as connection:
            drawn = {row.id: row.audit_probability for row in connection.execute(_drawn(scope))}
        of_pages, found = (_Columns(query, self._batches(query)) for query in (_of_pages(), _with_labels(scope)))
        ids = found.numbers("id", np.int64)
        order = np.lexsort((found.numbers("label_id", np.int64), ids))
        last = np.ones(len(order), np.bool_)
        last[:-1] = ids[order][1:] != ids[order][:-1]
        kept = order[last]
        if scope.verifier is not None:
            signed = found.coded("verifier", kept)
            kept = kept[np.array([word == scope.verifier for word in signed.words], np.bool_)[signed.codes]]
        rows = np.argsort(of_pages.numbers("id", np.int64))
        places = rows[np.searchsorted(of_pages.numbers("id", np.int64)[rows], found.numbers("page_id", np.int64)[kept])]
        flags = found.numbers("flags", np.int32)[kept]
        return LabelledFields(
            ids=ids[kept],
            forms=of_pages.coded("form", places),
            models=of_pages.coded("model_id", places),
            days=of_pages.coded("day", places),
            names=found.coded("name", kept),
            modes=_flagged(flags >> 8, LabelMode),
            verifiers=found.coded("verifier", kept),
            machine_states=_flagged(flags >> 4, FieldState),
            verdicts=_flagged(flags >> 12, Verdict),
            values=found.words("value", kept),
            as_read=(flags & 1).astype(np.bool_),
            confidences=found.numbers("confidence", np.float64)[kept],
            settled=(flags & 2).astype(np.bool_),
            drawn=np.array([drawn.get(key, np.nan) for key in ids[kept].tolist()], np.float64),
        )

    def labelled_glyphs(self, scope: Scope, *, field_ids: NDArray[np.int64]) -> LabelledGlyphs:
        """The glyphs of the fields that `labelled_columns` gives for scope, whose ids these are, and some of others.

        Where most fields between the first and the last are wanted, all of them are read: that is a third faster.
        """
        if len(field_ids) and 2 * len(field_ids) > field_ids[-1] - field_ids[0]:
            wanted = glyphs.c.field_id.between(int(field_ids[0]), int(field_ids[-1]))
        else:
            wanted = glyphs.c.field_id.in_(_with_labels(scope).with_only_columns(labels.c.field_id))
        kind = case((glyphs.c.content == CellContent.BLANK, 2), (glyphs.c.content == CellContent.OTHER, 1), else_=0)
        # One number is taken out three times as fast as three.
        place = (glyphs.c.field_id * POSITIONS + glyphs.c.position) * 4 + kind
        query = select(place, glyphs.c.probabilities)
        parts = [_glyph_arrays(rows) for rows in self._batches(query.where(wanted))] or [_glyph_arrays([])]
        field_ids, positions, said, confidences = (np.concatenate(some) for some in zip(*parts, strict=True))
        order = np.lexsort((positions, field_ids))
        return LabelledGlyphs(
            field_ids=field_ids[order], positions=positions[order], said=said[order], confidences=confidences[order]
        )

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

    def _batches(self, query: Select[Any]) -> Iterator[Sequence[tuple[Any, ...]]]:
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


class _Columns:
    """The rows of a query by column: numbers in arrays, words coded, so that a row costs a few bytes."""

    def __init__(self, query: Select[Any], batches: Iterable[Sequence[tuple[Any, ...]]]) -> None:
        self._parts: defaultdict[str, list[Any]] = defaultdict(list)
        self._words: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for rows in batches:
            for name, values in zip(query.selected_columns.keys(), zip(*rows, strict=True), strict=True):
                self._parts[name].append(self._packed(name, values))

    def numbers(self, name: str, kind: type[np.generic]) -> NDArray[Any]:
        return np.concatenate([np.zeros(0, kind), *self._parts[name]]).astype(kind)

    def coded(self, name: str, kept: NDArray[np.intp]) -> Coded:
        return Coded(codes=self.numbers(name, np.int32)[kept], words=tuple(self._words[name]))

    def words(self, name: str, kept: NDArray[np.intp]) -> Sequence[str]:
        coded = self.coded(name, kept)
        return [coded.words[code] for code in coded.codes.tolist()]

    def _packed(self, name: str, values: Sequence[Any]) -> NDArray[Any]:
        if all(isinstance(value, int | float) for value in values[:1]) and name not in self._words:
            return np.array(values)
        known = self._words[name]
        return np.array([known.setdefault(value or "", len(known)) for value in values], np.int32)


def _of_pages() -> Select[Any]:
    day = func.date(documents.c.read_at).label("day")
    return select(pages.c.id, pages.c.form, pages.c.model_id, day).join(
        documents, pages.c.document_id == documents.c.id
    )


def _in_scope(query: Select[Any], scope: Scope) -> Select[Any]:
    joined = query.select_from(fields).join(pages, fields.c.page_id == pages.c.id)
    return joined.join(documents, pages.c.document_id == documents.c.id).where(*scope.conditions())


def _with_labels(scope: Scope) -> Select[Any]:
    """A row a label that stands; crops are behind what is asked of a field, and stay unread.

    What has few values comes as one number: a million words take longer than all else.
    """
    flags = (
        case((labels.c.value == fields.c.value, 1), else_=0)
        + case((fields.c.state.concat("") == FieldState.VERIFIED, 2), else_=0)
        + _numbered(fields.c.machine_state, FieldState, 1 << 4)
        + _numbered(labels.c.mode, LabelMode, 1 << 8)
        + _numbered(labels.c.verdict, Verdict, 1 << 12)
    )
    query = select(
        fields.c.id,
        labels.c.id.label("label_id"),
        fields.c.page_id,
        fields.c.name,
        fields.c.confidence,
        labels.c.value,
        labels.c.verifier,
        flags.label("flags"),
    )
    return _in_scope(query, scope).join(labels, labels.c.field_id == fields.c.id).where(stands())


def _numbered(column: ColumnElement[str], words: type[StrEnum], step: int) -> ColumnElement[int]:
    """The place of a word among words, times step."""
    return case({str(word): place * step for place, word in enumerate(words)}, value=column, else_=0)


def _flagged(flags: NDArray[np.int32], words: type[StrEnum]) -> Coded:
    """The words whose places are the lowest four bits of flags."""
    return Coded(codes=flags & 15, words=tuple(str(word) for word in words))


def _drawn(scope: Scope) -> Select[Any]:
    query = select(fields.c.id, fields.c.audit_probability)
    return _in_scope(query, scope).where(fields.c.audit_probability.is_not(None))


def _glyph_arrays(rows: Sequence[tuple[Any, ...]]) -> tuple[NDArray[Any], ...]:
    """Fields, positions, what was said and how surely, of rows as `Labelled.labelled_glyphs` asks for them."""
    numbers, blobs = zip(*rows, strict=True) if rows else ((), ())
    places = np.array(numbers, np.int64)
    probabilities = np.frombuffer(b"".join(blobs), "<f4").reshape(len(rows), NOT_A_DIGIT + 1)
    said = np.choose(places & 3, (probabilities.argmax(axis=1), NOT_A_DIGIT, BLANK_CELL)).astype(np.int8)
    fields_of, positions = np.divmod(places >> 2, POSITIONS)
    return fields_of, positions.astype(np.int32), said, probabilities.max(axis=1)
