"""The provider and the load generator, which are C: they say and count what they should."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from benchmarks.ground import Ground, prepared
from benchmarks.shapes import CHUNKS, PACED, SMALL, Door, Shape

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

BURST = Shape(name="burst", text_bytes=10, is_stream=True, connections=2)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with prepared() as it:
        yield it


@pytest.mark.parametrize("shape", [SMALL, BURST], ids=["unstreamed", "streamed"])
@pytest.mark.parametrize("is_tls", [False, True], ids=["clear", "tls"])
def test_the_provider_answers_as_openai_does(ground: Ground, shape: Shape, is_tls: bool):
    if is_tls and ground.tls_port is None:
        pytest.skip("OpenSSL's headers are missing")
    with ground.speaking(is_tls=is_tls), connected(ground, is_tls=is_tls) as connection:
        connection.sendall(shape.request(ground.provider))
        answer = b""
        while b"[DONE]" not in answer and b'"service_tier":"default"}' not in answer:
            answer += connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b'"content":" word"') == (CHUNKS if shape.is_stream else 0)
    assert b'"total_tokens":' in answer


def test_an_open_loop_asks_at_its_rate_and_waits_for_every_answer(ground: Ground):
    with ground.speaking(gap_us=2_000):
        told = ground.ask(PACED, [ground.provider], 0.5, rate=40, connections=30)
    assert (told.answers, told.errors) == (20, 0)
    assert told.p50_us >= CHUNKS * 2_000


def test_a_closed_loop_asks_again_as_soon_as_it_is_answered(ground: Ground):
    with ground.speaking():
        told = ground.ask(SMALL, [ground.provider], 0.2)
    assert told.answers > SMALL.connections
    assert told.errors == 0


def test_refusals_and_lost_connections_are_errors(ground: Ground):
    with refusing() as port:
        told = ground.ask(SMALL, [Door(port, "none")], 0.2, connections=1)
    assert told.answers > 0
    assert told.errors > told.answers, "of each two requests one is answered with 503 and one not at all"


def test_requests_of_several_tokens_are_asked_in_turn(ground: Ground):
    doors = [Door(ground.port, "bench-1", {"Authorization": f"Bearer {letter * 8}"}) for letter in "abc"]
    with ground.speaking():
        assert ground.ask(SMALL, doors, 0.1).errors == 0


@contextmanager
def connected(ground: Ground, *, is_tls: bool) -> Iterator[socket.socket]:
    """A connection to the provider; by TLS, its certificate is verified."""
    port = ground.tls_port if is_tls else ground.port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=30) as plain:
        if not is_tls:
            yield plain
            return
        context = ssl.create_default_context(cafile=ground.authority)
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            yield secure


@contextmanager
def refusing() -> Iterator[int]:
    """A server that answers the first request of each connection with 503, and hangs up on the second."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=refuse_all, args=[door])
        thread.start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
        thread.join()


def refuse_all(door: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = door.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
                connection.recv(65536)
