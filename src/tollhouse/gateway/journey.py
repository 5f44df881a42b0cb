"""What goes along with a request's row for its trace: whom it asked, and when. Pure."""

from __future__ import annotations

from tollhouse.gateway.exchange import Attempt, Exchange
from tollhouse.telemetry import Journey, Tried


def journey_of(exchange: Exchange, now_s: float) -> Journey:
    """The attempts of a request that ends now, each with its outcome, and the trace that it belongs to."""
    return Journey(
        traceparent=exchange.traceparent, attempts=tuple(_tried(it, exchange, now_s) for it in exchange.attempts)
    )


def _tried(attempt: Attempt, exchange: Exchange, now_s: float) -> Tried:
    candidate = attempt.candidate
    speaks = exchange.first_s is not None and attempt is exchange.attempt
    return Tried(
        number=attempt.number,
        provider=candidate.provider.name,
        model=candidate.model,
        outcome=attempt.outcome or "internal_error",
        provider_status=attempt.provider_status,
        began_us=_us(attempt.began_s, exchange),
        first_us=_us(attempt.heard_s, exchange) if speaks else None,
        ended_us=_us(now_s if speaks else attempt.heard_s, exchange),
    )


def _us(at_s: float, exchange: Exchange) -> int:
    return int((at_s - exchange.began_s) * 1e6)
