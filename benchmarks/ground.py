"""The ground of a run: a folder, a cheap provider in the clear and by TLS, a load generator. All of it is our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import trustme

from benchmarks.processes import OTHER_CORE, free_port, pinned, running
from benchmarks.results import HERE
from benchmarks.shapes import CHUNKS, Door, Shape

TOOLS = HERE / "tools"
PROVIDER_MODEL = "bench-1"
PATIENCE_S = 90.0
"""For a server to start and answer, and for the load generator to end after its time."""


class Told(msgspec.Struct, frozen=True):
    """What the load generator says; see tools/load.c."""

    answers: int
    errors: int
    per_second: float
    p50_us: int
    p99_us: int


@dataclass(frozen=True)
class Ground:
    """Where a run takes place. `tls_port` is None where OpenSSL's headers are missing: there is no provider by TLS."""

    folder: Path
    port: int
    tls_port: int | None

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signed the provider's, in PEM."""
        return self.folder / "authority.pem"

    @property
    def provider(self) -> Door:
        """The provider itself, without a gateway before it."""
        return Door(self.port, PROVIDER_MODEL)

    @contextmanager
    def speaking(self, gap_us: int = 0, *, is_tls: bool = False) -> Iterator[None]:
        """The provider, for as long as this lasts; its streams have `gap_us` between two events."""
        if is_tls and self.tls_port is None:
            raise RuntimeError("the provider cannot speak TLS: install OpenSSL's headers (libssl-dev)")
        port = self.tls_port or 0 if is_tls else self.port
        command = [str(self.folder / ("upstream-tls" if is_tls else "upstream")), str(port), str(gap_us), str(CHUNKS)]
        command += [str(self.folder / "provider.pem")] if is_tls else []
        with running(command, OTHER_CORE, output=self.folder / "provider.log"):
            wait_for_port(port)
            yield

    @contextmanager
    def asking(
        self, shape: Shape, doors: Sequence[Door], seconds: float, *, rate: float = 0, connections: int | None = None
    ) -> Iterator[Load]:
        """Load on a gateway: its doors, which differ in their tokens only, in turn. `Load.told` waits for the end."""
        requests = [shape.request(door) for door in doors]
        with TemporaryDirectory(dir=self.folder) as folder:
            file = Path(folder, "requests")
            file.write_bytes(b"".join(requests))
            command = [str(self.folder / "load"), str(doors[0].port), str(file), str(len(requests))]
            command += [str(connections or shape.connections), str(seconds), str(rate)]
            process = subprocess.Popen(pinned(command, OTHER_CORE), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                yield Load(process, seconds)
            finally:
                process.kill()
                process.communicate()

    def ask(
        self, shape: Shape, doors: Sequence[Door], seconds: float, *, rate: float = 0, connections: int | None = None
    ) -> Told:
        """The same, waited for."""
        with self.asking(shape, doors, seconds, rate=rate, connections=connections) as load:
            return load.told()


@dataclass(frozen=True)
class Load:
    """Load under way."""

    process: subprocess.Popen[bytes]
    seconds: float

    def told(self) -> Told:
        """What it says at its end. Raises RuntimeError when it could not do its work."""
        output, complaint = self.process.communicate(timeout=self.seconds + PATIENCE_S)
        if self.process.returncode != 0:
            raise RuntimeError(f"the load generator gave up: {complaint.decode().strip()}")
        return msgspec.json.decode(output, type=Told)


@contextmanager
def prepared() -> Iterator[Ground]:
    """A ground in a temporary folder (of TMPDIR), with the tools compiled. Raises RuntimeError without a C compiler."""
    if shutil.which("cc") is None:
        raise RuntimeError("a C compiler is needed, for the provider and the load: apt install gcc libc6-dev")
    with TemporaryDirectory(prefix="tollhouse-bench-") as name:
        folder = Path(name)
        # nginx started by root works as another user.
        folder.chmod(0o755)
        compile_tool(folder, "load", "load.c")
        compile_tool(folder, "upstream", "upstream.c", "wire_plain.c")
        has_tls = has_openssl()
        if has_tls:
            compile_tool(folder, "upstream-tls", "upstream.c", "wire_tls.c", "-lssl", "-lcrypto")
            make_certificate(folder)
        yield Ground(folder, free_port(), free_port() if has_tls else None)


def compile_tool(folder: Path, name: str, *arguments: str) -> None:
    """Build one of the tools. They are C, so that they never are what limits."""
    subprocess.run(["cc", "-O2", "-o", str(folder / name), *arguments], cwd=TOOLS, check=True)


def has_openssl() -> bool:
    """Whether its headers are here."""
    command = ["cc", "-E", "-include", "openssl/ssl.h", "-x", "c", os.devnull]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def make_certificate(folder: Path) -> None:
    """An authority of our own, and the provider's certificate by it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "provider.pem"))


def wait_for_port(port: int) -> None:
    """Until somebody listens. Raises TimeoutError."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nobody listens on port {port}")
