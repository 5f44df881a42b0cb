"""The migrations and the table definitions tell the same story."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tollhouse.errors import CannotStart
from tollhouse.store import schema
from tollhouse.store.conversation_tables import metadata
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store


def differences(connection: Connection) -> list[object]:
    """What the tables lack or have too much.

    The index of search is no table's, and each database has another; of one that descends Alembic knows no form.
    """
    found = compare_metadata(MigrationContext.configure(connection), metadata)
    return [one for one in found if not str(getattr(one[1], "name", "")).startswith(("search_", "ix_run_waiting"))]


async def test_an_empty_database_gets_the_tables_of_this_version(store: Store) -> None:
    assert await store.read(differences) == []  # type: ignore[arg-type]
    assert await store.read(schema.revision) == schema.HEAD  # type: ignore[arg-type]


async def test_the_migrations_lead_to_the_same_tables(store: Store) -> None:
    def anew(connection: Connection) -> list[object]:
        metadata.drop_all(connection)
        connection.execute(text("DELETE FROM alembic_version"))
        schema.prepare(connection, may_migrate=True)
        return differences(connection)

    assert await store.write(anew) == []  # type: ignore[arg-type]
    assert await store.read(schema.revision) == schema.HEAD  # type: ignore[arg-type]


async def test_a_workspace_of_a_former_version_is_kept_in_utc(store: Store) -> None:
    def migrated(connection: Connection) -> list[tuple[str, ...]]:
        connection.execute(text("DROP TABLE limit_use"))
        connection.execute(text("ALTER TABLE run DROP COLUMN tip_id"))
        connection.execute(text("ALTER TABLE workspace DROP COLUMN time_zone"))
        connection.execute(text("INSERT INTO workspace (id, name, created_at) VALUES ('ws_1', 'lab', 0)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        schema.prepare(connection, may_migrate=True)
        return [tuple(row) for row in connection.execute(text("SELECT id, time_zone FROM workspace"))]

    assert await store.write(migrated) == [("ws_1", "UTC")]  # type: ignore[arg-type]


def test_there_is_one_linear_head_and_it_is_the_one_we_stamp() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


async def test_a_database_that_is_behind_stops_the_start_unless_it_may_be_migrated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    store = await open_store(database_url=url, may_migrate=True)
    await store.write(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '0000'")))
    await store.aclose()
    with pytest.raises(CannotStart, match="tollhouse migrate"):
        await open_store(database_url=url, may_migrate=False)


async def test_a_database_of_another_kind_is_named_in_the_refusal() -> None:
    with pytest.raises(CannotStart, match="mysql"):
        await open_store(database_url="mysql://localhost/x", may_migrate=True)
