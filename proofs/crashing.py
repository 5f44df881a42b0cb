"""A gateway that kills itself at a named point of a request: `python -m proofs.crashing POINT COUNT up --json …`.

The process gets SIGKILL when it comes to that point for the COUNTth time, so nothing of it is tidied up. The product
has no such points: they are put around its functions here.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from tollhouse.api.protocol import Cycle
from tollhouse.cli import main
from tollhouse.money.ledger import Ledger, LedgerBatch, NewHold, Resolution
from tollhouse.telemetry.metrics import Metrics
from tollhouse.upstream.connection import Connection


class Fuse:
    """Burns down by one each time, and then kills the process."""

    def __init__(self, count: int) -> None:
        self._left = count

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before_hold_commit(fuse: Fuse) -> None:
    """The hold is in the transaction, which is not committed."""
    _after_apply(fuse, NewHold)


def after_hold_commit(fuse: Fuse) -> None:
    """The hold is durable, nothing was sent."""
    hold = Ledger.hold

    @wraps(hold)
    async def held(self: Ledger, new: NewHold) -> Any:
        outcome = await hold(self, new)
        fuse.burn()
        return outcome

    Ledger.hold = held  # type: ignore[method-assign]


def after_send(fuse: Fuse) -> None:
    """The provider has the request."""
    _after(Connection, "start", fuse)


def mid_stream(fuse: Fuse) -> None:
    """A piece of a stream is on its way to the client."""
    _after(Cycle, "say_at_once", fuse)


def before_settle_commit(fuse: Fuse) -> None:
    """The settlement is in the transaction, which is not committed."""
    _after_apply(fuse, Resolution)


def after_settle_commit(fuse: Fuse) -> None:
    """The settlement and the request's row are durable, and nobody has heard of it."""
    _after(Metrics, "observe_batch", fuse)


POINTS: dict[str, Callable[[Fuse], None]] = {
    point.__name__: point
    for point in (
        before_hold_commit,
        after_hold_commit,
        after_send,
        mid_stream,
        before_settle_commit,
        after_settle_commit,
    )
}


def _after(owner: type, name: str, fuse: Fuse) -> None:
    function = getattr(owner, name)

    @wraps(function)
    def burning(*arguments: Any, **named: Any) -> Any:
        outcome = function(*arguments, **named)
        fuse.burn()
        return outcome

    setattr(owner, name, burning)


def _after_apply(fuse: Fuse, kind: type) -> None:
    apply = LedgerBatch.apply

    @wraps(apply)
    def applied(self: LedgerBatch, items: list[Any]) -> list[Any]:
        outcomes = apply(self, items)
        if any(isinstance(item, kind) for item in items):
            fuse.burn()
        return outcomes

    LedgerBatch.apply = applied  # type: ignore[method-assign]


def run(arguments: Sequence[str]) -> None:
    """Light the fuse, then be `tollhouse`."""
    point, count, *rest = arguments
    POINTS[point](Fuse(int(count)))
    sys.argv = ["tollhouse", *rest]
    main()


if __name__ == "__main__":
    run(sys.argv[1:])
