"""What each part is told of the settings, made of them as they are now. Pure.

`admin.in_force` makes these anew when the settings change, so that whoever holds one has the latest.
"""

from __future__ import annotations

from tollhouse.admin.desk import NewUser
from tollhouse.admin.housekeeping import Retention
from tollhouse.cache.exact import Keeping
from tollhouse.conversations.conversing import Habits
from tollhouse.gateway.recall import Recalling
from tollhouse.gateway.resemble import Resembling
from tollhouse.gateway.route import Alias
from tollhouse.settings import Settings


def retention(settings: Settings) -> Retention:
    """How long things are kept."""
    kept = settings.requests
    return Retention(
        max_age_days=kept.max_age_days,
        max_rows=kept.max_rows,
        max_bodies_bytes=kept.max_bodies_bytes,
        max_delivery_days=settings.alerts.keep_days,
        max_event_hours=settings.jobs.keep_events_hours,
        max_ledger_days=settings.ledger_retention_days,
    )


def new_user(settings: Settings) -> NewUser:
    """What a user gets who is made without limits of their own."""
    return NewUser(**settings.new_user.model_dump())


def habits(settings: Settings) -> Habits:
    """How conversations are kept and answered."""
    return Habits(**settings.conversations.model_dump())


def keeping(settings: Settings) -> Keeping:
    """For how long answers are kept, and which."""
    return Keeping(ttl_s=settings.cache.ttl_seconds, answer_bytes=settings.cache.max_answer_bytes)


def recalling(settings: Settings) -> Recalling:
    """What answers are given again to."""
    told = settings.cache
    by_alias = {name: table.cache == "exact" for name, table in settings.routes.items() if table.cache is not None}
    return Recalling(is_on=told.mode == "exact", by_alias=by_alias, scope=told.scope, takes_sampled=told.sampled)


def resembling(settings: Settings) -> Resembling:
    """What answers are given to that only resembles it."""
    by_alias = {name: table.semantic for name, table in settings.routes.items() if table.semantic is not None}
    return Resembling(**settings.cache.semantic.model_dump(exclude={"likeness"}), by_alias=by_alias)


def aliases(settings: Settings) -> dict[str, Alias]:
    """The operator's own names for models."""
    return {
        name: Alias(candidates=table.names, strategy=table.strategy, weights=table.weights)
        for name, table in settings.routes.items()
    }
