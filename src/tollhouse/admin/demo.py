"""Thirty days of traffic that never was, to look at: labelled, in a workspace of its own, and gone when it is cleared.

Its requests take the ledger's way, with holds and settlements at published prices, so that the books balance with it.
Nobody can use its tokens, and it touches no budget.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

import msgspec

from tollhouse import ids, tokens
from tollhouse.admin.access import add_user
from tollhouse.admin.desk import Actor, Desk
from tollhouse.dialects.chat import Usage
from tollhouse.errors import Conflict
from tollhouse.money.budgets import Ask
from tollhouse.money.ledger import NewHold, Resolution
from tollhouse.money.pricebook import Terms
from tollhouse.money.prices import split_cost
from tollhouse.store import people, requests, synthetic
from tollhouse.store.engine import Writing
from tollhouse.store.requests import Ending, Finished, Skeleton
from tollhouse.store.types import to_micros

WORKSPACE: Final = "demo"
TAG: Final = "demo"
DAYS: Final = 30
NAMES: Final = ("Ada (demo)", "Grace (demo)", "Linus (demo)")
FAILURES: Final = 0.03
AT_ONCE: Final = 200
A_WHILE: Final = timedelta(minutes=10)
"""A gateway that serves meanwhile shall not take what is being entered for forsaken."""


class Habit(NamedTuple):
    """A model that is asked often: how many times as often as another, and how much is read and made in a call."""

    provider: str
    model: str
    weight: int
    input_tokens: int
    output_tokens: int


HABITS: Final = (
    Habit("openai", "gpt-4.1-mini", 6, 900, 220),
    Habit("openai", "gpt-4.1", 2, 1_800, 450),
    Habit("anthropic", "claude-sonnet-4-5", 3, 3_200, 600),
    Habit("google", "gemini-2.5-flash", 4, 1_500, 350),
)


class Seeded(msgspec.Struct, frozen=True, kw_only=True):
    """What was made."""

    workspace: str
    users: int
    requests: int


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed."""

    requests: int


class Person(NamedTuple):
    """Whose traffic it is."""

    user_id: str
    workspace_id: str
    token_id: str


class Call(NamedTuple):
    """One request that never was."""

    person: Person
    habit: Habit
    usage: Usage | None
    at: datetime
    took_s: float


async def seed(desk: Desk, actor: Actor, *, chance: Random, a_day: int = 80) -> Seeded:
    """Make it: about `a_day` requests on a working day, up to now. Raises Conflict when it is there already."""
    now = desk.clock.now()
    crowd = await desk.change(lambda tx: _move_in(tx, desk, actor))
    terms = {
        habit: await desk.pricebook.terms(desk.reachable.providers[habit.provider], habit.model) for habit in HABITS
    }
    calls = list(_calls(crowd, now, chance, a_day))
    for some in (calls[start : start + AT_ONCE] for start in range(0, len(calls), AT_ONCE)):
        await asyncio.gather(*(_enter(desk, call, terms[call.habit]) for call in some))
    return Seeded(workspace=WORKSPACE, users=len(crowd), requests=len(calls))


async def clear(desk: Desk, actor: Actor) -> Cleared:
    """Remove all of it, and nothing that is somebody's; nothing is done when there is none."""

    def work(tx: Writing) -> Cleared:
        found = people.find_workspace(tx, WORKSPACE)
        if found is None:
            return Cleared(requests=0)
        desk.note(tx, actor, "demo.clear", found["id"])
        return Cleared(requests=synthetic.remove_from(tx, found["id"]))

    return await desk.change(work)


def _move_in(tx: Writing, desk: Desk, actor: Actor) -> list[Person]:
    """The workspace, and people whose tokens nobody knows."""
    if people.find_workspace(tx, WORKSPACE) is not None:
        raise Conflict(
            f"There is a workspace {WORKSPACE!r} already. `tollhouse demo clear` removes the demo's; one of your own "
            "stays as it is, and the demo needs a data folder of its own then (`--data`)."
        )
    now = desk.clock.now()
    workspace_id = ids.new("ws")
    people.add_workspace(tx, {"id": workspace_id, "name": WORKSPACE, "created_at": now})
    desk.note(tx, actor, "demo.seed", workspace_id)
    crowd = []
    for name in NAMES:
        user = add_user(tx, desk, actor, name=name, workspace=workspace_id, without_limits=True)
        minted, token_id = tokens.mint(pepper=desk.pepper), ids.new("tok")
        people.add_token(
            tx,
            {
                "id": token_id,
                "lookup": minted.lookup,
                "user_id": user.id,
                "name": "demo",
                "digest": minted.digest,
                "scopes": [],
                "created_at": now,
                "revoked_at": now,
            },
        )
        crowd.append(Person(user.id, workspace_id, token_id))
    return crowd


