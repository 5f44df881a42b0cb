"""The wire provider in a process of its own: for tests that kill theirs, and for load."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvloop

from tollhouse.testing.remote import RemoteProvider
from tollhouse.testing.script import answer
from tollhouse.testing.wire import WireProvider


@contextmanager
def spawn(*, keep_requests: int = 10_000, verify: bool = True) -> Iterator[RemoteProvider]:
    """A provider that outlives whatever the test kills, and ends with the block.

    Args:
        keep_requests: it remembers so many of the last requests; its bill is always whole.
        verify: at the end of the block, as `WireProvider` does.
    """
    command = [sys.executable, "-m", "tollhouse.testing", "--until-stdin-ends", "--keep-requests", str(keep_requests)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    # Its standard input is its life line: it ends when that does, even if this process is killed.
    with child:
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        assert child.stdin is not None  # noqa: S101 - likewise
        announced = child.stdout.readline().strip()
        if not announced:
            raise RuntimeError(f"the wire provider did not start (exit status {child.wait()})")
        provider = RemoteProvider(int(announced))
        try:
            yield provider
            if verify:
                provider.verify()
        finally:
            child.stdin.close()


def run(
    *,
    port: int = 0,
    keep_requests: int | None = None,
    text: str | None = None,
    until_stdin_ends: bool = False,
    provider: WireProvider | None = None,
) -> None:
    """Serve until interrupted; the port is the first line on standard output.

    Args:
        text: what unscripted requests are answered; None: they are refused, and a finding.
        until_stdin_ends: end also when standard input does.
        provider: serve this one, instead of another that nothing is known of yet.
    """
    provider = provider or WireProvider(port=port, keep_requests=keep_requests)
    if text is not None:
        provider.always(answer(text))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, suppress(KeyboardInterrupt):
        runner.run(_serve(provider, until_stdin_ends=until_stdin_ends))


async def _serve(provider: WireProvider, *, until_stdin_ends: bool) -> None:
    over = asyncio.Event()
    if until_stdin_ends:
        loop = asyncio.get_running_loop()
        threading.Thread(target=_await_stdin, args=(loop, over), daemon=True).start()
    await provider.start()
    sys.stdout.write(f"{provider.port}\n")
    sys.stdout.flush()
    await over.wait()
    await provider.aclose()


def _await_stdin(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    while os.read(0, 4096):
        continue
    loop.call_soon_threadsafe(over.set)
