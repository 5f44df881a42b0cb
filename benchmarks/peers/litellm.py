"""LiteLLM's proxy, tuned.

With the bare extra `proxy`, two imports fail and are tried anew on every request, and uvicorn reads HTTP in Python;
three more packages cure that. It runs in its production mode, without a database, with the prices that it brings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.gateways.base import Gateway, Kind, serving
from benchmarks.ground import PROVIDER_MODEL, Ground
from benchmarks.peers.peer import Environment, Peer
from benchmarks.processes import free_port
from benchmarks.shapes import Door

ENVIRONMENT = Environment(
    package="litellm", requirements=("litellm[proxy]", "httptools", "opentelemetry-sdk", "prisma")
)
MODE = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
KEY = "sk-bench"


@contextmanager
def run(ground: Ground) -> Iterator[Gateway]:
    door = Door(free_port(), PROVIDER_MODEL, {"Authorization": f"Bearer {KEY}"})
    upstream = {"model": f"openai/{PROVIDER_MODEL}", "api_base": f"http://127.0.0.1:{ground.port}/v1", "api_key": KEY}
    configuration = ground.folder / "litellm.yaml"
    # JSON is YAML.
    configuration.write_text(
        json.dumps(
            {
                "model_list": [{"model_name": PROVIDER_MODEL, "litellm_params": upstream}],
                "general_settings": {"master_key": KEY},
            }
        )
    )
    command = [ENVIRONMENT.program("litellm"), "--config", str(configuration), "--host", "127.0.0.1"]
    command += ["--port", str(door.port)]
    with serving(ground, "litellm", command, door, environ=MODE) as (pid, start_s):
        title = f"LiteLLM {ENVIRONMENT.version()}, tuned"
        yield Gateway(name="litellm", title=title, pid=pid, door=door, start_s=start_s)


LITELLM = Peer(kind=Kind(name="litellm", absent=ENVIRONMENT.absent, run=run), install=ENVIRONMENT.install)
