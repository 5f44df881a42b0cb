"""What a gateway is asked for a turn: the settings of conversations, and the request that is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tollhouse.dialects import chat, openai_chat
from tollhouse.errors import InvalidRequest

NO_SETTINGS = frozenset({"model", "messages", "stream", "stream_options", "n", "background"})
"""Fields of a chat completion that would make another answer of it than one message."""

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


FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
