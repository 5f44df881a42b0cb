"""Mistral: OpenAI's dialect, strictly. What it thinks comes as parts of the content, and usage with the last chunk."""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.providers.base import STRICT, Provider, template_tokens
from tollhouse.providers.wording import rename_cap

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MESSAGES: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_CALLS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_FIT: Final = re.compile("[A-Za-z0-9]{9}")


def _reword(body: bytes) -> bytes:
    """Without what Mistral answers with 422, "Extra inputs are not permitted": `stream_options`, the newer cap, `seed`.

    Nothing is lost: it always counts, and it knows the cap as `max_tokens` and the seed as `random_seed`. Calls that
    others have made get ids that it takes.
    """
    fields = rename_cap(_FIELDS.decode(body))
    fields.pop("stream_options", None)
    if "seed" in fields:
        fields.setdefault("random_seed", fields.pop("seed"))
    if b'"tool_call' in body:
        fields["messages"] = _with_fit_ids(fields["messages"])
    return msgspec.json.encode(fields)


def _with_fit_ids(raw: msgspec.Raw) -> msgspec.Raw:
    """The messages, with ids of nine letters and digits for calls and their answers: it refuses all others."""
    messages = _MESSAGES.decode(raw)
    for message in messages:
        if "tool_call_id" in message:
            message["tool_call_id"] = _fit_id(message["tool_call_id"])
        if "tool_calls" in message:
            message["tool_calls"] = _with_fit_names(message["tool_calls"])
    return msgspec.Raw(msgspec.json.encode(messages))


def _with_fit_names(raw: msgspec.Raw) -> msgspec.Raw:
    """The calls of one message; as they came when they are none, about which Mistral says more than we could."""
    try:
        calls = _CALLS.decode(raw)
    except msgspec.ValidationError:
        return raw
    named = [call | {"id": _fit_id(call["id"])} if "id" in call else call for call in calls]
    return msgspec.Raw(msgspec.json.encode(named))


def _fit_id(raw: msgspec.Raw) -> msgspec.Raw:
    """The id, or nine hexadecimal digits that stand for it: 36 bits, so that two of a conversation do not meet."""
    told = msgspec.json.decode(raw)
    if not isinstance(told, str) or _FIT.fullmatch(told):
        return raw
    return msgspec.Raw(b'"%b"' % hashlib.sha256(told.encode()).hexdigest()[:9].encode())


# https://docs.mistral.ai/api/endpoint/chat, 2026-11-22; the refusals as reported in openai/openai-agents-python #442
# and anomalyco/opencode #1680. What it lacks: its client for Python (mistralai/client-python, `ChatCompletionRequest`
# and `UserMessage`, read 2026-11-30) has no such fields, and of files it takes ids only. Embeddings:
# /endpoint/embeddings, 2026-11-30; the size of their vectors it knows as `output_dimension`, and refuses OpenAI's
# `dimensions` with 400. Its moderations are of another shape.
PROVIDER = Provider(
    name="mistral",
    dialect=openai_chat,
    also=(openai_embeddings,),
    lacks={
        **STRICT,
        "verbosity": "lossy",
        "name": "lossy",
        "user": "lossy",
        "logprobs": "refused",
        "file_data": "refused",
    },
    base_url="https://api.mistral.ai/v1",
    docs_url="https://docs.mistral.ai",
    env="MISTRAL_API_KEY",
    reword=_reword,
    priced_as="mistral",
    hidden_tokens=template_tokens,
)
