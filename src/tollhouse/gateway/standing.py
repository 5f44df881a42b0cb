"""How those whom we call are doing, as far as this process has seen."""

from __future__ import annotations

from tollhouse.upstream.retry_budget import RetryBudget


class Standing:
    """What calls leave behind for those that follow.

    Attributes:
        retries: how often those who failed may be asked again.
    """

    __slots__ = ("retries",)

    def __init__(self) -> None:
        self.retries = RetryBudget()
