"""identify → admit → screen → route → recall → call → tally → finish.

The path of every request that costs something: streamed or not, from whichever surface, in the foreground or behind a
job. There is one of it, and one `finally`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec

from tollhouse.clock import Clock
from tollhouse.errors import TollhouseError, Unauthenticated
from tollhouse.gateway import call, route
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.finish import Finishing, finish, reckon
from tollhouse.gateway.identify import Identify
from tollhouse.gateway.recall import Recall
from tollhouse.gateway.screen import Screen
from tollhouse.gateway.speech import Speech
from tollhouse.providers.base import EMBEDDINGS, operation
from tollhouse.upstream.base import Taker

REPLAYED = "replayed"
"""What `cache` says of an answer that was given again under its idempotency key."""


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """What the path is made of, built once by `app`."""

    identify: Identify
    admit: Admit
    reachable: route.Map
    calling: Calling
    finishing: Finishing
    clock: Clock
    recall: Recall | None = None
    keeps_bodies: bool = False
    screen: Screen | None = None


async def answer(
    exchange: Exchange, token: bytes | None, steps: Steps, outlet: Taker | None = None
) -> AsyncGenerator[bytes]:
    """The answer, as bytes in the client's dialect: first what must be awaited before a status is sent, then the rest.

    The caller owns the generator and closes it (`async with aclosing(...)`): a client that hangs up is settled by that.

    Args:
        token: whose request it is, unless the exchange knows its caller already.
        outlet: may take pieces on the spot, in between; what it took is not yielded.

    Raises:
        TollhouseError: before the first bytes, the answer is that error; after them, the stream broke off.
    """
    if exchange.caller is None:
        exchange.caller = await steps.identify.caller(token, exchange.began_s, exchange.ip)
    speech: Speech | None = None
    try:
        exchange.caller.require("inference")
        exchange.keeps_bodies = steps.keeps_bodies
        if steps.keeps_bodies:
            outlet = None
        read(exchange)
        exchange.admission = steps.admit.admit(exchange.caller, exchange.began_s, estimate(exchange))
        screen = steps.screen
        if screen is not None:
            await screen.ask(exchange)
        candidates = find(exchange, steps)
        begin = call.begin if steps.recall is None else steps.recall.begin
        speech, piece = await begin(exchange, candidates, steps.calling)
        if screen is not None:
            speech, piece = await screen.hear(exchange, speech, piece)
        exchange.first_s = steps.clock.monotonic()
        if exchange.tally.has_ended:
            reckon(exchange)
        while piece:
            if exchange.keeps_bodies:
                exchange.said.append(piece)
            yield piece
            piece = await speech.next(outlet)
    except BaseException as error:
        exchange.error = error
        raise
    finally:
        if speech is not None:
            speech.close()
        finish(exchange, steps.finishing)


async def refuse(exchange: Exchange, token: bytes | None, error: TollhouseError, steps: Steps) -> TollhouseError:
    """A request that could not even be read still has a row, when we know whose it is.

    Gives the error to answer with.
    """
    if not isinstance(error, Unauthenticated):
        try:
            exchange.caller = await steps.identify.caller(token, exchange.began_s, exchange.ip)
            exchange.caller.require("inference")
        except TollhouseError as unwelcome:
            error = unwelcome
    exchange.error = error
    finish(exchange, steps.finishing)
    return error


def replay(exchange: Exchange, steps: Steps) -> None:
    """What was answered before is answered again: it costs nothing, and has a row."""
    read(exchange)
    exchange.cache = REPLAYED
    exchange.status = 200
    finish(exchange, steps.finishing)


def read(exchange: Exchange) -> None:
    """Look at what is asked. Raises InvalidRequest."""
    exchange.glance = glance = exchange.dialect.glance_request(exchange.body)
    exchange.asked_model = glance.model
    exchange.stream = glance.stream


def estimate(exchange: Exchange) -> int:
    """Tokens the request will probably use, for the limit per minute."""
    return len(exchange.body) // 4 + (exchange.glance.max_output_tokens or 0)


def find(exchange: Exchange, steps: Steps) -> tuple[route.Candidate, ...]:
    """Who may answer; remembered as long as the caller is. Raises as `route.candidates`, and `require_one_space`."""
    caller, asked = exchange.caller, exchange.asked_model
    if caller is None or asked is None:
        raise ValueError("routing needs a caller and a model's name")
    found: tuple[route.Candidate, ...] | None = caller.routes.get(asked)
    if found is None:
        found = caller.routes[asked] = route.candidates(asked, caller, steps.reachable)
    if len(found) > 1 and operation(exchange.dialect) == EMBEDDINGS:
        route.require_one_space(found, exchange.dialect)
    return found
