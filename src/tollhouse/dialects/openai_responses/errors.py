"""Errors in the dialect of OpenAI's Responses: as a whole answer, as a stream's event, and within a failed response."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse import errors
from tollhouse.dialects import chat, http_errors
from tollhouse.dialects.http_errors import Headers

_STATUSES = {"rate_limit_exceeded": 429, "server_error": 500, "vector_store_timeout": 504}
"""The codes of a failed response that do not blame the request. OpenAI API reference, "The response object"."""

_BLAMES_REQUEST = ("invalid_", "image_", "empty_image", "unsupported_image", "failed_to_download_image", "bio_policy")


def classify(status: int, body: bytes, headers: Headers, now_s: float) -> errors.UpstreamError:
    """Our error for an error answer; `now_s` is seconds since the epoch, for a `Retry-After` that is a date."""
    return http_errors.classify(read_error(status, body), status, http_errors.retry_after_s(headers, now_s))


def read_error(status: int, body: bytes) -> chat.Failed:
    """What an error answer says. A body that is not JSON is taken at its word, unless it is a web page."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[: http_errors.MAX_MESSAGE_CHARS].decode(errors="replace").strip()
        return chat.Failed(message="" if text.startswith("<") else text, status=status)
    return _failed(value, status)


def read_failure(said: msgspec.Raw) -> chat.Failed:
    """The `error` of a failed response, or an `error` event whole; its bytes are valid JSON."""
    try:
        failed = _failed(msgspec.json.decode(said), None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return chat.Failed(message="The provider reported an error that cannot be read.")
    return msgspec.structs.replace(failed, status=failed.status or _status(failed.code or ""))


def _status(code: str) -> int | None:
    return 400 if code.startswith(_BLAMES_REQUEST) else _STATUSES.get(code)


# Any: a JSON value of unknown shape, from whichever server; every use is behind an isinstance.
def _failed(value: Any, status: int | None) -> chat.Failed:
    """`{"error": {…}}`; xAI: `{"code": "…", "error": "…"}`; events: flat or nested; FastAPI: `{"detail": …}`."""
    outer = value if isinstance(value, dict) else {"message": value}
    nested = outer.get("error")
    error = nested if isinstance(nested, dict) else outer
    message = nested if isinstance(nested, str) else error.get("message", error.get("detail"))
    code, kind = _text(error.get("code")), _text(error.get("type"))
    return chat.Failed(
        message=message if isinstance(message, str) else _json(message),
        code=code,
        # An event's own type says that it is an error, not which.
        type=None if kind == "error" else kind,
        status=status,
        param=_text(error.get("param")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _json(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()
