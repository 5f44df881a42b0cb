"""Tollhouse without its ledger: `python -m benchmarks.gateways.without_ledger serve …`. Only to measure what it costs.

The product has no such switch. Here every hold is granted unseen and every end of one forgotten; the request's row is
written as ever, so that the difference is the ledger's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tollhouse.cli import main
from tollhouse.money.amounts import Nanodollars
from tollhouse.money.budgets import Grant, decide
from tollhouse.money.ledger import Held, Ledger, NewHold, Put, Resolution


async def hold(self: Ledger, new: NewHold) -> Held:
    """What the ledger would grant to who has no budget."""
    grant = decide(new.ask, [])
    usd = grant.usd if isinstance(grant, Grant) else Nanodollars(0)
    return Held(id=new.id, usd=usd, cap=None, remaining_usd=None, available_usd=None)


def resolve(self: Ledger, resolution: Resolution, put: Put | None = None) -> None:
    """Forget it."""


def end_request(self: Ledger, hold_ids: Iterable[str], put: Put | None = None) -> None:
    """Forget it."""


INSTEAD: Mapping[str, Callable[..., object]] = {"hold": hold, "resolve": resolve, "end_request": end_request}
"""Of the ledger's methods."""


def run() -> None:
    """Take the ledger out, then be `tollhouse`."""
    for name, instead in INSTEAD.items():
        setattr(Ledger, name, instead)
    main()


if __name__ == "__main__":
    run()
