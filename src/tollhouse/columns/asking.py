"""Who is asked for words and vectors, and what their failures mean for a column."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Protocol, TypeVar

from tollhouse.client import Client, ClientError, Forbidden, OutOfBudget, Refused, Unauthenticated, Vectors
from tollhouse.client.calls import Call
from tollhouse.columns.content import Malformed, Stopped
from tollhouse.columns.shelf import Trouble
from tollhouse.columns.vectors import Misfit
from tollhouse.money.amounts import Nanodollars, whole_nanodollars

T = TypeVar("T")

FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 900.0
WAIT_FOR_PEOPLE_S: Final = 600.0
"""How long a column rests that waits for a budget's reset or for somebody to mend a token."""


class Sender(Protocol):
    """Answers calls: `tollhouse.client.AsyncClient` over HTTP or in-process, or something of your own.

    It raises `tollhouse.client.ClientError`, whose class decides whether it is asked again.
    """

    async def send(self, call: Call[T], *, idempotency_key: str | None = None, tag: str | None = None) -> T:
        """The answer to a `Generate` or an `Embed`; its spending is reported under the tag."""
        ...


class Threaded:
    """A client that blocks, as a `Sender`: each call is in a thread of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(self, call: Call[T], *, idempotency_key: str | None = None, tag: str | None = None) -> T:
        return await asyncio.to_thread(self._client.send, call, idempotency_key=idempotency_key, tag=tag)


def trouble(error: Exception) -> Trouble:
    """What a failure means. Only Tollhouse's own words are kept, which hold nobody else's."""
    if isinstance(error, Malformed):
        return Trouble(code="malformed", message=f"The model's answer is of no use: {error}.", wasted=True)
    if isinstance(error, Stopped):
        return Trouble(code=error.code, message=str(error), wasted=True)
    if isinstance(error, Misfit):
        return Trouble(code="misfit", message=f"{error}: say so in its definition, or take another model.")
    if isinstance(error, OutOfBudget | Unauthenticated | Forbidden):
        return Trouble(code=error.code, message=str(error), counts=False)
    if isinstance(error, Refused):
        return Trouble(code=error.code, message=str(error))
    if isinstance(error, ClientError):
        return Trouble(code="not_reached" if error.may_pass else "unreadable", message=str(error))
    return Trouble(code="unexpected", message=f"{type(error).__name__} was raised; the event's `cause` tells more.")


def is_final(error: Exception) -> bool:
    """Another try would fail likewise: what is asked must change, or its definition."""
    if isinstance(error, Refused):
        return not error.may_pass and trouble(error).counts
    return isinstance(error, Misfit | Stopped)


def pause_s(error: Exception, *, attempt: int, chance: float) -> float:
    """How long to rest before the next try.

    Args:
        attempt: how many have failed.
        chance: in [0, 1).
    """
    told = error.retry_after_s if isinstance(error, ClientError) else None
    if told is not None:
        return told
    if not trouble(error).counts:
        return WAIT_FOR_PEOPLE_S
    pause: float = FIRST_PAUSE_S * 2 ** min(attempt - 1, 20)
    return min(pause, LONGEST_PAUSE_S) * (0.5 + chance / 2)


def cost_of(cost_usd: str | None) -> Nanodollars | None:
    """What an answer says that it cost."""
    return None if cost_usd is None else whole_nanodollars(Decimal(cost_usd))


def sum_of(answers: Iterable[Vectors]) -> Nanodollars | None:
    """What several answers cost together; None when that of one is not known."""
    costs = [cost_of(answer.cost_usd) for answer in answers]
    known = [cost for cost in costs if cost is not None]
    return Nanodollars(sum(known)) if len(known) == len(costs) else None


def shares(cost: Nanodollars | None, sizes: list[int]) -> list[Nanodollars | None]:
    """One cost as that of its parts, by their sizes; together they are the whole, to the nanodollar.

    >>> shares(Nanodollars(10), [1, 1, 1])
    [4, 3, 3]
    """
    if cost is None:
        return [None] * len(sizes)
    whole = max(1, sum(sizes))
    parts = [cost * size // whole for size in sizes]
    parts[0] += cost - sum(parts)
    return [Nanodollars(part) for part in parts]
