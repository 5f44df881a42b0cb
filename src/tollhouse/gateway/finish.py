"""Settle the hold, write the request's row.

Everything here is handed to the writer without an `await`: no cancellation, no client that hangs up and no framework
that cancels a second time can come between an answer and its settlement.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from tollhouse.clock import Clock
from tollhouse.errors import TollhouseError, Unavailable, UpstreamError
from tollhouse.gateway.bill import Bill, bill_of
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.journey import journey_of
from tollhouse.gateway.standing import Standing
from tollhouse.money.amounts import Nanodollars
from tollhouse.money.ledger import Ledger, Put, Resolution
from tollhouse.money.trust import Trust
from tollhouse.redaction import redact
from tollhouse.store import requests
from tollhouse.store.requests import Ending, Finished
from tollhouse.store.writer import Handler

CLIENT_CLOSED = 499
"""Nobody was there to be answered: nginx's word for it."""

WORDS_MOST = 2_000


class Finishing(msgspec.Struct, frozen=True, kw_only=True):
    """What finishing needs, made once by `app`.

    Attributes:
        put: puts an item into the writer's next batch.
        is_traced: somebody wants spans.
    """

    ledger: Ledger
    trust: Trust
    put: Callable[[Handler, object], None]
    clock: Clock
    boot_id: str
    standing: Standing
    chance: Callable[[], float] = random.random
    is_traced: bool = False
    body_bytes_kept: int = 256 * 1024


def finish(exchange: Exchange, finishing: Finishing) -> None:
    """End a request, however it ended. Called once, in `answer`'s one `finally`."""
    now_s = finishing.clock.monotonic()
    put = exchange.put or finishing.put
    _settle(exchange, finishing, put, now_s)
    if exchange.admission is not None:
        exchange.admission.finish(now_s, exchange.bill.usage.total_tokens if exchange.bill else 0)
    if exchange.caller is None:
        return
    skeleton = exchange.skeleton or exchange.begin(finishing.boot_id)
    journey = journey_of(exchange, now_s) if finishing.is_traced else None
    put(requests.finish, Finished(skeleton, _ending(exchange, _outcome(exchange), now_s), journey))
    if exchange.keeps_bodies:
        _keep_bodies(exchange, finishing)


def reckon(exchange: Exchange) -> None:
    """The answer has ended: what did it come to?"""
    exchange.bill = bill_so_far(exchange)


def bill_so_far(exchange: Exchange) -> Bill:
    """What the tally comes to."""
    attempt, tally, cap, n = exchange.attempts[-1], exchange.tally, _cap(exchange), exchange.glance.n
    made = tally.output_bytes if cap is None else min(tally.output_bytes, cap * n)
    most = cap or attempt.terms.max_output_tokens
    usage = tally.usage
    if usage is not None and not tally.is_counted:
        usage = replace(usage, output_tokens=max(usage.output_tokens, made), told_usd=None, is_mended=True)
    return bill_of(
        usage,
        attempt.terms.price,
        attempt.input_bound,
        made,
        output_most=most and most * n,
        tells_cost=attempt.candidate.provider.tells_cost,
    )


def _cap(exchange: Exchange) -> int | None:
    """The most tokens of output per choice that the last attempt was sent with; None for no end."""
    return exchange.attempts[-1].held.cap or exchange.glance.max_output_tokens


def _settle(exchange: Exchange, finishing: Finishing, put: Put, now_s: float) -> None:
    """Resolve the last attempt's hold, unless its failure already did; forget what the others still carry."""
    attempts, ledger = exchange.attempts, finishing.ledger
    if not attempts:
        return
    last = attempts[-1]
    if last.outcome is not None:
        ledger.end_request([attempt.held.id for attempt in attempts], put)
        return
    last.outcome = _outcome(exchange)
    finishing.standing.ends(last.candidate, exchange.error, now_s, finishing.chance())
    if len(attempts) > 1:
        ledger.end_request([attempt.held.id for attempt in attempts[:-1]], put)
    if not last.is_sent:
        ledger.resolve(Resolution(hold_id=last.held.id, deed="void"), put)
        return
    if exchange.error is not None and _may_be_billed_unseen(exchange):
        ledger.resolve(Resolution(hold_id=last.held.id, deed="expire"), put)
        return
    if exchange.bill is None:
        reckon(exchange)
    bill = exchange.bill
    if bill is not None:
        cost = bill.cost or Nanodollars(0)
        if cost > last.held.usd and bill.status == "exact" and _cap(exchange) is not None:
            finishing.trust.learn(last.candidate.provider.name, last.candidate.model, held=last.held.usd, cost=cost)
        ledger.resolve(Resolution(hold_id=last.held.id, deed="settle", usd=cost, tokens=bill.usage.total_tokens), put)


def _may_be_billed_unseen(exchange: Exchange) -> bool:
    """It broke off while the provider was silent, or by the provider's fault without its count.

    What it bills is unknown.
    """
    tally = exchange.tally
    return not tally.is_meaningful or (isinstance(exchange.error, UpstreamError) and not tally.is_counted)