def _calls(crowd: list[Person], now: datetime, chance: Random, a_day: int) -> Iterator[Call]:
    """More on working days and by day, in order of time."""
    weights = [habit.weight for habit in HABITS]
    for day in range(DAYS, -1, -1):
        midnight = (now - timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
        count = round(a_day * (0.35 if midnight.weekday() >= 5 else 1.0) * chance.uniform(0.7, 1.3))
        for second in sorted(chance.gauss(14, 3.5) % 24 * 3_600 for _ in range(count)):
            at = midnight + timedelta(seconds=second)
            if at >= now:
                break
            (habit,) = chance.choices(HABITS, weights)
            usage = None if chance.random() < FAILURES else _usage(habit, chance)
            yield Call(chance.choice(crowd), habit, usage, at, chance.uniform(0.4, 6.0))


def _usage(habit: Habit, chance: Random) -> Usage:
    """Many short calls, few long ones."""
    read = max(8, round(habit.input_tokens * math.exp(chance.gauss(0, 0.7))))
    return Usage(
        input_tokens=read,
        input_cached_tokens=read // 2 if chance.random() < 0.25 else 0,
        output_tokens=max(1, round(habit.output_tokens * math.exp(chance.gauss(0, 0.6)))),
    )


async def _enter(desk: Desk, call: Call, terms: Terms) -> None:
    """Its hold, how that ended, and its row: as the path of a request writes them."""
    request_id = ids.at("req", to_micros(call.at) * 1_000)
    skeleton = Skeleton(
        id=request_id,
        created_at=to_micros(call.at),
        user_id=call.person.user_id,
        workspace_id=call.person.workspace_id,
        token_id=call.person.token_id,
        boot_id=ids.new("boot"),
        surface="chat.completions",
        asked_model=f"{call.habit.provider}/{call.habit.model}",
        stream=False,
        ip=None,
        user_agent="tollhouse demo",
        client_request_id=None,
        tag=TAG,
    )
    usage = call.usage or Usage(input_tokens=0, output_tokens=0)
    held = await desk.ledger.hold(
        NewHold(
            id=f"hold_{request_id[4:]}.1",
            request_id=request_id,
            boot_id=skeleton.boot_id,
            provider=call.habit.provider,
            model=call.habit.model,
            price_version=terms.version,
            deadline=to_micros(desk.clock.now() + A_WHILE),
            ask=Ask(
                owners=(),
                models=frozenset(),
                price=terms.price,
                input_bound=2 * usage.input_tokens,
                input_estimate=usage.input_tokens,
                cap=2 * usage.output_tokens,
            ),
            skeleton=msgspec.json.encode(skeleton).decode(),
        )
    )
    ending = _ending(call, terms)
    usd = (ending.input_cost or 0) + (ending.output_cost or 0)
    deed = Resolution(hold_id=held.id, deed="settle", usd=usd, tokens=usage.total_tokens)
    desk.ledger.resolve(deed if call.usage else Resolution(hold_id=held.id, deed="void"))
    await desk.store.join(requests.finish, Finished(skeleton, ending))


def _ending(call: Call, terms: Terms) -> Ending:
    took_us = int(call.took_s * 1e6)
    usage = call.usage
    if usage is None:
        return Ending(
            status=503,
            outcome="provider_unavailable",
            error_code="provider_unavailable",
            error_message="The provider could not be reached. (demo)",
            provider=call.habit.provider,
            model=call.habit.model,
            attempts=1,
            response_time_us=took_us,
            upstream_us=took_us - 900,
        )
    input_cost, output_cost = (None, None) if terms.price is None else split_cost(usage, terms.price)
    return Ending(
        status=200,
        outcome="succeeded",
        provider=call.habit.provider,
        model=call.habit.model,
        finish_reason="stop",
        input_tokens=usage.input_tokens,
        input_cached_tokens=usage.input_cached_tokens,
        output_tokens=usage.output_tokens,
        input_cost=input_cost,
        output_cost=output_cost,
        cost_status="unpriced" if terms.price is None else "exact",
        attempts=1,
        response_time_us=took_us,
        first_token_us=took_us - 400,
        upstream_us=took_us - 900,
    )
