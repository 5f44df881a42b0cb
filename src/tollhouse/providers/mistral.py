"""Mistral: OpenAI's dialect, strictly. What it thinks comes as parts of the content, and usage with the last chunk."""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.dialects import openai_chat
from tollhouse.providers.base import STRICT, Provider, template_tokens
from tollhouse.providers.wording import rename_cap

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _reword(body: bytes) -> bytes:
    """Without what Mistral answers with 422, "Extra inputs are not permitted": `stream_options`, the newer cap.

    Nothing is lost: it always counts, and it knows the cap as `max_tokens`.
    """
    fields = rename_cap(_FIELDS.decode(body))
    fields.pop("stream_options", None)
    return msgspec.json.encode(fields)


# https://docs.mistral.ai/api/endpoint/chat, 2026-11-22; the refusals as reported in openai/openai-agents-python #442.
PROVIDER = Provider(
    name="mistral",
    dialect=openai_chat,
    lacks=STRICT,
    base_url="https://api.mistral.ai/v1",
    docs_url="https://docs.mistral.ai",
    env="MISTRAL_API_KEY",
    reword=_reword,
    priced_as="mistral",
    hidden_tokens=template_tokens,
)
