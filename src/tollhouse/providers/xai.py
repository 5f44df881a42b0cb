"""xAI: OpenAI's dialects. In a chat completion it counts thinking beside `completion_tokens`: `total_tokens` has both.

Every answer tells exactly what it is billed for, tools included (its page "Cost Tracking", 2026-11-30).
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_responses
from tollhouse.providers.base import WHOLE_CONTEXT_TOKENS, Provider, template_tokens


def _hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """Grok 4 begins with words of its own: recorded, 687 tokens from 208 bytes (by OpenRouter, in October 2025)."""
    return min(1024 + template_tokens(has_tools, tool_types), WHOLE_CONTEXT_TOKENS)


# https://docs.x.ai/docs/api-reference, 2026-11-22. Responses are recorded; Anthropic's dialect, which it once spoke, is
# among its "Legacy & Deprecated", 2026-11-30.
PROVIDER = Provider(
    name="xai",
    dialect=openai_chat,
    also=(openai_responses,),
    base_url="https://api.x.ai/v1",
    docs_url="https://docs.x.ai",
    env="XAI_API_KEY",
    priced_as="x-ai",
    tells_cost=True,
    hidden_tokens=_hidden_tokens,
)
