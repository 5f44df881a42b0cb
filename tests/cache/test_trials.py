"""Comparisons are kept for all processes, count once each, and grow old."""

from __future__ import annotations

from tollhouse.cache.evidence import Evidence
from tollhouse.cache.trials import FRESH_S, Trials
from tollhouse.store import likeness_trials
from tollhouse.store.engine import Store
from tollhouse.testing import ManualClock


async def written(store: Store, trials: Trials, name: str, evidence: Evidence) -> None:
    """Wait until that much is in the database."""
    for _ in range(1_000):
        if (await trials.all()).get(name) == evidence:
            return
        await store.write(lambda tx: None)
    raise AssertionError(await trials.all())


async def test_every_process_hears_of_them_within_a_minute(store: Store) -> None:
    clock = ManualClock()
    mine, others = Trials(store, clock), Trials(store, clock)
    assert await others.of("faq") == Evidence(0, 0)
    mine.note("req_1", "faq", 0.9, is_wrong=False)
    mine.note("req_2", "faq", 0.9, is_wrong=True)
    mine.note("req_3", "else", 0.9, is_wrong=True)
    await written(store, mine, "faq", Evidence(2, 1))
    assert await others.of("faq") == Evidence(0, 0)
    clock.advance(seconds=FRESH_S)
    assert await others.of("faq") == Evidence(2, 1)


async def test_one_that_is_written_twice_counts_once(store: Store) -> None:
    trials = Trials(store, ManualClock())
    for _ in range(2):
        trials.note("req_1", "faq", 0.9, is_wrong=True)
    trials.note("req_2", "faq", 0.9, is_wrong=True)
    await written(store, trials, "faq", Evidence(2, 2))


async def test_what_is_known_is_counted_on_at_once_in_its_own_process(store: Store) -> None:
    trials = Trials(store, ManualClock())
    await trials.of("faq")
    trials.note("req_1", "faq", 0.9, is_wrong=True)
    assert await trials.of("faq") == Evidence(1, 1)


async def test_after_thirty_days_they_count_no_more_and_are_swept(store: Store) -> None:
    clock = ManualClock()
    trials = Trials(store, clock)
    trials.note("req_1", "faq", 0.9, is_wrong=True)
    await written(store, trials, "faq", Evidence(1, 1))
    clock.advance(days=30, seconds=1)
    assert await trials.all() == {}
    since = clock.time_ns() // 1_000 - likeness_trials.KEPT_US
    assert await store.write(lambda tx: likeness_trials.drop_before(tx, since)) == 1
