"""What every surface that spends has in common: read, answer, fail; and tell what became of it in the headers.

A surface says how it reads a question, how it says an answer and how it shapes an error. When each of these happens,
and what happens when the client leaves or the gateway stops, is decided here, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from types import ModuleType
from typing import ClassVar, TypeAlias, cast

from tollhouse.api import cache_headers, errors, ratelimit_headers
from tollhouse.api.envelopes import Envelope
from tollhouse.api.http import Head, Networks, Peer, read_head
from tollhouse.api.live import Live, Response
from tollhouse.api.repeats import REPLAYED, Answer, Claim, KeptPeer, Repeats
from tollhouse.cache.wishes import PRIVATE
from tollhouse.dialects import json_body, sse
from tollhouse.errors import TollhouseError, Unavailable
from tollhouse.gateway.answer import Steps, answer, refuse, replay
from tollhouse.gateway.count import count
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.translate import lossy
from tollhouse.held import Held
from tollhouse.limits import Snapshot
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.providers.base import Headers
from tollhouse.telemetry import Event, log

Say: TypeAlias = Callable[[Exchange, Head, Response, Peer], Awaitable[None]]


class Surface:
    """One way to ask. Its name stands in the request's row, its dialect is what its clients speak.

    `KEY_HEADER` is where the dialect's own SDKs put the token; `Authorization` is read first.
    """

    NAME: ClassVar[str]
    DIALECT: ClassVar[ModuleType]
    ENVELOPE: ClassVar[Envelope]
    KEY_HEADER: ClassVar[bytes | None] = None

    def __init__(self, path: Held[Steps], live: Live, repeats: Repeats, *, body_bytes: int, trusted: Networks) -> None:
        """Serve over the path of a request.

        Args:
            path: as it is now; what has begun stays on the one it has begun on.
            repeats: what was asked under idempotency keys.
            body_bytes: the largest body that is read.
            trusted: networks of reverse proxies whose X-Forwarded-For names the client.
        """
        self._path = path
        self._live = live
        self._repeats = repeats
        self._body_bytes = body_bytes
        self._trusted = trusted

    @property
    def _steps(self) -> Steps:
        return self._path.now

    async def ask(self, peer: Peer) -> None:
        """One request, from its head to its answer or its error."""
        await self._serve(peer, self.NAME, self.say)

    async def count(self, peer: Peer) -> None:
        """The tokens of a request that is not asked; for a surface whose dialect counts."""
        await self._serve(peer, f"{self.NAME}.count", self._say_count)

    # What a surface says for itself.

    def head(self, peer: Peer) -> Head:
        """The head of a request, and the token wherever the dialect's SDKs put it."""
        return read_head(peer, self._trusted, self.KEY_HEADER)

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """The question, as a body of the surface's dialect. Raises TollhouseError."""
        return await peer.read(head.length, self._body_bytes)

    async def say(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        """Let the gateway answer, and send what it says: in bytes as they come, or as one."""
        async with aclosing(answer(exchange, head.token, self._steps, response.let_out)) as pieces:
            first = await anext(pieces)
            if exchange.stream:
                await response.start_stream()
                await response.say(first)
                async for piece in pieces:
                    await response.say(piece)
                await peer.end()
                return
            async for piece in pieces:
                first += piece
            await peer.answer(200, (errors.JSON, *self.headers(exchange, head)), first)

    def error_event(self, error: TollhouseError, head: Head, response: Response) -> bytes:
        """An error as the last event of a stream that has begun; for a surface that streams."""
        return sse.frame(self.ENVELOPE.write(error, head.shown_id))

    def limits(self, snapshot: Snapshot) -> Headers:
        """What is left of the caller's limits."""
        return ratelimit_headers.headers(snapshot)

    # What all have.

    def ids(self, head: Head) -> Headers:
        """The id under which the client finds its request again."""
        return self.ENVELOPE.ids(head.shown_id)

    def headers(self, exchange: Exchange, head: Head) -> Headers:
        """The gateway's own headers, as far as they are known when the head of the answer is sent."""
        pairs: Headers = (*self.ids(head), *gateway_headers(exchange, self._steps.clock.monotonic()))
        caller = exchange.caller
        if caller is not None:
            pairs += self.limits(self._steps.admit.snapshot(caller, exchange.began_s))
        return pairs

    async def refuse(self, error: TollhouseError, head: Head, peer: Peer) -> None:
        """An error as the answer to what has no row."""
        headers, body = self.ENVELOPE.wrap(error, head.shown_id)
        await peer.answer(error.status, headers, body)

    async def turn_away(self, error: TollhouseError, peer: Peer) -> None:
        """Refuse what is not here at all: whoever asks for it has a row."""
        head = self.head(peer)
        exchange = self._begin(peer, head, self.NAME)
        await self._fail(await refuse(exchange, head.token, error, self._steps), head, exchange, peer)

    async def _serve(self, peer: Peer, name: str, say: Say) -> None:
        head = self.head(peer)
        exchange = self._begin(peer, head, name)
        claim: Claim | Answer | None = None
        try:
            exchange.tag, exchange.wait_s = head.tag, head.wait_s
            # Should answers be given again from now on, this request's wishes are not known, and it is left out.
            exchange.wishes = PRIVATE if self._steps.recall is None else cache_headers.read(peer.headers)
            exchange.body = await self.read(peer, head, exchange)
            if head.idempotency_key is not None:
                claim = await self._claim(exchange, head, head.idempotency_key, peer)
        except TollhouseError as error:
            await self._fail(await refuse(exchange, head.token, error, self._steps), head, exchange, peer)
            return
        if isinstance(claim, Answer):
            replay(exchange, self._steps)
            content_type = (b"content-type", claim.content_type)
            await peer.answer(claim.status, (content_type, REPLAYED, *self.headers(exchange, head)), claim.body)
            return
        if claim is not None:
            peer = cast(Peer, KeptPeer(peer, claim))
        response = Response(exchange, peer, lambda it: self.headers(it, head))
        self._live.enter(response)
        try:
            await say(exchange, head, response, peer)
        except asyncio.CancelledError:
            if not exchange.has_left:
                await self._fail_late(Unavailable("The gateway is shutting down."), head, response, peer)
        except Exception as error:
            if not isinstance(error, TollhouseError):
                log.error(Event.REQUEST_FAILED, request=head.id, exc_info=error)
            await self._fail_late(errors.as_tollhouse(error), head, response, peer)
        finally:
            self._live.leave(response)
            if claim is not None:
                await claim.let_go()

    async def _claim(self, exchange: Exchange, head: Head, key: bytes, peer: Peer) -> Claim | Answer | None:
        """The right to do it once, or what was answered before; None for a stream, which is never kept."""
        if json_body.is_true(exchange.body, "stream"):
            return None
        exchange.caller = caller = await self._steps.identify.caller(head.token, exchange.began_s, head.ip)
        return await self._repeats.claim(caller.token_id, f"POST {peer.path}", key, exchange.body)

    async def _say_count(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        counted = await count(exchange, head.token, self._steps)
        how = (b"x-tollhouse-count", b"exact" if counted.is_exact else b"bound")
        body: bytes = self.DIALECT.write_count(counted.tokens)
        await peer.answer(200, (errors.JSON, how, *self.headers(exchange, head)), body)

    def _begin(self, peer: Peer, head: Head, name: str) -> Exchange:
        """The working record of a request whose head has come."""
        clock = self._steps.clock
        exchange = Exchange(
            request_id=head.id,
            surface=name,
            dialect=self.DIALECT,
            body=b"",
            began_s=clock.monotonic(),
            began_us=clock.time_ns() // 1_000,
        )
        exchange.ip = head.ip
        exchange.user_agent = head.user_agent
        exchange.client_request_id = head.client_request_id
        if self._steps.finishing.is_traced:
            exchange.traceparent = dict(peer.headers).get(b"traceparent")
        return exchange

    async def _fail_late(self, error: TollhouseError, head: Head, response: Response, peer: Peer) -> None:
        """A status when nothing was sent, else the dialect's error event."""
        response.done()
        if response.is_started:
            await peer.end(self.error_event(error, head, response))
        else:
            await self._fail(error, head, response.exchange, peer)

    async def _fail(self, error: TollhouseError, head: Head, exchange: Exchange, peer: Peer) -> None:
        content_type, body = self.ENVELOPE.content_type, self.ENVELOPE.write(error, head.shown_id)
        await peer.answer(error.status, (content_type, *errors.headers(error), *self.headers(exchange, head)), body)


def gateway_headers(exchange: Exchange, now_s: float) -> Headers:
    """What became of the request: who answered, at what price, with what held."""
    attempt = exchange.attempt
    recalled = () if exchange.lookup is None else exchange.lookup.headers
    if attempt is None:
        return recalled
    candidate, held = attempt.candidate, attempt.held
    cost = None if exchange.stream or exchange.bill is None else exchange.bill.cost
    pairs = [
        *candidate.headers,
        *recalled,
        (b"x-tollhouse-attempts", b"%d" % len(exchange.attempts)),
        (b"x-tollhouse-hold-usd", usd_text(held.usd).encode()),
        (b"x-tollhouse-overhead-ms", b"%.3f" % max(0.0, (now_s - exchange.began_s - exchange.waited_s(now_s)) * 1e3)),
    ]
    translation = exchange.translations.get(candidate.provider.name)
    if translation is not None and (lost := translation.lost + exchange.tally.unsaid):
        pairs.append(lossy(lost))
    if held.cap is not None:
        pairs.append((b"x-tollhouse-max-tokens", b"%d" % held.cap))
    left = held.remaining_usd
    if left is not None and held.available_usd is not None and cost is not None:
        left = Nanodollars(max(0, held.available_usd - cost))
    if left is not None:
        pairs.append((b"x-tollhouse-budget-remaining-usd", usd_text(left).encode()))
    if cost is not None:
        pairs.append((b"x-tollhouse-cost-usd", usd_text(cost).encode()))
    return tuple(pairs)
