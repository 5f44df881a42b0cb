"""Who of the candidates is asked now, and who after them?"""

from __future__ import annotations

from collections.abc import Sequence

from tollhouse.gateway.calling import Calling
from tollhouse.gateway.route import Candidate


def choose(candidates: Sequence[Candidate], calling: Calling) -> list[Candidate]:
    """Those who may be asked now, best first.

    Raises:
        UpstreamError: all of them have failed too often, or asked for a pause; it tells when one may be asked again.
    """
    left = admitted(candidates, calling)
    if not left:
        raise calling.standing.breaker.refusal([one.way for one in candidates], calling.clock.monotonic())
    return left


def admitted(candidates: Sequence[Candidate], calling: Calling) -> list[Candidate]:
    """Those who may be asked now, in the order given; last those whose credential was rejected a moment ago."""
    breaker, keys = calling.standing.breaker, calling.keys
    left = list(candidates)
    if breaker.circuits or keys.rejected:
        now_s = calling.clock.monotonic()
        left = [one for one in left if not breaker.wait_s(one.way, now_s)]
        left.sort(key=lambda one: one.key is not None and keys.is_rejected(one.key, now_s))
    return left
