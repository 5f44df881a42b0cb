"""HTTP itself, by hand: what is ambiguous is refused and the line closed, and no detour leads past the token.

RFC 9112 (HTTP/1.1) and RFC 9110. Each over our own protocol, and over uvicorn's plain one where that is as strict.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from gateways import Gateway, asking, over_both_peers
from raw_http import Response, connected, request
from tollhouse.testing import answer, wait

BODY = msgspec.json.encode(asking())
STREAM_BODY = msgspec.json.encode(asking(stream=True))


async def answered(gateway: Gateway, data: bytes) -> Response | None:
    """The response to these bytes; None when the connection is ended instead."""
    async with connected(gateway.port) as client:
        await client.send(data)
        return await client.response()


async def assert_refused(gateway: Gateway, data: bytes) -> None:
    """One 400 and the end of the connection; nobody was asked."""
    async with connected(gateway.port) as client:
        await client.send(data)
        response = await client.response()
        assert response is None or response.status in (400, 501), response
        assert await client.rest() == b""
    assert gateway.provider.asked == 0


# --- the head --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/nothing", "/health/live", "/metrics"])
async def test_every_request_names_one_host(gateway: Gateway, path: str) -> None:
    method, body = ("POST", BODY) if path.endswith("completions") else ("GET", b"")
    for host, extra in ((None, b""), ("a.test", b"host: b.test\r\n"), ("a.test", b"Host: a.test\r\n")):
        async with connected(gateway.port) as client:
            await client.send(
                request(path, body, method=method, token=gateway.person.token, host=host, extra=extra)
                + request("/health/live", method="GET")
            )
            response = await client.response()
            assert response is not None
            assert (response.status, response.error["code"]) == (400, "invalid_request")
            assert response.headers[b"connection"] == b"close"
            assert await client.rest() == b""
    assert gateway.provider.asked == 0


CODINGS = [
    b"gzip, chunked",
    b"chunked, chunked",
    b"gzip,chunked",
    b"identity",
    b"xchunked",
    b"chunked\r\ntransfer-encoding: chunked",
]


@pytest.mark.parametrize("coding", CODINGS)
async def test_no_transfer_coding_is_read_but_chunked(gateway: Gateway, coding: bytes) -> None:
    extra = b"transfer-encoding: %b\r\n" % coding
    async with connected(gateway.port) as client:
        await client.send(request(token=gateway.person.token, extra=extra) + b"2\r\n{}\r\n0\r\n\r\n")
        response = await client.response()
        assert response is not None
        assert response.status in (400, 501), response
        assert await client.rest() == b""


@pytest.mark.parametrize("coding", [b"chunked", b"CHUNKED", b" chunked "])
async def test_chunked_is_read_in_http_1_1_only(gateway: Gateway, coding: bytes) -> None:
    gateway.provider.always(answer())
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    for version, status in (("1.1", 200), ("1.0", 400)):
        head = request(token=gateway.person.token, version=version, extra=b"transfer-encoding: %b\r\n" % coding)
        response = await answered(gateway, head + body)
        assert response is not None
        assert response.status == status


async def test_what_is_not_http_is_refused_in_the_words_of_its_address(gateway: Gateway) -> None:
    head = b"x-request-id: mine\r\ncontent-length: 1\r\ncontent-length: 2\r\n"
    for path, name in (("/v1/messages", b"request-id"), ("/v1/chat/completions", b"x-request-id")):
        response = await answered(gateway, request(path, extra=head))
        assert response is not None
        assert (response.status, response.headers[name]) == (400, b"mine")
        assert response.headers[b"content-type"] == b"application/json"
    chunk = b"transfer-encoding: chunked\r\nx-request-id: mine\r\n"
    response = await answered(gateway, request("/api/chat", extra=chunk) + b"zz\r\n")
    assert response is not None
    assert response.headers[b"content-type"] == b"application/problem+json"
    assert response.error["request_id"] == "mine"


@over_both_peers
async def test_http_1_0_may_leave_the_host_out(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    async with connected(gateway.port) as client:
        await client.send(request(body=BODY, token=gateway.person.token, host=None, version="1.0"))
        response = await client.response()
        assert response is not None
        assert response.status == 200
        # Without keep-alive, the answer's end is the connection's.
        assert await client.rest() == b""


AMBIGUOUS: dict[str, bytes] = {
    "length and chunked": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 5\r\ncontent-length: 6\r\n\r\n{}{}{}",
    "a list of lengths": b"content-length: 5, 6\r\n\r\n{}{}{}",
    "a negative length": b"content-length: -5\r\n\r\n{}{}{}",
    "a signed length": b"content-length: +5\r\n\r\n{}{}{}",
    "a length in hex": b"content-length: 0x5\r\n\r\n{}{}{}",
    "an endless length": b"content-length: " + b"9" * 40 + b"\r\n\r\n{}",
    "chunked, but not last": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked in disguise": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded line": b"x-a: 1\r\n 2\r\ncontent-length: 2\r\n\r\n{}",
    "a folded authorization": b"authorization: Bearer\r\n th_live_x\r\ncontent-length: 2\r\n\r\n{}",
    "a bare CR": b"x-a: 1\rx-b: 2\r\ncontent-length: 2\r\n\r\n{}",
    "a NUL": b"x-a: 1\0\r\ncontent-length: 2\r\n\r\n{}",
    "no colon": b"x-a\r\ncontent-length: 2\r\n\r\n{}",
    "no name": b": 1\r\ncontent-length: 2\r\n\r\n{}",
    "a chunk size that is none": b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a negative chunk size": b"transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
}


@over_both_peers
@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_an_ambiguous_head_is_refused_and_the_line_closed(gateway: Gateway, rest: bytes) -> None:
    head = request(token=gateway.person.token).removesuffix(b"\r\n")
    await assert_refused(gateway, head + rest + request("/v1/models", method="GET", token=gateway.person.token))


NOT_HTTP: dict[str, bytes] = {
    "bare line feeds": b"POST /v1/chat/completions HTTP/1.1\nhost: a.test\ncontent-length: 2\n\n{}",
    "HTTP/0.9": b"GET /v1/models\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": b"GET /v1/models HTTP/3.7\r\nhost: a\r\n\r\n",
    "TLS": bytes.fromhex("160301020001000001fc0303") + b"\0" * 64,
    "noise": bytes(range(256)),
    "a method of its own": b"HACK /v1/models HTTP/1.1\r\nhost: a\r\n\r\n",
    "a blank in the target": b"GET /v1/ models HTTP/1.1\r\nhost: a\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\nhost: a\r\n\r\n",
}


@pytest.mark.parametrize("data", NOT_HTTP.values(), ids=NOT_HTTP.keys())
async def test_what_is_not_http_is_refused_and_the_line_closed(gateway: Gateway, data: bytes) -> None:
    await assert_refused(gateway, data)


TOO_MUCH_HEAD = {
    "a header of 64 KiB": b"x-large: " + b"x" * 65_536 + b"\r\n",
    "a header of 1 MB": b"x-large: " + b"x" * 1_000_000 + b"\r\n",
    "1,000 headers": b"".join(b"x-%d: 1\r\n" % number for number in range(1_000)),
    "20,000 headers": b"".join(b"x-%d: 1\r\n" % number for number in range(20_000)),
}


@pytest.mark.parametrize("extra", TOO_MUCH_HEAD.values(), ids=TOO_MUCH_HEAD.keys())
async def test_a_head_that_is_too_large_is_refused(gateway: Gateway, extra: bytes) -> None:
    await assert_refused(gateway, request(body=BODY, token=gateway.person.token, extra=extra))


async def test_a_target_that_is_too_large_is_refused(gateway: Gateway) -> None:
    await assert_refused(gateway, request("/v1/models?" + "x" * 70_000, method="GET", token=gateway.person.token))


async def test_an_endless_head_is_refused_before_it_ends(gateway: Gateway) -> None:
    async with connected(gateway.port) as client:
        await client.send(request(token=gateway.person.token).removesuffix(b"\r\n"))
        for _ in range(20):
            await client.send(b"x-more: " + b"x" * 10_000 + b"\r\n")
        response = await client.response()
        assert response is None or response.status == 400


async def test_a_large_body_with_a_small_head_is_no_large_head(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    body = msgspec.json.encode(asking(messages=[{"role": "user", "content": "x" * 300_000}]))
    async with connected(gateway.port) as client:
        for _ in range(2):
            await client.send(request(body=body, token=gateway.person.token))
            assert_ok(await client.response())


# --- the way -------------------------------------------------------------------------------------------------------

DETOURS: dict[str, tuple[str, bytes]] = {
    "query": ("/v1/chat/completions?a=b&c", b""),
    "encoded slash": ("/v1/chat%2Fcompletions", b""),
    "encoded letter": ("/v1/ch%61t/completions", b""),
    "absolute form": ("http://evil.test/v1/chat/completions", b""),
    "absolute form, encoded": ("http://evil.test/v1/ch%61t/completions?x", b""),
    "overrides of the method": ("/v1/chat/completions", b"x-http-method-override: GET\r\nx-method-override: GET\r\n"),
    "headers of proxies": ("/v1/chat/completions", b"x-original-url: /health/live\r\nx-forwarded-prefix: /health\r\n"),
    "expectation": ("/v1/chat/completions", b"expect: 100-continue\r\n"),
}


@over_both_peers
@pytest.mark.parametrize(("path", "extra"), DETOURS.values(), ids=DETOURS.keys())
async def test_every_way_to_a_route_asks_for_the_same_token(gateway: Gateway, path: str, extra: bytes) -> None:
    gateway.provider.always(answer())
    for token, status in ((None, 401), ("th_live_x", 401), (gateway.person.token, 200)):
        async with connected(gateway.port) as client:
            await client.send(request(path, BODY, token=token, extra=extra))
            response = await client.response()
            if response is not None and response.status == 100:
                response = await client.response()
            assert response is not None
            assert response.status == status
    assert gateway.provider.asked == 1


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions?x=1"])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0"])
async def test_an_upgrade_is_declined_and_the_request_answered_as_it_is(
    gateway: Gateway, path: str, protocol: bytes
) -> None:
    """Java's HTTP client wishes for HTTP/2 with every first request."""
    gateway.provider.always(answer())
    extra = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: %b\r\nhttp2-settings: AAEAAEAAAAIAAAAB\r\n" % protocol
    async with connected(gateway.port) as client:
        for token, status in ((None, 401), (gateway.person.token, 200), (gateway.person.token, 200)):
            await client.send(request(path, BODY, token=token, extra=extra))
            response = await client.response()
            assert response is not None
            assert response.status == status
        for byte in request(path, BODY, token=gateway.person.token, extra=extra):
            await client.send(bytes([byte]))
        assert_ok(await client.response())


