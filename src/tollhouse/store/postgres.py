"""PostgreSQL: the same store over asyncpg.

Changes need no single writer here, so each has a transaction and a connection of its own. What is joined still goes in
batches over one connection: concurrent holds on one hot bucket are then one lock and one commit instead of a queue of
them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import asyncpg
import msgspec
from sqlalchemy import URL, exc, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only, greenlet_spawn

from tollhouse.errors import Unavailable
from tollhouse.store.engine import Access, Along, Reading, Unsure, Writing
from tollhouse.store.owed import Owed
from tollhouse.store.statements import Query, Write, at_once, together
from tollhouse.store.writer import COMPANY_S, CROWD, Asker, Handler, Waiting, announce, in_order, nothing, rank, tell

T = TypeVar("T")

POOL_SIZE = 10
"""Connections for reads and changes, all of them kept: to open one for a moment costs more than to wait for one."""

ASIDE_SIZE = 2
"""More, for those who keep order: under load the others wait a quarter of a second for one of theirs."""

CONNECT_TIMEOUT_S = 3.0
STATEMENT_TIMEOUT_S = 10.0
TRIES = 3
BY_KEY = """
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
    SET plan_cache_mode = force_generic_plan
"""
"""How the writer's statements are planned: once, and as what they are, a look at a few rows by their keys. A plan made
while the tables were empty would read them from end to end, until the database notices that they have grown."""
PASSING = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
BROKEN = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
OWN_TROUBLE = (
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""It answers, and can write nothing: full, shutting down, read-only since a failover."""
as_json = msgspec.json.Encoder().encode
SILENCE = (exc.DBAPIError, exc.TimeoutError, *BROKEN)


class PostgresStore:
    """PostgreSQL 15 or newer. `url` is postgresql://user:password@host/database."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = make_url(url).set(drivername="postgresql+asyncpg")
        self.on_commit: dict[Handler, Callable[[list[Any]], None]] = {}
        self._loop = asyncio.get_running_loop()
        self._pool = Pool(self.url, POOL_SIZE)
        self._aside = Pool(self.url, ASIDE_SIZE)
        self._connection: Any = None
        self._waiting: Waiting | None = None
        self._writer: asyncio.Task[None] | None = None
        self._owed = Owed(self._loop, self.put)
        self._closed = False

    @property
    def aside(self) -> Access:
        """Connections of their own."""
        return self._aside

    async def read(self, query: Callable[[Reading], T]) -> T:
        """Run a query. Raises Unavailable when the database does not answer."""
        return await self._pool.read(query)

    async def write(self, change: Callable[[Writing], T], along: Along = ()) -> T:
        """Run a change in a transaction of its own; durable on return, undone when it raises."""
        if not along:
            return await self._pool.write(change)
        if self._writer is not None:
            # What goes along may rest on what was put before.
            await self.join(nothing, None)
        outcome = await self._pool.write(lambda tx: with_items(tx, change, along))
        for handler, item in along:
            announce(self.on_commit, handler, [item])
        return outcome

    def join(self, handler: Handler, item: Any) -> asyncio.Future[Any]:
        """Put an item into the next batch. What is joined in one turn of the loop is written together or not at all."""
        future = self._loop.create_future()
        self._next().join(handler, item, future)
        return future

    def put(self, handler: Handler, item: Any) -> None:
        """As `join`, for who does not wait."""
        self._next().join(handler, item, None)

    async def aclose(self) -> None:
        """Write what waits and what is owed, then close every connection."""
        if self._closed:
            return
        # A connection that is dead is noticed by the batch it fails; the next one has another.
        for _ in range(TRIES):
            self._owed.put_again()
            while self._writer is not None:
                await asyncio.wait([self._writer])
        self._owed.stop()
        self._closed = True
        if self._connection is not None:
            try:
                await self._connection.close(timeout=CONNECT_TIMEOUT_S)
            except BROKEN:
                self._disconnect()
            self._connection = None
        await self._pool.aclose()
        await self._aside.aclose()

    def _next(self) -> Waiting:
        if self._waiting is None:
            if self._closed:
                raise Unavailable("the store is closed")
            self._waiting = Waiting(self._loop.time())
            if self._writer is None:
                self._writer = self._loop.create_task(self._write_batches(), name="tollhouse-writer")
        return self._waiting

    async def _write_batches(self) -> None:
        while self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            await self._write(waiting)
            if waiting.size >= CROWD:
                # Under load more come within a moment, and share the next transaction.
                await asyncio.sleep(COMPANY_S)
        self._writer = None

    async def _write(self, waiting: Waiting) -> None:
        for _ in range(TRIES):
            try:
                connection = await self._connected()
                outcomes = await self._transact(connection, waiting)
            except PASSING:
                continue
            except Unavailable as error:
                waiting.fail(error, self._owed)
            except BROKEN:
                self._disconnect()
                waiting.fail(Unsure("the database does not answer"), self._owed)
            except OWN_TROUBLE:
                # A standby that was promoted is at the same address, but not on this connection.
                self._disconnect()
                waiting.fail(Unavailable("the database cannot be written just now"), self._owed)
            except Exception as error:
                await self._apart(waiting, error)
            else:
                for asker, outcome in outcomes:
                    tell(asker, outcome)
                waiting.announce(self.on_commit)
            return
        waiting.fail(Unavailable(f"the database refused a batch {TRIES} times"), self._owed)

    async def _connected(self) -> Any:
        """The writer's connection. Raises Unavailable, whatever the reason."""
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await connect_asyncpg(self.url)
            except (asyncpg.PostgresError, *BROKEN) as error:
                raise Unavailable("the database cannot be reached") from error
        return self._connection

    async def _transact(self, connection: Any, waiting: Waiting) -> list[tuple[Asker, Any]]:
        async with connection.transaction():
            return cast(list[tuple[Asker, Any]], await greenlet_spawn(do_all, PostgresBatch(connection), waiting))

    async def _apart(self, waiting: Waiting, error: Exception) -> None:
        """A handler failed: each item in a transaction of its own, so that only the bad one fails."""
        if waiting.size == 1:
            waiting.fail(error, self._owed)
            return
        for handler, (items, askers) in waiting.joined.items():
            for item, asker in zip(items, askers, strict=True):
                alone = Waiting(waiting.since_s)
                alone.join(handler, item, asker)
                await self._write(alone)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


