"""What nobody waits for and the database could not take: it is put again until it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tollhouse.errors import TollhouseError, Unavailable
from tollhouse.telemetry import Event, log

AGAIN_AFTER_S = 1.0
ITEMS_MOST = 50_000
"""Of each kind: about 100 MiB of request rows. What comes after that is lost, and the log says so. Ends of holds cannot
be as many: while nothing can be written, no hold is made."""


class Owed:
    """The debts of one store."""

    def __init__(self, loop: asyncio.AbstractEventLoop, put: Callable[[Any, Any], None]) -> None:
        """Owe nothing; `put` puts an item into the store's next batch."""
        self._loop = loop
        self._put = put
        self._items: dict[Any, list[Any]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, handler: Any, item: Any, error: BaseException) -> None:
        """Keep an item that failed; one that would fail again is told to the log and let go."""
        items = self._items.setdefault(handler, [])
        if not isinstance(error, Unavailable) or len(items) >= ITEMS_MOST:
            why = error.message if isinstance(error, TollhouseError) else repr(error)
            log.error(Event.STORE_FAILED, step=handler.__name__, error=why)
            return
        items.append(item)
        if self._timer is None:
            self._timer = self._loop.call_later(AGAIN_AFTER_S, self.put_again)

    def put_again(self) -> None:
        """Put everything that is owed into the next batch."""
        self.stop()
        owed, self._items = self._items, {}
        for handler, items in owed.items():
            for item in items:
                self._put(handler, item)

    def stop(self) -> None:
        """No more tries of its own accord."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
