"""Z.ai, who makes GLM: OpenAI's dialect, with thinking in `reasoning_content`."""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.errors import InvalidRequest
from tollhouse.providers.base import Field, Fields, Provider, template_tokens
from tollhouse.providers.wording import capped_by_max_tokens


def _address(base_url: str, fields: Fields) -> str:
    """Keys of the coding plan are taken at an address of their own."""
    plan = fields.get("plan")
    if plan not in (None, "coding"):
        raise InvalidRequest("Z.ai's `plan` is `coding`, or not told.", param="fields.plan")
    return base_url.replace("/api/paas/", "/api/coding/paas/") if plan else base_url


# https://docs.z.ai/guides/develop/http/introduction, 2026-11-22.
PROVIDER = Provider(
    name="zai",
    dialect=openai_chat,
    base_url="https://api.z.ai/api/paas/v4",
    docs_url="https://docs.z.ai",
    env="ZAI_API_KEY",
    fields={"plan": Field("`coding` when the key is one of the coding plan")},
    address=_address,
    reword=capped_by_max_tokens,
    priced_as="zai",
    hidden_tokens=template_tokens,
)
