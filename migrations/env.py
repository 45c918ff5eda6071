"""Run migrations on the connection digitd gives; `digitd upgrade` is the way in, not the alembic command."""

from alembic import context

from digitd.store.tables import SCHEMA

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("use `digitd upgrade`: migrations run on digitd's own connection")

context.configure(connection=connection, target_metadata=SCHEMA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
