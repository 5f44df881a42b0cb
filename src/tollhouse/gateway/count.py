"""How many tokens a request would read: counted by a provider, else bounded by us. Nothing is asked, or held."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, cast

from msgspec.structs import replace

from tollhouse.dialects.chat import ChatRequest, ReasoningPart, RefusalPart, TextPart
from tollhouse.errors import InvalidRequest, UpstreamError, UpstreamRefused
from tollhouse.gateway import measure
from tollhouse.gateway.answer import Steps, find
from tollhouse.gateway.call import JSON, failure, fields_of, reach
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.finish import finish
from tollhouse.gateway.route import Candidate
from tollhouse.gateway.translate import translate
from tollhouse.money.prices import input_bound
from tollhouse.upstream.base import Call


class Counted(NamedTuple):
    """Tokens that a request would read: exactly, by its provider's count, or at most."""

    tokens: int
    is_exact: bool


async def count(exchange: Exchange, token: bytes | None, steps: Steps) -> Counted:
    """Count the exchange's request, whose dialect is one that counts.

    Raises:
        TollhouseError: what is asked cannot be read, or not by this caller; or the provider refuses it.
    """
    exchange.caller = await steps.identify.caller(token, exchange.began_s, exchange.ip)
    try:
        exchange.caller.require("inference")
        request: ChatRequest = exchange.dialect.read_count_request(exchange.body)
        exchange.asked_model = request.model
        exchange.admission = steps.admit.admit(exchange.caller, exchange.began_s, 0)
        if steps.screen is not None:
            request = cast(ChatRequest, await steps.screen.pass_on(exchange, request))
        candidates = find(exchange, steps)
        for candidate in candidates:
            tokens = await _told(exchange, request, candidate, steps.calling)
            if tokens is not None:
                return Counted(tokens, is_exact=True)
        return Counted(await _bound(exchange, request, candidates[0], steps.calling), is_exact=False)
    except BaseException as error:
        exchange.error = error
        raise
    finally:
        finish(exchange, steps.finishing)


async def _told(exchange: Exchange, request: ChatRequest, candidate: Candidate, calling: Calling) -> int | None:
    """The provider's own count; None when it does not count this, or not now."""
    provider = candidate.provider
    dialect = exchange.dialect if exchange.dialect in provider.counts else provider.dialect
    if not hasattr(dialect, "count_target") or provider.name in calling.standing.paused:
        return None
    try:
        if dialect is not exchange.dialect:
            request = translate(request, exchange.dialect, provider).request
        target, headers, secrets = reach(candidate, calling)
        hints = exchange.hints if dialect is exchange.dialect else ()
        path = provider.target(dialect.count_target(candidate.model), candidate.model, fields_of(candidate))
        reply = await target.upstream.send(
            Call(
                origin=target.origin,
                target=target.base_path + path,
                headers=(JSON, *headers, *getattr(dialect, "HEADERS", ()), *hints),
                body=dialect.write_count_request(replace(request, model=candidate.model)),
                timeouts=calling.timeouts,
                bounds=calling.bounds,
            )
        )
        if reply.status >= 300:
            raise await failure(reply, dialect, candidate, secrets, calling)
        try:
            tokens: int = dialect.read_count(await reply.read())
        finally:
            reply.close()
    except UpstreamRefused as error:
        if error.provider_status != 404:
            raise
        return None
    except (InvalidRequest, UpstreamError):
        return None
    return tokens


async def _bound(exchange: Exchange, request: ChatRequest, candidate: Candidate, calling: Calling) -> int:
    """No more than this: by the model's own tokenizer where there is one, else because a token is at least a byte."""
    provider, model = candidate.provider, candidate.model
    terms = calling.pricebook.known(provider, model) or await calling.pricebook.terms(provider, model)
    unseen = provider.unseen_tokens(model, bool(request.tools), frozenset([tool.type for tool in request.tools]))
    said = [part for message in request.messages for part in message.parts]
    bound = input_bound(
        len(exchange.body),
        len(request.messages),
        unseen,
        terms.context_tokens,
        not all(isinstance(part, TextPart | RefusalPart | ReasoningPart) for part in said),
    )

    def measured() -> int | None:
        encode = measure.encoding_of(provider.tokenizer, model)
        return None if encode is None else measure.tokens_at_most(request, encode, unseen)

    # In a thread: the first time a tokenizer's table is built.
    tokens = None if provider.tokenizer is None else await asyncio.to_thread(measured)
    return bound if tokens is None else min(bound, tokens)
