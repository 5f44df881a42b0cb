"""What calls need, made once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import msgspec

from tollhouse.clock import Clock
from tollhouse.gateway.keys import Keys
from tollhouse.gateway.standing import Standing
from tollhouse.gateway.targets import Targets
from tollhouse.money.ledger import Ledger
from tollhouse.money.pricebook import PriceBook
from tollhouse.money.trust import Trust
from tollhouse.upstream.base import Bounds, Timeouts


class Calling(msgspec.Struct, frozen=True, kw_only=True):
    """What calls need, made once by `app`.

    Attributes:
        targets: where each credential leads, and which client goes there.
        attempts: how often providers are asked for one request, at most.
        standing: how those we call are doing.
    """

    ledger: Ledger
    pricebook: PriceBook
    trust: Trust
    keys: Keys
    targets: Targets
    clock: Clock
    boot_id: str
    timeouts: Timeouts
    bounds: Bounds
    attempts: int
    standing: Standing
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    on_attempt: Callable[[str], None] = lambda outcome: None
