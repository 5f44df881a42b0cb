"""Together: OpenAI's dialect. Some of its models end with the reason `eos`, and it counts the cache in the open."""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.providers.base import Provider, template_tokens
from tollhouse.providers.wording import capped_by_max_tokens

# https://docs.together.ai/docs/inference/openai-compatibility, 2026-11-22; /reference/embeddings, 2026-11-30.
PROVIDER = Provider(
    name="together",
    dialect=openai_chat,
    also=(openai_embeddings,),
    base_url="https://api.together.ai/v1",
    docs_url="https://docs.together.ai",
    env="TOGETHER_API_KEY",
    reword=capped_by_max_tokens,
    priced_as="together",
    hidden_tokens=template_tokens,
)
