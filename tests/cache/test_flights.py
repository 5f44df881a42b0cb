"""Who asks the same at the same time waits for one answer; and for no one that does not come."""

from __future__ import annotations

import asyncio
from typing import cast

from tollhouse.cache.flights import Flights
from tollhouse.cache.kept import Kept

ROME = cast(Kept, "Rome")


async def joined(flights: Flights, count: int) -> list[asyncio.Task[Kept | None]]:
    tasks = [asyncio.create_task(flights.join("k")) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_who_comes_later_has_the_same_answer() -> None:
    flights = Flights()
    flight = flights.begin("k")
    tasks = await joined(flights, 3)
    flights.land("k", flight, ROME)
    assert await asyncio.gather(*tasks) == [ROME] * 3
    assert await flights.join("k") is None


async def test_after_a_failure_one_begins_and_the_others_wait_for_that_one() -> None:
    flights = Flights()
    begun: list[int] = []

    async def ask(number: int) -> Kept | None:
        found = await flights.join("k")
        if found is not None:
            return found
        flight = flights.begin("k")
        begun.append(number)
        await asyncio.sleep(0.01)
        flights.land("k", flight, ROME)
        return ROME

    first = flights.begin("k")
    tasks = [asyncio.create_task(ask(number)) for number in range(5)]
    await asyncio.sleep(0)
    flights.fail("k", first)
    assert await asyncio.gather(*tasks) == [ROME] * 5
    assert len(begun) == 1


async def test_nobody_waits_for_ever() -> None:
    flights = Flights(wait_most_s=0.01)
    flights.begin("k")
    assert await flights.join("k") is None


async def test_who_does_not_wait_any_more_takes_no_others_place() -> None:
    flights = Flights(wait_most_s=0.01)
    first, second = flights.begin("k"), flights.begin("k")
    tasks = await joined(flights, 1)
    flights.land("k", second, ROME)
    flights.land("k", first, None)
    assert await asyncio.gather(*tasks) == [None]
    assert first.kept is None
