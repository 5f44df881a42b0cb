"""Two gateways: the one that is visited, and behind it one that plays the provider, in each dialect in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DIALECTS = {"openai_chat": "/v1", "openai_responses": "/v1", "anthropic_messages": "/v1", "gemini": "/v1beta"}
"""What the one behind speaks, and below which address."""

PROVIDERS = ("demo", *(f"{dialect}/demo" for dialect in DIALECTS))
"""Where the demo's models are found: built in, or behind one dialect."""

TABLE = """
[providers.{dialect}]
dialect = "{dialect}"
base_url = "{url}{path}"
allow_private_address = true
api_key = "env:BEHIND_KEY"
share = true
"""


@dataclass(frozen=True)
class House:
    """A gateway that serves."""

    url: str
    key: str


@contextmanager
def visited(folder: Path) -> Iterator[House]:
    """The gateway that is visited, as long as the block lasts."""
    with _serving(folder / "behind", "", {}) as behind:
        tables = [TABLE.format(dialect=dialect, url=behind.url, path=path) for dialect, path in DIALECTS.items()]
        with _serving(folder / "before", "".join(tables), {"BEHIND_KEY": behind.key}) as house:
            yield house


@contextmanager
def _serving(folder: Path, configuration: str, environ: Mapping[str, str]) -> Iterator[House]:
    folder.mkdir(parents=True)
    (folder / "tollhouse.toml").write_text(configuration)
    clean = {name: value for name, value in os.environ.items() if "API_KEY" not in name and "TOLLHOUSE" not in name}
    command = [sys.executable, "-m", "tollhouse", "up", "--json", "--port", "0", "--data", str(folder / "data")]
    command += ["--config", str(folder / "tollhouse.toml")]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=clean | dict(environ)) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"a gateway did not start: {(folder / 'log').read_text()[-400:]}")
            told = json.loads(line)
            yield House(told["url"], told["api_key"])
        finally:
            process.terminate()
