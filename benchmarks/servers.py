"""What is measured, and what stands around it: a cheap provider, nginx as the floor, and Tollhouse itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GATEWAY_CORE, OTHER_CORE = 0, 1

NGINX = """
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;
events {{ worker_connections 4096; }}
http {{
    access_log off; client_body_buffer_size 1m; keepalive_requests 1000000;
    upstream provider {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
        }}
    }}
}}
"""

TOLLHOUSE = """
[providers.bench]
dialect = "openai_chat"
base_url = "http://127.0.0.1:{upstream}/v1"
allow_private_address = true
api_key = "{key}"
share = true
[providers.bench.models."bench-1"]
input_usd_per_million = "2.50"
output_usd_per_million = "10.00"
context_tokens = 128000
max_output_tokens = 16384
"""


@dataclass(frozen=True)
class Gateway:
    """One thing between the load and the provider. `pid` is the root of its process tree."""

    name: str
    pid: int
    port: int
    token: str

    def cpu_s(self) -> float:
        """Processor seconds of the whole process tree so far, from /proc."""
        ticks = 0
        for pid in process_tree(self.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """Resident memory of the process tree, in MiB."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in process_tree(self.pid))
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def process_tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += process_tree(int(child))
    return found


def compile_tools(folder: Path) -> None:
    """Build the provider and the load generator. They are C, so that they never are what limits."""
    for name in ("upstream", "load"):
        subprocess.run(["cc", "-O2", "-o", folder / name, HERE / f"{name}.c"], check=True)


@contextmanager
def upstream(folder: Path, port: int, *, gap_us: int, chunks: int) -> Iterator[None]:
    """The provider, for as long as this lasts."""
    with running([str(folder / "upstream"), str(port), str(gap_us), str(chunks)], OTHER_CORE):
        wait_for_port(port)
        yield


@contextmanager
def gateways(folder: Path, provider_port: int) -> Iterator[list[Gateway]]:
    """Tollhouse, and nginx where it is installed."""
    with ExitStack() as stack:
        found = []
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if nginx:
            port = free_port()
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, upstream=provider_port, port=port))
            command = [nginx, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
            process = stack.enter_context(running(command, GATEWAY_CORE))
            wait_for_port(port)
            found.append(Gateway("nginx", process.pid, port, "-"))
        found.append(stack.enter_context(tollhouse(folder, provider_port)))
        yield found


@contextmanager
def tollhouse(folder: Path, provider_port: int) -> Iterator[Gateway]:
    """The full product on SQLite: authentication, validation, limits, budgets, durable ledger, request log, metrics."""
    (folder / "tollhouse.toml").write_text(TOLLHOUSE.format(upstream=provider_port, key="bench-" + "0" * 24))
    command = [sys.executable, "-m", "tollhouse", "up", "--json", "--port", "0"]
    command += ["--data", str(folder / "data"), "--config", str(folder / "tollhouse.toml")]
    with (
        (folder / "tollhouse.log").open("w") as log,
        running(command, GATEWAY_CORE, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        told = json.loads(process.stdout.readline()) if process.stdout else {}
        yield Gateway("tollhouse", process.pid, int(told["url"].rpartition(":")[2]), told["api_key"])


@contextmanager
def running(
    command: list[str], core: int, *, stdout: int = subprocess.DEVNULL, stderr: object = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process pinned to a core, where there are two, and ended when this ends."""
    if (os.cpu_count() or 1) > 1:
        command = ["taskset", "-c", str(core), *command]
    process = subprocess.Popen(command, stdout=stdout, stderr=stderr)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    """Until somebody listens; 10 seconds at most."""
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")
