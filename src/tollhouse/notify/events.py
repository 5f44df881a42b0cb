"""What can be told: each type of event, its thin body for machines and its sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

import msgspec

Subscribable: TypeAlias = Literal[
    "budget.threshold",
    "budget.overage",
    "credential.aging",
    "credential.failing",
    "run.succeeded",
    "run.failed",
    "run.cancelled",
]
EventType: TypeAlias = Literal[Subscribable, "webhook.ping"]
"""A ping goes to the endpoint that is tested, whatever it subscribed to."""

SUBSCRIBABLE: tuple[Subscribable, ...] = get_args(Subscribable)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that somebody should hear of.

    Attributes:
        id: the same in every attempt to tell it, so that a receiver can drop what came twice.
        facts: JSON values, never a secret.
    """

    id: str
    type: EventType
    facts: Mapping[str, Any]
    raised_at: datetime


def body_of(alert: Alert) -> bytes:
    """`{"type", "timestamp", "data"}` (Standard Webhooks 1.0.0, Payload structure): who is told asks the API for more.

    The same bytes in every attempt.
    """
    data = {name: alert.facts[name] for name in THIN[alert.type]}
    timestamp = alert.raised_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return msgspec.json.encode({"type": alert.type, "timestamp": timestamp, "data": data})


def sentence_of(alert: Alert) -> str:
    """One line of plain text."""
    return SENTENCES[alert.type](alert.facts)


def _budget_threshold(facts: Mapping[str, Any]) -> str:
    figures = f"{_shown(facts, 'spent')} of {_shown(facts, 'limit')}"
    return f"{facts['threshold']:.0%} of a budget is used: {figures} {_when_and_whose(facts)}."


def _budget_overage(facts: Mapping[str, Any]) -> str:
    return (
        f"A strict budget of {_shown(facts, 'limit')} was charged {_shown(facts, 'overage')} more than had been set "
        f"aside {_when_and_whose(facts)}. Unless an operator entered a charge, a price of ours is too low."
    )


def _credential_aging(facts: Mapping[str, Any]) -> str:
    return (
        f"A credential for {facts['provider']} is over {facts['days']} days old: "
        f"{facts['credential']} of {facts['user']}. Make a new key there, and rotate it."
    )


def _credential_failing(facts: Mapping[str, Any]) -> str:
    return f"{facts['provider']} refuses a credential: {facts['error']} ({facts['credential']} of {facts['user']})."


def _run_succeeded(facts: Mapping[str, Any]) -> str:
    return f"A run in the background has succeeded: {facts['run']} of {facts['user']}."


def _run_failed(facts: Mapping[str, Any]) -> str:
    return f"A run in the background has failed for good: {facts['error']} ({facts['run']} of {facts['user']})."


def _run_cancelled(facts: Mapping[str, Any]) -> str:
    return f"A run in the background was cancelled: {facts['run']} of {facts['user']}."


def _ping(facts: Mapping[str, Any]) -> str:
    return f"This is a test of {facts['webhook']}."


def _when_and_whose(facts: Mapping[str, Any]) -> str:
    of = f" for {facts['model']}" if facts["model"] else ""
    when = "in total" if facts["window"] == "total" else f"in {facts['period']}"
    return f"{when}{of}, by {facts['owner_name'] or facts['owner']} ({facts['budget']})"


def _shown(facts: Mapping[str, Any], name: str) -> str:
    return f"${facts[name]}" if facts["unit"] == "usd" else f"{facts[name]:,} {facts['unit']}"


THIN: Mapping[EventType, tuple[str, ...]] = {
    "budget.threshold": ("budget", "owner", "period", "threshold"),
    "budget.overage": ("budget", "owner", "period"),
    "credential.aging": ("credential", "user"),
    "credential.failing": ("credential", "user"),
    "run.succeeded": ("run", "conversation"),
    "run.failed": ("run", "conversation"),
    "run.cancelled": ("run", "conversation"),
    "webhook.ping": ("webhook",),
}
"""The facts that go into a body."""

SENTENCES: Mapping[EventType, Callable[[Mapping[str, Any]], str]] = {
    "budget.threshold": _budget_threshold,
    "budget.overage": _budget_overage,
    "credential.aging": _credential_aging,
    "credential.failing": _credential_failing,
    "run.succeeded": _run_succeeded,
    "run.failed": _run_failed,
    "run.cancelled": _run_cancelled,
    "webhook.ping": _ping,
}
