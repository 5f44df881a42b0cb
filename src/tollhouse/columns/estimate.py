"""What it would take to fill columns: tokens, and their price. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tollhouse.columns import content
from tollhouse.columns.field import Embedded, Field
from tollhouse.money.amounts import Nanodollars, cost, price_from_usd_per_million

BYTES_PER_TOKEN: Final = 4
UNTOLD_OUTPUT_TOKENS: Final = 300
"""What an answer is taken for that nothing bounds."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a model costs, in dollars per million tokens, as plain decimal numbers such as `"2.50"`."""

    input_usd_per_million: str
    output_usd_per_million: str = "0"

    def of(self, input_tokens: int, output_tokens: int) -> Nanodollars:
        """What so many tokens cost."""
        dear_in, dear_out = map(price_from_usd_per_million, (self.input_usd_per_million, self.output_usd_per_million))
        return cost([(input_tokens, dear_in), (output_tokens, dear_out)])


def tokens(field: Field, sources: content.Sources) -> tuple[int, int]:
    """How many tokens a column of a row takes, said and answered: an estimate, by the length of what is said."""
    if isinstance(field, Embedded):
        return _estimated(content.text_of(field, sources)), 0
    asked = content.question(field, sources)
    answered = field.max_tokens
    if answered is None:
        answered = UNTOLD_OUTPUT_TOKENS if field.max_chars is None else _in_tokens(field.max_chars)
    return _estimated(asked.prompt) + _estimated(asked.system or ""), answered


def _estimated(text: str) -> int:
    return _in_tokens(len(text.encode()))


def _in_tokens(size_bytes: int) -> int:
    return -(-size_bytes // BYTES_PER_TOKEN)
