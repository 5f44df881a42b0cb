"""What a gateway is asked for a turn: the settings of conversations, and the request that is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.conversations.messages import items
from tollhouse.dialects import chat, openai_chat, openai_responses
from tollhouse.errors import InvalidRequest

NO_SETTINGS = frozenset({"model", "messages", "stream", "stream_options", "n", "background"})
"""Fields of a chat completion that would make another answer of it than one message."""

FIELDS = msgspec.json.Decoder(dict[str, Raw])

_CUSTOM_OUTPUT = Raw(b'"custom_tool_call_output"')

CAPS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


def checked_settings(settings: Mapping[str, Any] | None, param: str = "settings") -> dict[str, Any]:
    """The settings, as any chat completion could have them. Raises InvalidRequest, naming the field."""
    said = dict(settings or {})
    refused = sorted(NO_SETTINGS & said.keys())
    if refused:
        raise InvalidRequest(f"`{refused[0]}` is no setting here.", param=f"{param}.{refused[0]}")
    anything = chat.Message(role="user", parts=(chat.TextPart("?"),))
    try:
        openai_chat.glance_request(write_request("any", (anything,), said, stream=False))
    except InvalidRequest as error:
        error.param = f"{param}.{error.param}" if error.param else param
        raise
    return said


def cap_of(settings: Mapping[str, Any]) -> int | None:
    """The most tokens that the answer may have, when the settings say."""
    return next((settings[name] for name in CAPS if settings.get(name) is not None), None)


def write_request(model: str, messages: Sequence[chat.Message], settings: Mapping[str, Any], *, stream: bool) -> bytes:
    """A chat completion of these messages."""
    asked = chat.ChatRequest(
        model=model,
        messages=tuple(messages),
        stream=stream,
        include_usage=stream,
        dialect=openai_chat.NAME,
    )
    request = openai_chat.write_request(asked)
    return msgspec.json.encode({**FIELDS.decode(request), **settings})


def response_request(
    fields: Mapping[str, Any], model: str, messages: Sequence[chat.Message], *, stream: bool, system: str | None
) -> chat.ChatRequest:
    """What a model is told: these messages, as these fields say. Raises InvalidRequest."""
    wanted: dict[str, Any] = {**fields, "model": model, "input": [], "stream": stream}
    if _thinks(fields):
        # Who keeps nothing must send sealed thinking back, and so it must have it.
        wanted["include"] = [items.SEALED]
    asked = openai_responses.read_request(msgspec.json.encode(wanted))
    first = (chat.Message(role="system", parts=(chat.TextPart(system),)),) if system else ()
    return replace(asked, messages=(*first, *asked.messages, *_named_outputs(messages)))


def _thinks(fields: Mapping[str, Any]) -> bool:
    reasoning = fields.get("reasoning")
    return isinstance(reasoning, dict) and reasoning.get("effort") != "none"


def _named_outputs(messages: Sequence[chat.Message]) -> list[chat.Message]:
    """The messages; what custom tools answered is called so, as this dialect wants it."""
    custom = {call.id for message in messages for call in message.tool_calls if call.type == items.CUSTOM}
    return [
        replace(message, extra={"type": _CUSTOM_OUTPUT}) if message.tool_call_id in custom else message
        for message in messages
    ]
