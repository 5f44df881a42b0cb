"""/v1/chat/completions and /v1/models, for every OpenAI SDK."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec

from tollhouse.api import errors, ratelimit_headers
from tollhouse.api.http import Head, Networks, Peer, read_head
from tollhouse.api.live import Live, Response
from tollhouse.dialects import openai_chat
from tollhouse.errors import NotFound, TollhouseError, Unavailable
from tollhouse.gateway import route
from tollhouse.gateway.answer import Steps, answer, refuse
from tollhouse.gateway.exchange import Exchange
from tollhouse.money.amounts import usd_text
from tollhouse.providers.base import Headers
from tollhouse.telemetry import Event, log

MADE_AT = 0
"""OpenAI's `created` of a model; providers do not tell."""


class OpenAI:
    """The OpenAI surface."""

    def __init__(self, steps: Steps, live: Live, *, body_bytes: int, trusted: Networks) -> None:
        self._steps = steps
        self._live = live
        self._body_bytes = body_bytes
        self._trusted = trusted

    async def chat_completions(self, peer: Peer) -> None:
        """POST /v1/chat/completions"""
        head = read_head(peer, self._trusted)
        exchange = begin_exchange(head, "chat.completions", self._steps)
        try:
            exchange.body = await peer.read(head.length, self._body_bytes)
        except TollhouseError as error:
            await self._fail(await refuse(exchange, head.token, error, self._steps), head, exchange, peer)
            return
        response = Response(exchange, peer, lambda it: self._headers(it, head))
        self._live.enter(response)
        try:
            await self._answer(exchange, head, response, peer)
        except asyncio.CancelledError:
            if not exchange.has_left:
                await self._fail_late(Unavailable("The gateway is shutting down."), head, response, peer)
        except Exception as error:
            if not isinstance(error, TollhouseError):
                log.error(Event.REQUEST_FAILED, request=head.id, exc_info=error)
            await self._fail_late(errors.as_tollhouse(error), head, response, peer)
        finally:
            self._live.leave(response)

    async def models(self, peer: Peer) -> None:
        """GET /v1/models and /v1/models/{name}"""
        head = read_head(peer, self._trusted)
        try:
            caller = await self._steps.identify.caller(head.token, self._steps.clock.monotonic())
            caller.require("inference")
            names = route.listed(caller, self._steps.reachable)
            named = peer.path.removeprefix("/v1/models").strip("/")
            if named and named not in names:
                raise NotFound(f"There is no model `{named}`.", code="model_not_found", param="model")
        except TollhouseError as error:
            await self._fail(error, head, None, peer)
            return
        body = model_object(named) if named else {"object": "list", "data": [model_object(name) for name in names]}
        await peer.answer(200, (errors.JSON, request_id(head)), msgspec.json.encode(body))

    async def _answer(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        async with aclosing(answer(exchange, head.token, self._steps, response.let_out)) as pieces:
            first = await anext(pieces)
            if exchange.stream:
                await response.start_stream()
                await peer.say(first)
                async for piece in pieces:
                    response.pieces += 1
                    await peer.say(piece)
                await peer.end()
                return
            async for piece in pieces:
                first += piece
            await peer.answer(200, (errors.JSON, *self._headers(exchange, head)), first)

    def _headers(self, exchange: Exchange, head: Head) -> Headers:
        """The gateway's own headers, as far as they are known when the head is sent."""
        pairs: Headers = (request_id(head), *gateway_headers(exchange, self._steps.clock.monotonic()))
        caller = exchange.caller
        if caller is not None:
            pairs += ratelimit_headers.headers(self._steps.admit.snapshot(caller, exchange.began_s))
        return pairs

    async def _fail_late(self, error: TollhouseError, head: Head, response: Response, peer: Peer) -> None:
        """A status when nothing was sent, else the dialect's error event."""
        response.done()
        if response.is_started:
            await peer.end(errors.openai_event(error, head.shown_id))
        else:
            await self._fail(error, head, response.exchange, peer)

    async def _fail(self, error: TollhouseError, head: Head, exchange: Exchange | None, peer: Peer) -> None:
        headers: Headers = (errors.JSON, *errors.headers(error))
        headers += (request_id(head),) if exchange is None else self._headers(exchange, head)
        await peer.answer(error.status, headers, errors.openai_body(error, head.shown_id))


def begin_exchange(head: Head, surface: str, steps: Steps) -> Exchange:
    """The working record of a request whose head has come."""
    exchange = Exchange(
        request_id=head.id,
        surface=surface,
        dialect=openai_chat,
        body=b"",
        began_s=steps.clock.monotonic(),
        began_us=steps.clock.time_ns() // 1_000,
    )
    exchange.ip = head.ip
    exchange.user_agent = head.user_agent
    exchange.client_request_id = head.client_request_id
    return exchange


def request_id(head: Head) -> tuple[bytes, bytes]:
    return (b"x-request-id", head.shown_id.encode())


def gateway_headers(exchange: Exchange, now_s: float) -> Headers:
    """What became of the request: who answered, at what price, with what held."""
    attempt = exchange.attempt
    if attempt is None:
        return ()
    candidate, held = attempt.candidate, attempt.held
    pairs = [
        *candidate.headers,
        (b"x-tollhouse-attempts", b"%d" % len(exchange.attempts)),
        (b"x-tollhouse-hold-usd", usd_text(held.usd).encode()),
        (b"x-tollhouse-overhead-ms", b"%.3f" % max(0.0, (now_s - exchange.began_s - exchange.upstream_s) * 1e3)),
    ]
    if held.cap is not None:
        pairs.append((b"x-tollhouse-max-tokens", b"%d" % held.cap))
    if held.remaining_usd is not None:
        pairs.append((b"x-tollhouse-budget-remaining-usd", usd_text(held.remaining_usd).encode()))
    if exchange.bill is not None and exchange.bill.cost is not None and not exchange.stream:
        pairs.append((b"x-tollhouse-cost-usd", usd_text(exchange.bill.cost).encode()))
    return tuple(pairs)


def model_object(name: str) -> dict[str, object]:
    owner, _, rest = name.partition("/")
    return {"id": name, "object": "model", "created": MADE_AT, "owned_by": owner if rest else "tollhouse"}
