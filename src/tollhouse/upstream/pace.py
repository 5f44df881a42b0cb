"""How soon models begin to answer, and how many calls of each are under way. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

LATEST: Final = 0.2
"""What the latest answer weighs in the mean, beside all before."""

Served: TypeAlias = tuple[str, str]
"""Provider and model, whichever credential asks."""


class Heard(NamedTuple):
    """Mean seconds until the first byte of an answer, the latest ones weighing most; and when one came last."""

    mean_s: float
    at_s: float


class Pace:
    """Of one process. `now_s` is a monotonic clock's."""

    def __init__(self) -> None:
        self._calls: dict[Served, int] = {}
        self._heard: dict[tuple[Served, bool], Heard] = {}

    def begins(self, served: Served) -> None:
        """A call goes out."""
        self._calls[served] = self.calls(served) + 1

    def ends(self, served: Served) -> None:
        """A call is over, however it ended."""
        left = self._calls.pop(served) - 1
        if left:
            self._calls[served] = left

    def calls(self, served: Served) -> int:
        """How many are under way."""
        return self._calls.get(served, 0)

    def hears(self, served: Served, stream: bool, waited_s: float, now_s: float) -> None:
        """An answer has begun, or was waited for in vain. One in a single piece begins when all of it is made."""
        before = self._heard.get((served, stream))
        mean_s = waited_s if before is None else before.mean_s + LATEST * (waited_s - before.mean_s)
        self._heard[served, stream] = Heard(mean_s, now_s)

    def heard(self, served: Served, stream: bool) -> Heard | None:
        """What is known; None as long as nothing is."""
        return self._heard.get((served, stream))
