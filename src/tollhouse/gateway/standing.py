"""How those whom we call are doing, as far as this process has seen."""

from __future__ import annotations

from tollhouse.upstream.breaker import Breaker
from tollhouse.upstream.retry_budget import RetryBudget


class Standing:
    """What calls leave behind for those that follow.

    Attributes:
        breaker: who is left alone for a while.
        retries: how often those who failed may be asked again.
    """

    __slots__ = ("breaker", "retries")

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.retries = RetryBudget()
