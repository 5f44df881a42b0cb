"""Errors in Anthropic's dialect.

Anthropic, "Errors" (read 2026-11-22): `{"type": "error", "error": {"type": …, "message": …}, "request_id": …}`. Within
a stream, whose status was 200, the type is all that tells the status.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat, http_errors
from tollhouse.dialects.http_errors import Headers

_STATUSES: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_TYPES: Final = {status: kind for kind, status in _STATUSES.items()} | {503: "overloaded_error"}
_LIMIT: Final = b"anthropic-ratelimit-"
_OUT_OF_MONEY: Final = re.compile(
    r"credit balance is too low|reached your (?:specified )?(?:API )?usage limits", re.IGNORECASE
)
"""An empty account is an invalid request here, status 400."""


def classify(status: int, body: bytes, headers: Headers, now_s: float) -> errors.UpstreamError:
    """Our error for an error answer; `now_s` is seconds since the epoch, for a moment at which to come back."""
    wait_s = http_errors.retry_after_s(headers, now_s)
    return http_errors.classify(
        read_error(status, body), status, _reset_s(headers, now_s) if wait_s is None else wait_s
    )


def read_error(status: int, body: bytes) -> chat.Failed:
    """What an error answer says. A body that is not JSON is taken at its word, unless it is a web page."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[: http_errors.MAX_MESSAGE_CHARS].decode(errors="replace").strip()
        return chat.Failed(message="" if text.startswith("<") else text, status=status)
    return _failed(value.get("error", value) if isinstance(value, dict) else value, status)


def read_failure(error: Raw) -> chat.Failed:
    """The `error` of a stream's event, or of an answer with status 200; its bytes are valid JSON."""
    try:
        return _failed(msgspec.json.decode(error), None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return chat.Failed(message="The provider reported an error that cannot be read.")


def write_error(failed: chat.Failed, status: int, request_id: str) -> bytes:
    """The error as a body, for an answer with HTTP `status`."""
    return msgspec.json.encode(write_failure(failed, status) | {"request_id": request_id})


def write_failure(failed: chat.Failed, status: int | None) -> dict[str, Any]:
    """The error as an object, in a word of this dialect for its type."""
    kind = _TYPES.get(status or 0)
    if kind is None:
        kind = failed.type if failed.type in _STATUSES else _nearest(status)
    return {"type": "error", "error": {"type": kind, "message": failed.message}}


def unreadable() -> errors.UpstreamIncomplete:
    """The provider said something, for money perhaps, that is not an answer."""
    return errors.UpstreamIncomplete("The provider's answer cannot be read.", may_have_billed=True)


def _reset_s(headers: Headers, now_s: float) -> float | None:
    """Seconds until the limits that are used up are whole again, which is told even where `Retry-After` is not."""
    told = {name.lower(): value for name, value in headers if name.lower().startswith(_LIMIT)}
    used_up = [name.removesuffix(b"remaining") for name in told if name.endswith(b"-remaining") and told[name] == b"0"]
    try:
        resets = [datetime.fromisoformat(told[name + b"reset"].decode("latin-1")) for name in used_up]
    except (KeyError, ValueError):
        return None
    waits_s = [reset.replace(tzinfo=reset.tzinfo or UTC).timestamp() - now_s for reset in resets]
    return max(0.0, *waits_s) if waits_s else None


# Any: a JSON value of unknown shape, from whichever server; every use is behind an isinstance.
def _failed(error: Any, status: int | None) -> chat.Failed:
    if not isinstance(error, dict):
        return chat.Failed(message=_text(error), status=status)
    kind = error["type"] if isinstance(error.get("type"), str) else None
    message = _text(error.get("message", error.get("detail", "")))
    return chat.Failed(
        message=message,
        code="insufficient_quota" if kind == "billing_error" or _OUT_OF_MONEY.search(message) else None,
        type=kind,
        status=status or _STATUSES.get(kind or ""),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _nearest(status: int | None) -> str:
    return "invalid_request_error" if status is not None and status < 500 else "api_error"
