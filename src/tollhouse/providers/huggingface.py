"""Hugging Face's router: OpenAI's dialect in front of other hosts, named behind the model: `org/model:host`.

The hosts keep their manners: those of Cerebras end their streams without `[DONE]`. Each has prices of its own, so that
a model has none here, unless the operator gives one.
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider, template_tokens
from tollhouse.providers.wording import capped_by_max_tokens

# https://huggingface.co/docs/inference-providers/tasks/chat-completion, 2026-11-22.
PROVIDER = Provider(
    name="huggingface",
    dialect=openai_chat,
    base_url="https://router.huggingface.co/v1",
    docs_url="https://huggingface.co/docs/inference-providers",
    env="HF_TOKEN",
    reword=capped_by_max_tokens,
    unsaid_end=b"data: [DONE]\n\n",
    hidden_tokens=template_tokens,
)
