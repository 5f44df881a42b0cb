"""uvicorn's HTTP protocol, stricter: what is ambiguous or too much is refused, and the connection closed.

RFC 9112 (HTTP/1.1) leaves the bounds to the server; uvicorn has none, and would hold an endless head in memory.
Trailers are no headers here, and an upgrade is declined, not lost.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tollhouse.api.envelopes import refusal
from tollhouse.errors import InvalidRequest, TollhouseError, UnknownCoding

HEAD_BYTES_MOST = 64 * 1024
HEADERS_MOST = 256
VERSIONS = ("1.1", "1.0")
STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode() for status in HTTPStatus}

NOT_ALLOWED = "This is not a request that HTTP/1.1 allows."
TOO_MUCH_HEAD = "The head of the request is too large."


class StrictHttp(HttpToolsProtocol):
    """One connection of a client.

    Attributes:
        answering: the cycle whose answer is under way; with pipelining not the one whose request came last.
        requests: how many have begun.
        is_in_head: the last of them has not told its whole head.
        is_in_body: nor its whole body.
        request_bytes: read after the read in which it began; where in that one is not known.
    """

    # Any: a cycle is uvicorn's own class, or ours, which is like it.
    answering: Any = None
    requests = 0
    url = b""
    is_in_head = False
    is_in_body = False
    request_bytes = 0
    _is_declined = False
    _read_bytes = 0

    # From the event loop.

    def data_received(self, data: bytes) -> None:
        self._read_bytes = len(data)
        self.request_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
        except HttpParserError as error:
            raised = error.__context__
            self._refuse(raised if isinstance(raised, TollhouseError) else InvalidRequest(NOT_ALLOWED))
        else:
            if self.is_in_head and self.request_bytes > HEAD_BYTES_MOST:
                self._refuse(InvalidRequest(TOO_MUCH_HEAD))

    def connection_lost(self, exc: Exception | None) -> None:
        answering = self.answering
        if answering is not None and not answering.response_complete:
            answering.disconnected = True
            answering.message_event.set()
        super().connection_lost(exc)

    # From the parser.

    def on_message_begin(self) -> None:
        self.requests += 1
        self.is_in_head = True
        self.request_bytes = 0
        self.begin_request()

    def on_headers_complete(self) -> None:
        self.is_in_head = False
        # What is raised here becomes the context of the parser's own error.
        check_framing(self.parser.get_http_version(), self.headers)
        # Measured exactly only where it may be too much.
        may_be_bytes = self.request_bytes + self._read_bytes
        if may_be_bytes > HEAD_BYTES_MOST and len(self.url) + _size_of(self.headers) > HEAD_BYTES_MOST:
            raise InvalidRequest(TOO_MUCH_HEAD)
        self._is_declined = self.parser.should_upgrade()
        if not self._is_declined:
            self.is_in_body = True
            self.start_request()
            # What comes from here on are trailers. Kept, they would count as headers, the token among them.
            self.headers = _Complete(self.headers)

    def on_message_complete(self) -> None:
        self.is_in_body = False
        if not self._is_declined:
            super().on_message_complete()

    # What a subclass may do its own way.

    def begin_request(self) -> None:
        """A request begins: forget the one before."""
        super().on_message_begin()

    def start_request(self) -> None:
        """The head is complete: start to answer."""
        super().on_headers_complete()

    # What follows from that.

    def hang_up(self, refuse: Callable[[], None]) -> None:
        """Refuse, and so end the connection; but never in the midst of an earlier answer, which may still end."""
        answering = self.answering
        if answering is None or answering.response_complete or answering.more_body:
            refuse()
            return
        answering.keep_alive = False
        self.pipeline.clear()
        self.flow.pause_reading()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self.answering = cycle
        super()._start_asgi_task(cycle, app)

    def _decline_upgrade(self, rest: bytes) -> None:
        """A server may ignore the wish to speak something else (RFC 9110, 7.8), and answers the request as it is.

        The parser leaves the body to the protocol that was wished for: a fresh one reads the request again, without
        that wish. Java's client has it in every first request.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(InvalidRequest(NOT_ALLOWED))
            return
        version = self.parser.get_http_version().encode()
        kept = [b"%b: %b\r\n" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self.data_received(b"%b %b HTTP/%b\r\n%b\r\n%b" % (method, self.url, version, b"".join(kept), rest))

    def _refuse(self, error: TollhouseError) -> None:
        """The last answer of the connection, in the words of whoever usually asks there."""
        self.hang_up(lambda: self._say_refusal(error))

    def _say_refusal(self, error: TollhouseError) -> None:
        method, path = self.parser.get_method().decode("ascii"), self.url.partition(b"?")[0].decode("latin-1")
        headers, body = refusal(error, method, path, self.headers or [])
        framing = ((b"connection", b"close"), (b"content-length", b"%d" % len(body)))
        fields = map(b": ".join, (*self.server_state.default_headers, *headers, *framing))
        self.transport.write(b"\r\n".join((STATUS_LINES[error.status], *fields, b"", body)))
        self.transport.close()


class _Complete(list[tuple[bytes, bytes]]):
    """Headers to which nothing is added."""

    def append(self, header: tuple[bytes, bytes]) -> None:
        pass


def check_framing(version: str, headers: list[tuple[bytes, bytes]]) -> None:
    """Raise InvalidRequest or UnknownCoding for a head that two servers may understand differently.

    RFC 9112: one Host, which HTTP/1.0 may leave out (section 3.2); no transfer coding but `chunked`, and in HTTP/1.0
    none (section 6.1). What else is ambiguous about a body's length the parser refuses.
    """
    if version not in VERSIONS:
        raise InvalidRequest(NOT_ALLOWED)
    if len(headers) > HEADERS_MOST:
        raise InvalidRequest(TOO_MUCH_HEAD)
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if hosts > 1 or (hosts == 0 and version != "1.0"):
        raise InvalidRequest("The request must name one Host.")
    if b"transfer-encoding" in names:
        if version == "1.0":
            raise InvalidRequest(NOT_ALLOWED)
        codings = b",".join([value for name, value in headers if name == b"transfer-encoding"])
        if codings.strip().lower() != b"chunked":
            raise UnknownCoding("The only transfer coding that is read here is `chunked`.")


def _size_of(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
