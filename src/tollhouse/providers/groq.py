"""Groq: OpenAI's dialect. While it streams it counts in `x_groq.usage`, unasked; it serves by `service_tier`.

Its compound models search and run code by themselves, and count what every model among them has read.
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import STRICT, Provider, template_tokens

# https://console.groq.com/docs/api-reference, 2026-11-22.
PROVIDER = Provider(
    name="groq",
    dialect=openai_chat,
    lacks=STRICT,
    base_url="https://api.groq.com/openai/v1",
    docs_url="https://console.groq.com/docs",
    env="GROQ_API_KEY",
    priced_as="groq",
    hidden_tokens=template_tokens,
    reads_unasked=frozenset(("compound-beta", "compound-beta-mini", "groq/compound", "groq/compound-mini")),
)
