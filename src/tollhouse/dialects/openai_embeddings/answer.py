"""The vectors as a provider answers with them, looked at or written."""

from __future__ import annotations

import base64
import re
import struct
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat
from tollhouse.dialects.glance import AnswerGlance
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.openai_errors import read_failure, unreadable
from tollhouse.dialects.texts import Encoding, Texts, Vectors
from tollhouse.dialects.told_cost import TellsCost, read_told_cost

MAX_TOKENS: Final = 2**31 - 1
"""No call reads more; a larger count is nonsense."""

Count: TypeAlias = int | float | None


class _Usage(TellsCost):
    prompt_tokens: Count = None
    total_tokens: Count = None


class _Answer(msgspec.Struct):
    model: str | None = None
    data: Raw = NULL
    usage: Raw = NULL
    error: Raw = NULL


_SOMETHING = re.compile(rb"\[\s*\{")
"""How a list begins that is not empty."""

_ANSWER = msgspec.json.Decoder(_Answer)
_USAGE = msgspec.json.Decoder(_Usage | None)
_FLOATS = msgspec.json.Decoder(list[float])


def glance_answer(body: bytes) -> AnswerGlance:
    """Look at an answer without reading its vectors.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or without a vector.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    failed = None if is_null(answer.error) else read_failure(answer.error)
    if failed is None and not _SOMETHING.match(answer.data):
        raise unreadable()
    return AnswerGlance(
        id="",
        model=answer.model or "",
        usage=read_usage(answer.usage),
        finish_reasons=(),
        output_bytes=0,
        failed=failed,
    )


def read_usage(said: Raw) -> chat.Usage | None:
    """The provider's count, or None when there is none, or one that cannot be true.

    Nothing is made, so that all it counts was read; some tell only the sum (Voyage).
    """
    try:
        usage = _USAGE.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    counts = [count for count in (usage.prompt_tokens, usage.total_tokens) if count is not None] if usage else []
    if usage is None or not counts or any(count != int(count) or not 0 <= count <= MAX_TOKENS for count in counts):
        return None
    return chat.Usage(input_tokens=int(max(counts)), output_tokens=0, told_usd=read_told_cost(usage))


def write_answer(answer: Vectors, asked: Texts) -> bytes:
    """The answer as a body. Raises UpstreamIncomplete for a vector that is none."""
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, asked.encoding)}
        for index, vector in enumerate(answer.vectors)
    ]
    wire: dict[str, Any] = {"object": "list", "data": data, "model": answer.model or asked.model}
    if answer.usage is not None:
        read = answer.usage.input_tokens
        wire["usage"] = {"prompt_tokens": read, "total_tokens": read}
    return msgspec.json.encode(wire)


def _encoded(vector: Raw, encoding: Encoding) -> Raw | str:
    try:
        numbers = _FLOATS.decode(vector)
        return vector if encoding == "float" else base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError):
        raise unreadable() from None
