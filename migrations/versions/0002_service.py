"""The service's sign of life; who is told of documents, how far, and what could not be told yet."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE fields RENAME COLUMN crop_png TO crop")  # it is any picture's bytes
    op.create_table(
        "service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
    )
    op.create_table(
        "receivers",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("told_up_to", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_receivers"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(16), nullable=False),
        sa.Column("move_id", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["move_id"], ["moves.id"], "fk_deliveries_move_id_moves"),
        sa.ForeignKeyConstraint(["receiver"], ["receivers.name"], "fk_deliveries_receiver_receivers"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("uq_deliveries_receiver_move_id", "deliveries", ["receiver", "move_id"], unique=True)
    op.create_index("ix_deliveries_receiver_due_at", "deliveries", ["receiver", "due_at"])
