"""What a vendor says that a call costs, in US dollars, beside the tokens it counts.

OpenRouter tells it in its credits, which are dollars (its page "Usage Accounting"; with a key of the caller's own the
vendor behind it bills that part by itself), Perplexity in parts and their sum (recorded), xAI in ticks, of which a
dollar has 10^10 (its page "Cost Tracking"); all read 2026-11-30.
"""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Final

import msgspec
from msgspec import Raw

from tollhouse.dialects.json_body import NULL, is_null

MAX_USD: Final = 10_000
"""No call costs more; a larger amount is nonsense."""

TICKS: Final = Decimal(10) ** 10
"""Of a dollar."""


class TellsCost(msgspec.Struct):
    """The fields that vendors add to a usage; undecoded, so that nonsense in one of them leaves the tokens readable."""

    cost: Raw = NULL
    cost_details: Raw = NULL
    is_byok: Raw = NULL
    cost_in_usd_ticks: Raw = NULL


class _Sum(msgspec.Struct):
    total_cost: Decimal | None = None


class _Details(msgspec.Struct):
    upstream_inference_cost: Decimal | None = None


_NUMBER = msgspec.json.Decoder(Decimal | None)
_SUM = msgspec.json.Decoder(_Sum)
_DETAILS = msgspec.json.Decoder(_Details | None)


def read_told_cost(said: TellsCost) -> Decimal | None:
    """What the call costs; None when the vendor does not tell, or tells what cannot be true."""
    try:
        usd = _read(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, DecimalException):
        return None
    return usd if usd is not None and usd.is_finite() and 0 <= usd <= MAX_USD else None


def _read(said: TellsCost) -> Decimal | None:
    if not is_null(said.cost_in_usd_ticks):
        ticks = _NUMBER.decode(said.cost_in_usd_ticks)
        return None if ticks is None else ticks / TICKS
    if is_null(said.cost):
        return None
    if memoryview(said.cost)[0] == ord("{"):
        whole: _Sum = _SUM.decode(said.cost)
        return whole.total_cost
    usd: Decimal | None = _NUMBER.decode(said.cost)
    if usd is None or bytes(said.is_byok) != b"true":
        return usd
    details: _Details | None = _DETAILS.decode(said.cost_details)
    return None if details is None or details.upstream_inference_cost is None else usd + details.upstream_inference_cost
