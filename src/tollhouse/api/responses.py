"""/v1/responses: answered like any request; kept, when that is asked for, as a run of a conversation.

And /v1/responses/input_tokens, which only counts.
"""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import ClassVar

import msgspec

from tollhouse.api import envelopes, errors
from tollhouse.api.http import Head, Networks, Peer
from tollhouse.api.live import Live, Response
from tollhouse.api.repeats import Repeats
from tollhouse.api.run_source import Source, has_failed, opening, pieces
from tollhouse.api.surface import Surface
from tollhouse.cache import wishes
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.messages.views import RunView
from tollhouse.conversations.responses import responses
from tollhouse.conversations.responses.asking import FIELDS, names_kept, read, wants_kept
from tollhouse.conversations.responses.responses import Begun
from tollhouse.conversations.responses.views import response_id, shown
from tollhouse.conversations.runs.recording import RunEvent
from tollhouse.conversations.runs.under_way import Outcome, Running
from tollhouse.conversations.telling.feed import Feed
from tollhouse.conversations.telling.response import Telling
from tollhouse.conversations.turns.take import Origin
from tollhouse.dialects import json_body, openai_responses, sse
from tollhouse.dialects.json_body import NULL
from tollhouse.errors import TollhouseError
from tollhouse.gateway.answer import Steps, refuse
from tollhouse.gateway.exchange import Exchange
from tollhouse.held import Held


class KeptBody(bytes):
    """A request for a response that is to be kept."""


class Responses(Surface):
    """The Responses surface: `ask` is POST /v1/responses."""

    NAME = "responses"
    DIALECT: ClassVar[ModuleType] = openai_responses
    ENVELOPE = envelopes.OPENAI

    def __init__(
        self,
        path: Held[Steps],
        live: Live,
        repeats: Repeats,
        *,
        body_bytes: int,
        trusted: Networks,
        conversing: Conversing,
    ) -> None:
        super().__init__(path, live, repeats, body_bytes=body_bytes, trusted=trusted)
        self._conversing = conversing

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """The question; one that is not to be kept says so to its provider, and brings what it goes on from."""
        body = await super().read(peer, head, exchange)
        fields = json_body.decode(FIELDS, body)
        if wants_kept(fields, by_default=self._conversing.habits.store_responses):
            return KeptBody(body)
        if names_kept(fields):
            return await self._with_history(body, fields, exchange, head)
        if bytes(fields.get("store", NULL)) == b"false":
            exchange.wishes = wishes.PRIVATE
            return body
        return msgspec.json.encode(fields | {"store": False})

    async def say(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        """Let the gateway answer, or let a run do so that is kept."""
        if isinstance(exchange.body, KeptBody):
            await self._say_kept(exchange, head, response, peer)
        else:
            await super().say(exchange, head, response, peer)

    async def _with_history(self, body: bytes, fields: dict[str, msgspec.Raw], exchange: Exchange, head: Head) -> bytes:
        """The question with all that it goes on from."""
        exchange.caller = await self._steps.identify.caller(head.token, exchange.began_s, head.ip)
        wish = read(body, fields)
        return msgspec.json.encode(await responses.with_history(self._conversing, exchange.caller, fields, wish))

    async def _say_kept(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        begun = await self._begin_kept(exchange, head)
        asked = begun.asked
        if isinstance(asked, Running) and begun.wish.stream:
            try:
                first = await opening(asked)
                if has_failed(first):
                    succeeded(await asked.outcome(), begun.run.id)
                await response.start_stream(asked.exchange)
                await self._say_stream(first, asked, begun, response, peer)
            except asyncio.CancelledError:
                if exchange.has_left:
                    asked.stop()
                raise
        elif isinstance(asked, Running):
            run = succeeded(await asked.outcome(), begun.run.id)
            await self._say_object(run, begun, asked.exchange or exchange, head, peer)
        elif begun.wish.stream:
            feed = Feed(self._conversing, begun.caller, begun.run.id)
            await feed.open()
            await response.start_stream()
            await self._say_stream([], feed, begun, response, peer)
        else:
            await self._say_object(begun.run, begun, exchange, head, peer)

    async def _begin_kept(self, exchange: Exchange, head: Head) -> Begun:
        """Write it down; what is refused before there is a run has a row all the same."""
        try:
            caller = exchange.caller or await self._steps.identify.caller(head.token, exchange.began_s, head.ip)
            exchange.caller = caller
            wish = read(exchange.body, FIELDS.decode(exchange.body))
            origin = Origin(
                request_id=head.id,
                ip=head.ip,
                user_agent=head.user_agent,
                client_request_id=head.client_request_id,
                tag=head.tag,
                traceparent=exchange.traceparent,
            )
            return await responses.ask(self._conversing, caller, wish, origin)
        except TollhouseError as error:
            raise await refuse(exchange, head.token, error, self._steps) from None

    async def _say_object(self, run: RunView, begun: Begun, exchange: Exchange, head: Head, peer: Peer) -> None:
        body = msgspec.json.encode(shown(run, begun.how, begun.wish.include))
        await peer.answer(200, (errors.JSON, *self.headers(exchange, head)), body)

    async def _say_stream(
        self, first: list[RunEvent], source: Source, begun: Begun, response: Response, peer: Peer
    ) -> None:
        """The events of a run: the first ones, and what comes after them."""
        telling = Telling(begun.run, begun.how, begun.wish.include)
        await response.say(telling.begin() + b"".join(map(telling.tell, first)))
        async for event in pieces(source, self._is_leaving):
            told = sse.PING if event is None else telling.tell(event)
            if told:
                await response.say(told)
        await peer.end()

    def _is_leaving(self) -> bool:
        return self._conversing.under_way.is_leaving

    def error_event(self, error: TollhouseError, head: Head, response: Response) -> bytes:
        """OpenAI's `error` event, and the response that failed, as far as the stream has told of it."""
        if not response.first:
            return errors.event(openai_responses, error, head.shown_id)
        return openai_responses.break_off(response.first, response.last, errors.as_failed(error))


class InputTokens(Responses):
    """What a response would read: `count` is POST /v1/responses/input_tokens. Nothing of it is kept."""

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """The question, and what it goes on from."""
        body = await Surface.read(self, peer, head, exchange)
        fields = json_body.decode(FIELDS, body)
        return await self._with_history(body, fields, exchange, head) if names_kept(fields) else body


def succeeded(outcome: Outcome, run_id: str) -> RunView:
    """A run that ended without a failure. Raises what it failed with, naming the response."""
    if outcome.error is None:
        return outcome.run
    error = errors.as_tollhouse(outcome.error)
    error.details = {**error.details, "response": response_id(run_id)}
    raise error
