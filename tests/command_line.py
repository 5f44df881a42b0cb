"""The command line under test: in a process of its own, in this one, and as a gateway that keeps running."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("TOLLHOUSE_") and "API_KEY" not in name
}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """Run one command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tollhouse", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, **(env or {})},
        cwd=cwd,
        timeout=60,
        check=False,
    )
    return Ended(status=done.returncode, out=done.stdout, err=done.stderr)


class Gateway:
    """`tollhouse up --json` or `serve --json`, running."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self._log: list[str] = []
        self._reader = threading.Thread(target=self._log.extend, args=(process.stderr,), daemon=True)
        self._reader.start()
        line = process.stdout.readline()
        self.served: dict[str, Any] = json.loads(line) if line else {}

    @property
    def url(self) -> str:
        return str(self.served["url"])

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        with self.connected() as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()

    def call(self, method: str, path: str, body: Any = None) -> bytes:
        """Call management with the first key; gives what is answered."""
        headers = {"authorization": f"Bearer {self.served['api_key']}", "content-type": "application/json"}
        with self.connected() as connection:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return connection.getresponse().read()

    def chat(self, model: str = "demo/echo", *, token: str | None = None, stream: bool = False) -> tuple[int, bytes]:
        """A chat completion, read to its end."""
        with self.connected() as connection:
            response = ask(connection, token or self.served["api_key"], model, stream=stream)
            return response.status, response.read()

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit status."""
        return self.process.wait(60)

    def log(self) -> str:
        """What it wrote to standard error, once it has ended."""
        self._reader.join(30)
        return "".join(self._log)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(30)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


def ask(connection: http.client.HTTPConnection, token: str, model: str, *, stream: bool) -> http.client.HTTPResponse:
    """Send a chat completion; gives the response when its head is there."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    return connection.getresponse()


@contextmanager
def started(
    data: Path, *, verb: str = "up", port: int = 0, env: Mapping[str, str] | None = None, crash: Sequence[str] = ()
) -> Iterator[Gateway]:
    """A gateway, on a free port unless told; killed at its end if it still runs, or before, at a point of
    `proofs.crashing`.
    """
    where = [] if verb == "work" else ["--port", str(port)]
    module = ["proofs.crashing", *crash] if crash else ["tollhouse"]
    process = subprocess.Popen(
        [sys.executable, "-m", *module, verb, "--json", *where, "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, **(env or {})},
    )
    gateway = Gateway(process)
    try:
        yield gateway
    finally:
        gateway.close()
