"""The mapped tables. Only this package uses them; everyone else sees the records it returns.

Times are UTC. Probabilities are 11 little-endian float32; pictures are PNG.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC without an offset: SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime}


class DocumentRow(Base):
    """A file that was taken in. Its bytes' hash is unique among originals, so reading twice is impossible."""

    __tablename__ = "documents"
    __table_args__ = (
        Index(
            "uq_documents_identity",
            "sha256",
            unique=True,
            sqlite_where=text("original_id IS NULL"),
            postgresql_where=text("original_id IS NULL"),
        ),
        Index("ix_documents_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    form: Mapped[str | None]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    original_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    seen_at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(index=True)


class MoveRow(Base):
    """One change of a document's state, written in the transaction that made it."""

    __tablename__ = "moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    at: Mapped[datetime]
    previous: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(default="")


class ModelRow(Base):
    """A model that has read something, with the card it had then."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_used_at: Mapped[datetime]


class PageRow(Base):
    """One side of paper and how the form was found on it."""

    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    number: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    dpi: Mapped[float | None]
    form: Mapped[str | None] = mapped_column(index=True)
    residual_mm: Mapped[float | None]
    reason: Mapped[str] = mapped_column(default="")
    stage_ms: Mapped[dict[str, float]] = mapped_column(JSON)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"))
    pipeline: Mapped[str] = mapped_column(String(16))


class FieldRow(Base):
    """A field as the machine read it; a correction adds a label and changes nothing here but the state."""

    __tablename__ = "fields"
    __table_args__ = (
        CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
        Index("ix_fields_state_confidence", "state", "confidence"),
        Index(
            "ix_fields_audit",
            "id",
            sqlite_where=text("audit_probability IS NOT NULL"),
            postgresql_where=text("audit_probability IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    value: Mapped[str]
    confidence: Mapped[float]
    state: Mapped[str] = mapped_column(String(16))
    machine_state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(default="")
    candidates: Mapped[list[list[Any]]] = mapped_column(JSON)
    crop: Mapped[bytes]
    #: With which probability it was drawn for the audit, of those that passed untouched; NULL where it was not drawn.
    audit_probability: Mapped[float | None]


class GlyphRow(Base):
    """The evidence for one symbol of a field."""

    __tablename__ = "glyphs"
    __table_args__ = (
        Index(
            "ix_glyphs_to_look_at",
            "digit",
            "sure",
            sqlite_where=text("to_look_at = 1"),  # as it is asked, or the index is not used
            postgresql_where=text("to_look_at"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("fields.id"), index=True)
    position: Mapped[int]
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    content: Mapped[str] = mapped_column(String(8))
    probabilities: Mapped[bytes]
    pixels_png: Mapped[bytes]
    #: What it is in the field's value, and the probability of that; NULL where it is no digit of it.
    digit: Mapped[int | None]
    sure: Mapped[float | None]
    #: Whether it passed, and nobody has looked at it yet.
    to_look_at: Mapped[bool] = mapped_column(server_default=text("0"))


class LabelRow(Base):
    """What a person said of a field. Rows are only added; one that is taken back is named by a later row."""

    __tablename__ = "labels"
    __table_args__ = (
        Index("ix_labels_field_id_verifier", "field_id", "verifier"),
        Index("ix_labels_verifier_id", "verifier", "id"),
        Index("uq_labels_entry", "entry", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("fields.id"))
    value: Mapped[str | None]
    verifier: Mapped[str]
    mode: Mapped[str] = mapped_column(String(16))
    shown: Mapped[str | None]
    at: Mapped[datetime]
    duration_ms: Mapped[int | None]
    sampling_probability: Mapped[float | None]
    retracts_id: Mapped[int | None] = mapped_column(ForeignKey("labels.id"), unique=True)
    verdict: Mapped[str] = mapped_column(String(16), server_default=text("'value'"))
    #: Names the act of saying it, so that what is sent twice is said once.
    entry: Mapped[str | None] = mapped_column(String(64))
    #: Whether it settles its field, whatever others say.
    alone: Mapped[bool] = mapped_column(server_default=text("1"))


class TurnRow(Base):
    """Whose turn a field is, and until when nobody else gets it; or who passed it over, and until when."""

    __tablename__ = "turns"
    __table_args__ = (Index("uq_turns_verifier_field_id", "verifier", "field_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    verifier: Mapped[str]
    field_id: Mapped[int] = mapped_column(ForeignKey("fields.id"), index=True)
    until: Mapped[datetime]
    skipped: Mapped[bool]


class ScreenRow(Base):
    """Glyphs of one digit that a person looked at together; missed counts sown errors that were taken for it."""

    __tablename__ = "screens"

    id: Mapped[int] = mapped_column(primary_key=True)
    digit: Mapped[int]
    verifier: Mapped[str]
    until: Mapped[datetime]
    at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    missed: Mapped[int | None]


class LookRow(Base):
    """A glyph on a screen: whether it was sown, and what was said of it, once something was."""

    __tablename__ = "looks"
    __table_args__ = (Index("ix_looks_screen_id_place", "screen_id", "place", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    screen_id: Mapped[int] = mapped_column(ForeignKey("screens.id"))
    place: Mapped[int]
    glyph_id: Mapped[int] = mapped_column(ForeignKey("glyphs.id"), index=True)
    sown: Mapped[bool]
    is_digit: Mapped[bool | None]


class DoubtRow(Base):
    """Somebody's word that a field must be keyed, again if it was: labels before it do not settle the field alone."""

    __tablename__ = "doubts"

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("fields.id"), index=True)
    verifier: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str]
    #: The newest label of all when it was raised; 0 where there was none.
    after_label: Mapped[int]


