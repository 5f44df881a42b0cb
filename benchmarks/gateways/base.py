"""What a gateway is to a benchmark, and how any of them is started."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from subprocess import Popen

from benchmarks.ground import PATIENCE_S, Ground
from benchmarks.postgres import Server
from benchmarks.processes import gateway_core, running
from benchmarks.shapes import SMALL, Door, Shape
from benchmarks.usage import cpu_s

PAUSE_S = 0.005


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """One that runs.

    Attributes:
        title: its name and version, for people.
        pid: the root of its process tree.
        door: where it forwards to the provider in the clear; `tls_door` where by TLS, None when it was not set up.
        translates: it serves clients of Anthropic's Messages too.
        start_s: seconds from nothing to the first answer.
        database: its database server, if it has one.
    """

    name: str
    title: str
    pid: int
    door: Door
    tls_door: Door | None = None
    translates: bool = False
    start_s: float = 0.0
    database: Server | None = None

    def door_for(self, shape: Shape) -> Door | None:
        """Where requests of this shape go; None when it cannot be asked."""
        if shape.is_translated and not self.translates:
            return None
        return self.tls_door if shape.is_tls else self.door

    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    def database_cpu_s(self) -> float:
        return cpu_s(self.database.pid) if self.database else 0.0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One that can be started.

    Attributes:
        absent: why it cannot run here; None when it can.
        run: starts it on a ground whose provider speaks, and ends it.
    """

    name: str
    absent: Callable[[], str | None]
    run: Callable[[Ground], AbstractContextManager[Gateway]]


@contextmanager
def serving(
    ground: Ground,
    name: str,
    command: list[str],
    door: Door,
    *,
    core: int = 0,
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, float]]:
    """A server process, once it answers; gives its pid and the seconds that it took.

    Raises:
        RuntimeError: it ended, or did not answer in time; with the end of its log.
    """
    log = ground.folder / f"{name}.log"
    began_s = time.monotonic()
    with running(command, gateway_core(core), output=log, environ=environ) as process:
        problem = wait_for_answer(process, door)
        if problem is not None:
            raise RuntimeError(f"{name} {problem}:\n{log.read_text(errors='replace')[-2_000:]}")
        yield process.pid, time.monotonic() - began_s


def wait_for_answer(process: Popen[bytes], door: Door) -> str | None:
    """Until a chat completion is answered with 200; gives what went wrong instead, if it did."""
    until_s, last = time.monotonic() + PATIENCE_S, "nobody listens"
    while time.monotonic() < until_s:
        if process.poll() is not None:
            return f"ended with {process.returncode}"
        try:
            status, body = ask_once(door)
        except OSError:
            time.sleep(PAUSE_S)
            continue
        if status == 200:
            return None
        last = f"{status} {body[:500]!r}"
        time.sleep(PAUSE_S)
    return f"did not answer within {PATIENCE_S:g} s: {last}"


def ask_once(door: Door) -> tuple[int, bytes]:
    """Status and body of a small request's answer. Raises OSError when there is none."""
    head, _, body = SMALL.request(door).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise ConnectionError("not an answer in HTTP") from error
    finally:
        connection.close()
