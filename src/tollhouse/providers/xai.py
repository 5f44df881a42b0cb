"""xAI: OpenAI's dialect. It counts thinking beside `completion_tokens`, not within: `total_tokens` has both."""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider, template_tokens

# https://docs.x.ai/docs/api-reference, 2026-11-22.
PROVIDER = Provider(
    name="xai",
    dialect=openai_chat,
    base_url="https://api.x.ai/v1",
    docs_url="https://docs.x.ai",
    env="XAI_API_KEY",
    priced_as="x-ai",
    hidden_tokens=template_tokens,
)
