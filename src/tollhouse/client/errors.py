"""Every error of the client.

ClientError
├── NotReached           no answer came                                      may pass
├── Unreadable           an answer came that is not Tollhouse's
└── Refused              Tollhouse said no, with `status` and `code`
    ├── Invalid              400, 413, 422 and the like: ask otherwise
    ├── Unauthenticated      401: another token
    ├── Forbidden            403: a token with another scope
    ├── NotFound             404: no such thing, or not yours
    ├── Conflict             409: it is being done, or is in another state
    ├── OutOfBudget          429, `insufficient_quota`: wait for the budget's reset, or raise it
    ├── TooMany              429: ask more slowly                                may pass
    └── Unavailable          5xx: Tollhouse or the provider is in trouble        may pass

Messages are Tollhouse's own and say what to do; none holds the token or what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class ClientError(Exception):
    """The root.

    Attributes:
        may_pass: the same call may succeed later.
        retry_after_s: in how many seconds, when that is known.
    """

    may_pass = False
    retry_after_s: float | None = None


class NotReached(ClientError):
    """No connection, or one that broke off or fell silent: whether the call was done is not known."""

    may_pass = True


class Unreadable(ClientError):
    """What answered does not speak as Tollhouse does; look at the address."""


class Refused(ClientError):
    """Tollhouse said no.

    Attributes:
        status: the HTTP status.
        code: a stable word, such as `model_not_found`.
        param: the field at fault, when one is.
        request_id: for whoever reads the log.
        details: further facts, such as when a budget resets.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        param: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.details = details or {}


class Invalid(Refused):
    """The call cannot be served as asked; `param` names the field."""


class Unauthenticated(Refused):
    """The token is unknown, expired or revoked: make one with `tollhouse tokens create`."""


class Forbidden(Refused):
    """The token is good, but not for this: its scopes lack one."""


class NotFound(Refused):
    """There is no such thing, or it is not yours."""


class Conflict(Refused):
    """It is being done at this moment, or is in another state than the call supposes."""


class OutOfBudget(Refused):
    """A budget is spent; trying again before it resets is pointless."""


class TooMany(Refused):
    """More calls or tokens than the limits allow, here or at the provider."""

    may_pass = True


class Unavailable(Refused):
    """Tollhouse, or the provider behind it, is in trouble."""

    may_pass = True


_BY_STATUS: Mapping[int, type[Refused]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: TooMany,
}


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ClientError:
    """The error that an answer tells, in OpenAI's envelope or as problem details (RFC 9457)."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        said = None
    inner = said.get("error", said) if isinstance(said, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("code"), str):
        return _stranger(status)
    code = inner["code"]
    kind = _BY_STATUS.get(status, Invalid if status < 500 else Unavailable)
    if inner.get("type") == "insufficient_quota" or code == "insufficient_quota":
        kind = OutOfBudget
    named = inner.get("errors")
    pointer = named[0].get("pointer") if isinstance(named, list) and named else None
    known = {"message", "detail", "type", "title", "status", "code", "param", "errors", "request_id"}
    return kind(
        str(inner.get("message") or inner.get("detail") or code),
        status=status,
        code=code,
        param=inner.get("param") or pointer,
        request_id=headers.get("x-request-id"),
        retry_after_s=seconds(headers.get("retry-after")),
        details={name: value for name, value in inner.items() if name not in known},
    )


def seconds(text: str | None) -> float | None:
    """A number of seconds in a header. Tollhouse never says a date."""
    if text is None or not text.strip().isdecimal():
        return None
    return float(text)


def _stranger(status: int) -> ClientError:
    message = f"Status {status} and no error of Tollhouse's: something between, or another server, has answered."
    if status >= 500:
        # A proxy in front says so while Tollhouse starts.
        return Unavailable(message, status=status, code="unknown")
    return Unreadable(message)
