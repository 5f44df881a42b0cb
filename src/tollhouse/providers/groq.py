"""Groq: OpenAI's dialect. While it streams it counts in `x_groq.usage`, unasked; it serves by `service_tier`.

It speaks OpenAI's Responses too. What it refuses with 400 it is not told: earlier thinking ("property
'reasoning_content' is unsupported": janhq/jan #8136, NousResearch/hermes-agent #11089, both of 2026), names of
speakers, log probabilities and more than one choice (its page "OpenAI Compatibility", 2026-11-30).

Its compound models search and run code by themselves, and count what every model among them has read.
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_responses
from tollhouse.providers.base import STRICT, Provider, template_tokens

# https://console.groq.com/docs/api-reference, 2026-11-22.
PROVIDER = Provider(
    name="groq",
    dialect=openai_chat,
    also=(openai_responses,),
    lacks={**STRICT, "verbosity": "lossy", "name": "lossy", "logprobs": "refused", "n": "refused"},
    base_url="https://api.groq.com/openai/v1",
    docs_url="https://console.groq.com/docs",
    env="GROQ_API_KEY",
    priced_as="groq",
    hidden_tokens=template_tokens,
    reads_unasked=frozenset(("compound-beta", "compound-beta-mini", "groq/compound", "groq/compound-mini")),
)
