"""Texts that are asked about each by itself, to be embedded or judged, and the vectors that embed them.

No dialect is spoken here: a client's is read into these, and a provider's written from them, when the two differ.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse import errors
from tollhouse.dialects import chat
from tollhouse.dialects.glance import RequestGlance
from tollhouse.dialects.modelled import FIELDS

MAX_TEXTS: Final = 2048
"""In one request, at most (OpenAI API reference, "Create embeddings")."""

Text: TypeAlias = str | tuple[int, ...]
"""One text: its words, or their numbers in the model's own vocabulary."""

Encoding: TypeAlias = Literal["float", "base64"]

ModelName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks about texts.

    Attributes:
        dimensions: how long each vector is to be; None leaves that to the model.
        encoding: how the numbers of a vector are said: in figures, or as little-endian floats of 32 bits in base64.
        extra: the fields that are not modelled, as they came.
    """

    model: str
    texts: tuple[Text, ...]
    dimensions: int | None = None
    encoding: Encoding = "float"
    user: str | None = None
    extra: dict[str, Raw] = {}


class Vectors(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider answers: for each text the numbers of its vector, a JSON array as it came."""

    vectors: tuple[Raw, ...]
    usage: chat.Usage | None
    model: str = ""


Asked: TypeAlias = chat.ChatRequest | Texts
"""All that can be asked."""


def glance_of(model: str, count: int, *, media: bool = False) -> RequestGlance:
    """What the gateway needs to know of a request about so many texts: nothing is made, and each has a window of its
    own."""
    return RequestGlance(
        model=model,
        stream=False,
        include_usage=False,
        max_output_tokens=0,
        n=1,
        has_tools=False,
        tool_types=frozenset(),
        message_count=count,
        service_tier=None,
        media=media,
        windows=count,
    )


def printable(model: str) -> str:
    """The model's name. Raises InvalidRequest for one that would not survive a header or a log line."""
    if not model.isprintable():
        raise errors.InvalidRequest("`model`: control characters are not allowed.", param="model")
    return model


def too_many(count: int) -> errors.InvalidRequest:
    """More texts than a request may have."""
    return errors.InvalidRequest(
        f"`input`: {count:,} texts, and {MAX_TEXTS:,} are the most. Ask for them in several requests.", param="input"
    )


def rewrite_request(body: bytes, *, model: str, include_usage: bool, cap: int | None) -> bytes:
    """The same request with another model name; every other value keeps its bytes, and of a field that comes twice the
    last remains, which is the one that was looked at."""
    return msgspec.json.encode(FIELDS.decode(body) | {"model": Raw(msgspec.json.encode(model))})
