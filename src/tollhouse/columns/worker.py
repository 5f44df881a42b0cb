"""The worker: fills columns, at least once, and keeps one result for each content."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from tollhouse.clock import Clock
from tollhouse.columns import asking, content, events
from tollhouse.columns.asking import Sender
from tollhouse.columns.field import Embedded, Generated
from tollhouse.columns.shelf import Made, Shelf, Task, Trouble
from tollhouse.columns.vectors import mean, unit

LEASE_S: Final = 60.0
BATCH: Final = 64
BATCH_CHARS: Final = 200_000
"""Texts that are embedded in one call: so many at most, and of so many characters together."""


@dataclass(kw_only=True)
class Worker:
    """Fills columns until it is stopped. Any number may work on one database, in any number of processes.

    Attributes:
        attempts: how often a value is asked for before it is put on the failed list.
        at_once: calls under way at most.
        idle_s: how long to rest when nothing is due.
        lease_s: how long after a worker's death its work is taken up.
        listener: is told of everything; what it raises ends the worker.
    """

    shelf: Shelf
    sender: Sender
    clock: Clock
    chance: Callable[[], float]
    listener: events.Listener = events.log
    attempts: int = 5
    at_once: int = 8
    idle_s: float = 1.0
    lease_s: float = LEASE_S
    new_lease: Callable[[], str] = secrets.token_hex

    def __post_init__(self) -> None:
        self._nudged = asyncio.Event()

    async def run(self) -> None:
        """Work until this is cancelled: what was under way is then done by another worker, after its lease."""
        while True:
            # Before the look: who nudges while it lasts may mean what it has not seen.
            self._nudged.clear()
            if await self.once():
                continue
            try:
                await asyncio.wait_for(self._nudged.wait(), self.idle_s)
            except TimeoutError:
                continue

    def nudge(self) -> None:
        """Something may be due: look now. From the event loop that it runs in."""
        self._nudged.set()

    async def drain(self) -> int:
        """Work until nothing is due, and give how many columns were looked at. What is put off waits for its time."""
        done = 0
        while looked_at := await self.once():
            done += looked_at
        return done

    async def once(self) -> int:
        """Do what is due, one batch of it at most; gives how many columns that were."""
        now = self.clock.now()
        until = now + timedelta(seconds=self.lease_s)
        tasks = await self.shelf.take(now=now, until=until, lease=self.new_lease(), limit=BATCH)
        if tasks:
            async with self._leased(tasks):
                await self._do(tasks)
        return len(tasks)

    async def _do(self, tasks: Sequence[Task]) -> None:
        passages: list[_Passage] = []
        jobs: list[Coroutine[Any, Any, None]] = []
        slots = asyncio.Semaphore(self.at_once)
        for task in tasks:
            field, sources = self.shelf.fields[task.name], task.sources
            if sources is None:
                await self.shelf.forget(task)
                self.listener(events.event("gone", task))
                continue
            fingerprint = content.fingerprint(field, sources)
            if task.attempts > self.attempts:
                trouble = Trouble(code="lost", message="Whoever worked on it died each time; see the workers' log.")
                await self._give_up(task, trouble)
            elif content.is_empty(field, sources):
                await self._put(task, Made(value=None, fingerprint=fingerprint))
            elif task.fingerprint == fingerprint:
                await self._put(task, None)
            elif isinstance(field, Generated):
                jobs.append(self._generate(task, field, sources, fingerprint, slots))
            else:
                try:
                    text = content.text_of(field, sources)
                    pieces = content.pieces_of(text, field.chunk_chars)
                    passages.append(_Passage(task, field, text, pieces, fingerprint))
                except Exception as error:
                    await self._failed(task, error, asking.trouble(error))
        jobs += [self._embed(batch, slots) for batch in _batches(passages)]
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)

    async def _generate(
        self, task: Task, field: Generated, sources: content.Sources, fingerprint: str, slots: asyncio.Semaphore
    ) -> None:
        key = content.key_of(task.entity, task.pk, task.field, fingerprint, task.version, task.answers)
        cost = None
        try:
            call = content.question(field, sources, task.complaint)
            async with slots:
                answer = await self.sender.send(call, idempotency_key=key, tag=content.tag_of(*task.name))
            cost = asking.cost_of(answer.cost_usd)
            value = content.value_of(field, answer.text, answer.finish_reason)
        # Whatever a template or a sender of the application's raises concerns this column, and is told of it.
        except Exception as error:
            await self._failed(task, error, replace(asking.trouble(error), cost=cost))
        else:
            made = Made(
                value=value, fingerprint=fingerprint, model=answer.model, request_id=answer.request_id, cost=cost
            )
            await self._put(task, made)

    async def _embed(self, batch: list[_Passage], slots: asyncio.Semaphore) -> None:
        field, name = batch[0].field, batch[0].task.name
        try:
            answers = []
            for texts in _loads([piece for one in batch for piece in one.pieces]):
                async with slots:
                    answers.append(await self.sender.send(content.embedding(field, texts), tag=content.tag_of(*name)))
            each = (unit(vector, field.dims) for answer in answers for vector in answer.vectors)
            vectors = [mean([next(each) for _ in one.pieces], [*map(len, one.pieces)]) for one in batch]
        except Exception as error:
            if len(batch) > 1 and asking.is_final(error):
                # One text that the model does not take must not keep the others from theirs.
                for one in batch:
                    await self._embed([one], slots)
                return
            for one in batch:
                await self._failed(one.task, error, asking.trouble(error))
            return
        answer = answers[-1]
        costs = asking.shares(asking.sum_of(answers), [len(one.text) for one in batch])
        for one, vector, cost in zip(batch, vectors, costs, strict=True):
            made = Made(
                value=vector,
                fingerprint=one.fingerprint,
                model=answer.model,
                request_id=answer.request_id,
                cost=cost,
            )
            await self._put(one.task, made)

    async def _put(self, task: Task, made: Made | None) -> None:
        is_put = await self.shelf.put(task, made, self.clock.now())
        cost = None if made is None else made.cost
        self.listener(events.event("filled" if is_put else "outdated", task, cost=cost))

    async def _failed(self, task: Task, error: Exception, trouble: Trouble) -> None:
        if asking.is_final(error) or (trouble.counts and task.attempts >= self.attempts):
            await self._give_up(task, trouble, error)
            return
        now = self.clock.now()
        pause = asking.pause_s(error, attempt=task.attempts, chance=self.chance())
        due_at = now + timedelta(seconds=pause)
        await self.shelf.put_off(task, trouble, due_at=due_at, now=now)
        self._tell_trouble("delayed", task, trouble, error, due_at)

    async def _give_up(self, task: Task, trouble: Trouble, cause: Exception | None = None) -> None:
        await self.shelf.put_off(task, trouble, due_at=None, now=self.clock.now())
        self._tell_trouble("failed", task, trouble, cause)

    def _tell_trouble(
        self,
        kind: events.Kind,
        task: Task,
        trouble: Trouble,
        cause: Exception | None,
        due_at: datetime | None = None,
    ) -> None:
        told = {"code": trouble.code, "message": trouble.message, "cost": trouble.cost}
        self.listener(events.event(kind, task, **told, due_at=due_at, cause=cause))

    @asynccontextmanager
    async def _leased(self, tasks: Sequence[Task]) -> AsyncIterator[None]:
        """Hold the tasks' leases for as long as this lasts."""

        async def renewing() -> None:
            while True:
                await asyncio.sleep(self.lease_s / 3)
                await self.shelf.renew(tasks, self.clock.now() + timedelta(seconds=self.lease_s))

        async with asyncio.TaskGroup() as group:
            renewal = group.create_task(renewing())
            yield
            renewal.cancel()


@dataclass(frozen=True)
class _Passage:
    """A text that waits for its vector."""

    task: Task
    field: Embedded
    text: str
    pieces: list[str]
    fingerprint: str


def _loads(texts: list[str]) -> list[list[str]]:
    """Pieces that go in one call: a long text's are too many for one."""
    loads: list[list[str]] = []
    room = -1
    for text in texts:
        if room < len(text):
            loads.append([])
            room = max(BATCH_CHARS, len(text))
        loads[-1].append(text)
        room -= len(text)
    return loads


def _batches(passages: list[_Passage]) -> list[list[_Passage]]:
    """Texts that go in one call: of one column, and not too much."""
    batches: list[list[_Passage]] = []
    for _, group in groupby(sorted(passages, key=lambda one: one.task.name), key=lambda one: one.task.name):
        room = -1
        for one in group:
            if room < len(one.text):
                batches.append([])
                room = BATCH_CHARS
            batches[-1].append(one)
            room -= len(one.text)
    return batches
