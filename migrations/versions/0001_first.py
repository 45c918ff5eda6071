"""The first schema: documents and their moves, pages, fields, glyphs, labels, models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("form", sa.String()),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("original_id", sa.Integer()),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("read_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["original_id"], ["documents.id"], "fk_documents_original_id_documents"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("token", name="uq_documents_token"),
    )
    op.create_index("ix_documents_name", "documents", ["name"])
    op.create_index("ix_documents_read_at", "documents", ["read_at"])
    op.create_index("ix_documents_state_id", "documents", ["state", "id"])
    op.create_index(
        "uq_documents_identity",
        "documents",
        ["sha256"],
        unique=True,
        sqlite_where=sa.text("original_id IS NULL"),
        postgresql_where=sa.text("original_id IS NULL"),
    )
    op.create_table(
        "moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("previous", sa.String(16)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], "fk_moves_document_id_documents"),
        sa.PrimaryKeyConstraint("id", name="pk_moves"),
    )
    op.create_index("ix_moves_document_id", "moves", ["document_id"])
    op.create_table(
        "models",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Double()),
        sa.Column("form", sa.String()),
        sa.Column("residual_mm", sa.Double()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("stage_ms", sa.JSON(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("pipeline", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], "fk_pages_document_id_documents"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], "fk_pages_model_id_models"),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
    )
    op.create_index("ix_pages_document_id", "pages", ["document_id"])
    op.create_index("ix_pages_form", "pages", ["form"])
    op.create_table(
        "fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("x0", sa.Double(), nullable=False),
        sa.Column("y0", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("machine_state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("crop_png", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name="ck_fields_confidence"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], "fk_fields_page_id_pages"),
        sa.PrimaryKeyConstraint("id", name="pk_fields"),
    )
    op.create_index("ix_fields_page_id", "fields", ["page_id"])
    op.create_index("ix_fields_state_confidence", "fields", ["state", "confidence"])
    op.create_table(
        "glyphs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("x0", sa.Double(), nullable=False),
        sa.Column("y0", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("content", sa.String(8), nullable=False),
        sa.Column("probabilities", sa.LargeBinary(), nullable=False),
        sa.Column("pixels_png", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], "fk_glyphs_field_id_fields"),
        sa.PrimaryKeyConstraint("id", name="pk_glyphs"),
    )
    op.create_index("ix_glyphs_field_id", "glyphs", ["field_id"])
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String()),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("shown", sa.String()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("sampling_probability", sa.Double()),
        sa.Column("retracts_id", sa.Integer()),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], "fk_labels_field_id_fields"),
        sa.ForeignKeyConstraint(["retracts_id"], ["labels.id"], "fk_labels_retracts_id_labels"),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.UniqueConstraint("retracts_id", name="uq_labels_retracts_id"),
    )
    op.create_index("ix_labels_field_id", "labels", ["field_id"])
