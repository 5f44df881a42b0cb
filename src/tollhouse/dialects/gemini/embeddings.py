"""Google's batchEmbedContents: texts in, vectors out.

Gemini API reference, v1beta, "Embeddings" (read 2026-11-30), and recordings. Nobody asks in this dialect: it is written
for clients of another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse.dialects.gemini.address import address_of
from tollhouse.dialects.gemini.errors import classify, read_error, read_failure, unreadable, write_error
from tollhouse.dialects.gemini.usage import read_usage
from tollhouse.dialects.glance import AnswerGlance
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.texts import Texts, Vectors
from tollhouse.errors import InvalidRequest

NAME: Final = "gemini_embeddings"
OPERATION: Final = "embeddings"


class _Embedding(msgspec.Struct):
    values: Raw


class _Answer(msgspec.Struct, rename="camel"):
    embeddings: list[_Embedding] = []
    usage_metadata: Raw = NULL
    error: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return address_of(model) + b":batchEmbedContents"


def losses(asked: Texts) -> tuple[str, ...]:
    """The fields that cannot be said here, and that the client can do without.

    Raises:
        InvalidRequest: a field that matters cannot be said; `param` names it.
    """
    if not all(isinstance(text, str) for text in asked.texts):
        raise InvalidRequest("`input`: the provider takes words, and not the numbers of tokens.", param="input")
    for name in asked.extra:
        raise InvalidRequest(f"`{name}` cannot be said to the provider of this model.", param=name)
    return () if asked.user is None else ("user",)


def write_request(asked: Texts) -> bytes:
    """The request as a body: every text is a request of its own in it."""
    name = address_of(asked.model).decode().removeprefix("/")
    more: Mapping[str, Any] = {} if asked.dimensions is None else {"outputDimensionality": asked.dimensions}
    requests = [{"model": name, "content": {"parts": [{"text": text}]}, **more} for text in asked.texts]
    return msgspec.json.encode({"requests": requests})


def read_answer(body: bytes) -> Vectors:
    """The vectors.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or without a vector.
    """
    answer = _read(body)
    if not answer.embeddings:
        raise unreadable()
    return Vectors(vectors=tuple([one.values for one in answer.embeddings]), usage=read_usage(answer.usage_metadata))


def glance_answer(body: bytes) -> AnswerGlance:
    """Look for a failure, and for the count. Raises UpstreamIncomplete, as `read_answer` does."""
    answer = _read(body)
    failed = None if is_null(answer.error) else read_failure(answer.error)
    if not answer.embeddings and failed is None:
        raise unreadable()
    usage = read_usage(answer.usage_metadata)
    return AnswerGlance(id="", model="", usage=usage, finish_reasons=(), output_bytes=0, failed=failed)


def _read(body: bytes) -> _Answer:
    try:
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None


__all__ = [
    "NAME",
    "OPERATION",
    "classify",
    "glance_answer",
    "losses",
    "read_answer",
    "read_error",
    "target",
    "write_error",
    "write_request",
]
