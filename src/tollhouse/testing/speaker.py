"""How a scripted provider speaks: one dialect is one file with a `speaks(path)` and a `Voice`."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple, Protocol

import msgspec

from tollhouse.dialects import chat
from tollhouse.testing.request import Request
from tollhouse.testing.steps import Status, Word


class Voice(Protocol):
    """Says one answer in a dialect.

    Attributes:
        model: the one that was asked, for the bill.
        streams: the client asked for a stream.
        makes: tokens are made, and billed; otherwise only what was read is.
        content_type: of the answer.
    """

    model: str
    streams: bool
    makes: bool
    content_type: str

    def speak(self, word: Word) -> bytes:
        """The word as the bytes a stream has for it; for a whole answer it is remembered, and there are none."""
        ...

    def whole(self) -> bytes:
        """Everything that was remembered, as one body."""
        ...

    def refuse(self, status: Status) -> bytes:
        """The body of an error."""
        ...


class Speaker(Protocol):
    """A dialect: knows its paths, and lends a voice to each request."""

    def speaks(self, path: str) -> bool:
        """Is this one of the dialect's paths?"""
        ...

    def voice(self, request: Request) -> Voice:
        """A voice for the answer to this request."""
        ...


class ErrorWords(NamedTuple):
    """What vendors say with a status: `type` and `code` of their envelope, and the message."""

    type: str
    code: str | None
    message: str


USUAL_ERRORS = MappingProxyType(
    {
        400: ErrorWords("invalid_request_error", None, "The request is not valid"),
        401: ErrorWords("invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
        403: ErrorWords("invalid_request_error", None, "You are not allowed to do this"),
        404: ErrorWords("invalid_request_error", "model_not_found", "The model does not exist"),
        429: ErrorWords("requests", "rate_limit_exceeded", "Rate limit reached"),
        500: ErrorWords("server_error", None, "The server had an error while processing your request"),
        503: ErrorWords("server_error", None, "The engine is currently overloaded"),
    }
)
"""OpenAI's words, as recorded; other 4xx speak as 400 does and other 5xx as 500."""


class MuteVoice:
    """For paths whose dialect nobody speaks: errors only; everything else is scripted as bytes."""

    model = ""
    streams = False
    makes = True
    content_type = "application/json"

    def __init__(self, path: str) -> None:
        self._path = path

    def speak(self, word: Word) -> bytes:
        """No words here.

        Raises:
            LookupError: always.
        """
        raise LookupError(f"no dialect is spoken at {self._path}; script reply(json=…) instead of {word!r}")

    def whole(self) -> bytes:
        """Nothing was said."""
        return b""

    def refuse(self, status: Status) -> bytes:
        """OpenAI's envelope, which most vendors share."""
        return error_envelope(status)


def unspeakable(word: Word) -> ValueError:
    """A dialect has no such word."""
    return ValueError(f"no words for it here: {word!r}")


def model_in(path: str) -> str:
    """The model in an address of Google's."""
    return path.rpartition("/models/")[2].rpartition(":")[0]


def usual_failure(status: Status) -> chat.Failed:
    """An error in no dialect, with the usual words where the script has none of its own."""
    return chat.Failed(message=status.message or _usual(status.status).message, code=status.code, type=status.type)


def error_envelope(status: Status) -> bytes:
    """An error as OpenAI words it."""
    usual = _usual(status.status)
    error = {
        "message": status.message or usual.message,
        "type": status.type or usual.type,
        "param": None,
        "code": status.code or usual.code,
    }
    return msgspec.json.encode({"error": error})


def _usual(status: int) -> ErrorWords:
    return USUAL_ERRORS.get(status) or USUAL_ERRORS[400 if status < 500 else 500]
