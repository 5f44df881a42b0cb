"""The official OpenAI SDK, as its users have it, in front of a gateway."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
from pydantic import BaseModel, TypeAdapter

from gateways import CONTEXT, Gateway


def sdk_of(gateway: Gateway, **options: Any) -> openai.AsyncOpenAI:
    """A client with the caller's token."""
    plain = httpx2.AsyncClient(verify=CONTEXT, trust_env=False)
    return openai.AsyncOpenAI(api_key=gateway.person.token, base_url=f"{gateway.url}/v1", http_client=plain, **options)


def assert_exact(said: BaseModel) -> None:
    """It is of its type without a conversion, and holds nothing that the SDK does not know."""
    kind = type(said)
    TypeAdapter(kind).validate_json(said.to_json(), strict=True)  # type: ignore[attr-defined]  # of the SDK's own models
    assert not said.model_extra