class Pool:
    """So many connections, for reads and for changes that have a transaction of their own."""

    def __init__(self, url: URL, size: int) -> None:
        """None is opened before it is needed, and each is kept."""
        self._engine = create_async_engine(
            url,
            pool_size=size,
            max_overflow=0,
            pool_use_lifo=True,
            pool_pre_ping=True,
            pool_timeout=CONNECT_TIMEOUT_S,
            connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": STATEMENT_TIMEOUT_S},
        )

    async def read(self, query: Callable[[Reading], T]) -> T:
        """Run a query. Raises Unavailable when the database does not answer."""
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(lambda it: query(cast(Reading, it)))
        except SILENCE as error:
            if is_statements_fault(error):
                raise
            raise Unavailable("the database does not answer") from error

    async def write(self, change: Callable[[Writing], T]) -> T:
        """Run a change in a transaction of its own; durable on return, undone when it raises."""
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(lambda it: change(cast(Writing, it)))
        except SILENCE as error:
            if is_statements_fault(error):
                raise
            raise Unavailable("the database cannot be written just now") from error

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


class PostgresBatch:
    """A batch on the writer's own asyncpg connection.

    Runs inside `greenlet_spawn`, so that waiting looks like calling. What is written waits for its like: writes of
    different rows are one statement, and one round trip. Writes of one row stay apart, because the parts of a statement
    do not see what the others do.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._writes: list[tuple[Write, list[tuple[Any, ...]]]] = []

    def fetch(self, query: Query, keys: Sequence[Any]) -> list[Any]:
        self.flush()
        return await_only(self._connection.fetch(query.postgresql, list(keys)))

    def fetch_each(self, *asked: tuple[Query, Sequence[Any]]) -> list[list[Any]]:
        wanted = [(query, list(keys)) for query, keys in asked if keys]
        if len(wanted) == 1:
            found = iter([self.fetch(*wanted[0])])
        else:
            self.flush()
            text = at_once(tuple([query for query, _ in wanted]))
            found = iter(await_only(self._connection.fetchrow(text, *(keys for _, keys in wanted))) if wanted else ())
        return [(next(found) or []) if keys else [] for _, keys in asked]

    def run(self, write: Write, rows: list[tuple[Any, ...]]) -> None:
        if any(is_same_row(write, rows, *waiting) for waiting in self._writes):
            self.flush()
        self._writes.append((write, rows))

    def flush(self) -> None:
        """Write what waits."""
        if not self._writes:
            return
        writes, self._writes = self._writes, []
        parameters = [as_json(rows).decode() for _, rows in writes]
        await_only(self._connection.execute(together(tuple([write for write, _ in writes])), *parameters))


def do_all(batch: PostgresBatch, waiting: Waiting) -> list[tuple[Asker, Any]]:
    """Everything that is joined, and who is to be told of which outcome."""
    outcomes: list[tuple[Asker, Any]] = []
    for handler, (items, askers) in in_order(waiting.joined):
        outcomes.extend(zip(askers, handler(batch, items), strict=True))
    batch.flush()
    return outcomes


def is_same_row(write: Write, rows: list[tuple[Any, ...]], other: Write, others: list[tuple[Any, ...]]) -> bool:
    """Whether two writes may change one row."""
    if write.table != other.table:
        return False
    if write.key is None or other.key is None:
        return True
    ids = {row[write.key] for row in rows}
    return any(row[other.key] in ids for row in others)


def with_items(tx: Writing, change: Callable[[Writing], T], along: Along) -> T:
    """A change, and after it what goes along, on the connection and in the transaction of the toolkit."""
    outcome = change(tx)
    connection = tx.connection.driver_connection
    if connection is None or not connection.is_in_transaction():
        raise ValueError("a change that changed nothing has no transaction to go along with")
    batch = PostgresBatch(connection)
    # In the order of the writer's batches, whose rows they may both lock.
    for handler, item in sorted(along, key=rank):
        handler(batch, [item])
    batch.flush()
    return outcome


async def connect_asyncpg(url: URL) -> Any:
    """A connection of the writer's own.

    Statements over 10 s are given up: a stuck lock must not stop the gateway silently.
    """
    connection = await asyncpg.connect(
        host=url.query.get("host") or url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.database,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=STATEMENT_TIMEOUT_S,
        **{key: value for key, value in url.query.items() if key in ("ssl", "sslmode")},
    )
    try:
        await connection.execute(BY_KEY)
    except BaseException:
        connection.terminate()
        raise
    return connection


def is_statements_fault(error: BaseException) -> bool:
    """Whether a statement was wrong, or broke a rule, so that every database would refuse it.

    All else is the database's trouble. The toolkit's own classes do not tell: `starting up` and `too many connections`
    are to it errors like any other.
    """
    return isinstance(error, exc.IntegrityError | exc.ProgrammingError | exc.DataError)
