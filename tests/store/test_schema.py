"""The migrations and the table definitions tell the same story."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tollhouse.errors import CannotStart
from tollhouse.store import machinery, queue, schema, searching
from tollhouse.store.conversation_tables import metadata
from tollhouse.store.engine import Reading, Store, Writing
from tollhouse.store.opening import open_store


def differences(connection: Connection) -> list[object]:
    """What the tables lack or have too much.

    The index of search is no table's, and each database has another; of one that descends Alembic knows no form.
    """
    found = compare_metadata(MigrationContext.configure(connection), metadata)
    return [one for one in found if not str(getattr(one[1], "name", "")).startswith(("search_", "ix_run_waiting"))]


def begin_at(connection: Connection, revision: str) -> None:
    """Make the tables those of a former version."""
    metadata.drop_all(connection)
    connection.execute(text("DELETE FROM alembic_version"))
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def search_index(connection: Connection) -> dict[str, str]:
    """What the index of search is made of, by its names; white space does not count."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    else:
        found = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'search%'"))
    return {name: " ".join(sql.split()) for name, sql in found}


async def test_the_migrations_lead_to_the_same_index_of_search(store: Store) -> None:
    made = await store.read(search_index)  # type: ignore[arg-type]
    assert len(made) == (3 if store.dialect == "sqlite" else 2)

    def migrated(connection: Connection) -> dict[str, str]:
        begin_at(connection, "0001")
        schema.prepare(connection, may_migrate=True)
        return search_index(connection)

    assert await store.write(migrated) == made  # type: ignore[arg-type]


async def test_what_was_said_before_is_found_by_parts_of_its_words(store: Store) -> None:
    old = [("msg_1", "東京都に住む"), ("msg_2", "an egg"), ("msg_3", "iPhoneを買う")]

    def migrated(connection: Connection) -> None:
        begin_at(connection, "0004")
        connection.execute(
            text("INSERT INTO workspace (id, name, created_at, time_zone) VALUES ('ws_1', 'lab', 0, 'UTC')")
        )
        connection.execute(
            text(
                "INSERT INTO user_account (id, workspace_id, name, time_zone, created_at)"
                " VALUES ('usr_1', 'ws_1', 'ada', 'UTC', 0)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO conversation"
                " (id, workspace_id, user_id, pinned, settings, metadata, created_at, active_at)"
                " VALUES ('conv_1', 'ws_1', 'usr_1', false, '{}', '{}', 0, 0)"
            )
        )
        for subject, words in old:
            connection.execute(
                text(
                    "INSERT INTO searchable (subject_id, conversation_id, user_id, text)"
                    " VALUES (:subject, 'conv_1', 'usr_1', :words)"
                ),
                {"subject": subject, "words": words},
            )
        schema.prepare(connection, may_migrate=True)

    await store.write(migrated)  # type: ignore[arg-type]

    async def found(asked: str) -> list[str]:
        rows = await store.read(lambda tx: searching.search(tx, "usr_1", asked, limit=10))
        return [row["subject_id"] for row in rows]

    assert await found("京都") == ["msg_1"]
    assert await found("iphone") == ["msg_3"]
    assert await found("egg") == ["msg_2"]
    await store.write(lambda tx: searching.forget(tx, "msg_1"))
    assert await found("京都") == []


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
        begin_at(connection, "0001")
        connection.execute(text("INSERT INTO workspace (id, name, created_at) VALUES ('ws_1', 'lab', 0)"))
        schema.prepare(connection, may_migrate=True)
        return [tuple(row) for row in connection.execute(text("SELECT id, time_zone FROM workspace"))]

    assert await store.write(migrated) == [("ws_1", "UTC")]  # type: ignore[arg-type]


async def test_a_queue_that_a_former_version_has_paused_stays_so(store: Store) -> None:
    def migrated(connection: Connection) -> tuple[str, str | None] | None:
        begin_at(connection, "0010")
        machinery.set_fact(cast(Writing, connection), "jobs paused", True)
        schema.prepare(connection, may_migrate=True)
        found = queue.paused(cast(Reading, connection))
        return None if found is None else (found.by, found.reason)

    assert await store.write(migrated) == ("an earlier version", None)  # type: ignore[arg-type]


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


@pytest.mark.parametrize(("serves", "starts"), [(schema.HEAD, True), ("0001", True), ("9998", False), (None, False)])
async def test_a_newer_schema_lets_this_version_start_as_long_as_it_serves_it(
    database_url: str, serves: str | None, starts: bool
) -> None:
    def roll_out(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("DELETE FROM fact WHERE name = :name"), {"name": schema.SERVES_FACT})
        if serves is not None:
            machinery.set_fact(connection, schema.SERVES_FACT, serves)  # type: ignore[arg-type]

    store = await open_store(database_url=database_url, may_migrate=True)
    assert await store.read(lambda tx: machinery.get_fact(tx, schema.SERVES_FACT)) == schema.SERVES
    await store.write(roll_out)  # type: ignore[arg-type]
    await store.aclose()
    for may_migrate in (True, False):
        if starts:
            store = await open_store(database_url=database_url, may_migrate=may_migrate)
            assert await store.read(schema.revision) == "9999"  # type: ignore[arg-type]
            await store.aclose()
        else:
            with pytest.raises(CannotStart, match="start a newer version"):
                await open_store(database_url=database_url, may_migrate=may_migrate)


async def test_a_database_that_was_migrated_says_whom_it_serves(store: Store) -> None:
    def migrated(connection: Connection) -> object:
        begin_at(connection, "0004")
        schema.prepare(connection, may_migrate=True)
        return machinery.get_fact(connection, schema.SERVES_FACT)  # type: ignore[arg-type]

    assert await store.write(migrated) == schema.SERVES  # type: ignore[arg-type]
