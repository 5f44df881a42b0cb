"""Alembic, which most applications migrate with, sees the columns and the table of their states."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

import tollhouse.orm
from blogs import Base, sync_url


def test_what_alembic_writes_makes_the_tables(database_url: str):
    engine = create_engine(sync_url(database_url))

    def is_ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or name in Base.metadata.tables

    with engine.begin() as on:
        context = MigrationContext.configure(on, opts={"include_name": is_ours, "target_metadata": Base.metadata})
        code = render_python_code(produce_migrations(context, Base.metadata).upgrade_ops)
        assert "tollhouse.orm.vector.Vector(" in code
        with Operations.context(context) as op:
            names = {"op": op, "sa": __import__("sqlalchemy"), "tollhouse": tollhouse}
            exec("\n".join(line.strip() if line.startswith("    op") else line for line in code.splitlines()), names)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()
