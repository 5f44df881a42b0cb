"""DeepSeek: OpenAI's dialect, with thinking in `reasoning_content` and cached input in `prompt_cache_hit_tokens`."""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider, template_tokens
from tollhouse.providers.wording import capped_by_max_tokens

# https://api-docs.deepseek.com/api/create-chat-completion, 2026-11-22.
PROVIDER = Provider(
    name="deepseek",
    dialect=openai_chat,
    base_url="https://api.deepseek.com",
    docs_url="https://api-docs.deepseek.com",
    env="DEEPSEEK_API_KEY",
    reword=capped_by_max_tokens,
    priced_as="deepseek",
    hidden_tokens=template_tokens,
)
