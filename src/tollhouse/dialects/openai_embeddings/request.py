"""Which texts a client wants embedded, and how."""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse import errors
from tollhouse.dialects import json_body
from tollhouse.dialects.glance import RequestGlance
from tollhouse.dialects.modelled import Modelled
from tollhouse.dialects.texts import MAX_TEXTS, Encoding, ModelName, Texts, glance_of, printable, too_many

MAX_TOKENS: Final = 300_000
"""Tokens that a request may tell by their numbers, all texts together: as many as OpenAI embeds at once. To read each
costs time that everybody else waits."""

_NUMBERS = re.compile(rb"\[\s*([\[0-9-])")
"""How tokens begin."""

_TOKEN: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
_TEXT: TypeAlias = Annotated[str, Meta(min_length=1)]
_TOKENS: TypeAlias = Annotated[list[_TOKEN], Meta(min_length=1)]


class _Request(msgspec.Struct):
    model: ModelName
    input: Raw
    dimensions: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    encoding_format: Encoding | None = None
    user: str | None = None
    stream: bool | None = None


_REQUEST = Modelled(_Request)
_GLANCE = msgspec.json.Decoder(_Request)
_TEXTS: msgspec.json.Decoder[str | list[str]] = msgspec.json.Decoder(_TEXT | Annotated[list[_TEXT], Meta(min_length=1)])
_TOKENS_OF_ONE: msgspec.json.Decoder[list[int]] = msgspec.json.Decoder(_TOKENS)
_TOKENS_OF_EACH: msgspec.json.Decoder[list[list[int]]] = msgspec.json.Decoder(
    Annotated[list[_TOKENS], Meta(min_length=1)]
)


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked = json_body.decode(_GLANCE, body)
    return glance_of(printable(asked.model), len(_texts(asked)))


def read_request(body: bytes) -> Texts:
    """All that is asked. Raises InvalidRequest, as `glance_request` does."""
    asked, extra = json_body.checked(_REQUEST.read, body)
    return Texts(
        model=printable(asked.model),
        texts=tuple([text if isinstance(text, str) else tuple(text) for text in _texts(asked)]),
        dimensions=asked.dimensions,
        encoding=asked.encoding_format or "float",
        user=asked.user,
        extra=extra,
    )


def _texts(asked: _Request) -> list[str] | list[list[int]]:
    if asked.stream:
        raise errors.InvalidRequest("`stream`: embeddings come in one piece.", param="stream")
    try:
        texts = _read(asked.input)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside="input") from None
    if len(texts) > MAX_TEXTS:
        raise too_many(len(texts))
    return texts


def _read(said: Raw) -> list[str] | list[list[int]]:
    """A text, several, the tokens of one, or of several."""
    numbers = _NUMBERS.match(said)
    if numbers is None:
        texts = _TEXTS.decode(said)
        return [texts] if isinstance(texts, str) else texts
    if len(said) > MAX_TOKENS and bytes(said).count(b",") >= MAX_TOKENS:
        raise errors.InvalidRequest(f"`input`: more than {MAX_TOKENS:,} tokens.", param="input")
    if numbers[1] == b"[":
        return _TOKENS_OF_EACH.decode(said)
    return [_TOKENS_OF_ONE.decode(said)]
