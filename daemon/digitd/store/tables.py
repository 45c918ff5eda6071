"""The tables. Only this package uses them; everyone else sees the records it returns.

Times are UTC. Probabilities are 11 little-endian float32; pictures are PNG.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.types import TypeDecorator

#: Every table, and how constraints are named, so that migrations can speak of them.
SCHEMA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC without an offset: SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def _filled(name: str, kind: Any, *rest: ForeignKey, **options: Any) -> Column[Any]:
    """A column that every row fills; a plain `Column` may be NULL."""
    return Column(name, kind, *rest, nullable=False, **options)


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


#: Files that were taken in. Their bytes' hash is unique among originals, so reading twice is impossible.
documents = Table(
    "documents",
    SCHEMA,
    _key(),
    _filled("name", String, index=True),
    Column("form", String),
    _filled("sha256", String(64)),
    _filled("size_bytes", Integer),
    _filled("state", String(16)),
    _filled("reason", String, default=""),
    _filled("attempts", Integer, default=0),
    _filled("token", String(32), unique=True),
    Column("original_id", Integer, ForeignKey("documents.id")),
    _filled("seen_at", UtcDateTime),
    Column("read_at", UtcDateTime, index=True),
    Index("uq_documents_identity", "sha256", unique=True, sqlite_where=text("original_id IS NULL")),
    Index("ix_documents_state_id", "state", "id"),
)

#: Changes of documents' states, each written in the transaction that made it.
moves = Table(
    "moves",
    SCHEMA,
    _key(),
    _filled("document_id", Integer, ForeignKey("documents.id"), index=True),
    _filled("at", UtcDateTime),
    Column("previous", String(16)),
    _filled("state", String(16)),
    _filled("reason", String, default=""),
)

#: Models that have read something, with the cards they had then.
models = Table(
    "models",
    SCHEMA,
    Column("id", String, primary_key=True),
    _filled("card", JSON),
    _filled("first_used_at", UtcDateTime),
)

#: Sides of paper and how the form was found on them.
pages = Table(
    "pages",
    SCHEMA,
    _key(),
    _filled("document_id", Integer, ForeignKey("documents.id"), index=True),
    _filled("number", Integer),
    _filled("width_px", Integer),
    _filled("height_px", Integer),
    Column("dpi", Double),
    Column("form", String, index=True),
    Column("residual_mm", Double),
    _filled("reason", String, default=""),
    _filled("stage_ms", JSON),
    _filled("model_id", String, ForeignKey("models.id")),
    _filled("pipeline", String(16)),
)

#: Fields as the machine read them; a correction adds a label and changes nothing here but the state.
fields = Table(
    "fields",
    SCHEMA,
    _key(),
    _filled("page_id", Integer, ForeignKey("pages.id"), index=True),
    _filled("position", Integer),
    _filled("name", String),
    _filled("x0", Double),
    _filled("y0", Double),
    _filled("x1", Double),
    _filled("y1", Double),
    _filled("value", String),
    _filled("confidence", Double),
    _filled("state", String(16)),
    _filled("machine_state", String(16)),
    _filled("reason", String, default=""),
    _filled("candidates", JSON),
    _filled("crop", LargeBinary),
    # With which probability it was drawn for the audit, of those that passed untouched; NULL where it was not drawn.
    Column("audit_probability", Double),
    CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
    Index("ix_fields_state_confidence", "state", "confidence"),
    Index("ix_fields_audit", "id", sqlite_where=text("audit_probability IS NOT NULL")),
)

#: The evidence for single symbols of fields.
glyphs = Table(
    "glyphs",
    SCHEMA,
    _key(),
    _filled("field_id", Integer, ForeignKey("fields.id"), index=True),
    _filled("position", Integer),
    _filled("x0", Double),
    _filled("y0", Double),
    _filled("x1", Double),
    _filled("y1", Double),
    _filled("content", String(8)),
    _filled("probabilities", LargeBinary),
    _filled("pixels_png", LargeBinary),
    # What it is in the field's value, and the probability of that; NULL where it is no digit of it.
    Column("digit", Integer),
    Column("sure", Double),
    # Whether it passed, and nobody has looked at it yet.
    _filled("to_look_at", Boolean, server_default=text("0")),
    # As it is asked, or the index is not used.
    Index("ix_glyphs_to_look_at", "digit", "sure", sqlite_where=text("to_look_at = 1")),
)

#: What people said of fields. Rows are only added; one that is taken back is named by a later row.
labels = Table(
    "labels",
    SCHEMA,
    _key(),
    _filled("field_id", Integer, ForeignKey("fields.id")),
    Column("value", String),
    _filled("verifier", String),
    _filled("mode", String(16)),
    Column("shown", String),
    _filled("at", UtcDateTime),
    Column("duration_ms", Integer),
    Column("sampling_probability", Double),
    Column("retracts_id", Integer, ForeignKey("labels.id"), unique=True),
    _filled("verdict", String(16), server_default=text("'value'")),
    # Names the act of saying it, so that what is sent twice is said once.
    Column("entry", String(64)),
    # Whether it settles its field, whatever others say.
    _filled("alone", Boolean, server_default=text("1")),
    Index("ix_labels_field_id_verifier", "field_id", "verifier"),
    Index("ix_labels_verifier_id", "verifier", "id"),
    Index("uq_labels_entry", "entry", unique=True),
)

#: Whose turn fields are, and until when nobody else gets them; or who passed them over, and until when.
turns = Table(
    "turns",
    SCHEMA,
    _key(),
    _filled("verifier", String),
    _filled("field_id", Integer, ForeignKey("fields.id"), index=True),
    _filled("until", UtcDateTime),
    _filled("skipped", Boolean),
    Index("uq_turns_verifier_field_id", "verifier", "field_id", unique=True),
)

#: Glyphs of one digit that a person looked at together; missed counts sown errors that were taken for it.
screens = Table(
    "screens",
    SCHEMA,
    _key(),
    _filled("digit", Integer),
    _filled("verifier", String),
    _filled("until", UtcDateTime),
    Column("at", UtcDateTime),
    Column("duration_ms", Integer),
    Column("missed", Integer),
)

#: Glyphs on screens: whether they were sown, and what was said of them, once something was.
looks = Table(
    "looks",
    SCHEMA,
    _key(),
    _filled("screen_id", Integer, ForeignKey("screens.id")),
    _filled("place", Integer),
    _filled("glyph_id", Integer, ForeignKey("glyphs.id"), index=True),
    _filled("sown", Boolean),
    Column("is_digit", Boolean),
    Index("ix_looks_screen_id_place", "screen_id", "place", unique=True),
)

#: Somebody's word that a field must be keyed, again if it was: labels before it do not settle the field alone.
doubts = Table(
    "doubts",
    SCHEMA,
    _key(),
    _filled("field_id", Integer, ForeignKey("fields.id"), index=True),
    _filled("verifier", String),
    _filled("at", UtcDateTime),
    _filled("reason", String),
    # The newest label of all when it was raised; 0 where there was none.
    _filled("after_label", Integer),
)

#: Those with a token, of which the hash is kept; one who was removed keeps the name, and has no token.
verifiers = Table(
    "verifiers",
    SCHEMA,
    _key(),
    _filled("name", String, unique=True),
    _filled("role", String(16)),
    Column("token_hash", String(64), unique=True),
    _filled("added_at", UtcDateTime),
)

#: Browsers that verifiers logged in with, by the hash of the key that each holds, and until when.
logins = Table(
    "logins",
    SCHEMA,
    _key(),
    _filled("verifier_id", Integer, ForeignKey("verifiers.id")),
    _filled("key_hash", String(64), unique=True),
    _filled("until", UtcDateTime),
)

#: What people did, other than to label. Rows are only added.
acts = Table(
    "acts",
    SCHEMA,
    _key(),
    _filled("at", UtcDateTime),
    _filled("author", String),
    _filled("act", String),
    _filled("subject", String),
)

#: The service that ran last, and its last sign of life; a single row.
service = Table(
    "service",
    SCHEMA,
    _key(),
    _filled("holder", String),
    _filled("version", String),
    _filled("model", String),
    _filled("started_at", UtcDateTime),
    _filled("beat_at", UtcDateTime),
)

#: Who is told of documents, and up to which move: what was not taken of these is among the deliveries.
receivers = Table(
    "receivers",
    SCHEMA,
    Column("name", String(16), primary_key=True),
    _filled("told_up_to", Integer),
)

#: Moves that a receiver did not take, to be tried again; removed when it does.
deliveries = Table(
    "deliveries",
    SCHEMA,
    _key(),
    _filled("receiver", String(16), ForeignKey("receivers.name")),
    _filled("move_id", Integer, ForeignKey("moves.id")),
    _filled("tries", Integer),
    _filled("due_at", UtcDateTime),
    _filled("fault", String),
    Index("uq_deliveries_receiver_move_id", "receiver", "move_id", unique=True),
    Index("ix_deliveries_receiver_due_at", "receiver", "due_at"),
)
