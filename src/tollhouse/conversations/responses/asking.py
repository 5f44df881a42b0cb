"""What a client of OpenAI's Responses asks for: what of it is ours to do, and what a model is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse.conversations.messages import items
from tollhouse.conversations.messages.asking import response_request
from tollhouse.conversations.messages.metadata import checked_metadata
from tollhouse.dialects import json_body
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.errors import InvalidRequest

FIELDS = msgspec.json.Decoder(dict[str, Raw])

OURS: Final = frozenset(
    {
        "background",
        "conversation",
        "include",
        "input",
        "metadata",
        "model",
        "previous_response_id",
        "store",
        "stream",
        "stream_options",
    }
)
"""Fields that no provider is told: what we do ourselves."""

NAMING: Final = frozenset({"previous_response_id", "conversation"})
"""Fields that name what is kept."""

KEEPING: Final = frozenset({"store", "background", *NAMING})
"""Fields that have to do with keeping; most requests have none of them."""

_LOGPROBS: Final = "message.output_text.logprobs"


class _Named(msgspec.Struct):
    id: str


class _Ours(msgspec.Struct):
    """The fields that are ours, with their types."""

    model: str | None = None
    input: str | list[Raw] | None = None
    background: bool | None = None
    conversation: str | _Named | None = None
    include: list[str] | None = None
    metadata: Any = None
    previous_response_id: str | None = None
    store: bool | None = None
    stream: bool | None = None
    truncation: str | None = None


_OURS = msgspec.json.Decoder(_Ours)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A response that is to be kept.

    Attributes:
        said: the input, as messages.
        conversation, previous: what it goes on from, at most one of them; `previous` is a response's id.
        fields: what a provider is told besides, as JSON values.
    """

    model: str | None
    said: tuple[items.Said, ...]
    conversation: str | None
    previous: str | None
    background: bool
    stream: bool
    include: frozenset[str]
    metadata: dict[str, str]
    fields: dict[str, Any]


def wants_kept(fields: Mapping[str, Raw], *, by_default: bool) -> bool:
    """Whether a response is to be kept: when that is said, or goes without saying. Raises InvalidRequest.

    Who names what is kept, or does not wait for the answer, wants to find it again.
    """
    if KEEPING.isdisjoint(fields):
        return by_default
    said = bytes(fields.get("store", NULL))
    needs = bytes(fields.get("background", NULL)) == b"true"
    if said == b"false":
        if needs:
            raise InvalidRequest("`background`: what is not kept (`store`) could not be fetched.", param="background")
        return False
    return said == b"true" or needs or names_kept(fields) or (by_default and said == b"null")


def names_kept(fields: Mapping[str, Raw]) -> bool:
    """Whether it goes on from something that is kept."""
    return not NAMING.isdisjoint(fields) and any(not is_null(fields.get(name, NULL)) for name in NAMING)


def read(body: bytes, fields: Mapping[str, Raw]) -> Wish:
    """What is asked. Raises InvalidRequest, naming the field."""
    ours = json_body.decode(_OURS, body)
    conversation = ours.conversation.id if isinstance(ours.conversation, _Named) else ours.conversation
    if conversation is not None and ours.previous_response_id is not None:
        raise InvalidRequest(
            "`previous_response_id` and `conversation` both say what to go on from; send one of them.",
            param="previous_response_id",
        )
    include = items.checked_include(ours.include or ())
    if _LOGPROBS in include:
        raise InvalidRequest("Log probabilities are not kept; ask for them with `store` false.", param="include")
    rest = {name: raw for name, raw in fields.items() if name not in OURS and not is_null(raw)}
    wish = Wish(
        model=ours.model,
        said=tuple(_said(ours.input)),
        conversation=conversation,
        previous=ours.previous_response_id,
        background=ours.background is True,
        stream=ours.stream is True,
        include=include,
        metadata=checked_metadata(ours.metadata),
        fields=msgspec.json.decode(msgspec.json.encode(rest)),
    )
    # Now, rather than when a worker has it: it may be wrong.
    response_request(wish.fields, ours.model or "any", (), stream=wish.stream, system=None)
    return wish


def _said(sent: str | list[Raw] | None) -> Sequence[items.Said]:
    if isinstance(sent, str):
        sent = [Raw(msgspec.json.encode({"role": "user", "content": sent}))]
    return items.read(sent or (), "input")
