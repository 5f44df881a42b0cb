"""The engine that remembers: DBOS Transact, on a SQLite file of its own or in a schema of its own beside our tables.

What is known of DBOS is known in this file. Its runtime is one per process and blocks here and there, so it lives in a
thread with an event loop of its own; handlers run in the loop that started the engine. Its workflows hold ids and
nothing else, and do one thing: they call a handler. What is repeated after a crash is that call, and the handler finds
in our own tables what of it was done.

DBOS recovers by itself only what the same executor id left under the same version. Our executor ids are new with each
process, so that it never does, and the reaper says whose jobs are to be resumed; the version is a constant, so that it
does not change with every line of source.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Collection, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from tollhouse.errors import Unavailable
from tollhouse.jobs.engine import Handler, Job
from tollhouse.store.jobs_database import JobsDatabase

T = TypeVar("T")

VERSION = "1"
"""Of what a handler is given. Whoever changes it lets the jobs of the old version come to their end first."""

WORKFLOW = "tollhouse_job"
UNFINISHED = ("PENDING", "ENQUEUED", "DELAYED")
NEVER_S = 86_400.0


class Durable:
    """DBOS, in this process. There can be one at a time."""

    def __init__(self, database: JobsDatabase, executor_id: str) -> None:
        """Keep jobs in a database.

        Args:
            executor_id: ours alone, and never another process's: the boot id.
        """
        self._database = database
        self._executor_id = executor_id
        self._handlers: Mapping[str, Handler] = {}
        self._home: asyncio.AbstractEventLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving = asyncio.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._dbos: Any = None
        self._workflow: Any = None

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Be ready. Importing and launching take about a second, of which this loop notices little."""
        self._handlers = handlers
        self._home = asyncio.get_running_loop()
        is_ready: asyncio.Future[None] = self._home.create_future()
        self._thread = threading.Thread(target=self._live, args=(is_ready,), name="tollhouse-jobs", daemon=True)
        self._thread.start()
        await is_ready

    async def hand(self, job: Job) -> None:
        """Take over a job, durably, and begin it."""
        await self._ask(self._hand(job))

    async def repeat(self, job_ids: Sequence[str], dead: Collection[str]) -> set[str]:
        """Resume jobs that were under way in dead processes, in whichever process is first to look."""
        return await self._ask(self._repeat([*job_ids], frozenset(dead))) if job_ids else set()

    async def stranded(self) -> list[str]:
        """Unfinished jobs of other versions."""
        found = await self._ask(self._listed(status=[*UNFINISHED]))
        return [one.workflow_id for one in found if one.app_version != VERSION]

    async def forget(self, before: datetime, limit: int) -> int:
        """Forget jobs that ended before an instant."""
        return await self._ask(self._forget(before, limit))

    async def aclose(self) -> None:
        """Stop. A job that is under way stays so in the database, for others to resume."""
        if self._thread is None:
            return
        # A start that is under way, and that nobody waits for any more, finds this where it would go on to launch.
        self._is_closed = True
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._leaving.set)
        await asyncio.to_thread(self._thread.join)
        self._thread = None

    # --- in the thread -----------------------------------------------------------------------------------------------

    def _live(self, is_ready: asyncio.Future[None]) -> None:
        try:
            asyncio.run(self._run(is_ready))
        except BaseException as error:
            self._tell(is_ready, Unavailable(f"the job engine cannot be started: {error}"))

    async def _run(self, is_ready: asyncio.Future[None]) -> None:
        # Late import: 30 MiB and half a second that only a worker needs. With a handler of ours there, it adds none.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        from dbos import DBOS

        self._loop = asyncio.get_running_loop()
        if self._is_closed:
            return
        with self._database.opened() as (url, engine):
            DBOS(
                config={
                    "name": "tollhouse",
                    "system_database_url": url,
                    "system_database_engine": engine,
                    "dbos_system_schema": self._database.schema,
                    "sys_db_pool_size": self._database.pool_size,
                    "application_version": VERSION,
                    "executor_id": self._executor_id,
                    "log_level": "WARNING",
                    "max_executor_threads": self._database.pool_size,
                    "scheduler_polling_interval_sec": NEVER_S,
                }
            )

            @DBOS.workflow(name=WORKFLOW)
            async def execute(name: str, subject: str) -> None:
                await self._execute(name, subject)

            self._dbos, self._workflow = DBOS, execute
            DBOS.launch()
            self._tell(is_ready, None)
            try:
                await self._leaving.wait()
            finally:
                await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    async def _execute(self, name: str, subject: str) -> None:
        if self._home is None:
            raise ValueError("the engine was not started")
        called = asyncio.run_coroutine_threadsafe(_call(self._handlers[name], subject), self._home)
        await asyncio.wrap_future(called)

    async def _hand(self, job: Job) -> None:
        # Late import: as above.
        from dbos import SetWorkflowID

        with SetWorkflowID(job.id):
            await self._dbos.start_workflow_async(self._workflow, job.name, job.subject)

    async def _repeat(self, job_ids: list[str], dead: frozenset[str]) -> set[str]:
        repeated = set()
        for one in await self._listed(workflow_ids=job_ids, status=[*UNFINISHED]):
            if one.app_version != VERSION:
                continue
            if one.status == "PENDING" and one.executor_id in dead:
                await self._dbos.resume_workflow_async(one.workflow_id)
            repeated.add(one.workflow_id)
        return repeated

    async def _forget(self, before: datetime, limit: int) -> int:
        ended = await self._listed(
            completed_before=before.isoformat(), status=["SUCCESS", "ERROR", "CANCELLED"], limit=limit
        )
        if ended:
            await self._dbos.delete_workflows_async([one.workflow_id for one in ended])
        return len(ended)

    async def _listed(self, **asked: Any) -> list[Any]:
        found: list[Any] = await self._dbos.list_workflows_async(load_input=False, load_output=False, **asked)
        return found

    async def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the thread. Raises Unavailable, whatever the engine's trouble."""
        if self._loop is None:
            work.close()
            raise Unavailable("the job engine is not started")
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        except Exception as error:
            raise Unavailable(f"the job engine does not answer: {type(error).__name__}") from error

    def _tell(self, is_ready: asyncio.Future[None], error: Exception | None) -> None:
        def tell() -> None:
            if is_ready.done():
                return
            if error is None:
                is_ready.set_result(None)
            else:
                is_ready.set_exception(error)

        if self._home is not None:
            self._home.call_soon_threadsafe(tell)


async def _call(handler: Handler, subject: str) -> None:
    await handler(subject)
