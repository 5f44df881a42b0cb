"""One connection, fed by hand: what it makes of bytes does not depend on how the network cuts them."""

from __future__ import annotations

import pytest

from tollhouse.errors import UpstreamDown, UpstreamError, UpstreamIncomplete
from tollhouse.upstream.base import Bounds, Call, Origin
from tollhouse.upstream.connection import Connection
from tollhouse.upstream.exchange import Exchange
from tollhouse.upstream.pool import Pool
from tollhouse.upstream.request import write_head

ORIGIN = Origin("http", "127.0.0.1", 80, allow_private_address=True)
CALL = Call(origin=ORIGIN, target=b"/", body=b"{}", bounds=Bounds(head_bytes=1000, body_bytes=1000))

CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"a\r\ndata: \xc3\xa9t\xc3\r\n3;e=1\r\n\xa9\n\n\r\n0\r\nx-trailer: 1\r\n\r\n"
)
COUNTED = b"HTTP/1.1 500 Oh\r\nX-Request-Id: req_1\r\nContent-Length: 7\r\n\r\n\r\n\r\nabc"


class Wire:
    """A transport whose other end is the test."""

    def __init__(self) -> None:
        self.written = b""
        self.is_cut = False
        self.is_paused = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_cut

    def abort(self) -> None:
        self.is_cut = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False


def start(call: Call = CALL) -> tuple[Connection, Wire, Exchange]:
    wire = Wire()
    connection = Connection(ORIGIN, Pool(max_idle_per_origin=1, idle_timeout_s=1))
    connection.connection_made(wire)  # type: ignore[arg-type]
    exchange = connection.start(call, write_head(call), 0.0)
    assert exchange is not None
    return connection, wire, exchange


async def outcome(exchange: Exchange) -> tuple[object, ...]:
    try:
        await exchange.head()
        return exchange.status, exchange.headers, await exchange.read()
    except UpstreamError as error:
        return type(error), error.message


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [(CHUNKED, 200, "data: \u00e9t\u00e9\n\n".encode()), (COUNTED, 500, b"\r\n\r\nabc")],
    ids=["chunked", "counted"],
)
async def test_a_reply_does_not_depend_on_where_the_network_cuts(answer: bytes, status: int, body: bytes) -> None:
    connection, _, exchange = start()
    connection.data_received(answer)
    whole = await outcome(exchange)
    assert (whole[0], whole[-1]) == (status, body)
    for cut in range(1, len(answer)):
        connection, wire, exchange = start()
        connection.data_received(answer[:cut])
        assert not exchange.has_ended
        connection.data_received(answer[cut:])
        assert await outcome(exchange) == whole
        assert not wire.is_cut
    connection, _, exchange = start()
    for n in range(len(answer)):
        connection.data_received(answer[n : n + 1])
    assert await outcome(exchange) == whole


@pytest.mark.parametrize("answer", [CHUNKED, COUNTED], ids=["chunked", "counted"])
async def test_no_truncation_passes_for_a_whole_reply(answer: bytes) -> None:
    for cut in range(len(answer)):
        connection, _, exchange = start()
        if cut:
            connection.data_received(answer[:cut])
        connection.eof_received()
        connection.connection_lost(None)
        assert (await outcome(exchange))[0] is UpstreamIncomplete


@pytest.mark.parametrize("endless", ["header", "interim", "extension", "trailer"])
async def test_nothing_around_a_body_may_go_on_for_ever(endless: str) -> None:
    start_of, more = {
        "header": (b"HTTP/1.1 200 OK\r\nx: ", b"a"),
        "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "extension": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;", b"a"),
        "trailer": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"a"),
    }[endless]
    connection, wire, exchange = start()
    sent = len(start_of)
    connection.data_received(start_of)
    while not exchange.has_ended:
        connection.data_received(more)
        sent += len(more)
        assert sent < 1100
    assert wire.is_cut
    kind, message = await outcome(exchange)
    assert kind in (UpstreamDown, UpstreamIncomplete)
    assert "than is taken" in str(message)


async def test_a_head_over_the_bound_is_refused_also_when_it_comes_with_its_body() -> None:
    connection, _, exchange = start()
    connection.data_received(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 1000 + b"\r\ncontent-length: 2\r\n\r\nok")
    assert (await outcome(exchange))[0] is UpstreamDown


async def test_a_small_head_in_one_read_with_a_large_body_is_taken() -> None:
    connection, _, exchange = start()
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 990\r\n\r\n" + b"a" * 990)
    assert (await outcome(exchange))[2] == b"a" * 990


async def test_holds_the_server_back_until_what_came_is_taken() -> None:
    connection, wire, exchange = start(Call(origin=ORIGIN, target=b"/"))
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + b"a" * 100_000)
    assert not wire.is_paused
    connection.data_received(b"a" * 200_000)
    assert wire.is_paused
    assert len(await exchange.next()) == 300_000
    assert not wire.is_paused


async def test_time_while_the_server_is_held_back_is_not_idle_time() -> None:
    connection, wire, exchange = start(Call(origin=ORIGIN, target=b"/"))
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + b"a" * 300_000)
    for now in (10.0, 100.0, 200.0):
        exchange.check(now)
    assert wire.is_paused
    assert not exchange.has_ended
    await exchange.next()
    exchange.check(259.0)
    assert not exchange.has_ended
    exchange.check(261.0)
    assert exchange.has_ended


async def test_bytes_that_nobody_asked_for_close_an_idle_connection() -> None:
    connection, wire, exchange = start()
    connection.data_received(COUNTED)
    assert exchange.has_ended
    assert not wire.is_cut
    connection.data_received(COUNTED)
    assert wire.is_cut


async def test_an_answer_before_the_request_is_all_sent_ends_the_connection() -> None:
    connection, wire, exchange = start()
    wire.get_write_buffer_size = lambda: 1  # type: ignore[method-assign]
    connection.data_received(COUNTED)
    assert (await outcome(exchange))[0] == 500
    assert wire.is_cut
