"""SQLite or PostgreSQL: a reading and a writing unit of work.

The type checker knows who may write: `Writing` is a `Reading`, so a function that asks for a reader takes both, and one
that asks for a writer refuses a reader. Both are synchronous; `Store.read` and `Store.write` run them where waiting is
harmless.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NewType, Protocol, TypeAlias, TypeVar, cast

from sqlalchemy import Connection, create_engine, event, exc
from sqlalchemy.pool import QueuePool, StaticPool

from tollhouse.errors import Unavailable

T = TypeVar("T")

Reading = NewType("Reading", Connection)
"""A connection for queries."""

Writing = NewType("Writing", Reading)
"""A connection inside the writer's transaction."""

Along: TypeAlias = Sequence[tuple[Any, Any]]
"""Handlers and an item for each (`Store.join`)."""

READERS = 3


class Unsure(Unavailable):
    """The connection broke at a moment when the change may have been made, and may not."""


class Locked(Unavailable):
    """Another process writes to the SQLite file, for longer than we wait."""


class Access(Protocol):
    """Reads and changes."""

    async def read(self, query: Callable[[Reading], T]) -> T:
        """Run a query. Raises Unavailable when the database does not answer."""
        ...

    async def write(self, change: Callable[[Writing], T]) -> T:
        """Run a change in a transaction; it is durable on return, or undone alone when it raises."""
        ...


class Store(Access, Protocol):
    """The database, whichever it is."""

    dialect: str
    on_commit: dict[Any, Callable[[list[Any]], None]]
    """Handler -> told of the items of each batch that is durable."""

    async def write(self, change: Callable[[Writing], T], along: Along = ()) -> T:
        """As `Access.write`; `along` is what would be joined, and is written with the change, or neither is.

        When this raises, it is still the caller's: what is put may come twice.
        """
        ...

    @property
    def aside(self) -> Access:
        """For those who keep order among the rest, and must not wait behind them for a connection."""
        ...

    def join(self, handler: Any, item: Any) -> asyncio.Future[Any]:
        """Put an item into the next batch; the future gives the handler's outcome for it."""
        ...

    def put(self, handler: Any, item: Any) -> None:
        """The same for who does not wait. What the database cannot take just now is put again until it is written; that
        may be twice, so the second time must change nothing. Raises Unavailable when the store is closed."""
        ...

    async def aclose(self) -> None:
        """Finish what waits, then let go of the database."""
        ...


class SqliteReaders:
    """Queries on SQLite, in a small pool of threads: in WAL mode a reader never waits for the writer."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(
            "sqlite://", creator=lambda: connect_sqlite(path, read_only=True), poolclass=QueuePool, pool_size=READERS
        )
        self._threads = ThreadPoolExecutor(READERS, "tollhouse-read")

    async def read(self, query: Callable[[Reading], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, query)

    def _run(self, query: Callable[[Reading], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return query(cast(Reading, connection))
        except exc.OperationalError as error:
            raise Unavailable("the database does not answer") from error

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()


WAL_BYTES_KEPT = 128 * 1024 * 1024
"""A WAL that had to grow beyond this, because somebody read for long, is cut when it begins anew."""


def connect_sqlite(path: Path, *, read_only: bool = False, synchronous: str = "NORMAL") -> sqlite3.Connection:
    """A connection in WAL mode that begins no transaction by itself.

    `busy_timeout` is 0 for the writer, whose event loop must never block; a reader may wait a little for a lock at
    start.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA busy_timeout={2000 if read_only else 0}")
    connection.execute("PRAGMA foreign_keys=ON")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    else:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        # Checkpoints happen in a thread and connection of their own: commit p99 0.3 ms instead of 4.4.
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES_KEPT}")
    return connection


def wrap_sqlite(connection: sqlite3.Connection) -> Connection:
    """The toolkit's view of the writer's connection, which joins a transaction that is already open."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def join_open_transaction(wrapped: Connection) -> None:
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")

    return engine.connect()


def is_busy(error: BaseException) -> bool:
    """Another process holds SQLite's write lock: worth a short wait."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def is_own_trouble(error: BaseException) -> bool:
    """The database is locked, full, read-only or broken: not the fault of what was to be written."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR


def as_unavailable(error: BaseException) -> Any:
    """What a database's own failure means to a caller: 503, never their fault."""
    if isinstance(error, sqlite3.IntegrityError | exc.IntegrityError):
        return error
    if isinstance(error, sqlite3.Error | exc.DBAPIError | OSError):
        return Unavailable("the database cannot be written just now")
    return error
