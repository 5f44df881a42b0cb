"""A server that is told things, in a thread of its own: it outlives whoever is killed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import pytest


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One request."""

    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Answers 200, or what `answers` says next: a status, or a status with headers.

    Attributes:
        heard: what came, in order.
        hold: while cleared, nobody is answered.
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: deque[tuple[int, Mapping[str, str]]] = deque()
        self.hold = threading.Event()
        self.hold.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def will(self, *statuses: int, **headers: str) -> None:
        """Answer so the next times."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.extend((status, told) for status in statuses)

    async def until(self, count: int) -> None:
        """Wait until so many requests came."""
        async with asyncio.timeout(30):
            while len(self.heard) < count:
                await asyncio.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.heard.append(Heard(target=self.path, headers=headers, body=body))
                status, more = receiver.answers.popleft() if receiver.answers else (200, {})
                receiver.hold.wait()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *args: object) -> None:
                """Nowhere."""

        return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with Receiver() as it:
        yield it