class VerifierRow(Base):
    """Somebody with a token, of which the hash is kept; one who was removed keeps the name, and has no token."""

    __tablename__ = "verifiers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    added_at: Mapped[datetime]


class LoginRow(Base):
    """A browser that a verifier logged in with, by the hash of the key that it holds, and until when."""

    __tablename__ = "logins"

    id: Mapped[int] = mapped_column(primary_key=True)
    verifier_id: Mapped[int] = mapped_column(ForeignKey("verifiers.id"))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    until: Mapped[datetime]


class ActRow(Base):
    """Something that a person did, other than to label. Rows are only added."""

    __tablename__ = "acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    author: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]


class ServiceRow(Base):
    """The service that ran last, and its last sign of life; a single row."""

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str]
    version: Mapped[str]
    model: Mapped[str]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]


class ReceiverRow(Base):
    """Who is told of documents, and up to which move: what was not taken of these is among the deliveries."""

    __tablename__ = "receivers"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    told_up_to: Mapped[int]


class DeliveryRow(Base):
    """A move that a receiver did not take, to be tried again; removed when it does."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_receiver_move_id", "receiver", "move_id", unique=True),
        Index("ix_deliveries_receiver_due_at", "receiver", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    receiver: Mapped[str] = mapped_column(String(16), ForeignKey("receivers.name"))
    move_id: Mapped[int] = mapped_column(ForeignKey("moves.id"))
    tries: Mapped[int]
    due_at: Mapped[datetime]
    fault: Mapped[str]


def _table(mapped: type[Base]) -> Table:
    table = mapped.__table__
    assert isinstance(table, Table)
    return table


documents, moves, models, pages = (_table(kind) for kind in (DocumentRow, MoveRow, ModelRow, PageRow))
fields, glyphs, labels, turns = (_table(kind) for kind in (FieldRow, GlyphRow, LabelRow, TurnRow))
screens, looks, doubts = (_table(kind) for kind in (ScreenRow, LookRow, DoubtRow))
verifiers, logins, acts = (_table(kind) for kind in (VerifierRow, LoginRow, ActRow))
service, receivers, deliveries = (_table(kind) for kind in (ServiceRow, ReceiverRow, DeliveryRow))
