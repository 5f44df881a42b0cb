"""POST /api/chat: one question, one normalised answer, whichever provider gives it."""

from __future__ import annotations

import re
from contextlib import aclosing
from types import ModuleType
from typing import Any, ClassVar

import msgspec

from tollhouse.api import envelopes, errors
from tollhouse.api.http import Head, Peer
from tollhouse.api.live import Response
from tollhouse.api.surface import Surface
from tollhouse.dialects import json_body, openai_chat
from tollhouse.dialects.openai_chat.answer import read_reason
from tollhouse.errors import InvalidRequest, TollhouseError
from tollhouse.gateway.answer import answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.money.amounts import Nanodollars, usd_text

NO_OPTIONS = frozenset({"model", "messages", "stream", "stream_options", "n", "background"})
"""Fields of a chat completion that would make another answer of it than one message."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked.

    Attributes:
        provider: the word before the slash, when `model` does not say it.
        messages: as in a chat completion.
        options: further fields of a chat completion (`temperature`, `max_tokens`, `tools`, …).
    """

    provider: str | None = None
    model: str
    messages: list[dict[str, Any]]
    options: dict[str, Any] | None = None


class CountedTokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of the question and of the answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars as decimal strings; null when the price is unknown."""

    input_cost: str | None
    output_cost: str | None
    total_cost: str | None


class Answered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The normalised answer. `tool_calls` is there when the model calls some."""

    success: bool
    request_id: str
    provider: str
    model: str
    content: str | None
    role: str
    finish_reason: str | None
    usage: CountedTokens
    cost: Cost
    response_time_ms: int
    tool_calls: list[dict[str, Any]] | None = None


class Message(msgspec.Struct, frozen=True):
    """What is read of a completion's message."""

    role: str = "assistant"
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct, frozen=True):
    """What is read of a completion's choice."""

    message: Message
    finish_reason: str | None = None


class Completion(msgspec.Struct, frozen=True):
    """What is read of a completion."""

    choices: list[Choice]


ASKED = msgspec.json.Decoder(Asked)
COMPLETION = msgspec.json.Decoder(Completion)


class Original(Surface):
    """The surface. It spends, so it takes the same path as every other request that does."""

    NAME = "api.chat"
    DIALECT: ClassVar[ModuleType] = openai_chat
    ENVELOPE = envelopes.PROBLEM

    async def read(self, peer: Peer, head: Head, exchange: Exchange) -> bytes:
        """What is asked, as an unstreamed chat completion."""
        # Before the body is looked at: who may not ask hears nothing of what is wrong with the question.
        caller = await self._steps.identify.caller(head.token, exchange.began_s, head.ip)
        caller.require("inference")
        return write_chat(await peer.read(head.length, self._body_bytes))

    async def say(self, exchange: Exchange, head: Head, response: Response, peer: Peer) -> None:
        """The answer, normalised."""
        try:
            async with aclosing(answer(exchange, head.token, self._steps)) as pieces:
                said = b"".join([piece async for piece in pieces])
        except TollhouseError as error:
            error.param = asked_as(error.param)
            raise
        body = msgspec.json.encode(self._answered(exchange, head, said))
        await peer.answer(200, (errors.JSON, *self.headers(exchange, head)), body)

    def _answered(self, exchange: Exchange, head: Head, said: bytes) -> Answered:
        candidate, bill = exchange.candidate, exchange.bill
        if candidate is None or bill is None:
            raise ValueError("an answer that nobody gave, or without its bill")
        choice = COMPLETION.decode(said).choices[0]
        message = choice.message
        # An answer that is given again tells what it took to make it; that it costs nothing, `cost` says.
        usage = (exchange.tally.usage if exchange.is_recalled else None) or bill.usage
        return Answered(
            success=True,
            request_id=head.shown_id,
            provider=candidate.provider.name,
            model=candidate.model,
            content=message.content,
            role=message.role,
            finish_reason=reason_of(choice),
            usage=CountedTokens(
                prompt_tokens=usage.input_tokens,
                completion_tokens=usage.output_tokens,
                total_tokens=usage.total_tokens,
            ),
            cost=Cost(
                input_cost=shown(bill.input_cost), output_cost=shown(bill.output_cost), total_cost=shown(bill.cost)
            ),
            response_time_ms=round((self._steps.clock.monotonic() - exchange.began_s) * 1e3),
            tool_calls=message.tool_calls,
        )


def write_chat(body: bytes) -> bytes:
    """What is asked, as an unstreamed chat completion. Raises InvalidRequest."""
    asked = json_body.decode(ASKED, body)
    options = asked.options or {}
    refused = sorted(NO_OPTIONS & options.keys())
    if refused:
        raise InvalidRequest(f"`{refused[0]}` is no option here.", param=f"options.{refused[0]}")
    model = asked.model
    if asked.provider is not None and not model.startswith(f"{asked.provider}/"):
        model = f"{asked.provider}/{model}"
    return msgspec.json.encode({"model": model, "messages": asked.messages, **options})


def asked_as(param: str | None) -> str | None:
    """Where a field of the chat completion stands in what was asked."""
    if param is None or re.split(r"[.\[]", param)[0] in ("model", "messages"):
        return param
    return f"options.{param}"


def reason_of(choice: Choice) -> str | None:
    """Why it ends there: one of OpenAI's four words, whichever provider says it and how."""
    reason = read_reason(choice.finish_reason or "")
    if reason != "other":
        return reason
    return "stop" if choice.finish_reason else None


def shown(amount: Nanodollars | None) -> str | None:
    """Dollars; None when they are unknown."""
    return None if amount is None else usd_text(amount)
