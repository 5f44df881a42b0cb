"""OpenAI."""

from __future__ import annotations

from typing import Final

from tollhouse.dialects import openai_chat, openai_embeddings, openai_moderations, openai_responses
from tollhouse.providers.base import (
    CALLED_BY_US,
    STRICT,
    WHOLE_CONTEXT_TOKENS,
    Field,
    Fields,
    Headers,
    Limits,
    Provider,
    bearer,
)

# Models and their windows: https://developers.openai.com/api/docs/models, 2026-11-22.
_SERIES: Final = {
    Limits(1_050_000, 128_000): """
        gpt-6.2-astra gpt-6.2-sol gpt-6.1-sol gpt-6.1-terra gpt-6-astra gpt-6-sol gpt-6-luna
        gpt-5.6 gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5 gpt-5.5-2026-04-23 gpt-5.5-pro
        gpt-5.4 gpt-5.4-2026-03-05 gpt-5.4-pro""",
    Limits(1_047_576, 32_768): """
        gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4.1-nano gpt-4.1-nano-2025-04-14""",
    Limits(400_000, 272_000): "gpt-5-pro",
    Limits(400_000, 128_000): """
        gpt-5.4-mini gpt-5.4-mini-2026-03-17 gpt-5.4-nano gpt-5.4-nano-2026-03-17 gpt-5.3-codex
        gpt-5.2 gpt-5.2-2025-12-11 gpt-5.2-pro gpt-5.2-pro-2025-12-11 gpt-5.1 gpt-5.1-2025-11-13 gpt-5.1-codex
        gpt-5 gpt-5-2025-08-07 gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano gpt-5-nano-2025-08-07""",
    Limits(200_000, 100_000): """
        o4-mini o4-mini-2025-04-16 o3 o3-2025-04-16 o3-pro o3-mini o3-mini-2025-01-31 o1 o1-2024-12-17 o1-pro""",
    Limits(128_000, 16_384): """
        gpt-5.3-chat-latest gpt-5.2-chat-latest gpt-5.1-chat-latest gpt-5-chat-latest chatgpt-4o-latest
        gpt-4o gpt-4o-2024-11-20 gpt-4o-2024-08-06 gpt-4o-mini gpt-4o-mini-2024-07-18
        gpt-4o-search-preview gpt-4o-mini-search-preview
        gpt-audio gpt-audio-mini gpt-4o-audio-preview gpt-4o-mini-audio-preview""",
    Limits(128_000, 4_096): "gpt-4o-2024-05-13 gpt-4-turbo gpt-4-turbo-2024-04-09",
    Limits(16_385, 4_096): "gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-1106",
    Limits(8_192, 8_192): "gpt-4 gpt-4-0613",
    Limits(8_192): "text-embedding-3-small text-embedding-3-large text-embedding-ada-002",
    Limits(): "omni-moderation-latest omni-moderation-2024-09-26",
}


def _authorize(api_key: str, fields: Fields) -> Headers:
    """The key, and the organization and project that pay when the credential names them."""
    headers = bearer(api_key, fields)
    if "organization" in fields:
        headers += ((b"openai-organization", fields["organization"].encode()),)
    if "project" in fields:
        headers += ((b"openai-project", fields["project"].encode()),)
    return headers


def _hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """Of 115 recordings one counts more tokens than bytes, by 52; functions take fewer tokens than their JSON bytes."""
    if tool_types - CALLED_BY_US:
        return WHOLE_CONTEXT_TOKENS
    return 256 if has_tools else 64


PROVIDER = Provider(
    name="openai",
    dialect=openai_chat,
    also=(openai_responses, openai_embeddings, openai_moderations),
    counts=(openai_responses,),
    lacks=STRICT,
    base_url="https://api.openai.com/v1",
    docs_url="https://developers.openai.com/api/docs",
    env="OPENAI_API_KEY",
    fields={
        "organization": Field("the organization that pays", env="OPENAI_ORG_ID"),
        "project": Field("the project that pays", env="OPENAI_PROJECT_ID"),
    },
    authorize=_authorize,
    limits={model: limits for limits, models in _SERIES.items() for model in models.split()},
    priced_as="openai",
    # https://developers.openai.com/api/docs/guides/moderation, 2026-11-22.
    unbilled=(openai_moderations,),
    tokenizer="openai",
    hidden_tokens=_hidden_tokens,
)
