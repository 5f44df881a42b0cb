"""A run in the background has ended: endpoints that want to hear of it are told, and of a failure everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from tollhouse.notify.alerts import raise_alert
from tollhouse.notify.events import EventType
from tollhouse.store import webhooks
from tollhouse.store.engine import Writing

Ended: TypeAlias = Literal["succeeded", "failed", "cancelled"]

TYPES: Mapping[Ended, EventType] = {
    "succeeded": "run.succeeded",
    "failed": "run.failed",
    "cancelled": "run.cancelled",
}


def note_end(
    tx: Writing,
    run: Mapping[str, Any],
    status: Ended,
    *,
    error: str | None,
    now: datetime,
    channels: tuple[str, ...],
) -> None:
    """Note how a run ended, in the transaction that ends it, as often as it does.

    Args:
        error: the code of a failure.
        channels: those that the settings make; they hear of failures only.
    """
    type_ = TYPES[status]
    if status != "failed" and not webhooks.subscribed(tx, type_):
        return
    facts = {"run": run["id"], "conversation": run["conversation_id"], "user": run["user_id"], "model": run["model"]}
    raise_alert(
        tx,
        type_,
        subject=run["id"],
        threshold=float(run["attempt"]),
        facts={**facts, "error": error},
        now=now,
        channels=channels if status == "failed" else (),
    )
