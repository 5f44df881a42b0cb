"""Money moves once, in the right bucket, whoever asks and whatever comes twice; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from books import BOOT, NOON, Books, resolution
from tollhouse.errors import BudgetExhausted, Conflict
from tollhouse.money.amounts import MAX_NANODOLLARS, FemtodollarsPerToken
from tollhouse.money.budgets import Balance, bucket_id
from tollhouse.money.ledger import Correction, Deed, Held, Resolution
from tollhouse.money.prices import Price
from tollhouse.store import machinery
from tollhouse.store.engine import Store
from tollhouse.store.machinery import Note
from tollhouse.store.paging import Page
from tollhouse.store.types import to_micros
from tollhouse.testing import ManualClock


@pytest.fixture
async def books(store: Store) -> AsyncIterator[Books]:
    """Books that are in order when the test is over."""
    kept = Books(store)
    await kept.begin_process()
    yield kept
    assert await kept.differences() == []


# --- one hold --------------------------------------------------------------------------------------------------------


async def test_a_hold_sets_aside_and_its_settlement_posts_the_truth(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    assert (held.usd, held.available_usd, held.remaining_usd) == (600, 1_000, 400)
    assert await books.balance(budget) == Balance(open=600)
    assert await books.end(held, "settle", usd=250)
    assert await books.balance(budget) == Balance(posted=250)


async def test_what_is_proven_not_billed_is_given_back(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    assert await books.end(held, "void")
    assert await books.balance(budget) == Balance()


async def test_what_may_be_billed_stays_charged_until_late_truth_settles_it(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    assert await books.end(held, "expire")
    assert await books.balance(budget) == Balance(unconfirmed=600)
    with pytest.raises(BudgetExhausted):
        await books.hold(401)
    assert await books.end(held, "settle", usd=1)
    assert await books.balance(budget) == Balance(posted=1)


async def test_an_unconfirmed_hold_can_be_released_once(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    with pytest.raises(Conflict):
        await books.ledger.release(held.id)
    await books.end(held, "expire")
    await books.ledger.release(held.id)
    assert await books.balance(budget) == Balance()
    with pytest.raises(Conflict):
        await books.ledger.release(held.id)
    assert not await books.end(held, "settle", usd=600)


async def test_more_than_was_held_is_posted_and_told_as_overage(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    await books.end(held, "settle", usd=1_500)
    assert await books.balance(budget) == Balance(posted=1_500, overage=900)
    with pytest.raises(BudgetExhausted):
        await books.hold(1)


DEEDS: tuple[Deed, ...] = ("settle", "void", "expire", "release")
SECOND = {("expire", "settle"), ("expire", "void"), ("expire", "release")}


@pytest.mark.parametrize(("first", "second"), [pair for pair in product(DEEDS, DEEDS) if pair[0] != "release"])
async def test_a_hold_ends_once_whoever_comes_second_changes_nothing(books: Books, first: Deed, second: Deed):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    await books.end(held, first, usd=100)
    after = await books.balance(budget)
    counted = await books.end(held, second, usd=70)
    assert counted == ((first, second) in SECOND)
    if not counted:
        assert await books.balance(budget) == after
    assert await books.entries(held.id) == ["hold", first, *([second] if counted else [])]


async def test_a_replay_of_any_resolution_changes_nothing(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    again = [books.ledger.resolved(resolution(held, "settle", usd=100)) for _ in range(5)]
    assert sorted(await asyncio.gather(*again)) == [False] * 4 + [True]
    assert not await books.end(held, "settle", usd=100)
    assert not await books.end("hold_nobody", "settle", usd=100)
    assert await books.balance(budget) == Balance(posted=100)


async def test_a_hold_whose_asker_is_gone_is_given_back(books: Books):
    budget = await books.budget(1_000)
    asking = asyncio.ensure_future(books.hold(600, "hold_1"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await books.end("hold_nobody", "void")
    assert await books.balance(budget) == Balance()
    assert await books.state("hold_1") in ("voided", None)


async def test_a_hold_and_its_end_may_share_a_batch(books: Books):
    budget = await books.budget(1_000)
    holding = asyncio.ensure_future(books.hold(600, "hold_1"))
    await asyncio.sleep(0)
    books.ledger.resolve(resolution("hold_1", "settle", usd=10))
    await holding
    await books.end("hold_nobody", "void")
    assert await books.balance(budget) == Balance(posted=10)


async def test_what_ends_makes_room_for_what_begins_in_the_same_batch(books: Books):
    await books.budget(1_000)
    held = await books.hold(1_000)
    books.ledger.resolve(resolution(held, "void"))
    assert (await books.hold(1_000)).usd == 1_000


# --- several budgets, several owners ---------------------------------------------------------------------------------


async def test_a_call_is_held_in_all_its_budgets_each_in_its_own_unit(books: Books):
    dollars = await books.budget(1_000)
    tokens = await books.budget(10_000, unit="tokens", mode="estimate", window="day")
    requests = await books.budget(5, unit="requests", owner="ws_1")
    held = await books.hold(600, owners=("usr_1", "ws_1"))
    assert [await books.balance(each) for each in (dollars, tokens, requests)] == [
        Balance(open=600),
        Balance(open=600),  # 100 of input and a cap of 500
        Balance(open=1),
    ]
    await books.end(held, "settle", usd=50, tokens=77)
    assert [await books.balance(each) for each in (dollars, tokens, requests)] == [
        Balance(posted=50),
        Balance(posted=77),
        Balance(posted=1),
    ]


async def test_a_budget_of_one_model_holds_no_other(books: Books):
    budget = await books.budget(1_000, model="acme/acme-1")
    await books.hold(600)
    await books.hold(600, models=frozenset({"acme/acme-2"}))
    assert await books.balance(budget) == Balance(open=600)


async def test_an_open_cap_is_written_as_far_as_the_budget_wants_at_least(books: Books):
    await books.budget(10**9, min_output_tokens=77)
    price = Price(input=FemtodollarsPerToken(0), output=FemtodollarsPerToken(10**13))
    held = await books.hold(0, price=price, cap=None)
    assert (held.cap, held.usd) == (77, 77 * 10**7)


async def test_an_attempt_that_another_follows_is_remembered_until_the_request_ends(books: Books):
    await books.fail((await books.hold(600, "hold_1", request_id="req_1")).id, "void")
    assert [row["id"] for row in await pending(books)] == ["hold_1"]
    await books.ledger.request_ended(["hold_1"])
    assert await pending(books) == []


async def test_a_request_that_has_its_row_is_not_remembered_even_while_its_hold_is_open(books: Books):
    await books.hold(600, "hold_1", request_id="req_1")
    assert await books.store.read(books.ledger.forsaken) == []
    await books.ledger.request_ended(["hold_1"])
    assert [(row["id"], row["skeleton"]) for row in await pending(books)] == [("hold_1", "")]
    assert await books.store.read(books.ledger.held) == 600
    await books.end("hold_1", "void")
    assert await books.store.read(books.ledger.held) == 0


async def test_holds_of_processes_that_nobody_knows_are_found(books: Books):
    await books.hold(600, "hold_1", boot_id="boot_gone")
    assert await books.store.read(books.ledger.forsaken) == ["boot_gone"]
    await books.end("hold_1", "void")
    assert await books.store.read(books.ledger.forsaken) == []


async def test_a_hold_is_overdue_at_its_deadline_and_not_before(books: Books):
    await books.hold(600, "hold_1")
    assert await books.store.read(books.ledger.overdue) == []
    books.clock.advance(seconds=601)
    assert await books.store.read(books.ledger.overdue) == ["hold_1"]
    await books.end("hold_1", "expire")
    assert await books.store.read(books.ledger.overdue) == []


async def pending(books: Books) -> list[Any]:
    return await books.store.read(lambda tx: books.ledger.pending(tx, [BOOT]))


# --- corrections -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, -1])
async def test_the_least_that_can_be_corrected_is_entered_as_what_it_is(books: Books, amount: int):
    budget = await books.budget(1_000)
    await books.end(await books.hold(600), "settle", usd=250)
    await books.correct(budget, amount, "cor_1")
    assert await books.entries("cor_1") == ["credit" if amount > 0 else "charge"]
    assert (await books.balance(budget)).posted == 250 - amount


async def test_more_than_is_posted_is_not_given_back(books: Books):
    budget = await books.budget(1_000)
    await books.end(await books.hold(600), "settle", usd=250)
    with pytest.raises(
        Conflict, match=r"Only 0\.00000025 dollars can be given back: more is not posted\.|Only .* can be"
    ):
        await books.correct(budget, 251)
    await books.correct(budget, 250)
    assert (await books.balance(budget)).posted == 0


async def test_an_account_is_charged_up_to_what_it_can_hold(books: Books):
    budget = await books.budget(1_000)
    await books.end(await books.hold(600), "settle", usd=250)
    with pytest.raises(Conflict, match=r"^No account can hold so much\.$"):
        await books.correct(budget, -(MAX_NANODOLLARS - 249))
    await books.correct(budget, -(MAX_NANODOLLARS - 250))
    assert (await books.balance(budget)).posted == MAX_NANODOLLARS
    await books.correct(budget, MAX_NANODOLLARS)


async def test_who_wants_it_so_is_written_down_with_it(books: Books):
    budget = await books.budget(1_000)
    await books.end(await books.hold(600), "settle", usd=250)
    await books.end(held := await books.hold(600), "expire")
    credited = Note("aud_1", to_micros(NOON), "usr_ada", "budget.credit", budget.id, "{}")
    released = Note("aud_2", to_micros(NOON), "usr_ada", "hold.release", held.id, "{}")
    bucket = bucket_id(budget, NOON)
    await books.ledger.correct(Correction(id="cor_1", bucket=bucket, amount=50, note=credited))
    await books.ledger.release(held.id, released)
    deeds = await books.store.read(lambda tx: machinery.deeds(tx, Page()))
    assert [(row["id"], row["deed"], row["subject"]) for row in deeds] == [
        ("aud_2", "hold.release", held.id),
        ("aud_1", "budget.credit", budget.id),
    ]


# --- several budgets -------------------------------------------------------------------------------------------------


async def test_a_call_that_does_not_fit_everywhere_is_held_nowhere(books: Books):
    roomy, tight = await books.budget(10_000), await books.budget(500, window="day")
    with pytest.raises(BudgetExhausted):
        await books.hold(501, "hold_1")
    assert await books.balance(roomy) == await books.balance(tight) == Balance()
    assert await books.state("hold_1") is None


async def test_one_batch_grants_what_fits_and_refuses_the_rest(books: Books):
    budget = await books.budget(1_000)
    outcomes = await asyncio.gather(*(books.hold(amount) for amount in (400, 700, 600, 1)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Held, BudgetExhausted, Held, BudgetExhausted]
    assert await books.balance(budget) == Balance(open=1_000)


@pytest.mark.parametrize(("first_ends", "second_ends"), [*product([True, False], repeat=2)])
async def test_a_hold_that_gets_two_states_in_one_batch_has_the_later_one(
    books: Books, first_ends: bool, second_ends: bool
):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    expiry = Resolution(hold_id=held.id, deed="expire", ends_request=first_ends)
    truth = Resolution(hold_id=held.id, deed="settle", usd=5, ends_request=second_ends)
    assert await asyncio.gather(books.ledger.resolved(expiry), books.ledger.resolved(truth)) == [True, True]
    assert await books.state(held.id) == "settled"
    assert await books.balance(budget) == Balance(posted=5)


async def test_users_do_not_touch_one_anothers_budgets(books: Books):
    mine, theirs = await books.budget(1_000), await books.budget(1_000, owner="usr_2")
    held = await books.hold(600)
    assert await books.balance(theirs) == Balance()
    await books.hold(1_000, owner="usr_2")
    await books.end(held, "settle", usd=5)
    assert (await books.balance(mine), await books.balance(theirs)) == (Balance(posted=5), Balance(open=1_000))


# --- refusals --------------------------------------------------------------------------------------------------------


async def test_a_refusal_tells_what_is_left_what_fits_and_when_it_resets(books: Books):
    await books.budget(100, unit="tokens", mode="estimate", window="day", time_zone="Europe/Berlin")
    with pytest.raises(BudgetExhausted) as caught:
        await books.hold(1, input_estimate=60)
    error = caught.value
    assert error.code == "insufficient_quota"
    assert error.details["resets_at"] == "2026-01-15T23:00:00Z"
    assert error.retry_after_s == 11 * 3600
    assert (error.details["needed"], error.details["available"], error.details["affordable_max_tokens"]) == (
        560,
        100,
        40,
    )
    assert "up to 40 tokens" in error.message


async def test_a_refusal_under_a_total_names_no_time(books: Books):
    await books.budget(1_500_000_000)
    with pytest.raises(BudgetExhausted) as caught:
        await books.hold(1_500_000_001)
    error = caught.value
    assert error.retry_after_s is None
    assert "resets_at" not in error.details
    assert (error.details["needed"], error.details["available"]) == ("1.500000001", "1.5")
    assert "up to" not in error.message


async def test_an_unknown_price_is_named_as_the_reason(books: Books):
    await books.budget(1_000)
    with pytest.raises(BudgetExhausted) as caught:
        await books.hold(1, price=None)
    assert caught.value.code == "unknown_price"
    assert caught.value.retry_after_s is None


# --- limits and windows that change ----------------------------------------------------------------------------------


async def test_a_limit_lowered_below_what_is_held_stops_new_holds_only(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    await books.change(budget, amount=100)
    with pytest.raises(BudgetExhausted) as caught:
        await books.hold(1)
    assert caught.value.details["available"] == "0"
    await books.end(held, "settle", usd=99)
    assert (await books.hold(1)).remaining_usd == 0


async def test_a_hold_belongs_to_the_period_in_which_it_was_made(books: Books):
    budget = await books.budget(1_000, window="day")
    before = books.clock.now()
    held = await books.hold(1_000)
    assert isinstance(books.clock, ManualClock)
    books.clock.set(datetime(2026, 1, 16, 0, 0, tzinfo=UTC))
    assert (await books.hold(1_000)).usd == 1_000
    await books.end(held, "settle", usd=7)
    assert await books.balance(budget, before) == Balance(posted=7)
    assert await books.balance(budget) == Balance(open=1_000)


async def test_a_budget_that_is_removed_frees_new_calls_and_still_counts_the_old(books: Books):
    budget = await books.budget(1_000)
    held = await books.hold(1_000)
    await books.change(budget, removed_at=books.clock.now())
    assert (await books.hold(5_000)).remaining_usd is None
    await books.end(held, "settle", usd=10)
    assert await books.balance(budget) == Balance(posted=10)
