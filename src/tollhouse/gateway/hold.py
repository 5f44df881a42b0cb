"""Set money aside for one attempt, durably, together with the request's row.

What is set aside is the most that the attempt may cost. Its input is bounded by its bytes, which costs nothing to know;
only when that would refuse the call are its tokens counted, so that nobody is refused for a loose bound alone. Who may
wait, waits until calls under way give back what they did not need.
"""

from __future__ import annotations

import asyncio

import msgspec
from msgspec.structs import replace

from tollhouse.dialects.chat import ChatRequest
from tollhouse.errors import BudgetExhausted
from tollhouse.gateway import measure
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.exchange import Attempt, Exchange
from tollhouse.gateway.route import Candidate
from tollhouse.money.budgets import Ask
from tollhouse.money.ledger import Held, NewHold
from tollhouse.money.pricebook import Terms
from tollhouse.money.prices import Price, input_bound

REWRITE_SLACK_BYTES = 64
"""What a rewritten request may be longer than the client's: the cap and the wish for usage."""

HOLD_GRACE_S = 30.0
"""A hold outlives the request's deadline by this, so that only what is truly lost is swept."""

LOOK_AGAIN_S = (0.05, 1.0)
"""How long who waits pauses between two tries: at first, doubled each time, and at most."""

encode = msgspec.json.Encoder().encode


async def hold(exchange: Exchange, number: int, candidate: Candidate, calling: Calling) -> Attempt:
    """Set aside what attempt `number` may cost.

    Raises:
        BudgetExhausted: it does not fit into a budget, by the exact count where there is one, for as long as the client
            wanted to wait.
        Unavailable: it could not be written.
    """
    provider, model = candidate.provider, candidate.model
    terms = calling.pricebook.known(provider, model) or await calling.pricebook.terms(provider, model)
    if exchange.dialect in provider.unbilled:
        terms = replace(terms, price=Price.FREE, version=Price.FREE.version)
    translation = exchange.translations.get(provider.name)
    translated = None
    if translation is not None:
        translated = translation.body(model, cap=None, most_tokens=terms.max_output_tokens)
    ask = _ask(exchange, candidate, terms, translated, calling.trust.percent(provider.name, model))
    new = NewHold(
        id=f"hold_{exchange.id[4:]}.{number}",
        request_id=exchange.id,
        boot_id=calling.boot_id,
        provider=provider.name,
        model=model,
        price_version=terms.version,
        deadline=exchange.began_us + int((calling.timeouts.total_s + HOLD_GRACE_S) * 1_000_000),
        ask=ask,
        skeleton=encode(exchange.skeleton or exchange.begin(calling.boot_id)).decode(),
    )
    try:
        held = await calling.ledger.hold(new)
    except BudgetExhausted as refusal:
        ask = await _counted(exchange, candidate, ask)
        held = await _insist(exchange, replace(new, ask=ask), new.ask, refusal, calling)
    return Attempt(number, candidate, terms, held, ask.input_bound, translated)


def _ask(exchange: Exchange, candidate: Candidate, terms: Terms, translated: bytes | None, percent: int) -> Ask:
    glance, owners = exchange.glance, exchange.caller.owners if exchange.caller else ()
    body_bytes = len(exchange.body if translated is None else translated)
    message_count = glance.message_count
    if isinstance(exchange.request, ChatRequest):
        message_count = max(message_count, len(exchange.request.messages))
    bound = input_bound(
        body_bytes + REWRITE_SLACK_BYTES,
        message_count,
        candidate.provider.unseen_tokens(candidate.model, glance.has_tools, glance.tool_types),
        terms.context_tokens and terms.context_tokens * glance.windows,
        glance.media,
    )
    price = terms.price
    if price is not None:
        price = price.held_for(glance.service_tier, glance.searches).raised(percent).raised(glance.price_percent)
    return Ask(
        owners=owners,
        models=candidate.names,
        price=price,
        input_bound=bound,
        input_estimate=min(bound, (body_bytes + 3) // 4),
        cap=glance.max_output_tokens,
        n=glance.n,
        max_output_tokens=terms.max_output_tokens,
        requests=0 if any(attempt.is_charged for attempt in exchange.attempts) else 1,
    )


async def _counted(exchange: Exchange, candidate: Candidate, ask: Ask) -> Ask:
    """The same with a tighter bound, where the model's tokens can be counted."""
    provider, glance = candidate.provider, exchange.glance
    if provider.tokenizer is None or glance.media:
        return ask
    translation = exchange.translations.get(provider.name)
    request = exchange.read() if translation is None else translation.request
    unseen = provider.unseen_tokens(candidate.model, glance.has_tools, glance.tool_types)

    def measured() -> int | None:
        encode = measure.encoding_of(provider.tokenizer, candidate.model)
        return None if encode is None else measure.tokens_at_most(request, encode, unseen)

    # In a thread: the first time a tokenizer's table is built.
    tokens = await asyncio.to_thread(measured)
    if tokens is None or tokens >= ask.input_bound:
        return ask
    return replace(ask, input_bound=tokens, input_estimate=min(tokens, ask.input_estimate))


async def _insist(exchange: Exchange, new: NewHold, loose: Ask, refusal: BudgetExhausted, calling: Calling) -> Held:
    """Try again with the tighter bound, and as long as the client wants to wait."""
    until_s = exchange.began_s + exchange.wait_s
    pause_s, most_s = LOOK_AGAIN_S
    if new.ask is loose and not exchange.wait_s:
        raise refusal
    while True:
        try:
            return await calling.ledger.hold(new)
        except BudgetExhausted:
            left_s = until_s - calling.clock.monotonic()
            if left_s <= 0 or exchange.has_left:
                raise
            await calling.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, most_s)
