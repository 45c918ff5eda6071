"""Labels by several people: turns, verdicts, audits, and glyphs of one digit that are looked at together."""

import struct

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fields", sa.Column("audit_probability", sa.Double(), nullable=True))
    op.create_index(
        "ix_fields_audit",
        "fields",
        ["id"],
        sqlite_where=sa.text("audit_probability IS NOT NULL"),
        postgresql_where=sa.text("audit_probability IS NOT NULL"),
    )
    op.execute("ALTER TABLE labels ADD COLUMN verdict VARCHAR(16) NOT NULL DEFAULT 'value'")
    op.execute("ALTER TABLE labels ADD COLUMN alone BOOLEAN NOT NULL DEFAULT 1")  # all before settled their field
    op.add_column("labels", sa.Column("entry", sa.String(64)))
    op.create_index("uq_labels_entry", "labels", ["entry"], unique=True)
    op.drop_index("ix_labels_field_id", "labels")
    op.create_index("ix_labels_field_id_verifier", "labels", ["field_id", "verifier"])
    op.create_index("ix_labels_verifier_id", "labels", ["verifier", "id"])
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("skipped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], "fk_turns_field_id_fields"),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
    )
    op.create_index("uq_turns_verifier_field_id", "turns", ["verifier", "field_id"], unique=True)
    op.create_index("ix_turns_field_id", "turns", ["field_id"])
    op.execute("ALTER TABLE glyphs ADD COLUMN digit INTEGER")
    op.execute("ALTER TABLE glyphs ADD COLUMN sure DOUBLE")
    op.execute("ALTER TABLE glyphs ADD COLUMN to_look_at BOOLEAN NOT NULL DEFAULT 0")
    _name_digits(op.get_bind())
    op.create_index(
        "ix_glyphs_to_look_at",
        "glyphs",
        ["digit", "sure"],
        sqlite_where=sa.text("to_look_at = 1"),
        postgresql_where=sa.text("to_look_at"),
    )
    op.create_table(
        "screens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digit", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("at", sa.DateTime()),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("missed", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_screens"),
    )
    op.create_table(
        "looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("screen_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("glyph_id", sa.Integer(), nullable=False),
        sa.Column("sown", sa.Boolean(), nullable=False),
        sa.Column("is_digit", sa.Boolean()),
        sa.ForeignKeyConstraint(["screen_id"], ["screens.id"], "fk_looks_screen_id_screens"),
        sa.ForeignKeyConstraint(["glyph_id"], ["glyphs.id"], "fk_looks_glyph_id_glyphs"),
        sa.PrimaryKeyConstraint("id", name="pk_looks"),
    )
    op.create_index("ix_looks_glyph_id", "looks", ["glyph_id"])
    op.create_index("ix_looks_screen_id_place", "looks", ["screen_id", "place"], unique=True)


def _name_digits(connection: sa.Connection) -> None:
    """Say of each glyph what digit of its field's value it is, as is written with new ones."""
    fields = connection.execute(sa.text("SELECT id, value, state FROM fields WHERE value != ''")).all()
    of_field = sa.text("""
        SELECT id, probabilities, length(pixels_png) AS bytes FROM glyphs
        WHERE field_id = :id AND content = 'digit' ORDER BY position
    """)
    name = sa.text("UPDATE glyphs SET digit = :digit, sure = :sure, to_look_at = :to_look_at WHERE id = :id")
    for field in fields:
        digits = [int(one) for one in field.value if "0" <= one <= "9"]
        glyphs = connection.execute(of_field, {"id": field.id}).all()
        if len(digits) == len(glyphs):
            for digit, glyph in zip(digits, glyphs, strict=True):
                (sure,) = struct.unpack_from("<f", glyph.probabilities, 4 * digit)
                told = {
                    "digit": digit,
                    "sure": sure,
                    "to_look_at": field.state == "accepted" and glyph.bytes > 0,
                    "id": glyph.id,
                }
                connection.execute(name, told)
