"""Processes of a run: each pinned to a core, and ended with whoever started it."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CORES = os.cpu_count() or 1
OTHER_CORE = CORES - 1
"""Where provider, load and database are, apart from what is measured."""
STOP_S = 30


def gateway_core(number: int = 0) -> int:
    """The core of the gateway with this number: each has one of its own while there are enough."""
    return number % max(CORES - 1, 1)


@contextmanager
def running(
    command: list[str], core: int, *, output: Path | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process on one core, ended when this ends. What it says goes to `output`, or nowhere."""
    with (output or Path(os.devnull)).open("wb") as log:
        process = subprocess.Popen(
            pinned(command, core),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
        )
        try:
            yield process
        finally:
            end(process)


def pinned(command: list[str], core: int) -> list[str]:
    """The command, kept on a core where there are two."""
    return ["taskset", "-c", str(core), *command] if CORES > 1 else command


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; who does not listen is killed."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def raise_open_files() -> None:
    """Let this process and its children open as many files as the system permits: a live stream takes two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
