"""What is to be measured, and how thoroughly."""

from __future__ import annotations

from dataclasses import dataclass

PARTS = ("start", "cost", "latency", "memory", "soak")
SCALE_PARTS = ("processes", "rows", "users", "reports", "log", "streams")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run's extent.

    Attributes:
        parts: of `PARTS` or `SCALE_PARTS`.
        gateways: names of those to measure; empty for all.
        rounds: interleaved, of which the median counts.
        seconds: length of one measurement.
        command: how to repeat it, for the page.
    """

    parts: tuple[str, ...]
    gateways: tuple[str, ...]
    rounds: int
    seconds: float
    soak_seconds: float
    is_quick: bool
    command: str

    def wants(self, part: str) -> bool:
        return part in self.parts

    def wants_gateway(self, name: str) -> bool:
        return not self.gateways or name in self.gateways
