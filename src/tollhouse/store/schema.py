"""Bring a database to the schema this version needs, or refuse to start.

An empty database gets all tables at once and is stamped with the newest migration, which costs 20 ms where importing
Alembic costs 300; a test keeps the two ways equal. One that is behind is migrated, when that is allowed, by Alembic.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from sqlalchemy import Connection, inspect, text

from tollhouse.errors import CannotStart
from tollhouse.store import machinery
from tollhouse.store.conversation_tables import metadata
from tollhouse.store.engine import Reading, Writing

HEAD = "0012"
SERVES = "0004"
"""The schema of the oldest version that may still be started on ours: nothing that it needs was taken away."""
SERVES_FACT = "schema_serves"
MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x746F6C6C


def prepare(connection: Connection, *, may_migrate: bool) -> None:
    """Make the schema current, inside the caller's transaction. Several processes may do this at once.

    Raises:
        CannotStart: the database is behind and may not be migrated, or so new that it serves this version no more.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    current = revision(connection)
    if current == HEAD:
        return
    if current is None and not inspect(connection).get_table_names():
        metadata.create_all(connection)
        stamp(connection)
        return
    if current is not None and current > HEAD:
        refuse_unless_served(connection, current)
        return
    if not may_migrate:
        raise CannotStart(
            f"the database's schema is {current or 'unknown'}, this version needs {HEAD}: run `tollhouse migrate`"
        )
    upgrade(connection)


def refuse_unless_served(connection: Connection, current: str) -> None:
    """Raise CannotStart on a newer schema, unless that says that it has all this version needs."""
    serves = machinery.get_fact(cast(Reading, connection), SERVES_FACT)
    if serves is None or serves > HEAD:
        raise CannotStart(
            f"the database's schema is {current}, and this version knows {HEAD}: start a newer version of Tollhouse"
        )


def revision(connection: Connection) -> str | None:
    """The newest migration applied; None for a database that has seen none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def server_version(tx: Reading) -> str:
    """What the database calls itself: `SQLite 3.40.1`, `PostgreSQL 15.4`."""
    if tx.dialect.name == "sqlite":
        return f"SQLite {tx.execute(text('SELECT sqlite_version()')).scalar_one()}"
    return f"PostgreSQL {tx.execute(text('SHOW server_version')).scalar_one()}"


def stamp(connection: Connection) -> None:
    """Note that the schema is the newest."""
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
    machinery.set_fact(cast(Writing, connection), SERVES_FACT, SERVES)


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing."""
    # Late import: needed once in a version's life, and it costs every start 300 ms and 12 MiB otherwise.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise CannotStart(f"the database cannot be migrated: {error}") from error
    machinery.set_fact(cast(Writing, connection), SERVES_FACT, SERVES)
