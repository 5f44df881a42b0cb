"""Every error Tollhouse raises on purpose.

TollhouseError
├── CallerError              the request cannot be served as asked       4xx, never retried
│   ├── InvalidRequest           400, `param` names the field
│   │   ├── NoCredential             400
│   │   ├── ContentBlocked           400, a guard of the operator's does not let it through
│   │   └── TooLongToJudge           400, more than such a guard can look at
│   ├── Unauthenticated          401
│   ├── Forbidden                403
│   ├── NotFound                 404
│   │   └── ModelNotFound            404, names near ones
│   ├── MethodNotAllowed         405
│   ├── TooSlow                  408
│   ├── Conflict                 409
│   ├── TooLarge                 413
│   ├── UnsupportedMediaType     415
│   ├── Unprocessable            422
│   ├── UnknownCoding            501
│   └── BudgetExhausted          429, `insufficient_quota`: trying again soon is pointless
├── Busy                     ask again later                             429, `retry_after_s` set
│   └── TooManyGuesses           a wrong token, after many                   429: trying again is pointless
├── Unavailable              our own infrastructure is in trouble        503, `retry_after_s` set
│   ├── CredentialUnreadable     a stored credential cannot be opened    503, until it is entered again
│   └── RedisFailed              Redis does not do what it is asked      503 to management; the rest does without
├── CannotStart              told to the operator, never to a caller
├── ConfigurationError       the house cannot be opened as configured    never over HTTP: the start is refused
└── UpstreamError            the provider failed us                      4xx or 5xx
    ├── UpstreamRefused          the provider rejects the request        its 4xx, never retried
    ├── UpstreamAuthFailed       the provider rejects the credential     502
    ├── UpstreamQuota            the credential's account is empty       502
    ├── UpstreamRateLimited      the provider asks us to slow down       429
    ├── UpstreamDown             no answer, or a passing fault           502 or 503
    ├── UpstreamIncomplete       the answer broke off                    502
    └── UpstreamTimeout          the answer did not come in time         504

A class says what happened and carries its status, its code and whether trying again may help. Messages are for the
caller: they say what to do and never hold a secret or a prompt. `api/errors.py` is the only place that renders them.
"""

from __future__ import annotations

from typing import Any, ClassVar


class TollhouseError(Exception):
    """The root. `status` is the HTTP status, `type` and `code` the words of the OpenAI error envelope."""

    status: int = 500
    type: ClassVar[str] = "server_error"
    code: str = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Describe one failure.

        Args:
            message: for the caller; says what to do.
            code: a more exact word than the class's own.
            param: the field of the request at fault, dotted (`messages[0].role`).
            retry_after_s: seconds until another try makes sense, when known.
            details: further public facts, JSON values only (what can be afforded, when a budget resets).
        """
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.param = param
        self.retry_after_s = retry_after_s
        self.details = details or {}


class CallerError(TollhouseError):
    """The request cannot be served as asked; the same request will fail again."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_request"


class InvalidRequest(CallerError):
    """Malformed, of the wrong type or out of range; `param` names the field."""


class NoCredential(InvalidRequest):
    """The caller has no key for the provider, and nobody shares one."""

    code = "no_credential"


class ContentBlocked(InvalidRequest):
    """A guard of the operator's does not let it through. The words are those that OpenAI and Azure use."""

    code = "content_filter"


class TooLongToJudge(InvalidRequest):
    """More than a guard of the operator's can look at: nobody has found anything wrong with it."""

    code = "too_long_to_judge"


class Unauthenticated(CallerError):
    """No token, or one that is unknown, expired or revoked: the answer does not tell which to a stranger."""

    status = 401
    type = "authentication_error"
    code = "invalid_api_key"


class Forbidden(CallerError):
    """The token is good, but not for this."""

    status = 403
    type = "permission_error"
    code = "insufficient_scope"


class NotFound(CallerError):
    """No such thing, or not the caller's."""

    status = 404
    code = "not_found"


class ModelNotFound(NotFound):
    """No provider of the caller's serves this model; the message names near ones."""

    code = "model_not_found"


