"""OpenRouter: OpenAI's dialects in front of other vendors. It keeps silent streams alive with comments.

It takes Anthropic's Messages too (its page "Claude Code", 2026-11-30), but whether it tells there what it charges is
not known: they are translated.

It always counts, whether asked by `stream_options`, by its own `usage: {"include": true}`, or not at all, and tells
what it charges in its credits, which are dollars (its page "Usage Accounting", 2026-11-22). That is what the ledger
posts: which vendor served, at what price, only OpenRouter knows. What is set aside follows its published price, which
is why a request may not name further models (its page "Model Fallbacks", 2026-11-30), nor let it search or read files
for a fee (its pages "Plugins" and "Server Tools", 2026-11-30). Embeddings are as OpenAI's (its
page "Submit an embedding request", 2026-11-30).
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_embeddings, openai_responses
from tollhouse.providers.base import WHOLE_CONTEXT_TOKENS, Fields, Provider, template_tokens


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    """Everybody may see the list of models; whether a key is good, only `/key` tells."""
    return b"/key" if target == b"/models" else target


def _hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """Any of the vendors behind it: the most is xAI's, recorded at 687 tokens from 208 bytes (Grok 4, October 2025)."""
    return min(1024 + template_tokens(has_tools, tool_types), WHOLE_CONTEXT_TOKENS)


PROVIDER = Provider(
    name="openrouter",
    dialect=openai_chat,
    also=(openai_responses, openai_embeddings),
    base_url="https://openrouter.ai/api/v1",
    docs_url="https://openrouter.ai/docs",
    env="OPENROUTER_API_KEY",
    target=_target,
    unheld={
        "models": "Let a route name them instead.",
        "plugins": "Leave it out.",
        "web_search_options": "Leave it out.",
    },
    unheld_tools="openrouter:",
    priced_as="openrouter",
    tells_cost=True,
    hidden_tokens=_hidden_tokens,
)
