"""Alembic's entry: migrations run on the connection, and in the transaction, that `store.schema` hands over."""

from alembic import context

from tollhouse.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
