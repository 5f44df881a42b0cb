"""Faults struck at random and yet the same each time: seed and request decide, not the order of arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Literal, TypeAlias, get_args
from zlib import crc32

import msgspec

from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.steps import Bill, Count, Cut, Fail, Reset, Stall, Status, Step, Wait

Kind: TypeAlias = Literal["reset", "lost", "error", "rate_limit", "fail", "cut", "stall", "slow"]
"""What may strike.

reset       RST before anything was made
lost        RST after everything was made and billed
error       500
rate_limit  429
fail        an error event after the answer began; 500 when it is no stream
cut         FIN somewhere in the answer
stall       silence somewhere in the answer, until released
slow        every step takes up to 50 ms
"""

KINDS: tuple[Kind, ...] = get_args(Kind)


class Struck(msgspec.Struct, frozen=True):
    """A fault that was struck at request number `request`."""

    request: int
    kind: Kind


class Faults:
    """Strikes a share of the exchanges.

    The same request body fares the same under the same seed; its second arrival fares as second arrivals do.
    """

    def __init__(self, seed: int, *, rate: float = 0.2, kinds: Sequence[Kind] = KINDS) -> None:
        """Strike `rate` (0 to 1) of the exchanges, each kind as often as the others.

        Raises:
            ValueError: a rate or a kind that does not exist.
        """
        unknown = set(kinds) - set(KINDS)
        if unknown or not kinds or not 0 <= rate <= 1:
            raise ValueError(f"faults need a rate of 0 to 1 and kinds among {', '.join(KINDS)}")
        self.seed = seed
        self._rate = rate
        self._kinds = tuple(kinds)
        self._seen: Counter[int] = Counter()
        self.struck: list[Struck] = []

    def strike(self, request: Request, steps: list[Step]) -> list[Step]:
        """What becomes of these steps: mostly nothing."""
        body = crc32(request.body)
        self._seen[body] += 1
        random = Random(f"{self.seed}/{body}/{self._seen[body]}")  # noqa: S311 - no secret depends on it
        if random.random() >= self._rate:
            return steps
        kind = random.choice(self._kinds)
        self.struck.append(Struck(request.number, kind))
        return _worsen(kind, steps, random, streams=not Expectation(stream=True).differences(request))


def _worsen(kind: Kind, steps: list[Step], random: Random, *, streams: bool) -> list[Step]:
    place = random.randint(1, max(1, len(steps) - 1))
    before, after = steps[:place], steps[place:]  # what is never reached still tells what would have been billed
    match kind:
        case "reset":
            return [Reset()]
        case "lost":
            return [*(Bill(step.usage) for step in steps if isinstance(step, Count)), Reset()]
        case "error":
            return [Status(500)]
        case "rate_limit":
            return [Status(429, headers={"retry-after": "0"})]
        case "fail":
            return [*before, Fail("The server had an error"), *after] if streams else [Status(500)]
        case "cut":
            return [*before, Cut(), *after]
        case "stall":
            return [*before, Stall(), *after]
        case "slow":
            return [part for step in steps for part in (Wait(random.uniform(0, 0.05)), step)]