ELSEWHERE = [
    "//v1/chat/completions",
    "/V1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions;x=1",
    "/v1/./chat/completions",
    "/v1/%2e%2e/v1/chat/completions",
    "/health/live/../../v1/chat/completions",
    "/metrics/../v1/chat/completions",
    "/v1/chat/completions%00",
    "/v1/chat/completions%0d%0ax:1",
]


@over_both_peers
@pytest.mark.parametrize("path", ELSEWHERE)
async def test_what_only_looks_like_a_route_leads_nowhere(gateway: Gateway, path: str) -> None:
    for token in (None, gateway.person.token):
        response = await answered(gateway, request(path, BODY, token=token))
        assert response is not None
        assert response.status in (401, 404, 405)
    assert gateway.provider.asked == 0


@over_both_peers
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "GET"])
async def test_other_methods_do_not_reach_a_route(gateway: Gateway, method: str) -> None:
    async with connected(gateway.port) as client:
        for token in (None, gateway.person.token):
            await client.send(request(method=method, token=token))
            response = await client.response(to_head=method == "HEAD")
            assert response is not None
            assert response.status in (401, 404, 405)
        # The line is still in step: a body that HEAD must not have would be taken for the next answer.
        await client.send(request("/health/live", method="GET"))
        response = await client.response()
        assert response is not None
        assert response.body == b'{"status":"live"}'
    assert gateway.provider.asked == 0


