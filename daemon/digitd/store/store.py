"""Every query of digitd, and nothing but queries: methods are sentences, results are records, never rows.

One transaction a method. Writers begin with `BEGIN IMMEDIATE`, so that two processes queue for the database
instead of failing half-way.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.exc import OperationalError

from digitd.errors import DatabaseError
from digitd.records import (
    LEGAL_MOVES,
    Box,
    CellContent,
    Document,
    DocumentReading,
    DocumentState,
    FieldReading,
    FieldState,
    Glyph,
    Label,
    LabelMode,
    Move,
    StoredField,
    StoredGlyph,
)
from digitd.store import schema
from digitd.store.tables import Base, DocumentRow, FieldRow, GlyphRow, LabelRow, ModelRow, MoveRow, PageRow

#: How long a writer waits for another, in milliseconds.
BUSY_TIMEOUT_MS = 30_000

#: Rows fetched at a time when a whole table is walked.
BATCH = 500


def _table(mapped: type[Base]) -> Table:
    table = mapped.__table__
    assert isinstance(table, Table)
    return table


documents, moves, models, pages = (_table(kind) for kind in (DocumentRow, MoveRow, ModelRow, PageRow))
fields, glyphs, labels = (_table(kind) for kind in (FieldRow, GlyphRow, LabelRow))


class Store:
    """An open database. Use as a context manager, or call `close`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> "Store":
        """Open the database at path; create makes it where there is none.

        Raises
        ------
        DatabaseError
            It is missing, damaged, older or newer; the message says what to do.
        """
        if not path.exists() and not create:
            raise DatabaseError(f"{path}: no database yet. `digitd run` makes it and reads what is in the inbox.")
        new = not path.exists() or path.stat().st_size == 0
        if new:
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = connect(f"sqlite:///{path}")
        try:
            if new and create:
                schema.migrate(engine)
            schema.check(engine, str(path))
        except SqlDatabaseError as fault:
            raise DatabaseError(
                f"{path}: not a usable database ({fault.orig}). Restore a backup, or move it away."
            ) from None
        return cls(engine)

    @classmethod
    def upgrade(cls, path: Path) -> tuple[str | None, str, Path | None]:
        """Bring the database at path to this version, after copying it beside itself.

        Returns
        -------
        tuple
            The version before, the version now, and the copy's path; None where there was nothing to do.

        Raises
        ------
        DatabaseError
            It is newer, damaged, or not digitd's.
        """
        engine = connect(f"sqlite:///{path}")
        try:
            before = schema.check(engine, str(path), older=True)
            copy = None if before == schema.HEAD else _copy_aside(engine, path, before)
            schema.migrate(engine)
        except SqlDatabaseError as fault:
            raise DatabaseError(
                f"{path}: not a usable database ({fault.orig}). Restore a backup, or move it away."
            ) from None
        finally:
            engine.dispose()
        return before, schema.HEAD, copy

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    # Intake and the ledger

    def take_in(
        self, *, name: str, form: str | None, sha256: str, size_bytes: int, token: str, seen_at: datetime
    ) -> Document:
        """Enter a file that has just left the inbox: queued, or duplicate where its bytes are known."""
        with self._writing() as connection:
            original = connection.execute(
                select(documents).where(documents.c.sha256 == sha256, documents.c.original_id.is_(None))
            ).first()
            last = DocumentState.QUEUED if original is None else DocumentState.DUPLICATE
            reason = "" if original is None else _duplicate_of(original)
            now = datetime.now(UTC)
            new = connection.execute(
                insert(documents)
                .values(
                    name=name,
                    form=form,
                    sha256=sha256,
                    size_bytes=size_bytes,
                    token=token,
                    seen_at=seen_at,
                    state=last,
                    reason=reason,
                    attempts=0,
                    original_id=None if original is None else original.id,
                )
                .returning(documents.c.id)
            ).scalar_one()
            path = [(None, DocumentState.SEEN, seen_at, ""), (DocumentState.SEEN, DocumentState.SETTLING, seen_at, "")]
            for previous, state, at, why in [*path, (DocumentState.SETTLING, last, now, reason)]:
                _write_move(connection, new, previous, state, at=at, reason=why)
            return _document(connection.execute(select(documents).where(documents.c.id == new)).one())

    def claim_next(self, *, among: Collection[int] | None = None) -> Document | None:
        """Move the oldest queued document to `reading` and return it, its attempts counted; None if there is none.

        among limits the choice to these ids.
        """
        query = select(documents).where(documents.c.state == DocumentState.QUEUED).order_by(documents.c.id).limit(1)
        if among is not None:
            query = query.where(documents.c.id.in_(among))
        with self._writing() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            _move(connection, row.id, DocumentState.READING, attempts=row.attempts + 1)
            return _document(connection.execute(select(documents).where(documents.c.id == row.id)).one())

    def put_back(self, document_id: int, reason: str, *, count_attempt: bool = True) -> None:
        """Return a document from `reading` to the queue; without count_attempt this try is forgotten."""
        with self._writing() as connection:
            tries = connection.execute(select(documents.c.attempts).where(documents.c.id == document_id)).scalar_one()
            _move(
                connection,
                document_id,
                DocumentState.QUEUED,
                reason=reason,
                attempts=tries if count_attempt else max(0, tries - 1),
            )

    def retry(self, document_id: int, *, form: str | None = None) -> None:
        """Queue a failed document again, with its attempts forgotten; form, where given, replaces the one it had."""
        other = {} if form is None else {"form": form}
        with self._writing() as connection:
            _move(connection, document_id, DocumentState.QUEUED, reason="asked for by a person", attempts=0, **other)

    def record_failure(self, document_id: int, reason: str) -> None:
        """A document cannot be read; reason is a sentence a person understands."""
        with self._writing() as connection:
            _move(connection, document_id, DocumentState.FAILED, reason=reason)

    def record_reading(self, document_id: int, reading: DocumentReading, *, card: Mapping[str, Any]) -> DocumentState:
        """Keep everything that came of a document and finish it, in one transaction. Returns done or review."""
        now = datetime.now(UTC)
        waiting = [f for p in reading.pages for f in p.fields if f.state is FieldState.REVIEW]
        doubtful_pages = [p for p in reading.pages if p.reason]
        state = DocumentState.REVIEW if waiting or doubtful_pages else DocumentState.DONE
        reason = _what_waits(len(waiting), [p.reason for p in doubtful_pages])
        with self._writing() as connection:
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
                _write_fields(connection, page_id, page.fields)
            _move(connection, document_id, state, reason=reason, read_at=now)
        return state

    def documents(
        self,
        *,
        states: Iterable[DocumentState] | None = None,
        name: str | None = None,
        ids: Collection[int] | None = None,
        newest: int | None = None,
    ) -> list[Document]:
        """Documents, oldest first; newest limits them to the last so many."""
        query = select(documents).order_by(documents.c.id.desc())
        if states is not None:
            query = query.where(documents.c.state.in_([str(s) for s in states]))
        if name is not None:
            query = query.where(documents.c.name == name)
        if ids is not None:
            query = query.where(documents.c.id.in_(ids))
        if newest is not None:
            query = query.limit(newest)
        with self._reading() as connection:
            return [_document(row) for row in connection.execute(query)][::-1]

    def document(self, document_id: int) -> Document:
        """The document of that id, which must exist."""
        with self._reading() as connection:
            return _document(connection.execute(select(documents).where(documents.c.id == document_id)).one())

    def duplicates_of(self, document_id: int) -> list[Document]:
        """Later documents with the same bytes, oldest first."""
        query = select(documents).where(documents.c.original_id == document_id).order_by(documents.c.id)
        with self._reading() as connection:
            return [_document(row) for row in connection.execute(query)]

    def document_with_token(self, token: str) -> Document | None:
        """The document whose folder in `var/work` is token."""
        with self._reading() as connection:
            row = connection.execute(select(documents).where(documents.c.token == token)).first()
            return None if row is None else _document(row)

    def history(self, document_id: int) -> list[Move]:
        """Every change of a document's state, oldest first."""
        with self._reading() as connection:
            found = connection.execute(select(moves).where(moves.c.document_id == document_id).order_by(moves.c.id))
            return [
                Move(
                    at=row.at,
                    previous=None if row.previous is None else DocumentState(row.previous),
                    state=DocumentState(row.state),
                    reason=row.reason,
                )
                for row in found
            ]

    def counts(self) -> dict[DocumentState, int]:
        """How many documents are in each state; states with none are there with 0."""
        with self._reading() as connection:
            found = connection.execute(select(documents.c.state, func.count()).group_by(documents.c.state))
            return dict.fromkeys(DocumentState, 0) | {DocumentState(state): count for state, count in found}

    def field_counts(self) -> dict[FieldState, int]:
        """How many fields are in each state."""
        with self._reading() as connection:
            found = connection.execute(select(fields.c.state, func.count()).group_by(fields.c.state))
            return dict.fromkeys(FieldState, 0) | {FieldState(state): count for state, count in found}

    def read_since(self, since: datetime) -> int:
        """How many documents were read at or after since."""
        with self._reading() as connection:
            return connection.execute(
                select(func.count()).select_from(documents).where(documents.c.read_at >= since)
            ).scalar_one()

    # Fields and labels

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

    def fields_awaiting_a_verifier(self, *, form: str | None = None) -> Iterator[StoredField]:
        """Fields in review with their evidence, in the order of documents, pages and positions."""
        return self.fields(form=form, states=[FieldState.REVIEW], evidence=True)

    def labelled_fields(self, *, form: str | None = None) -> Iterator[StoredField]:
        """Fields that a person has labelled, with their evidence and the last label."""
        return self.fields(form=form, states=[FieldState.VERIFIED], evidence=True)

    def field_named(self, *, document: str, page: int, field: str) -> list[StoredField]:
        """Fields of that name on that page of documents of that name (several where a name was dropped twice)."""
        return list(
            self._walk([documents.c.name == document, pages.c.number == page, fields.c.name == field], evidence=True)
        )

    def field_with_evidence(self, field_id: int) -> StoredField:
        """One field as it stands now, with its crop and glyphs."""
        return next(self._walk([fields.c.id == field_id], evidence=True))

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
            if row.field_id not in _last_labels(connection, [row.field_id]):
                connection.execute(
                    update(fields).where(fields.c.id == row.field_id).values(state=fields.c.machine_state)
                )
            _settle_document(connection, row.field_id)

    def labels(self) -> Iterator[tuple[StoredField, Label]]:
        """Every labelled field with its last label, in the order of documents, pages and positions."""
        for field in self.fields(states=[FieldState.VERIFIED]):
            if field.label is not None:
                yield field, field.label

    def check_writable(self) -> None:
        """Begin and end a writing transaction.

        Raises
        ------
        DatabaseError
            The database takes no writes.
        """
        with self._writing() as connection:
            connection.execute(text("SELECT 1"))

    # How

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(immediate=True) as connection, connection.begin():
                yield connection
        except OperationalError as fault:
            raise DatabaseError(
                f"{self._engine.url.database}: the database takes no writes ({fault.orig}). "
                "See that the disk has room and that its folder may be written to; nothing is lost meanwhile."
            ) from fault

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def _walk(self, conditions: Sequence[ColumnElement[bool]], *, evidence: bool) -> Iterator[StoredField]:
        """Fields that meet conditions, BATCH at a time, so that a large database does not fill the memory."""
        after: tuple[int, int, int] = (0, 0, -1)
        while True:
            with self._reading() as connection:
                rows = connection.execute(_fields_after(conditions, after)).all()
                ids = [row.id for row in rows]
                last = _last_labels(connection, ids)
                symbols = _glyphs_of(connection, ids) if evidence else {}
            for row in rows:
                yield _stored_field(row, symbols.get(row.id, ()), last.get(row.id), crop=evidence)
            if len(rows) < BATCH:
                return
            after = (rows[-1].document_id, rows[-1].number, rows[-1].position)


