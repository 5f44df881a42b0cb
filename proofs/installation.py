"""One installation under proof: a data folder, its database, its users, and gateways as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tollhouse.admin import access, budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House, open_house
from tollhouse.settings import Settings

CONFIGURATION = """
[timeouts]
idle_s = 2
first_byte_s = 2

[providers.acme]
dialect = "openai_chat"
base_url = "{base_url}"
allow_private_address = true
api_key = "env:ACME_API_KEY"
share = true

[providers.acme.models."acme-1"]
input_usd_per_million = "2.50"
output_usd_per_million = "10.00"
context_tokens = 128000
max_output_tokens = 16384
"""

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("TOLLHOUSE_") and "API_KEY" not in name
} | {"ACME_API_KEY": "sk-acme-proof"}


@dataclass(frozen=True)
class Spender:
    """A user with one strict dollar budget for ever."""

    token: str
    budget: str


@dataclass
class Gateway:
    """A running gateway. `process` is the operating system's."""

    process: subprocess.Popen[str]
    port: int

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.close()

    def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        self.process.terminate()
        status = self.process.wait(90)
        self.close()
        return status

    def close(self) -> None:
        """Let go of a process that has ended."""
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass
class Site:
    """An installation. `database_url` is None for SQLite."""

    name: str
    folder: Path
    base_url: str
    database_url: str | None = None
    spenders: list[Spender] = field(default_factory=list)

    async def found(self, limits: Sequence[str]) -> None:
        """Create it, with a user for each limit in dollars."""
        self.folder.mkdir(mode=0o700, parents=True)
        (self.folder / "tollhouse.toml").write_text(CONFIGURATION.format(base_url=self.base_url))
        async with self.opened() as house:
            for number, limit in enumerate(limits):
                self.spenders.append(await _add_spender(house, f"spender-{number}", limit))

    @asynccontextmanager
    async def opened(self, kind: str = "command") -> AsyncIterator[House]:
        """The house itself, in this process, beside those that serve; `kind="web"` also clears up after the dead."""
        os.environ.setdefault("ACME_API_KEY", ENVIRONMENT["ACME_API_KEY"])
        settings = Settings.load(
            data=self.folder, config=self.folder / "tollhouse.toml", overrides={"database_url": self.database_url}
        )
        async with open_house(settings, kind=kind, may_migrate=True, may_create_key=True) as house:
            yield house

    async def start(self, crash: Sequence[str] = (), *, command: str = "up") -> Gateway:
        """Start a gateway; `crash` is a point of `proofs.crashing` and a count, `command` what else than `up` it is.

        Raises:
            RuntimeError: it did not come to serve, and no crash was ordered.
        """
        module = ["proofs.crashing", *crash] if crash else ["tollhouse"]
        process = await self._run([*module, command, "--json", "--port", "0"])
        line = await asyncio.to_thread(process.stdout.readline) if process.stdout else ""
        if not line:
            raise RuntimeError(f"a gateway of {self.name} did not start; see {self.folder / 'gateways.log'}")
        return Gateway(process, int(json.loads(line)["url"].rpartition(":")[2]))

    async def work(self) -> Gateway:
        """Start a worker, which serves nobody: it has no port. Raises RuntimeError when it does not come to work."""
        process = await self._run(["tollhouse", "work", "--json"])
        line = await asyncio.to_thread(process.stdout.readline) if process.stdout else ""
        if not line:
            raise RuntimeError(f"a worker of {self.name} did not start; see {self.folder / 'gateways.log'}")
        return Gateway(process, 0)

    async def told(self, *words: str) -> tuple[int, str]:
        """Run a command to its end; gives its exit status and what it said."""
        process = await self._run(["tollhouse", *words])
        said, _ = await asyncio.to_thread(process.communicate)
        return process.returncode, said

    async def _run(self, words: Sequence[str]) -> subprocess.Popen[str]:
        env = ENVIRONMENT | {"TOLLHOUSE_CONFIG": str(self.folder / "tollhouse.toml")}
        if self.database_url is not None:
            env["TOLLHOUSE_DATABASE_URL"] = self.database_url
        return await asyncio.to_thread(self._spawn, [sys.executable, "-m", *words, "--data", str(self.folder)], env)

    def _spawn(self, command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
        with (self.folder / "gateways.log").open("a") as log:
            return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)


async def _add_spender(house: House, name: str, limit: str) -> Spender:
    user = await access.create_user(house.desk, COMMAND_LINE, name=name, without_limits=True)
    made = await access.create_token(house.desk, COMMAND_LINE, user.id, name="proof")
    await access.set_limits(house.desk, COMMAND_LINE, user.id, requests_per_minute=None, concurrent=None)
    budget = await budgets.set_budget(
        house.desk, COMMAND_LINE, owner_kind="user", owner_id=user.id, unit="usd", window="total", limit=limit
    )
    return Spender(made.token, budget.id)