@over_both_peers
async def test_connect_and_targets_without_a_path_are_refused(gateway: Gateway) -> None:
    for line in (b"CONNECT a.test:443 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET a.test HTTP/1.1"):
        async with connected(gateway.port) as client:
            await client.send(line + b"\r\nhost: a.test\r\n\r\n")
            head = await client.head()
            assert head is None or head[0] >= 400


# --- one line, many requests -----------------------------------------------------------------------------------------


@over_both_peers
async def test_pipelined_requests_are_answered_in_order_whichever_way_they_take(gateway: Gateway) -> None:
    gateway.provider.always(wait(0.05), answer("Hello"))
    token = gateway.person.token
    requests = [
        request(body=BODY, token=token),
        request("/health/live", method="GET"),
        request(body=STREAM_BODY, token=token),
        request("/v1/nothing", method="GET", token=token),
        request("/api/nothing", method="GET", token=token),
        request("/v1/models?x", method="GET", token=token),
        request(body=BODY, token="th_live_x"),
        request(body=BODY, token=token),
    ]
    checks: list[Callable[[Response], bool]] = [
        lambda it: it.status == 200 and b'"chat.completion"' in it.body,
        lambda it: it.body == b'{"status":"live"}',
        lambda it: it.status == 200 and it.body.endswith(b"data: [DONE]\n\n"),
        lambda it: it.status == 404,
        lambda it: it.status == 404,
        lambda it: it.status == 200 and b'"list"' in it.body,
        lambda it: it.status == 401,
        lambda it: it.status == 200 and b'"chat.completion"' in it.body,
    ]
    for pieces in ([b"".join(requests)], requests):
        async with connected(gateway.port) as client:
            for piece in pieces:
                await client.send(piece)
            for number, check in enumerate(checks):
                response = await client.response()
                assert response is not None
                assert check(response), (number, response)