def connect(url: str) -> Engine:
    """An engine on url; on SQLite with the settings digitd needs on every connection."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _copy_aside(engine: Engine, path: Path, revision: str | None) -> Path:
    """Copy the database to a file beside it that its revision and the time name."""
    copy = path.with_name(f"{path.name}.{revision}.{datetime.now(UTC):%Y%m%dT%H%M%S}")
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # VACUUM does not run in a transaction
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
    return copy


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not guessed by the driver
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",  # before journal_mode, which may itself have to wait
        "journal_mode = WAL",
        "synchronous = FULL",  # a commit survives a power cut: the file leaves `work/` right after it
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _move(connection: Connection, document_id: int, state: DocumentState, *, reason: str = "", **values: Any) -> None:
    previous = DocumentState(
        connection.execute(select(documents.c.state).where(documents.c.id == document_id)).scalar_one()
    )
    _write_move(connection, document_id, previous, state, at=datetime.now(UTC), reason=reason)
    connection.execute(
        update(documents).where(documents.c.id == document_id).values(state=state, reason=reason, **values)
    )


def _write_move(
    connection: Connection,
    document_id: int,
    previous: DocumentState | None,
    state: DocumentState,
    *,
    at: datetime,
    reason: str,
) -> None:
    if state not in LEGAL_MOVES[previous]:
        raise ValueError(f"document {document_id} may not go from {previous} to {state}")
    connection.execute(
        insert(moves).values(document_id=document_id, at=at, previous=previous, state=state, reason=reason)
    )


def _duplicate_of(original: Row[Any]) -> str:
    reason = f"the same bytes as document {original.id}, which is {original.state}"
    if original.state == DocumentState.FAILED:
        reason += f" ({original.reason}); `digitd retry` reads that one again"
    return reason


def _what_waits(waiting: int, page_reasons: Sequence[str]) -> str:
    parts = [f"{waiting} field{'s' * (waiting != 1)} to verify"] if waiting else []
    return "; ".join([*parts, *dict.fromkeys(page_reasons)])


def _remember_model(connection: Connection, model: str, card: Mapping[str, Any], now: datetime) -> None:
    if connection.execute(select(models.c.id).where(models.c.id == model)).first() is None:
        connection.execute(insert(models).values(id=model, card=dict(card), first_used_at=now))


def _write_fields(connection: Connection, page_id: int, found: Sequence[FieldReading]) -> None:
    if not found:
        return
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
            "crop_png": field.crop_png,
        }
        for position, field in enumerate(found)
    ]
    ids = connection.scalars(insert(fields).returning(fields.c.id, sort_by_parameter_order=True), rows).all()
    symbols = [_glyph_row(key, glyph) for key, field in zip(ids, found, strict=True) for glyph in field.glyphs]
    if symbols:
        connection.execute(insert(glyphs), symbols)


def _glyph_row(field_id: int, glyph: Glyph) -> dict[str, Any]:
    return {
        "field_id": field_id,
        "position": glyph.position,
        "x0": glyph.box.x0,
        "y0": glyph.box.y0,
        "x1": glyph.box.x1,
        "y1": glyph.box.y1,
        "content": str(glyph.content),
        "probabilities": glyph.probabilities.astype("<f4").tobytes(),
        "pixels_png": cv2.imencode(".png", glyph.pixels)[1].tobytes(),
    }


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


def _last_labels(connection: Connection, field_ids: Sequence[int]) -> dict[int, Label]:
    """The newest label of each field that was not taken back."""
    gone = select(labels.c.retracts_id).where(labels.c.retracts_id.is_not(None))
    rows = connection.execute(
        select(labels)
        .where(labels.c.field_id.in_(field_ids), labels.c.value.is_not(None), labels.c.id.not_in(gone))
        .order_by(labels.c.id)
    )
    return {
        row.field_id: Label(
            id=row.id,
            field_id=row.field_id,
            value=row.value,
            verifier=row.verifier,
            mode=LabelMode(row.mode),
            shown=row.shown,
            at=row.at,
            duration_ms=row.duration_ms,
            sampling_probability=row.sampling_probability,
        )
        for row in rows
    }


def _glyphs_of(connection: Connection, field_ids: Sequence[int]) -> dict[int, tuple[StoredGlyph, ...]]:
    found: defaultdict[int, list[StoredGlyph]] = defaultdict(list)
    rows = connection.execute(
        select(glyphs).where(glyphs.c.field_id.in_(field_ids)).order_by(glyphs.c.field_id, glyphs.c.position)
    )
    for row in rows:
        found[row.field_id].append(
            StoredGlyph(
                id=row.id,
                position=row.position,
                content=CellContent(row.content),
                probabilities=np.frombuffer(row.probabilities, "<f4"),
                pixels_png=row.pixels_png,
            )
        )
    return {key: tuple(value) for key, value in found.items()}


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
        _move(connection, document_id, DocumentState.REVIEW, reason=_what_waits(waiting, ()))
    elif not waiting and state == DocumentState.REVIEW:
        _move(connection, document_id, DocumentState.DONE, reason="every field verified")


def _document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        name=row.name,
        form=row.form,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        state=DocumentState(row.state),
        reason=row.reason,
        attempts=row.attempts,
        token=row.token,
        original_id=row.original_id,
        seen_at=row.seen_at,
        read_at=row.read_at,
    )


def _stored_field(row: Row[Any], symbols: tuple[StoredGlyph, ...], label: Label | None, *, crop: bool) -> StoredField:
    return StoredField(
        id=row.id,
        document=row.document,
        document_id=row.document_id,
        sha256=row.sha256,
        page=row.number,
        form=row.form,
        name=row.name,
        box=Box(x0=row.x0, y0=row.y0, x1=row.x1, y1=row.y1),
        machine_value=row.value,
        confidence=row.confidence,
        state=FieldState(row.state),
        reason=row.reason,
        model=row.model_id,
        read_at=row.read_at,
        crop_png=row.crop_png if crop else b"",
        glyphs=symbols,
        label=label,
    )
