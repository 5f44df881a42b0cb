"""Perplexity: OpenAI's dialect over a search of the web, with `citations` and `search_results` beside the choices.

A call costs its tokens and a fee for the search, by how much of the web it reads. The published price, by which money
is set aside, has the highest fee; the answer tells what it was. What the search finds is not counted as input, except
by deep research, which for that has no price here.
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Fields, Provider, template_tokens
from tollhouse.providers.wording import capped_by_max_tokens


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    """Answers have no version in their address, the list of models has one."""
    return b"/v1/models" if target == b"/models" else target


# https://docs.perplexity.ai/getting-started/pricing, 2026-11-22.
PROVIDER = Provider(
    name="perplexity",
    dialect=openai_chat,
    base_url="https://api.perplexity.ai",
    docs_url="https://docs.perplexity.ai",
    env="PERPLEXITY_API_KEY",
    target=_target,
    reword=capped_by_max_tokens,
    priced_as="perplexity",
    tells_cost=True,
    hidden_tokens=template_tokens,
)
