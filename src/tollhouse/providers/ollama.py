"""Ollama on this machine: OpenAI's dialects of chat and of embeddings, no key, no bill."""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.providers.base import Provider, template_tokens

PROVIDER = Provider(
    name="ollama",
    dialect=openai_chat,
    also=(openai_embeddings,),
    base_url="http://127.0.0.1:11434/v1",
    docs_url="https://docs.ollama.com/api/openai-compatibility",
    needs_key=False,
    allow_private_address=True,
    free=True,
    hidden_tokens=template_tokens,
)
