"""The headers that tell a caller what is left of the limits."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from math import ceil

from tollhouse.limits import Quota, Snapshot
from tollhouse.providers.base import Headers


def headers(snapshot: Snapshot) -> Headers:
    """OpenAI's six, and the IETF's pair; none for what is unlimited.

    Sources: platform.openai.com/docs/guides/rate-limits, "Rate limits in headers" (2026-11);
    draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4.
    """
    requests, tokens = snapshot.requests, snapshot.tokens
    if requests is None and tokens is None:
        return ()
    pairs: Headers = ()
    if requests is not None:
        pairs = (
            (b"x-ratelimit-limit-requests", b"%d" % requests.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % requests.remaining),
            (b"x-ratelimit-reset-requests", _duration(requests.reset_s)),
        )
    if tokens is not None:
        pairs += (
            (b"x-ratelimit-limit-tokens", b"%d" % tokens.limit),
            (b"x-ratelimit-remaining-tokens", b"%d" % tokens.remaining),
            (b"x-ratelimit-reset-tokens", _duration(tokens.reset_s)),
        )
    return (*pairs, *_ietf_pair(requests, tokens))


def messages_headers(snapshot: Snapshot, now_s: float) -> Headers:
    """Anthropic's family, for the Messages surface, and the IETF's pair. Its resets are moments; so is `now_s`, in
    seconds since 1970.

    Source: docs.anthropic.com/en/api/rate-limits, "Response headers" (2026-11).
    """
    requests, tokens = snapshot.requests, snapshot.tokens
    if requests is None and tokens is None:
        return ()
    pairs: Headers = ()
    if requests is not None:
        pairs = (
            (b"anthropic-ratelimit-requests-limit", b"%d" % requests.limit),
            (b"anthropic-ratelimit-requests-remaining", b"%d" % requests.remaining),
            (b"anthropic-ratelimit-requests-reset", _moment(now_s + requests.reset_s)),
        )
    if tokens is not None:
        pairs += (
            (b"anthropic-ratelimit-tokens-limit", b"%d" % tokens.limit),
            (b"anthropic-ratelimit-tokens-remaining", b"%d" % tokens.remaining),
            (b"anthropic-ratelimit-tokens-reset", _moment(now_s + tokens.reset_s)),
        )
    return (*pairs, *_ietf_pair(requests, tokens))


def standard_headers(snapshot: Snapshot) -> Headers:
    """The IETF's pair alone, for surfaces whose vendor has no such headers; none for what is unlimited."""
    requests, tokens = snapshot.requests, snapshot.tokens
    return () if requests is None and tokens is None else _ietf_pair(requests, tokens)


def _ietf_pair(requests: Quota | None, tokens: Quota | None) -> Headers:
    policies: list[bytes] = []
    quotas: list[bytes] = []
    if requests is not None:
        policies.append(b'"requests";q=%d;w=%d' % (requests.limit, requests.window_s))
        quotas.append(b'"requests";r=%d;t=%d' % (requests.remaining, ceil(requests.reset_s)))
    if tokens is not None:
        # The draft's own units are requests, content-bytes and concurrent-requests.
        policies.append(b'"tokens";q=%d;w=%d;qu="tokens"' % (tokens.limit, tokens.window_s))
        quotas.append(b'"tokens";r=%d;t=%d' % (tokens.remaining, ceil(tokens.reset_s)))
    return ((b"ratelimit-policy", b", ".join(policies)), (b"ratelimit", b", ".join(quotas)))


def _duration(seconds: float) -> bytes:
    """As OpenAI writes it: `0s`, `120ms`, `3s`, `6m0s`, `1h0m0s`; rounded up, so that the wait is long enough."""
    if seconds <= 0:
        return b"0s"
    if seconds < 1:
        return b"%dms" % ceil(seconds * 1000)
    whole_s = ceil(seconds)
    if whole_s < 60:
        return b"%ds" % whole_s
    minutes, seconds_left = divmod(whole_s, 60)
    if minutes < 60:
        return b"%dm%ds" % (minutes, seconds_left)
    return b"%dh%dm%ds" % (minutes // 60, minutes % 60, seconds_left)


def _moment(unix_s: float) -> bytes:
    """RFC 3339 in whole seconds, rounded up."""
    return _told(ceil(unix_s))


@lru_cache(maxsize=256)
def _told(unix_s: int) -> bytes:
    """Kept, because a calendar takes longer than all else here, and the callers of a second are told the same few."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
