"""Settle the hold, write the request's row.

Everything here is handed to the writer without an `await`: no cancellation, no client that hangs up and no framework
that cancels a second time can come between an answer and its settlement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from tollhouse.clock import Clock
from tollhouse.dialects.chat import Usage
from tollhouse.errors import TollhouseError, UpstreamError
from tollhouse.gateway.exchange import Attempt, Exchange
from tollhouse.money.amounts import Nanodollars
from tollhouse.money.ledger import Ledger, Resolution
from tollhouse.money.prices import split_cost
from tollhouse.store import requests
from tollhouse.store.requests import Ending, Finished
from tollhouse.store.writer import Handler

CLIENT_CLOSED = 499
"""Nobody was there to be answered: nginx's word for it."""


class Finishing(msgspec.Struct, frozen=True, kw_only=True):
    """What finishing needs, made once by `app.py`. `join` puts an item into the writer's next batch."""

    ledger: Ledger
    join: Callable[[Handler, object], asyncio.Future[object]]
    clock: Clock
    boot_id: str
    body_bytes_kept: int = 256 * 1024


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt came to. Costs are None when the price is unknown."""

    usage: Usage
    input_cost: Nanodollars | None
    output_cost: Nanodollars | None
    status: str


def finish(exchange: Exchange, finishing: Finishing) -> None:
    """End a request, however it ended. Called once, in `answer`'s one `finally`."""
    now_s = finishing.clock.monotonic()
    bill = _settle(exchange, finishing)
    if exchange.admission is not None:
        exchange.admission.finish(now_s, bill.usage.total_tokens if bill else 0)
    if exchange.caller is None:
        return
    row = Finished(exchange.skeleton(finishing.boot_id), _ending(exchange, bill, now_s), not exchange.is_begun)
    finishing.join(requests.finish, row).add_done_callback(_note_loss)
    if exchange.keeps_bodies:
        finishing.join(requests.keep_bodies, _bodies(exchange, finishing.body_bytes_kept)).add_done_callback(_note_loss)


def _note_loss(written: asyncio.Future[object]) -> None:
    """A row that could not be written is completed at the next start, from its skeleton; the writer has logged why."""
    if not written.cancelled():
        written.exception()


def _settle(exchange: Exchange, finishing: Finishing) -> Bill | None:
    """Resolve the last attempt's hold, unless its failure already did."""
    attempt = exchange.attempt
    if attempt is None or attempt.outcome is not None:
        return None
    attempt.outcome = _outcome(exchange)
    if not exchange.tally.is_meaningful and exchange.error is not None:
        # Cut off while the provider was silent: whether it bills is not known.
        finishing.ledger.resolve(Resolution(hold_id=attempt.held.id, deed="expire"))
        return None
    if isinstance(exchange.error, UpstreamError) and exchange.tally.usage is None:
        finishing.ledger.resolve(Resolution(hold_id=attempt.held.id, deed="expire"))
        return None
    bill = bill_of(exchange, attempt)
    finishing.ledger.resolve(
        Resolution(
            hold_id=attempt.held.id,
            deed="settle",
            usd=(bill.input_cost or 0) + (bill.output_cost or 0),
            tokens=bill.usage.total_tokens,
        )
    )
    return bill


def bill_of(exchange: Exchange, attempt: Attempt) -> Bill:
    """The provider's count, or ours when it gave none or nonsense: the bound of what was read, the bytes of what was said."""
    price = attempt.terms.price
    usage = exchange.tally.usage
    if usage is not None and usage.total_tokens > 0:
        try:
            costs = (None, None) if price is None else split_cost(usage, price)
        except ValueError:
            pass
        else:
            return Bill(
                usage=usage, input_cost=costs[0], output_cost=costs[1], status="unpriced" if price is None else "exact"
            )
    counted = Usage(input_tokens=attempt.input_bound, output_tokens=exchange.tally.output_bytes)
    costs = (None, None) if price is None else split_cost(counted, price)
    return Bill(
        usage=counted, input_cost=costs[0], output_cost=costs[1], status="unpriced" if price is None else "estimated"
    )


def _outcome(exchange: Exchange) -> str:
    """One word: `succeeded`, `client_left`, or the code of the error."""
    if exchange.has_left:
        return "client_left"
    error = exchange.error
    if error is None:
        return "succeeded"
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "client_left"
    return error.code if isinstance(error, TollhouseError) else "internal_error"


def _status(exchange: Exchange, outcome: str) -> int:
    """The status that was answered, or would have been."""
    if exchange.status is not None:
        return exchange.status
    if outcome == "succeeded":
        return 200
    if outcome == "client_left":
        return CLIENT_CLOSED
    return exchange.error.status if isinstance(exchange.error, TollhouseError) else 500


def _ending(exchange: Exchange, bill: Bill | None, now_s: float) -> Ending:
    attempt, error, outcome = exchange.attempt, exchange.error, _outcome(exchange)
    usage = bill.usage if bill else None
    candidate = attempt.candidate if attempt else None
    return Ending(
        status=_status(exchange, outcome),
        outcome=outcome,
        error_code=None if outcome == "succeeded" else outcome,
        error_message=_message(error),
        provider=candidate.provider.name if candidate else None,
        model=candidate.model if candidate else None,
        credential_id=candidate.key.id if candidate and candidate.key else None,
        finish_reason=exchange.tally.finish_reason,
        input_tokens=usage.input_tokens if usage else None,
        input_cached_tokens=usage.input_cached_tokens if usage else None,
        input_cache_write_tokens=usage.input_cache_write_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        output_reasoning_tokens=usage.output_reasoning_tokens if usage else None,
        input_cost=bill.input_cost if bill else None,
        output_cost=bill.output_cost if bill else None,
        cost_status=bill.status if bill else None,
        attempts=len(exchange.attempts),
        attempt_log=_attempt_log(exchange) if len(exchange.attempts) > 1 or error is not None else None,
        response_time_us=int((now_s - exchange.began_s) * 1e6),
        first_token_us=None if exchange.first_s is None else int((exchange.first_s - exchange.began_s) * 1e6),
        upstream_us=int((exchange.upstream_s + _streaming_s(exchange, now_s)) * 1e6),
    )


def _streaming_s(exchange: Exchange, now_s: float) -> float:
    """Once a stream flows, its pace is the provider's."""
    return now_s - exchange.first_s if exchange.stream and exchange.first_s is not None else 0.0


def _message(error: BaseException | None) -> str | None:
    if isinstance(error, UpstreamError) and error.provider_message:
        return (
            f"{error.message} ({error.provider_message})"
            if error.provider_message not in error.message
            else error.message
        )
    return error.message if isinstance(error, TollhouseError) else None


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
            }
            for attempt in exchange.attempts
        ]
    ).decode()


def _bodies(exchange: Exchange, most: int) -> tuple[str, str, str, int]:
    asked = exchange.body[:most].decode(errors="replace")
    said = b"".join(exchange.said)[:most].decode(errors="replace")
    return exchange.id, asked, said, len(asked) + len(said)
