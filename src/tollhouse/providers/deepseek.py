"""DeepSeek: OpenAI's dialect, with thinking in `reasoning_content` and cached input in `prompt_cache_hit_tokens`.

It speaks Anthropic's Messages too, below `/anthropic` and with the key where Anthropic has it, and OpenAI's Responses.
"""

from __future__ import annotations

from tollhouse.dialects import anthropic_messages, openai_chat, openai_responses
from tollhouse.providers.base import Fields, Headers, Provider, bearer, template_tokens
from tollhouse.providers.wording import capped_by_max_tokens


def _authorize(api_key: str, fields: Fields) -> Headers:
    return (*bearer(api_key, fields), (b"x-api-key", api_key.encode()))


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    return b"/anthropic/v1" + target if target == anthropic_messages.target(model, stream=False) else target


# https://api-docs.deepseek.com/api/create-chat-completion, 2026-11-22. Messages: /guides/anthropic_api, 2026-11-30;
# Responses: recorded.
PROVIDER = Provider(
    name="deepseek",
    dialect=openai_chat,
    also=(anthropic_messages, openai_responses),
    base_url="https://api.deepseek.com",
    docs_url="https://api-docs.deepseek.com",
    env="DEEPSEEK_API_KEY",
    authorize=_authorize,
    target=_target,
    reword=capped_by_max_tokens,
    priced_as="deepseek",
    hidden_tokens=template_tokens,
)
