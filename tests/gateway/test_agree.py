"""Several processes over one database let no caller use their limits twice, except within a moment."""

from __future__ import annotations

import pytest

from tollhouse.errors import Busy
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.agree import ALIVE_S, LOOK_S, Agreement
from tollhouse.gateway.identify import Caller
from tollhouse.limits import Admission, Allowance
from tollhouse.store import limit_use, machinery
from tollhouse.store.engine import Reading, Store
from tollhouse.testing import ManualClock

LIMITS = Allowance(requests_per_minute=20, tokens_per_minute=10_000, concurrent=8)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


class Process:
    """What lets callers in, in one process."""

    def __init__(self, store: Store, clock: ManualClock, boot_id: str) -> None:
        self.store, self.clock, self.boot_id = store, clock, boot_id
        self.admit = Admit()
        self.agreement = Agreement(store, clock, self.admit, boot_id)

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


@pytest.fixture
async def processes(store: Store, clock: ManualClock) -> list[Process]:
    several = [Process(store, clock, f"boot_{number}") for number in range(3)]
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


async def test_who_comes_later_hears_of_what_was_used_before(processes: list[Process], clock: ManualClock) -> None:
    processes[0].let_in(caller(), 3, tokens=100)
    await agree(processes)
    late = Process(processes[0].store, clock, "boot_late")
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


async def test_news_that_could_not_be_told_is_told_later(processes: list[Process], store: Store) -> None:
    first, second, _ = processes
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
