"""The headers on limits are the ones that the vendors' clients and the IETF's draft read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.api.ratelimit_headers import headers, messages_headers
from tollhouse.limits import Allowance, CallerLimits, Quota, Snapshot

NOW = datetime(2026, 11, 22, 10, 0, 0, 250_000, tzinfo=UTC)


def test_openai_s_six_and_the_ietf_s_pair():
    snapshot = Snapshot(Quota(20, 19, 60.0), Quota(40_000, 39_500, 2.5))
    assert headers(snapshot) == (
        (b"x-ratelimit-limit-requests", b"20"),
        (b"x-ratelimit-remaining-requests", b"19"),
        (b"x-ratelimit-reset-requests", b"1m0s"),
        (b"x-ratelimit-limit-tokens", b"40000"),
        (b"x-ratelimit-remaining-tokens", b"39500"),
        (b"x-ratelimit-reset-tokens", b"3s"),
        (b"ratelimit-policy", b'"requests";q=20;w=60, "tokens";q=40000;w=60;qu="tokens"'),
        (b"ratelimit", b'"requests";r=19;t=60, "tokens";r=39500;t=3'),
    )


def test_anthropic_s_family_gives_moments():
    snapshot = Snapshot(Quota(20, 19, 59.9), Quota(40_000, 0, 0.0))
    assert messages_headers(snapshot, NOW.timestamp()) == (
        (b"anthropic-ratelimit-requests-limit", b"20"),
        (b"anthropic-ratelimit-requests-remaining", b"19"),
        (b"anthropic-ratelimit-requests-reset", b"2026-11-22T10:01:01Z"),
        (b"anthropic-ratelimit-tokens-limit", b"40000"),
        (b"anthropic-ratelimit-tokens-remaining", b"0"),
        (b"anthropic-ratelimit-tokens-reset", b"2026-11-22T10:00:01Z"),
        (b"ratelimit-policy", b'"requests";q=20;w=60, "tokens";q=40000;w=60;qu="tokens"'),
        (b"ratelimit", b'"requests";r=19;t=60, "tokens";r=0;t=0'),
    )


@pytest.mark.parametrize("render", [headers, lambda snapshot: messages_headers(snapshot, NOW.timestamp())])
def test_what_is_unlimited_has_no_headers(render):
    assert render(Snapshot(None, None)) == ()
    only_requests = dict(render(Snapshot(Quota(20, 19, 60.0), None)))
    assert not any(b"tokens" in name + value for name, value in only_requests.items())
    only_tokens = dict(render(Snapshot(None, Quota(20, 19, 60.0))))
    assert not any(b"requests" in name + value for name, value in only_tokens.items())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, b"0s"),
        (0.0001, b"1ms"),
        (0.012, b"12ms"),
        (0.12, b"120ms"),
        (1.0, b"1s"),
        (2.01, b"3s"),
        (59.5, b"1m0s"),
        (60.0, b"1m0s"),
        (61.2, b"1m2s"),
        (360.0, b"6m0s"),
        (3_600.0, b"1h0m0s"),
        (90_061.0, b"25h1m1s"),
    ],
)
def test_a_wait_is_written_as_openai_does(seconds: float, text: bytes):
    assert dict(headers(Snapshot(Quota(20, 0, seconds), None)))[b"x-ratelimit-reset-requests"] == text


@given(st.floats(0, 100_000), st.integers(0, 999_999))
def test_no_reset_is_told_too_early(seconds: float, microsecond: int):
    now = NOW.replace(microsecond=microsecond)
    snapshot = Snapshot(Quota(20, 0, seconds), None)
    told = dict(messages_headers(snapshot, now.timestamp()))[b"anthropic-ratelimit-requests-reset"].decode()
    wait = datetime.fromisoformat(told) - now
    assert (
        timedelta(seconds=seconds) - timedelta(microseconds=2) <= wait <= timedelta(seconds=seconds + 1, microseconds=1)
    )
    assert int(dict(headers(snapshot))[b"ratelimit"].rpartition(b"=")[2]) >= seconds


def test_the_headers_follow_the_limits():
    limits = CallerLimits(Allowance(requests_per_minute=20))
    limits.admit(100.0)
    limits.admit(110.0)
    told = dict(headers(limits.snapshot(130.0)))
    assert told[b"x-ratelimit-remaining-requests"] == b"18"
    assert told[b"x-ratelimit-reset-requests"] == b"40s"
