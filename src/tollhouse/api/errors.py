"""An error as JSON, alone or as a stream's last event. The only place that does it."""

from __future__ import annotations

from math import ceil
from types import ModuleType
from typing import Any

import msgspec

from tollhouse.dialects import anthropic_messages, gemini
from tollhouse.dialects.chat import Failed
from tollhouse.errors import (
    BudgetExhausted,
    MethodNotAllowed,
    ProviderPaused,
    TollhouseError,
    TooManyGuesses,
    UpstreamRateLimited,
)
from tollhouse.providers.base import Headers

JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")

RETRY_AFTER_UNTOLD_S = 5.0
"""When a provider has too much to do and does not say for how long. Our own attempts have waited about a second."""


def as_tollhouse(error: BaseException) -> TollhouseError:
    """What a caller may know of any error: nothing, when it is not one we raise on purpose."""
    if isinstance(error, TollhouseError):
        return error
    return TollhouseError(
        "Something went wrong here, and it has been logged. Ask again, or tell your operator the request id."
    )


def headers(error: TollhouseError) -> Headers:
    """What belongs to an error: Retry-After where waiting helps, which methods there are, how to say who asks."""
    pairs: Headers = ()
    wait_s = error.retry_after_s
    if wait_s is None and (isinstance(error, UpstreamRateLimited) or error.status == 503):
        wait_s = RETRY_AFTER_UNTOLD_S
    if wait_s is not None:
        pairs = ((b"retry-after", b"%d" % max(1, ceil(wait_s))),)
    if isinstance(error, BudgetExhausted | ProviderPaused | TooManyGuesses):
        pairs += ((b"x-should-retry", b"false"),)
    if isinstance(error, MethodNotAllowed):
        pairs += ((b"allow", ", ".join(error.allowed).encode()),)
    if error.status == 401:
        pairs += ((b"www-authenticate", b'Bearer realm="tollhouse"'),)
    return pairs


def as_failed(error: TollhouseError) -> Failed:
    """The error as the dialects know errors."""
    return Failed(message=error.message, code=error.code, type=error.type, status=error.status, param=error.param)


def event(dialect: ModuleType, error: TollhouseError, request_id: str) -> bytes:
    """The error as the last event of a stream in a dialect."""
    writer = dialect.Writer(id=request_id, model="", created=0, include_usage=False)
    said: bytes = writer.write(as_failed(error))
    return said


def openai_body(error: TollhouseError, request_id: str) -> bytes:
    """OpenAI's envelope."""
    return msgspec.json.encode({"error": _openai_error(error, request_id)})


def anthropic_body(error: TollhouseError, request_id: str) -> bytes:
    """Anthropic's envelope."""
    return anthropic_messages.write_error(as_failed(error), error.status, request_id)


def google_body(error: TollhouseError, request_id: str) -> bytes:
    """Google's envelope."""
    return gemini.write_error(as_failed(error), error.status, request_id)


def problem_body(error: TollhouseError, request_id: str) -> bytes:
    """RFC 9457 problem details, for the management API. `errors[].pointer` is a JSON pointer (RFC 6901)."""
    problem: dict[str, Any] = {
        "type": f"urn:tollhouse:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "request_id": request_id,
        **error.details,
    }
    if error.param is not None:
        problem["errors"] = [{"pointer": _pointer(error.param), "detail": error.message}]
    return msgspec.json.encode(problem)


def _openai_error(error: TollhouseError, request_id: str) -> dict[str, Any]:
    return {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": error.code,
        "request_id": request_id,
        **error.details,
    }


def _pointer(param: str) -> str:
    """`messages[0].role` as `/messages/0/role`."""
    return "/" + param.replace("[", ".").replace("]", "").replace(".", "/")
