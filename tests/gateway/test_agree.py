"""Several processes over one database let no caller use their limits twice, except within a moment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from redises import RedisServer
from tollhouse.clock import Clock
from tollhouse.errors import Busy
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.agree import LOOK_S, QUICK_ROUND_S, SETTLE_S, Agreement
from tollhouse.gateway.hearsay import ALIVE_S
from tollhouse.gateway.identify import Caller
from tollhouse.limits import Admission, Allowance
from tollhouse.redis.link import Link, open_link
from tollhouse.store import limit_use, machinery
from tollhouse.store.engine import Reading, Store
from tollhouse.testing import FaultProxy, ManualClock

LIMITS = Allowance(requests_per_minute=20, tokens_per_minute=10_000, concurrent=8)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


class Process:
    """What lets callers in, in one process."""

    def __init__(self, store: Store, clock: Clock, boot_id: str, link: Link | None = None) -> None:
        self.store, self.clock, self.boot_id = store, clock, boot_id
        self.admit = Admit()
        self.agreement = Agreement(store, clock, self.admit, boot_id, link)

    async def begin(self) -> None:
        now = self.clock.now()
        await self.store.write(lambda tx: machinery.begin_process(tx, boot_id=self.boot_id, kind="web", pid=1, now=now))

    def let_in(self, caller: Caller, times: int = 1, tokens: int = 10) -> list[Admission]:
        return [self.admit.admit(caller, self.clock.monotonic(), tokens) for _ in range(times)]

    def left(self, caller: Caller) -> tuple[int, int]:
        told = self.admit.snapshot(caller, self.clock.monotonic())
        assert told.requests is not None
        assert told.tokens is not None
        return told.requests.remaining, told.tokens.remaining


Make = Callable[[str], Process]


@pytest.fixture(params=["database", "redis"])
async def make(request: pytest.FixtureRequest, store: Store, clock: ManualClock) -> AsyncIterator[Make]:
    """Makes a process, which tells the others through the database, or through Redis."""
    if request.param == "database":
        yield lambda boot_id: Process(store, clock, boot_id)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    async with over_redis(store, clock, server.port) as over:
        yield over


@asynccontextmanager
async def over_redis(store: Store, clock: Clock, port: int) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def made(boot_id: str) -> Process:
            link = open_link(f"redis://127.0.0.1:{port}", None, "house")
            stack.push_async_callback(link.aclose)
            return Process(store, clock, boot_id, link)

        yield made


@pytest.fixture
async def processes(make: Make) -> list[Process]:
    several = [make(f"boot_{number}") for number in range(3)]
    for process in several:
        await process.begin()
    return several


async def agree(processes: list[Process]) -> None:
    """Two rounds: all have told before the last has listened."""
    for process in processes * 2:
        await process.agreement.agree()


def told_by_anybody(tx: Reading) -> dict[str, limit_use.Use]:
    return limit_use.of_others(tx, "boot_of_nobody", since_us=0, alive_since_us=0)


def caller(user_id: str = "usr_1", allowance: Allowance = LIMITS) -> Caller:
    return Caller(
        user_id=user_id,
        workspace_id="ws_1",
        token_id="tok_1",
        scopes=frozenset({"inference"}),
        allowance=allowance,
        expires_at=None,
        owners=(),
        keys={},
        routes={},
    )


async def test_what_was_used_in_one_is_missing_in_all(processes: list[Process]) -> None:
    first, second, third = processes
    ada, bob = caller(), caller("usr_2")
    for admission in [*first.let_in(ada, 5), *second.let_in(ada, 7)]:
        admission.finish(first.clock.monotonic(), 10)
    await agree(processes)
    assert [process.left(ada) for process in processes] == [(8, 9_880)] * 3
    assert third.left(bob) == (20, 10_000)
    for admission in third.let_in(ada, 8):
        admission.finish(third.clock.monotonic(), 10)
    with pytest.raises(Busy) as refused:
        third.let_in(ada)
    assert refused.value.details == {"limit": "requests_per_minute", "allowed": 20}
    await agree(processes)
    for process in processes:
        with pytest.raises(Busy) as refused:
            process.let_in(ada)
        assert 0 < (refused.value.retry_after_s or 0) <= 60


async def test_who_comes_later_hears_of_what_was_used_before(processes: list[Process], make: Make) -> None:
    processes[0].let_in(caller(), 3, tokens=100)
    await agree(processes)
    late = make("boot_late")
    await late.begin()
    await late.agreement.agree()
    assert late.left(caller()) == (17, 9_700)


async def test_answers_under_way_elsewhere_count_until_they_end(processes: list[Process]) -> None:
    first, second, _ = processes
    under_way = first.let_in(caller(), 8)
    await agree(processes)
    with pytest.raises(Busy) as refused:
        second.let_in(caller())
    assert refused.value.details["limit"] == "concurrent"
    for admission in under_way:
        admission.finish(first.clock.monotonic(), 10)
    await agree(processes)
    second.let_in(caller())


async def test_it_is_all_back_after_a_minute(processes: list[Process], clock: ManualClock) -> None:
    for _ in range(20):
        processes[0].let_in(caller())[0].finish(clock.monotonic(), 10)
    await agree(processes)
    assert processes[1].left(caller())[0] == 0
    clock.advance(seconds=61)
    await agree(processes)
    assert processes[1].left(caller()) == (20, 10_000)
    assert (
        await processes[0].store.read(lambda tx: limit_use.of_others(tx, "boot_x", since_us=0, alive_since_us=0)) == {}
    )


async def test_what_a_dead_process_let_in_counts_for_its_minute_and_its_answers_not_so_long(
    processes: list[Process], clock: ManualClock
) -> None:
    dead, *living = processes
    dead.let_in(caller(), 8)
    await agree(processes)
    clock.advance(seconds=ALIVE_S + 1)
    await agree(living)
    assert living[0].left(caller())[0] == 12
    living[0].let_in(caller(), 8)
    clock.advance(seconds=45)
    await agree(living)
    assert living[1].left(caller())[0] == 12


async def test_who_is_alone_asks_for_nothing_and_tells_all_when_another_comes(store: Store, clock: ManualClock) -> None:
    first, second = Process(store, clock, "boot_1"), Process(store, clock, "boot_2")
    await first.begin()
    first.let_in(caller(), 4)
    await first.agreement.agree()
    assert await store.read(told_by_anybody) == {}
    await second.begin()
    clock.advance(seconds=LOOK_S)
    await agree([first, second])
    assert second.left(caller())[0] == 16


async def test_news_that_could_not_be_told_is_told_later(store: Store, clock: ManualClock) -> None:
    first, second = processes = [Process(store, clock, "boot_1"), Process(store, clock, "boot_2")]
    for process in processes:
        await process.begin()
    first.let_in(caller(), 4)

    async def fail(work: object) -> None:
        raise OSError("no room")

    await first.agreement.agree()
    first.let_in(caller(), 1)
    write, store.write = store.write, fail  # type: ignore[assignment,method-assign]
    with pytest.raises(OSError, match="no room"):
        await first.agreement.agree()
    store.write = write  # type: ignore[method-assign]
    await agree(processes)
    assert second.left(caller())[0] == 15


async def test_a_user_with_other_limits_goes_on_beside_what_is_used_elsewhere(processes: list[Process]) -> None:
    first, second, _ = processes
    first.let_in(caller(), 8)
    await agree(processes)
    assert second.left(caller(allowance=Allowance(requests_per_minute=30, tokens_per_minute=100)))[0] == 22


async def test_only_what_is_new_is_told(processes: list[Process], clock: ManualClock) -> None:
    first = processes[0]
    under_way = first.let_in(caller(), 2)
    assert [*first.admit.news(clock.monotonic())] == ["usr_1"]
    assert first.admit.news(clock.monotonic()) == {}
    clock.advance(seconds=10)
    assert [*first.admit.news(clock.monotonic())] == ["usr_1"]
    under_way[0].finish(clock.monotonic(), 10)
    assert first.admit.news(clock.monotonic())["usr_1"].concurrent == 1


# --- through Redis ---------------------------------------------------------------------------------------------------


async def declared(process: Process, is_up: bool) -> None:
    """Its link has noticed how Redis is."""
    link = process.agreement._link
    assert link is not None
    async with asyncio.timeout(15):
        while link.is_up is not is_up:
            await asyncio.sleep(0.01)


async def test_through_redis_it_takes_no_second(redis_server: RedisServer, store: Store) -> None:
    async with over_redis(store, Clock(), redis_server.port) as make, asyncio.TaskGroup() as running:
        first, second = make("boot_1"), make("boot_2")
        tasks = [running.create_task(process.agreement.run()) for process in (first, second)]
        second.let_in(caller("usr_2"))
        await asyncio.sleep(2 * QUICK_ROUND_S)
        first.let_in(caller(), 5)
        await asyncio.sleep(2 * QUICK_ROUND_S + 0.1)
        assert second.left(caller())[0] == 15
        for task in tasks:
            task.cancel()


async def test_nothing_is_written_to_the_database_while_redis_is_there(
    redis_server: RedisServer, store: Store, clock: ManualClock
) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        processes = [make("boot_1"), make("boot_2")]
        for process in processes:
            await process.begin()
            process.let_in(caller(), 2)
        await agree(processes)
        assert processes[1].left(caller())[0] == 16
        assert await store.read(told_by_anybody) == {}
        stored = await redis_server.do("KEYS", "*")
        assert sorted(stored) == [b"tollhouse:house:beat", b"tollhouse:house:limits"]


@pytest.mark.parametrize("trouble", ["gone", "frozen", "full"])
async def test_without_redis_they_agree_through_the_database_and_forget_nothing_on_the_way(
    redis_server: RedisServer, store: Store, clock: ManualClock, trouble: str
) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        first, second = processes = [make("boot_1"), make("boot_2")]
        for process in processes:
            await process.begin()
        first.let_in(caller(), 5)
        await agree(processes)
        assert second.left(caller())[0] == 15
        match trouble:
            case "gone":
                redis_server.stop()
            case "frozen":
                redis_server.freeze()
            case "full":
                await redis_server.do("CONFIG", "SET", "maxmemory", "1")
        for process in processes:
            await declared(process, is_up=False)
        await second.agreement.agree()
        assert second.left(caller())[0] == 15
        first.let_in(caller(), 2)
        await agree(processes)
        assert second.left(caller())[0] == 15
        clock.advance(seconds=SETTLE_S)
        await agree(processes)
        assert second.left(caller())[0] == 13
        match trouble:
            case "gone":
                redis_server.start()
            case "frozen":
                redis_server.thaw()
            case "full":
                await redis_server.do("CONFIG", "SET", "maxmemory", "0")
        for process in processes:
            await declared(process, is_up=True)
        await second.agreement.agree()
        assert second.left(caller())[0] == 13
        first.let_in(caller(), 1)
        await agree(processes)
        clock.advance(seconds=SETTLE_S)
        await agree(processes)
        assert second.left(caller())[0] == 12


async def test_a_redis_that_was_emptied_knows_all_again_after_some_seconds(
    redis_server: RedisServer, store: Store, clock: ManualClock
) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        first, second = processes = [make("boot_1"), make("boot_2")]
        first.let_in(caller(), 5)
        await agree(processes)
        await redis_server.do("FLUSHALL")
        await agree(processes)
        assert second.left(caller())[0] == 15
        clock.advance(seconds=10)
        await agree(processes)
        late = make("boot_3")
        await late.agreement.agree()
        assert late.left(caller())[0] == 15


async def test_a_redis_that_was_set_back_is_told_anew(
    redis_server: RedisServer, store: Store, clock: ManualClock
) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        first, second = processes = [make("boot_1"), make("boot_2")]
        for process in processes:
            await process.begin()
        first.let_in(caller(), 3)
        await agree(processes)
        await redis_server.do("SAVE")
        first.let_in(caller(), 2)
        await agree(processes)
        redis_server.stop()
        for process in processes:
            await declared(process, is_up=False)
            await process.agreement.agree()
        redis_server.start()
        for process in processes:
            await declared(process, is_up=True)
        await agree(processes)
        clock.advance(seconds=SETTLE_S)
        await agree(processes)
        assert second.left(caller())[0] == 15


async def test_a_round_that_fails_is_made_up_for(redis_server: RedisServer, store: Store, clock: ManualClock) -> None:
    async with (
        FaultProxy(redis_server.port) as proxy,
        over_redis(store, clock, proxy.port) as through_proxy,
        over_redis(store, clock, redis_server.port) as make,
    ):
        first, second = through_proxy("boot_1"), make("boot_2")
        await agree([first, second])
        proxy.delay_s = 0.4
        first.let_in(caller(), 5)
        await first.agreement.agree()
        proxy.delay_s = 0.0
        await asyncio.sleep(0.5)
        await agree([first, second])
        assert second.left(caller())[0] == 15


async def test_what_somebody_else_writes_there_is_not_understood_and_does_no_harm(
    redis_server: RedisServer, store: Store, clock: ManualClock
) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        first, second = processes = [make("boot_1"), make("boot_2")]
        await agree(processes)
        for fields in (
            ("boot", "boot_x"),
            ("boot", b"\xff", "uses", "{}"),
            ("boot", "boot_x", "uses", "["),
            ("boot", "boot_x", "uses", '{"usr_1":[-5,0,0]}'),
            ("boot", "boot_x", "uses", '{"usr_1":[5]}'),
        ):
            await redis_server.do("XADD", "tollhouse:house:limits", "*", *fields)
        first.let_in(caller(), 5)
        await agree(processes)
        assert second.left(caller())[0] == 15


async def test_a_backlog_of_many_pages_is_read_to_its_end(
    redis_server: RedisServer, store: Store, clock: ManualClock
) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        for number in range(2_100):
            told = json.dumps({f"usr_{number % 700}": [1, 1, 0]})
            await redis_server.do("XADD", "tollhouse:house:limits", "*", "boot", f"boot_{number % 3}", "uses", told)
        late = make("boot_late")
        await late.agreement.agree()
        assert {late.left(caller(f"usr_{number}"))[0] for number in range(700)} == {17}


async def test_the_stream_does_not_grow_for_ever(redis_server: RedisServer, store: Store, clock: ManualClock) -> None:
    async with over_redis(store, clock, redis_server.port) as make:
        only = make("boot_1")
        for number in range(500):
            await redis_server.do("XADD", "tollhouse:house:limits", f"{number + 1}-0", "boot", "boot_x", "uses", "{}")
        only.let_in(caller())
        await only.agreement.agree()
        only.let_in(caller())
        await only.agreement.agree()
        assert await redis_server.do("XLEN", "tollhouse:house:limits") < 200
        assert 60_000 < await redis_server.do("PTTL", "tollhouse:house:limits") <= 120_000
