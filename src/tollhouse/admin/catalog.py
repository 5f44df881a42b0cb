"""Models, routes, prices: who would answer, why, and at what price."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tollhouse.admin.access import find_user
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import CandidateView, ExplainedView, Listing, PriceView, RefreshedView, RouteView, listing
from tollhouse.gateway import route
from tollhouse.gateway.identify import Caller, key_of
from tollhouse.gateway.keys import SHARED
from tollhouse.limits import Allowance
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.money.pricebook import Terms
from tollhouse.money.prices import Price
from tollhouse.store import catalog as sql
from tollhouse.store import credentials
from tollhouse.store.engine import Reading, Writing


async def list_routes(desk: Desk) -> Listing[RouteView]:
    """The aliases, by name."""
    return listing(
        [
            RouteView(name=name, strategy=alias.strategy, candidates=tuple(alias.candidates))
            for name, alias in sorted(desk.reachable.aliases.items())
        ]
    )


async def explain(desk: Desk, who: Caller | str, model: str) -> ExplainedView:
    """Who would answer a request of this caller, or this user, for a model; best first.

    Raises:
        ModelNotFound, NoCredential, InvalidRequest: what the request would be answered with.
        NotFound: no such user.
    """
    caller = who if isinstance(who, Caller) else await desk.store.read(lambda tx: _caller_of_user(tx, who))
    found = route.candidates(model, caller, desk.reachable)
    views = []
    for position, candidate in enumerate(found, start=1):
        terms = await desk.pricebook.terms(candidate.provider, candidate.model)
        views.append(_candidate_view(position, candidate, terms))
    return ExplainedView(asked_model=model, user=caller.user_id, candidates=tuple(views))


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


def _candidate_view(position: int, candidate: route.Candidate, terms: Terms) -> CandidateView:
    key = candidate.key
    return CandidateView(
        position=position,
        provider=candidate.provider.name,
        model=candidate.model,
        credential=None if key is None else key.id,
        role=None if key is None else key.role,
        why=_why(candidate),
        price=price_view(candidate.provider.name, candidate.model, terms, None),
    )


def _why(candidate: route.Candidate) -> str:
    name, key = candidate.provider.name, candidate.key
    if key is None:
        return f"{name} needs no key"
    if key.role == SHARED:
        return f"the operator shares a key of {name}"
    return f"the user's {key.role} key of {name}, ending in …{key.last4}"


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
