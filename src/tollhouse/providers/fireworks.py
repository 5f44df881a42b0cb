"""Fireworks: OpenAI's dialect; its models are named `accounts/fireworks/models/…`."""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider, template_tokens

# https://docs.fireworks.ai/api-reference/post-chatcompletions, 2026-11-22.
PROVIDER = Provider(
    name="fireworks",
    dialect=openai_chat,
    base_url="https://api.fireworks.ai/inference/v1",
    docs_url="https://docs.fireworks.ai",
    env="FIREWORKS_API_KEY",
    priced_as="fireworks",
    hidden_tokens=template_tokens,
)
