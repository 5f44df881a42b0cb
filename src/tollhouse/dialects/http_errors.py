"""What a provider's failure means to us, whatever its dialect; and when to ask again.

A dialect reads its own error body into `chat.Failed`; here the HTTP status, and the few codes that matter, decide which
of our errors that is.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from tollhouse import errors
from tollhouse.dialects import chat

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

MAX_MESSAGE_CHARS = 500

_NUMBER = re.compile(rb"\d{1,15}(?:\.\d{1,15})?")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_CONTEXT_LENGTH = re.compile(
    r"maximum context length|context length exceeded"
    r"|exceeds? (?:the |its |this model's )?(?:maximum |available )?context"
    r"|context window|prompt is too long|input is too long|too many (?:input )?tokens",
    re.IGNORECASE,
)
RETRY_AFTER_MOST_S = 86_400.0
"""No client is told to come back later than this, whatever a provider says."""
_PASSING_STATUSES = frozenset({408, 425, 498})
"""4xx that blame the moment, not the request: timeout, too early, Groq's "flex tier capacity exceeded"."""


def classify(failed: chat.Failed, status: int, retry_after_s: float | None = None) -> errors.UpstreamError:
    """Our error for a complete error answer with HTTP `status`. Such an answer is not billed.

    The messages of refused requests are the provider's own, since they tell the caller what to change. The others are
    ours: a provider that rejects a key likes to quote it.
    """
    said = failed.message[:MAX_MESSAGE_CHARS]
    if failed.code == "insufficient_quota" or failed.type == "insufficient_quota" or status == 402:
        return errors.UpstreamQuota(
            "The provider account behind this credential is out of money.",
            provider_status=status,
            provider_message=said,
        )
    if status in (401, 403):
        return errors.UpstreamAuthFailed(
            "The provider rejected the credential.", provider_status=status, provider_message=said
        )
    if status == 429:
        return errors.UpstreamRateLimited(
            "The provider asks to slow down.",
            provider_status=status,
            provider_message=said,
            retry_after_s=retry_after_s,
        )
    if 400 <= status < 500 and status not in _PASSING_STATUSES:
        return _refused(failed, status, said)
    return errors.UpstreamDown(
        f"The provider is unavailable (it answered with status {status}).",
        status=503 if status in (503, 529) else 502,
        provider_status=status,
        provider_message=said,
        retry_after_s=retry_after_s,
    )


def retry_after_s(headers: Headers, now_s: float) -> float | None:
    """Seconds until the provider wants to be asked again, 0 to a day; None when it tells nothing, or nonsense.

    `retry-after-ms` (OpenAI, Azure) is the more exact; `Retry-After` is seconds or a date (RFC 9110, section 10.2.3).
    `now_s` is seconds since the epoch.
    """
    told = {
        name.lower(): value.strip() for name, value in headers if name.lower() in (b"retry-after", b"retry-after-ms")
    }
    milliseconds = told.get(b"retry-after-ms", b"")
    if _NUMBER.fullmatch(milliseconds):
        return min(float(milliseconds) / 1000, RETRY_AFTER_MOST_S)
    value = told.get(b"retry-after", b"")
    if _NUMBER.fullmatch(value):
        return min(float(value), RETRY_AFTER_MOST_S)
    try:
        at = parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, OverflowError):
        return None
    wait_s = at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now_s
    return min(wait_s, RETRY_AFTER_MOST_S) if wait_s >= 0 else None


def _refused(failed: chat.Failed, status: int, said: str) -> errors.UpstreamRefused:
    if failed.code == "context_length_exceeded" or _CONTEXT_LENGTH.search(failed.message):
        status_for_caller, code = 400, "context_length_exceeded"
    else:
        status_for_caller = status
        code = failed.code if failed.code and _CODE.fullmatch(failed.code) else errors.UpstreamRefused.code
    return errors.UpstreamRefused(
        said or f"The provider rejected the request with status {status}.",
        status=status_for_caller,
        code=code,
        param=failed.param,
        provider_status=status,
        provider_message=said,
    )
