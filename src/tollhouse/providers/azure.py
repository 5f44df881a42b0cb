"""Azure OpenAI: OpenAI's dialect, at the address of one's own resource. A model is named as its deployment is.

Two surfaces: v1, and the older one with an `api-version`, where the deployment stands in the path. A credential that
tells an `api_version` speaks the older (Microsoft Learn, "Azure OpenAI in Microsoft Foundry Models v1 API",
2026-11-22). The first chunk of a stream may be `prompt_filter_results` without a choice.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.errors import InvalidRequest
from tollhouse.providers.base import STRICT, Field, Fields, Headers, Provider, template_tokens

_API_VERSION: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?")


def _address(base_url: str, fields: Fields) -> str:
    """The surface of a resource; of its address, what is pasted beyond the host is left out."""
    endpoint = fields.get("endpoint", base_url).rstrip("/").removesuffix("/v1").removesuffix("/openai")
    if not endpoint:
        raise InvalidRequest(
            "Azure needs the `endpoint` of your resource, such as https://NAME.openai.azure.com.",
            param="fields.endpoint",
        )
    if "api_version" not in fields:
        return f"{endpoint}/openai/v1"
    if not _API_VERSION.fullmatch(fields["api_version"]):
        raise InvalidRequest("An `api_version` is a date such as 2024-10-21.", param="fields.api_version")
    return f"{endpoint}/openai"


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    """On the older surface: below the deployment, when there is a model, and with the version."""
    if "api_version" not in fields:
        return target
    if model in (".", ".."):
        raise InvalidRequest("No deployment is named so.", param="model")
    deployment = f"/deployments/{quote(model, safe='')}" if model else ""
    return deployment.encode() + target + b"?api-version=" + fields["api_version"].encode()


def _authorize(api_key: str, fields: Fields) -> Headers:
    return ((b"api-key", api_key.encode()),)


PROVIDER = Provider(
    name="azure",
    dialect=openai_chat,
    also=(openai_embeddings,),
    lacks=STRICT,
    base_url="",
    docs_url="https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle",
    env="AZURE_OPENAI_API_KEY",
    fields={
        "endpoint": Field("the address of the resource: https://NAME.openai.azure.com", env="AZURE_OPENAI_ENDPOINT"),
        "api_version": Field("a date, for the older surface only", env="OPENAI_API_VERSION"),
    },
    authorize=_authorize,
    address=_address,
    hosts=(".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"),
    target=_target,
    priced_as="azure",
    tokenizer="openai",
    hidden_tokens=template_tokens,
)
