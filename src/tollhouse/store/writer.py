"""One writer per process: whatever waits is one transaction.

What one turn of the event loop brought is a batch, or under load what some of them did. Two kinds of work come in:

* *changes*: synchronous functions over a `Writing`, each undone alone by its savepoint when it raises;
* *joined items*: many of one kind, handed together to one handler (holds, settlements, request rows). A batch whose
  handler raises is taken apart, each item in a transaction of its own, so that one bad item harms no other. An item
  that nobody waits for goes along with the next batch that somebody does wait for, within moments at the latest, and is
  put again when the database could not take it (`store.owed`).

There is no `await` inside a transaction: on SQLite the batch runs in the loop's own thread, because an awaiting
transaction and a blocking BEGIN freeze each other, and a thread would fight the loop for the interpreter lock at
every statement.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from tollhouse.errors import Unavailable
from tollhouse.store.engine import (
    Access,
    Along,
    Locked,
    Reading,
    SqliteReaders,
    Writing,
    as_unavailable,
    connect_sqlite,
    is_busy,
    is_own_trouble,
    wrap_sqlite,
)
from tollhouse.store.owed import Owed
from tollhouse.store.statements import Batch, SqliteBatch
from tollhouse.telemetry import Event, log

T = TypeVar("T")
Item = TypeVar("Item")

Handler: TypeAlias = Callable[[Batch, list[Any]], Sequence[Any]]
"""Does all items of a batch at once.

