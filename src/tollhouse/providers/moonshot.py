"""Moonshot, who makes Kimi: OpenAI's dialect, with thinking in `reasoning_content`."""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider, template_tokens

# https://platform.kimi.ai/docs/api/quickstart, 2026-11-22.
PROVIDER = Provider(
    name="moonshot",
    dialect=openai_chat,
    base_url="https://api.moonshot.ai/v1",
    docs_url="https://platform.kimi.ai/docs",
    env="MOONSHOT_API_KEY",
    priced_as="moonshotai",
    hidden_tokens=template_tokens,
)
