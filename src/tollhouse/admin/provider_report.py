"""How the providers are: what is set up for each, and what came of the last hour's attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import msgspec

from tollhouse.admin import spans
from tollhouse.admin.desk import Desk
from tollhouse.admin.pauses import PauseView, pause_view
from tollhouse.admin.request_report import SUCCEEDED, numbers, percentile_ms, share_of
from tollhouse.admin.views import Listing, listing
from tollhouse.gateway.route import models_of
from tollhouse.providers.base import Provider
from tollhouse.store import credentials
from tollhouse.store import request_figures as sql
from tollhouse.store.engine import Reading
from tollhouse.store.types import from_micros
from tollhouse.upstream.breaker import State

BreakerState: TypeAlias = Literal["closed", "half_open", "open"]

HOUR = timedelta(hours=1)
STATES: Mapping[State, BreakerState] = {
    State.CLOSED: "closed",
    State.HALF_OPEN: "half_open",
    State.OPEN: "open",
}
WORKED = {"ok", SUCCEEDED}
NOT_THEIRS = {"cancelled", "client_left"}
"""What ended an attempt and tells nothing of the provider."""


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, and how it is.

    Attributes:
        base_url: empty when each credential tells its own.
        has_shared_key: the operator's own key, which everybody may use.
        breaker: the worst of its ways, as this process sees it.
        paused: who has paused it, and since when; null while it is asked.
        last_success_at: when one of its credentials last worked, or a request in the last hour.
        attempts: of the last hour; `error_share` are those that failed, `p95_ms` is of requests that succeeded.
        sampled: the hour was too busy to be read whole: a part was, evenly spread.
        models: those that it is known to serve; one with an open list may serve more.
    """

    name: str
    dialect: str
    base_url: str
    models_listed: Literal["open", "closed"]
    credentials: int
    has_shared_key: bool
    breaker: BreakerState
    paused: PauseView | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    attempts: int
    error_share: float | None
    p95_ms: float | None
    sampled: bool
    models: tuple[str, ...]


class Attempted(msgspec.Struct, frozen=True):
    """What is read of an attempt in the log."""

    provider: str
    outcome: str | None = None


class Tally:
    """The last hour of one provider. Times are microseconds."""

    __slots__ = ("failed", "latest_failure", "latest_success", "times_us", "worked")

    def __init__(self) -> None:
        self.worked = self.failed = 0
        self.latest_success = self.latest_failure = 0
        self.times_us: list[int] = []


LOG = msgspec.json.Decoder(tuple[Attempted, ...])


async def list_providers(desk: Desk) -> Listing[ProviderView]:
    """Every provider that is set up, by name. Raises Unavailable."""
    return listing(await _views(desk, sorted(desk.reachable.providers)))


async def get_provider(desk: Desk, name: str) -> ProviderView:
    """One provider that is set up. Raises Unavailable."""
    (found,) = await _views(desk, [name])
    return found


async def _views(desk: Desk, names: Sequence[str]) -> list[ProviderView]:
    await desk.orders.look()
    now = desk.clock.now()
    states = worst_states(desk.calling.standing.breaker.states(desk.clock.monotonic()))

    def query(tx: Reading) -> list[ProviderView]:
        share = share_of(tx, (), lambda share: spans.spans(now - HOUR, now, HOUR, share))
        read = spans.spans(now - HOUR, now, HOUR, share)
        tallies = tallied(sql.figures(tx, read, ()), sql.attempt_logs(tx, read))
        known = {row["provider"]: row for row in credentials.by_provider(tx)}
        return [
            view(
                desk.reachable.providers[name],
                known.get(name),
                tallies.get(name, Tally()),
                share,
                states.get(name, State.CLOSED),
                desk,
            )
            for name in names
        ]

    return await desk.store.read(query)


def worst_states(states: Iterable[tuple[tuple[str, str, str | None], State]]) -> dict[str, State]:
    """Of each provider the worst state of a way to it."""
    worst: dict[str, State] = {}
    for (provider, _, _), state in states:
        worst[provider] = max(state, worst.get(provider, State.CLOSED))
    return worst


def tallied(rows: Sequence[Any], logs: Iterable[str]) -> dict[str, Tally]:
    """What came of the attempts: of the log of each request that has one, and of the only one of each that has none."""
    tallies: dict[str, Tally] = {}
    for row in rows:
        if row["provider"] is None:
            continue
        tally = tallies.setdefault(row["provider"], Tally())
        count = row["requests"] - int(row["logged"])
        tally.times_us += numbers(row["times_us"])
        if row["outcome"] == SUCCEEDED:
            tally.worked += count
            tally.latest_success = max(tally.latest_success, row["latest"])
        elif row["outcome"] not in NOT_THEIRS:
            tally.failed += count
            tally.latest_failure = max(tally.latest_failure, row["latest"])
    attempts = Counter((attempt.provider, attempt.outcome) for log in logs for attempt in LOG.decode(log))
    for (provider, outcome), count in attempts.items():
        tally = tallies.setdefault(provider, Tally())
        if outcome in WORKED:
            tally.worked += count
        elif outcome not in NOT_THEIRS:
            tally.failed += count
    return tallies


def view(provider: Provider, known: Any | None, tally: Tally, share: int, state: State, desk: Desk) -> ProviderView:
    """One provider, for people."""
    attempts = tally.worked + tally.failed
    worked_at = [at for at in (known and known["last_used_at"], _instant(tally.latest_success)) if at]
    failed_at = [at for at in (known and known["last_error_at"], _instant(tally.latest_failure)) if at]
    return ProviderView(
        name=provider.name,
        dialect=provider.dialect.NAME,
        base_url=provider.base_url,
        models_listed=provider.models,
        credentials=known["credentials"] if known else 0,
        has_shared_key=provider.name in desk.reachable.shared,
        breaker=STATES[state],
        paused=pause_view(desk.calling.standing.paused.get(provider.name)),
        last_success_at=max(worked_at, default=None),
        last_failure_at=max(failed_at, default=None),
        attempts=attempts * share,
        error_share=round(tally.failed / attempts, 4) if attempts else None,
        p95_ms=percentile_ms(sorted(tally.times_us), 0.95),
        sampled=share > 1,
        models=tuple(sorted(models_of(provider))),
    )


def _instant(micros: int) -> datetime | None:
    return from_micros(micros) if micros else None