Gives one outcome for each. An outcome that is an exception is raised to its asker.
"""

Asker: TypeAlias = asyncio.Future[Any] | None
"""Who waits for an outcome; None when nobody does."""

BUSY_PATIENCE_S = 2.0
BUSY_PAUSE_S = 0.005
CHECKPOINT_EVERY_S = 1.0
WAL_PAGES_MOST = 25_000
"""A WAL with more pages than this, some 100 MiB, begins anew. While somebody writes or reads all the time it would
never do so by itself, and grow by gigabytes."""
READERS_PATIENCE_S = 0.05
"""How long a checkpoint waits for readers of what is old, while who writes waits for it."""
COMPANY_S = 0.002
"""How long what nobody waits for may wait for company, and under load everything: a transaction that more share costs
each of them less."""
CROWD = 4
"""So many items in one transaction, or more, are load."""


class Waiting:
    """What has come in since the last batch. `is_due`: somebody waits for it, so it is written next."""

    __slots__ = ("changes", "is_due", "joined", "since_s")

    def __init__(self, now_s: float) -> None:
        self.since_s = now_s
        self.is_due = False
        self.changes: list[tuple[Callable[[Writing], Any], Along, asyncio.Future[Any]]] = []
        self.joined: dict[Handler, tuple[list[Any], list[Asker]]] = {}

    def join(self, handler: Handler, item: Any, asker: Asker) -> None:
        lists = self.joined.get(handler)
        if lists is None:
            self.joined[handler] = ([item], [asker])
        else:
            lists[0].append(item)
            lists[1].append(asker)

    @property
    def size(self) -> int:
        """Items and changes."""
        return len(self.changes) + sum(len(items) for items, _ in self.joined.values())

    def announce(self, on_commit: Mapping[Handler, Callable[[list[Any]], None]]) -> None:
        """It is durable: tell those who listen."""
        for handler, (items, _) in self.joined.items():
            announce(on_commit, handler, items)

    def fail(self, error: BaseException, owed: Owed) -> None:
        """Tell everyone who waits that nothing of theirs was written; what nobody waits for is owed."""
        for _, _, future in self.changes:
            tell(future, error)
        for handler, (items, askers) in self.joined.items():
            for item, asker in zip(items, askers, strict=True):
                if asker is None:
                    owed.add(handler, item, error)
                else:
                    tell(asker, error)


def announce(on_commit: Mapping[Handler, Callable[[list[Any]], None]], handler: Handler, items: list[Any]) -> None:
    """Tell who listens to a handler. One who fails must not stop the writer, nor those who wait for it."""
    if handler in on_commit:
        try:
            on_commit[handler](items)
        except Exception:
            log.error(Event.STORE_FAILED, step=f"on_commit of {handler.__name__}", exc_info=True)


def in_order(
    joined: dict[Handler, tuple[list[Any], list[Asker]]],
) -> list[tuple[Handler, tuple[list[Any], list[Asker]]]]:
    """What is joined, in one order everywhere: ends of holds before what follows from them, and where two batches lock
    rows of the same tables, they do not wait in a circle."""
    return sorted(joined.items(), key=rank)


def rank(pair: tuple[Handler, Any]) -> str:
    """What a handler and its items are sorted by."""
    return str(pair[0].__qualname__)


def tell(asker: Asker, outcome: Any) -> None:
    """Give an outcome to whoever still waits for it."""
    if asker is None or asker.done():
        return
    if isinstance(outcome, BaseException):
        asker.set_exception(outcome)
    else:
        asker.set_result(outcome)


class SqliteStore:
    """SQLite in WAL mode: the writer in the loop's thread, readers and checkpoints in threads of their own."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, synchronous: str = "NORMAL") -> None:
        self.path = path
        self.on_commit: dict[Handler, Callable[[list[Any]], None]] = {}
        self._loop = asyncio.get_running_loop()
        self._connection = connect_sqlite(path, synchronous=synchronous)
        self._toolkit = wrap_sqlite(self._connection)
        self._batch = SqliteBatch(self._connection)
        self._readers = SqliteReaders(path)
        self._checkpoints = ThreadPoolExecutor(1, "tollhouse-checkpoint")
        self._checkpointed_at_s = self._loop.time()
        self._checkpointing: asyncio.Task[None] | None = None
        self._stands_aside = False
        self._waiting: Waiting | None = None
        self._not_before_s = 0.0
        self._owed = Owed(self._loop, self.put)
        self._closed = False

    @property
    def aside(self) -> Access:
        """Itself: there is one writer, and readers are many times quicker than what they are asked for."""
        return self

    async def read(self, query: Callable[[Reading], T]) -> T:
        """Run a query in a reader's thread; it sees what was put before. Raises Unavailable without an answer."""
        if self._waiting is not None:
            await self.join(nothing, None)
        return await self._readers.read(query)

    async def write(self, change: Callable[[Writing], T], along: Along = ()) -> T:
        """Run a change in the next batch; durable on return, undone alone when it raises."""
        future = self._loop.create_future()
        self._due().changes.append((change, along, future))
        return cast(T, await future)

    def join(self, handler: Handler, item: Any) -> asyncio.Future[Any]:
        """Put an item into the next batch. What is joined in one turn of the loop is written together or not at all."""
        future = self._loop.create_future()
        self._due().join(handler, item, future)
        return future

    def put(self, handler: Handler, item: Any) -> None:
        """As `join`, for who does not wait: nobody can cancel this, and it may wait for company."""
        self._next().join(handler, item, None)

    async def aclose(self) -> None:
        """Write what waits and what is owed, fold the WAL into the database, let go."""
        if self._closed:
            return
        self._owed.put_again()
        try:
            if self._waiting is not None:
                await self.write(lambda _: None)
        finally:
            self._closed = True
            await self._let_go()

    async def _let_go(self) -> None:
        self._owed.stop()
        if self._checkpointing is not None:
            await self._checkpointing
        self._checkpoints.shutdown()
        self._readers.close()
        self._toolkit.close()
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._connection.close()

    def _next(self) -> Waiting:
        """The next batch, in a moment."""
        if self._waiting is None:
            if self._closed:
                raise Unavailable("the store is closed")
            self._waiting = waiting = Waiting(self._loop.time())
            self._loop.call_later(COMPANY_S, self._call, waiting)
        return self._waiting

    def _due(self) -> Waiting:
        """The next batch, at the end of this turn of the loop; under load a moment later."""
        waiting = self._next()
        self._call(waiting)
        return waiting

    def _call(self, waiting: Waiting) -> None:
        if not waiting.is_due:
            waiting.is_due = True
            if self._not_before_s > self._loop.time():
                self._loop.call_at(self._not_before_s, self._write_batch, waiting)
            else:
                self._loop.call_soon(self._write_batch, waiting)

    def _write_batch(self, waiting: Waiting) -> None:
        if self._stands_aside:
            self._loop.call_later(BUSY_PAUSE_S, self._write_batch, waiting)
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if is_busy(error) and self._loop.time() - waiting.since_s < BUSY_PATIENCE_S:
                self._loop.call_later(BUSY_PAUSE_S, self._write_batch, waiting)
                return
            self._waiting = None
            waiting.fail(Locked("the database is locked by another process"), self._owed)
            return
        self._waiting = None
        self._write(waiting)
        now_s = self._loop.time()
        self._not_before_s = now_s + COMPANY_S if waiting.size >= CROWD else now_s
        if now_s - self._checkpointed_at_s > CHECKPOINT_EVERY_S and self._checkpointing is None:
            self._checkpointing = self._loop.create_task(self._checkpoint())

    def _write(self, waiting: Waiting) -> None:
        """One transaction, already begun. Outcomes are told after the commit: nobody hears of what is not durable."""
        outcomes: list[tuple[Asker, Any]] = []
        going_along: list[tuple[Handler, Any]] = []
        try:
            for change, along, future in waiting.changes:
                outcome = self._change(change)
                outcomes.append((future, outcome))
                going_along += () if isinstance(outcome, BaseException) else along
            for handler, (items, askers) in in_order(waiting.joined):
                outcomes.extend(zip(askers, handler(self._batch, items), strict=True))
            for handler, item in going_along:
                handler(self._batch, [item])
            self._commit()
        except Exception as error:
            self._rollback()
            if is_own_trouble(error) or waiting.size == 1:
                waiting.fail(as_unavailable(error), self._owed)
            else:
                self._write_apart(waiting)
            return
        for asker, outcome in outcomes:
            tell(asker, outcome)
        waiting.announce(self.on_commit)
        for handler, item in going_along:
            announce(self.on_commit, handler, [item])

    def _write_apart(self, waiting: Waiting) -> None:
        """A handler failed: each item in a transaction of its own, so that only the bad one fails."""
        alone: list[Waiting] = []
        for change in waiting.changes:
            alone.append(Waiting(waiting.since_s))
            alone[-1].changes.append(change)
        for handler, (items, askers) in waiting.joined.items():
            for item, asker in zip(items, askers, strict=True):
                alone.append(Waiting(waiting.since_s))
                alone[-1].join(handler, item, asker)
        for one in alone:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                one.fail(as_unavailable(error), self._owed)
            else:
                self._write(one)

    def _change(self, change: Callable[[Writing], Any]) -> Any:
        try:
            with self._toolkit.begin_nested():
                return change(cast(Writing, self._toolkit))
        except Exception as error:
            return as_unavailable(error)

    def _commit(self) -> None:
        if self._toolkit.in_transaction():
            self._toolkit.commit()
        else:
            self._connection.execute("COMMIT")

    def _rollback(self) -> None:
        if self._toolkit.in_transaction():
            self._toolkit.rollback()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    async def _checkpoint(self) -> None:
        """Move what the WAL holds into the database; a WAL that has grown begins anew, while nobody writes."""

        def move(mode: str) -> asyncio.Future[int]:
            return self._loop.run_in_executor(self._checkpoints, checkpoint, self.path, mode)

        try:
            if await move("PASSIVE") > WAL_PAGES_MOST:
                self._stands_aside = True
                await move("RESTART")
        except sqlite3.Error as error:
            log.warning(Event.STORE_FAILED, step="checkpoint", error=str(error))
        finally:
            self._stands_aside = False
            self._checkpointing = None
            self._checkpointed_at_s = self._loop.time()


def nothing(batch: Batch, items: list[None]) -> Sequence[None]:
    """Joined by who only waits for what was put before."""
    return items


def checkpoint(path: Path, mode: str) -> int:
    """Move what the WAL holds into the database; gives how many pages it held.

    A busy moment is left to the next try.

    Args:
        mode: SQLite's: PASSIVE moves what no reader needs, RESTART waits a moment for readers of what is old, and lets
            the next writer begin the WAL anew.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=READERS_PATIENCE_S)
    try:
        pages: int = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[1]
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        return 0
    else:
        return pages
    finally:
        connection.close()
