"""What the cache holds, and how to empty it. What is said in it is shown to nobody."""

from __future__ import annotations

from tollhouse.admin.access import find_user
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import CacheView, Listing, TrialsView, listing
from tollhouse.cache.evidence import Evidence
from tollhouse.cache.trials import Trials
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.store.engine import Writing
from tollhouse.store.kept_answers import Which
from tollhouse.store.types import to_micros


async def measure(
    desk: Desk, *, user: str | None = None, model: str | None = None, tag: str | None = None
) -> CacheView:
    """What of it can be given again: all, or what a user, a model or a tag has brought.

    Raises:
        NotFound: there is no such user.
    """
    which = await _which(desk, user, model, tag)
    found = await desk.shelf.summed(which, to_micros(desk.clock.now()))
    return CacheView(
        entries=found.entries,
        size_bytes=found.size_bytes,
        hits=found.hits,
        saved_usd=usd_text(Nanodollars(found.saved)),
    )


async def list_trials(desk: Desk) -> Listing[TrialsView]:
    """What the comparisons of the last thirty days say of answers to questions like those that were asked, by name."""
    found = await Trials(desk.store, desk.clock).all()
    return listing([_view(name, evidence) for name, evidence in sorted(found.items())], has_more=False)


def _view(name: str, evidence: Evidence) -> TrialsView:
    low, high = evidence.bounds
    return TrialsView(
        name=name,
        compared=evidence.compared,
        wrong=evidence.wrong,
        share=round(evidence.rate, 4),
        low=round(low, 4),
        high=round(high, 4),
    )


async def clear(
    desk: Desk, actor: Actor, *, user: str | None = None, model: str | None = None, tag: str | None = None
) -> int:
    """Forget all of it, or what a user, a model or a tag has brought; gives how many answers went. Audited.

    Raises:
        NotFound: there is no such user.
    """
    which = await _which(desk, user, model, tag)
    said = {name: wanted for name, wanted in which.said.items() if wanted is not None}

    def note(tx: Writing, count: int) -> None:
        desk.note(tx, actor, "cache.cleared", "cache", answers=count, **said)

    return await desk.shelf.clear(which, note)


async def _which(desk: Desk, user: str | None, model: str | None, tag: str | None) -> Which:
    row = None if user is None else await desk.store.read(lambda tx: find_user(tx, user))
    return Which(user_id=None if row is None else row["id"], model=model, tag=tag)
