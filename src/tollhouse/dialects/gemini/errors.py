"""Errors as Google's APIs tell them.

Google AIP-193, "Errors" (read 2026-11-22): `{"error": {"code", "message", "status", "details"}}`, where the details say
by their `@type` what they are. Without `alt=sse` it stands in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from tollhouse import errors
from tollhouse.dialects import chat, http_errors
from tollhouse.dialects.http_errors import Headers

_TYPE: Final = "type.googleapis.com/google.rpc."
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")
_TOO_LONG = re.compile(r"input token count .{0,40}exceeds the maximum number of tokens", re.IGNORECASE)
_OUT_OF_MONEY = re.compile(r"prepa(?:y|id|yment) .{0,20}(?:depleted|exhausted)|credits are depleted", re.IGNORECASE)
_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def classify(status: int, body: bytes, headers: Headers, now_s: float) -> errors.UpstreamError:
    """Our error for an error answer; `now_s` is seconds since the epoch, for a `Retry-After` that is a date.

    Google answers 400 to a key that is none, and tells in the body when to ask again.
    """
    error = _error(body)
    failed = _failed(error, status) if error is not None else read_error(status, body)
    if failed.code == "API_KEY_INVALID":
        return errors.UpstreamAuthFailed(
            "The provider rejected the credential.",
            provider_status=status,
            provider_message=failed.message[: http_errors.MAX_MESSAGE_CHARS],
        )
    wait_s = http_errors.retry_after_s(headers, now_s)
    return http_errors.classify(failed, status, _retry_delay_s(error or {}) if wait_s is None else wait_s)


def read_error(status: int, body: bytes) -> chat.Failed:
    """What an error answer says: `code` is its reason, else its status. A web page says nothing."""
    error = _error(body)
    if error is not None:
        return _failed(error, status)
    text = body[: http_errors.MAX_MESSAGE_CHARS].decode(errors="replace").strip()
    return chat.Failed(message="" if text.startswith("<") else text, status=status)


def read_failure(error: msgspec.Raw) -> chat.Failed:
    """The `error` of a stream's event, or of an answer with status 200; its bytes are valid JSON."""
    try:
        value = msgspec.json.decode(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return chat.Failed(message="The provider reported an error that cannot be read.")
    return _failed(value, None)


def write_error(failed: chat.Failed, status: int, request_id: str) -> bytes:
    """The error as a body; `status` is the HTTP status it goes with."""
    return msgspec.json.encode({"error": describe(failed, status, request_id)})


def describe(failed: chat.Failed, status: int, request_id: str = "") -> dict[str, Any]:
    """The error as the envelope holds it."""
    details: list[dict[str, Any]] = []
    if failed.code is not None:
        details.append({"@type": f"{_TYPE}ErrorInfo", "reason": failed.code, "domain": "tollhouse"})
    if failed.param is not None:
        violation = {"field": failed.param, "description": failed.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if request_id:
        details.append({"@type": f"{_TYPE}RequestInfo", "requestId": request_id})
    name = failed.type if failed.type in _STATUSES.values() else _STATUSES.get(status, "UNKNOWN")
    error = {"code": status, "message": failed.message, "status": name}
    return error | ({"details": details} if details else {})


def unreadable() -> errors.UpstreamIncomplete:
    """The provider said something, for money perhaps, that is not an answer."""
    return errors.UpstreamIncomplete("The provider's answer cannot be read.", may_have_billed=True)


# Any: a JSON value of unknown shape, from whichever server; every use is behind an isinstance.
def _error(body: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error") if isinstance(value, dict) else None
    return error if isinstance(error, dict) else None


def _failed(error: dict[str, Any], status: int | None) -> chat.Failed:
    message, name, code = _text(error, "message") or "", _text(error, "status"), error.get("code")
    reason = next((_text(detail, "reason") for detail in _details(error, "ErrorInfo")), None)
    if _TOO_LONG.search(message):
        reason = "context_length_exceeded"
    elif _OUT_OF_MONEY.search(message):
        reason = "insufficient_quota"
    return chat.Failed(
        message=message,
        code=reason or name,
        type=name,
        status=status or (code if isinstance(code, int) and 400 <= code <= 599 else None),
        param=next(_violated_fields(error), None),
    )


def _violated_fields(error: dict[str, Any]) -> Iterator[str]:
    for detail in _details(error, "BadRequest"):
        violations = detail.get("fieldViolations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and (field := _text(violation, "field")):
                yield field


def _retry_delay_s(error: dict[str, Any]) -> float | None:
    for detail in _details(error, "RetryInfo"):
        if told := _DURATION.fullmatch(_text(detail, "retryDelay") or ""):
            return float(told[1])
    return None


def _details(error: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and detail.get("@type") == _TYPE + kind:
            yield detail


def _text(value: dict[str, Any], name: str) -> str | None:
    text = value.get(name)
    return text if isinstance(text, str) else None
