"""Errors in OpenAI's envelope, read leniently: servers that have it agree least on how they fail."""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse import errors
from tollhouse.dialects import chat, http_errors
from tollhouse.dialects.http_errors import Headers


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


def write_error(failed: chat.Failed, status: int, request_id: str) -> bytes:
    """An error as an answer of its own; `status` is its HTTP status, which the body does not repeat."""
    return msgspec.json.encode({"error": error_object(failed) | {"request_id": request_id}})


def error_object(failed: chat.Failed) -> dict[str, Any]:
    """OpenAI's `error` object."""
    return {"message": failed.message, "type": failed.type, "param": failed.param, "code": failed.code}


def read_failure(error: msgspec.Raw) -> chat.Failed:
    """The `error` of a stream's event, or of an answer with status 200; its bytes are valid JSON."""
    try:
        return _failed({"error": msgspec.json.decode(error)}, None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return chat.Failed(message="The provider reported an error that cannot be read.")


def unreadable() -> errors.UpstreamIncomplete:
    """The provider said something, for money perhaps, that is not an answer."""
    return errors.UpstreamIncomplete("The provider's answer cannot be read.", may_have_billed=True)


# Any: a JSON value of unknown shape, from whichever server; every use is behind an isinstance.
def _failed(value: Any, status: int | None) -> chat.Failed:
    """`{"error": {…}}`; Google: a list of it; Ollama: `{"error": "…"}`; vLLM: flat; FastAPI: `{"detail": …}`."""
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return chat.Failed(message=_text(error), status=status)
    code = error.get("code")
    told_status = next((told for told in (code, error.get("status_code")) if _is_status(told)), None)
    return chat.Failed(
        message=_text(error.get("message", error.get("detail", error.get("msg", "")))),
        code=code if isinstance(code, str) else None,
        type=error["type"] if isinstance(error.get("type"), str) else None,
        status=status or told_status,
        param=error["param"] if isinstance(error.get("param"), str) else None,
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and 400 <= value <= 599
