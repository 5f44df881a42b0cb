"""vllm-router and smg, two routers in Rust that come as Python wheels. They keep no keys, budgets or log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.gateways.base import Gateway, Kind, serving
from benchmarks.ground import PROVIDER_MODEL, Ground
from benchmarks.peers.peer import Environment, Peer
from benchmarks.processes import free_port
from benchmarks.shapes import Door


def router(environment: Environment, *command: str, quiet: str) -> Peer:
    """A peer that is started as `command` and takes the options that both routers have; `quiet` is a log level."""

    @contextmanager
    def run(ground: Ground) -> Iterator[Gateway]:
        door = Door(free_port(), PROVIDER_MODEL)
        program, *words = command
        options = ["--host", "127.0.0.1", "--port", str(door.port), "--worker-urls", f"http://127.0.0.1:{ground.port}"]
        # Both export metrics on the same port unless told otherwise, and the second one would not start.
        options += ["--policy", "round_robin", "--log-level", quiet, "--prometheus-port", str(free_port())]
        name = environment.package
        with serving(ground, name, [environment.program(program), *words, *options], door) as (pid, start_s):
            yield Gateway(name=name, title=f"{name} {environment.version()}", pid=pid, door=door, start_s=start_s)

    kind = Kind(name=environment.package, absent=environment.absent, run=run)
    return Peer(kind=kind, install=environment.install)


VLLM_ROUTER = router(Environment(package="vllm-router", requirements=("vllm-router",)), "vllm-router", quiet="error")
SMG = router(Environment(package="smg", requirements=("smg",)), "smg", "launch", quiet="error")
