"""Who of the candidates is asked now, and who after them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tollhouse.dialects.chat import Usage
from tollhouse.errors import UpstreamError
from tollhouse.gateway import order, paused
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.route import Candidate
from tollhouse.money.prices import cost_of
from tollhouse.upstream.pace import Served

EXPECTED_OUTPUT_TOKENS: Final = 500
"""What an answer is taken to have, when its cap is not lower: only to compare prices by."""


async def choose(exchange: Exchange, candidates: Sequence[Candidate], calling: Calling) -> list[Candidate]:
    """Those who may be asked now, best first.

    Raises:
        UpstreamError: all of them are paused, or have failed too often; it tells when one may be asked again.
        Unavailable: a price could not be looked up.
    """
    left = admitted(candidates, calling)
    if not left:
        raise _refusal(candidates, calling)
    if left[0].strategy == "fallback":
        return left
    return await ordered(left, expected(exchange), exchange.stream, calling, calling.chance())


def admitted(candidates: Sequence[Candidate], calling: Calling) -> list[Candidate]:
    """Those who may be asked now, in the order given; behind the others who asked for a pause, and whose credential was
    rejected a moment ago."""
    breaker, resting = calling.standing.breaker, calling.standing.paused
    left = [one for one in candidates if one.provider.name not in resting] if resting else list(candidates)
    if breaker.circuits or calling.keys.rejected:
        now_s = calling.clock.monotonic()
        left = [one for one in left if not breaker.wait_s(one.way, now_s)]
        left.sort(key=lambda one: _comes_last(one, calling, now_s))
    return left


async def ordered(
    candidates: Sequence[Candidate], usage: Usage, stream: bool, calling: Calling, chance: float
) -> list[Candidate]:
    """The same, in front the model that their route's strategy prefers, with all its credentials.

    Args:
        usage: what the answer is expected to use.
        chance: 0 to 1, for who is chosen by weight, or found out about.
    """
    pace, now_s = calling.standing.pace, calling.clock.monotonic()
    sound = [one for one in candidates if not _comes_last(one, calling, now_s)] or candidates
    models = one_of_each(sound)
    match models[0].strategy:
        case "weighted":
            place = order.weighted([one.weight for one in models], chance)
        case "cheapest":
            place = order.cheapest([await cost(one, usage, calling) for one in models])
        case "fastest" if pace is not None:
            heard = [pace.heard(one.served, stream) for one in models]
            place = order.fastest(heard, now_s, chance)
        case "least_busy" if pace is not None:
            place = order.least_busy([pace.calls(one.served) for one in models])
        case _:
            place = 0
    first = models[place].served
    return sorted(candidates, key=lambda one: one.served != first)


def one_of_each(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first candidate of each model: with another credential it is no other choice."""
    first: dict[Served, Candidate] = {}
    for one in candidates:
        first.setdefault(one.served, one)
    return list(first.values())


async def cost(candidate: Candidate, usage: Usage, calling: Calling) -> int | None:
    """What an answer that uses so much would cost of a candidate, in nanodollars; None when that is unknown."""
    provider, model = candidate.provider, candidate.model
    terms = calling.pricebook.known(provider, model) or await calling.pricebook.terms(provider, model)
    return None if terms.price is None else cost_of(usage, terms.price)


def expected(exchange: Exchange) -> Usage:
    """What the answer will probably use."""
    cap = exchange.glance.max_output_tokens
    output = EXPECTED_OUTPUT_TOKENS if cap is None else min(cap, EXPECTED_OUTPUT_TOKENS)
    return Usage(input_tokens=len(exchange.body) // 4, output_tokens=output * exchange.glance.n)


def _refusal(candidates: Sequence[Candidate], calling: Calling) -> UpstreamError:
    """Why nobody may be asked; who has failed may be asked again before who is paused."""
    resting = calling.standing.paused
    failing = [one.way for one in candidates if one.provider.name not in resting]
    if not failing:
        return paused.refusal(candidates, resting)
    return calling.standing.breaker.refusal(failing, calling.clock.monotonic())


def _comes_last(candidate: Candidate, calling: Calling, now_s: float) -> bool:
    is_rejected = candidate.key is not None and calling.keys.is_rejected(candidate.key, now_s)
    return is_rejected or calling.standing.breaker.is_limited(candidate.way, now_s)
