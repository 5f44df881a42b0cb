"""OpenAI's moderations: is what somebody says harmful?

OpenAI API reference, "Create moderation" (read 2026-11-30), and recordings. Nothing is counted in an answer.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import json_body
from tollhouse.dialects.glance import AnswerGlance, RequestGlance
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import Modelled
from tollhouse.dialects.openai_errors import classify, read_error, read_failure, unreadable, write_error
from tollhouse.dialects.texts import MAX_TEXTS, ModelName, Texts, glance_of, printable, rewrite_request, too_many

NAME: Final = "openai_moderations"
OPERATION: Final = "moderations"

DEFAULT_MODEL: Final = "omni-moderation-latest"
"""Judges for who names no model, as at OpenAI."""


_Words: TypeAlias = Annotated[str, Meta(min_length=1)]


class _Image(msgspec.Struct):
    url: Annotated[str, Meta(min_length=1)]


class _Shown(msgspec.Struct, tag="image_url"):
    image_url: _Image


class _Said(msgspec.Struct, tag="text"):
    text: _Words


class _Request(msgspec.Struct):
    input: _Words | Annotated[list[Raw], Meta(min_length=1)]
    model: ModelName | None = None


class _Result(msgspec.Struct):
    flagged: bool


class _Answer(msgspec.Struct):
    model: str | None = None
    results: list[_Result] = []
    error: Raw = NULL


_GLANCE = msgspec.json.Decoder(_Request)
_REQUEST = Modelled(_Request)
_TEXT = msgspec.json.Decoder(_Words)
_PART = msgspec.json.Decoder(_Said | _Shown)
_ANSWER = msgspec.json.Decoder(_Answer)


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return b"/moderations"


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked = json_body.decode(_GLANCE, body)
    texts, has_pictures = _texts(asked)
    return glance_of(_model(asked), max(1, len(texts)), media=has_pictures)


def read_request(body: bytes) -> Texts:
    """The words that are asked about. Raises InvalidRequest, as `glance_request` does."""
    asked, extra = json_body.checked(_REQUEST.read, body)
    return Texts(model=_model(asked), texts=_texts(asked)[0], extra=extra)


def glance_answer(body: bytes) -> AnswerGlance:
    """Look at an answer.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or without a verdict.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    failed = None if is_null(answer.error) else read_failure(answer.error)
    if not answer.results and failed is None:
        raise unreadable()
    return AnswerGlance(id="", model=answer.model or "", usage=None, finish_reasons=(), output_bytes=0, failed=failed)


def _model(asked: _Request) -> str:
    return DEFAULT_MODEL if asked.model is None else printable(asked.model)


def _texts(asked: _Request) -> tuple[tuple[str, ...], bool]:
    """The texts, and whether there are pictures among them. A list is of texts alone, or of parts."""
    if isinstance(asked.input, str):
        return (asked.input,), False
    if len(asked.input) > MAX_TEXTS:
        raise too_many(len(asked.input))
    has_parts = memoryview(asked.input[0])[0] == ord("{")
    texts, pictures = [], 0
    for position, said in enumerate(asked.input):
        try:
            part = _PART.decode(said) if has_parts else _Said(_TEXT.decode(said))
        except msgspec.DecodeError as error:
            raise json_body.explain(error, inside=f"input[{position}]") from None
        if isinstance(part, _Said):
            texts.append(part.text)
        else:
            pictures += 1
    return tuple(texts), pictures > 0


__all__ = [
    "DEFAULT_MODEL",
    "NAME",
    "OPERATION",
    "classify",
    "glance_answer",
    "glance_request",
    "read_error",
    "read_request",
    "rewrite_request",
    "target",
    "write_error",
]
