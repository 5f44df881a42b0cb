"""Who asks the same while it is being answered waits for that answer, and pays nothing."""

from __future__ import annotations

import asyncio
from typing import Final

from tollhouse.cache.kept import Kept

WAIT_MOST_S: Final = 60.0
"""Whoever has waited so long for somebody else's answer asks for one of his own."""


class Flight:
    """One answer that is under way, for whoever wants it too.

    Attributes:
        kept: the answer, when it has come and may be given again.
        has_failed: none has come.
    """

    __slots__ = ("has_failed", "kept", "landed")

    def __init__(self) -> None:
        self.landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.kept: Kept | None = None
        self.has_failed = False


class Flights:
    """All that are under way in one process, by key."""

    def __init__(self, wait_most_s: float = WAIT_MOST_S) -> None:
        self._flights: dict[str, Flight] = {}
        self._wait_most_s = wait_most_s

    async def join(self, key: str) -> Kept | None:
        """The answer that somebody is being given; None when nobody is, it is not to be given again, or takes too long.

        After a failure one of those who waited finds nobody, and must `begin` before it awaits anything else; the
        others wait for that one.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._wait_most_s
        while (flight := self._flights.get(key)) is not None:
            await asyncio.wait((flight.landed,), timeout=max(0.0, until_s - loop.time()))
            if not (flight.landed.done() and flight.has_failed):
                return flight.kept
        return None

    def begin(self, key: str) -> Flight:
        """Take off: who comes after that waits for it. Whoever begins ends it, with `land` or `fail`."""
        flight = Flight()
        self._flights.setdefault(key, flight)
        return flight

    def land(self, key: str, flight: Flight, kept: Kept | None) -> None:
        """The answer has come; None when it is not to be given again. Only the first word counts."""
        if not flight.landed.done():
            flight.kept = kept
            flight.landed.set_result(None)
            if self._flights.get(key) is flight:
                del self._flights[key]

    def fail(self, key: str, flight: Flight) -> None:
        """None has come. Without effect once it has landed."""
        if not flight.landed.done():
            flight.has_failed = True
            self.land(key, flight, None)
