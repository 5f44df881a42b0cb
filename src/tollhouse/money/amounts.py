"""The nanodollar, and the only rounding.

Money is whole nanodollars (10^-9 US dollars); a price is whole femtodollars (10^-15) per token, which is the same
number as nanodollars per million tokens, so that every price published in dollars per million is exact. Nothing on
the way is a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, Context, Decimal, Inexact, InvalidOperation
from typing import Final, NewType

Nanodollars = NewType("Nanodollars", int)
FemtodollarsPerToken = NewType("FemtodollarsPerToken", int)

MAX_NANODOLLARS: Final = Nanodollars(2**63 - 1)
"""The most a BIGINT column holds, about 9.2 billion dollars."""

_NANO_PER_DOLLAR: Final = 10**9
_FEMTO_PER_NANO: Final = 10**6
_MAX_USD: Final = Decimal(MAX_NANODOLLARS) / _NANO_PER_DOLLAR
_PLAIN_DECIMAL: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_EXACT: Final = Context(prec=64, traps=[Inexact, InvalidOperation])
_UPWARD: Final = Context(prec=64, rounding=ROUND_CEILING)


def cost(parts: Iterable[tuple[int, int]]) -> Nanodollars:
    """What (tokens, price) pairs come to, rounded once and upward: `ceil(sum(tokens * price) / 10**6)`.

    Args:
        parts: token counts >= 0, each with its price in femtodollars per token >= 0.

    Raises:
        ValueError: more than `MAX_NANODOLLARS`; no such count of tokens is true.

    >>> cost([(19, 2_500_000_000), (10, 10_000_000_000)])
    147500
    """
    return rounded_up(sum(tokens * price for tokens, price in parts))


def rounded_up(femtodollars: int) -> Nanodollars:
    """The only rounding: to the next whole nanodollar. Raises ValueError as `cost` does."""
    nanodollars = -(-femtodollars // _FEMTO_PER_NANO)
    if nanodollars > MAX_NANODOLLARS:
        raise ValueError("the cost is above what an account can hold; the token counts cannot be true")
    return Nanodollars(nanodollars)


def whole_nanodollars(usd: Decimal) -> Nanodollars:
    """Somebody else's amount of dollars, however fine, rounded up like a cost of our own.

    Raises:
        ValueError: negative, not a number, or above `MAX_NANODOLLARS`.

    >>> whole_nanodollars(Decimal("0.0004970133333333333"))
    497014
    """
    if not usd.is_finite() or not 0 <= usd <= _MAX_USD:
        raise ValueError(f"{str(usd)[:40]!r} is not an amount between 0 and {_MAX_USD}")
    return Nanodollars(int(_UPWARD.multiply(usd, Decimal(_NANO_PER_DOLLAR)).to_integral_value(ROUND_CEILING)))


def nanodollars_from_usd(usd: str | Decimal) -> Nanodollars:
    """The exact amount of a plain decimal number of dollars.

    Raises:
        TypeError: a float, or anything else that is not a string or a Decimal.
        ValueError: not a plain decimal number, negative, finer than a nanodollar, or above `MAX_NANODOLLARS`.

    >>> nanodollars_from_usd("0.0001475")
    147500
    """
    return Nanodollars(_billionths(usd))


def price_from_usd_per_million(usd: str | Decimal) -> FemtodollarsPerToken:
    """The exact price of a plain decimal number of dollars per million tokens; raises as `nanodollars_from_usd` does.

    >>> price_from_usd_per_million("2.50")
    2500000000
    """
    return FemtodollarsPerToken(_billionths(usd))


def usd_text(amount: Nanodollars) -> str:
    """The amount in dollars, as JSON shows it: no exponent, no trailing zeros.

    >>> usd_text(Nanodollars(147_500)), usd_text(Nanodollars(0)), usd_text(Nanodollars(1_000_000_000))
    ('0.0001475', '0', '1')
    """
    if amount < 0:
        return f"-{usd_text(Nanodollars(-amount))}"
    dollars, rest = divmod(amount, _NANO_PER_DOLLAR)
    return f"{dollars}.{rest:09d}".rstrip("0") if rest else str(dollars)


def _billionths(value: str | Decimal) -> int:
    """`value` times 10^9, exact and within a BIGINT."""
    if isinstance(value, str):
        if not _PLAIN_DECIMAL.fullmatch(value):
            raise ValueError(f"{value[:40]!r} is not a plain decimal number such as 2.50")
    elif not isinstance(value, Decimal):
        raise TypeError(f"money is a string or a Decimal, not {type(value).__name__}: a float would be inexact")
    number = Decimal(value)
    if not number.is_finite() or not 0 <= number <= _MAX_USD:
        raise ValueError(f"{str(number)[:40]!r} is not an amount between 0 and {_MAX_USD}")
    try:
        return int(_EXACT.to_integral_exact(_EXACT.multiply(number, Decimal(_NANO_PER_DOLLAR))))
    except Inexact:
        raise ValueError(f"{str(number)[:40]!r} has more than nine decimals") from None
