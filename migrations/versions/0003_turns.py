"""Labels by several people: whose turn a field is, what else a label can say, and which fields are audited."""

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
