"""Portkey's open gateway, on Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.gateways.base import Gateway, Kind, serving
from benchmarks.ground import PROVIDER_MODEL, Ground
from benchmarks.peers.peer import FOLDER, Peer
from benchmarks.processes import free_port
from benchmarks.shapes import Door

PACKAGE = "@portkey-ai/gateway"
HOME = FOLDER / "portkey"
INSTALLED = HOME / "node_modules" / PACKAGE

COPY_ANSWERS = Path(__file__).with_name("portkey_fetch.cjs")
"""Without it every stream is answered with 500 under Node 20, where the headers of a fetched answer are immutable."""


def absent() -> str | None:
    if shutil.which("node") is None:
        return "Node is not installed"
    return None if (INSTALLED / "package.json").exists() else f"{PACKAGE} is not installed: make bench-peers"


def install() -> None:
    """Raises CalledProcessError, or OSError without npm."""
    HOME.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error", f"{PACKAGE}@latest"]
    subprocess.run(command, cwd=HOME, check=True, stdout=sys.stderr)


@contextmanager
def run(ground: Ground) -> Iterator[Gateway]:
    provider = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{ground.port}/v1"}
    door = Door(free_port(), PROVIDER_MODEL, {"Authorization": "Bearer sk-bench", **provider})
    version = json.loads((INSTALLED / "package.json").read_text())["version"]
    command = ["node", "--require", str(COPY_ANSWERS), str(INSTALLED / "build" / "start-server.js")]
    command += ["--headless", f"--port={door.port}"]
    with serving(ground, "portkey", command, door, environ={"NODE_ENV": "production"}) as (pid, start_s):
        yield Gateway(name="portkey", title=f"Portkey {version}", pid=pid, door=door, start_s=start_s)


PORTKEY = Peer(kind=Kind(name="portkey", absent=absent, run=run), install=install)
