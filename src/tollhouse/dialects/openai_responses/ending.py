"""The end of a stream that breaks off, whoever has written it so far: a provider, or one of our own writers.

OpenAI's SDK takes a stream for that of one response, and its numbers for a row without gaps. What is needed to go on
stands in what was said: the response in its first event, the number in its last.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse.dialects import chat, sse
from tollhouse.dialects.openai_responses.writer import Writer

_EVENT = msgspec.json.Decoder(dict[str, Any])


def break_off(first: bytes, last: bytes, failed: chat.Failed) -> bytes:
    """The events of a failure, which end the stream; `first` and `last` are the whole events that it said so far."""
    responses = [event["response"] for event in _events(first) if isinstance(event.get("response"), dict)]
    response = responses[0] if responses else {}
    numbers = [event["sequence_number"] for event in _events(last) if isinstance(event.get("sequence_number"), int)]
    kept = {name: value for name, value in response.items() if name not in ("status", "error")}
    writer = Writer(id="", model="", created=0, include_usage=True, repeated=kept)
    writer.sequence_number = 1 + max(numbers, default=0)
    return writer.write(failed)


def _events(said: bytes) -> list[dict[str, Any]]:
    try:
        return [_EVENT.decode(frame.data) for frame in sse.Reader().feed(said) if frame.data]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
