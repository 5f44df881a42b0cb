"""The head of a request as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.errors import InvalidRequest
from tollhouse.upstream.base import Call, Origin
from tollhouse.upstream.request import host_of, write_head

ORIGIN = Origin("https", "api.example.com", 443)


def test_writes_what_framing_needs_and_then_what_was_asked() -> None:
    call = Call(origin=ORIGIN, target=b"/v1/x?y=z", headers=((b"X-Api-Key", b"k"), (b"accept", b"")), body=b"12345")
    assert write_head(call) == (
        b"POST /v1/x?y=z HTTP/1.1\r\nhost: api.example.com\r\naccept-encoding: identity\r\n"
        b"X-Api-Key: k\r\naccept: \r\ncontent-length: 5\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("scheme", "host", "port", "written"),
    [
        ("https", "a.example", 443, "a.example"),
        ("https", "a.example", 80, "a.example:80"),
        ("http", "a.example", 80, "a.example"),
        ("http", "::1", 8000, "[::1]:8000"),
        ("https", "::1", 443, "[::1]"),
    ],
)
def test_writes_the_host(scheme: str, host: str, port: int, written: str) -> None:
    assert host_of(Origin(scheme, host, port)) == written


@given(st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=30)), max_size=4), st.binary(max_size=12))
def test_a_head_has_as_many_lines_as_the_call_has_headers_or_is_not_written(
    headers: list[tuple[bytes, bytes]], target: bytes
) -> None:
    try:
        head = write_head(Call(origin=ORIGIN, target=target, headers=tuple(headers), body=b"x"))
    except InvalidRequest:
        return
    lines = head.split(b"\r\n")
    assert len(lines) == len(headers) + len(("first", "host", "accept-encoding", "content-length", "", ""))
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert lines[0].split(b" ") == [b"POST", target, b"HTTP/1.1"]


def test_never_shows_the_value_it_refuses() -> None:
    with pytest.raises(InvalidRequest) as caught:
        write_head(Call(origin=ORIGIN, target=b"/", headers=((b"authorization", b"Bearer sk-secret\n"),)))
    assert "sk-secret" not in caught.value.message
    assert "authorization" in caught.value.message
