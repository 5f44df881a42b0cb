"""Models, routes, prices: who would answer, why, and at what price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final

import msgspec

from tollhouse.admin.access import find_user
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import CandidateView, ExplainedView, Listing, PriceView, RefreshedView, RouteView, listing
from tollhouse.dialects.chat import Usage
from tollhouse.gateway import route
from tollhouse.gateway.choose import admitted, cost, one_of_each, ordered
from tollhouse.gateway.identify import Caller, key_of
from tollhouse.gateway.keys import SHARED
from tollhouse.limits import Allowance
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.money.pricebook import Terms
from tollhouse.money.prices import Price
from tollhouse.store import catalog as sql
from tollhouse.store import credentials
from tollhouse.store.engine import Reading, Writing

TYPICAL: Final = Usage(input_tokens=1_000, output_tokens=500)
"""What a request is taken to use of which nothing is known."""


async def list_routes(desk: Desk) -> Listing[RouteView]:
    """The aliases, by name."""
    return listing(
        [
            RouteView(name=name, strategy=alias.strategy, candidates=alias.candidates, weights=alias.weights)
            for name, alias in sorted(desk.reachable.aliases.items())
        ]
    )


async def explain(desk: Desk, who: Caller | str, model: str) -> ExplainedView:
    """Who would answer a typical request of this caller, or this user, for a model; best first.

    What is measured, and who is left alone, is told as this process has seen it.

    Raises:
        ModelNotFound, NoCredential, InvalidRequest: what the request would be answered with.
        NotFound: no such user.
    """
    caller = who if isinstance(who, Caller) else await desk.store.read(lambda tx: _caller_of_user(tx, who))
    found = route.candidates(model, caller, desk.reachable)
    now = admitted(found, desk.calling)
    if now and now[0].strategy != "weighted":
        now = await ordered(now, TYPICAL, True, desk.calling, chance=1.0)
    views = []
    for position, candidate in enumerate([*now, *(one for one in found if one not in now)], start=1):
        terms = await desk.pricebook.terms(candidate.provider, candidate.model)
        reasons = [_why(candidate), await _why_here(candidate, found, desk), _why_not(candidate, desk)]
        views.append(_candidate_view(position, candidate, terms, "; ".join(filter(None, reasons))))
    return ExplainedView(asked_model=model, user=caller.user_id, strategy=found[0].strategy, candidates=tuple(views))


async def list_prices(desk: Desk) -> Listing[PriceView]:
    """Every price that was imported, and every one the operator wrote."""
    listed = [
        (provider, model)
        for provider in desk.reachable.providers.values()
        for model in provider.prices
        if not provider.free
    ]
    views = [price_view(p.name, model, await desk.pricebook.terms(p, model), None) for p, model in listed]
    own = {(view.provider, view.model) for view in views}
    for row in await desk.store.read(sql.prices):
        if (row["provider"], row["model"]) not in own:
            price = None if row["price"] is None else msgspec.convert(row["price"], Price)
            terms = Terms(
                price=price, version=row["version"], context_tokens=row["context_tokens"], max_output_tokens=None
            )
            views.append(price_view(row["provider"], row["model"], terms, row["imported_at"]))
    return listing(sorted(views, key=lambda view: (view.provider, view.model)))


async def refresh_prices(desk: Desk, actor: Actor) -> RefreshedView:
    """Drop every imported price: the one published today is imported when the model is next called."""

    def work(tx: Writing) -> RefreshedView:
        dropped = sql.forget_prices(tx)
        desk.note(tx, actor, "prices.refresh", "prices", dropped=dropped)
        return RefreshedView(dropped=dropped)

    return await desk.change(work)


def _caller_of_user(tx: Reading, id_or_name: str) -> Caller:
    """A user as routing sees them, whichever token they use."""
    user = find_user(tx, id_or_name)
    keys: dict[str, tuple[Any, ...]] = {}
    for row in credentials.usable(tx, user["id"]):
        keys[row["provider"]] = (*keys.get(row["provider"], ()), key_of(row, user["workspace_id"]))
    return Caller(
        user_id=user["id"],
        workspace_id=user["workspace_id"],
        token_id="",
        scopes=frozenset(),
        allowance=Allowance(),
        expires_at=None,
        owners=(user["workspace_id"], user["id"]),
        keys=keys,
        routes={},
    )


# --- as views --------------------------------------------------------------------------------------------------------


def _candidate_view(position: int, candidate: route.Candidate, terms: Terms, why: str) -> CandidateView:
    key = candidate.key
    return CandidateView(
        position=position,
        provider=candidate.provider.name,
        model=candidate.model,
        credential=None if key is None else key.id,
        role=None if key is None else key.role,
        why=why,
        price=price_view(candidate.provider.name, candidate.model, terms, None),
    )


def _why(candidate: route.Candidate) -> str:
    name, key = candidate.provider.name, candidate.key
    if key is None:
        return f"{name} needs no key"
    if key.role == SHARED:
        return f"the operator shares a key of {name}"
    return f"the user's {key.role} key of {name}, ending in …{key.last4}"


async def _why_here(candidate: route.Candidate, found: Sequence[route.Candidate], desk: Desk) -> str | None:
    """What its route's strategy looks at."""
    pace = desk.calling.standing.pace
    match candidate.strategy:
        case "weighted":
            total = sum(one.weight for one in one_of_each(found))
            return f"asked first by {candidate.weight} of {total} requests"
        case "cheapest":
            nanodollars = await cost(candidate, TYPICAL, desk.calling)
            known = None if nanodollars is None else f"${usd_text(Nanodollars(nanodollars))}"
            return f"{known or 'an unknown price'} for a typical request"
        case "fastest":
            heard = None if pace is None else pace.heard(candidate.served, stream=True)
            return "not measured by this process" if heard is None else f"begins after {heard.mean_s:.2f} s"
        case "least_busy":
            return f"{0 if pace is None else pace.calls(candidate.served)} calls of this process under way"
        case "fallback":
            return None


def _why_not(candidate: route.Candidate, desk: Desk) -> str | None:
    """Why it is not asked at all now, if so."""
    pause = desk.calling.standing.paused.get(candidate.provider.name)
    if pause is not None:
        return f"not asked, because it is paused{f': {pause.reason}' if pause.reason else ''}"
    wait_s = desk.calling.standing.breaker.wait_s(candidate.way, desk.clock.monotonic())
    return f"not asked for another {ceil(wait_s)} s, because it failed" if wait_s else None


def price_view(provider: str, model: str, terms: Terms, imported_at: datetime | None) -> PriceView:
    """What a model costs, for people."""
    price = terms.price
    return PriceView(
        provider=provider,
        model=model,
        version=terms.version,
        input_usd_per_million=None if price is None else _per_million(price.input),
        output_usd_per_million=None if price is None else _per_million(price.output),
        input_cached_usd_per_million=None if price is None else _per_million(price.input_cached),
        context_tokens=terms.context_tokens,
        imported_at=imported_at,
    )


def _per_million(price: int | None) -> str | None:
    # Femtodollars per token are nanodollars per million tokens.
    return None if price is None else usd_text(Nanodollars(price))
