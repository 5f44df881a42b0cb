"""Ask for a moderation in a caller's name: a request of its own on the same path, held, charged and logged.

It counts against no limit of requests: the caller has asked once. It is not screened itself.
"""

from __future__ import annotations

from contextlib import aclosing

from msgspec.structs import replace

from tollhouse import ids
from tollhouse.dialects import openai_moderations
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.answer import Steps, answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.limits import Allowance

SURFACE = "guard"

UNLIMITED = Allowance(requests_per_minute=None, tokens_per_minute=None, concurrent=None)


class Moderate:
    """Asks moderation models over the path of a request."""

    def __init__(self, steps: Steps) -> None:
        self._steps = replace(steps, admit=Admit(), recall=None, screen=None)

    async def __call__(self, asker: Exchange, body: bytes) -> bytes:
        """The answer to a request for a moderation, on behalf of another request. Raises TollhouseError."""
        if asker.caller is None:
            raise ValueError("nobody is asked in the name of nobody")
        clock = self._steps.clock
        exchange = Exchange(
            request_id=ids.new("req"),
            surface=SURFACE,
            dialect=openai_moderations,
            body=body,
            began_s=clock.monotonic(),
            began_us=clock.time_ns() // 1_000,
        )
        exchange.caller = replace(asker.caller, allowance=UNLIMITED)
        exchange.tag = asker.tag
        exchange.traceparent = asker.traceparent
        # Whoever is not done in time has no opinion, so that there is none for a pause.
        exchange.may_repeat = False
        async with aclosing(answer(exchange, None, self._steps)) as pieces:
            return b"".join([piece async for piece in pieces])
