"""The worker's shelf over Django's models: takes what is due, and puts values into rows that are as they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.db.models import F, Q

from tollhouse.columns import content, order
from tollhouse.columns.field import Field
from tollhouse.columns.shelf import Made, Name, Task, Trouble
from tollhouse.contrib.django.entity import Entity, entities
from tollhouse.contrib.django.models import FieldState
from tollhouse.contrib.django.wishing import RELEASED, digest, wish
from tollhouse.money.amounts import Nanodollars


class Shelf:
    """All installed models with filled columns, in one database."""

    def __init__(self, using: str) -> None:
        self._using = using
        self._entities: dict[str, Entity] = {entity.name: entity for entity in entities()}
        self.fields: Mapping[Name, Field] = {
            (entity.name, name): field for entity in self._entities.values() for name, field in entity.fields.items()
        }

    async def take(self, *, now: datetime, until: datetime, lease: str, limit: int) -> Sequence[Task]:
        return await sync_to_async(self._take)(now, until, lease, limit)

    async def renew(self, tasks: Collection[Task], until: datetime) -> None:
        leases = {task.lease for task in tasks}
        await sync_to_async(lambda: self._states.filter(lease__in=leases).update(lease_until=until))()

    async def put(self, task: Task, made: Made | None, now: datetime) -> bool:
        return await sync_to_async(self._put)(task, made, now)

    async def put_off(self, task: Task, trouble: Trouble, *, due_at: datetime | None, now: datetime) -> None:
        await sync_to_async(self._put_off)(task, trouble, due_at)

    async def forget(self, task: Task) -> None:
        await sync_to_async(lambda: self._named(task).delete())()

    def _take(self, now: datetime, until: datetime, lease: str, limit: int) -> Sequence[Task]:
        is_free = Q(lease_until=None) | Q(lease_until__lt=now)
        due = self._states.filter(is_free, status="pending", due_at__lte=now).order_by("due_at")
        taken: dict[str, list[FieldState]] = defaultdict(list)
        for state in due[: limit * 2]:
            if (state.entity, state.field) not in self.fields or sum(map(len, taken.values())) == limit:
                continue
            mine = self._states.filter(is_free, pk=state.pk, status="pending", version=state.version)
            # Whoever is quicker has it: the condition is looked at anew under the row's lock.
            if mine.update(lease=lease, lease_until=until, attempts=F("attempts") + 1):
                taken[state.entity].append(state)
        tasks = []
        for name, states in taken.items():
            rows = self._entities[name].rows(self._using, {state.pk_json for state in states})
            tasks += [_task(state, lease, rows.get(state.pk_json)) for state in states]
        return tasks

    def _put(self, task: Task, made: Made | None, now: datetime) -> bool:
        entity, field = self._entities[task.entity], self.fields[task.name]
        rows = entity.model._base_manager.using(self._using).filter(pk=entity.key(task.pk))
        with transaction.atomic(using=self._using):
            if connections[self._using].features.has_select_for_update:
                # First the row and then its state, as in the transactions of those who save it: else both could wait.
                list(rows.select_for_update().values_list("pk"))
            if made is not None:
                self._note_cost(task, made.cost)
            # On SQLite this takes the lock, so that the row is read as nobody can change it any more.
            if not self._held(task).update(lease=task.lease):
                return False
            row = entity.rows(self._using, [task.pk]).get(task.pk)
            if row is None:
                self._named(task).delete()
                return False
            wanted = task.fingerprint if made is None else made.fingerprint
            if content.fingerprint(field, row) != wanted:
                # A statement has changed it that no save saw.
                self._held(task).update(due_at=now, attempts=0, answers=0, **RELEASED)
                return False
            done: dict[str, Any] = {"status": "fresh", "attempts": 0, "answers": 0, "wanted": wanted}
            done |= {"error_code": None, "error": None, **RELEASED}
            if made is not None:
                done |= {"fingerprint": wanted, "made": None if made.value is None else digest(made.value)}
                done |= {"model": field.model, "request_id": made.request_id, "made_at": now}
                # Not through a manager of the application's, which would take it for a person's change.
                rows.update(**{task.field: made.value})
            self._held(task).update(**done)
            behind = order.ready(entity.fields, order.touched(entity.fields, {task.field}))
            row = entity.rows(self._using, [task.pk])[task.pk]
            for name in behind:
                state = self._states.filter(entity=task.entity, pk_json=task.pk, field=name).first()
                if state is None or state.status != "edited":
                    wanted = content.fingerprint(entity.fields[name], row)
                    wish(entity, self._using, task.pk, name, now, wanted=wanted)
        return True

    def _put_off(self, task: Task, trouble: Trouble, due_at: datetime | None) -> None:
        said: dict[str, Any] = {"error_code": trouble.code, "error": trouble.message, **RELEASED}
        said |= {"status": "failed"} if due_at is None else {"due_at": due_at}
        if not trouble.counts:
            said["attempts"] = F("attempts") - 1
        if trouble.wasted:
            said["answers"] = F("answers") + 1
        with transaction.atomic(using=self._using):
            self._note_cost(task, trouble.cost)
            self._held(task).update(**said)

    def _note_cost(self, task: Task, cost: Nanodollars | None) -> None:
        """What was paid is noted, whatever becomes of the value."""
        if cost:
            self._named(task).update(spent_nanodollars=F("spent_nanodollars") + cost)

    def _held(self, task: Task) -> Any:
        """The state, if nobody has taken the lease and no change of the row has ended it."""
        return self._named(task).filter(lease=task.lease)

    def _named(self, task: Task) -> Any:
        return self._states.filter(entity=task.entity, pk_json=task.pk, field=task.field)

    @property
    def _states(self) -> Any:
        return FieldState._default_manager.using(self._using)


def _task(state: FieldState, lease: str, row: Mapping[str, Any] | None) -> Task:
    return Task(
        entity=state.entity,
        pk=state.pk_json,
        field=state.field,
        version=state.version,
        lease=lease,
        attempts=state.attempts + 1,
        answers=state.answers,
        complaint=state.error if state.error_code == "malformed" else None,
        fingerprint=state.fingerprint,
        sources=row,
    )
