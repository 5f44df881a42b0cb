"""OpenRouter: OpenAI's dialect in front of other vendors. It keeps silent streams alive with comments.

It always counts, whether asked by `stream_options`, by its own `usage: {"include": true}`, or not at all (its page
"Usage Accounting", 2026-11-22). The `cost` it tells in its credits is the caller's to see; the ledger charges by the
price that was set aside for.
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Fields, Provider, template_tokens


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    """Everybody may see the list of models; whether a key is good, only `/key` tells."""
    return b"/key" if target == b"/models" else target


PROVIDER = Provider(
    name="openrouter",
    dialect=openai_chat,
    base_url="https://openrouter.ai/api/v1",
    docs_url="https://openrouter.ai/docs",
    env="OPENROUTER_API_KEY",
    target=_target,
    priced_as="openrouter",
    hidden_tokens=template_tokens,
)