class MethodNotAllowed(CallerError):
    """The path is there, but not with this method; `allowed` are those with which it is."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: tuple[str, ...], **more: Any) -> None:
        super().__init__(message, **more)
        self.allowed = allowed


class TooSlow(CallerError):
    """The request did not come to its end in time."""

    status = 408
    code = "request_timeout"


class Conflict(CallerError):
    """The thing is in another state than the request supposes."""

    status = 409
    code = "conflict"


class TooLarge(CallerError):
    """The body is over the limit."""

    status = 413
    code = "request_too_large"


class UnsupportedMediaType(CallerError):
    """The body is not JSON, or not called so."""

    status = 415
    code = "unsupported_media_type"


class Unprocessable(CallerError):
    """Well-formed, but contradicting what was said before."""

    status = 422
    code = "unprocessable"


class UnknownCoding(CallerError):
    """The body is coded on its way in a manner that we do not read."""

    status = 501
    code = "unknown_transfer_coding"


class BudgetExhausted(CallerError):
    """A budget is spent, or the call is too dear for what is left of it."""

    status = 429
    type = "insufficient_quota"
    code = "insufficient_quota"


class Busy(TollhouseError):
    """The caller is over a rate; `retry_after_s` is set."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"


class TooManyGuesses(Busy):
    """A wrong token from an address that has sent many: it is told no more than that."""


class Unavailable(TollhouseError):
    """Our own store, or another part of ours, does not answer. Never shown as the caller's fault."""

    status = 503
    type = "server_error"
    code = "service_unavailable"

    def __init__(self, message: str, *, retry_after_s: float = 1.0, **more: Any) -> None:
        super().__init__(message, retry_after_s=retry_after_s, **more)


class CredentialUnreadable(Unavailable):
    """A stored credential was altered, moved, or sealed with a key that is gone; another credential may help."""

    code = "credential_unreadable"


class RedisFailed(Unavailable):
    """Redis does not answer in time, or refuses; the message says why. Requests go on as if nothing lay there."""


class ConfigurationError(TollhouseError):
    """Settings that cannot be used: one error names all of them.

    Attributes:
        problems: one sentence each, with the setting, what is wrong, and where it was written.
    """

    code = "configuration"

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class CannotStart(TollhouseError):
    """The process refuses to start, or a command to run: the message tells the operator what to do about it."""

    code = "cannot_start"


class UpstreamError(TollhouseError):
    """The provider failed us.

    Attributes:
        may_have_billed: the provider may charge for this attempt, so its hold must not be given back.
        provider_status: the provider's own HTTP status, when there was one.
        provider_message: what it said, redacted and cut, for the request's row.
    """

    status = 502
    type = "provider_error"
    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        may_have_billed: bool = False,
        provider_status: int | None = None,
        provider_message: str | None = None,
        status: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message, **more)
        self.may_have_billed = may_have_billed
        self.provider_status = provider_status
        self.provider_message = provider_message
        if status is not None:
            self.status = status


class UpstreamRefused(UpstreamError):
    """The provider rejects the request itself; another try would be rejected too."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_request"


class UpstreamAuthFailed(UpstreamError):
    """The provider rejects the credential; another credential may help."""

    code = "provider_auth_failed"


class UpstreamQuota(UpstreamError):
    """The account behind the credential is out of money; another credential may help."""

    code = "provider_quota"


class UpstreamRateLimited(UpstreamError):
    """The provider asks us to slow down; `retry_after_s` when it said for how long."""

    status = 429
    type = "rate_limit_error"
    code = "provider_rate_limited"


class UpstreamDown(UpstreamError):
    """The provider could not be reached, or answered with a fault of its own."""

    code = "provider_unavailable"


class ProviderPaused(UpstreamDown):
    """An operator has paused the provider. It is asked again when somebody resumes it, and trying on does not help."""

    status = 503
    code = "provider_paused"


class UpstreamIncomplete(UpstreamError):
    """The answer broke off before its end."""

    code = "provider_incomplete"


class UpstreamTimeout(UpstreamError):
    """The provider's answer did not begin, go on or end in time."""

    status = 504
    code = "provider_timeout"
