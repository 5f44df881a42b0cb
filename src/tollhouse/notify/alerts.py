"""The outbox: what was noted is delivered, again and again for up to 72 hours, whichever process does it.

    pending ──> delivered    the target took it
            └─> failed       it took nothing for 72 hours, or said that it never will

A process leases what it sends. Whoever dies in between leaves a lease that lapses, and the delivery is due again: it
may arrive twice, with the same id, and is never lost.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from tollhouse import ids
from tollhouse.clock import Clock
from tollhouse.errors import Conflict
from tollhouse.notify.events import Alert, EventType
from tollhouse.notify.post import Undelivered
from tollhouse.store import alerts as sql
from tollhouse.store import webhooks
from tollhouse.store.engine import Store, Writing
from tollhouse.telemetry import Event, log
from tollhouse.telemetry.surviving import survived

EVERY_S = 5.0
LEASE = timedelta(seconds=60)
"""Longer than any attempt takes."""
AT_ONCE = 10

GIVE_UP_AFTER = timedelta(hours=72)
FIRST_PAUSE_S = 5.0
PAUSE_GROWTH = 4.0
LONGEST_PAUSE_S = 6 * 3600.0

ENDPOINT = "wh"
"""The prefix of an endpoint's id, which as a target of a delivery names its channel."""


class Channel(Protocol):
    """A way to tell somebody something."""

    async def send(self, alert: Alert, target: str) -> int | None:
        """Tell it; gives the HTTP status if there is one. Raises Undelivered."""
        ...


class Outbox:
    """Delivers what is due, in one process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        chance: Callable[[], float] = random.random,
        on_outcome: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """Deliver through these channels.

        Args:
            channels: `wh` for endpoints, and by their names those that the settings make.
            on_outcome: told `delivered`, `retried` or `failed` after each attempt.
        """
        self._store = store
        self._clock = clock
        self._channels = channels
        self._chance = chance
        self._on_outcome = on_outcome
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            with survived("deliver_due"):
                await self.deliver_due()
            await self._pause()

    def wake(self) -> None:
        """Something was noted: do not wait for the next round."""
        self._woken.set()

    async def deliver_due(self) -> None:
        """Send everything that is due now, some at a time."""
        while True:
            now = self._clock.now()
            until = now + LEASE
            rows = await self._store.write(lambda tx, now=now, until=until: sql.lease_due(tx, now, until, AT_ONCE))  # type: ignore[misc]
            if not rows:
                return
            # All to their end, before one that could not be written down is told.
            for broken in await asyncio.gather(*map(self._attempt, rows), return_exceptions=True):
                if broken is not None:
                    raise broken

    async def deliver_now(self, delivery_id: str, note: Callable[[Writing], None]) -> None:
        """Send one delivery at once, whatever became of it before.

        Args:
            note: does more in the transaction that begins it.

        Raises:
            Conflict: it is being sent just now.
        """
        now = self._clock.now()

        def begin(tx: Writing) -> Any:
            note(tx)
            if not sql.lease_anew(tx, delivery_id, now, now + LEASE, now + GIVE_UP_AFTER):
                raise Conflict("This delivery is being sent just now.")
            return sql.find_delivery(tx, delivery_id)

        await self._attempt(await self._store.write(begin))

    async def _attempt(self, row: Any) -> None:
        try:
            status = await self._send(row)
        except Undelivered as why:
            await self._note_failure(row, why)
        except Exception as error:
            # Told and tried again like any other failure, so that even then it ends after 72 hours.
            log.error(Event.DELIVERY_FAILED, delivery=row["id"], target=row["target"], exc_info=True)
            await self._note_failure(row, Undelivered(f"could not be sent: {type(error).__name__}"))
        else:
            await self._finish(row, "delivered", {"status": "delivered", "response_status": status})

    async def _send(self, row: Any) -> int | None:
        target = row["target"]
        channel = self._channels.get(target.partition("_")[0])
        if channel is None:
            raise Undelivered("this channel is not configured any more", is_final=True)
        alert = Alert(id=row["alert_id"], type=row["type"], facts=row["facts"], raised_at=row["raised_at"])
        return await channel.send(alert, target)

    async def _note_failure(self, row: Any, why: Undelivered) -> None:
        next_try_at = None if why.is_final else self._next_try(row, why)
        word = "failed" if next_try_at is None else "retried"
        log.warning(
            Event.DELIVERY_FAILED, delivery=row["id"], target=row["target"], error=why.message, next_try_at=next_try_at
        )
        outcome = {
            "status": "pending" if next_try_at else "failed",
            "next_try_at": next_try_at,
            "response_status": why.status,
            "error": why.message,
        }
        await self._finish(row, word, outcome, is_gone=why.is_gone)

    def _next_try(self, row: Any, why: Undelivered) -> datetime | None:
        pause_s = max(pause_before(row["attempts"] + 1, self._chance()), min(why.retry_after_s or 0, LONGEST_PAUSE_S))
        at = self._clock.now() + timedelta(seconds=pause_s)
        return at if at <= row["give_up_at"] else None

    async def _finish(self, row: Any, word: str, outcome: Mapping[str, Any], *, is_gone: bool = False) -> None:
        now = self._clock.now()
        told = {"error": None, "next_try_at": None, "tried_at": now, **outcome}

        def change(tx: Writing) -> None:
            sql.finish_attempt(tx, row["id"], row["leased_until"], told)
            if is_gone and row["target"].startswith(f"{ENDPOINT}_"):
                webhooks.change(tx, row["target"], {"active": False, "gone_at": now})

        await self._store.write(change)
        if is_gone:
            log.warning(Event.WEBHOOK_GONE, target=row["target"])
        self._on_outcome(word)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(EVERY_S):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()


def raise_alert(
    tx: Writing,
    type_: EventType,
    *,
    subject: str,
    facts: Mapping[str, Any],
    now: datetime,
    threshold: float = 0.0,
    channels: tuple[str, ...] = (),
) -> bool:
    """Note something in the caller's transaction, with a delivery for whoever wants to hear of it.

    Args:
        subject: what it is about, and with `threshold` what makes it the same thing when it is noticed again.
        channels: names of the channels that the settings make, which hear everything.

    Returns:
        False when it was noted before; then nothing is changed.
    """
    alert_id = ids.new("evt")
    row = {"id": alert_id, "type": type_, "subject": subject, "threshold": threshold, "facts": facts, "created_at": now}
    if not sql.add_alert(tx, row):
        return False
    for target in (*webhooks.subscribed(tx, type_), *channels):
        sql.add_delivery(tx, new_delivery(alert_id, target, now))
    return True


def new_delivery(alert_id: str, target: str, now: datetime) -> dict[str, Any]:
    """The row of a delivery that is due at once."""
    return {
        "id": ids.new("dlv"),
        "alert_id": alert_id,
        "target": target,
        "status": "pending",
        "attempts": 0,
        "created_at": now,
        "next_try_at": now,
        "give_up_at": now + GIVE_UP_AFTER,
    }


def pause_before(attempt: int, chance: float) -> float:
    """Seconds before the second attempt and each further one: growing, and by a fifth as `chance` (0 to 1) has it, so
    that what failed together does not come again together.

    >>> [round(pause_before(attempt, 0.5)) for attempt in (2, 3, 4, 8, 20)]
    [5, 20, 80, 20480, 21600]
    """
    growth: float = PAUSE_GROWTH ** min(attempt - 2, 10)
    return min(FIRST_PAUSE_S * growth, LONGEST_PAUSE_S) * (0.8 + 0.4 * chance)
