"""Cerebras: OpenAI's dialect. Its streams may end after the usage, without `[DONE]`.

It refuses fields that it does not know with 400, `wrong_api_format`: earlier thinking as `reasoning_content` among them
(as reported of 2026 in QwenLM/qwen-code #11045 and Kilo-Org/kilocode #10375, read 2026-11-30).
"""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import STRICT, Provider, template_tokens

# https://inference-docs.cerebras.ai/api-reference/chat-completions, 2026-11-22. The end: recorded behind Hugging Face.
PROVIDER = Provider(
    name="cerebras",
    dialect=openai_chat,
    lacks={**STRICT, "verbosity": "lossy"},
    base_url="https://api.cerebras.ai/v1",
    docs_url="https://inference-docs.cerebras.ai",
    env="CEREBRAS_API_KEY",
    unsaid_end=b"data: [DONE]\n\n",
    priced_as="cerebras",
    hidden_tokens=template_tokens,
)
