"""Who keeps failing is left alone for a while: closed, open or half-open, per provider, model and credential. Pure.

A circuit begins with a failure and is forgotten when its window holds none any more, so that nothing is kept of those
who work, and nothing looked up for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final, TypeAlias

from tollhouse.errors import UpstreamDown, UpstreamError, UpstreamIncomplete, UpstreamRateLimited, UpstreamTimeout

WINDOW_CALLS: Final = 100
"""The last calls that are looked at."""

LEAST_CALLS: Final = 20
"""Fewer tell nothing."""

QUIET_S: Final = 60.0
"""What was before so long a time without a call tells nothing of now."""

OPEN_LEAST_S: Final = 5.0
OPEN_MOST_S: Final = 60.0
"""How long it stays open: doubled each time that a probe fails, with jitter, so that processes do not come in step."""

PROBES: Final = 3
"""So many calls must work, one after another, before everybody may call again."""

PROBE_S: Final = 5.0
"""If a probe is not heard of for so long, another may be sent."""

KEPT_MOST: Final = 10_000

Way: TypeAlias = tuple[str, str, str | None]
"""Provider, model and the credential's id, if there is one: what works or fails together."""


class State(IntEnum):
    """The worse, the greater."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Circuit:
    """One way's. `now_s` is a monotonic clock's.

    A call is here what a request asks of a way, with all its attempts.
    """

    __slots__ = (
        "_calls",
        "_failures",
        "_heard_s",
        "_is_probed",
        "_limited_until_s",
        "_openings",
        "_until_s",
        "_worked",
    )

    def __init__(self) -> None:
        self._limited_until_s = 0.0
        # When the next call may begin; None while the circuit is closed.
        self._until_s: float | None = None
        self._openings = 0
        # Of the probes.
        self._is_probed = False
        self._worked = 0
        # The last calls as bits, the latest lowest; set where one failed.
        self._failures = 0
        self._calls = 0
        self._heard_s = 0.0

    def state(self, now_s: float) -> State:
        """As it is now."""
        if self._limited_until_s > now_s:
            return State.OPEN
        if self._until_s is None:
            return State.CLOSED
        return State.OPEN if self._until_s > now_s and not self._is_probed else State.HALF_OPEN

    def wait_s(self, now_s: float) -> float:
        """Seconds until a call may begin; 0 when it may."""
        return 0.0 if self._until_s is None else max(0.0, self._until_s - now_s)

    def is_limited(self, now_s: float) -> bool:
        """The provider asked for a pause: others come first. Where there are none it is asked, and says so itself."""
        return self._limited_until_s > now_s

    def is_well(self, now_s: float) -> bool:
        """There is nothing to be remembered."""
        return self._until_s is None and not self._failures and self._limited_until_s <= now_s

    def enter(self, now_s: float) -> None:
        """A call begins. While the circuit is half-open it is the probe, and others wait until it is heard of."""
        if self._until_s is not None:
            self._is_probed = True
            self._until_s = now_s + PROBE_S

    def worked(self, now_s: float) -> None:
        """A call was answered."""
        if self._until_s is None:
            self._count(0, now_s)
        elif self._is_probed:
            self._worked += 1
            self._is_probed = False
            self._until_s = None if self._worked >= PROBES else now_s

    def failed(self, now_s: float, chance: float) -> None:
        """A call was not. What began before the circuit opened, and fails after, is no news."""
        if self._is_probed:
            self._open(now_s, chance)
        elif self._until_s is None:
            self._count(1, now_s)
            if self._calls >= LEAST_CALLS and 2 * self._failures.bit_count() >= self._calls:
                self._open(now_s, chance)

    def limited(self, now_s: float, retry_after_s: float) -> None:
        """The provider asked for a pause."""
        self.told_nothing(now_s)
        self._limited_until_s = max(self._limited_until_s, now_s + min(retry_after_s, OPEN_MOST_S))

    def told_nothing(self, now_s: float) -> None:
        """A call ended that tells nothing of the provider's health: a probe's place is free again."""
        if self._is_probed:
            self._is_probed = False
            self._until_s = now_s

    def _count(self, failed: int, now_s: float) -> None:
        if now_s - self._heard_s > QUIET_S:
            self._failures = self._calls = 0
        self._heard_s = now_s
        self._failures = (self._failures << 1 | failed) & ((1 << WINDOW_CALLS) - 1)
        self._calls = min(self._calls + 1, WINDOW_CALLS)

    def _open(self, now_s: float, chance: float) -> None:
        self._until_s = now_s + min(OPEN_MOST_S, OPEN_LEAST_S * 2**self._openings * (1 + chance))
        self._openings = min(self._openings + 1, 10)
        self._failures = self._calls = self._worked = 0
        self._is_probed = False


class Breaker:
    """Every circuit of one process.

    Attributes:
        circuits: those with something to be remembered; mostly none.
    """

    def __init__(self) -> None:
        self.circuits: dict[Way, Circuit] = {}

    def wait_s(self, way: Way, now_s: float) -> float:
        """Seconds until a call may begin; 0 when it may."""
        circuit = self.circuits.get(way)
        return 0.0 if circuit is None else circuit.wait_s(now_s)

    def state(self, way: Way, now_s: float) -> State:
        """How a way stands."""
        circuit = self.circuits.get(way)
        return State.CLOSED if circuit is None else circuit.state(now_s)

    def is_limited(self, way: Way, now_s: float) -> bool:
        """It asked for a pause that is not over."""
        circuit = self.circuits.get(way)
        return circuit is not None and circuit.is_limited(now_s)

    def states(self, now_s: float) -> Iterator[tuple[Way, State]]:
        """How all stand of whom something is remembered."""
        return ((way, circuit.state(now_s)) for way, circuit in self.circuits.items())

    def enter(self, way: Way, now_s: float) -> None:
        """A call begins, for which there was nothing to wait."""
        if (circuit := self.circuits.get(way)) is not None:
            circuit.enter(now_s)

    def worked(self, way: Way, now_s: float) -> None:
        """A call was answered."""
        if (circuit := self.circuits.get(way)) is not None:
            circuit.worked(now_s)
            if circuit.is_well(now_s):
                del self.circuits[way]

    def failed(self, way: Way, error: UpstreamError, now_s: float, chance: float) -> None:
        """A call was not.

        What the provider rejects as the caller's fault, or the credential's, tells nothing of its health.

        Args:
            chance: 0 to 1, for the jitter.
        """
        match error:
            case UpstreamRateLimited() if error.retry_after_s is not None:
                self._of(way).limited(now_s, error.retry_after_s)
            case UpstreamDown() | UpstreamIncomplete() | UpstreamTimeout() | UpstreamRateLimited():
                self._of(way).failed(now_s, chance)
            case _:
                self.told_nothing(way, now_s)

    def told_nothing(self, way: Way, now_s: float) -> None:
        """A call ended that was not sent, or whose end is not the provider's doing."""
        if (circuit := self.circuits.get(way)) is not None:
            circuit.told_nothing(now_s)

    def reset(self, provider: str) -> None:
        """Forget how all that leads to a provider has failed, so that it is called at once."""
        for way in [way for way in self.circuits if way[0] == provider]:
            del self.circuits[way]

    def refusal(self, ways: Iterable[Way], now_s: float) -> UpstreamError:
        """That none of these is called now, and when the first of them can be."""
        way = min(ways, key=lambda way: self.wait_s(way, now_s))
        return UpstreamDown(
            f"{way[0]} has failed too often and is not asked for a while. Ask again later, or for another model.",
            status=503,
            retry_after_s=self.wait_s(way, now_s),
        )

    def _of(self, way: Way) -> Circuit:
        circuit = self.circuits.get(way)
        if circuit is None:
            if len(self.circuits) >= KEPT_MOST:
                del self.circuits[next(iter(self.circuits))]
            circuit = self.circuits[way] = Circuit()
        return circuit
