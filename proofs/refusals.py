"""Nobody is refused who could be served: what a refusal says, and what it says could be afforded, is true."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from proofs.clients import Told, exchange, request
from proofs.installation import Gateway, Site, Spender

TOO_MANY_TOKENS = 16_384
"""More than anyone but the rich can pay for."""


async def false_refusals(gateway: Gateway, site: Site, told: Told) -> int:
    """How many calls were refused that could have been afforded.

    Those of the time of trouble are judged by their own figures; and of the one who has plenty none may be there. Then,
    in peace, everybody asks for too much, and next for exactly what the refusal says could be afforded.
    """
    rich, *poor = site.spenders
    found = sum(_is_false(error, rich) for error in told.refusals)
    for spender in poor:
        refusal = await _refusal(gateway, spender, TOO_MANY_TOKENS)
        affordable = refusal.get("affordable_max_tokens", 0) if refusal else 0
        if affordable:
            found += await _refusal(gateway, spender, affordable) is not None
    return found


def _is_false(error: dict[str, Any], rich: Spender) -> bool:
    return error["budget"] == rich.budget or Decimal(error["needed"]) <= Decimal(error["available"])


async def _refusal(gateway: Gateway, spender: Spender, max_tokens: int) -> dict[str, Any] | None:
    """The error of a call that was refused for lack of money; None when it was answered."""
    said = await exchange(gateway.port, request("in-peace", spender.token, stream=False, max_tokens=max_tokens))
    head, _, body = said.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 200"):
        return None
    error: dict[str, Any] = json.loads(body)["error"]
    if error["type"] != "insufficient_quota":
        raise RuntimeError(f"in peace, a call failed otherwise: {error['message']}")
    return error
