"""Fireworks: OpenAI's dialect; its models are named `accounts/fireworks/models/…`."""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.providers.base import Provider, template_tokens

# https://docs.fireworks.ai/api-reference/post-chatcompletions, 2026-11-22;
# /api-reference/creates-an-embedding-vector-representing-the-input-text, 2026-11-30.
PROVIDER = Provider(
    name="fireworks",
    dialect=openai_chat,
    also=(openai_embeddings,),
    base_url="https://api.fireworks.ai/inference/v1",
    docs_url="https://docs.fireworks.ai",
    env="FIREWORKS_API_KEY",
    priced_as="fireworks",
    hidden_tokens=template_tokens,
)
