"""vLLM on this machine: OpenAI's dialects of chat and of embeddings, no bill, and a key only if the server has one."""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.providers.base import Provider, template_tokens

PROVIDER = Provider(
    name="vllm",
    dialect=openai_chat,
    also=(openai_embeddings,),
    base_url="http://127.0.0.1:8000/v1",
    docs_url="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    needs_key=False,
    allow_private_address=True,
    free=True,
    hidden_tokens=template_tokens,
)