@over_both_peers
async def test_a_request_may_come_byte_by_byte(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    async with connected(gateway.port) as client:
        for byte in request(body=BODY, token=gateway.person.token):
            await client.send(bytes([byte]))
        assert_ok(await client.response())


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions?x"])
async def test_trailers_are_no_headers(gateway: Gateway, path: str) -> None:
    gateway.provider.always(answer())
    half = len(BODY) // 2
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in (BODY[:half], BODY[half:]))
    token = gateway.person.token
    for in_head, in_trailer, status in ((token, "other", 200), (None, token, 401), (token, token, 200)):
        head = request(path, token=in_head, extra=b"transfer-encoding: chunked\r\ntrailer: authorization\r\n")
        trailers = f"0\r\nhost: evil.test\r\nauthorization: Bearer {in_trailer}\r\n\r\n".encode()
        async with connected(gateway.port) as client:
            for _ in range(2):
                await client.send(head + chunks + trailers)
                response = await client.response()
                assert response is not None
                assert response.status == status


@pytest.mark.parametrize("body", [BODY, STREAM_BODY], ids=["whole", "stream"])
async def test_what_is_not_http_does_not_spoil_the_answer_to_the_request_before(gateway: Gateway, body: bytes) -> None:
    gateway.provider.always(wait(0.05), answer())
    async with connected(gateway.port) as client:
        await client.send(request(body=body, token=gateway.person.token) + b'{"more than announced": true}')
        assert_ok(await client.response())
        assert await client.rest() == b""
    row = (await gateway.rows())[0]
    assert row["outcome"] == "succeeded"


@over_both_peers
@pytest.mark.parametrize("stream", [False, True])
async def test_a_connection_is_used_again_and_closed_when_asked(gateway: Gateway, stream: bool) -> None:
    gateway.provider.always(answer())
    body = STREAM_BODY if stream else BODY
    async with connected(gateway.port) as client:
        for _ in range(3):
            await client.send(request(body=body, token=gateway.person.token))
            assert_ok(await client.response())
        await client.send(request(body=body, token=gateway.person.token, extra=b"connection: close\r\n"))
        response = await client.response()
        assert_ok(response)
        assert response is not None
        assert response.headers[b"connection"] == b"close"
        assert await client.rest() == b""


@over_both_peers
async def test_an_expectation_is_answered_before_the_body_comes(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    whole = request(body=BODY, token=gateway.person.token, extra=b"expect: 100-continue\r\n")
    async with connected(gateway.port) as client:
        await client.send(whole.removesuffix(BODY))
        interim = await client.head()
        assert interim is not None
        assert interim[0] == 100
        await client.send(BODY)
        assert_ok(await client.response())


def assert_ok(response: Response | None) -> None:
    assert response is not None
    assert response.status == 200, response.body
