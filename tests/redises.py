"""Real Redis servers for tests: Debian's `redis-server`, each on a free port, with nothing kept on a disk."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tollhouse.redis.address import Address
from tollhouse.redis.connection import connect

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")

MAX_START_S = 10.0


class RedisServer:
    """One server. It can be stopped, frozen, and told anything, as its operator could."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it.

        Args:
            options: more of its settings, `--name value`.
        """
        self.folder = folder
        self.port = _free_port()
        self.socket = folder / "redis.sock"
        self._options = options
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty; again, after `stop`."""
        assert SERVER is not None
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket)]
        keeping = ["--dir", str(self.folder), "--save", "", "--appendonly", "no", "--loglevel", "warning"]
        self._process = subprocess.Popen(
            [SERVER, *where, *keeping, *self._options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until_s = time.monotonic() + MAX_START_S
        while not self._listens():
            assert self._process.poll() is None, "redis-server did not start"
            assert time.monotonic() < until_s, "redis-server does not listen"
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill it, whatever it does."""
        self._process.kill()
        self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def freeze(self) -> None:
        """Let it answer nothing, with its connections open."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again."""
        if self.is_running:
            os.kill(self._process.pid, signal.SIGCONT)

    async def do(self, *command: str | bytes | int) -> Any:
        """What it answers to its operator."""
        connection = await connect(Address(path=str(self.socket)), None, 5.0)
        try:
            return (await connection.ask([command], 5.0))[0]
        finally:
            connection.close()

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as knocking:
            try:
                knocking.connect(str(self.socket))
            except OSError:
                return False
        return True


@pytest.fixture
def start_redis() -> Iterator[Callable[..., RedisServer]]:
    """`start_redis("--maxmemory", "2mb")` starts one that ends with the test."""
    if SERVER is None:
        pytest.skip("no redis-server is installed: apt install redis-server")
    with ExitStack() as stack:

        def start(*options: str) -> RedisServer:
            # A socket's name must be short, and pytest's folders have long ones.
            folder = stack.enter_context(TemporaryDirectory(prefix="th-redis-", ignore_cleanup_errors=True))
            server = RedisServer(Path(folder), *options)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def redis_server(start_redis: Callable[..., RedisServer]) -> RedisServer:
    """A running server, empty."""
    return start_redis()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