def _outcome(exchange: Exchange) -> str:
    """One word: `succeeded`, `client_left`, or the code of the error that the caller hears."""
    if exchange.has_left:
        return "client_left"
    error = exchange.error
    if error is None:
        return "succeeded"
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        # The client is there, so it is us who stop.
        return Unavailable.code
    return error.code if isinstance(error, TollhouseError) else "internal_error"


def _status(exchange: Exchange, outcome: str) -> int:
    """The status that was answered, or would have been."""
    if exchange.status is not None:
        return exchange.status
    if exchange.stream and exchange.first_s is not None:
        # The first words send a stream's head, whoever passes them on: what comes after is an event in it.
        return 200
    if outcome == "succeeded":
        return 200
    if outcome == "client_left":
        return CLIENT_CLOSED
    if outcome == Unavailable.code:
        return Unavailable.status
    return exchange.error.status if isinstance(exchange.error, TollhouseError) else 500


def _ending(exchange: Exchange, outcome: str, now_s: float) -> Ending:
    attempts, error, bill, first_s = exchange.attempts, exchange.error, exchange.bill, exchange.first_s
    candidate = exchange.candidate
    usage = bill.usage if bill else None
    upstream_s = exchange.upstream_s
    if exchange.stream and first_s is not None:
        # Once a stream flows, its pace is the provider's.
        upstream_s += now_s - first_s
    return Ending(
        status=_status(exchange, outcome),
        outcome=outcome,
        error_code=None if outcome == "succeeded" else outcome,
        error_message=_message(error),
        provider=candidate.provider.name if candidate else None,
        model=candidate.model if candidate else None,
        credential_id=candidate.key.id if attempts and candidate and candidate.key else None,
        finish_reason=_storable(exchange.tally.finish_reason) if exchange.tally.finish_reason else None,
        input_tokens=usage.input_tokens if usage else None,
        input_cached_tokens=usage.input_cached_tokens if usage else None,
        input_cache_write_tokens=usage.input_cache_write_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        output_reasoning_tokens=usage.output_reasoning_tokens if usage else None,
        input_cost=bill.input_cost if bill else None,
        output_cost=bill.output_cost if bill else None,
        cost_status=bill.status if bill else None,
        attempts=len(attempts),
        cache=exchange.cache,
        guards=None if exchange.screening is None else exchange.screening.written(),
        attempt_log=_attempt_log(exchange) if len(attempts) > 1 or error is not None else None,
        response_time_us=int((now_s - exchange.began_s) * 1e6),
        first_token_us=None if first_s is None else int((first_s - exchange.began_s) * 1e6),
        upstream_us=int(upstream_s * 1e6),
    )


def _message(error: BaseException | None) -> str | None:
    if not isinstance(error, TollhouseError):
        return None
    message = error.message
    if isinstance(error, UpstreamError) and error.provider_message and error.provider_message not in message:
        message += f" ({error.provider_message})"
    return _storable(message)


def _storable(theirs: str) -> str:
    """A provider's words as a column takes them: bounded, and without the NUL that PostgreSQL refuses."""
    return theirs[:WORDS_MOST].replace("\0", "")


def _attempt_log(exchange: Exchange) -> str:
    """Each attempt as the request's page shows it."""
    return msgspec.json.encode(
        [
            {
                "number": attempt.number,
                "provider": attempt.candidate.provider.name,
                "model": attempt.candidate.model,
                "credential": attempt.candidate.key.id if attempt.candidate.key else None,
                "hold": attempt.held.id,
                "outcome": attempt.outcome,
                "provider_status": attempt.provider_status,
                "began_ms": _ms(attempt.began_s, exchange),
                "heard_ms": _ms(attempt.heard_s, exchange) if attempt.heard_s else None,
            }
            for attempt in exchange.attempts
        ]
    ).decode()


def _ms(at_s: float, exchange: Exchange) -> float:
    return round((at_s - exchange.began_s) * 1e3, 3)


def _keep_bodies(exchange: Exchange, finishing: Finishing) -> None:
    """Keep what was asked and said, without secrets. In a thread: taking them out of a long text takes a while."""
    most = finishing.body_bytes_kept
    asked, said = exchange.body[:most], b"".join(exchange.said)[:most]
    redacting = asyncio.get_running_loop().run_in_executor(None, _redacted, exchange.id, asked, said)
    redacting.add_done_callback(lambda done: finishing.put(requests.keep_bodies, done.result()))


def _redacted(request_id: str, asked: bytes, said: bytes) -> tuple[str, str, str, int]:
    """The bodies as the store takes them: text, without NUL, and their size in bytes."""
    texts = [redact(body.decode(errors="replace")).replace("\0", "") for body in (asked, said)]
    return request_id, texts[0], texts[1], sum(len(text.encode()) for text in texts)
