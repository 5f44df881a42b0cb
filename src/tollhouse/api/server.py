"""Serve HTTP until told to stop; then let what runs come to its end.

The first SIGTERM or SIGINT drains: from the signal handler on, `/health/ready` is 503 and new work is refused with 503,
while answers under way run on for up to `drain_s`. Those that are still running then hear that the gateway is shutting
down, in their own dialect. The door stays open until the end, so that probes hear 503 and not a refused connection. A
second signal ends the waiting.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn

from tollhouse.api import envelopes
from tollhouse.api.application import Asgi
from tollhouse.api.http import AsgiPeer, Receive, Scope, Send
from tollhouse.api.paced_http import Pace
from tollhouse.api.protocol import HotProtocol
from tollhouse.errors import CannotStart, Unavailable
from tollhouse.telemetry import Event, log

LAST_WORDS_S = 2.0
"""For the error event and the settlement of an answer that is cut off."""

LOOK_EVERY_S = 0.05
TICKS_PER_LOOK = 10
"""uvicorn ticks ten times a second; clients are looked after once."""


class Server(uvicorn.Server):
    """uvicorn with a drain of its own, and one clear sentence when the port is taken."""

    def __init__(
        self,
        make_application: Callable[[Callable[[], bool]], Asgi],
        *,
        host: str,
        port: int,
        drain_s: float,
        on_started: Callable[[str], Awaitable[None]],
        on_leaving: Callable[[], None] = lambda: None,
        drain_others: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0),
        pace: Pace | None = None,
    ) -> None:
        """Make a server; `serve` runs it.

        Args:
            make_application: gets `is_ready`, gives the ASGI application.
            port: 0 takes a free one.
            drain_s: seconds that answers may run on after the first signal.
            on_started: gets the URL, once connections are accepted.
            on_leaving: told of the first signal, in its handler.
            drain_others: waits for what else is under way in this process, as long as answers may run on.
            pace: how long clients may take.
        """
        self._application = make_application(lambda: not self.should_exit)
        self._drain_s = drain_s
        self._on_started = on_started
        self._on_leaving = on_leaving
        self._drain_others = drain_others
        self._pace = pace or Pace()
        super().__init__(
            uvicorn.Config(
                self._application,
                host=host,
                port=port,
                loop="none",
                http=HotProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came. Nothing is raised again afterwards: a drained server exits with 0."""
        if self.should_exit:
            self.force_exit = True
        else:
            self._on_leaving()
        self.should_exit = True
        self.config.loaded_app = self._refuse_new_work

    async def startup(self, sockets: Any = None) -> None:
        """Listen. Raises CannotStart when the address cannot be had."""
        config, loop = self.config, asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._make_protocol, config.host, config.port, backlog=config.backlog)
        except (OSError, OverflowError) as error:
            raise CannotStart(_why_not(error, config.host, config.port)) from error
        self.servers = [server]
        self.started = True
        url = f"http://{_in_url(config.host)}:{server.sockets[0].getsockname()[1]}"
        log.info(Event.SERVER_STARTED, url=url, pid=os.getpid())
        await self._on_started(url)

    async def on_tick(self, counter: int) -> bool:
        """What uvicorn does now and then, and `look_after_clients`."""
        if counter % TICKS_PER_LOOK == 0:
            self.look_after_clients(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    def look_after_clients(self, now_s: float) -> None:
        """End connections whose clients are slower than they may be. `now_s` is of any clock that only goes forward."""
        for connection in tuple(self._connections):
            connection.look_after(now_s, self._pace)

    async def shutdown(self, sockets: Any = None) -> None:
        """Wait for what runs, cut off what does not end, close the door."""
        tasks = self.server_state.tasks
        log.info(Event.SERVER_DRAINING, answers=len(tasks))
        self._close_idle_connections()
        others = asyncio.ensure_future(self._drain_others())
        await self._wait_for(lambda: not tasks and others.done(), self._drain_s, lambda: self.force_exit)
        others.cancel()
        for server in self.servers:
            server.close()
        for task in tuple(tasks):
            task.cancel()
        await self._wait_for(lambda: not tasks, LAST_WORDS_S)
        self._close_idle_connections()
        log.info(Event.SERVER_STOPPED, cut_off=len(tasks))

    def _make_protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state={})

    @property
    def _connections(self) -> set[Any]:
        # uvicorn's annotation knows its own protocols only.
        return self.server_state.connections

    def _close_idle_connections(self) -> None:
        """Connections that answer close when they have; the others at once."""
        for connection in tuple(self._connections):
            connection.shutdown()

    async def _wait_for(
        self, is_done: Callable[[], bool], most_s: float, is_enough: Callable[[], bool] = lambda: False
    ) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + most_s
        # A signal handler can end this too, and must not touch the loop: so it is looked at, not awaited.
        while not is_done() and not is_enough() and loop.time() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)

    async def _refuse_new_work(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What connections get that come after the signal: they are told to go elsewhere, probes are answered."""
        if scope["path"].startswith(("/health/", "/metrics")):
            await self._application(scope, receive, send)
        else:
            error = Unavailable("This gateway is shutting down; send the request again.")
            await envelopes.refuse(AsgiPeer(scope, receive, send), scope["method"], error)


def _why_not(error: OSError | OverflowError, host: str, port: int) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return (
                f"port {port} on {host} is taken by another program. Stop it, or choose another one: --port {port + 1}"
            )
        case errno.EACCES:
            return f"port {port} may be used by the system's administrator only. Choose one above 1023: --port 8787"
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine. Choose another one: --host 127.0.0.1"
    return f"cannot listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}"


def _in_url(host: str) -> str:
    """An IPv6 address stands in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]" if ":" in host else host
